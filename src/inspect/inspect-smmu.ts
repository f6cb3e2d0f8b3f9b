/** One SMMU: registers, the table in memory, the adoption by one revision or all, and what is to be said about them. */

import { probesAtRegistration } from '../adopt/devices/registration.ts';
import type { Emulation } from '../adopt/emulate.ts';
import type { KernelMemory } from '../adopt/kernel-memory.ts';
import { adoptionFindings } from '../findings/adoption-findings.ts';
import { ownCoherencyFinding, ownRegisterFindings, ownTableFinding } from '../findings/crashed-kernel-findings.ts';
import { FindingList } from '../findings/findings.ts';
import { insertFindings } from '../findings/insert-findings.ts';
import { platformFindings } from '../findings/platform-findings.ts';
import type { RiskContext } from '../findings/risks/context.ts';
import type { ExaminationBudget } from '../findings/risks/examination.ts';
import { examineRisks, type FurtherChecks, type RiskSummary } from '../findings/risks/risks.ts';
import { judgeL1, missingLocation } from '../findings/table-findings.ts';
import { sidsFor } from '../platform/asked-streams.ts';
import type { Evidence } from '../platform/evidence.ts';
import { deviceNamesOf } from '../platform/platform.ts';
import { onceFor } from '../remembered.ts';
import { hardwareFeatures } from '../smmu/registers/hardware-features.ts';
import type { SmmuSnapshot, Snapshot } from '../snapshot/snapshot.ts';
import type { Census } from '../tables/hardware-view.ts';
import { type HardwareView, MAX_L2_TABLES } from '../tables/hardware-view.ts';
import type { ListBudget, TableOwners } from '../tables/listing.ts';
import { isNeverGiven } from '../tables/table-registers.ts';
import { ownSmmuOf } from './crashed-kernel.ts';
import { OutcomeReports } from './emulation/adoption-report.ts';
import type { AsidSpaces } from './emulation/asid-spaces.ts';
import { compareRevisions } from './emulation/compare-revisions.ts';
import { type EmulatedSmmu, emulatedSmmu, MAX_INSERTIONS_OF_ALL } from './emulation/emulated-smmu.ts';
import type { Outcome } from './emulation/outcome.ts';
import { rmrReports } from './emulation/rmr.ts';
import type { SmmuReport } from './inspection.ts';
import { faultsOf } from './kernel-report.ts';
import type { Listing } from './listing.ts';
import type { CapturedLog } from './log/captured-log.ts';
import type { ComparedSmmu, DmesgReport } from './log/dmesg.ts';
import type { LogReport } from './log/log-report.ts';
import type { Plan } from './plan.ts';
import { platformReport } from './platform-report.ts';
import { registerReport } from './register-report.ts';
import { tableRows } from './table-rows.ts';

/** What the SMMUs of one report share. */
export interface Shared {
  readonly furtherChecks: FurtherChecks;
  /** Null where no log was captured. */
  readonly capturedLog: CapturedLog | null;
  /** What the crashed kernel logged; null where that was not found. */
  readonly crashedLog: LogReport | null;
  /** What may still be listed and examined, and whose tables were met. */
  readonly list: ListBudget;
  readonly examination: ExaminationBudget;
  readonly owners: TableOwners;
  /** ASIDs that SMMUs before have taken. */
  readonly asids: AsidSpaces;
}

export interface InspectedSmmu {
  readonly report: SmmuReport;
  readonly findings: FindingList;
  readonly risks: RiskSummary;
  /** STEs that were met before, behind another descriptor or for another SMMU. */
  readonly repeatedStes: number;
}

/** What becomes of `smmu`, and what is to be said about it. Rows of tables are read when they are gone through. */
export function inspectSmmu(
  smmu: SmmuSnapshot,
  evidence: Evidence,
  plan: Plan,
  listing: Listing,
  shared: Shared,
): InspectedSmmu {
  const { now, platform } = evidence;
  const { asids, list } = shared;
  const sids = listing.sids === null ? null : sidsFor(listing.sids, smmu);
  const findings = new FindingList(smmu.name, !probesAtRegistration(plan.kernel));
  const emulated = emulatedSmmu(smmu, evidence, plan, shared);
  const { registers, known, geometry, view, emulation } = emulated;
  const names = deviceNamesOf(platform, smmu);
  const reports = new OutcomeReports();
  const outcome = reports.of(emulation);

  const census = tableFindings(smmu, emulated, evidence, sids, findings);
  deviceFindings(emulated, outcome, findings);
  const heard = (one: Emulation) => asids.probed(smmu.name, one, registers);
  const others = compareRevisions(
    emulation,
    { emulate: emulated.emulate, heard, report: (one) => reports.of(one) },
    listing.revisions,
    findings,
  );
  const compared = { name: smmu.name, alone: emulated.alone, eventQueue: plan.revision.allocatesEventQueue };
  const dmesg = compareLog(shared.capturedLog, compared, outcome, findings);
  if (platform !== null) platformFindings(platform, known, { smmu, names }, view, findings);
  const own = ownSmmuOf(smmu, evidence);
  if (own !== null) {
    ownRegisterFindings(own, smmu, evidence.kdumpRam, findings);
    ownCoherencyFinding(own, emulated.firmwareCoherent, findings);
  }
  if (evidence.crashedKernel?.givesRegisters === true) ownTableFinding(smmu.masters ?? [], view, findings);
  assumeZeroPages(emulated, now.view.excludedIsAskedZero, findings);
  const risks = examineRisks(riskContext(smmu, emulated, evidence, plan, shared, findings), shared.furtherChecks);

  const faults = faultsOf(smmu, evidence.snapshot, shared.crashedLog);
  const asked = { now, revision: plan.revision, sids, all: listing.all, list };
  const report: SmmuReport = {
    name: smmu.name,
    base: smmu.base,
    features: { ...emulation.featuresBefore, ...emulation.ids },
    registersFrom: evidence.crashedKernel?.givesRegisters === true ? 'dump' : 'snapshot',
    registers: registerReport(smmu),
    assumptions: registers.assumptions,
    rmr: rmrReports(emulated.rmr, emulation, view),
    masters: smmu.masters ?? [],
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
    ...outcome,
    ...others,
    ...(faults === undefined ? {} : { faults }),
    ...(platform === null ? {} : { platform: platformReport(platform, known) }),
    ...tableRows(asked, { view, census, ssidBits: emulation.ids.ssidBits, names }, findings),
  };
  return { report, findings, risks, repeatedStes: view.repeatedStes };
}

/** What is to be said of the adoption and of the table itself. */
function tableFindings(
  smmu: SmmuSnapshot,
  { emulation, registers, geometry, view, memory, firmwareCoherent }: EmulatedSmmu,
  { kdumpRam }: Evidence,
  sids: readonly number[] | null,
  findings: FindingList,
): Census {
  adoptionFindings(emulation, registers, geometry, { firmwareCoherent, memory, kdumpRam }, findings);
  const census = examineTable(view, emulation, memory, isNeverGiven(smmu), findings);
  for (const sid of sids ?? []) {
    const found = view.lookup(sid);
    if ('why' in found) findings.add('sid-without-ste', { sid, why: found.why });
  }
  return census;
}

function deviceFindings({ emulation, devices, cutFrom, view }: EmulatedSmmu, { lost }: Outcome, findings: FindingList) {
  const asked = [...devices.present, ...devices.hotplugged]
    .filter(({ presumed }) => presumed !== true)
    .flatMap((device) => device.sids).length;
  insertFindings(emulation, lost, view, asked, findings);
  if (cutFrom !== null) findings.add('insert-list-cut', { inserted: MAX_INSERTIONS_OF_ALL, total: cutFrom });
}

/** Pages of the table that the dump has left out, and that were read as zeros; `asked`: somebody wanted it so. */
function assumeZeroPages({ registers, view }: EmulatedSmmu, asked: boolean, findings: FindingList): void {
  const pages = view.assumedZeroPages;
  if (pages === 0) return;
  registers.assume({ kind: 'excluded-table-pages' }, 'zeros', { kind: 'excluded-is-zero', asked, pages });
  findings.add('excluded-read-as-zero', { pages });
}

function riskContext(
  smmu: SmmuSnapshot,
  { registers, view, emulation }: EmulatedSmmu,
  { snapshot, now, kdumpRam }: Evidence,
  plan: Plan,
  { examination }: Shared,
  findings: FindingList,
): RiskContext {
  return {
    smmu,
    registers,
    hw: hardwareFeatures(smmu.registers, smmu.partial),
    view,
    memory: now.view,
    map: now.map,
    pageSize: now.dump.pageSize,
    paBits: plan.memremap.paBits,
    kdumpRam,
    registerPages: registerPagesOf(snapshot),
    emulation,
    examination,
    findings,
  };
}

/** Both register pages of every SMMU whose base is known, by address; made once for all that ask. */
const registerPagesOf = onceFor(({ smmus }: Snapshot): RiskContext['registerPages'] =>
  smmus
    .flatMap(({ name, base }) => (base === null ? [] : [{ name, start: base, end: base + 0x2_0000 }]))
    .sort((a, b) => a.start - b.start),
);

function compareLog(
  log: CapturedLog | null,
  smmu: ComparedSmmu,
  outcome: Outcome,
  findings: FindingList,
): DmesgReport | null {
  if (log === null) return null;
  const report = log.compare(smmu, outcome.kernelLog, outcome.panic);
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
function examineTable(
  view: HardwareView,
  emulation: Emulation,
  memory: KernelMemory,
  neverGiven: boolean,
  findings: FindingList,
): Census {
  for (const entry of view.l1Entries(false)) judgeL1(view, memory, entry, emulation, findings);
  let reserved = 0;
  const census = view.census(
    (missing) => {
      if (neverGiven) return;
      const { table, entries, state } = missing;
      findings.add('table-not-in-dump', { table, entries, state }, missingLocation(missing));
    },
    (sid, config) => {
      const found = view.lookup(sid);
      const address = 'paddr' in found ? { address: found.paddr } : {};
      findings.add('ste-config-reserved', { sid, config }, { firstSid: sid, lastSid: sid, ...address });
      reserved += 1;
      return !findings.isFull('ste-config-reserved');
    },
  );
  findings.omit('ste-config-reserved', census.byConfig.reserved - reserved);
  if (view.cut) findings.add('table-cut', { tables: MAX_L2_TABLES });
  return census;
}
