/**
 * What does the crashed kernel itself know, in place of what was not given? Its registers where there is no snapshot, its
 * devices and its memory map in any case where they are found: what was given goes before it, piece by piece.
 */

import type { KernelVersion } from '../adopt/devices/registration.ts';
import type { AddressRange } from '../dump/memory.ts';
import type { OpenedDump } from '../dump/open.ts';
import { untilFetched } from '../dump/sources/until-fetched.ts';
import type { OwnSmmu } from '../findings/crashed-kernel-findings.ts';
import { hex } from '../hex.ts';
import type { CrashedKernel, MapLack, NoState } from '../linux/kernel-state.ts';
import { groupBy } from '../lists.ts';
import type { Evidence } from '../platform/evidence.ts';
import { hasSystemRam, type Iomem, iomemOf } from '../platform/iomem.ts';
import type { SmmuSnapshot, Snapshot } from '../snapshot/snapshot.ts';
import type { LogReport } from './log/log-report.ts';
import { namesakeOf, withOwn } from './own-word.ts';

export interface GivenEvidence {
  /** Null or undefined: there is none, and the dump has to do. */
  readonly snapshot?: Snapshot | null;
  readonly iomem?: Iomem | undefined;
}

export type KernelEvidence =
  | {
      readonly outcome: 'found';
      readonly snapshot: Snapshot;
      readonly iomem: Iomem | undefined;
      /** Null where the dump has nothing of it. */
      readonly crashedKernel: CrashedKernel | null;
    }
  | { readonly outcome: 'not-found'; readonly reason: NoState };

/**
 * What was given, made whole from the dump: the snapshot, and what goes with it into the options of `inspect`. Beside a
 * snapshot the kernel is only looked for where VMCOREINFO says where it is: to search all memory for it would cost more
 * than the question.
 */
export async function completedFromDump(
  dump: OpenedDump,
  { snapshot: given = null, iomem }: GivenEvidence = {},
): Promise<KernelEvidence> {
  if (given !== null && dump.details.vmcoreinfo.size === 0) {
    return { outcome: 'found', snapshot: given, iomem, crashedKernel: null };
  }
  // Loaded where it is needed: a raw dump with a snapshot does without.
  const { extractSnapshot } = await import('../linux/kernel-state.ts');
  const state = await untilFetched(() => extractSnapshot(dump));
  if (state.outcome === 'not-found') {
    if (given === null) return { outcome: 'not-found', reason: state.reason };
    const crashedKernel = { state, givesRegisters: false, givesMap: false, mapLack: null };
    return { outcome: 'found', snapshot: given, iomem, crashedKernel };
  }
  const ownMap = iomem === undefined ? await ownMapOf(dump) : null;
  const taken = ownMap !== null && 'ranges' in ownMap ? ownMap : undefined;
  return {
    outcome: 'found',
    snapshot: given === null ? state.snapshot : withOwn(given, state.snapshot),
    iomem: iomem ?? taken,
    crashedKernel: {
      state,
      givesRegisters: given === null,
      givesMap: taken !== undefined,
      mapLack: ownMap !== null && 'why' in ownMap ? ownMap : null,
    },
  };
}

/**
 * As /proc/iomem would have said it. What is not whole is of no use: what it lacks would count as holes. Neither is one
 * that does not have as memory what the dump has.
 */
async function ownMapOf(dump: OpenedDump): Promise<Iomem | MapLack | null> {
  const { memoryMap } = await import('../linux/memory-map.ts');
  const map = await untilFetched(() => memoryMap(dump));
  if (map.outcome === 'not-found') return null;
  if (!map.isWhole) return { why: 'not-whole' };
  const iomem = iomemOf(map.entries, dump.files.join(', '));
  if (!hasSystemRam(iomem)) return { why: 'no-system-ram' };
  const beyond = memoryBeyond(iomem.systemRam, dump);
  if (beyond === null) return iomem;
  const { memoryLimit } = await import('../linux/memory-limit.ts');
  return { why: 'memory-beyond', ...beyond, limit: await untilFetched(() => memoryLimit(dump)) };
}

/** The memory of the dump that is not in `ram`, which is ascending and disjoint; null where all is. */
function memoryBeyond(ram: readonly AddressRange[], { memory, pageSize }: OpenedDump) {
  // A dump has pages whole, of which only a part is memory to the kernel.
  const pages = ram.map(({ start, end }) => ({
    start: start - (start % pageSize),
    end: Math.ceil(end / pageSize) * pageSize,
  }));
  let first: number | null = null;
  let byteLength = 0;
  for (const { start, end } of memory.ranges) {
    let at = start;
    for (const known of [...pages.filter((one) => one.start < end && start < one.end), { start: end, end }]) {
      if (at < known.start) {
        first ??= at;
        byteLength += known.start - at;
      }
      at = Math.max(at, known.end);
    }
  }
  return first === null ? null : { first, byteLength };
}

/** What the crashed kernel logged of its SMMUs, put to the tables in its dump; null where its log is not to be found. */
export async function logOfCrash(dump: OpenedDump, snapshot: Snapshot): Promise<LogReport | null> {
  const { crashLogOf } = await import('./log/log-in-dump.ts');
  return untilFetched(() => crashLogOf(dump, snapshot));
}

/** What the crashed kernel has of an SMMU whose registers come from elsewhere; null where it has nothing of it. */
export function ownSmmuOf(smmu: SmmuSnapshot, { snapshot: given, crashedKernel }: Evidence): OwnSmmu | null {
  const state = crashedKernel?.givesRegisters === false ? crashedKernel.state : null;
  if (state?.outcome !== 'found') return null;
  const { snapshot, kernel, isWhole, rejected } = state;
  const own = namesakeOf(smmu, given, snapshot);
  // It may be one of those that are not told.
  return own === null && (!isWhole || rejected.length > 0) ? null : { release: kernel.release, smmu: own };
}

/** `6.12.107+deb13-arm64` is 6.12; null for a release that does not begin with a version. */
export function versionOf(release: string | null): KernelVersion | null {
  const [, major, minor] = /^(\d{1,3})\.(\d{1,4})(?!\d)/.exec(release ?? '') ?? [];
  return major === undefined || minor === undefined ? null : { major: Number(major), minor: Number(minor) };
}

/** A device of a crashed kernel, with all of its StreamIDs. */
export interface CrashedDevice {
  readonly name: string;
  readonly sids: readonly number[];
}

/**
 * The devices behind an SMMU in the order in which the crashed kernel had come to them: it numbers their IOMMU groups as
 * it does, and those of one group follow by StreamID. A device without a name is known by its StreamID.
 */
export function devicesInOrder(masters: NonNullable<SmmuSnapshot['masters']>): CrashedDevice[] {
  const order = masters.toSorted(
    (a, b) => (a.group ?? Number.MAX_SAFE_INTEGER) - (b.group ?? Number.MAX_SAFE_INTEGER) || a.sid - b.sid,
  );
  const devices = groupBy(order, ({ sid, device }) => device ?? hex(sid));
  return Array.from(devices, ([name, list]) => ({ name, sids: list.map(({ sid }) => sid) }));
}
