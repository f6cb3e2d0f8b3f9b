/**
 * Where base or pointer are not aligned, the hardware rounds down and the kernel does not (through v7): which StreamIDs
 * then have different entries for the two.
 */

import { maskedAddress, STRTAB_L2_BYTE_LENGTH, STRTAB_NUM_L2_STES, STRTAB_SPLIT } from '../../adopt/device.ts';
import { L1STD_BYTE_LENGTH, l1Pointer, STE_BYTE_LENGTH } from '../../smmu/structures/stream-table.ts';
import type { Location } from '../findings.ts';
import type { StructureId } from '../prose/structures.ts';
import { l1Location } from '../table-findings.ts';
import { type RiskContext, StreamList } from './context.ts';

/** An unaligned table is one table; this much of it is compared. */
const MAX_COMPARED_BYTES = 1 << 20;

/** One table, which the hardware and the kernel have at different addresses. */
interface TwoViews {
  readonly structure: StructureId;
  readonly hardware: number;
  readonly kernel: number;
  readonly byteLength: number;
  readonly entryByteLength: number;
  readonly firstSid: number;
  readonly sidsPerEntry: number;
  readonly location: Location;
}

/** Adds to the findings where Linux and the hardware look for a table in different places. */
export function compareViews(context: RiskContext): void {
  const { view, registers, findings } = context;
  const { geometry } = view;
  const linux = maskedAddress(registers.bits('STRTAB_BASE', 'ADDR'));
  if (linux !== geometry.base) {
    const twoLevel = geometry.format === '2lvl';
    const entryByteLength = twoLevel ? L1STD_BYTE_LENGTH : STE_BYTE_LENGTH;
    report(context, {
      structure: { kind: twoLevel ? 'l1-table' : 'stream-table', of: 0 },
      hardware: geometry.base,
      kernel: linux,
      byteLength: geometry.entries * entryByteLength,
      entryByteLength,
      firstSid: 0,
      sidsPerEntry: twoLevel ? 2 ** geometry.split : 1,
      location: {},
    });
  }
  // Other splits and spans are rejected before anyone reads an STE.
  if (geometry.format !== '2lvl' || geometry.split !== STRTAB_SPLIT) return;
  for (const { index, paddr, low, high, stes, l2 } of view.l1Entries(false)) {
    const pointer = l1Pointer(low, high);
    if (stes !== STRTAB_NUM_L2_STES || pointer === l2) continue;
    report(context, {
      structure: { kind: 'l2-table', of: index },
      hardware: l2,
      kernel: pointer,
      byteLength: STRTAB_L2_BYTE_LENGTH,
      entryByteLength: STE_BYTE_LENGTH,
      firstSid: view.sidsOf(index).first,
      sidsPerEntry: 1,
      location: l1Location(view, index, paddr),
    });
    if (findings.isFull('views-differ')) return;
  }
}

function report(
  { memory, findings }: RiskContext,
  { structure, hardware, kernel, byteLength, entryByteLength, firstSid, sidsPerEntry, location }: TwoViews,
): void {
  const compared = Math.min(byteLength, MAX_COMPARED_BYTES) / entryByteLength;
  const differing = new StreamList();
  const ofKernel = memory.slices(kernel, entryByteLength, compared)[Symbol.iterator]();
  let other = ofKernel.next().value;
  for (const slice of memory.slices(hardware, entryByteLength, compared)) {
    for (let i = 0; i < slice.count; i++) {
      const entry = slice.first + i;
      while (other !== undefined && entry >= other.first + other.count) other = ofKernel.next().value;
      if (other === undefined || !slice.known || !other.known) continue;
      const words = entryByteLength / 4;
      const [a, b] = [i * words, (entry - other.first) * words];
      let same = true;
      for (let w = 0; w < words && same; w++) same = slice.words[a + w] === other.words[b + w];
      if (!same) for (let sid = 0; sid < sidsPerEntry; sid++) differing.add(firstSid + entry * sidsPerEntry + sid);
    }
  }
  ofKernel.return?.(undefined);
  if (differing.streams > 0) findings.add('views-differ', { structure, ...differing.args }, location);
}
