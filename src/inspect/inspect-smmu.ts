/** One SMMU: registers, the table in memory, the adoption by one revision or all, and what is to be said about them. */

import type { RegisterPage } from '../adopt/cleanup.ts';
import { decidesDifferently, type RevisionSplit, splitOf } from '../adopt/compare.ts';
import { STRTAB_NUM_L2_STES } from '../adopt/device.ts';
import { type Emulation, emulateAdoption } from '../adopt/emulate.ts';
import type { ToldByLog } from '../adopt/fate.ts';
import { KernelMemory, type KernelMemoryOptions } from '../adopt/kernel-memory.ts';
import type { Failures } from '../adopt/ledger.ts';
import type { KernelDevice } from '../adopt/master.ts';
import { type DevicePlan, probesAtRegistration } from '../adopt/registration.ts';
import { REVISIONS, type Revision } from '../adopt/revision.ts';
import type { AddressRange } from '../dump/memory.ts';
import type { MemoryView } from '../dump/view.ts';
import { adoptionFindings } from '../findings/adoption-findings.ts';
import { type OwnSmmu, ownRegisterFindings } from '../findings/crashed-kernel-findings.ts';
import { FindingList } from '../findings/findings.ts';
import { insertFindings } from '../findings/insert-findings.ts';
import { platformFindings } from '../findings/platform-findings.ts';
import type { RiskContext } from '../findings/risks/context.ts';
import type { ExaminationBudget } from '../findings/risks/examination.ts';
import { examineRisks, type FurtherChecks, type RiskSummary } from '../findings/risks/risks.ts';
import { judgeL1, missingLocation } from '../findings/table-findings.ts';
import type { AddressMap } from '../platform/address-map.ts';
import { deviceNamesOf, type Platform, platformSmmuAt } from '../platform/platform.ts';
import type { Progress } from '../progress.ts';
import { decodeFields } from '../smmu/fields.ts';
import { hardwareFeatures } from '../smmu/hardware-features.ts';
import { REGISTERS } from '../smmu/registers.ts';
import { SteReader } from '../smmu/ste-reader.ts';
import { L1STD_BYTE_LENGTH, STE_BYTE_LENGTH } from '../smmu/stream-table.ts';
import { RegisterFile } from '../snapshot/register-file.ts';
import type { CaptureMoment, SmmuSnapshot } from '../snapshot/snapshot.ts';
import type { Census } from '../tables/hardware-view.ts';
import { HardwareView, MAX_L2_TABLES } from '../tables/hardware-view.ts';
import type { ListBudget, TableOwners } from '../tables/listing.ts';
import { geometryOf, tableRegisters } from '../tables/table-registers.ts';
import { outcomeReport } from './adoption-report.ts';
import type { Capture } from './capture-lines.ts';
import { compareDmesg, type DmesgReport } from './dmesg.ts';
import type { CrashedFault, RegisterSource, RevisionOutcome, SmmuReport } from './inspection.ts';
import type { Outcome } from './outcome.ts';
import { platformReport } from './platform-report.ts';
import { doubtOf } from './register-moment.ts';
import { rmrReports, rmrSids } from './rmr.ts';
import { tableRows } from './table-rows.ts';
import { toldByLog } from './told-by-log.ts';

/** One moment of the machine's memory: what the dump holds, and what is where. */
export interface Moment {
  readonly view: MemoryView;
  readonly map: AddressMap;
}

export interface SmmuInput {
  readonly smmu: SmmuSnapshot;
  readonly revision: Revision;
  /** Report what every known revision does, not only whether it would decide otherwise. */
  readonly allRevisions: boolean;
  readonly now: Moment;
  readonly later: Moment | undefined;
  readonly memremap: KernelMemoryOptions;
  readonly captured: CaptureMoment;
  readonly registersFrom: RegisterSource;
  /** The same SMMU as the crashed kernel in the dump had it; null where that is not known, or where it is this one. */
  readonly own: OwnSmmu | null;
  /** In the crashed kernel's log; undefined where that was not found. */
  readonly faults: readonly CrashedFault[] | undefined;
  /** RAM of a dump that a kdump kernel has written; null for any other. */
  readonly vmcoreRam: readonly AddressRange[] | null;
  /** The kdump kernel's own memory, as far as it is known. */
  readonly kdumpRam: readonly AddressRange[];
  readonly devices: DevicePlan;
  /** Insert every active stream too. */
  readonly insertActive: boolean;
  /** Those that firmware names when left out. */
  readonly rmr: readonly number[] | undefined;
  readonly platform: Platform | undefined;
  readonly sids: readonly number[] | undefined;
  readonly all: boolean;
  /** What the report may still list and examine, and whose tables were met; shared by its SMMUs. */
  readonly list: ListBudget;
  readonly examination: ExaminationBudget;
  readonly owners: TableOwners;
  readonly gate: boolean;
  readonly unbindPage: RegisterPage;
  readonly failures: Failures;
  readonly dmesg: Capture | undefined;
  /** Register pages of the SMMUs that the snapshot names. */
  readonly registerPages: RiskContext['registerPages'];
  readonly furtherChecks: FurtherChecks;
  /** Whether the snapshot has no other SMMU. */
  readonly alone: boolean;
  readonly progress: Progress;
}

/** More active streams than any machine has; a hostile table can claim millions. */
const MAX_INSERTIONS_OF_ALL = 1 << 16;

export interface InspectedSmmu {
  readonly report: SmmuReport;
  readonly findings: FindingList;
  readonly risks: RiskSummary;
  /** STEs that were met before, behind another descriptor or for another SMMU. */
  readonly repeatedStes: number;
}

export function inspectSmmu(input: SmmuInput): InspectedSmmu {
  const { smmu, sids, revision, now } = input;
  const findings = new FindingList(smmu.name, !probesAtRegistration(input.devices.kernel));
  const registers = new RegisterFile(smmu);
  const { platform } = input;
  const known = platform === undefined ? null : platformSmmuAt(platform, smmu.base);
  const names = deviceNamesOf(platform, smmu);
  const firmwareCoherent = smmu.firmwareCoherent ?? known?.smmu.coherent ?? null;
  if (smmu.firmwareCoherent === null && known !== null) {
    const why = `not in the snapshot; taken from ${known.table.source}`;
    registers.assume('firmware.coherent', String(known.smmu.coherent), why);
  }
  const geometry = geometryOf(tableRegisters(smmu, registers));
  const stes = new SteReader(now.view);
  const view = new HardwareView(geometry, now.view, stes, input.progress, input.owners);
  const memory = new KernelMemory(now.view, stes, now.map, input.memremap);
  const { devices, cutFrom } = chooseDevices(input, view);
  const tableByteLength = geometry.entries * (geometry.format === '2lvl' ? L1STD_BYTE_LENGTH : STE_BYTE_LENGTH);
  const doubt = doubtOf({
    captured: input.captured,
    registers,
    table: { start: geometry.base, end: geometry.base + tableByteLength },
    kdumpRam: input.kdumpRam,
    vmcoreRam: input.vmcoreRam,
  });
  const emulate = (one: Revision, told: ToldByLog | null = null) =>
    emulateAdoption({
      told,
      doubt,
      registers,
      firmwareCoherent,
      revision: one,
      memory,
      laterMemory: laterMemory(input),
      devices,
      gate: input.gate,
      failures: input.failures,
      unbindPage: input.unbindPage,
    });
  const emulation = settled(emulate(revision), (told) => emulate(revision, told), input);
  const outcome = outcomeReport(emulation);
  const ssidBits = emulation.ids.ssidBits;

  const context = { firmwareCoherent, memory, kdumpRam: input.kdumpRam };
  adoptionFindings(emulation, registers, geometry, context, findings);
  const census = examineTable(view, emulation, memory, findings);
  for (const sid of sids ?? []) {
    const found = view.lookup(sid);
    if ('why' in found) findings.add('sid-without-ste', { sid, why: found.why });
  }
  const asked = [...devices.present, ...devices.hotplugged]
    .filter(({ presumed }) => presumed !== true)
    .flatMap((device) => device.sids).length;
  insertFindings(emulation, outcome.lost, view, asked, findings);
  if (cutFrom !== null) findings.add('insert-list-cut', { inserted: MAX_INSERTIONS_OF_ALL, total: cutFrom });
  const others = compareRevisions(emulation, outcome, emulate, input.allRevisions, findings);
  const dmesg = compareLog(input, outcome, findings);
  if (platform !== undefined) platformFindings(platform, known, { smmu, names }, view, findings);
  if (input.own !== null) ownRegisterFindings(input.own, smmu, input.kdumpRam, findings);
  if (view.assumedZeroPages > 0) {
    const pages = view.assumedZeroPages;
    registers.assume('excluded table pages', 'zero', `${now.view.whyExcludedIsZero}; pages of the table: ${pages}`);
    findings.add('excluded-read-as-zero', { pages });
  }
  const riskContext: RiskContext = {
    smmu,
    registers,
    hw: hardwareFeatures(smmu.registers, smmu.partial),
    view,
    memory: now.view,
    map: now.map,
    paBits: input.memremap.paBits,
    kdumpRam: input.kdumpRam,
    registerPages: input.registerPages,
    emulation,
    examination: input.examination,
    findings,
  };
  const risks = examineRisks(riskContext, input.furtherChecks);

  const report: SmmuReport = {
    name: smmu.name,
    base: smmu.base,
    features: { ...emulation.featuresBefore, ...emulation.ids },
    registersFrom: input.registersFrom,
    registers: registerReport(smmu),
    assumptions: registers.assumptions,
    ...outcome,
    ...others,
    rmr: rmrReports(input.rmr ?? rmrSids(known), emulation, view),
    masters: smmu.masters ?? [],
    ...(input.faults === undefined ? {} : { faults: input.faults }),
    ...(platform === undefined ? {} : { platform: platformReport(platform, known) }),
    dmesg,
    table: {
      format: geometry.format,
      base: geometry.base,
      split: geometry.format === '2lvl' ? geometry.split : null,
      entries: geometry.entries,
    },
    reachable: risks.reachable,
    kdumpReach: risks.kdumpReach,
    census,
    ...tableRows(input, { view, census, ssidBits, names }, findings),
  };
  return { report, findings, risks, repeatedStes: view.repeatedStes };
}

/** What the dump leaves open, a captured log may tell. */
function settled(
  emulation: Emulation,
  again: (told: ToldByLog) => Emulation,
  { dmesg, smmu, alone }: SmmuInput,
): Emulation {
  if (dmesg === undefined || emulation.fate.kind !== 'unknown') return emulation;
  return again(toldByLog(dmesg, { name: smmu.name, alone }));
}

function laterMemory({ later, memremap }: SmmuInput): KernelMemory | null {
  return later === undefined ? null : new KernelMemory(later.view, new SteReader(later.view), later.map, memremap);
}

/** The devices of the kdump kernel, and, where the active ones were cut short, of how many. */
function chooseDevices(
  { devices, insertActive }: SmmuInput,
  view: HardwareView,
): { devices: DevicePlan; cutFrom: number | null } {
  if (!insertActive) return { devices, cutFrom: null };
  const named = new Set(devices.present.flatMap(({ sids }) => sids));
  const active: KernelDevice[] = [];
  let total = 0;
  let presumedBus = -1;
  for (const { sid, seen } of view.streams()) {
    if (named.has(sid)) continue;
    if (seen) total += 1;
    if (seen && total <= MAX_INSERTIONS_OF_ALL) active.push({ name: null, sids: [sid] });
    const bus = Math.floor(sid / STRTAB_NUM_L2_STES);
    // One speaks for all of its L1 descriptor that nobody sees, or that are too many.
    if ((!seen || total > MAX_INSERTIONS_OF_ALL) && bus !== presumedBus) {
      active.push({ name: null, sids: [sid], presumed: true });
      presumedBus = bus;
    }
  }
  const present = [...devices.present, ...active];
  return { devices: { ...devices, present }, cutFrom: total > MAX_INSERTIONS_OF_ALL ? total : null };
}

/** The other known revisions: all that they do when asked for, else one note where any would decide otherwise. */
function compareRevisions(
  emulation: Emulation,
  outcome: Outcome,
  emulate: (revision: Revision) => Emulation,
  all: boolean,
  findings: FindingList,
): Pick<SmmuReport, 'adoptions' | 'splits'> {
  const byName = new Map<string, RevisionOutcome>();
  const splits: RevisionSplit[] = [];
  for (const [name, revision] of REVISIONS) {
    const one = revision === emulation.revision ? emulation : emulate(revision);
    if (all) {
      const { adoption, ...rest } = one === emulation ? outcome : outcomeReport(one, outcome);
      byName.set(name, { ...adoption, ...rest });
    }
    const split = one === emulation ? null : splitOf(emulation, one);
    if (split !== null) splits.push(split);
  }
  if (all) return { adoptions: Object.fromEntries(byName), splits };
  const deciding = splits.filter(decidesDifferently);
  const [first] = deciding;
  if (first !== undefined) {
    const others = deciding.map((split) => split.revision).join(' and ');
    findings.add('revisions-differ', { revision: first.from, others, check: first.check ?? '', why: first.why });
  }
  return { adoptions: null, splits: null };
}

function compareLog(
  { dmesg, smmu, alone, revision }: SmmuInput,
  outcome: Outcome,
  findings: FindingList,
): DmesgReport | null {
  if (dmesg === undefined) return null;
  const compared = { name: smmu.name, alone, eventQueue: revision.allocatesEventQueue };
  const report = compareDmesg(dmesg, compared, outcome.kernelLog, outcome.panic);
  const { file, agree, missing, extra, panic, carriesSeries } = report;
  const panicAgrees = panic === null || panic.agrees;
  // Of what cannot be told nothing was predicted that more lines could differ from.
  const open = outcome.fate.kind === 'unknown' && missing === 0;
  if (!open && (missing + extra > 0 || !panicAgrees)) {
    const withoutSeries = carriesSeries === false;
    findings.add('dmesg-differs', { file, agree, missing, unpredicted: extra, panicAgrees, withoutSeries });
  }
  return report;
}

/** Goes through the table as the hardware would find it: the L1 descriptors one by one, then every STE. */
function examineTable(view: HardwareView, emulation: Emulation, memory: KernelMemory, findings: FindingList): Census {
  for (const entry of view.l1Entries(false)) judgeL1(view, memory, entry, emulation, findings);
  const census = view.census(
    (missing) => {
      const { table, entries, state } = missing;
      findings.add('table-not-in-dump', { table, entries, state }, missingLocation(missing));
    },
    (sid, config) => {
      const found = view.lookup(sid);
      const address = 'paddr' in found ? { address: found.paddr } : {};
      findings.add('ste-config-reserved', { sid, config }, { firstSid: sid, lastSid: sid, ...address });
    },
  );
  if (view.cut) findings.add('table-cut', { tables: MAX_L2_TABLES });
  return census;
}

/** Every register that the snapshot has, decoded as far as it is known, by offset. */
function registerReport({ registers, partial, provenance }: SmmuSnapshot): SmmuReport['registers'] {
  const report: Record<string, SmmuReport['registers'][string]> = {};
  for (const layout of REGISTERS) {
    const some = partial?.get(layout.name);
    const value = registers.get(layout.name) ?? some?.value;
    if (value === undefined) continue;
    report[layout.name] = {
      value,
      how: provenance?.get(layout.name) ?? 'hardware',
      ...(some === undefined ? {} : { known: some.known }),
      fields: decodeFields(layout, [value], some?.known),
    };
  }
  return report;
}
