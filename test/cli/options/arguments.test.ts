import { describe, expect, test } from 'vitest';
import { parseAddress, parseOneStream, parsePageSize, parseStreams } from '../../../src/cli/options/arguments.ts';
import { AskedStreams, sidsFor } from '../../../src/platform/asked-streams.ts';

/** The StreamIDs that a list stands for where no firmware is given. */
const sidsOf = (text: string) => sidsFor(new AskedStreams(undefined, [SMMU]).read(parseStreams(text)), SMMU);
const SMMU = { name: 'smmu', base: 0x1000 };

const NO_STREAM = 'is not a StreamID: hex (0x100), decimal, bus:device.function (01:00.0, 0000:01:00.0), or a name';

describe('StreamID lists', () => {
  test.each([
    ['0x100', [0x100]],
    ['256,0x108', [256, 0x108]],
    ['3, 1 ,2', [3, 1, 2]],
    ['5,5', [5, 5]],
    ['0x10-0x13', [0x10, 0x11, 0x12, 0x13]],
    ['01:00.0,1f:1f.7', [0x100, 0x1fff]],
    ['00:01.0-00:01.2', [8, 9, 10]],
    ['0000:01:00.0,ff:1f.7', [0x100, 0xffff]],
    ['0000:01:00.0-0000:01:00.1', [0x100, 0x101]],
    ['4294967295', [0xffff_ffff]],
  ])('%s', (text, sids) => expect(sidsOf(text)).toEqual(sids));

  test.each([
    ['', '"" has nothing where a StreamID belongs'],
    ['0x100,', '"0x100," has nothing behind the last comma where a StreamID belongs'],
    [' ,0x100', '" ,0x100" has nothing before the first comma where a StreamID belongs'],
    ['0x', `"0x" ${NO_STREAM}`],
    ['1,,2', '"1,,2" has nothing between two commas where a StreamID belongs'],
    ['-1', `"-1" ${NO_STREAM}`],
    ['1-', `"1-" ${NO_STREAM}`],
    ['01:20.0', `"01:20.0" ${NO_STREAM}`],
    ['000:01:00.0', `"000:01:00.0" ${NO_STREAM}`],
    ['0x100000000', '"0x100000000" is too large for a StreamID'],
    ['9-8', 'the range "9-8" ends before it starts'],
    ['01:00.1-01:00.0', 'the range "01:00.1-01:00.0" ends before it starts'],
    ['0-0xffffffff', 'a list of more than 65536 SIDs'],
    ['1-2-3', '"1-2-3" is not a range of two StreamIDs'],
    ['1-01:00.0', '"1-01:00.0" is not a range of two StreamIDs'],
    ['0000:00:00.0-0001:00:00.0', '"0000:00:00.0-0001:00:00.0" is not a range of two StreamIDs'],
    ['00:00.*-01:00.*', '"00:00.*-01:00.*" is not a range of two StreamIDs'],
  ])('refuses %s', (text, message) => expect(() => parseStreams(text)).toThrow(message));

  test.each([
    ['0001:01:00.0', `"0001:01:00.0": only firmware's tables, with --dtb or --iort, tell its StreamID`],
    ['01:00.*', `"01:00.*": only firmware's tables, with --dtb or --iort, tell its StreamID`],
    ['usb@1', '"usb@1" is not a StreamID: no number, no PCI address; names of devices need --dtb or --iort'],
  ])('without firmware nobody knows %s', (text, message) => expect(() => sidsOf(text)).toThrow(message));

  test.each(['1,2', '1-2', '01:00.0-01:00.1'])('%s is more than one', (text) =>
    expect(() => parseOneStream(text)).toThrow('is more than one StreamID; inspect --sid takes several'),
  );
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
