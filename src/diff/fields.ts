/** Two states of one structure, field by field. */

import { decodeFields, type FieldValue, fieldBits, type Layout, meaningOf } from '../smmu/fields.ts';
import { reservedBitsSet } from '../smmu/structures/reserved-bits.ts';
import type { BeforeAfter } from './before-after.ts';
import type { EntryState, FieldChange, ReservedChange } from './report.ts';

/** Both states of an entry with what differs between them. */
export function changeOf<T extends EntryState>(layout: Layout, before: T | null, after: T | null) {
  const words: BeforeAfter<readonly bigint[] | null> = {
    before: before?.words ?? null,
    after: after?.words ?? null,
  };
  return { before, after, fields: fieldChanges(layout, words), reserved: reservedChanges(layout, words) };
}

/** The fields that differ, in the order of the layout. Against nothing, those that are not zero. */
export function fieldChanges(layout: Layout, { before, after }: BeforeAfter<readonly bigint[] | null>): FieldChange[] {
  const [left, right] = [before, after].map((words) => words && decodeFields(layout, words));
  return layout.fields
    .filter((field) => fieldBits(field, before ?? []) !== fieldBits(field, after ?? []))
    .map((field) => {
      const says = (value: FieldValue | null) => (typeof value === 'number' ? (meaningOf(field, value) ?? null) : null);
      const [from, to] = [left?.[field.name] ?? null, right?.[field.name] ?? null];
      return {
        name: field.name,
        meaning: field.meaning,
        before: from,
        after: to,
        beforeMeaning: says(from),
        afterMeaning: says(to),
      };
    });
}

/** Bits outside all fields that differ. */
function reservedChanges(layout: Layout, { before, after }: BeforeAfter<readonly bigint[] | null>): ReservedChange[] {
  const [left, right] = [before ?? [], after ?? []].map(
    (words) => new Map(reservedBitsSet(layout, words).map((one) => [one.word, one.bits])),
  );
  return [...new Set([...(left?.keys() ?? []), ...(right?.keys() ?? [])])]
    .sort((a, b) => a - b)
    .map((index) => ({ word: index, before: left?.get(index) ?? 0n, after: right?.get(index) ?? 0n }))
    .filter((change) => change.before !== change.after);
}
