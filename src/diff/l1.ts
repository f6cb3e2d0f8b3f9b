/** L1 descriptors of both moments, index by index. */

import type { Revision } from '../adopt/revisions/revision.ts';
import { brokenL1Rule } from '../adopt/stream-table/l1-scan.ts';
import { wideWords } from '../smmu/fields.ts';
import { L1STD } from '../smmu/structures/l1std.ts';
import { L1STD_BYTE_LENGTH, l1Lookup, l1Pointer, type StreamTableGeometry } from '../smmu/structures/stream-table.ts';
import type { BeforeAfter } from './before-after.ts';
import { changeOf } from './fields.ts';
import type { Listed } from './listed.ts';
import { entryDiffers, lockstep, type SliceSide, sameWords } from './lockstep.ts';
import type { DiffMoment } from './moment.ts';
import type { L1Change, L1State } from './report.ts';

const WORDS = L1STD_BYTE_LENGTH / 4;
/** Half of what Linux ever builds; whoever has more changes than that does not need an exact count of devices. */
const MAX_REMEMBERED = 1 << 16;

/** Whether a descriptor of one index answers for the same StreamIDs at both moments. */
export function sameL1Shape({ before, after }: BeforeAfter<DiffMoment>): boolean {
  const [left, right] = [before.table.geometry, after.table.geometry];
  return left.format === '2lvl' && right.format === '2lvl' && left.split === right.split;
}

/**
 * Adds every descriptor that differs, of those that answer for one of `sids` where these are given. Where one table is
 * longer, what is in use behind the end of the other. Unknown ones are the business of whoever compares what is below.
 * Answers the indices of those that differ.
 */
export function compareL1(
  moments: BeforeAfter<DiffMoment>,
  revision: Revision,
  sids: readonly number[] | undefined,
  changes: Listed<Omit<L1Change, 'device'>>,
): ReadonlySet<number> {
  const changed = new Set<number>();
  const note = (index: number) => changed.size < MAX_REMEMBERED && changed.add(index);
  const { before, after } = moments;
  const { split } = before.table.geometry;
  const wanted = sids && new Set(sids.map((sid) => Math.floor(sid / 2 ** split)));
  const place = ({ memory, table }: DiffMoment) => ({ view: memory, paddr: table.geometry.base });
  const entries = [before, after].map(({ table }) => table.geometry.entries) as [number, number];
  const both = Math.min(...entries);
  const change = (index: number, left: L1State | null, right: L1State | null) => {
    const { first, last } = (entries[0] > index ? before : after).table.sidsOf(index);
    return { index, firstSid: first, lastSid: last, ...changeOf(L1STD, left, right) };
  };
  for (const slice of lockstep(place(before), place(after), L1STD_BYTE_LENGTH, both)) {
    const [left, right] = [slice.before as SliceSide, slice.after as SliceSide];
    if (!left.known || !right.known || sameWords(left.words, right.words)) continue;
    for (let i = 0; i < slice.count; i++) {
      const index = slice.first + i;
      if (!entryDiffers(left.words, right.words, i * WORDS, WORDS) || wanted?.has(index) === false) continue;
      note(index);
      changes.add(() =>
        change(
          index,
          l1State(left, i, before.table.geometry, revision),
          l1State(right, i, after.table.geometry, revision),
        ),
      );
    }
  }
  const longer = entries[0] > entries[1] ? before : after;
  const { base } = longer.table.geometry;
  const rest = { view: longer.memory, paddr: base + both * L1STD_BYTE_LENGTH };
  for (const { first, count, before: side } of lockstep(rest, null, L1STD_BYTE_LENGTH, Math.max(...entries) - both)) {
    for (let i = 0; side?.known === true && i < count; i++) {
      const index = both + first + i;
      if (((side.words[i * WORDS] as number) & 0x1f) === 0 || wanted?.has(index) === false) continue;
      const state = l1State(side, i, longer.table.geometry, revision);
      note(index);
      changes.add(() => (longer === before ? change(index, state, null) : change(index, null, state)));
    }
  }
  return changed;
}

function l1State(side: SliceSide, i: number, geometry: StreamTableGeometry, revision: Revision): L1State {
  const [low, high] = [side.words[i * WORDS] as number, side.words[i * WORDS + 1] as number];
  const { span, stes } = l1Lookup(low, high, geometry);
  const pointer = l1Pointer(low, high);
  const broken = span === 0 ? null : brokenL1Rule(revision, span, pointer);
  return {
    address: side.paddr + i * L1STD_BYTE_LENGTH,
    pageState: side.state,
    words: wideWords(side.words, i * WORDS, L1STD_BYTE_LENGTH),
    span,
    l2: pointer,
    hardwareStes: stes,
    refusedFor: broken === 'unused' ? null : broken,
  };
}
