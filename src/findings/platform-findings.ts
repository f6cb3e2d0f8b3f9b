/** Firmware's tables against the dump and the snapshot: what is to be said, and what the report shows of them. */

import { type DeviceNames, rangesBeyond, unclaimedSids } from '../platform/device-names.ts';
import type { ReservedRegion } from '../platform/firmware/firmware.ts';
import type { Platform, PlatformSmmu } from '../platform/platform.ts';
import type { FirmwareSource } from '../snapshot/firmware-source.ts';
import type { Master, SmmuSnapshot } from '../snapshot/snapshot.ts';
import type { HardwareView } from '../tables/hardware-view.ts';
import type { FindingList } from './findings.ts';
import type { SidRun, UnknownSmmu } from './prose/firmware.ts';

/** Of the tables themselves, whichever SMMU they are about. */
export function firmwareFindings({ tables, search }: Platform, findings: FindingList): void {
  for (const { source, problems } of tables) {
    for (const what of problems) findings.add('platform-table-damaged', { source, what });
  }
  if (search?.found === null) {
    const { byteLength, complete } = search;
    findings.add('platform-not-in-dump', { searched: byteLength, complete });
  }
}

/**
 * Adds to `findings` where firmware's tables and those in memory do not agree about one SMMU; `known` is that SMMU in a
 * table, or null.
 */
export function platformFindings(
  { tables }: Platform,
  known: PlatformSmmu | null,
  { smmu: { base, firmwareCoherent, masters }, names }: { readonly smmu: SmmuSnapshot; readonly names: DeviceNames },
  view: HardwareView,
  findings: FindingList,
): void {
  if (known === null) {
    if (tables.length === 0) return;
    findings.add('platform-smmu-unknown', { why: whyUnknown(tables, base) });
    return;
  }
  const { smmu, table } = known;
  const { source } = table;
  if (firmwareCoherent !== null && firmwareCoherent !== smmu.coherent) {
    findings.add('platform-coherency', { source, table: smmu.coherent, snapshot: firmwareCoherent });
  }
  const entries = 2 ** view.geometry.log2Size;
  for (const range of rangesBeyond(smmu.ranges, entries)) {
    const location = { firstSid: range.firstSid, lastSid: range.firstSid + range.count - 1 };
    findings.add('platform-sids-beyond', { name: range.name, ids: range, entries }, location);
  }
  for (const { first, last } of unclaimedSids(names, view.activeSids())) {
    const run = { firstSid: first, lastSid: last };
    findings.add('platform-sid-unclaimed', { sids: [run], source }, run);
  }
  for (const { sid, firmware, device } of otherwiseNamed(masters ?? [], names)) {
    findings.add('platform-device-differs', { source, firmware, device }, { firstSid: sid, lastSid: sid });
  }
  for (const region of smmu.reserved) reservedFinding(region, source, findings);
}

/** What the kernel calls a PCI function; it calls no other device so. */
const PCI = /^[0-9a-f]{4}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]$/;

/**
 * StreamIDs that firmware gives to another device than the crashed kernel. Only PCI functions can be told apart: names of
 * platform devices are made differently. A device that has the StreamID beside one of its own is behind a bridge.
 */
function otherwiseNamed(masters: readonly Master[], names: DeviceNames) {
  const differing = masters.flatMap(({ sid, device }) => {
    const firmware = names.onlyPciFunctionOf(sid);
    if (device === null || firmware === null || !PCI.test(device)) return [];
    return firmware === device ? [] : [{ sid, firmware, device }];
  });
  const differs = new Set(differing.map(({ sid }) => sid));
  const agreeing = new Set(masters.flatMap(({ sid, device }) => (differs.has(sid) ? [] : [device])));
  return differing.filter(({ device }) => !agreeing.has(device));
}

function whyUnknown(tables: Platform['tables'], base: number | null): UnknownSmmu {
  if (base === null) return { kind: 'no-base' };
  for (const { source, disabled } of tables) {
    const here = disabled.find((one) => one.base === base);
    if (here !== undefined) return { kind: 'disabled', base, source, name: here.name, by: here.by };
  }
  return { kind: 'absent', base, sources: tables.map(({ source }) => source) };
}

function reservedFinding(
  { name, sids, ranges, bypassed }: ReservedRegion,
  source: FirmwareSource,
  findings: FindingList,
): void {
  const runs = runsOf(sids);
  const [only, ...others] = runs;
  const location = only === undefined || others.length > 0 ? {} : only;
  findings.add('platform-rmr', { source, name: name ?? '', sids: runs, memory: ranges, bypassed }, location);
}

function runsOf(sids: readonly number[]): SidRun[] {
  const runs: { firstSid: number; lastSid: number }[] = [];
  for (const sid of sids.toSorted((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && sid <= last.lastSid + 1) last.lastSid = sid;
    else runs.push({ firstSid: sid, lastSid: sid });
  }
  return runs;
}
