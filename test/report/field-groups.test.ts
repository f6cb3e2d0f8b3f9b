/** The groups in which fields are shown: none is forgotten, none is shown twice. */

import { expect, test } from 'vitest';
import { CD_GROUPS, fieldCells, fieldsOf, STE_GROUPS } from '../../src/report/text/streams/field-groups.ts';
import { decodeFields, encodeFields, type FieldInputs, type Layout } from '../../src/smmu/fields.ts';
import { CD } from '../../src/smmu/structures/cd.ts';
import { STE } from '../../src/smmu/structures/ste.ts';

test.each([
  ['STE', STE, STE_GROUPS],
  ['CD', CD, CD_GROUPS],
] as const)('every field of the %s is in one group', (_, layout, groups) => {
  const grouped = groups.flatMap(({ shown, whenSet }) => [...shown, ...whenSet]);
  expect(grouped.toSorted()).toEqual(layout.fields.map(({ name }) => name).sort());
});

const shown = (layout: Layout, values: FieldInputs) => {
  const fields = decodeFields(layout, encodeFields(layout, values));
  return (layout === STE ? STE_GROUPS : CD_GROUPS).flatMap((group) => fieldsOf(group, fields, false));
};

test('what has no effect is left out', () => {
  expect(shown(STE, {})).toEqual(['V', 'Config']);
  expect(shown(STE, { V: 0, Config: 7, S2VMID: 3 })).toEqual(['V', 'Config']);
  expect(shown(STE, { V: 1, Config: 4, S2VMID: 3, SHCFG: 1 })).toEqual(['V', 'Config', 'EATS']);
  expect(shown(STE, { V: 1, Config: 5, S1CDMax: 0 })).not.toContain('S1DSS');
  expect(shown(STE, { V: 1, Config: 5, S1CDMax: 1 })).toContain('S1DSS');
  expect(shown(STE, { V: 1, Config: 7 })).not.toContain('STRW');
  expect(shown(CD, { EPD0: 1, TTB0: 0x1000 })).not.toContain('TTB0');
});

test('what is out of the ordinary is shown', () => {
  expect(shown(STE, { V: 1, Config: 4, SHCFG: 0, MTCFG: 1, CONT: 3 })).toEqual([
    ...['V', 'Config', 'CONT', 'EATS', 'MemAttr', 'MTCFG', 'SHCFG'],
  ]);
  expect(shown(STE, { V: 1, Config: 6, S2POI3: 8, VMSPtr: 0x1000 })).toEqual(
    expect.arrayContaining(['S2POI3', 'VMSPtr']),
  );
  expect(shown(CD, { PIE: 1, PIIP2: 5, HWU159: 1 })).toEqual(expect.arrayContaining(['PIE', 'PIIP2', 'HWU159']));
});

test.each([
  [STE, 'Config', 5, '5', 'Stream configuration: stage 1 only'],
  [STE, 'S1CDMax', 10, '10', 'log2 of the number of CDs; 0 means one CD and no substreams: 1024 CDs'],
  [STE, 'S2T0SZ', 24, '24', 'Stage 2 input range: IPAs have 64 - S2T0SZ bits: 40 bits'],
  [CD, 'MAIR1', 0xff00_0004, '0xff000004', /: 04 00 00 ff$/],
  [CD, 'ASID', 0xffff, '65535', 'ASID of the translations'],
  [CD, 'TTB0', 0x88200000n, '0x88200000', /^TTB0 table address/],
] as const)('%# a value and what it means', (layout, name, value, text, says) => {
  expect(fieldCells(layout, name, { [name]: value })).toEqual([name, text, expect.stringMatching(says)]);
});
