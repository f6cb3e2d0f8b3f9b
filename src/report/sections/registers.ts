/** What do the registers say, what was assumed where the snapshot is silent, and what does the probe make of it? */

import { hex } from '../../hex.ts';
import type { RegisterReport, SmmuReport } from '../../inspect/inspection.ts';
import { type Field, type FieldValue, meaningOf } from '../../smmu/fields.ts';
import { registerNamed } from '../../smmu/registers/registers.ts';
import { assumptionInWords } from '../prose/assumptions.ts';
import { howInWords } from '../prose/crashed-kernel.ts';
import { fieldText } from '../prose/field-text.ts';
import { type Block, facts, type Row, type Section } from './section.ts';

/** Of a register whose fields are not named below, the first that are set. */
const MAX_FIELDS_SHOWN = 6;

/** The fields that the adoption asks about, set or not. */
const TELLING: Readonly<Record<string, readonly string[]>> = {
  CR0: ['SMMUEN', 'CMDQEN', 'EVENTQEN', 'PRIQEN', 'ATSCHK'],
  STRTAB_BASE: ['ADDR'],
  STRTAB_BASE_CFG: ['FMT', 'SPLIT', 'LOG2SIZE'],
  IDR0: ['ST_LEVEL', 'CD2L', 'COHACC', 'ATS', 'S1P', 'S2P'],
  IDR1: ['SIDSIZE', 'SSIDSIZE'],
  IDR5: ['OAS'],
  GBPA: ['ABORT'],
};

const COLUMNS = [{ title: 'Register', kind: 'code' }, { title: 'Value', kind: 'number' }, { title: 'Says' }] as const;

const FIELD_COLUMNS = [
  { title: 'Field', kind: 'code' },
  { title: 'Bits', kind: 'code' },
  { title: 'Value', kind: 'number' },
  { title: 'Meaning' },
] as const;

export function registers(smmu: SmmuReport): Section {
  const { twoLevelStreamTable, twoLevelCdTable, coherent, sidBits, ssidBits, asidBits, vmidBits, oasBits } =
    smmu.features;
  const able = (on: boolean) => (on ? 'yes' : 'no');
  const rows = Object.entries(smmu.registers).map(([name, register]) => registerRow(name, register));
  return {
    id: 'registers',
    title: 'Registers',
    detail: true,
    blocks: [
      { table: { label: 'Registers', columns: COLUMNS, rows } },
      facts([
        ['GERROR active', activeErrors(smmu)],
        ['Two-level stream table', able(twoLevelStreamTable)],
        ['Two-level CD table', able(twoLevelCdTable)],
        ['Coherent', able(coherent)],
        ['Bits', `SID ${sidBits}, SSID ${ssidBits}, ASID ${asidBits}, VMID ${vmidBits}, output addresses ${oasBits}`],
      ]),
    ],
  };
}

function registerRow(name: string, register: RegisterReport): Row {
  const { value, fields } = register;
  const all = Object.entries(fields);
  const telling = TELLING[name];
  const chosen =
    telling === undefined
      ? all.filter(([, bits]) => Number(bits) !== 0)
      : all.filter(([field]) => telling.includes(field));
  const shown = chosen.slice(0, MAX_FIELDS_SHOWN).map(([field, bits]) => `${field} ${fieldText(bits)}`);
  const said = shown.join(', ') + (chosen.length > shown.length ? ', ...' : '');
  const words = howInWords(register);
  const how = words === null ? '' : `(${words})`;
  const says = [said, how].filter(Boolean).join(' ') || null;
  return { cells: [name, hex(value), says], inside: () => fieldsInside(name, fields) };
}

function fieldsInside(name: string, fields: RegisterReport['fields']): Block[] {
  const layout = registerNamed(name);
  // What is not known of a register is not among its fields, and nothing is said of it.
  const rows = (layout?.fields ?? []).flatMap((field) => {
    const bits = fields[field.name];
    if (bits === undefined) return [];
    return [{ cells: [field.name, bitRange(field), String(fieldText(bits)), meaning(field, bits)] }];
  });
  return [{ notes: [`${layout?.meaning ?? ''}.`] }, { table: { label: name, columns: FIELD_COLUMNS, rows } }];
}

function bitRange({ lsb, width }: Field): string {
  return width === 1 ? `[${lsb}]` : `[${lsb + width - 1}:${lsb}]`;
}

function meaning(field: Field, value: FieldValue): string {
  const said = typeof value === 'number' ? meaningOf(field, value) : undefined;
  return said === undefined ? field.meaning : `${field.meaning}: ${said}`;
}

function activeErrors({ registers: all }: SmmuReport): string {
  const acknowledged = all['GERRORN']?.fields;
  if (acknowledged === undefined) return 'unknown, GERRORN is missing';
  const active = Object.entries(all['GERROR']?.fields ?? {}).filter(([name, value]) => value !== acknowledged[name]);
  return active.map(([name]) => name).join(', ') || 'none';
}

/** Null where the snapshot said everything. */
export function assumptions({ assumptions: list }: SmmuReport): Section | null {
  if (list.length === 0) return null;
  const columns = [{ title: 'What', kind: 'code' as const }, { title: 'Value' }, { title: 'Why' }];
  const rows = list.map(assumptionInWords).map(({ what, value, why }) => ({ cells: [what, value, why] }));
  return {
    id: 'assumptions',
    title: 'Assumptions',
    aside: 'where the snapshot is silent',
    detail: true,
    blocks: [{ table: { label: 'Assumptions', columns, rows } }],
  };
}
