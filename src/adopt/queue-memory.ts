/**
 * How much memory do the queues of the kdump kernel take? As many entries as IDR1 permits, up to a cap that the kernel was
 * built with: arm_smmu_device_hw_probe() and Q_MAX_SZ_SHIFT, arm_smmu_init_queues().
 */

import { QUEUE_FORMATS, type QueueName } from '../smmu/queues/queue.ts';
import type { RegisterFile } from '../snapshot/register-file.ts';
import { LARGEST_BLOCKS } from './contiguous-memory.ts';
import { REVISIONS } from './revisions/revisions.ts';

/** What of a kernel's configuration decides on the cap. */
export interface KernelBuild {
  readonly pageSize: number;
  /** CONFIG_CMA_ALIGNMENT, an order of pages; null where the kernel has no CONFIG_DMA_CMA. */
  readonly cmaAlignment: number | null;
  /** No queue takes more bytes. */
  readonly mostBytes: number;
}

/** The default of CONFIG_CMA_ALIGNMENT. */
const CMA_ALIGNMENT = 8;

/** Kernels of arm64 as they are configured by default; the largest block is the cap without CONFIG_DMA_CMA. */
const BUILDS: readonly KernelBuild[] = LARGEST_BLOCKS.flatMap(([pageSize, largestBlock]) => [
  { pageSize, cmaAlignment: CMA_ALIGNMENT, mostBytes: pageSize * 2 ** CMA_ALIGNMENT },
  { pageSize, cmaAlignment: null, mostBytes: largestBlock },
]);

export interface QueueMemory {
  readonly queue: QueueName;
  /** Bytes of all the entries that IDR1 permits; null when it is not known. */
  readonly permittedBytes: number | null;
  /** Bytes as X_BASE has the queue, which whoever used the SMMU last allocated; null when it is not known. */
  readonly programmedBytes: number | null;
  /** Revisions whose kdump kernel allocates it, used or not. */
  readonly allocatedBy: readonly string[];
}

export interface QueueMemories {
  readonly queues: readonly QueueMemory[];
  /** Null when IDR1 is not known. In the order of `queues`. */
  readonly builds: readonly (KernelBuild & { readonly bytes: readonly number[] })[] | null;
}

const IDR1_FIELDS: Readonly<Record<QueueName, string>> = { command: 'CMDQS', event: 'EVENTQS', pri: 'PRIQS' };

/** Bytes of all queues that a kdump kernel of this revision allocates, by how it is built. */
export interface QueueDemand {
  readonly least: number;
  readonly most: number;
}

/** How much the queues take of a kdump kernel with such pages; null where IDR1 is not known. */
export function queueDemand(registers: RegisterFile, revision: string, pageSize: number): QueueDemand | null {
  const { queues, builds } = queueMemories(registers);
  const totals = (builds ?? [])
    .filter((build) => build.pageSize === pageSize)
    .map(({ bytes }) =>
      bytes.reduce((sum, one, i) => (queues[i]?.allocatedBy.includes(revision) ? sum + one : sum), 0),
    );
  return totals.length === 0 ? null : { least: Math.min(...totals), most: Math.max(...totals) };
}

/** Of the queues that the SMMU has: the PRI queue may be missing. */
export function queueMemories(registers: RegisterFile): QueueMemories {
  const names: readonly QueueName[] =
    registers.known('IDR0', 'PRI') === 0 ? ['command', 'event'] : ['command', 'event', 'pri'];
  const queues = names.map((queue): QueueMemory => {
    const { prefix, entryByteLength } = QUEUE_FORMATS[queue];
    const bytes = (log2Size: number | null) => (log2Size === null ? null : entryByteLength * 2 ** log2Size);
    const base = `${prefix}_BASE`;
    // A queue at address 0 was never programmed.
    const programmed = registers.has(base) && registers.bits(base, 'ADDR') !== 0n;
    return {
      queue,
      permittedBytes: bytes(registers.known('IDR1', IDR1_FIELDS[queue])),
      programmedBytes: programmed ? bytes(registers.known(base, 'LOG2SIZE')) : null,
      allocatedBy: [...REVISIONS.values()]
        .filter(({ allocatesEventQueue }) => queue === 'command' || allocatesEventQueue)
        .map(({ name }) => name),
    };
  });
  const permitted = queues.flatMap(({ permittedBytes }) => permittedBytes ?? []);
  const builds =
    permitted.length < queues.length
      ? null
      : BUILDS.map((build) => ({ ...build, bytes: permitted.map((most) => Math.min(most, build.mostBytes)) }));
  return { queues, builds };
}
