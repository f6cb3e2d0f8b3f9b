/** Which fields of an STE and of a CD belong together, which of them matter, and their values in words. */

import { hex } from '../../../hex.ts';
import type { FieldValue } from '../../../smmu/fields.ts';
import { type Field, fieldOf, type Layout, meaningOf } from '../../../smmu/fields.ts';

export type Fields = Readonly<Record<string, FieldValue>>;

export interface FieldGroup {
  readonly title: string;
  /** False: nothing in the group has any effect. */
  readonly applies: (fields: Fields) => boolean;
  readonly shown: readonly string[];
  /** Of no interest while they change nothing. */
  readonly whenSet: readonly string[];
}

/** STE.Config of a valid entry; an invalid one has nothing else that counts. */
const config = (fields: Fields) => (fields['V'] === 1 ? Number(fields['Config']) : 0);
const numbered = (prefix: string, last: number) => Array.from({ length: last + 1 }, (_, i) => `${prefix}${i}`);

export const STE_GROUPS: readonly FieldGroup[] = [
  {
    title: 'Entry',
    applies: () => true,
    shown: ['V', 'Config'],
    whenSet: ['CONT', 'SW_RESERVED', 'IMPDEF1', 'IMPDEF2', 'IMPDEF4'],
  },
  {
    title: 'Stage 1',
    applies: (fields) => config(fields) === 5 || config(fields) === 7,
    shown: ['S1ContextPtr', 'S1CDMax', 'S1Fmt', 'S1DSS', 'S1CIR', 'S1COR', 'S1CSH', 'S1STALLD', 'STRW'],
    whenSet: ['S1PIE', 'S1MPAM', 'PPAR'],
  },
  {
    title: 'Stage 2',
    applies: (fields) => config(fields) >= 6,
    shown: [
      ...['S2VMID', 'S2TTB', 'S2T0SZ', 'S2SL0', 'S2TG', 'S2PS', 'S2AA64', 'S2IR0', 'S2OR0', 'S2SH0'],
      ...['S2S', 'S2R'],
    ],
    whenSet: [
      ...['S2AFFD', 'S2PTW', 'S2ENDI', 'S2HA', 'S2HD', 'S2HAFT', 'S2FWB', 'S2DS', 'S2SL0_2', 'S2SKL', 'S2PIE', 'S2POE'],
      ...['S2HWU59', 'S2HWU60', 'S2HWU61', 'S2HWU62', 'DPT_VMATCH', 'AssuredOnly', 'TL0', 'TL1', 'VMSPtr'],
      ...['S2NSW', 'S2NSA', 'S2SW', 'S2SA', 'S_S2T0SZ', 'S_S2SL0', 'S_S2SL0_2', 'S_S2TG', 'S_S2TTB', 'S_S2SKL'],
      ...numbered('S2POI', 15),
    ],
  },
  {
    title: 'Attributes',
    applies: (fields) => config(fields) >= 4,
    shown: ['EATS', 'MemAttr'],
    whenSet: [
      'MTCFG',
      'ALLOCCFG',
      'SHCFG',
      'PRIVCFG',
      'INSTCFG',
      'NSCFG',
      'DRE',
      'DCP',
      'MEV',
      'PARTID',
      'PMG',
      'MPAM_NS',
      'MECID',
    ],
  },
];

const half = (n: 0 | 1): FieldGroup => ({
  title: n === 0 ? 'Lower addresses (TTB0)' : 'Upper addresses (TTB1)',
  applies: (fields) => fields[`EPD${n}`] === 0,
  shown: ['TTB', 'T_SZ', 'TG', 'IR', 'OR', 'SH'].map((name) => numberedField(name, n)),
  whenSet: ['TBI', 'HAD', 'E0PD', 'NSCFG', 'HWU_59', 'HWU_60', 'HWU_61', 'HWU_62'].map((name) =>
    numberedField(name, n),
  ),
});

/** T0SZ and HWU059 have the number inside. */
function numberedField(name: string, n: 0 | 1): string {
  return name.includes('_') ? name.replace('_', String(n)) : `${name}${n}`;
}

export const CD_GROUPS: readonly FieldGroup[] = [
  {
    title: 'Context',
    applies: () => true,
    shown: ['V', 'ASID', 'ASET', 'AA64', 'IPS', 'EPD0', 'EPD1', 'S', 'R', 'A', 'MAIR0'],
    whenSet: [
      ...[
        'MAIR1',
        'AFFD',
        'HA',
        'HD',
        'ENDI',
        'WXN',
        'UWXN',
        'PAN',
        'EPAN',
        'HAFT',
        'DS',
        'PIE',
        'AIE',
        'PnCH',
        'AMAIR0',
        'AMAIR1',
        'IMPDEF5',
      ],
      ...['PARTID', 'PMG', ...numbered('PIIU', 15), ...numbered('PIIP', 15)],
    ],
  },
  half(0),
  half(1),
];

/** Fields that have no effect because of another one, beside those of a group that has none. */
const IGNORED: Readonly<Record<string, (fields: Fields) => boolean>> = {
  S1Fmt: ({ S1CDMax }) => S1CDMax === 0,
  S1DSS: ({ S1CDMax }) => S1CDMax === 0,
  STRW: ({ Config }) => Config !== 5,
  MemAttr: ({ MTCFG }) => MTCFG === 0,
};

/** Values other than 0 that change nothing. */
const QUIET: Readonly<Record<string, number>> = { SHCFG: 1 };

/** The fields of a group that are worth a line; with `all`, every one. */
export function fieldsOf({ applies, shown, whenSet }: FieldGroup, fields: Fields, all: boolean): string[] {
  if (all) return [...shown, ...whenSet];
  if (!applies(fields)) return [];
  const isSet = (name: string) => Number(fields[name] ?? 0) !== (QUIET[name] ?? 0);
  return [...shown, ...whenSet.filter(isSet)].filter((name) => !IGNORED[name]?.(fields));
}

/** What a number comes to, where the table of encodings has no words for it. */
const IN_WORDS: Readonly<Record<string, (value: number) => string>> = {
  S1CDMax: (value) => `${2 ** value} CD${value === 0 ? '' : 's'}`,
  T0SZ: inputBits,
  T1SZ: inputBits,
  S2T0SZ: inputBits,
  MAIR0: memoryAttributes,
  MAIR1: memoryAttributes,
};

function inputBits(size: number): string {
  return `${64 - size} bits`;
}

function memoryAttributes(value: number): string {
  return [0, 8, 16, 24].map((lsb) => ((value >>> lsb) & 0xff).toString(16).padStart(2, '0')).join(' ');
}

/** The cells of one line: name, value, and what both mean. */
export function fieldCells(layout: Layout, name: string, fields: Fields): [name: string, value: string, says: string] {
  const field = fieldOf(layout, name);
  const value = fields[name] ?? 0;
  const says = valueInWords(field, value);
  return [name, shownValue(field, value), says === null ? field.meaning : `${field.meaning}: ${says}`];
}

/** What a value comes to; null where it speaks for itself. */
export function valueInWords(field: Field, value: FieldValue): string | null {
  return typeof value === 'number' ? (IN_WORDS[field.name]?.(value) ?? meaningOf(field, value) ?? null) : null;
}

/** Wide numbers are bit patterns rather than counts. */
export function shownValue({ width }: Field, value: FieldValue): string {
  return typeof value === 'bigint' || width > 16 ? hex(value) : String(value);
}
