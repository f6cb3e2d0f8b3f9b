import { describe, expect, it } from 'vitest';
import { decodeFields, encodeFields, fieldBits, fieldOf, type Layout, meaningOf } from '../../src/smmu/fields.ts';

const SAMPLE: Layout = {
  name: 'SAMPLE',
  byteLength: 16,
  meaning: 'Made up: a field at each end of two words, and an address',
  fields: [
    {
      name: 'Low',
      word: 0,
      lsb: 0,
      width: 4,
      kind: 'number',
      meaning: 'First bits of all',
      values: { 0: 'zero', '1-3': 'few', 7: 'seven', other: 'unnamed' },
    },
    { name: 'Pointer', word: 0, lsb: 12, width: 44, kind: 'address', meaning: 'An address' },
    {
      name: 'High',
      word: 1,
      lsb: 60,
      width: 4,
      kind: 'number',
      meaning: 'Last bits of all',
      values: { 0: 'zero', '1-3': 'few' },
    },
    { name: 'Bare', word: 1, lsb: 0, width: 8, kind: 'number', meaning: 'A field without encodings' },
  ],
};

const low = fieldOf(SAMPLE, 'Low');
const high = fieldOf(SAMPLE, 'High');

describe('fieldBits', () => {
  const words = [0xfff0_1234_5678_9abcn, 0x9000_0000_0000_00ffn];

  it('shifts a number down and takes it from its own word', () => {
    expect(fieldBits(low, words)).toBe(0xcn);
    expect(fieldBits(high, words)).toBe(9n);
  });

  it('leaves an address in place', () => {
    expect(fieldBits(fieldOf(SAMPLE, 'Pointer'), words)).toBe(0xf0_1234_5678_9000n);
  });

  it('reads a word that is not there as zero', () => {
    expect(fieldBits(high, [words[0] ?? 0n])).toBe(0n);
  });
});

describe('fieldOf', () => {
  it('names the layout and the field it cannot find', () => {
    expect(() => fieldOf(SAMPLE, 'low')).toThrow('SAMPLE has no field low');
  });
});

describe('decodeFields', () => {
  it('gives numbers as integers, addresses as bigints, in the order of the table', () => {
    const decoded = decodeFields(SAMPLE, [0x0000_0000_4200_c005n, 0x8000_0000_0000_0011n]);
    expect(Object.entries(decoded)).toEqual([
      ['Low', 5],
      ['Pointer', 0x4200_c000n],
      ['High', 8],
      ['Bare', 0x11],
    ]);
  });

  it('ignores reserved bits', () => {
    const reserved = [0xff00_0000_0000_0ff0n, 0x0fff_ffff_ffff_ff00n];
    expect(decodeFields(SAMPLE, reserved)).toEqual({ Low: 0, Pointer: 0n, High: 0, Bare: 0 });
  });
});

describe('encodeFields', () => {
  it('puts each value at its place and leaves the rest zero', () => {
    expect(encodeFields(SAMPLE, { Low: 15, Pointer: 0x4200_c000, High: 8n })).toEqual([
      0x4200_c00fn,
      0x8000_0000_0000_0000n,
    ]);
  });

  it('makes as many words as the layout has, one for a 32-bit register', () => {
    expect(encodeFields(SAMPLE, {})).toEqual([0n, 0n]);
    expect(encodeFields({ ...SAMPLE, byteLength: 4 }, {})).toEqual([0n]);
  });

  it.each([
    ['a number too large', { Low: 16 }, RangeError, 'SAMPLE.Low cannot hold 16'],
    ['a negative number', { Low: -1 }, RangeError, 'SAMPLE.Low cannot hold -1'],
    ['an address below its alignment', { Pointer: 0x4200_c800 }, RangeError, 'SAMPLE.Pointer cannot hold 1107347456'],
    ['an address above its field', { Pointer: 1n << 56n }, RangeError, 'SAMPLE.Pointer cannot hold 72057594037927936'],
    ['a fraction', { Low: 0.5 }, RangeError, 'not an integer'],
    ['an unknown name', { Middle: 1 }, Error, 'SAMPLE has no field Middle'],
  ])('refuses %s', (_, values: Record<string, number | bigint>, kind, message) => {
    const attempt = () => encodeFields(SAMPLE, values);
    expect(attempt).toThrow(kind);
    expect(attempt).toThrow(message);
  });
});

describe('meaningOf', () => {
  it.each([
    ['the exact value', low, 7, 'seven'],
    ['the first value of a range', low, 1, 'few'],
    ['a value inside a range', low, 2, 'few'],
    ['the last value of a range', low, 3, 'few'],
    ['a value left to other', low, 4, 'unnamed'],
    ['a value that nothing covers', high, 4, undefined],
    ['a field without encodings', fieldOf(SAMPLE, 'Bare'), 0, undefined],
  ])('%s', (_, field, value, meaning) => {
    expect(meaningOf(field, value)).toBe(meaning);
  });
});
