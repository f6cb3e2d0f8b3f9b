/** The registers of the snapshot, decoded, what was assumed where they are silent, and what the probe made of them. */

import { hex } from '../../hex.ts';
import type { RegisterReport, SmmuReport } from '../../inspect/inspection.ts';
import { type Field, type FieldValue, meaningOf } from '../../smmu/fields.ts';
import { registerNamed } from '../../smmu/registers.ts';
import { fieldText } from '../field-text.ts';
import { howInWords } from '../prose/crashed-kernel.ts';
import { code, type Html, html } from './markup.ts';
import { facts, section, sectionId, table } from './section.ts';

/** Fields that a closed register shows: the first that are set. */
const MAX_FIELDS_SHOWN = 6;

export function registers(index: number, { registers: all, features }: SmmuReport): Html {
  const { twoLevelStreamTable, twoLevelCdTable, coherent, sidBits, ssidBits, asidBits, vmidBits, oasBits } = features;
  const able = (on: boolean) => (on ? 'yes' : 'no');
  const body = html`${Object.entries(all).map(([name, found]) => register(name, found))}<h4>What the probe makes of them</h4>
${facts([
  ['Two-level stream table', able(twoLevelStreamTable)],
  ['Two-level CD table', able(twoLevelCdTable)],
  ['Coherent', able(coherent)],
  ['SID', `${sidBits} bits`],
  ['SSID', `${ssidBits} bits`],
  ['ASID', `${asidBits} bits`],
  ['VMID', `${vmidBits} bits`],
  ['Output addresses', `${oasBits} bits`],
])}`;
  return section(sectionId(index, 'registers'), 'Registers', 'each opens to show its fields', body);
}

function register(name: string, found: RegisterReport): Html {
  const { value, fields } = found;
  const layout = registerNamed(name);
  const set = Object.entries(fields).filter(([, field]) => Number(field) !== 0);
  const shown = set.slice(0, MAX_FIELDS_SHOWN).map(([field, bits]) => `${field} ${fieldText(bits)}`);
  const more = set.length > shown.length ? ', \u2026' : '';
  const how = howInWords(found);
  const rows = (layout?.fields ?? []).flatMap((field) => {
    const bits = fields[field.name];
    return bits === undefined ? [] : [[field.name, bitRange(field), String(fieldText(bits)), meaning(field, bits)]];
  });
  const columns = [
    { title: 'Field', kind: 'code' as const },
    { title: 'Bits', kind: 'code' as const },
    { title: 'Value', kind: 'number' as const },
    { title: 'Meaning' },
  ];
  return html`<details class="register"><summary><strong>${name}</strong> ${code(hex(value))} <small>${
    shown.join(', ') + more
  }</small></summary>
<div class="inside"><p>${layout?.meaning ?? ''}${how === null ? '' : ` (${how})`}.</p>
${table(name, columns, rows, 'fields')}</div></details>
`;
}

function bitRange({ lsb, width }: Field): string {
  return width === 1 ? `[${lsb}]` : `[${lsb + width - 1}:${lsb}]`;
}

function meaning(field: Field, value: FieldValue): string {
  const said = typeof value === 'number' ? meaningOf(field, value) : undefined;
  return said === undefined ? field.meaning : `${field.meaning}: ${said}`;
}

/** Null where the snapshot said everything. */
export function assumptions(index: number, { assumptions: list }: SmmuReport): Html | null {
  if (list.length === 0) return null;
  const columns = [{ title: 'What', kind: 'code' as const }, { title: 'Value' }, { title: 'Why' }];
  const rows = list.map(({ what, value, why }) => [what, value, why]);
  return section(
    sectionId(index, 'assumptions'),
    'Assumptions',
    'where the snapshot is silent',
    table('Assumptions', columns, rows),
  );
}
