/** Where the table and its L2 arrays are on hardware with 52 and with 56 address bits, which Linux does not tell apart. */

import { describe, expect, test } from 'vitest';
import { Image } from '../../samples/image.ts';
import { l1Lookup, streamTableGeometry, tableAddressBits } from '../../src/smmu/structures/stream-table.ts';
import { inspectMachine, L1, L2_BUS0 } from '../support/made/machine.ts';

const CFG = { fmt: 1, split: 8, log2Size: 12 };
const HIGH = 0xa5n << 48n;

test.each([
  [null, 52],
  [48, 52],
  [52, 52],
  [56, 56],
])('OAS of %s bits: pointers of %i', (oas, bits) => expect(tableAddressBits(oas)).toBe(bits));

test.each([
  [52, 0x5_0000_8800_0000],
  [56, 0xa5_0000_8800_0000],
] as const)('of %i bits: the base and an L2 pointer', (addressBits, expected) => {
  const geometry = streamTableGeometry(HIGH | 0x8800_0000n, CFG, 16, addressBits);
  expect(geometry.base).toBe(expected);
  expect(l1Lookup(0x8800_0009, 0xa5_0000, geometry).l2).toBe(expected);
  expect(streamTableGeometry(HIGH | 0x8800_0000n, { ...CFG, fmt: 0 }, 16, addressBits).base).toBe(expected);
});

test('the largest address is exact', () => {
  const all = (1n << 56n) - 64n;
  expect(BigInt(streamTableGeometry(all, { ...CFG, log2Size: 0 }, 16, 56).base)).toBe(all);
  expect(BigInt(l1Lookup(0xffff_ffc1, 0xff_ffff, { split: 8, addressBits: 56 }).l2)).toBe(all);
});

describe('hardware of 56 bits, with a table above 2^52: Linux reads elsewhere, and both are said', () => {
  const OAS7 = '0x77';
  const memory = () => new Image().l1(L1, 0, 9, L2_BUS0).abortTable(L2_BUS0, 256).ste(L2_BUS0, 8, { V: 1, Config: 4 });

  test('the base', async () => {
    const registers = { IDR5: OAS7, STRTAB_BASE: '0x0010000088000000' };
    const { smmu, findings } = await inspectMachine(memory(), { registers, insert: 'all' });
    expect(smmu.adoption.verdict).toBe('adopted');
    expect(smmu.table.base).toBe('0x10000088000000');
    expect(findings.find(({ rule }) => rule === 'address-bits-above-51')?.args).toMatchObject({
      what: 'STRTAB_BASE.ADDR',
    });
    expect(findings.find(({ rule }) => rule === 'strtab-base-unaligned')).toBeUndefined();
  });

  test('an L2 pointer', async () => {
    const [row] = (
      await inspectMachine(memory().write(L1, [(1n << 52n) | BigInt(L2_BUS0) | 9n]), { registers: { IDR5: OAS7 } })
    ).smmu.l1;
    expect(row?.l2).toBe('0x10000088010000');
    const [narrow] = (await inspectMachine(memory().write(L1, [(1n << 52n) | BigInt(L2_BUS0) | 9n]))).smmu.l1;
    expect(narrow?.l2).toBe('0x88010000');
  });
});
