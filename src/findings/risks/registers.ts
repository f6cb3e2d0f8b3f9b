/** What registers alone tell: errors, what switching off would do, how many StreamIDs the table has, what adopting costs. */

import { queueDemand } from '../../adopt/queue-memory.ts';
import { fieldsThatDiffer } from '../../snapshot/validate/facts.ts';
import { GLOBAL_ERRORS } from '../prose/queues.ts';
import type { RiskContext } from './context.ts';

/** Less is nothing to a kernel that has a crashkernel reservation of megabytes. */
const NOTABLE_DEMAND_BYTES = 1 << 20;
/** Every SMMU has queues; with pages of 4 KiB they take no more than 12 MiB. */
const NOTABLE_QUEUE_BYTES = 1 << 24;

/** Adds to the findings what single registers say: active errors, and what a reset lets pass. */
export function registerRisks({ smmu, registers, emulation, pageSize, findings }: RiskContext): void {
  for (const { name } of fieldsThatDiffer(smmu.registers, 'GERROR', 'GERRORN')) {
    if (name in GLOBAL_ERRORS) findings.add('gerror-active', { error: name as keyof typeof GLOBAL_ERRORS });
  }
  const unacknowledged = fieldsThatDiffer(smmu.registers, 'CR0', 'CR0ACK').map(({ name }) => name);
  if (unacknowledged.length > 0) findings.add('cr0-unacknowledged', { fields: unacknowledged });
  // Every other reset sets ABORT, and comes with a table of its own.
  if (emulation.verdict !== 'adopted') return;
  const [log2Size, sidBits] = [registers.field('STRTAB_BASE_CFG', 'LOG2SIZE'), registers.known('IDR1', 'SIDSIZE')];
  if (sidBits !== null && log2Size < sidBits) findings.add('sids-beyond-table', { log2Size, sidBits });
  if (registers.known('GBPA', 'ABORT') === 0) findings.add('gbpa-bypass', {});
  const total = (list: readonly { readonly byteLength: number; readonly ok: boolean }[]) =>
    list.reduce((sum, { byteLength, ok }) => (ok ? sum + byteLength : sum), 0);
  const allocated = total(emulation.allocations);
  const mapped = total(emulation.mappings.filter(({ transient }) => !transient));
  const queues = queueDemand(registers, emulation.revision.name, pageSize);
  const notable = allocated + mapped >= NOTABLE_DEMAND_BYTES || (queues?.most ?? 0) >= NOTABLE_QUEUE_BYTES;
  if (!notable) return;
  findings.add('memory-demand', {
    allocated,
    mapped,
    queuesAtLeast: queues?.least ?? null,
    queuesAtMost: queues?.most ?? null,
  });
}
