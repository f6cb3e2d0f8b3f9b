/** The fields that changed, entry by entry, in one table, so that all of them line up. */

import type { CdChange, EntryState, FieldChange, SmmuDiff, SteChange } from '../../../diff/report.ts';
import { entryObservedInWords, entryRequiredInWords } from '../../../findings/prose/legality.ts';
import { hex, word } from '../../../hex.ts';
import { decodeFields, type FieldValue, fieldOf, type Layout } from '../../../smmu/fields.ts';
import { CD } from '../../../smmu/structures/cd.ts';
import type { Illegality } from '../../../smmu/structures/legality.ts';
import { STE } from '../../../smmu/structures/ste.ts';
import { CD_GROUPS, type FieldGroup, fieldsOf, STE_GROUPS, shownValue, valueInWords } from '../streams/field-groups.ts';
import { INDENT, paragraph, type Style, title } from '../style.ts';
import { type Column, NOTHING, table } from '../table.ts';

/** Narrower than this, what a field is for does not fit beside its values. */
const ROOM_FOR_MEANINGS = 90;
/** Entries in full; a screen has to end somewhere. */
const ENTRIES_IN_FULL = 16;

export function* changedFields({ stes, cds, notListed }: SmmuDiff, style: Style, all: boolean): Generator<string> {
  yield* section(style, all, 'Fields of these entries', stes, {
    layout: STE,
    groups: STE_GROUPS,
    nameOf: steName,
    more: 0,
  });
  const more = notListed.cds;
  yield* section(style, all, 'Context descriptors', cds, { layout: CD, groups: CD_GROUPS, nameOf: cdName, more });
}

interface Kind<T> {
  readonly layout: Layout;
  readonly groups: readonly FieldGroup[];
  readonly nameOf: (change: T) => string;
  /** Changes that the report does not list. */
  readonly more: number;
}

type AnyChange = {
  readonly before: (EntryState & { readonly illegal: readonly Illegality[] }) | null;
  readonly after: (EntryState & { readonly illegal: readonly Illegality[] }) | null;
  readonly fields: readonly FieldChange[];
  readonly reserved: SteChange['reserved'];
};

function* section<T extends AnyChange>(
  style: Style,
  all: boolean,
  heading: string,
  changes: readonly T[],
  kind: Kind<T>,
): Generator<string> {
  if (changes.length === 0) return;
  const shown = all ? changes : changes.slice(0, ENTRIES_IN_FULL);
  const wide = style.width >= ROOM_FOR_MEANINGS;
  const columns: Column[] = [
    { title: 'Field' },
    { title: 'Before', align: 'right' },
    { title: 'After', align: 'right' },
    { title: 'Says', yields: wide ? 'wrap' : 'below' },
  ];
  const rest = changes.length - shown.length + kind.more;
  const aside =
    rest > 0 ? `and ${rest} more${all ? '' : '; --all shows them'}` : all ? '' : 'fields without effect: --all';
  yield* title(style, heading, aside);
  const rows = shown.flatMap((change) => rowsOf(change, kind, all, wide));
  yield* table(style, columns, rows);
  for (const change of shown) yield* legality(style, kind.nameOf(change), change);
}

function rowsOf<T extends AnyChange>(
  change: T,
  { layout, groups, nameOf }: Kind<T>,
  all: boolean,
  wide: boolean,
): string[][] {
  const effective = new Set(
    [change.before, change.after].flatMap((side) => {
      if (side === null) return [];
      const fields = decodeFields(layout, side.words);
      return groups.flatMap((group) => fieldsOf(group, fields, all));
    }),
  );
  const fields = change.fields
    .filter(({ name }) => all || effective.has(name))
    .map((field) => fieldRow(layout, field, wide));
  const reserved = change.reserved.map(({ word: index, before, after }) => [
    `${INDENT}word ${index}`,
    word(before),
    word(after),
    'bits that no field names',
  ]);
  const rows = [...fields, ...reserved];
  // A column that moves below its row is left out of rows that have nothing for it.
  const none = wide ? '' : NOTHING;
  const quiet = [[`${INDENT}(only fields without effect)`, '', '', none]];
  return [[nameOf(change), '', '', none], ...(rows.length > 0 ? rows : quiet)];
}

function fieldRow(layout: Layout, { name, meaning, before, after }: FieldChange, wide: boolean): string[] {
  const field = fieldOf(layout, name);
  const shown = (value: FieldValue | null) => (value === null ? NOTHING : shownValue(field, value));
  const [from, to] = [before, after].map((value) => (value === null ? null : valueInWords(field, value)));
  const words = [from, to].some((text) => text != null) ? `${from ?? NOTHING} -> ${to ?? NOTHING}` : null;
  const says = wide ? (words === null ? meaning : `${meaning}: ${words}`) : (words ?? NOTHING);
  return [INDENT + name, shown(before), shown(after), says];
}

const steName = ({ sid }: SteChange) => hex(sid);

/** Unlike STEs, which a table lists by name before, CDs stand here alone. */
function cdName({ sid, deviceName, ssid }: CdChange): string {
  return `${hex(sid)}${deviceName === null ? '' : ` (${deviceName})`}${ssid === 0 ? '' : ` SSID ${ssid}`}`;
}

/** Why the hardware refuses an entry that it took before, or no longer does. */
function* legality(style: Style, name: string, { before, after }: AnyChange): Generator<string> {
  if (before === null || after === null || before.illegal.length > 0 === after.illegal.length > 0) return;
  const reasons = [...before.illegal, ...after.illegal]
    .filter(({ observed }) => observed.field !== 'V')
    .map(
      ({ observed, required }) =>
        `${observed.field} ${entryObservedInWords(observed)}, required: ${entryRequiredInWords(required)}`,
    );
  // That V is 0 stands in the tables already.
  if (reasons.length === 0) return;
  const lead = after.illegal.length > 0 ? 'now illegal' : 'was illegal';
  yield* paragraph(style, INDENT, `${name} ${lead}: ${reasons.slice(0, 4).join('; ')}`);
}
