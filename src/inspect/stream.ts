/**
 * One stream in full: how the hardware and Linux come to its entry, what the entry holds, and what each revision does
 * with it. Made from an inspection that was asked for this StreamID alone.
 */

import { type Check, failed } from '../adopt/checks.ts';
import { STRTAB_NUM_L2_STES } from '../adopt/device.ts';
import { findingsOf } from '../findings/by-smmu.ts';
import type { Finding } from '../findings/findings.ts';
import { DeviceNames } from '../platform/device-names.ts';
import type { Evidence } from '../platform/evidence.ts';
import { bdfOf, tableAddressBits } from '../smmu/structures/stream-table.ts';
import type { SmmuSnapshot } from '../snapshot/snapshot.ts';
import { type Lookup, lookUpByHardware, lookUpByLinux } from '../streams/stream-lookup.ts';
import { type StreamTraffic, streamTraffic } from '../streams/stream-traffic.ts';
import type { SteRow } from '../tables/ste-rows.ts';
import type { TableRegisters } from '../tables/table-registers.ts';
import type {
  DeviceReport,
  IdScanReport,
  InsertReport,
  RevisionOutcome,
  ScanFailureReport,
} from './emulation/outcome.ts';
import type { DumpReport, Inspection, SmmuReport } from './inspection.ts';

export interface StreamReport {
  readonly schemaVersion: 1;
  readonly tool: Inspection['tool'];
  readonly dump: DumpReport;
  readonly smmu: string;
  readonly sid: number;
  readonly bdf: string;
  /** What the crashed kernel or firmware calls it; null where neither has it. */
  readonly device: string | null;
  /** False: the SMMU was off, and `hardware` says what it would find. */
  readonly enabled: boolean;
  readonly lookup: {
    readonly hardware: Lookup;
    readonly linux: Lookup;
    /** Both come to the same entry; null where one of them comes to none. */
    readonly same: boolean | null;
  };
  /** The entry that the hardware uses; null where there is none, or where the dump lacks it. */
  readonly ste: SteRow | null;
  readonly revisions: Readonly<Record<string, StreamOutcome>>;
  readonly traffic: StreamTraffic;
  readonly findings: readonly Finding[];
  /** Rules of findings about the SMMU or the input as a whole. */
  readonly otherFindings: readonly string[];
  readonly assumptions: SmmuReport['assumptions'];
}

/** What one revision does with the stream. */
export interface StreamOutcome extends Pick<RevisionOutcome, 'verdict' | 'errno' | 'fate' | 'panic' | 'lost'> {
  /** The check that decided against the adoption. */
  readonly decidedBy: Check | null;
  /** Null where the table was not adopted. */
  readonly insert: InsertReport | null;
  readonly device: DeviceReport | null;
  readonly scan: StreamScan | null;
}

export interface StreamScan {
  readonly outcome: IdScanReport['outcome'];
  /** Rules that the entry, its CD table or its L2 table breaks. */
  readonly failures: readonly ScanFailureReport[];
  /** The kernel's scan ends at an entry of another stream. */
  readonly stopsElsewhere: boolean;
}

/**
 * `inspection` is of `snapshot` alone, and was asked for this stream. Reads `evidence` for what the stream reaches and
 * what the queues hold about it.
 */
export function streamReport(
  inspection: Inspection,
  snapshot: SmmuSnapshot,
  { now: { view, map }, kdumpRam }: Evidence,
  sid: number,
): StreamReport {
  const [smmu] = inspection.smmus;
  if (smmu === undefined) throw new Error('an SMMU was inspected, and none came back');
  const registers = reportedTableRegisters(smmu);
  const hardware = lookUpByHardware(registers, view, sid);
  const linux = lookUpByLinux(registers, view, sid);
  const [ste = null] = smmu.stes;
  const about = findingsOf(inspection.findings, smmu.name).filter((finding) => concerns(finding, sid));
  const others = inspection.findings.filter((finding) => !about.includes(finding) && isOfWhole(finding));
  const { adoption, ...rest } = smmu;
  const outcomes = smmu.adoptions ?? { [adoption.revision]: { ...adoption, ...rest } };
  return {
    schemaVersion: 1,
    tool: inspection.tool,
    dump: inspection.dump,
    smmu: smmu.name,
    sid,
    bdf: bdfOf(sid),
    device: new DeviceNames(smmu.platform?.ranges ?? [], smmu.masters).deviceOf(sid),
    enabled: smmu.registers['CR0']?.fields['SMMUEN'] !== 0,
    lookup: {
      hardware,
      linux,
      same: hardware.address === null || linux.address === null ? null : hardware.address === linux.address,
    },
    ste,
    revisions: Object.fromEntries(Object.entries(outcomes).map(([name, outcome]) => [name, outcomeOf(outcome, sid)])),
    traffic: streamTraffic(snapshot, { view, map }, kdumpRam, sid, ste),
    findings: about,
    otherFindings: [...new Set(others.map(({ rule }) => rule))],
    assumptions: smmu.assumptions,
  };
}

/** From a report, whose values of registers are the snapshot's. */
function reportedTableRegisters({ registers, features }: SmmuReport): TableRegisters {
  const cfg = (field: string) => Number(registers['STRTAB_BASE_CFG']?.fields[field] ?? 0);
  const base = registers['STRTAB_BASE'];
  return {
    fmt: cfg('FMT'),
    split: cfg('SPLIT'),
    log2Size: cfg('LOG2SIZE'),
    addr: BigInt(base?.fields['ADDR'] ?? 0),
    value: BigInt(base?.value ?? 0),
    sidBits: features.sidBits,
    addressBits: tableAddressBits(features.oasBits),
  };
}

function concerns({ location, args }: Finding, sid: number): boolean {
  const { firstSid, lastSid } = location;
  if (firstSid !== undefined && lastSid !== undefined) return firstSid <= sid && sid <= lastSid;
  return 'sid' in args && args.sid === sid;
}

/** That the insertion of this very stream was not possible goes without saying. */
function isOfWhole({ location, rule }: Finding): boolean {
  return location.firstSid === undefined && rule !== 'insert-not-possible';
}

function outcomeOf(outcome: RevisionOutcome, sid: number): StreamOutcome {
  const { verdict, errno, fate, panic, lost, decidedBy, inserts, devices, idScan } = outcome;
  return {
    verdict,
    errno,
    fate,
    panic,
    lost,
    decidedBy: failed(decidedBy),
    insert: inserts.find((insert) => insert.sid === sid) ?? null,
    device: devices.find(({ sids }) => sids.includes(sid)) ?? null,
    scan: idScan === null ? null : scanOf(idScan, sid),
  };
}

/** An L2 table that cannot be mapped stands under the first StreamID behind it. */
function scanOf({ outcome, failures }: IdScanReport, sid: number): StreamScan {
  const firstOfTable = sid - (sid % STRTAB_NUM_L2_STES);
  const own = failures.filter(
    (failure) => failure.sid === sid || (failure.ste === null && failure.sid === firstOfTable),
  );
  const stop = failures.find(({ stopsHere }) => stopsHere);
  return { outcome, failures: own, stopsElsewhere: stop !== undefined && !own.includes(stop) };
}

/** Whether the dump lacks the entry, or what the kernel decides about it by. */
export function lacksEvidence({ lookup, revisions }: StreamReport): boolean {
  if (lookup.hardware.outcome === 'not-in-dump') return true;
  return Object.values(revisions).some(
    ({ verdict, insert, device }) =>
      verdict === 'indeterminate' ||
      insert?.ret === null ||
      (device?.fate === 'accepted' && device.deferred === null) ||
      device?.fate === 'unknown',
  );
}
