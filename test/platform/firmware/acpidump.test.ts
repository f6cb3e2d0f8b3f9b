/** Tables of ACPI as text: every style gives the bytes of the table, and what is no table is called what it is. */

import { describe, expect, test } from 'vitest';
import { InputError } from '../../../src/errors.ts';
import { acpiTableOf } from '../../../src/platform/firmware/acpidump.ts';
import { iortFirmware } from '../../../src/platform/firmware/iort-firmware.ts';
import { refused } from '../../support/refusal.ts';
import { SLOW } from '../../support/slow.ts';
import { acpidump, HEX_DUMPS, hexdumpC, xxd } from '../../support/writers/hexdump-writer.ts';
import { acpiTable, iort } from '../../support/writers/iort-writer.ts';

const TABLE = iort([
  { smmuV3: 0x905_0000, coherent: true },
  // The zeros of an SMMUv1 or v2 node are what hexdump -C squeezes.
  { type: 0, length: 96 },
  { component: '\\_SB_.DEAD BEEF 0100 C0DE', mappings: [{ firstSid: 0x31, to: 0, single: true }] },
  { segment: 1, mappings: [{ count: 0x100, firstSid: 0x100, to: 0 }] },
]);
const OTHER = acpiTable('DSDT', 2, Buffer.from('IORT @ 0x0, and 4F RT'.repeat(40)));

const DISASSEMBLY = [
  '/*',
  ' * Intel ACPI Component Architecture',
  ' * AML/ASL+ Disassembler version 20230628 (64-bit version)',
  ' */',
  '',
  '[000h 0000 004h]                   Signature : "IORT"    [IO Remapping Table]',
  '',
].join('\n');

/** As iasl prints the bytes of a table. */
const rawData = (table: Buffer) =>
  acpidump(table, 'IORT')
    .split('\n')
    .slice(1)
    .map((line) => line.replace(/^(.{58}) /, '$1  // '))
    .join('\n');

/** What od and hexdump print of words has a byte more where a table has an odd number of them. */
const beginsWith = (bytes: Buffer, table: Buffer) => bytes.subarray(0, table.length).equals(table);

const read = (text: string) => acpiTableOf(Buffer.from(text, 'latin1'), 'IORT', 'a.txt');

describe('the same bytes out of', () => {
  test.each<[string, string]>([
    ['acpidump', acpidump(TABLE, 'IORT')],
    [
      'acpidump of other tables too',
      acpidump(OTHER, 'DSDT', '0x00000000F9C3E018') + acpidump(TABLE, 'IORT') + acpidump(OTHER, 'SSDT'),
    ],
    ['acpidump with CR LF', acpidump(TABLE, 'IORT').replaceAll('\n', '\r\n')],
    [
      'acpidump of old, with quotes and (nil)',
      acpidump(TABLE, '"IORT"', '(nil)').toLowerCase().replace('iort', 'IORT'),
    ],
    ['acpidump in a quoted mail', acpidump(TABLE, 'IORT').replaceAll(/^/gm, '> ')],
    ['xxd', xxd(TABLE)],
    ['hexdump -C', hexdumpC(TABLE)],
    ['hexdump -C in a quoted mail', hexdumpC(TABLE).replaceAll(/^/gm, '> ')],
    ['hexdump -C in a block of code', hexdumpC(TABLE).replaceAll(/^/gm, '    ')],
    ['hexdump -C by cat -A', hexdumpC(TABLE).replaceAll('\n', '$\n')],
    ['hexdump -C behind a prompt', `# hexdump -C /sys/firmware/acpi/tables/IORT\n${hexdumpC(TABLE)}`],
    [
      'iasl, behind the fields',
      `${DISASSEMBLY}\nRaw Table Data: Length ${TABLE.length} (0x${TABLE.length.toString(16)})\n\n${rawData(TABLE)}`,
    ],
    ...Object.entries(HEX_DUMPS).map(([tool, print]): [string, string] => [tool, print(TABLE)]),
  ])('%s', (_, text) => expect(beginsWith(read(text), TABLE)).toBe(true));

  // Nothing but the length of a table says that it has an odd number of bytes.
  test.each(Object.entries({ xxd, 'hexdump -C': hexdumpC, ...HEX_DUMPS }))('%s, of any length', (_, print) => {
    for (let length = 1; length <= 17; length++) {
      const table = acpiTable('IORT', 5, Buffer.from('0a1b2c3d4e5f60718'.slice(0, length)));
      expect(beginsWith(read(print(table)), table), `${length} bytes`).toBe(true);
    }
  });

  test('UTF-16', () => {
    const text = Buffer.from(`\ufeff${acpidump(TABLE, 'IORT')}`, 'utf16le');
    expect(acpiTableOf(text, 'IORT', 'a.txt').equals(TABLE)).toBe(true);
  });

  test.each([
    ['behind another table', [OTHER, TABLE]],
    ['between others, at some distance', [OTHER, Buffer.alloc(12), TABLE, OTHER]],
  ])('a file of several, %s', (_, parts) => {
    expect(acpiTableOf(Buffer.concat(parts), 'IORT', 'a.bin').equals(TABLE)).toBe(true);
  });

  test('the table itself', () => {
    expect(acpiTableOf(TABLE, 'IORT', 'a.bin')).toBe(TABLE);
  });
});

test('a table out of a text is read as any other', () => {
  const { source, smmus, problems } = iortFirmware(Buffer.from(acpidump(TABLE, 'IORT')), {
    kind: 'file',
    file: 'a.txt',
  });
  expect({ source, problems }).toEqual({ source: { kind: 'file', file: 'a.txt' }, problems: [] });
  expect(smmus.map(({ base, ranges }) => [base, ranges.map(({ firstSid }) => firstSid)])).toEqual([
    [0x905_0000, [0x31, 0x100]],
  ]);
});

test.each([
  ['Base64', 'SU9SVA', 1 << 21],
  ['digits', '49 4F ', 1 << 21],
  ['rows', '00000000: 49 4f 52 54 00 00 00\n', SLOW ? 1 << 19 : 1 << 16],
])('megabytes of %s are read or refused', (_, part, count) => {
  let failure: unknown = null;
  try {
    read(part.repeat(count));
  } catch (error) {
    failure = error;
  }
  expect(failure === null || failure instanceof InputError).toBe(true);
});

test('a last word that stands where its upper bytes belong was cut off itself, and is no bytes', () => {
  const table = acpiTable('IORT', 5, Buffer.from('01234'));
  const rows = HEX_DUMPS['xxd -e']?.(table).split('\n') ?? [];
  const [, last = ''] = /^00000020: [0-9a-f]{8} ( {6}[0-9a-f]{2}) /.exec(rows[2] ?? '') ?? [];
  const read41 = read(rows.join('\n'));
  expect(read41).toEqual(table);
  expect(read(rows.join('\n').replace(last, last.trim().padEnd(8)))).toEqual(table.subarray(0, 40));
});

describe('refused, with what it is', () => {
  const MISSING = `${acpidump(TABLE, 'IORT')
    .split('\n')
    .filter((_, i) => i !== 3)
    .join('\n')}\n`;

  test.each([
    [
      'a disassembly',
      DISASSEMBLY,
      /^is a disassembly by iasl without the bytes; give the table .*\/sys\/firmware\/acpi\/tables\/IORT/,
    ],
    [
      'an acpidump without an IORT',
      acpidump(OTHER, 'DSDT') + acpidump(OTHER, 'SSDT'),
      /^is the output of acpidump without an IORT; it has DSDT, SSDT$/,
    ],
    ['a line that is missing', MISSING, /^has a hex dump whose line at 0030 does not follow the one before$/],
    ['a heading alone', 'IORT @ 0x0000000000000000\n', /^has a heading of IORT as acpidump prints it, and no bytes$/],
  ])('%s', async (_, text, message) => {
    const { tag, file, what } = await refused(() => read(text));
    expect({ tag, file }).toEqual({ tag: 'format', file: 'a.txt' });
    expect(what).toMatch(message);
  });

  test.each([
    ['blanks behind what begins as the table', `49${' '.repeat((SLOW ? 30 : 4) << 20)}`],
    ['blanks in a line with a return', `0000 ${' '.repeat(1 << 20)}\rx\n`],
  ])('megabytes of %s', async (_, text) => {
    const { what } = await refused(() => iortFirmware(Buffer.from(text), { kind: 'file', file: 'a.txt' }));
    expect(what).toBe('does not begin with "IORT"; is it that table of ACPI?');
  });

  test('another text, as another file', async () => {
    const { what } = await refused(() =>
      iortFirmware(Buffer.from('{ "version": 1 }\n'), { kind: 'file', file: 'regs.json' }),
    );
    expect(what).toBe('does not begin with "IORT"; is it that table of ACPI?');
  });

  test('a dump that was cut, as a table that was', async () => {
    const text = acpidump(TABLE, 'IORT');
    const { what } = await refused(() =>
      iortFirmware(Buffer.from(text.slice(0, text.length / 2)), { kind: 'file', file: 'a.txt' }),
    );
    expect(what).toMatch(/^is \d+ bytes long, but its header says \d+; it is truncated or damaged$/);
  });
});
