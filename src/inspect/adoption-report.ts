/** The emulation's outcome in the shape of the report. */

import type { Emulation } from '../adopt/emulate.ts';
import { errnoName } from '../adopt/errno.ts';
import type { ScanFailure } from '../adopt/evidence.ts';
import type { DeviceFate, SmmuFate } from '../adopt/fate.ts';
import type { Allocation, Mapping } from '../adopt/ledger.ts';
import type { Probe } from '../adopt/registration.ts';
import type { IdScan } from '../adopt/scan-record.ts';
import type {
  AdoptionReport,
  AllocationReport,
  DeviceReport,
  IdScanReport,
  InsertReport,
  LostReport,
  MappingReport,
  Outcome,
  PanicReport,
  ScanFailureReport,
  StrtabCfgReport,
} from './outcome.ts';

/**
 * What one revision does, as reports have it. `like`: what another revision comes to. Reports of streams and devices that
 * fare the same are shared with it.
 */
export function outcomeReport(emulation: Emulation, like: Outcome | null = null): Outcome {
  const { probes, fate, reset } = emulation;
  const devices = shared(probes.map(deviceReport), like?.devices ?? []);
  return {
    fate: { kind: fate.kind, after: 'after' in fate ? fate.after : null },
    adoption: adoptionReport(emulation),
    // Into the ordinary table of an SMMU that was not adopted, insertions are nothing special.
    inserts: emulation.verdict === 'adopted' ? shared(probes.flatMap(insertReports), like?.inserts ?? []) : [],
    devices,
    reset,
    kernelLog: emulation.log,
    panic: panicReport(fate),
    lost: lostReport(fate, devices),
  };
}

/** Tens of thousands of streams times all revisions would otherwise be the most that is ever in memory. */
function shared<T extends object>(reports: readonly T[], others: readonly T[]): T[] {
  return reports.map((report, i) => {
    const other = others[i];
    return other !== undefined && isSame(report, other) ? other : report;
  });
}

/** Whether both say the same; lists count as the same where they are one, or hold nothing. */
function isSame<T extends object>(report: T, other: T): boolean {
  return (Object.keys(report) as (keyof T)[]).every((key) => {
    const [one, two] = [report[key], other[key]];
    return one === two || (Array.isArray(one) && Array.isArray(two) && one.length + two.length === 0);
  });
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
    mappings: emulation.mappings.map(mappingReport),
    mappingsNotListed: emulation.transientNotListed,
    allocations: emulation.allocations.map(allocationReport),
    strtabCfg: strtabCfgReport(strtabCfg),
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

/** Whether the core comes to the device; null where that cannot be told. */
function isAsked(fate: DeviceFate): boolean | null {
  if (fate.kind === 'unknown' && fate.of === 'device-before') return null;
  return fate.kind !== 'never-asked';
}

/** Whether it is added to an IOMMU group. */
function isAccepted({ kind }: DeviceFate): boolean | null {
  return kind === 'unknown' ? null : kind === 'accepted';
}

const NO_MAPPINGS: readonly MappingReport[] = [];

function insertReports({ device, hotplugged, fate, streams, deferred }: Probe): InsertReport[] {
  return streams.map(({ sid, ret, fresh, log, mappings }) => ({
    sid,
    device: device.name,
    hotplugged,
    asked: isAsked(fate),
    ret,
    errno: errnoName(ret),
    fresh,
    log,
    mappings: mappings.length === 0 ? NO_MAPPINGS : mappings.map(mappingReport),
    deferred,
  }));
}

function deviceReport({ device, hotplugged, fate, deferred, sid }: Probe): DeviceReport {
  const { name, sids } = device;
  const [asked, accepted] = [isAsked(fate), isAccepted(fate)];
  return { name, sids, hotplugged, fate: fate.kind, asked, accepted, deferred, deferredBy: sid };
}

function panicReport(fate: SmmuFate): PanicReport | null {
  if (fate.kind !== 'kernel-dies') return null;
  const { where, paddr: address, why } = fate.death;
  return { where, address, why };
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

function mappingReport(mapping: Mapping): MappingReport {
  return {
    kind: mapping.kind,
    purpose: mapping.purpose,
    address: mapping.paddr,
    size: mapping.byteLength,
    ok: mapping.ok,
    why: mapping.remap.why,
    held: mapping.held,
    released: mapping.releases > 0,
    transient: mapping.transient,
    pages: mapping.pages,
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

function strtabCfgReport(cfg: Emulation['strtabCfg']): StrtabCfgReport | null {
  if (cfg === null) return null;
  if (cfg.format === 'linear') {
    return { linear: { table: cfg.table.paddr, steDma: null, numEnts: cfg.numEnts } };
  }
  const l2ptrs = [...cfg.l2ptrs]
    .sort(([a], [b]) => a - b)
    .map(([index, table]) => ({ index, table: table.kind === 'adopted' ? table.mapping.paddr : null }));
  return { l2: { l1tab: cfg.l1tab.paddr, l1Dma: null, numL1Ents: cfg.numL1Ents, l2ptrs } };
}
