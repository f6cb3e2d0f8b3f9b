/** dump_info.txt of Qualcomm's RAM dumps: rows that count, rows that do not, and files that are not beside it. */

import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadDumpInfo, parseDumpInfo } from '../../../src/dump/formats/qualcomm.ts';
import { openDump } from '../../../src/dump/open.ts';
import { InputError } from '../../../src/errors.ts';
import { holds } from '../../support/holds.ts';
import { refusalOf } from '../../support/refusal.ts';
import { patternBytes } from '../../support/sources.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const USUAL = [
  '8 0x0000000014680000     262144     OCIMEM                     OCIMEM.BIN',
  '1 0x0000000080000000 2147483648     DDR CS0 part0 Memory       DDRCS0_0.BIN',
  '1 0x0000000100000000 2147483648     DDR CS0 part1 Memory       DDRCS0_1.BIN',
  '8 0x0000000000778000      24576     RPM MSG RAM                MSGRAM.BIN',
  '',
].join('\n');

const parse = (text: string) => parseDumpInfo(text, 'dump_info.txt');
const short = (text: string) => parse(text).map(({ paddr, byteLength, file }) => [file?.name, paddr, byteLength]);
const row = (file: string) => `1 0x80000000 4096 DDR CS0 ${file}`;

describe('rows', () => {
  test('of DRAM, in their order, and no others', () => {
    expect(parse(USUAL)).toEqual(
      [['DDRCS0_0.BIN', 0x8000_0000, 2] as const, ['DDRCS0_1.BIN', 0x1_0000_0000, 3] as const].map(
        ([name, paddr, line]) => ({
          paddr,
          byteLength: 2 ** 31,
          fileOffset: 0,
          file: { name, path: name },
          where: `dump_info.txt: line ${line}`,
        }),
      ),
    );
  });

  test('files of DRAM', () => {
    for (const file of ['DDRCS0.BIN', 'DDRCS1_2.BIN', 'EBICS0.BIN', 'EBI1CS1.BIN', 'VMDDR0.BIN', 'ddrcs0_0.bin']) {
      expect(short(row(file))).toEqual([[file, 0x8000_0000, 4096]]);
    }
    for (const file of ['OCIMEM.BIN', 'CODERAM.BIN', 'PMIC_DDR.BIN', 'XEBI.BIN']) {
      expect(short(`${row(file)}\n${row('DDR.BIN')}`)).toEqual([['DDR.BIN', 0x8000_0000, 4096]]);
    }
  });

  test('any white space, any line ends, headings and remarks', () => {
    const text = [
      '\uFEFFFlag Base Length Description File',
      '# 1 0x0 4096 DDR DDR_NOT.BIN',
      '// 1 0x0 4096 DDR DDR_NOT.BIN',
      '------',
      '\t1\t0x80000000\t4096\tDDR CS0\tDDRCS0_0.BIN \t',
      '   1 90000000   8192   DDRCS0_1.BIN',
      '',
      '2 files',
    ];
    for (const end of ['\n', '\r\n', '\r']) {
      expect(short(text.join(end))).toEqual([
        ['DDRCS0_0.BIN', 0x8000_0000, 4096],
        ['DDRCS0_1.BIN', 0x9000_0000, 8192],
      ]);
    }
  });

  test('a bank that is not fitted has no bytes', () => {
    expect(short(`1 0x0 0 DDR CS1 DDRCS1_0.BIN\n${row('DDRCS0_0.BIN')}`)).toHaveLength(1);
  });

  test.each([
    ['1 0x8000000g 4096 DDR DDRCS0.BIN', 'the base "0x8000000g" is not a hexadecimal number'],
    ['1 0x 4096 DDR DDRCS0.BIN', 'the base "0x" is not a hexadecimal number'],
    ['1 0x80000000 0x1000 DDR DDRCS0.BIN', 'the length "0x1000" is not a decimal number'],
    ['1 0x80000000 -4096 DDR DDRCS0.BIN', 'the length "-4096" is not a decimal number'],
    ['x 0x80000000 4096 DDR DDRCS0.BIN', 'the flag "x" is not a number'],
    ['1 0x80000000 DDRCS0.BIN', 'is not "flag base length description FILE.BIN"'],
    ['DDRCS0.BIN', 'is not "flag base length description FILE.BIN"'],
    ['1 0x80000000 4096 DDR CS0', 'is not "flag base length description FILE.BIN"'],
    ['1 0xfffffffffffff 2 DDR DDRCS0.BIN', '0xfffffffffffff and 2 bytes are beyond 52 address bits'],
    [
      '1 0x80000000 99999999999999999999 DDR DDRCS0.BIN',
      '0x80000000 and 99999999999999999999 bytes are beyond 52 address bits',
    ],
  ])('%s', async (line, message) => {
    expect(await refusalOf(() => parse(`${row('DDRCS1.BIN')}\r\n\r\n${line}`))).toEqual({
      tag: 'format',
      message: `dump_info.txt: line 3: ${message}`,
    });
  });

  test.each(['', '\n\n', 'nothing of the kind', USUAL.replaceAll('DDRCS', 'CODE')])('no DRAM in %j', async (text) => {
    expect(await refusalOf(() => parse(text))).toEqual({
      tag: 'format',
      message: 'dump_info.txt: names no DRAM: no file begins with DDR, EBI or VMDDR',
    });
  });

  test('any text: entries that can be used, or an InputError', () => {
    const word = fc.oneof(
      fc.constantFrom('1', '0x80000000', '4096', 'DDR.BIN', 'OCIMEM.BIN', '\r\n', '\n'),
      fc.string(),
    );
    holds(
      fc.property(fc.array(word), (words) => {
        try {
          for (const { paddr, byteLength = 0 } of parse(words.join(' '))) {
            expect(byteLength).toBeGreaterThan(0);
            expect(paddr + byteLength).toBeLessThanOrEqual(2 ** 52);
          }
        } catch (error) {
          if (!(error instanceof InputError)) throw error;
        }
      }),
    );
  });
});

describe('files', () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder.path, 'dump'));
  const first = patternBytes(0x2000, 1);
  const second = patternBytes(0x1800, 2);
  folder.write('dump/DDRCS0_0.BIN', first);
  folder.write('dump/DDRCS0_1.BIN', second);
  const outside = folder.write('outside.bin', first);
  symlinkSync(outside, join(folder.path, 'dump', 'DDRCS1_0.BIN'));
  symlinkSync('DDRCS0_0.BIN', join(folder.path, 'dump', 'DDRCS1_1.BIN'));
  let written = 0;
  const info = (text: string) => folder.write(`dump/dump_info_${written++}.txt`, text);

  test('are found beside it, and one that is short is lost from there on', async () => {
    const loadMap = await loadDumpInfo(
      info('1 0x80000000 8192 DDR CS0 DDRCS0_0.BIN\n1 0x90000000 8192 DDR CS0 DDRCS0_1.BIN\n'),
    );
    const dump = await openDump([], { loadMap });
    try {
      const into = Buffer.alloc(0x2000);
      expect(dump.memory.read(0x8000_0000, into)).toEqual([{ offset: 0, byteLength: 0x2000, state: 'present' }]);
      expect(into.equals(first)).toBe(true);
      expect(dump.memory.read(0x9000_0000, into)).toEqual([
        { offset: 0, byteLength: 0x1800, state: 'present' },
        { offset: 0x1800, byteLength: 0x800, state: 'lost' },
      ]);
      expect(into.subarray(0, 0x1800).equals(second)).toBe(true);
      expect(dump.complete).toBe(false);
      expect(dump.problems).toMatchObject([{ fileOffset: 0x1800 }]);
    } finally {
      dump.close();
    }
  });

  test('a link in the folder is followed, as long as it stays there', async () => {
    const wide = folder.write('dump_info_wide.txt', Buffer.from(`\uFEFF${row('DDRCS1_1.BIN')}\r\n`, 'utf16le'));
    expect(await loadDumpInfo(wide)).toMatchObject([{ file: { name: 'DDRCS1_1.BIN' } }]);
    const [entry] = await loadDumpInfo(info(row('DDRCS1_1.BIN')));
    expect(entry?.file).toEqual({ name: 'DDRCS1_1.BIN', path: join(folder.path, 'dump', 'DDRCS1_1.BIN') });
  });

  test.each(['DDRCS1_0.BIN', 'DDR/../../outside.bin', 'DDR/../../../etc/x.bin'])('%s is refused', async (name) => {
    const path = info(`\n${row(name)}`);
    expect(await refusalOf(() => loadDumpInfo(path))).toEqual({
      tag: 'format',
      message: `${path}: line 2: "${name}" leaves the folder of the dump`,
    });
  });

  test('a file that is no dump_info.txt is not read', async () => {
    const path = info('x'.repeat((1 << 20) + 1));
    expect(await refusalOf(() => loadDumpInfo(path))).toEqual({
      tag: 'format',
      message: `${path}: is 1048577 bytes long; is it a dump_info.txt?`,
    });
    expect(await refusalOf(() => loadDumpInfo(join(folder.path, 'absent')))).toMatchObject({ tag: 'file' });
  });
});
