import { describe, expect, test } from 'vitest';
import {
  addressAt,
  arrayAt,
  booleanAt,
  integerAt,
  type Json,
  objectAt,
  Place,
  quote,
  stringAt,
} from '../../src/snapshot/values.ts';
import { refused } from '../support/refusal.ts';

const place = new Place('regs.json', 'registers.CR0');

/** What is said of a value at `registers.CR0`. */
async function message(call: () => unknown): Promise<string> {
  const { what, ...where } = await refused(call);
  expect(where).toEqual({ tag: 'snapshot', file: 'regs.json', place: 'registers.CR0' });
  return what;
}

describe('integers', () => {
  test.each<[Json, bigint]>([
    ['0x0', 0n],
    ['0x00000000', 0n],
    ['0x10210', 0x10210n],
    ['0xDeadBeef', 0xdeadbeefn],
    ['0XFF', 0xffn],
    ['0', 0n],
    ['3445', 3445n],
    // Never octal, whatever C would say.
    ['010', 10n],
    [0, 0n],
    [-0, 0n],
    [3445, 3445n],
    // JSON has one kind of number: these are integers.
    [JSON.parse('1.0'), 1n],
    [JSON.parse('1e3'), 1000n],
    [`0x${'0'.repeat(61)}1`, 1n],
    ['9'.padStart(64, '0'), 9n],
  ])('%j is %d', (value, expected) => {
    expect(integerAt(place, value, 32)).toBe(expected);
  });

  test.each<[number, Json, bigint]>([
    [32, '0xffffffff', 0xffff_ffffn],
    [32, '4294967295', 0xffff_ffffn],
    [32, 4294967295, 0xffff_ffffn],
    [52, '0xfffffffffffff', 2n ** 52n - 1n],
    [52, '4503599627370495', 2n ** 52n - 1n],
    [52, 4503599627370495, 2n ** 52n - 1n],
    [64, '0xffffffffffffffff', 2n ** 64n - 1n],
    [64, '18446744073709551615', 2n ** 64n - 1n],
    [64, 9007199254740991, 2n ** 53n - 1n],
    [64, '9007199254740993', 2n ** 53n + 1n],
  ])('%i bits hold %j', (bits, value, expected) => {
    expect(integerAt(place, value, bits)).toBe(expected);
  });

  test.each<[number, Json, string]>([
    [32, '0x100000000', '"0x100000000" does not fit in 32 bits'],
    [32, '4294967296', '"4294967296" does not fit in 32 bits'],
    [32, 4294967296, '4294967296 does not fit in 32 bits'],
    [52, '0x10000000000000', '"0x10000000000000" does not fit in 52 bits'],
    [52, 4503599627370496, '4503599627370496 does not fit in 52 bits'],
    [64, '0x10000000000000000', '"0x10000000000000000" does not fit in 64 bits'],
    [64, '18446744073709551616', '"18446744073709551616" does not fit in 64 bits'],
    [64, '9'.repeat(64), '"9999999999999999999999999999999999999..." does not fit in 64 bits'],
  ])('%i bits do not hold %j', async (bits, value, expected) => {
    expect(await message(() => integerAt(place, value, bits))).toBe(expected);
  });

  // A double that is no integer any more, or was none: what was meant is lost already.
  test.each<[string, string]>([
    ['-1', '-1'],
    ['1.5', '1.5'],
    ['1e-1', '0.1'],
    ['9007199254740992', '9007199254740992'],
    ['9007199254740993', '9007199254740992'],
    ['18446744073709551615', '18446744073709552000'],
    ['1e300', '1e+300'],
    ['1e999', 'Infinity'],
    ['-1e999', '-Infinity'],
  ])('the JSON number %s is refused', async (json, as) => {
    expect(await message(() => integerAt(place, JSON.parse(json) as Json, 64))).toBe(
      `${as} is not an integer from 0 to 2^53-1; write larger ones as "0x..." strings`,
    );
  });

  test.each<[string, Json | undefined]>([
    ['""', ''],
    ['" "', ' '],
    ['" 1"', ' 1'],
    ['"1 "', '1 '],
    ['"1\\n"', '1\n'],
    ['"0x"', '0x'],
    ['"x1"', 'x1'],
    ['"0x1g"', '0x1g'],
    ['"dead"', 'dead'],
    ['"0b1"', '0b1'],
    ['"0o7"', '0o7'],
    ['"-1"', '-1'],
    ['"+1"', '+1'],
    ['"-0x1"', '-0x1'],
    ['"1.0"', '1.0'],
    ['"1e3"', '1e3'],
    ['"1_000"', '1_000'],
    ['"1n"', '1n'],
    ['"0x1234 5678"', '0x1234 5678'],
    ['"NaN"', 'NaN'],
    ['"\uff11"', '\uff11'],
    ['"\\u001b[2J\\u009b"', '\u001b[2J\u009b'],
    ['"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx..."', 'x'.repeat(1_000_000)],
    ['nothing', undefined],
    ['null', null],
    ['true', true],
    ['false', false],
    ['an array', []],
    ['an array', [1]],
    ['an object', {}],
    ['an object', { value: '0x1' }],
  ])('%s is refused', async (as, value) => {
    expect(await message(() => integerAt(place, value, 64))).toBe(
      `${as} is not a number; expected "0x..." hex, a decimal string, or an integer`,
    );
  });

  // Converting a million digits takes time that grows with their square.
  test.each([
    ['"0000000000000000000000000000000000000..."', '0'.repeat(65)],
    ['"0xfffffffffffffffffffffffffffffffffff..."', `0x${'f'.repeat(1_000_000)}`],
  ])('digits without end are refused unconverted: %s', async (as, value) => {
    expect(await message(() => integerAt(place, value, 64))).toBe(`${as} is longer than 64 characters`);
  });

  test('a value nested deeper than any stack is refused as what it is', async () => {
    const deep = JSON.parse('['.repeat(50_000) + ']'.repeat(50_000)) as Json;
    expect(await message(() => integerAt(place, deep, 64))).toMatch(/^an array is not a number;/);
  });

  test('an address is an exact number of at most 52 bits', async () => {
    expect(addressAt(place, '0xfffffffffffff')).toBe(2 ** 52 - 1);
    expect(await message(() => addressAt(place, '0x10000000000000'))).toBe(
      '"0x10000000000000" does not fit in 52 bits',
    );
  });
});

describe('other types', () => {
  test.each<[string, (value: Json | undefined) => unknown, Json | undefined, string]>([
    ['object', (v) => objectAt(place, v), undefined, 'expected an object, found nothing'],
    ['object', (v) => objectAt(place, v), null, 'expected an object, found null'],
    ['object', (v) => objectAt(place, v), [], 'expected an object, found an array'],
    ['object', (v) => objectAt(place, v), 5, 'expected an object, found the number 5'],
    ['array', (v) => arrayAt(place, v), {}, 'expected an array, found an object'],
    ['array', (v) => arrayAt(place, v), 'a', 'expected an array, found the string "a"'],
    ['array', (v) => arrayAt(place, v), null, 'expected an array, found null'],
    ['string', (v) => stringAt(place, v), true, 'expected a string, found the boolean true'],
    ['string', (v) => stringAt(place, v), Number.POSITIVE_INFINITY, 'expected a string, found the number Infinity'],
    ['string', (v) => stringAt(place, v), null, 'expected a string, found null'],
    ['boolean', (v) => booleanAt(place, v), 1, 'expected true or false, found the number 1'],
    ['boolean', (v) => booleanAt(place, v), 'true', 'expected true or false, found the string "true"'],
    [
      'boolean',
      (v) => booleanAt(place, v),
      'y'.repeat(41),
      'expected true or false, found the string "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy..."',
    ],
  ])('wrong where a %s belongs, case %#', async (_, read, value, expected) => {
    expect(await message(() => read(value))).toBe(expected);
  });

  test('the right types pass through', () => {
    const object = { a: 1 };
    expect(objectAt(place, object)).toBe(object);
    expect(arrayAt(place, [1])).toEqual([1]);
    expect(stringAt(place, '')).toBe('');
    expect(booleanAt(place, false)).toBe(false);
  });
});

describe('places', () => {
  test.each([
    [new Place('f'), ''],
    [new Place('f').key('a'), 'a'],
    [new Place('f').key('smmus').index(12).key('registers').key('CR0'), 'smmus[12].registers.CR0'],
    [new Place('f').key('registers').key('with space'), 'registers."with space"'],
    [new Place('f').key('a.b'), '"a.b"'],
    [new Place('f').key(''), '""'],
    [new Place('f').key('0'), '"0"'],
    [new Place('f').key('say "x"\n'), '"say \\"x\\"\\n"'],
    [new Place('f').key('\u007f\u0085\u2029'), '"\\u007f\\u0085\\u2029"'],
    [new Place('f').key('__proto__'), '__proto__'],
    [new Place('f').key('k'.repeat(40)), 'k'.repeat(40)],
    [new Place('f').key('k'.repeat(41)), `"${'k'.repeat(37)}..."`],
  ])('place %# reads as a path', ({ path }, expected) => {
    expect(path).toBe(expected);
  });

  test('a refusal of the whole file names no place', async () => {
    const error = { tag: 'snapshot', file: 'f', place: undefined, what: 'is wrong' };
    expect(await refused(() => new Place('f').refuse('is wrong'))).toEqual(error);
  });
});

test('quoting leaves no half of a character behind', () => {
  // The cut falls between the two halves of the last character that still fits.
  expect(quote(`${'a'.repeat(36)}\u{1f4a5}bcde`)).toBe(`"${'a'.repeat(36)}\\ud83d..."`);
});
