/** The emulation's outcome in the shape of the report. */

import type { Emulation } from '../adopt/emulate.ts';
import { errnoName } from '../adopt/errno.ts';
import type { ScanFailure } from '../adopt/evidence.ts';
import type { DeviceFate, SmmuFate } from '../adopt/fate.ts';
import type { Allocation, Mapping } from '../adopt/ledger.ts';
import type { StreamOutcome } from '../adopt/master.ts';
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

/** Reports of one SMMU's revisions, which share what they have in common: tens of thousands of streams times all of them. */
export class OutcomeReports {
  readonly #known: ProbeReports[] = [];

  /** What one revision does, as reports have it. */
  of(emulation: Emulation): Outcome {
    const { probes } = emulation;
    const before = this.#known.find((one) => one.probes === probes);
    const reports = before ?? probeReports(probes, this.#known[0]);
    if (before === undefined) this.#known.push(reports);
    return outcomeReport(emulation, reports);
  }
}

/** What is reported of probes: of each its device, and in a row the insertions of all. */
interface ProbeReports {
  readonly probes: readonly Probe[];
  readonly devices: readonly DeviceReport[];
  readonly inserts: readonly InsertReport[];
}

/** `like`: what is reported of another revision's, of which those that fare the same are taken. */
function probeReports(probes: readonly Probe[], like: ProbeReports | undefined): ProbeReports {
  const devices: DeviceReport[] = [];
  const inserts: InsertReport[] = [];
  let others = 0;
  for (const [i, probe] of probes.entries()) {
    const other = like?.probes[i];
    const ofOther = other?.streams.length ?? 0;
    if (like !== undefined && other !== undefined && faresTheSame(probe, other)) {
      devices.push(like.devices[i] as DeviceReport);
      for (let k = 0; k < ofOther; k++) inserts.push(like.inserts[others + k] as InsertReport);
    } else {
      devices.push(deviceReport(probe));
      inserts.push(...insertReports(probe));
    }
    others += ofOther;
  }
  return { probes, devices, inserts };
}

/** Whether the same is to be said of both. What is mapped or printed is looked at no closer. */
function faresTheSame(one: Probe, other: Probe): boolean {
  if (one.device !== other.device || one.hotplugged !== other.hotplugged || one.fate.kind !== other.fate.kind)
    return false;
  if (isAsked(one.fate) !== isAsked(other.fate) || one.deferred !== other.deferred || one.sid !== other.sid)
    return false;
  if (one.streams.length !== other.streams.length) return false;
  return one.streams.every((stream, i) => {
    const { sid, ret, fresh, log, mappings } = other.streams[i] as StreamOutcome;
    const silent = stream.log.length + stream.mappings.length + log.length + mappings.length === 0;
    return silent && stream.sid === sid && stream.ret === ret && stream.fresh === fresh;
  });
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
    mappings: emulation.mappings.map(mappingReport),
    mappingsNotListed: emulation.bulkNotListed,
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
  const known = l2ptrsReports.get(cfg.l2ptrs);
  const l2ptrs =
    known ??
    [...cfg.l2ptrs]
      .sort(([a], [b]) => a - b)
      .map(([index, table]) => ({ index, table: table.kind === 'adopted' ? table.mapping.paddr : null }));
  l2ptrsReports.set(cfg.l2ptrs, l2ptrs);
  return { l2: { l1tab: cfg.l1tab.paddr, l1Dma: null, numL1Ents: cfg.numL1Ents, l2ptrs } };
}

type L2Ptrs = Extract<StrtabCfgReport, { readonly l2: unknown }>['l2']['l2ptrs'];

/** Revisions share their slots, of which there may be a hundred thousand. */
const l2ptrsReports = new WeakMap<object, L2Ptrs>();
