/** Runs the pipeline for every SMMU of a snapshot and makes one {@link Inspection}. */

import type { RegisterPage } from '../adopt/cleanup.ts';
import type { MemremapModel } from '../adopt/kernel-memory.ts';
import { type Failures, NO_FAILURES } from '../adopt/ledger.ts';
import type { KernelDevice } from '../adopt/master.ts';
import { type KernelVersion, NEWEST_KERNEL } from '../adopt/registration.ts';
import { DEFAULT_REVISION, REVISIONS, type Revision } from '../adopt/revision.ts';
import type { AddressRange } from '../dump/memory.ts';
import type { OpenedDump } from '../dump/open.ts';
import { untilFetched } from '../dump/until-fetched.ts';
import { type ExcludedPolicy, MemoryView } from '../dump/view.ts';
import { InputError } from '../errors.ts';
import type { OwnSmmu } from '../findings/crashed-kernel-findings.ts';
import { FindingList } from '../findings/findings.ts';
import { firmwareFindings } from '../findings/platform-findings.ts';
import { reportAsidClashes } from '../findings/risks/asid-clash.ts';
import { ExaminationBudget } from '../findings/risks/examination.ts';
import { type FurtherChecks, furtherChecks } from '../findings/risks/risks.ts';
import type { Severity } from '../findings/rules.ts';
import { AddressMap } from '../platform/address-map.ts';
import { type AskedSmmu, type SidList, sidsFor } from '../platform/asked-streams.ts';
import { type Iomem, kdumpRamOf } from '../platform/iomem.ts';
import type { Platform } from '../platform/platform.ts';
import { noProgress, type Progress } from '../progress.ts';
import type { SmmuSnapshot, Snapshot } from '../snapshot/snapshot.ts';
import { ListBudget, TableOwners } from '../tables/listing.ts';
import { TOOL } from '../version.ts';
import type { Capture } from './capture-lines.ts';
import { type CrashedKernel, devicesInOrder, namesakeOf, versionOf } from './crashed-kernel.ts';
import { type InspectedSmmu, inspectSmmu, type Moment } from './inspect-smmu.ts';
import {
  type CrashedFault,
  dumpReport,
  type Inspection,
  type KernelReport,
  SCHEMA_VERSION,
  type SmmuReport,
  type TakenFromKernel,
} from './inspection.ts';
import type { LogReport } from './log-report.ts';

export interface InspectOptions {
  /** Revision of the series to emulate, or `all` side by side; the snapshot's when left out, else v6. */
  readonly revision?: string | undefined;
  /** Names of the SMMUs to inspect; all of the snapshot when left out. */
  readonly smmus?: readonly string[] | undefined;
  /** List the STEs of these StreamIDs, whatever they hold, instead of the active ones. */
  readonly sids?: SidList | undefined;
  /** List unused L1 descriptors and abort STEs too. */
  readonly all?: boolean | undefined;
  /**
   * StreamIDs to insert in this order, or `all` those with a valid, non-abort STE. Without it, and without `devices`,
   * those that the snapshot has behind each SMMU, if it says.
   */
  readonly insert?: SidList | 'all' | undefined;
  /** Devices of several streams, inserted after those of `insert`, each into the SMMUs that it has any of. */
  readonly devices?: readonly { readonly name: string; readonly sids: SidList }[] | undefined;
  /** StreamIDs of devices that are plugged in later. */
  readonly hotplug?: SidList | undefined;
  /**
   * The kernel that the series is applied to: what one refused device takes with it. When left out, the one that crashed,
   * if it is known, else the newest known.
   */
  readonly kernel?: KernelVersion | undefined;
  /** StreamIDs of firmware's reserved memory regions; those of `platform` when left out. */
  readonly rmr?: SidList | undefined;
  /** The crashed kernel's /proc/iomem. */
  readonly iomem?: Iomem | undefined;
  /** The crashed kernel as the dump has it. */
  readonly crashedKernel?: CrashedKernel | null | undefined;
  /** What the crashed kernel logged. */
  readonly crashedLog?: LogReport | null | undefined;
  /** What firmware says of the SMMUs: device names, coherency, reserved memory. */
  readonly platform?: Platform | undefined;
  /** Which mappings succeed: `dump`, or `kernel`, which is the default with `iomem`. */
  readonly memremap?: MemremapModel | undefined;
  /** Physical address bits that the CPU can map; 48 when left out. */
  readonly paBits?: number | undefined;
  /** What the register page reads as when the SMMU is unbound: `live` when left out. */
  readonly poweredDown?: RegisterPage | undefined;
  /** Allocations and mappings that are made to fail. */
  readonly fail?: Partial<Failures> | undefined;
  /** A captured log of the kdump kernel, to compare with the predicted one. */
  readonly dmesg?: Capture | undefined;
  /** The memory at the moment of the insertions. */
  readonly later?: OpenedDump | undefined;
  /** False: attempt the adoption whatever the probe gate says. */
  readonly gate?: boolean | undefined;
  /** How pages are read that the capture tool left out. */
  readonly excluded?: ExcludedPolicy | undefined;
  /** From which severity on findings make the exit code 1. */
  readonly failOn?: Severity | 'never' | undefined;
  /** Walk the translation tables behind every stream too: what devices can reach, and whether the tables are sound. */
  readonly deep?: boolean | undefined;
  /** Hears of long work. */
  readonly progress?: Progress | undefined;
}

/**
 * Does offline what the kdump kernel's driver would do with the SMMUs of `snapshot` in the memory of `dump`.
 * Table rows are read when they are gone through, so keep the dump open until then.
 * Throws InputError for an unknown revision or SMMU name; whatever the dump lacks is part of the result.
 */
export async function inspect(dump: OpenedDump, snapshot: Snapshot, options: InspectOptions = {}): Promise<Inspection> {
  const further = await furtherChecks(snapshot, {
    deep: options.deep ?? false,
    kdumpRamKnown: kdumpRamOf(snapshot.kdump.systemRam, options.iomem).length > 0,
  });
  const inspection = await untilFetched(() => inspectNow(dump, snapshot, options, further));
  // So that going through the rows finds their bytes there.
  if (dump.fetched || options.later?.fetched) await untilFetched(() => readRows(inspection));
  return inspection;
}

function readRows({ smmus }: Inspection): void {
  for (const { l1, stes } of smmus) for (const rows of [l1, stes]) for (const _ of rows);
}

function inspectNow(dump: OpenedDump, snapshot: Snapshot, options: InspectOptions, further: FurtherChecks): Inspection {
  const { later, iomem, sids, dmesg, rmr, progress = noProgress } = options;
  const { crashedKernel = null } = options;
  const crashedVersion = versionOf(identityOf(dump, crashedKernel).release);
  const allRevisions = options.revision === 'all';
  const revision = chooseRevision(options, snapshot);
  const kdumpRam = kdumpRamOf(snapshot.kdump.systemRam, iomem);
  const momentOf = (one: OpenedDump): Moment => ({
    view: new MemoryView(one, options.excluded),
    map: new AddressMap(one.memory, iomem ?? null, snapshot.kdump.systemRam),
  });
  // Shared by all SMMUs: a view keeps buffers, and a snapshot may name thousands.
  const now = momentOf(dump);
  const laterOn = later && momentOf(later);
  const registerPages = registerPagesOf(snapshot);
  const smmus: SmmuReport[] = [];
  const inspected: InspectedSmmu[] = [];
  const chosen = chooseSmmus(options.smmus, snapshot);
  const shared = {
    list: new ListBudget(chosen.length),
    examination: new ExaminationBudget(),
    owners: new TableOwners(),
  };
  let repeatedStes = 0;
  for (const smmu of chosen) {
    const one = inspectSmmu({
      smmu,
      revision,
      allRevisions,
      now,
      later: laterOn,
      memremap: { model: options.memremap ?? (iomem === undefined ? 'dump' : 'kernel'), paBits: options.paBits ?? 48 },
      captured: snapshot.captured,
      registersFrom: crashedKernel?.givesRegisters === true ? 'dump' : 'snapshot',
      own: ownSmmuOf(smmu, snapshot, options),
      faults: faultsOf(smmu, snapshot, options.crashedLog),
      vmcoreRam: VMCORES.includes(dump.format) ? dump.memory.ranges : null,
      kdumpRam,
      devices: {
        present: insertsCrashedDevices(options)
          ? crashedDevicesOf(options, smmu)
          : [...devicesOf(options.insert, smmu), ...namedDevicesOf(options.devices, smmu)],
        hotplugged: devicesOf(options.hotplug, smmu),
        kernel: options.kernel ?? crashedVersion ?? NEWEST_KERNEL,
      },
      insertActive: options.insert === 'all',
      rmr: rmr && sidsFor(rmr, smmu),
      platform: options.platform,
      sids: sids && sidsFor(sids, smmu),
      all: options.all ?? false,
      ...shared,
      gate: options.gate ?? true,
      unbindPage: options.poweredDown ?? 'live',
      failures: { ...NO_FAILURES, ...options.fail },
      dmesg,
      registerPages,
      furtherChecks: further,
      alone: snapshot.smmus.length === 1,
      progress,
    });
    smmus.push(one.report);
    inspected.push(one);
    repeatedStes += one.repeatedStes;
    if (repeatedStes > MAX_REPEATED_STES && inspected.length < chosen.length) {
      throw tooManyRepeated(snapshot, smmu.name);
    }
  }
  reportAsidClashes(inspected.map(({ report, risks, findings }) => ({ ...risks, name: report.name, findings })));
  const reports = {
    dump: dumpReport(dump),
    later: later ? dumpReport(later) : null,
  };
  // Only now: some damage of a dump shows when its pages, or its map, are read.
  const ofSmmus = inspected.flatMap(({ findings: own }) => own.all);
  const findings = [...generalFindings(dump, later, snapshot, options.platform).all, ...ofSmmus];
  const count = (severity: Severity) => findings.filter((finding) => finding.severity === severity).length;
  const totals = { errors: count('error'), warnings: count('warning'), notes: count('note') };
  return {
    schemaVersion: SCHEMA_VERSION,
    tool: TOOL,
    ...reports,
    kernel: kernelReport(dump, options, smmus),
    smmus,
    findings,
    summary: { ...totals, exitCode: exitCode(smmus, totals, options.failOn ?? 'error') },
  };
}

/** Nobody says which devices there are to be. */
function insertsCrashedDevices({ insert, devices }: InspectOptions): boolean {
  return insert === undefined && (devices === undefined || devices.length === 0);
}

/** Those that are plugged in later are not there before. */
function crashedDevicesOf({ hotplug }: InspectOptions, smmu: SmmuSnapshot): KernelDevice[] {
  const later = new Set(hotplug === undefined ? [] : sidsFor(hotplug, smmu));
  return devicesInOrder(smmu.masters ?? []).filter(({ sids }) => !sids.some((sid) => later.has(sid)));
}

/** Undefined where its log was not found. */
function faultsOf(
  { name, base }: SmmuSnapshot,
  { smmus }: Snapshot,
  log: LogReport | null | undefined,
): readonly CrashedFault[] | undefined {
  if (log === null || log === undefined) return undefined;
  const isAlone = smmus.length === 1 && log.smmus.length === 1;
  const own = log.smmus.filter((one) => isAlone || one.name === name || (base !== null && one.base === base));
  return own.flatMap(({ events }) =>
    events.map((event) => ({
      what: event.name,
      sid: event.sid,
      address: event.address,
      count: event.count,
      device: event.device,
      inDump: event.inDump,
    })),
  );
}

/** By its own state, else by the dump's notes and header. */
function identityOf({ details }: OpenedDump, crashed: CrashedKernel | null): Pick<KernelReport, 'release' | 'buildId'> {
  const { kernelRelease, vmcoreinfo } = details;
  return crashed?.state.kernel ?? { release: kernelRelease, buildId: vmcoreinfo.get('BUILD-ID') ?? null };
}

/** Null where the dump says nothing of it. */
function kernelReport(dump: OpenedDump, options: InspectOptions, smmus: readonly SmmuReport[]): KernelReport | null {
  const { crashedKernel: crashed = null } = options;
  const kernel = identityOf(dump, crashed);
  if (kernel.release === null && kernel.buildId === null) return null;
  const gives: readonly (readonly [TakenFromKernel, boolean])[] = [
    ['registers', crashed?.givesRegisters === true],
    ['memory-map', crashed?.givesMap === true],
    ['devices', insertsCrashedDevices(options) && smmus.some(({ masters }) => masters.length > 0)],
    ['version', options.kernel === undefined && versionOf(kernel.release) !== null],
  ];
  const taken = gives.flatMap(([what, isTaken]) => (isTaken ? [what] : []));
  const state = crashed?.state;
  const types = state?.outcome === 'found' ? state.types : 'none';
  return { ...kernel, types, taken, ...(state === undefined ? {} : { state }) };
}

/** What the crashed kernel has of an SMMU whose registers come from elsewhere. */
function ownSmmuOf(smmu: SmmuSnapshot, given: Snapshot, { crashedKernel }: InspectOptions): OwnSmmu | null {
  const state = crashedKernel?.givesRegisters === false ? crashedKernel.state : null;
  if (state?.outcome !== 'found') return null;
  const { snapshot, kernel, isWhole, rejected } = state;
  const own = namesakeOf(smmu, given, snapshot);
  // It may be one of those that are not told.
  return own === null && (!isWhole || rejected.length > 0) ? null : { release: kernel.release, smmu: own };
}

/** STEs that are met again and again, by one SMMU after the other: no two of a machine share a table. */
const MAX_REPEATED_STES = 2 ** 24;

function tooManyRepeated({ name: file }: Snapshot, smmu: string): InputError {
  const what = `up to the SMMU ${JSON.stringify(smmu)} the stream tables lead to the same STEs over and over again`;
  return new InputError('snapshot', `${what}; --smmu NAME inspects one SMMU`, { file });
}

/** Formats that a kdump kernel writes. */
const VMCORES: readonly string[] = ['elf', 'kdump'];

/** Both register pages of every SMMU whose base is known, by address. */
function registerPagesOf({ smmus }: Snapshot): (AddressRange & { name: string })[] {
  return smmus
    .flatMap(({ name, base }) => (base === null ? [] : [{ name, start: base, end: base + 0x2_0000 }]))
    .sort((a, b) => a.start - b.start);
}

/** A device for each StreamID. */
function devicesOf(sids: InspectOptions['insert'], smmu: AskedSmmu): KernelDevice[] {
  return sids === 'all' || sids === undefined ? [] : sidsFor(sids, smmu).map((sid) => ({ name: null, sids: [sid] }));
}

function namedDevicesOf(devices: InspectOptions['devices'], smmu: AskedSmmu): KernelDevice[] {
  return (devices ?? [])
    .map(({ name, sids }) => ({ name, sids: sidsFor(sids, smmu) }))
    .filter(({ sids }) => sids.length > 0);
}

function chooseRevision(options: InspectOptions, snapshot: Snapshot): Revision {
  const asked = options.revision === 'all' ? undefined : options.revision;
  const name = asked ?? snapshot.kdump.revision ?? DEFAULT_REVISION;
  const revision = REVISIONS.get(name);
  if (revision !== undefined) return revision;
  const message = `revision ${JSON.stringify(name)} is not emulated; known: ${[...REVISIONS.keys()].join(', ')}`;
  if (asked !== undefined) throw new InputError('usage', message);
  throw new InputError('snapshot', message, { file: snapshot.name, place: 'kdump.revision' });
}

/** Those of the snapshot that are `wanted` by name, all without. Throws InputError (`usage`) for a name that it lacks. */
export function chooseSmmus(wanted: readonly string[] | undefined, snapshot: Snapshot): Snapshot['smmus'] {
  if (wanted === undefined) return snapshot.smmus;
  const names = snapshot.smmus.map(({ name }) => name);
  for (const name of wanted) {
    if (names.includes(name)) continue;
    throw new InputError('usage', `no SMMU ${JSON.stringify(name)}; there are ${names.join(', ')}`, {
      file: snapshot.name,
    });
  }
  return snapshot.smmus.filter(({ name }) => wanted.includes(name));
}

/** What there is to say of the dump and the snapshot as a whole. */
function generalFindings(
  dump: OpenedDump,
  later: OpenedDump | undefined,
  snapshot: Snapshot,
  platform: Platform | undefined,
): FindingList {
  const findings = new FindingList(null);
  for (const { register, place } of snapshot.warnings) findings.add('snapshot-unknown-register', { register, place });
  if (snapshot.captured === 'after-kdump-probe') findings.add('snapshot-after-probe', {});
  for (const one of later === undefined ? [dump] : [dump, later]) {
    if (one.loadMapIgnored) findings.add('snapshot-memory-ignored', { format: one.format });
    if (one.assumptions.some(({ kind }) => kind === 'load-address')) {
      findings.add('dump-load-address-assumed', { file: one.files.join(', ') });
    }
    for (const { file, fileOffset, what } of one.problems) {
      findings.add('dump-damaged', { file, fileOffset, what });
    }
    if (one.complete === false && one.problems.length === 0)
      findings.add('dump-incomplete', { file: one.files.join(', ') });
  }
  if (platform !== undefined) firmwareFindings(platform, findings);
  return findings;
}

/** 3 before 1: a result that rests on missing evidence is not final, however bad its findings are. */
function exitCode(
  smmus: readonly SmmuReport[],
  { errors, warnings, notes }: { errors: number; warnings: number; notes: number },
  failOn: Severity | 'never',
): 0 | 1 | 3 {
  if (smmus.some(({ fate }) => fate.kind === 'unknown')) return 3;
  const failing = { error: errors, warning: errors + warnings, note: errors + warnings + notes, never: 0 }[failOn];
  return failing > 0 ? 1 : 0;
}
