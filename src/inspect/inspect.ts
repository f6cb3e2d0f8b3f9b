/** Runs the pipeline for every SMMU of a snapshot and makes one {@link Inspection}. */

import { CURRENT_REVISIONS } from '../adopt/revisions/revisions.ts';
import { dumpReport } from '../dump/dump-report.ts';
import type { OpenedDump } from '../dump/open.ts';
import { untilFetched } from '../dump/sources/until-fetched.ts';
import { ownMapFinding, ownStateFindings } from '../findings/crashed-kernel-findings.ts';
import { type Finding, FindingList, leavesOpen } from '../findings/findings.ts';
import { firmwareFindings } from '../findings/platform-findings.ts';
import { reportAsidClashes } from '../findings/risks/asid-clash.ts';
import { ExaminationBudget } from '../findings/risks/examination.ts';
import { furtherChecks } from '../findings/risks/risks.ts';
import type { Severity } from '../findings/rules.ts';
import { type Evidence, type EvidenceOptions, evidenceOf } from '../platform/evidence.ts';
import type { SmmuSnapshot, Snapshot } from '../snapshot/snapshot.ts';
import { ListBudget, TableOwners } from '../tables/listing.ts';
import { RepeatedStes } from '../tables/repeats.ts';
import { SCHEMA_VERSION, TOOL } from '../version.ts';
import { AsidSpaces } from './emulation/asid-spaces.ts';
import { emulatedSmmu } from './emulation/emulated-smmu.ts';
import { type InspectedSmmu, inspectSmmu, type Shared } from './inspect-smmu.ts';
import type { Inspection, SmmuReport } from './inspection.ts';
import { kernelReport } from './kernel-report.ts';
import { type Listing, type ListingOptions, listingOf } from './listing.ts';
import type { CapturedLog } from './log/captured-log.ts';
import type { LogReport } from './log/log-report.ts';
import { type Plan, type PlanOptions, planOf } from './plan.ts';

/** What is given beside dump and registers, what the kdump kernel is to do, and what is to be listed. */
export interface InspectOptions extends EvidenceOptions, PlanOptions, ListingOptions {
  /** What the crashed kernel logged. */
  readonly crashedLog?: LogReport | null | undefined;
}

/**
 * Does offline what the kdump kernel's driver would do with the SMMUs of `snapshot` in the memory of `dump`.
 * Table rows are read when they are gone through, so keep the dump open until then.
 * Throws InputError for an unknown revision or SMMU name; whatever the dump lacks is part of the result.
 */
export async function inspect(dump: OpenedDump, snapshot: Snapshot, options: InspectOptions = {}): Promise<Inspection> {
  const evidence = evidenceOf(dump, snapshot, options);
  return inspectEvidence(evidence, planOf(options, evidence), listingOf(options, snapshot), options.crashedLog);
}

/**
 * The same for evidence, plan and listing that are made already; `crashedLog` is what the crashed kernel logged, and
 * `examination` how many entries are looked at for risks.
 */
export async function inspectEvidence(
  evidence: Evidence,
  plan: Plan,
  listing: Listing,
  crashedLog: LogReport | null = null,
  examination = new ExaminationBudget(),
): Promise<Inspection> {
  const further = await furtherChecks(evidence.snapshot, {
    deep: listing.deep,
    kdumpRamKnown: evidence.kdumpRam.length > 0,
  });
  const capturedLog = await capturedLogIn(evidence);
  const inspection = await untilFetched(() =>
    inspectNow(evidence, plan, listing, { furtherChecks: further, crashedLog, capturedLog, examination }),
  );
  // So that going through the rows finds their bytes there.
  if (evidence.now.dump.fetched || evidence.later?.dump.fetched) await untilFetched(() => readRows(inspection));
  return inspection;
}

async function capturedLogIn({ dmesg }: Evidence): Promise<CapturedLog | null> {
  if (dmesg === null) return null;
  const { capturedLogOf } = await import('./log/captured-log.ts');
  return capturedLogOf(dmesg);
}

function readRows({ smmus }: Inspection): void {
  for (const { l1, stes } of smmus) for (const rows of [l1, stes]) for (const _ of rows);
}

function inspectNow(
  evidence: Evidence,
  plan: Plan,
  listing: Listing,
  about: Pick<Shared, 'furtherChecks' | 'crashedLog' | 'capturedLog' | 'examination'>,
): Inspection {
  const { now, later } = evidence;
  const shared = {
    list: new ListBudget(listing.smmus.length),
    owners: new TableOwners(),
    asids: new AsidSpaces(plan.kernel),
    ...about,
  };
  const inspected: InspectedSmmu[] = [];
  const repeated = new RepeatedStes(evidence.snapshot);
  const listed = new Set(listing.smmus);
  for (const smmu of evidence.snapshot.smmus) {
    if (!listed.has(smmu)) {
      if (inspected.length < listing.smmus.length) passBy(smmu, evidence, plan, listing, shared);
      continue;
    }
    const one = inspectSmmu(smmu, evidence, plan, listing, shared);
    inspected.push(one);
    repeated.add(one.repeatedStes, smmu.name, inspected.length === listing.smmus.length);
  }
  const smmus = inspected.map(({ report }) => report);
  reportAsidClashes(inspected.map(({ report, risks, findings }) => ({ ...risks, name: report.name, findings })));
  const reports = {
    dump: dumpReport(now.dump),
    later: later === null ? null : dumpReport(later.dump),
    kernel: kernelReport(evidence, plan, smmus),
  };
  // Only now: some damage of a dump shows when its pages, or its map, are read.
  const ofSmmus = inspected.flatMap(({ findings: own }) => own.all);
  const general = generalFindings(evidence, listing).all;
  const findings = [...general, ...ofSmmus];
  const count = (severity: Severity) => findings.filter((finding) => finding.severity === severity).length;
  const totals = { errors: count('error'), warnings: count('warning'), notes: count('note') };
  return {
    schemaVersion: SCHEMA_VERSION,
    tool: TOOL,
    ...reports,
    smmus,
    findings,
    summary: { ...totals, exitCode: exitCode(smmus, findings, totals, listing.failOn) },
  };
}

/**
 * An SMMU that nobody asked about probes before one that somebody did. It is worth emulating for the ASIDs that it takes
 * where a revision that was asked for shares them.
 */
function passBy(
  smmu: SmmuSnapshot,
  evidence: Evidence,
  plan: Plan,
  listing: Listing,
  { asids, capturedLog }: Pick<Shared, 'asids' | 'capturedLog'>,
): void {
  const sharing = (listing.revisions ?? [plan.revision]).filter((revision) => AsidSpaces.areShared(revision));
  if (sharing.length === 0) {
    asids.skip();
    return;
  }
  const { emulation, emulate, registers } = emulatedSmmu(smmu, evidence, plan, {
    owners: new TableOwners(),
    asids,
    capturedLog,
  });
  for (const revision of CURRENT_REVISIONS.filter((one) => AsidSpaces.areShared(one))) {
    asids.probed(smmu.name, revision === emulation.revision ? emulation : emulate(revision), registers);
  }
}

/** What there is to say of the dump and the snapshot as a whole. */
function generalFindings({ snapshot, platform, now, later, crashedKernel }: Evidence, { named }: Listing): FindingList {
  const findings = new FindingList(null);
  // Who asks about some SMMUs is not told of others.
  if (crashedKernel?.givesRegisters === true) ownStateFindings(crashedKernel.state, findings, named);
  if (crashedKernel !== null) ownMapFinding(crashedKernel, findings);
  for (const { register, place } of snapshot.warnings) findings.add('snapshot-unknown-register', { register, place });
  if (snapshot.captured === 'after-kdump-probe') findings.add('snapshot-after-probe', {});
  for (const { dump: one } of later === null ? [now] : [now, later]) {
    if (one.loadMapIgnored) findings.add('snapshot-memory-ignored', { format: one.format });
    if (one.assumptions.some(({ kind }) => kind === 'load-address')) {
      findings.add('dump-load-address-assumed', { file: one.files });
    }
    for (const { file, fileOffset, what } of one.problems) {
      findings.add('dump-damaged', { file, fileOffset, what });
    }
    if (one.complete === false && one.problems.length === 0) findings.add('dump-incomplete', { file: one.files });
  }
  if (platform !== null) firmwareFindings(platform, findings);
  return findings;
}

/** 3 before 1: a result that rests on missing evidence is not final, however bad its findings are. */
function exitCode(
  smmus: readonly SmmuReport[],
  findings: readonly Finding[],
  { errors, warnings, notes }: { errors: number; warnings: number; notes: number },
  failOn: Severity | 'never',
): 0 | 1 | 3 {
  if (smmus.some(({ fate }) => fate.kind === 'unknown') || findings.some(leavesOpen)) return 3;
  const failing = { error: errors, warning: errors + warnings, note: errors + warnings + notes, never: 0 }[failOn];
  return failing > 0 ? 1 : 0;
}
