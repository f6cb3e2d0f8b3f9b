/** What is wrong with the stream table in memory, apart from any adoption of it. */

import { STRTAB_NUM_L2_STES, STRTAB_SPLIT } from '../adopt/device.ts';
import type { Emulation } from '../adopt/emulate.ts';
import type { MemoryView } from '../dump/view.ts';
import { l1Pointer, STE_BYTE_LENGTH } from '../smmu/stream-table.ts';
import type { FindingList, Location } from './findings.ts';
import type { HardwareView, L1Entry, MissingEntries } from './hardware-view.ts';
import { hex, type L1Row, type L1Status, word } from './inspection.ts';

const L2_BYTE_LENGTH = STRTAB_NUM_L2_STES * STE_BYTE_LENGTH;
const LINUX_SPAN = STRTAB_SPLIT + 1;

/** The bus that these StreamIDs are if they are PCI requester IDs; only whole buses are named. */
export function busOf(firstSid: number, lastSid: number): { pciBus?: string } {
  if (firstSid >>> 8 !== lastSid >>> 8) return {};
  return { pciBus: ((firstSid >>> 8) & 0xff).toString(16).padStart(2, '0') };
}

export function l1Location(view: HardwareView, index: number, paddr: number): Location {
  const { first, last } = view.sidsOf(index);
  return { l1Index: index, firstSid: first, lastSid: last, ...busOf(first, last), address: hex(paddr) };
}

export function missingLocation({ firstSid, lastSid, paddr }: MissingEntries): Location {
  return { firstSid, lastSid, ...busOf(firstSid, lastSid), address: hex(paddr) };
}

/** An L1 descriptor as the report shows it. */
export function l1Row(view: HardwareView, entry: L1Entry): L1Row {
  const { first, last } = view.sidsOf(entry.index);
  return {
    index: entry.index,
    address: hex(entry.paddr),
    descriptor: word((BigInt(entry.high) << 32n) | BigInt(entry.low)),
    span: entry.span,
    l2: hex(entry.l2),
    firstSid: first,
    lastSid: last,
    status: l1Status(entry),
    hardwareStes: entry.stes,
  };
}

function l1Status({ low, high, span, stes }: L1Entry): L1Status {
  // Linux takes a null pointer for unused; so does the hardware where the span is none of its own.
  if (span === 0 || (l1Pointer(low, high) === 0 && stes === 0)) return 'unused';
  return span === LINUX_SPAN && l1Pointer(low, high) !== 0 ? 'used' : 'bad';
}

/** Judges one descriptor in use; the rules are independent, but a rejected span leaves nothing else worth saying. */
export function judgeL1(
  view: HardwareView,
  memory: MemoryView,
  entry: L1Entry,
  { log, revision }: Emulation,
  findings: FindingList,
): void {
  const { index, paddr, low, high, span } = entry;
  const location = l1Location(view, index, paddr);
  const pointer = l1Pointer(low, high);
  if (pointer === 0) {
    if (entry.stes > 0) findings.add('l1-null-pointer', { span }, location);
    return;
  }
  if (span !== LINUX_SPAN) {
    // The kernel names the first bad descriptor only, and none when the adoption ended before this check.
    const text = `${revision.logPrefix}L1[${index}] unsupported span ${span} (vs ${LINUX_SPAN})`;
    const printed = log.some((line) => line.text === text) ? text : null;
    findings.add('l1-span-unsupported', { span, expected: LINUX_SPAN }, location, printed);
    return;
  }
  if ((high & 0xf00000) !== 0) {
    const value = word((BigInt(high) << 32n) | BigInt(low));
    findings.add('address-bits-above-51', { what: `L1[${index}]`, value }, location);
  }
  if (pointer % L2_BYTE_LENGTH !== 0) {
    findings.add('l2-unaligned', { linux: hex(pointer), hardware: hex(entry.l2) }, location);
  }
  if (!memory.isWhollyRam(pointer, L2_BYTE_LENGTH)) {
    const state = memory.stateOf(pointer, L2_BYTE_LENGTH);
    findings.add('l2-outside-memory', { l2: hex(pointer), byteLength: L2_BYTE_LENGTH, state }, location);
  }
}
