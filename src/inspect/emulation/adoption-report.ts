/** The emulation's outcome in the shape of the report. */

import type { DeviceFate, SmmuFate } from '../../adopt/devices/fate.ts';
import type { Emulation } from '../../adopt/emulate.ts';
import { errnoName } from '../../adopt/errno.ts';
import type { ScanFailure } from '../../adopt/evidence.ts';
import type { Allocation } from '../../adopt/ledger.ts';
import type { Revision } from '../../adopt/revisions/revision.ts';
import type { IdScan } from '../../adopt/scan/scan-record.ts';
import { onceFor } from '../../remembered.ts';
import { mappingReport, type ProbeReports, probeReports } from './device-reports.ts';
import type {
  AdoptionReport,
  AllocationReport,
  DeviceReport,
  IdScanReport,
  LostReport,
  Outcome,
  PanicReport,
  ScanFailureReport,
  StrtabCfgReport,
} from './outcome.ts';

/** Reports of one SMMU's revisions, which share what they have in common: tens of thousands of streams times all of them. */
export class OutcomeReports {
  readonly #known: ProbeReports[] = [];

  /** What one revision does, as reports have it. */
  of(emulation: Emulation): Outcome {
    const { probes } = emulation;
    const before = this.#known.find((one) => one.probes === probes);
    const reports = before ?? probeReports(probes, doesProbeFail(emulation), this.#known[0]);
    if (before === undefined) this.#known.push(reports);
    return outcomeReport(emulation, reports);
  }
}

/** Whether the SMMU does not outlive its probe: whatever devres has is given back then. */
export function doesProbeFail({ fate }: { readonly fate: Pick<SmmuFate, 'kind'> }): boolean {
  return fate.kind === 'probe-fails' || fate.kind === 'smmu-lost';
}

function outcomeReport(emulation: Emulation, { devices, inserts }: Omit<ProbeReports, 'probes'>): Outcome {
  const { fate, reset } = emulation;
  return {
    fate: { kind: fate.kind, after: 'after' in fate ? fate.after : null },
    adoption: adoptionReport(emulation),
    // Into the ordinary table of an SMMU that was not adopted, insertions are nothing special.
    inserts: emulation.verdict === 'adopted' ? inserts : [],
    devices,
    reset,
    kernelLog: emulation.log,
    panic: panicReport(fate),
    lost: lostReport(fate, devices),
  };
}

function adoptionReport(emulation: Emulation): AdoptionReport {
  const { strtabCfg, idScan, teardown } = emulation;
  return {
    revision: emulation.revision.name,
    unread: emulation.revision.unread,
    verdict: emulation.verdict,
    ret: emulation.ret,
    errno: errnoName(emulation.ret),
    doubt: emulation.doubt,
    decidedBy: emulation.decidedBy,
    settledByLog: emulation.settledByLog,
    tableFormat: emulation.tableFormat,
    format: strtabCfg?.format ?? null,
    entries: strtabCfg === null ? null : strtabCfg.format === '2lvl' ? strtabCfg.numL1Ents : strtabCfg.numEnts,
    featuresAfter: emulation.featuresAfter,
    optionAfter: emulation.optionAfter,
    checks: emulation.checks,
    log: adoptionLog(emulation),
    warnOn: emulation.warnOn,
    mappings: emulation.mappings.map((one) => mappingReport(one, doesProbeFail(emulation))),
    mappingsNotListed: emulation.bulkNotListed,
    allocations: emulation.allocations.map(allocationReport),
    strtabCfg: strtabCfgReport(strtabCfg, emulation.revision),
    idScan: idScan === null ? null : idScanReport(idScan),
    reserved:
      emulation.verdict === 'adopted' && idScan !== null
        ? { asids: idScan.asids, vmids: idScan.vmids }
        : { asids: [], vmids: [] },
    teardown: { registerPage: teardown.page, leaked: teardown.leaked, doubleReleased: teardown.doubleReleased },
  };
}

/** Messages of the series at the gate and in the adoption. What the rest of the probe says is not among them. */
function adoptionLog({ log }: Emulation): AdoptionReport['log'] {
  return log
    .filter(({ stage, ofSeries }) => ofSeries && (stage === 'gate' || stage === 'adopt'))
    .map(({ level, text }) => ({ level, text }));
}

function panicReport(fate: SmmuFate): PanicReport | null {
  if (fate.kind !== 'kernel-dies') return null;
  const { where, inferred, paddr: address, why } = fate.death;
  return { where, inferred, address, why };
}

function lostReport(fate: SmmuFate, devices: readonly DeviceReport[]): LostReport | null {
  if (fate.kind !== 'smmu-lost') return null;
  const { device, sid, ret, gbpaAbort, inFlight } = fate.loss;
  const sidsOf = (kind: DeviceFate['kind']) => devices.filter((one) => one.fate === kind).flatMap(({ sids }) => sids);
  return {
    device: device.name,
    sid,
    ret,
    loseGroup: sidsOf('accepted'),
    neverAsked: sidsOf('never-asked'),
    cr0: 0,
    gbpaAbort,
    inFlight,
  };
}

function allocationReport({ call, what, byteLength, ok, releases }: Allocation): AllocationReport {
  return { call, what, size: byteLength, ok, released: releases > 0 };
}

function idScanReport(scan: IdScan): IdScanReport {
  const { outcome, cdTables, cds, unknownEntries, contestedAsids, gaveUp, rolledBack, failuresNotListed } = scan;
  const failures = scan.failures.map(scanFailureReport);
  return { outcome, cdTables, cds, unknownEntries, contestedAsids, gaveUp, rolledBack, failures, failuresNotListed };
}

function scanFailureReport({
  rule,
  sid,
  stePaddr,
  cd,
  observed,
  required,
  ret,
  stopsHere,
}: ScanFailure): ScanFailureReport {
  return {
    rule,
    sid,
    ste: stePaddr,
    cd: cd === null ? null : { level: cd.level, index: cd.index, address: cd.paddr },
    observed,
    required,
    errno: errnoName(ret) ?? '',
    stopsHere,
  };
}

function strtabCfgReport(cfg: Emulation['strtabCfg'], { setsDmaAddress }: Revision): StrtabCfgReport | null {
  if (cfg === null) return null;
  const dma = (paddr: number) => (setsDmaAddress ? paddr : null);
  if (cfg.format === 'linear') {
    return { linear: { table: cfg.table.paddr, steDma: dma(cfg.table.paddr), numEnts: cfg.numEnts } };
  }
  const { l1tab, numL1Ents } = cfg;
  return { l2: { l1tab: l1tab.paddr, l1Dma: dma(l1tab.paddr), numL1Ents, l2ptrs: l2ptrsReport(cfg.l2ptrs) } };
}

type L2Table = Extract<NonNullable<Emulation['strtabCfg']>, { readonly format: '2lvl' }>;

/** Revisions share their slots, of which there may be a hundred thousand. */
const l2ptrsReport = onceFor((l2ptrs: L2Table['l2ptrs']) =>
  [...l2ptrs]
    .sort(([a], [b]) => a - b)
    .map(([index, table]) => ({ index, table: table.kind === 'adopted' ? table.mapping.paddr : null })),
);
