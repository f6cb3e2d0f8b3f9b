/**
 * Where base or pointer are not aligned, the hardware rounds down and the kernel does not (through v7): which StreamIDs
 * then have different entries for the two.
 */

import { maskedAddress, STRTAB_L2_BYTE_LENGTH, STRTAB_NUM_L2_STES, STRTAB_SPLIT } from '../../adopt/device.ts';
import { L1STD_BYTE_LENGTH, l1Pointer, STE_BYTE_LENGTH } from '../../smmu/structures/stream-table.ts';
import type { StructureId } from '../prose/structures.ts';
import { l1Location } from '../table-findings.ts';
import { type RiskContext, StreamList } from './context.ts';

/** An unaligned table is one table; this much of it is compared. */
const MAX_COMPARED_BYTES = 1 << 20;

/**
 * Adds to the findings where Linux and the hardware look for the table in different places, or see another size of it.
 */
export function compareViews(context: RiskContext): void {
  const { view, registers, findings } = context;
  const { geometry } = view;
  const linux = maskedAddress(registers.bits('STRTAB_BASE', 'ADDR'));
  if (linux !== geometry.base) {
    const twoLevel = geometry.format === '2lvl';
    const entryBytes = twoLevel ? L1STD_BYTE_LENGTH : STE_BYTE_LENGTH;
    const perEntry = twoLevel ? 2 ** geometry.split : 1;
    const structure = { kind: twoLevel ? 'l1-table' : 'stream-table', of: 0 } as const;
    report(context, structure, geometry.base, linux, geometry.entries * entryBytes, entryBytes, 0, perEntry, {});
  }
  // Other splits and spans are rejected before anyone reads an STE.
  if (geometry.format !== '2lvl' || geometry.split !== STRTAB_SPLIT) return;
  for (const { index, paddr, low, high, stes, l2 } of view.l1Entries(false)) {
    const pointer = l1Pointer(low, high);
    if (stes !== STRTAB_NUM_L2_STES || pointer === l2) continue;
    const location = l1Location(view, index, paddr);
    const firstSid = view.sidsOf(index).first;
    const structure = { kind: 'l2-table', of: index } as const;
    report(context, structure, l2, pointer, STRTAB_L2_BYTE_LENGTH, STE_BYTE_LENGTH, firstSid, 1, location);
    if (findings.isFull('views-differ')) return;
  }
}

function report(
  { memory, findings }: RiskContext,
  structure: StructureId,
  hardware: number,
  kernel: number,
  byteLength: number,
  entryBytes: number,
  firstSid: number,
  sidsPerEntry: number,
  location: object,
): void {
  const compared = Math.min(byteLength, MAX_COMPARED_BYTES) / entryBytes;
  const differing = new StreamList();
  const ofKernel = memory.slices(kernel, entryBytes, compared)[Symbol.iterator]();
  let other = ofKernel.next().value;
  for (const slice of memory.slices(hardware, entryBytes, compared)) {
    for (let i = 0; i < slice.count; i++) {
      const entry = slice.first + i;
      while (other !== undefined && entry >= other.first + other.count) other = ofKernel.next().value;
      if (other === undefined || !slice.known || !other.known) continue;
      const words = entryBytes / 4;
      const [a, b] = [i * words, (entry - other.first) * words];
      let same = true;
      for (let w = 0; w < words && same; w++) same = slice.words[a + w] === other.words[b + w];
      if (!same) for (let sid = 0; sid < sidsPerEntry; sid++) differing.add(firstSid + entry * sidsPerEntry + sid);
    }
  }
  ofKernel.return?.(undefined);
  if (differing.streams > 0) findings.add('views-differ', { structure, ...differing.args }, location);
}
