/**
 * Which fields of a record, a structure or a register count? Some are switched off by the value of another one: a stall
 * tag without a stall, everything of stage 2 where only stage 1 translates. Arm IHI 0070 issue G.b, in the descriptions
 * of the fields.
 */

import { type Field, type FieldValue, fieldBits, fieldOf, type Layout } from '../fields.ts';
import { GATOS_PAR_FAULT, GATOS_PAR_TRANSLATED } from '../registers/other-registers.ts';
import { CD, L1CD } from './cd.ts';
import { L1STD } from './l1std.ts';
import { STE } from './ste.ts';

type Value = (name: string) => number;
type Condition = (value: Value) => boolean;

/** In events, commands and page requests: by the name of the field, wherever the field that decides is there as well. */
const IN_RECORDS: Readonly<Record<string, readonly [decides: string, when: Condition]>> = {
  SubstreamID: ['SSV', (value) => value('SSV') === 1],
  STAG: ['Stall', (value) => value('Stall') === 1],
  IPA: ['S2', (value) => value('S2') === 1],
  NSIPA: ['S2', (value) => value('S2') === 1],
  TTRnW: ['CLASS', (value) => value('CLASS') === 1],
  NUM: ['TG', (value) => value('TG') !== 0],
  SCALE: ['TG', (value) => value('TG') !== 0],
  TTL: ['TG', (value) => value('TG') !== 0],
  Ab: ['Ac', (value) => value('Ac') === 0],
  MSH: ['CS', (value) => value('CS') === 1],
  MSIAttr: ['CS', (value) => value('CS') === 1],
  MSIData: ['CS', (value) => value('CS') === 1],
  MSIAddress: ['CS', (value) => value('CS') === 1],
};

/** STE.Config of a valid entry: 4 bypass, 5 stage 1, 6 stage 2, 7 both; less aborts. */
function steFieldCounts(name: string, value: Value): boolean {
  if (name === 'V') return true;
  if (value('V') === 0) return false;
  const config = value('Config');
  if (name === 'Config') return true;
  if (config < 4) return false;
  if (name === 'S1Fmt' || name === 'S1DSS') return (config & 1) === 1 && value('S1CDMax') > 0;
  if (name === 'STRW') return config === 5;
  if (name === 'EATS') return (config & 3) !== 0;
  if (name === 'DPT_VMATCH') return (config & 3) !== 0 && value('EATS') === 3;
  // What stage 1 of an EL1 stream caches is tagged with the VMID, too.
  if (name === 'S2VMID') return (config & 2) === 2 || (config === 5 && value('STRW') === 0);
  if (name === 'VMSPtr') return config === 7 && value('S1MPAM') === 1;
  if (name === 'MemAttr') return value('MTCFG') === 1;
  if (/^S1/.test(name)) return (config & 1) === 1;
  if (/^(?:S2|S_S2|AssuredOnly|TL[01]$)/.test(name)) return (config & 2) === 2;
  return true;
}

function cdFieldCounts(name: string, value: Value): boolean {
  if (name === 'V') return true;
  if (value('V') === 0) return false;
  // Of VMSAv8-64; AA64 0 is another format, with indirect permissions where it is that of 128-bit descriptors.
  if (name === 'UWXN') return value('AA64') === 0;
  if (/^PII[PU]/.test(name)) return value('PIE') === 1 || value('AA64') === 0;
  const half = /^(?:T|TG|IR|OR|SH|TBI|NSCFG|HAD|E0PD|TTB|HWU)([01])(?:SZ|\d\d)?$/.exec(name)?.[1];
  return half === undefined || value(`EPD${half}`) === 0;
}

const PAR_NAMES = {
  0: new Set(GATOS_PAR_TRANSLATED.map(({ name }) => name)),
  1: new Set(GATOS_PAR_FAULT.map(({ name }) => name)),
} as const;

/** Whether the field has a meaning beside the others. `words` are the 64-bit words of the whole. */
export function fieldCounts(layout: Layout, field: Field, words: readonly bigint[]): boolean {
  const value: Value = (name) => Number(fieldBits(fieldOf(layout, name), words));
  const { name } = field;
  if (layout.name === STE.name) return steFieldCounts(name, value);
  if (layout.name === CD.name) return cdFieldCounts(name, value);
  if (layout.name === L1CD.name) return name === 'V' || value('V') === 1;
  if (layout.name === L1STD.name) return name === 'Span' || (value('Span') >= 1 && value('Span') <= 11);
  if (layout.name === 'GATOS_PAR') return !PAR_NAMES[value('FAULT') === 1 ? 0 : 1].has(name);
  const rule = IN_RECORDS[name];
  if (rule === undefined) return true;
  const [decides, when] = rule;
  return !layout.fields.some((one) => one.name === decides) || when(value);
}

/** Every field by name; null for one that another one switches off. */
export function countingFields(layout: Layout, words: readonly bigint[]): Record<string, FieldValue | null> {
  return Object.fromEntries(
    layout.fields.map((field) => {
      if (!fieldCounts(layout, field, words)) return [field.name, null];
      const bits = fieldBits(field, words);
      return [field.name, field.kind === 'address' ? bits : Number(bits)];
    }),
  );
}
