/** What is said of the crashed kernel's own state: why there is none, what is doubtful about it, its map and its log. */

import { smmuProblemInWords } from '../findings/prose/kernel-state.ts';
import { count } from '../findings/rules/words.ts';
import { hex } from '../hex.ts';
import { dmesgLines } from '../linux/dmesg-lines.ts';
import { QUEUES } from '../linux/driver/registers.ts';
import type { RejectedSmmu, SmmuWarning } from '../linux/driver/smmu-state.ts';
import type { TableCandidate } from '../linux/driver/table-scan.ts';
import type { FoundLog, LogRecord, NoLog } from '../linux/kernel-log.ts';
import type { FoundSmmu, KernelState, NoState } from '../linux/kernel-state.ts';
import type { FoundMap, MemoryMap, MemoryMapEntry } from '../linux/memory-map.ts';
import { escapeText } from './escape.ts';

type NoMap = Extract<MemoryMap, { outcome: 'not-found' }>['reason'];
type Reason = NoState | NoLog | NoMap;

/** Why there is no state of the SMMUs, and what to do. */
export function noState(reason: NoState): string {
  return `no state of the crashed kernel was found, because ${because(reason)}; ${nextStep(reason)}`;
}

function nextStep(reason: NoState): string {
  return reason.why === 'memory-elsewhere' ? `name it DUMP@${hex(reason.fittingStart)}` : NEXT_STEP;
}

const NEXT_STEP =
  "make a register snapshot with 'smmu-adopt regs capture' or 'smmu-adopt regs import', or search for stream tables with 'smmu-adopt info --find-tables'";

/** The same for what else the kernel had. */
export function nothingFound(what: string, reason: Reason): string {
  return `no ${what} of the crashed kernel was found, because ${because(reason)}`;
}

/** What to do about a log or a memory map that the dump does not have. */
export const SAVED_BESIDE = {
  log: "what was saved of a console, 'smmu-adopt log FILE' reads",
  'memory map': "what was saved of /proc/iomem goes to 'smmu-adopt inspect' with --iomem FILE",
} as const;

function because(reason: Reason): string {
  switch (reason.why) {
    case 'no-vmcoreinfo':
      return reason.searchedBytes === 0
        ? 'there is no memory to search for VMCOREINFO'
        : `there is no VMCOREINFO that fits the memory${reason.isWhole ? '' : ` in the ${reason.searchedBytes / 2 ** 20} MiB that were searched`}`;
    case 'memory-elsewhere': {
      const { release, start, fittingStart } = reason;
      return `memory is taken to begin at ${hex(start)}, and by the page tables of the kernel in it (${escapeText(release)}) it begins at ${hex(fittingStart)}`;
    }
    case 'vmcoreinfo-incomplete':
      return `VMCOREINFO has no usable ${escapeText(reason.key)}`;
    case 'kdump-kernel':
      return 'the kernel whose VMCOREINFO fits the memory is a kdump kernel, not the one that crashed';
    case 'tables-missing':
      return 'the page tables that VMCOREINFO names are not all in the dump';
    case 'translation-differs':
      return 'the page tables that VMCOREINFO names do not map the kernel where it says';
    case 'no-device-list':
      return "the kernel's list of devices was not found (platform_bus is not among its exported symbols in the dump)";
    case 'device-list-broken':
      return reason.devices === 0
        ? 'its list of devices cannot be read'
        : `its list of devices is broken, and none of the ${reason.devices} that could be reached was an SMMUv3`;
    case 'drivers-unreadable':
      return `the drivers of ${reason.unreadable} of its ${reason.devices} devices, or the names of these, are not in the dump, and none of the others was an SMMUv3`;
    case 'no-such-device':
      return `none of its ${reason.devices} devices was an SMMUv3 bound to a driver`;
    case 'smmus-gone':
      return `none of its ${reason.devices} devices was an SMMUv3 bound to a driver, though its log has that ${reason.logged.map(escapeText).join(', ')} was probed: the probe failed later, or the device was removed or shut down, as in a reboot`;
    case 'no-usable-smmu':
      return reason.rejected.map(sayRejected).join('; ');
    case 'no-resource-tree':
      return 'iomem_resource is not among its exported symbols in the dump';
    case 'no-log-buffer':
      return 'VMCOREINFO does not lead to its ring buffer (5.10 and newer have one that it describes)';
    case 'log-buffer-broken':
      return `${reason.member} of its ring buffer holds nothing usable`;
  }
}

function sayRejected({ name, problem }: RejectedSmmu): string {
  return `${name ?? 'an SMMUv3 without a name'}: ${smmuProblemInWords(problem)}`;
}

type FoundState = Extract<KernelState, { outcome: 'found' }>;

/** Where a snapshot of it comes from, in a few words. */
export function sourceOf(state: Pick<FoundState, 'kernel' | 'types'>): string {
  return `reconstructed from the dump: kernel ${state.kernel.release}, ${typesInWords(state)}`;
}

/** The same above a report. */
export function originOf(state: Pick<FoundState, 'kernel' | 'types'>): string {
  return `registers reconstructed from the crashed kernel's own state (${state.kernel.release}, ${typesInWords(state)})`;
}

function typesInWords({ types }: Pick<FoundState, 'types'>): string {
  return types === 'btf' ? 'types from BTF' : 'no BTF: layout by fixed offsets and signatures';
}

/** What somebody who uses these registers has to know beside them: one line each. */
export function stateNotes(state: KernelState): string[] {
  if (state.outcome === 'not-found') return [nothingFound('state', state.reason)];
  const { rejected, otherKernels, smmus, isWhole } = state;
  const others = `the VMCOREINFO of ${count(otherKernels, 'other kernel')} is in memory too`;
  return [
    ...(otherKernels > 0 ? [`${others}; the first that fits the memory was taken`] : []),
    ...smmus.flatMap((smmu) => smmuNotes(smmu).map((note) => `${smmu.snapshot.name}: ${note}`)),
    ...(isWhole ? [] : ["the kernel's lists of devices could not be followed to their end: there may be more SMMUs"]),
    ...rejected.map((one) => `left out: ${sayRejected(one)}`),
  ];
}

function smmuNotes({ queues, state, mastersAreWhole, snapshot }: FoundSmmu): string[] {
  const baseIsSaid = state.base !== null || state.warnings.some(({ what }) => what === 'base-differs');
  return [
    ...state.warnings.map(sayWarning),
    ...(state.control === null
      ? ['its control registers are left out: nothing tells whether its probe had come to its end']
      : []),
    ...(baseIsSaid ? [] : ['its base is not known: neither its resource nor the mapping of its registers can be read']),
    ...QUEUES.flatMap(([which, register]) => {
      const queue = state[which];
      if (queue === null || queues.some((one) => one.register === `${register}_PROD`)) return [];
      const isRead = queue.prod !== null && queue.cons !== null;
      return [
        `${register}_PROD and ${register}_CONS are left out: the driver's copies ${isRead ? 'cannot be indexes of this queue' : 'are not in the dump'}`,
      ];
    }),
    ...queues.flatMap(({ register, recordsBehindCopy, contradictsCopy }) => {
      if (contradictsCopy) return [`${register} is left out: the driver's copy contradicts the queue's memory`];
      if (register === 'CMDQ_PROD' || recordsBehindCopy === 0) return [];
      if (recordsBehindCopy === null) {
        return [`${register} is the driver's copy: records that came after it last looked cannot be told`];
      }
      return [`${register} counts ${count(recordsBehindCopy, 'record')} in memory that the driver had not noticed`];
    }),
    ...(snapshot.masters === undefined ? ['its devices are not known'] : []),
    ...(snapshot.masters !== undefined && !mastersAreWhole
      ? ['its list of devices is not complete, or some of what it has of them is not in the dump, or damaged']
      : []),
  ];
}

const DISABLED_BY = {
  shutdown: 'it had been shut down (it is off the list of devices)',
  'service-failure': 'the log says that it entered Service Failure Mode',
};

function sayWarning(warning: SmmuWarning): string {
  switch (warning.what) {
    case 'disabled':
      return `CR0 is taken to be 0: ${DISABLED_BY[warning.by]}, and the driver disables it then`;
    case 'further-command-queues':
      return "commands also go through NVIDIA's virtual command queues (Tegra241 CMDQV), which no register of the SMMU tells of";
    case 'dma-offset':
      return `its tables are not where its registers say: bus addresses are ${signedHex(warning.offset)} off memory`;
    case 'base-differs':
      return 'its base is left out: the resource and the mapping of its registers differ';
    case 'implausible':
      return `${warning.member} is ${signedHex(warning.value)}, which no driver stores; what follows from it is left out`;
    case 'log-differs':
      return `${warning.member} is ${signedHex(warning.value)}, but the log says ${signedHex(warning.logged)}; what differs is left out`;
  }
}

/** Candidates for stream tables with what speaks for each, one line each. */
export function* tableLines(tables: readonly TableCandidate[]): Generator<string> {
  if (tables.length === 0) yield 'nothing in this memory looks like a two-level stream table of Linux\n';
  for (const { paddr, used, good, lastIndex } of tables) {
    const leads = good < used ? `of which ${good} lead` : used === 1 ? 'which leads' : 'all of which lead';
    const descriptors = `${count(used, 'level 1 descriptor')}, ${leads} to 256 valid STEs`;
    yield `${hex(paddr)}: ${descriptors}; the last is L1[${lastIndex}], up to SID ${hex(256 * lastIndex + 255)}\n`;
  }
}

function signedHex(value: bigint): string {
  return value < 0n ? `-${hex(-value)}` : hex(value);
}

/** The text of /proc/iomem. */
export function* iomemLines(entries: readonly MemoryMapEntry[]): Generator<string> {
  const address = (value: number) => value.toString(16).padStart(8, '0');
  for (const { start, end, name, depth } of entries) {
    yield `${'  '.repeat(depth)}${address(start)}-${address(end - 1)} : ${escapeText(name)}\n`;
  }
}

/** The text that dmesg prints. Tabs, which do a terminal no harm, stay: drivers indent with them what belongs together. */
export function* logLines(records: readonly LogRecord[]): Generator<string> {
  for (const line of records.flatMap(dmesgLines)) yield `${line.split('\t').map(escapeText).join('\t')}\n`;
}

/** What is missing of it. */
export function foundNotes(found: FoundMap | FoundLog): string[] {
  if ('entries' in found) {
    const { isWhole, unnamed } = found;
    return [
      ...(isWhole ? [] : ['a part of the tree of resources is not in the dump, or damaged: there may be more']),
      ...(unnamed === 0 ? [] : [`${count(unnamed, 'resource has a name', 'resources have names')} not in the dump`]),
    ];
  }
  const { unreadable } = found;
  if (unreadable === 0) return [];
  return [`${count(unreadable, 'record is', 'records are')} not in the dump, or damaged`];
}
