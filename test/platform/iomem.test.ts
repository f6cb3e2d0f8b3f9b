/** The map of a machine out of /proc/iomem: what is RAM, what is a device, and every text that is no such map. */

import { execFileSync } from 'node:child_process';
import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../src/errors.ts';
import { type Iomem, loadIomem, parseIomem } from '../../src/platform/iomem.ts';
import { anyText } from '../support/any-text.ts';
import { holds } from '../support/holds.ts';
import { openDescriptors } from '../support/made/descriptors.ts';
import { refused } from '../support/refusal.ts';
import { runs, slowTest } from '../support/slow.ts';
import { temporaryFolder } from '../support/temporary.ts';

const folder = temporaryFolder();

const parse = (...lines: string[]): Iomem => parseIomem(lines.map((line) => `${line}\n`).join(''), 'iomem.txt');

/** The least that is a map. */
const RAM = '40000000-5fffffff : System RAM';

/** What is refused, and where: `line 2: message`, or the message alone. */
async function refusal(text: string): Promise<string> {
  const { tag, file, place, what } = await refused(() => parseIomem(text, 'iomem.txt'));
  expect({ tag, file }).toEqual({ tag: 'format', file: 'iomem.txt' });
  return place === undefined ? what : `${place}: ${what}`;
}

describe('the map of a virtual machine', () => {
  const map = parse(
    '08000000-0800ffff : GICD',
    '09000000-09000fff : pl011@9000000',
    '  09000000-09000fff : 9000000.pl011 pl011@9000000',
    '09050000-09050dff : 9050000.smmuv3',
    '40000000-5c43ffff : System RAM',
    '  40029000-40029fff : reserved',
    '  50400000-5a3fffff : Crash kernel',
    '  5b000000-5b75ffff : Kernel code',
    '5c440000-5c72ffff : reserved',
    '5c730000-5fffffff : System RAM',
    '8000000000-ffffffffff : PCI Bus 0000:00',
    '  8000400000-80005fffff : PCI Bus 0000:03',
    '    8000400000-8000403fff : 0000:03:00.0',
    '      8000400000-8000403fff : virtio-pci-modern',
  );

  test('keeps every entry in the order of the file, with its depth and its end made exclusive', () => {
    expect(map.file).toBe('iomem.txt');
    expect(map.ranges).toHaveLength(14);
    expect(map.ranges.map(({ depth }) => depth)).toEqual([0, 0, 1, 0, 0, 1, 1, 1, 0, 0, 0, 1, 2, 3]);
    expect(map.ranges[0]).toEqual({ start: 0x800_0000, end: 0x801_0000, name: 'GICD', depth: 0 });
    expect(map.ranges[2]).toMatchObject({ name: '9000000.pl011 pl011@9000000', depth: 1 });
    const virtio = { start: 0x80_0040_0000, end: 0x80_0040_4000, name: 'virtio-pci-modern', depth: 3 };
    expect(map.ranges[13]).toEqual(virtio);
  });

  test('has its RAM in one piece, over what is reserved in and beside it', () => {
    expect(map.systemRam).toEqual([{ start: 0x4000_0000, end: 0x6000_0000 }]);
  });

  test('has the memory of the kdump kernel', () => {
    expect(map.crashKernel).toEqual([{ start: 0x5040_0000, end: 0x5a40_0000 }]);
  });

  test('has the rest of its top level for devices', () => {
    const names = ['GICD', 'pl011@9000000', '9050000.smmuv3', 'PCI Bus 0000:00'];
    expect(map.devices.map(({ name }) => name)).toEqual(names);
    expect(map.devices[2]).toEqual({ start: 0x905_0000, end: 0x905_0e00, name: '9050000.smmuv3', depth: 0 });
  });
});

describe('memory', () => {
  test.each([
    'System RAM',
    'System RAM (kmem)',
    'System RAM (virtio_mem)',
    'reserved',
    'Crash kernel',
    'Persistent Memory',
    'Persistent Memory (legacy)',
    'Soft Reserved',
    'CXL Window 0',
    'ACPI Tables',
    'ACPI Non-volatile Storage',
  ])('%s of the top level is memory', (name) => {
    const { systemRam, devices } = parse(RAM, `80000000-8fffffff : ${name}`);
    expect(systemRam).toEqual([
      { start: 0x4000_0000, end: 0x6000_0000 },
      { start: 0x8000_0000, end: 0x9000_0000 },
    ]);
    expect(devices).toEqual([]);
  });

  test.each([
    'System RAMdisk',
    'not System RAM',
    'reserved by firmware',
    'Kernel code',
    'ARMH0011:00',
    'RAM buffer',
    '',
  ])('"%s" is a device', (name) => {
    const { systemRam, devices } = parse(RAM, `80000000-8fffffff : ${name}`);
    expect(systemRam).toEqual([{ start: 0x4000_0000, end: 0x6000_0000 }]);
    expect(devices).toEqual([{ start: 0x8000_0000, end: 0x9000_0000, name, depth: 0 }]);
  });

  test('below a device is that device', () => {
    const { systemRam, devices } = parse(RAM, '80000000-8fffffff : bridge', '  80000000-80ffffff : reserved');
    expect(systemRam).toEqual([{ start: 0x4000_0000, end: 0x6000_0000 }]);
    expect(devices.map(({ name }) => name)).toEqual(['bridge']);
  });

  test('is sorted; what touches or overlaps is joined, what one byte parts is not', () => {
    const { systemRam } = parse(
      '80001000-80001fff : System RAM',
      '80000000-80000fff : reserved',
      '40000000-4fffffff : System RAM',
      '48000000-48ffffff : System RAM',
      '4f000000-5fffffff : System RAM',
      '80002001-80002fff : System RAM',
    );
    expect(systemRam).toEqual([
      { start: 0x4000_0000, end: 0x6000_0000 },
      { start: 0x8000_0000, end: 0x8000_2000 },
      { start: 0x8000_2001, end: 0x8000_3000 },
    ]);
  });

  test('of the kdump kernel may be two reservations, and below anything', () => {
    const { crashKernel } = parse(
      RAM,
      '  50000000-57ffffff : Crash kernel',
      '    58000000-5fffffff : Crash kernel',
      '  5f000000-5f0fffff : Crash kernel modules',
    );
    expect(crashKernel).toEqual([
      { start: 0x5000_0000, end: 0x5800_0000 },
      { start: 0x5800_0000, end: 0x6000_0000 },
    ]);
  });

  test('without a kdump kernel', () => {
    expect(parse(RAM).crashKernel).toEqual([]);
  });
});

describe('the text', () => {
  test('may have blank lines, CR LF, and no line break at its end', () => {
    const text = `\r\n00001000-00001fff : uart\r\n  \t\r\n\n${RAM}`;
    expect(parseIomem(text, 'iomem.txt')).toEqual(parse('00001000-00001fff : uart', RAM));
  });

  test.each([
    ['indented', '    '],
    ['indented by a tab', '\t'],
    ['quoted', '> '],
    ['quoted twice', '>> '],
    ['quoted without a blank', '>'],
  ])('may be %s, as long as all of it is', (_, margin) => {
    const lines = [RAM, '  50000000-57ffffff : Crash kernel', '80000000-8fffffff : > x'];
    const text = lines.map((line) => `${margin}${line}\r\n`).join(`${margin.trim()}\r\n`);
    expect(parseIomem(text, 'iomem.txt')).toEqual(parse(...lines));
  });

  test('may be indented where the first line is not the outermost', () => {
    const { ranges } = parse(`    ${RAM}`, '  00001000-00001fff : uart', `  ${RAM}`);
    expect(ranges.map(({ depth }) => depth)).toEqual([1, 0, 0]);
  });

  test('may have hexadecimal digits of either case, and any number of them from eight on', () => {
    const { ranges } = parse('0000000040000000-000000004FFFFFFF : System RAM', '50000000-fffffffffffff : x');
    expect(ranges[0]).toMatchObject({ start: 0x4000_0000, end: 0x5000_0000 });
    expect(ranges[1]).toMatchObject({ start: 0x5000_0000, end: 2 ** 52 });
  });

  test('may have ranges of one byte, and one at address 0', () => {
    expect(parse(RAM, '00000000-00000000 : x').devices).toEqual([{ start: 0, end: 1, name: 'x', depth: 0 }]);
  });

  test.each(['a : b', ' leading', '\u001b[2J', 'a\u2028b', 'a\rb', 'Störung', '<BAD>', '__proto__'])(
    'has names that are kept as they are, case %#',
    (name) => {
      expect(parse(RAM, `80000000-8fffffff : ${name}`).devices[0]?.name).toBe(name);
    },
  );

  const CRASH = '  50000000-57ffffff : Crash kernel';
  const TREE = [RAM, CRASH, '    50000000-50000fff : x', '80000000-8fffffff : uart', RAM.replaceAll('0', '6')];

  test.each([
    ['tabs', (line: string) => line.replaceAll('  ', '\t')],
    ['blanks that do not break', (line: string) => line.replaceAll(' ', '\u00a0')],
    ['blanks at the ends of lines', (line: string) => `${line}   `],
    ['no indentation left', (line: string) => line.trim()],
  ])('may have %s', (_, change) => {
    expect(parse(...TREE.map(change))).toEqual(parse(...TREE));
  });

  test.each([
    ['# cat /proc/iomem', ''],
    ['root@node7:~# cat /proc/iomem', 'root@node7:~# '],
    ['```', '```'],
  ])('may have what a terminal or a page has around it: %s', (before, behind) => {
    expect(parse(before, ...TREE, behind)).toEqual(parse(...TREE));
  });

  const form = 'expected "40000000-5fffffff : System RAM" or the like, found';

  test.each([
    ['hello', `${form} "hello"`],
    ['40000000-5fffffff', `${form} "40000000-5fffffff"`],
    ['40000000-5fffffff: System RAM', `${form} "40000000-5fffffff: System RAM"`],
    ['0x40000000-0x5fffffff : System RAM', `${form} "0x40000000-0x5fffffff : System RAM"`],
    ['0060-006f : keyboard', `${form} "0060-006f : keyboard"`],
    [' 40000000-5fffffff : System RAM', `${form} " 40000000-5fffffff : System RAM"`],
    ['   40000000-5fffffff : System RAM', `${form} "   40000000-5fffffff : System RAM"`],
    ['-40000000-5fffffff : System RAM', `${form} "-40000000-5fffffff : System RAM"`],
    ['\u009b31m\u0000', `${form} "\\u009b31m\\u0000"`],
    ['x'.repeat(100_000), `${form} "${'x'.repeat(37)}..."`],
    ['50000000-4fffffff : x', '"50000000-4fffffff : x" ends before it starts'],
    ['10000000000000-10000000000fff : x', '"10000000000000-10000000000fff : x" is beyond 52 bits'],
    ['40000000-10000000000000 : x', '"40000000-10000000000000 : x" is beyond 52 bits'],
    ['10000000000000-40000000 : x', '"10000000000000-40000000 : x" is beyond 52 bits'],
    ['40000000-ffffffffffffffff : x', '"40000000-ffffffffffffffff : x" is beyond 52 bits'],
    [`00000000-${'f'.repeat(1000)} : x`, `"00000000-${'f'.repeat(28)}..." is beyond 52 bits`],
  ])('is refused for a line at fault, case %#', async (line, message) => {
    expect(await refusal(`${RAM}\n\n${line}\n`)).toBe(`line 3: ${message}`);
  });

  test.each([
    ['nothing', ''],
    ['blank lines', '\n \n'],
    ['devices alone', '08000000-0800ffff : GICD\n'],
    ['reserved memory alone', '08000000-0800ffff : reserved\n'],
    ['RAM below something else', '40000000-5fffffff : bridge\n  40000000-5fffffff : System RAM\n'],
  ])('is refused for want of RAM: %s', async (_, text) => {
    expect(await refusal(text)).toBe('has no "System RAM" at the top level; is it a copy of /proc/iomem?');
  });

  test('is refused when it was read without privilege', async () => {
    const hidden = '00000000-00000000 : GICD\n00000000-00000000 : System RAM\n  00000000-00000000 : Crash kernel\n';
    const message = 'has zeros for all addresses; /proc/iomem must be read as root';
    expect(await refusal(hidden)).toBe(message);
    expect(await refusal(hidden.replaceAll('00000000', '0000000000000000'))).toBe(message);
    expect(await refusal('00000000-00000000 : GICD\n')).toBe(message);
    expect(await refusal(hidden.replaceAll(/^/gm, '> '))).toBe(message);
  });

  const most = `${RAM}\n`.repeat(100_000);

  slowTest('of 100,000 lines is read', () => {
    expect(parseIomem(most, 'iomem.txt').ranges).toHaveLength(100_000);
  });

  test('of one line more is not', async () => {
    const message = 'has more than 100000 lines, too many for a copy of /proc/iomem';
    expect(await refusal(`${most}\n`)).toBe(message);
    expect(await refusal(`${most}${RAM}`)).toBe(message);
    expect(await refusal('\n'.repeat(4_000_000))).toBe(message);
  });
});

describe('the file', () => {
  test('is read as the text is', async () => {
    const path = folder.write('iomem.txt', `${RAM}\n80000000-8fffffff : Störung\n`);
    expect(await loadIomem(path)).toEqual({ ...parse(RAM, '80000000-8fffffff : Störung'), file: path });
    expect(openDescriptors(folder.path)).toEqual([]);
  });

  test('may begin with a byte order mark', async () => {
    const path = folder.write('bom.txt', `\uFEFF${RAM}\n`);
    expect((await loadIomem(path)).systemRam).toHaveLength(1);
  });

  test.each(['utf16le', 'big-endian'])('may be UTF-16, as a shell of Windows writes it: %s', async (order) => {
    const bytes = Buffer.from(`\uFEFF${RAM}\r\n`, 'utf16le');
    const path = folder.write(`${order}.txt`, order === 'utf16le' ? bytes : bytes.swap16());
    expect((await loadIomem(path)).systemRam).toHaveLength(1);
  });

  test('is named in refusals of its text', async () => {
    const path = folder.write('ports.txt', '0000-001f : dma1\n');
    expect(await refused(() => loadIomem(path))).toMatchObject({ tag: 'format', file: path, place: 'line 1' });
  });

  test('of 4 MiB is read, one byte more is not', async () => {
    const path = folder.write('large.txt', `${RAM}\n`.padEnd(1 << 22));
    expect((await loadIomem(path)).ranges).toHaveLength(1);
    truncateSync(path, (1 << 22) + 1);
    expect(await refused(() => loadIomem(path))).toEqual({
      tag: 'format',
      file: path,
      place: undefined,
      what: 'is 4194305 bytes long, too long for a copy of /proc/iomem',
    });
    expect(openDescriptors(folder.path)).toEqual([]);
  });

  test.each([
    ['an absent file', () => join(folder.path, 'absent'), 'cannot be opened (ENOENT)'],
    ['an empty file', () => folder.write('empty.txt', ''), 'is empty'],
    ['a folder', () => folder.path, 'is a directory; a file is needed'],
  ])('cannot be %s', async (_, make, what) => {
    const path = make();
    expect(await refused(() => loadIomem(path))).toEqual({ tag: 'file', file: path, place: undefined, what });
  });

  test.skipIf(process.platform === 'win32')(
    'cannot be a FIFO, which nobody need write to',
    async () => {
      const path = join(folder.path, 'fifo');
      execFileSync('mkfifo', [path]);
      const what = 'is not a regular file; a file is needed';
      expect(await refused(() => loadIomem(path))).toEqual({ tag: 'file', file: path, place: undefined, what });
    },
    5_000,
  );
});

describe('whatever text it is given', () => {
  test('megabytes of blanks are read once', () => {
    const name = `System RAM${' '.repeat(2 << 20)}x`;
    const { ranges } = parseIomem(`40000000-5fffffff : System RAM\n60000000-7fffffff : ${name}  \n`, 'iomem.txt');
    expect(ranges.map((range) => range.name.length)).toEqual([10, name.length]);
  });

  function parsesOrRefuses(text: string): void {
    let map: Iomem;
    try {
      map = parseIomem(text, 'iomem.txt');
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      expect(error.tag).toBe('format');
      expect(error.message).toMatch(/^iomem\.txt: /);
      expect(error.message).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
      return;
    }
    expect(map.systemRam.length).toBeGreaterThan(0);
    for (const { start, end } of [...map.ranges, ...map.systemRam]) expect(start).toBeLessThan(end);
    for (const [i, { start }] of map.systemRam.entries()) {
      expect(start).toBeGreaterThan(map.systemRam[i - 1]?.end ?? -1);
    }
  }

  test('it parses it or refuses it', () => {
    holds(fc.property(anyText(), parsesOrRefuses), { numRuns: runs(500) });
  });

  // Random text is refused at its first line. Lines of nearly the right form get everywhere.
  const address = fc.bigInt({ min: 0n, max: 2n ** 54n });
  const low = fc.bigInt({ min: 0n, max: 64n });
  const digits = fc.oneof(low, low, address).map((value) => value.toString(16).padStart(8, '0'));
  const name = fc.oneof(fc.constantFrom('System RAM', 'System RAM', 'reserved', 'Crash kernel', 'GICD'), anyText());
  const indent = fc.constantFrom('', '', '', '  ', '    ');
  const line = fc.tuple(indent, digits, digits, name).map(([spaces, a, b, what]) => {
    const [first, last] = a.length === b.length && a > b ? [b, a] : [a, b];
    return `${spaces}${first}-${last} : ${what}`;
  });
  const text = fc.array(line).chain((lines) => fc.constantFrom(lines.join('\n'), `${RAM}\n${lines.join('\r\n')}`));

  test('so it does with lines of nearly the right form', () => {
    holds(fc.property(text, parsesOrRefuses), { numRuns: runs(2000) });
  });
});
