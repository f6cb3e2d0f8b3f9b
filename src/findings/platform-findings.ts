/** Firmware's tables against the dump and the snapshot: what is to be said, and what the report shows of them. */

import { hex } from '../hex.ts';
import { type DeviceNames, idsInWords, rangesBeyond, unclaimedSids } from '../platform/device-names.ts';
import type { ReservedRegion } from '../platform/firmware/firmware.ts';
import type { Platform, PlatformSmmu } from '../platform/platform.ts';
import type { Master, SmmuSnapshot } from '../snapshot/snapshot.ts';
import type { HardwareView } from '../tables/hardware-view.ts';
import type { FindingList } from './findings.ts';

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
    const [inTable, snapshot] = [smmu.coherent, firmwareCoherent].map((one) => (one ? 'coherent' : 'not coherent'));
    findings.add('platform-coherency', { source, table: inTable ?? '', snapshot: snapshot ?? '' });
  }
  const entries = 2 ** view.geometry.log2Size;
  for (const range of rangesBeyond(smmu.ranges, entries)) {
    const location = { firstSid: range.firstSid, lastSid: range.firstSid + range.count - 1 };
    findings.add('platform-sids-beyond', { name: range.name, ids: idsInWords(range), entries }, location);
  }
  for (const { first, last } of unclaimedSids(names, view.activeSids())) {
    findings.add(
      'platform-sid-unclaimed',
      { sids: runsInWords([{ first, last }]), source },
      { firstSid: first, lastSid: last },
    );
  }
  for (const { sid, firmware, device } of otherwiseNamed(masters ?? [], names)) {
    findings.add('platform-device-differs', { source, firmware, device }, { firstSid: sid, lastSid: sid });
  }
  for (const region of smmu.reserved) reservedFinding(region, source, findings);
}

const PCI = /^[0-9a-f]{4}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]$/;

/**
 * StreamIDs that firmware gives to another device than the crashed kernel. Only PCI addresses can be told apart: names of
 * platform devices are made differently. A device that has the StreamID beside one of its own is behind a bridge.
 */
function otherwiseNamed(masters: readonly Master[], names: DeviceNames) {
  const differing = masters.flatMap(({ sid, device }) => {
    const firmware = names.firmwareDeviceOf(sid);
    if (device === null || firmware === null || !PCI.test(device) || !PCI.test(firmware)) return [];
    return firmware === device ? [] : [{ sid, firmware, device }];
  });
  const differs = new Set(differing.map(({ sid }) => sid));
  const agreeing = new Set(masters.flatMap(({ sid, device }) => (differs.has(sid) ? [] : [device])));
  return differing.filter(({ device }) => !agreeing.has(device));
}

function whyUnknown(tables: Platform['tables'], base: number | null): string {
  if (base === null) return 'the snapshot has no base for it';
  for (const { source, disabled } of tables) {
    const here = disabled.find((one) => one.base === base);
    if (here === undefined) continue;
    const where = here.by.name === here.name ? 'its' : `${here.by.name} above it has`;
    return `the SMMUv3 at ${hex(base)} in ${source}, ${here.name}, is disabled: ${where} status "${here.by.status}"`;
  }
  return `there is no SMMUv3 at ${hex(base)} in ${tables.map(({ source }) => source).join(' or ')}`;
}

function reservedFinding(
  { name, sids, ranges, bypassed }: ReservedRegion,
  source: string,
  findings: FindingList,
): void {
  const memory = ranges.map(({ start, end }) => `${hex(start)}-${hex(end - 1)}`).join(', ') || 'no memory';
  const runs = runsOf(sids);
  const [only, ...others] = runs;
  const location = only === undefined || others.length > 0 ? {} : { firstSid: only.first, lastSid: only.last };
  findings.add('platform-rmr', { source, name: name ?? '', sids: runsInWords(runs), memory, bypassed }, location);
}

interface SidRun {
  readonly first: number;
  readonly last: number;
}

function runsOf(sids: readonly number[]): SidRun[] {
  const runs: { first: number; last: number }[] = [];
  for (const sid of sids.toSorted((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && sid <= last.last + 1) last.last = sid;
    else runs.push({ first: sid, last: sid });
  }
  return runs;
}

/** A sentence has to end somewhere; JSON has all of them. */
const MAX_RUNS_IN_WORDS = 8;

function runsInWords(runs: readonly SidRun[]): string {
  const shown = runs
    .slice(0, MAX_RUNS_IN_WORDS)
    .map(({ first, last }) => (first === last ? hex(first) : `${hex(first)}-${hex(last)}`));
  const more = runs.length - shown.length;
  const one = runs.length === 1 && runs[0]?.first === runs[0]?.last;
  return `${one ? 'SID' : 'SIDs'} ${shown.join(', ')}${more > 0 ? `, and ${more} more runs` : ''}`;
}
