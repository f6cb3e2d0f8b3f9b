/** What is wrong with the stream table in memory, apart from any adoption of it. */

import { STRTAB_L2_BYTE_LENGTH, STRTAB_SPLIT } from '../adopt/device.ts';
import type { Emulation } from '../adopt/emulate.ts';
import type { KernelMemory } from '../adopt/kernel-memory.ts';
import { brokenL1Rule, l1Complaint } from '../adopt/stream-table/l1-scan.ts';
import { l1Pointer } from '../smmu/structures/stream-table.ts';
import type { HardwareView, L1Entry, MissingEntries } from '../tables/hardware-view.ts';
import type { FindingList, Location } from './findings.ts';

const LINUX_SPAN = STRTAB_SPLIT + 1;

/** The bus that these StreamIDs are if they are PCI requester IDs; only whole buses are named. */
export function busOf(firstSid: number, lastSid: number): { pciBus?: number } {
  if (firstSid >>> 8 !== lastSid >>> 8) return {};
  return { pciBus: (firstSid >>> 8) & 0xff };
}

/** Where an L1 descriptor is, and which StreamIDs it covers. */
export function l1Location(view: HardwareView, index: number, paddr: number): Location {
  const { first, last } = view.sidsOf(index);
  return { l1Index: index, firstSid: first, lastSid: last, ...busOf(first, last), address: paddr };
}

/** Where entries are that the dump lacks, and which StreamIDs these are. */
export function missingLocation({ firstSid, lastSid, paddr }: MissingEntries): Location {
  return { firstSid, lastSid, ...busOf(firstSid, lastSid), address: paddr };
}

/** Judges one descriptor in use; the rules are independent, but a rejected one leaves nothing else worth saying. */
export function judgeL1(
  view: HardwareView,
  memory: KernelMemory,
  entry: L1Entry,
  { log, revision }: Emulation,
  findings: FindingList,
): void {
  const { index, paddr, low, high, span } = entry;
  const location = l1Location(view, index, paddr);
  const pointer = l1Pointer(low, high);
  const broken = brokenL1Rule(revision, span, pointer);
  if (broken === 'unused') {
    if (entry.stes > 0) findings.add('l1-null-pointer', { span }, location);
    return;
  }
  if (broken !== null) {
    // The kernel names the first bad descriptor only, and none when the adoption ended before this check.
    const text = revision.parsePrefix + l1Complaint(index, broken, span, pointer);
    const printed = log.some((line) => line.text === text) ? text : null;
    if (broken === 'span') findings.add('l1-span-unsupported', { span, expected: LINUX_SPAN }, location, printed);
    else findings.add('l1-pointer-rejected', { l2: pointer, revision: revision.name }, location, printed);
    return;
  }
  if ((high & 0xf00000) !== 0) {
    const value = (BigInt(high) << 32n) | BigInt(low);
    findings.add('address-bits-above-51', { what: { kind: 'l1-descriptor', index }, value }, location);
  }
  if (pointer % STRTAB_L2_BYTE_LENGTH !== 0) {
    findings.add('l2-unaligned', { linux: pointer, hardware: entry.l2 }, location);
  }
  const remap = memory.remap(pointer, STRTAB_L2_BYTE_LENGTH);
  const oddity = memory.oddityOf(pointer, STRTAB_L2_BYTE_LENGTH);
  if (remap.through === null) {
    const state = memory.view.stateOf(pointer, STRTAB_L2_BYTE_LENGTH);
    const args = { l2: pointer, byteLength: STRTAB_L2_BYTE_LENGTH, why: remap.why, state };
    findings.add('l2-outside-memory', args, location);
  } else if (oddity !== null && remap.why !== null) {
    findings.add('mapping-misplaced', { table: 'l2-table', address: pointer, where: oddity }, location);
  }
}
