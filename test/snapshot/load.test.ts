import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../src/errors.ts';
import { loadMemoryFiles, loadSnapshot, parseSnapshot, type SnapshotOptions } from '../../src/snapshot/load.ts';
import type { Snapshot } from '../../src/snapshot/snapshot.ts';
import { anyCharacter, anyText } from '../support/any-text.ts';
import { holds } from '../support/holds.ts';
import { refused } from '../support/refusal.ts';
import { runs, slowTest } from '../support/slow.ts';
import { temporaryFolder } from '../support/temporary.ts';

const folder = temporaryFolder();

const REGISTERS = { STRTAB_BASE: '0x42000000', STRTAB_BASE_CFG: '0x10210' };
/** The least that is a snapshot. */
const MINIMAL = { registers: REGISTERS };
const PARSED = new Map([
  ['STRTAB_BASE', 0x4200_0000n],
  ['STRTAB_BASE_CFG', 0x10210n],
]);

/** What is refused in a parsed snapshot, and where: `place: message`, or the message alone. */
async function refusal(json: unknown, options?: SnapshotOptions): Promise<string> {
  const { tag, file, place, what } = await refused(() => parseSnapshot(json, 'regs.json', options));
  expect({ tag, file }).toEqual({ tag: 'snapshot', file: 'regs.json' });
  return place === undefined ? what : `${place}: ${what}`;
}

const parse = (json: unknown): Snapshot => parseSnapshot(json, 'regs.json');

describe('what is no snapshot is named, with the next step', () => {
  const IMPORT = 'smmu-adopt regs import FILE --base ADDRESS makes a snapshot';

  test.each<[string, string | Uint8Array, string]>([
    ['a dump', Buffer.from('\x7fELF\x02\x01\x01\0', 'latin1'), `it is binary; a dump stands before --regs`],
    ['a text capture', '2b400000: 0d44101b 02730510\n', `it is text; of a capture of registers ${IMPORT}`],
    ['a capture in JSON', '{"SMMU_IDR0": "0x1", "CR0": "0x2"}', `of a capture of registers ${IMPORT}`],
    ['a report', '{"schemaVersion": 1, "tool": {}, "smmus": [{"name": "a"}]}', 'it is a report of smmu-adopt'],
    ['a manifest', '{"version": 1, "samples": []}', 'it is a manifest of samples, which smmu-adopt check runs'],
  ])('%s', async (what, content, message) => {
    const path = folder.write(`named-${what}`, content);
    expect((await refused(() => loadSnapshot(path))).what).toContain(message);
  });

  test('texts that a report would repeat without end are refused', async () => {
    const named = (length: number) => ({ version: 1, smmus: [{ name: 'x'.repeat(length), registers: REGISTERS }] });
    expect(parse(named(4096)).smmus[0]?.name).toHaveLength(4096);
    expect(await refusal(named(4097))).toContain('name: has 4097 characters; 4096 are the most that are read');
    const memory = [{ file: 'x'.repeat(4097), base: '0x0', size: '0x1000' }];
    expect(await refusal({ ...MINIMAL, version: 1, memory })).toContain('has 4097 characters; 4096 are the most');
  });

  test('more SMMUs and names than there can be are refused before they are read', async () => {
    const many = { smmus: Array.from({ length: 8193 }, () => 1) };
    expect((await refused(() => parseSnapshot(many, 'regs.json'))).what).toMatch(/^has 8193 entries/);
    const names = Object.fromEntries(Array.from({ length: 4097 }, (_, i) => [`X${i}`, 1]));
    expect((await refused(() => parseSnapshot({ registers: names }, 'regs.json'))).what).toMatch(/^has 4097 names/);
  });

  test.each([
    [[{ name: 'a' }, { name: 'b' }, { name: 'a' }], 'smmus[2]', '"a" is the name of smmus[0], too'],
    [[{ base: '0x9050000' }, { base: '0x9050000' }], 'smmus[1]', '"smmu@0x9050000" is the name of smmus[0], too'],
  ])('two SMMUs of one name: %j', async (smmus, place, message) => {
    const registers = { STRTAB_BASE: '0x1000', STRTAB_BASE_CFG: '0x0' };
    const json = { smmus: smmus.map((smmu) => ({ ...smmu, registers })) };
    const refusal = await refused(() => parseSnapshot(json, 'regs.json'));
    expect(refusal).toMatchObject({ tag: 'snapshot', place, what: expect.stringContaining(message) });
  });
});

describe('the file', () => {
  let files = 0;
  const load = (content: string | Uint8Array) => loadSnapshot(folder.write(`file-${files++}.json`, content));

  test('is read as UTF-8 JSON', async () => {
    const path = folder.write('minimal.json', JSON.stringify({ ...MINIMAL, name: 'Störung' }));
    const snapshot: Snapshot = {
      name: path,
      captured: 'unknown',
      memory: [],
      kdump: { revision: undefined, systemRam: [] },
      smmus: [{ name: 'Störung', base: null, firmwareCoherent: null, registers: PARSED }],
      warnings: [],
    };
    expect(await loadSnapshot(path)).toEqual(snapshot);
  });

  test('may begin with a byte order mark', async () => {
    const { smmus } = await load(`\uFEFF${JSON.stringify(MINIMAL)}`);
    expect(smmus).toHaveLength(1);
  });

  test('may be UTF-16, as a shell of Windows writes it', async () => {
    const utf16 = (text: string) => Buffer.from(text, 'utf16le');
    const text = JSON.stringify({ ...MINIMAL, memory: [{ base: '0x1000', size: '0x1000', file: 'ram' }] });
    for (const bytes of [utf16(text), utf16(`\uFEFF${text}`), utf16(`\uFEFF${text}`).swap16()]) {
      expect((await load(bytes)).smmus).toHaveLength(1);
      expect(await loadMemoryFiles(folder.write('utf16.json', bytes))).toHaveLength(1);
    }
  });

  test.each([
    ['{ "registers": { "CR0": 1, "CR1": [{ "a": 1 }], "CR\\u0030" : 2 } }', 'CR0'],
    ['{ "smmus": [ { "name": "a", "name": "a" } ] }', 'name'],
    ['{ "registers": {}, "source": "\\"a\\": {", "registers": {} }', 'registers'],
  ])('with a key twice in one object is refused: %s', async (json, key) => {
    expect((await refused(() => load(json))).what).toBe(`has "${key}" twice in one object`);
  });

  test('with one key in several objects is read', async () => {
    const { smmus } = await load(JSON.stringify({ smmus: ['a', 'b'].map((name) => ({ name, registers: REGISTERS })) }));
    expect(smmus.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  test('may be surrounded by white space', async () => {
    const { smmus } = await load(`\n\t ${JSON.stringify(MINIMAL, null, 2)}\r\n\n`);
    expect(smmus).toHaveLength(1);
  });

  // What the parser says behind "is not JSON: " differs between releases of Node.
  test.each([
    ['text', 'version: 1'],
    ['half a snapshot', '{ "registers": {'],
    ['two snapshots', `${JSON.stringify(MINIMAL)}${JSON.stringify(MINIMAL)}`],
    ['a trailing comma', '{ "registers": { "CR0": "0x1", } }'],
    ['a comment', '{ // registers\n}'],
    ['a hexadecimal number', '{ "registers": { "CR0": 0xd } }'],
    ['white space alone', ' \n '],
    ['a byte order mark alone', '\uFEFF'],
    ['two byte order marks', `\uFEFF\uFEFF${JSON.stringify(MINIMAL)}`],
    ['zero bytes', '\0\0\0\0'],
    ['the beginning of an ELF core', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0])],
    ['terminal control sequences', '\u001b[2J\u009b31m\n\u0007'],
  ])('%s is not JSON', async (what, content) => {
    const path = folder.write(`not-json-${what}`, content);
    const refusal = await refused(() => loadSnapshot(path));
    expect(refusal).toMatchObject({ tag: 'snapshot', file: path, place: undefined });
    expect(refusal.what).toMatch(/^is not JSON: \P{Cc}+$/u);
  });

  test('that is nested too deep for any stack is refused, not a crash', async () => {
    const deep = '['.repeat(50_000) + ']'.repeat(50_000);
    for (const json of [
      deep,
      `{ "version": ${deep} }`,
      `{ "captured": ${deep} }`,
      `{ "registers": { "CR0": ${deep} } }`,
    ]) {
      expect((await refused(() => load(json))).what).toMatch(/an array/);
    }
  });

  test('that is empty', async () => {
    const path = folder.write('empty.json', '');
    expect(await refused(() => loadSnapshot(path))).toEqual({
      tag: 'file',
      file: path,
      place: undefined,
      what: 'is empty',
    });
  });

  test('that is not there', async () => {
    const path = join(folder.path, 'absent.json');
    expect(await refused(() => loadSnapshot(path))).toEqual({
      tag: 'file',
      file: path,
      place: undefined,
      what: 'cannot be opened (ENOENT)',
    });
  });

  test('that is a directory', async () => {
    expect(await refused(() => loadSnapshot(folder.path))).toEqual({
      tag: 'file',
      file: folder.path,
      place: undefined,
      what: 'is a directory; a file is needed',
    });
  });

  test.skipIf(process.platform === 'win32')(
    'that is a FIFO which nobody writes to is refused at once',
    async () => {
      const path = join(folder.path, 'fifo');
      execFileSync('mkfifo', [path]);
      expect(await refused(() => loadSnapshot(path))).toEqual({
        tag: 'file',
        file: path,
        place: undefined,
        what: 'is not a regular file; a file is needed',
      });
    },
    5_000,
  );

  slowTest('of 16 MiB is read', async () => {
    const path = folder.write('large.json', JSON.stringify(MINIMAL).padEnd(1 << 24));
    expect((await loadSnapshot(path)).smmus).toHaveLength(1);
  });

  test('of one byte more is not', async () => {
    const path = folder.write('larger.json', JSON.stringify(MINIMAL));
    truncateSync(path, (1 << 24) + 1);
    expect(await refused(() => loadSnapshot(path))).toEqual({
      tag: 'snapshot',
      file: path,
      place: undefined,
      what: 'is 16777217 bytes long; is it the dump?',
    });
  });
});

describe('the top', () => {
  test.each<[unknown, string]>([
    [null, 'expected an object, found null'],
    [[MINIMAL], 'expected an object, found an array'],
    ['regs', 'expected an object, found the string "regs"'],
    [1, 'expected an object, found the number 1'],
    [undefined, 'expected an object, found nothing'],
    [{}, 'has neither "smmus" nor "registers"'],
    [{ version: 1, Registers: REGISTERS }, 'has neither "smmus" nor "registers"'],
  ])('%j is no snapshot', async (json, message) => {
    expect(await refusal(json)).toBe(message);
  });

  test('version 1 is known, and taken for granted', () => {
    expect(parse({ ...MINIMAL, version: 1 })).toEqual(parse(MINIMAL));
  });

  test.each<[unknown, string]>([
    [2, '2'],
    [0, '0'],
    [1.5, '1.5'],
    ['1', '"1"'],
    [null, 'null'],
    [true, 'true'],
    [[1], 'an array'],
  ])('version %j is not', async (version, as) => {
    expect(await refusal({ ...MINIMAL, version })).toBe(`version: ${as} is not known; only version 1 is`);
  });

  test('another version is said before anything else that may be wrong by our book', async () => {
    expect(await refusal({ version: 2, memory: 'elsewhere' })).toBe('version: 2 is not known; only version 1 is');
  });

  test('keys that nobody knows are passed over', () => {
    expect(parse({ ...MINIMAL, source: 'by hand', comment: [], toString: 1 })).toEqual(parse(MINIMAL));
  });

  test.each(['running', 'before-kdump-probe', 'after-kdump-probe', 'unknown'] as const)('captured: %s', (captured) => {
    expect(parse({ ...MINIMAL, captured }).captured).toBe(captured);
  });

  test('captured when nobody says', () => {
    expect(parse(MINIMAL).captured).toBe('unknown');
  });

  test.each<[unknown, string]>([
    ['later', '"later"'],
    ['Running', '"Running"'],
    ['', '""'],
    [null, 'null'],
    [{}, 'an object'],
  ])('captured: %j is refused', async (captured, as) => {
    expect(await refusal({ ...MINIMAL, captured })).toBe(
      `captured: ${as} is not one of running, before-kdump-probe, after-kdump-probe, unknown`,
    );
  });
});

describe('SMMUs', () => {
  test('one with its registers at the top', () => {
    expect(parse({ name: 'a', base: '0x9050000', firmware: { coherent: false }, registers: REGISTERS }).smmus).toEqual([
      { name: 'a', base: 0x905_0000, firmwareCoherent: false, registers: PARSED },
    ]);
  });

  test('several, in the order of the list, named by their base or their place in it', () => {
    const smmus = [
      { registers: REGISTERS },
      { base: '0x2b400000', registers: REGISTERS },
      { name: 'arm-smmu-v3.2.auto', base: 0, registers: REGISTERS },
      { registers: REGISTERS, firmware: {} },
      { base: 0, registers: REGISTERS, firmware: { coherent: true } },
      { base: '0xfffffffffffff', registers: REGISTERS },
    ];
    expect(parse({ smmus }).smmus).toEqual([
      { name: 'smmu0', base: null, firmwareCoherent: null, registers: PARSED },
      { name: 'smmu@0x2b400000', base: 0x2b40_0000, firmwareCoherent: null, registers: PARSED },
      { name: 'arm-smmu-v3.2.auto', base: 0, firmwareCoherent: null, registers: PARSED },
      { name: 'smmu3', base: null, firmwareCoherent: null, registers: PARSED },
      { name: 'smmu@0x0', base: 0, firmwareCoherent: true, registers: PARSED },
      { name: 'smmu@0xfffffffffffff', base: 2 ** 52 - 1, firmwareCoherent: null, registers: PARSED },
    ]);
  });

  test('one at the top without a name', () => {
    expect(parse(MINIMAL).smmus[0]?.name).toBe('smmu0');
    expect(parse({ ...MINIMAL, base: 151322624 }).smmus[0]?.name).toBe('smmu@0x9050000');
  });

  // Whatever prints a name makes it safe to print.
  test('a name is kept as it is', () => {
    expect(parse({ ...MINIMAL, name: 'off\u001b[31m\nred' }).smmus[0]?.name).toBe('off\u001b[31m\nred');
  });

  test('warnings of all of them, each with its place', () => {
    const smmus = [{ registers: { ...REGISTERS, CR9: 1 } }, { registers: { ...REGISTERS, 'CR 9': 1, CR9: 1 } }];
    expect(parse({ smmus }).warnings).toEqual([
      { place: 'smmus[0].registers.CR9', register: 'CR9' },
      { place: 'smmus[1].registers."CR 9"', register: '"CR 9"' },
      { place: 'smmus[1].registers.CR9', register: 'CR9' },
    ]);
  });

  test.each<[unknown, string]>([
    [{ smmus: [] }, 'smmus: is empty; at least one SMMU is needed'],
    [{ smmus: {} }, 'smmus: expected an array, found an object'],
    [{ smmus: null }, 'smmus: expected an array, found null'],
    [{ smmus: [MINIMAL, null] }, 'smmus[1]: expected an object, found null'],
    [{ smmus: [{}] }, 'smmus[0].registers: expected an object, found nothing'],
    [{ smmus: [MINIMAL, { registers: [] }] }, 'smmus[1].registers: expected an object, found an array'],
    [
      { smmus: [{ registers: { STRTAB_BASE: '0x0' } }] },
      'smmus[0].registers: STRTAB_BASE_CFG is missing; STRTAB_BASE and STRTAB_BASE_CFG are required',
    ],
    [
      { smmus: [{ registers: { ...REGISTERS, CR0: '0x1ffffffff' } }] },
      'smmus[0].registers.CR0: "0x1ffffffff" does not fit in 32 bits',
    ],
    [{ ...MINIMAL, base: '0x10000000000000' }, 'base: "0x10000000000000" does not fit in 52 bits'],
    [{ ...MINIMAL, base: -1 }, 'base: -1 is not an integer from 0 to 2^53-1; write larger ones as "0x..." strings'],
    [{ ...MINIMAL, base: null }, 'base: null is not a number; expected "0x..." hex, a decimal string, or an integer'],
    [{ ...MINIMAL, name: 5 }, 'name: expected a string, found the number 5'],
    [{ ...MINIMAL, firmware: true }, 'firmware: expected an object, found the boolean true'],
    [
      { smmus: [{ ...MINIMAL, firmware: { coherent: 'yes' } }] },
      'smmus[0].firmware.coherent: expected true or false, found the string "yes"',
    ],
    [{ ...MINIMAL, firmware: { coherent: null } }, 'firmware.coherent: expected true or false, found null'],
  ])('refused, case %#', async (json, message) => {
    expect(await refusal(json)).toBe(message);
  });
});

describe('the kdump section', () => {
  test('is kept, with ends made exclusive', () => {
    const systemRam = [
      { start: '0x7a000000', end: '0x7fffffff' },
      { start: 0, end: 0 },
      { start: '4096', end: '0xfffffffffffff' },
    ];
    expect(parse({ ...MINIMAL, kdump: { revision: 'v6', systemRam } }).kdump).toEqual({
      revision: 'v6',
      systemRam: [
        { start: 0x7a00_0000, end: 0x8000_0000 },
        { start: 0, end: 1 },
        { start: 4096, end: 2 ** 52 },
      ],
    });
  });

  test('may be empty', () => {
    expect(parse({ ...MINIMAL, kdump: {} }).kdump).toEqual({ revision: undefined, systemRam: [] });
  });

  test.each<[unknown, string]>([
    [null, 'kdump: expected an object, found null'],
    [{ revision: 6 }, 'kdump.revision: expected a string, found the number 6'],
    [{ systemRam: { start: 0, end: 1 } }, 'kdump.systemRam: expected an array, found an object'],
    [{ systemRam: ['0x0-0x1'] }, 'kdump.systemRam[0]: expected an object, found the string "0x0-0x1"'],
    [
      { systemRam: [{ start: 0, end: 1 }, { start: 0 }] },
      'kdump.systemRam[1].end: nothing is not a number; expected "0x..." hex, a decimal string, or an integer',
    ],
    [
      { systemRam: [{ end: 0 }] },
      'kdump.systemRam[0].start: nothing is not a number; expected "0x..." hex, a decimal string, or an integer',
    ],
    [{ systemRam: [{ start: '0x1000', end: '0xfff' }] }, 'kdump.systemRam[0]: ends before it starts'],
    [
      { systemRam: [{ start: 0, end: '0x10000000000000' }] },
      'kdump.systemRam[0].end: "0x10000000000000" does not fit in 52 bits',
    ],
  ])('%j is refused', async (kdump, message) => {
    expect(await refusal({ ...MINIMAL, kdump })).toBe(message);
  });
});

describe('the memory list', () => {
  test('is kept in its order', () => {
    const memory = [
      { base: '0x80000000', size: '0x10000000', offset: '0x1000' },
      { base: 0 },
      { base: '1073741824', size: 1, offset: 0 },
    ];
    expect(parse({ ...MINIMAL, memory }).memory).toEqual([
      {
        paddr: 0x8000_0000,
        byteLength: 0x1000_0000,
        fileOffset: 0x1000,
        file: undefined,
        where: 'regs.json: memory[0]',
      },
      { paddr: 0, byteLength: undefined, fileOffset: 0, file: undefined, where: 'regs.json: memory[1]' },
      { paddr: 0x4000_0000, byteLength: 1, fileOffset: 0, file: undefined, where: 'regs.json: memory[2]' },
    ]);
  });

  test('may be empty', () => {
    expect(parse({ ...MINIMAL, memory: [] }).memory).toEqual([]);
  });

  const number = 'is not a number; expected "0x..." hex, a decimal string, or an integer';

  test.each<[unknown, string]>([
    [{ base: 0 }, 'memory: expected an array, found an object'],
    [null, 'memory: expected an array, found null'],
    [[null], 'memory[0]: expected an object, found null'],
    [[{}], `memory[0].base: nothing ${number}`],
    [[{ base: 0 }, { size: 1 }], `memory[1].base: nothing ${number}`],
    [[{ base: 0, size: 0 }], 'memory[0].size: is 0'],
    [[{ base: 0, size: '0x0' }], 'memory[0].size: is 0'],
    [[{ base: 0, size: null }], `memory[0].size: null ${number}`],
    [[{ base: 0, size: '4K' }], `memory[0].size: "4K" ${number}`],
    [[{ base: 0, offset: '' }], `memory[0].offset: "" ${number}`],
    [[{ base: '0x10000000000000' }], 'memory[0].base: "0x10000000000000" does not fit in 52 bits'],
    [[{ base: 0, size: '0x10000000000000' }], 'memory[0].size: "0x10000000000000" does not fit in 52 bits'],
    [[{ base: 0, offset: '0x10000000000000' }], 'memory[0].offset: "0x10000000000000" does not fit in 52 bits'],
    [[{ base: 0, file: 0 }], 'memory[0].file: expected a string, found the number 0'],
    [[{ base: 0, file: null }], 'memory[0].file: expected a string, found null'],
    [[{ base: 0, file: '' }], 'memory[0].file: "" is not a file name'],
    [[{ base: 0, file: 'a\0b' }], 'memory[0].file: "a\\u0000b" is not a file name'],
  ])('%j is refused', async (memory, message) => {
    expect(await refusal({ ...MINIMAL, memory })).toBe(message);
  });
});

describe('files of the memory list', () => {
  // outside.bin                 beside the folder of the snapshot
  // case/regs.json              where the snapshot would be
  // case/inside.bin, case/sub/nested.bin, case/..data/dotted.bin
  // case/to-inside -> inside.bin, case/to-outside -> ../outside.bin, case/to-parent -> ..
  // case/to-nowhere -> ../nowhere.bin
  const root = join(folder.path, 'case');
  const outside = folder.write('outside.bin', 'x');
  for (const path of [root, join(root, 'sub'), join(root, '..data')]) mkdirSync(path);
  folder.write('case/inside.bin', 'x');
  folder.write('case/sub/nested.bin', 'x');
  folder.write('case/..data/dotted.bin', 'x');
  symlinkSync('inside.bin', join(root, 'to-inside'));
  symlinkSync('../outside.bin', join(root, 'to-outside'));
  symlinkSync('..', join(root, 'to-parent'));
  symlinkSync('../nowhere.bin', join(root, 'to-nowhere'));
  const snapshotPath = join(root, 'regs.json');

  const parseFile = (file: string, options?: SnapshotOptions, name = snapshotPath) =>
    parseSnapshot({ ...MINIMAL, memory: [{ base: 0, file }] }, name, options).memory[0]?.file;

  test.each([
    ['inside.bin', 'inside.bin'],
    ['./inside.bin', 'inside.bin'],
    ['sub/nested.bin', 'sub/nested.bin'],
    ['sub/../inside.bin', 'inside.bin'],
    ['..data/dotted.bin', '..data/dotted.bin'],
    ['to-inside', 'to-inside'],
    ['../case/inside.bin', 'inside.bin'],
    // Whether it is there is found out when it is opened.
    ['absent.bin', 'absent.bin'],
    ['to-nowhere', 'to-nowhere'],
  ])('%s stays in the folder', (name, path) => {
    expect(parseFile(name)).toEqual({ name, path: join(root, path) });
  });

  test('an absolute name of a file in the folder stays in it', () => {
    const name = join(root, 'inside.bin');
    expect(parseFile(name)).toEqual({ name, path: name });
  });

  test.each([
    ['../outside.bin', '../outside.bin'],
    ['../absent.bin', '../absent.bin'],
    ['sub/../../outside.bin', '../outside.bin'],
    ['../case2/inside.bin', '../case2/inside.bin'],
    ['..', '..'],
    ['.', '.'],
    ['sub/..', '.'],
    ['to-outside', 'to-outside'],
    ['to-parent/outside.bin', 'to-parent/outside.bin'],
    ['/etc/passwd', '/etc/passwd'],
    ['/', '/'],
  ])('%s leaves the folder, which takes --allow-outside', async (name, path) => {
    expect(await refused(() => parseFile(name))).toEqual({
      tag: 'snapshot',
      file: snapshotPath,
      place: 'memory[0].file',
      what: `"${name}" leaves the snapshot's folder; --allow-outside permits that`,
    });
    expect(await refused(() => parseFile(name, { allowOutside: false }))).toMatchObject({ place: 'memory[0].file' });
    const absolute = path.startsWith('/') ? path : join(root, path);
    expect(parseFile(name, { allowOutside: true })).toEqual({ name, path: absolute });
  });

  test('an endless name is cut short', async () => {
    const { what } = await refused(() => parseFile(`../${'a'.repeat(4000)}`));
    expect(what).toBe(`"../${'a'.repeat(34)}..." leaves the snapshot's folder; --allow-outside permits that`);
  });

  test('--allow-outside does not make a name of everything', async () => {
    expect((await refused(() => parseFile('', { allowOutside: true }))).what).toBe('"" is not a file name');
  });

  test('the snapshot may be named relative to the working directory', async () => {
    const name = relative(process.cwd(), snapshotPath);
    expect(parseFile('sub/nested.bin', {}, name)).toEqual({
      name: 'sub/nested.bin',
      path: join(root, 'sub/nested.bin'),
    });
    expect(await refused(() => parseFile('../outside.bin', {}, name))).toMatchObject({ file: name });
  });

  test('a snapshot behind a symbolic link to its folder reads the files of that folder', () => {
    const link = join(folder.path, 'link-to-case');
    symlinkSync('case', link);
    expect(parseFile('inside.bin', {}, join(link, 'regs.json'))).toEqual({
      name: 'inside.bin',
      path: join(link, 'inside.bin'),
    });
  });

  test('loadSnapshot takes the folder of the file', async () => {
    const write = (name: string, file: string) =>
      folder.write(name, JSON.stringify({ ...MINIMAL, memory: [{ base: 0, file }] }));
    const path = write('case/own.json', 'sub/nested.bin');
    const { memory } = await loadSnapshot(path);
    expect(memory[0]).toMatchObject({
      file: { name: 'sub/nested.bin', path: join(root, 'sub/nested.bin') },
      where: `${path}: memory[0]`,
    });
    const leaving = write('case/leaving.json', `../${basename(outside)}`);
    expect(dirname(leaving)).toBe(root);
    expect(await refused(() => loadSnapshot(leaving))).toMatchObject({ file: leaving, place: 'memory[0].file' });
    expect((await loadSnapshot(leaving, { allowOutside: true })).memory[0]?.file?.path).toBe(outside);
  });
});

describe('whatever JSON it is given', () => {
  /** Parses or refuses; anything else, a TypeError say, is a bug. */
  function parsesOrRefuses(json: unknown): void {
    let snapshot: Snapshot;
    try {
      snapshot = parse(json);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      expect(error.tag).toBe('snapshot');
      expect(error.message).toMatch(/^regs\.json: /);
      expect(error.message).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
      return;
    }
    expect(snapshot.smmus.length).toBeGreaterThan(0);
  }

  const value = fc.jsonValue({ stringUnit: anyCharacter });

  test('parseSnapshot parses it or refuses it', () => {
    holds(fc.property(value, parsesOrRefuses), { numRuns: runs(500) });
  });

  // Random JSON is refused at the first key. A snapshot with one wrong value gets everywhere.
  const spot = fc.constantFrom(
    ['version'],
    ['captured'],
    ['name'],
    ['base'],
    ['firmware'],
    ['firmware', 'coherent'],
    ['registers'],
    ['registers', 'CR0'],
    ['registers', 'STRTAB_BASE'],
    ['registers', 'CMDQ_BASE_LO'],
    ['registers', '__proto__'],
    ['memory'],
    ['memory', '0'],
    ['memory', '0', 'base'],
    ['memory', '0', 'size'],
    ['memory', '0', 'offset'],
    ['memory', '0', 'file'],
    ['kdump'],
    ['kdump', 'revision'],
    ['kdump', 'systemRam'],
    ['kdump', 'systemRam', '0'],
    ['kdump', 'systemRam', '0', 'start'],
    ['kdump', 'systemRam', '0', 'end'],
    ['smmus'],
  );

  test('so it does with a snapshot in which one value is something else', () => {
    holds(
      fc.property(spot, fc.oneof(value, anyText()), (path, wrong) => {
        const json = {
          registers: { ...REGISTERS },
          firmware: { coherent: true },
          memory: [{ base: 0, file: 'a' }],
          kdump: { systemRam: [{ start: 0, end: 1 }] },
        };
        let parent = json as unknown as Record<string, unknown>;
        for (const key of path.slice(0, -1)) parent = parent[key] as Record<string, unknown>;
        const key = path.at(-1) as string;
        Object.defineProperty(parent, key, { value: wrong, enumerable: true, configurable: true, writable: true });
        parsesOrRefuses(json);
      }),
      { numRuns: runs(2000) },
    );
  });

  test('and with any names of registers', () => {
    const names = fc.dictionary(anyText(), value);
    holds(
      fc.property(names, (extra) => parsesOrRefuses({ registers: { ...REGISTERS, ...extra } })),
      { numRuns: runs(500) },
    );
  });
});
