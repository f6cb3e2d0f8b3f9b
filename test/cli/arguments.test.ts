import { describe, expect, test } from 'vitest';
import { parseAddress, parsePageSize, parseSids } from '../../src/cli/arguments.ts';

describe('StreamID lists', () => {
  test.each([
    ['0x100', [0x100]],
    ['256,0x108', [256, 0x108]],
    ['3, 1 ,2', [3, 1, 2]],
    ['5,5', [5, 5]],
    ['0x10-0x13', [0x10, 0x11, 0x12, 0x13]],
    ['01:00.0,1f:1f.7', [0x100, 0x1fff]],
    ['00:01.0-00:01.2', [8, 9, 10]],
    ['4294967295', [0xffff_ffff]],
  ])('%s', (text, sids) => expect(parseSids(text)).toEqual(sids));

  test.each([
    ['', '"" is not a StreamID: hex (0x100), decimal, or bus:device.function (01:00.0)'],
    ['0x', '"0x" is not a StreamID: hex (0x100), decimal, or bus:device.function (01:00.0)'],
    ['1,,2', '"" is not a StreamID: hex (0x100), decimal, or bus:device.function (01:00.0)'],
    ['-1', '"" is not a StreamID: hex (0x100), decimal, or bus:device.function (01:00.0)'],
    ['01:20.0', '"01:20.0" is not a StreamID: hex (0x100), decimal, or bus:device.function (01:00.0)'],
    [
      '0x100000000',
      '"0x100000000" is too large for a StreamID: hex (0x100), decimal, or bus:device.function (01:00.0)',
    ],
    ['9-8', 'the range "9-8" ends before it starts'],
    ['0-0xffffffff', 'a list of more than 65536 SIDs'],
    ['1-2-3', '"1-2-3" is not a range of two StreamIDs'],
  ])('refuses %s', (text, message) => expect(() => parseSids(text)).toThrow(message));
});

describe('addresses and page sizes', () => {
  test.each([
    ['0x80000000', 0x8000_0000],
    ['4096', 4096],
    ['0XFFFFFFFFFFFFF', 2 ** 52 - 1],
  ])('%s', (text, value) => expect(parseAddress(text)).toBe(value));

  test.each(['0x10000000000000', 'banana', '1e3', ''])('refuses the address %s', (text) =>
    expect(() => parseAddress(text)).toThrow('a physical address, hex (0x80000000) or decimal'),
  );

  test.each([
    ['4k', 4096],
    ['16K', 16384],
    ['64k', 65536],
    ['0x1000', 4096],
  ])('page size %s', (text, value) => expect(parsePageSize(text)).toBe(value));
});
