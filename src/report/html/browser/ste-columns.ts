/** The columns of the STE table. Those that no STE has anything to say in are left out. */

import { fieldOf } from '../../../smmu/fields.ts';
import { STE } from '../../../smmu/structures/ste.ts';
import type { Stes } from './data.ts';
import { hex } from './dom.ts';
import type { Column } from './virtual-table.ts';

const NOTHING = '\u2013';

const S1 = ['s1', 'nested'];
const S2 = ['s2', 'nested'];
const BOTH = ['s1', 's2', 'nested'];

/** By STRW: the least that tells them apart, EL2-E2H being a matter of CR2. */
const WORLDS = ['EL1', 'reserved', 'EL2', 'reserved'];

export function steColumns(stes: Stes, configs: ReadonlySet<string>): Column[] {
  const of = (name: string, where: readonly string[], address = false): Column[] => {
    if (!where.some((config) => configs.has(config))) return [];
    const field = fieldOf(STE, name);
    const applies = (row: number) => where.includes(stes.config(row).config);
    return [
      {
        title: name,
        right: true,
        text: (row) => {
          if (!applies(row)) return NOTHING;
          const value = stes.field(row, field);
          return address ? hex(value) : String(value);
        },
        key: (row) => (applies(row) ? Number(stes.field(row, field)) : -1),
      },
    ];
  };
  const strw = fieldOf(STE, 'STRW');
  return [
    { title: 'SID', right: true, text: (row) => hex(stes.sid(row)), key: (row) => stes.sid(row) },
    { title: stes.hasNames ? 'Device' : 'BDF', text: (row) => stes.device(row) },
    { title: 'Config', text: (row) => configText(stes, row) },
    ...(stes.hasMarks
      ? [
          {
            title: 'Mark',
            text: (row: number) => stes.mark(row) || NOTHING,
            tone: (row: number) => (stes.mark(row) === '' ? '' : 'found'),
          },
        ]
      : []),
    {
      title: 'Findings',
      text: (row) => (stes.rules.length > 0 && stes.isFound(row, null) ? String(stes.findings(row).length) : NOTHING),
      key: (row) => stes.findings(row).length,
      tone: (row) => (stes.isFound(row, null) ? 'found' : ''),
    },
    ...of('S1ContextPtr', S1, true),
    ...(S1.some((config) => configs.has(config))
      ? [
          {
            title: 'CDs',
            right: true,
            text: (row: number) => (stes.cdTable(row) === null ? NOTHING : String(stes.cdCount(row))),
            key: (row: number) => (stes.cdTable(row) === null ? -1 : stes.cdCount(row)),
          },
        ]
      : []),
    ...of('S1CDMax', S1),
    ...of('S2VMID', S2),
    ...of('S2TTB', S2, true),
    ...of('EATS', BOTH),
    ...(S1.some((config) => configs.has(config))
      ? [
          {
            title: 'STRW',
            text: (row: number) =>
              S1.includes(stes.config(row).config) ? (WORLDS[Number(stes.field(row, strw))] ?? '') : NOTHING,
          },
        ]
      : []),
    { title: 'STE at', right: true, text: (row) => hex(stes.address(row)), key: (row) => stes.address(row) },
    { title: 'Page', text: (row) => stes.state(row) },
  ];
}

export function configText(stes: Stes, row: number): string {
  const { valid, config } = stes.config(row);
  return valid ? config : `${config}, V=0`;
}
