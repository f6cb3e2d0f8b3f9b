/** Stand-ins keep what tells something of a structure, and nothing of where it was. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AddressBook } from '../../../src/report/redact/address-book.ts';
import { NameBook } from '../../../src/report/redact/name-book.ts';
import { withAddresses } from '../../../src/report/redact/spelled.ts';
import { isKernelAddress, isOverwritten, withKnownStandIns, withStandIns } from '../../../src/report/redact/words.ts';
import { holds } from '../../support/holds.ts';

const PAGE = 4096;
const GIB = 2 ** 30;

function bookOf(addresses: readonly (number | bigint)[], extents: readonly (readonly [number, number])[] = []) {
  const book = new AddressBook();
  for (const address of addresses) book.note(address);
  for (const [address, byteLength] of extents) book.note(address, byteLength);
  return book;
}

/** Physical addresses, many of them near one another. */
const near = fc.tuple(fc.integer({ min: 1, max: 2 ** 22 - 1 }), fc.integer({ min: 0, max: 2 ** 18 }));
const paddrs = fc.array(
  near.map(([gib, offset]) => gib * GIB + offset),
  { minLength: 2, maxLength: 40 },
);
const words = fc.array(fc.bigInt({ min: 4096n, max: 2n ** 64n - 1n }), { minLength: 1, maxLength: 40 });

describe('addresses', () => {
  test('keep their order, what is equal and what is not, and their place in the largest page', () => {
    holds(
      fc.property(words, (addresses) => {
        const book = bookOf(addresses);
        const sorted = [...addresses].sort((a, b) => (a < b ? -1 : 1));
        const standIns = sorted.map((address) => book.standIn(address));
        for (const [i, standIn] of standIns.entries()) {
          const address = sorted[i] as bigint;
          expect(standIn % 65536n).toBe(address % 65536n);
          if (i > 0) expect(standIn > (standIns[i - 1] as bigint)).toBe(address > (sorted[i - 1] as bigint));
        }
      }),
    );
  });

  test('adjoin where they did, and nowhere else', () => {
    holds(
      fc.property(paddrs, (addresses) => {
        const book = bookOf(addresses);
        const pageOf = (address: number) => Math.floor(address / PAGE);
        for (const one of addresses) {
          for (const other of addresses) {
            const before = pageOf(other) - pageOf(one);
            const after = pageOf(book.standIn(other)) - pageOf(book.standIn(one));
            if (Math.abs(before) <= 1) expect(after).toBe(before);
            else expect(Math.abs(after)).toBeGreaterThan(1);
          }
        }
      }),
    );
  });

  // Whoever tries all places where memory could be gets the same report from each.
  test('tell nothing of where memory is: wherever it is, the stand-ins are the same', () => {
    holds(
      fc.property(
        paddrs,
        fc.integer({ min: 1, max: 64 }),
        fc.integer({ min: 1, max: 1024 }),
        (addresses, far, more) => {
          const sorted = [...addresses].sort((a, b) => a - b);
          // What is in one GiB stays there; the distances between change, and all of it moves.
          const moved = sorted.map((address) => (Math.floor(address / GIB) * far + more) * GIB + (address % GIB));
          const [here, there] = [bookOf(sorted), bookOf(moved)];
          if (moved.some((address) => address >= 2 ** 52)) return;
          expect(moved.map((address) => there.standIn(address))).toEqual(
            sorted.map((address) => here.standIn(address)),
          );
        },
      ),
    );
  });

  test('are recognised, and have the width of what they stand for', () => {
    const book = bookOf([0x4000_1000, 0x10_0000_0000_0000n, 0xffff_8000_1234_5678n]);
    expect(book.standIn(0x4000_1abc).toString(16)).toBe('fade000011abc');
    expect(book.standIn(0x10_0000_0000_0008n).toString(16)).toBe('fade0000010008');
    expect(book.standIn(0xffff_8000_1234_5678n).toString(16)).toBe('ffffade000015678');
  });

  test('of one structure keep their distances, and its alignment', () => {
    const table = 0x8_4010_0000;
    const book = bookOf([table + 0x9_0040], [[table, 0x10_0000]]);
    const base = book.standIn(table);
    expect(book.standIn(table + 0x9_0040) - base).toBe(0x9_0040);
    expect(base % 0x10_0000).toBe(0);
  });

  test('on page 0 stay: a null pointer is no place', () => {
    const book = bookOf([0, 0x40, 0x7000_0000]);
    expect([book.standIn(0), book.standIn(0x40), book.standIn(0n)]).toEqual([0, 0x40, 0n]);
  });

  test('that nobody has gathered are never given away', () => {
    expect(bookOf([0x4000_0000]).standIn(0x1_2345_6789)).toBe(0xfade_0000_0000_0 + 0x789);
  });

  test('of a report with structures beyond all measure have room', () => {
    const many = Array.from({ length: 200 }, (_, i) => [(i + 1) * 4 * GIB, GIB - PAGE] as const);
    const book = bookOf([], many);
    const standIns = many.map(([address]) => book.standIn(address));
    expect(new Set(standIns).size).toBe(many.length);
    expect(standIns).toEqual(standIns.toSorted((a, b) => a - b));
    expect(standIns.every((one) => one.toString(16).startsWith('fade'))).toBe(true);
  });
});

describe('words', () => {
  const book = bookOf([0x4200_3000, 0xffff_8000_1234_5678n]);
  const isKnown = (address: bigint) => book.has(address);
  const standIn = (address: bigint) => book.standIn(address);

  test('keep all bits but those of the address', () => {
    const mask = 0x000f_ffff_ffff_ffc0n;
    expect(withStandIns(0xf800_0000_4200_3049n, [mask], standIn)).toBe(0xf80f_ade0_0001_3049n);
  });

  test('of an unknown kind lose an address that stands elsewhere, and no other bits', () => {
    expect(withKnownStandIns(0x0060_0000_4200_3f43n, isKnown, standIn)).toBe(0x006f_ade0_0001_3f43n);
    expect(withKnownStandIns(0xffff_8000_1234_5678n, isKnown, standIn)).toBe(standIn(0xffff_8000_1234_5678n));
    expect(withKnownStandIns(0x0000_0100_0000_0003n, isKnown, standIn)).toBe(0x0000_0100_0000_0003n);
  });

  test('without a place for an address are overwritten by one when it is all that they hold', () => {
    expect(isOverwritten(0xffff_8000_1234_5678n, isKnown)).toBe(true);
    expect(isOverwritten(0x0000_1000_8000_0000n, isKnown)).toBe(false);
    expect([0xffff_8000_1234_5678n, 0xffff_ffff_ffff_ffffn, 0x0060_0000_4200_3f43n].map(isKernelAddress)).toEqual([
      true,
      false,
      false,
    ]);
  });

  test('of memory attributes are no pointers, though their top bits are set', () => {
    // MAIR as Linux sets it, an error code, and the fixed mappings, which are where they are in every kernel.
    const words = [0xffff_ffff_f404_ff44n, 0xffff_ffff_ffff_fff4n, 0xffff_ffff_fe7f_9000n];
    expect(words.map(isKernelAddress)).toEqual([false, false, false]);
  });
});

describe('text', () => {
  const marked = (text: string) => withAddresses(text, (address) => address ^ 0xabc0_0000n);

  test.each([
    ['at 0x42003000, twice', 'at 0xe9c03000, twice'],
    ['table at 0x0000000042003000', 'table at 0x00000000e9c03000'],
    ['L2 table at 0x0000000000008000', 'L2 table at 0x00000000abc08000'],
    ['0X4200ABCD', '0Xe9c0abcd'],
    ['arm-smmu-v3 42050000.smmuv3: probed', 'arm-smmu-v3 e9c50000.smmuv3: probed'],
    ['/soc@0/usb@fe900000', '/soc@0/usb@55500000'],
    ['40000000-7fffffff : System RAM', 'ebc00000-d43fffff : System RAM'],
    ['x0: ffff800012345678', 'x0: ffff8000b9f45678'],
    ['cfg 0000000042003000', 'cfg 00000000e9c03000'],
  ])('loses the addresses of %s', (text, expected) => {
    expect(marked(text)).toBe(expected);
  });

  test.each([
    'SIDs 0x10000-0x1ffff, PCI segment 0001',
    'SID 0x12345678',
    'smmu-adopt inspect --insert 0x10000,0x20000 --sid=0x30000',
    '0000:01:00.0',
    'ias 48-bit, oas 48-bit (features 0x001fffef)',
    'IDR0.HTTU features(0x600000) overridden by FW configuration (0x0)',
    'at offset 0x40000000',
    '0xffff and 0x1000',
    'arm-smmu-v3.0.auto',
    'allocated 65536 entries for cmdq',
    '1099511627776 bytes',
    'L1[5]',
  ])('keeps %s', (text) => {
    expect(marked(text)).toBe(text);
  });
});

describe('names', () => {
  test('are numbered as they come, and replaced wherever they stand for themselves', () => {
    const names = new NameBook();
    expect(names.standIn('file', '/home/ann/crash/vmcore')).toBe('file-1');
    expect(names.standIn('host', 'db17')).toBe('host-1');
    expect(names.standIn('file', '/home/ann/crash/vmcore')).toBe('file-1');
    expect(names.replaced('read /home/ann/crash/vmcore: short')).toBe('read file-1: short');
    expect(names.replaced('/home/ann/crash/vmcore.flat, too')).toBe('file-1.flat, too');
  });

  test('that could be a word of the program are left in sentences', () => {
    const names = new NameBook();
    names.standIn('file', 'table');
    expect(names.replaced('the table is misplaced')).toBe('the table is misplaced');
  });

  test('of a command line are those that are known, and paths', () => {
    const names = new NameBook();
    for (const name of ['vmcore', 'ddr 0.bin']) names.standIn('file', name);
    const line = "smmu-adopt inspect vmcore 'ddr 0.bin@0x80000000' --regs=/home/ann/regs.json --sid 0x100 --deep";
    expect(names.commandLine(line)).toBe(
      'smmu-adopt inspect file-1 file-2@0x80000000 --regs=file-3 --sid 0x100 --deep',
    );
  });

  test('of nobody stay: standard input', () => {
    expect(new NameBook().standIn('file', '-')).toBe('-');
  });
});
