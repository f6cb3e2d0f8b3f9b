import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { importNotes } from '../../src/report/text/import-notes.ts';
import { contentOf } from '../../src/snapshot/import/content.ts';
import { formatOf } from '../../src/snapshot/import/formats.ts';
import { type Imported, type ImportOptions, importRegisters } from '../../src/snapshot/import/import.ts';
import { registerPart } from '../../src/snapshot/import/names.ts';
import { parseSnapshot } from '../../src/snapshot/load.ts';
import { QEMU_A, whyNot } from '../support/outside/real-dumps.ts';
import { refusalOf } from '../support/refusal.ts';

const DATA = fileURLToPath(new URL('../data/regs/', import.meta.url));
const BASE = 0x905_0000;
const OPTIONS: ImportOptions = { targets: [{ base: BASE }], captured: 'running', coherent: true };

const bytesOf = (content: string | Uint8Array) => (typeof content === 'string' ? Buffer.from(content) : content);

/** Imports contents as files named `a`, `b` and so on. */
function imported(contents: readonly (string | Uint8Array)[], options: Partial<ImportOptions> = {}): Imported {
  const inputs = contents.map((content, i) => ({ content: contentOf(bytesOf(content), 'abcdef'[i] as string) }));
  return importRegisters(inputs, { ...OPTIONS, ...options });
}

/** The registers of the first SMMU, as the parser of the project reads them. */
function registers({ snapshot }: Imported): Record<string, bigint> {
  const { smmus, warnings } = parseSnapshot(snapshot, 'regs.json');
  expect(warnings).toEqual([]);
  return Object.fromEntries(smmus[0]?.registers ?? []);
}

/** The line that a user sees. */
const refusal = async (contents: readonly (string | Uint8Array)[], options: Partial<ImportOptions> = {}) =>
  (await refusalOf(() => imported(contents, options))).message;

/** The notes that are not about what is missing. */
const remarks = (about: Imported) => importNotes(about).filter((note) => !/^smmu@\S+ .+ missing: /.test(note));

const EXCERPT = {
  IDR0: 0x0d40101an,
  IDR1: 0x02730010n,
  IDR3: 0x1404n,
  IDR5: 0x74n,
  CR0: 0xdn,
  CR0ACK: 0xdn,
  GBPA: 0x1000n,
  GERROR: 0n,
  GERRORN: 0n,
  STRTAB_BASE: 0x40000008430a3000n,
  STRTAB_BASE_CFG: 0x10210n,
  CMDQ_BASE: 0x4000000856900010n,
  CMDQ_PROD: 0x419n,
  CMDQ_CONS: 0x419n,
  EVENTQ_BASE: 0x4000000856a0000fn,
  EVENTQ_PROD: 8n,
  EVENTQ_CONS: 8n,
};

/** The two that every import needs, for tests of something else. */
const TABLE = '0x9050080: 0x430a3000\n0x9050084: 0x40000008\n0x9050088: 0x10210\n';
const WITH_TABLE = { STRTAB_BASE: 0x40000008430a3000n, STRTAB_BASE_CFG: 0x10210n };

describe('the same registers in every format', () => {
  test.each([
    ['devmem-console.txt', 'devmem'],
    ['devmem-labelled.txt', 'devmem'],
    ['devmem-loop.txt', 'list'],
    ['devmem2.txt', 'devmem'],
    ['xp.txt', 'xp'],
    ['uboot-md.txt', 'md'],
    ['openocd.txt', 'list'],
    ['names.txt', 'list'],
    ['flat.json', 'json'],
    ['addresses.json', 'json'],
  ])('%s is recognised as %s', (name, format) => {
    const content = contentOf(readFileSync(join(DATA, name)), name);
    expect(formatOf(content).name).toBe(format);
    const result = importRegisters([{ content }], OPTIONS);
    expect(registers(result)).toMatchObject(EXCERPT);
    expect(importRegisters([{ content }], { ...OPTIONS, format })).toEqual(result);
  });

  test('binary, one page and both', () => {
    const pages = Buffer.alloc(0x20000);
    for (const [name, value] of Object.entries(EXCERPT)) {
      const { offset = 0, byteLength } = registerPart(name) ?? {};
      if (byteLength === 8) pages.writeBigUInt64LE(value, offset);
      else pages.writeUInt32LE(Number(value), offset);
    }
    expect(registers(imported([pages]))).toMatchObject(EXCERPT);
    const page0 = imported([pages.subarray(0, 0x1000)]);
    expect(registers(page0)).toMatchObject({ ...EXCERPT, EVENTQ_PROD: 0n, EVENTQ_CONS: 0n });
    expect(remarks(page0)).toContain(
      'taken from page 0, which need not show the registers of page 1: EVENTQ_PROD, EVENTQ_CONS, PRIQ_PROD and 1 more',
    );
  });
});

describe('names', () => {
  test.each([
    ['STRTAB_BASE', 'STRTAB_BASE', 0x80, 8],
    ['ARM_SMMU_EVTQ_BASE', 'EVENTQ_BASE', 0xa0, 8],
    ['smmu_v3_eventq_prod', 'EVENTQ_PROD', 0x100a8, 4],
    ['SMMUv3.CMDQ_CONS', 'CMDQ_CONS', 0x9c, 4],
    ['STRTAB_BASE_LOW', 'STRTAB_BASE', 0x80, 4],
    ['STRTAB_BASE_HIGH', 'STRTAB_BASE', 0x84, 4],
    ['strtab-base[63:32]', 'STRTAB_BASE', 0x84, 4],
    ['STRTAB_BASE_UPPER', 'STRTAB_BASE', 0x84, 4],
    ['cr0_ack', 'CR0ACK', 0x24, 4],
    ['EVT_Q_CONS', 'EVENTQ_CONS', 0x100ac, 4],
  ])('%s', (written, name, offset, byteLength) => {
    const { register, ...part } = registerPart(written) ?? {};
    expect({ name: register?.name, ...part }).toEqual({ name, offset, byteLength });
  });

  test.each(['S_CR0', 'SMMU_S_CR0', 'SMMU_R_STRTAB_BASE', 'CR0_LO', 'STRTAB_BASE_CFG_HI', '0x20', 'X'.repeat(99), ''])(
    '%s is no register of ours',
    (written) => {
      expect(registerPart(written)).toBeUndefined();
    },
  );
});

describe('lines of lists and logs', () => {
  test.each([
    ['0x9050020: 0xd'],
    ['0x9050020 = 0x0000000D'],
    ['09050020: 0000000d'],
    ['0x0000000009050020 -> d'],
    ['NSD:09050020| 0000000D'],
    ['0x20: 0xd'],
    ['+0x20 0xd'],
    ['+20 0xd'],
    ['CR0 0xd'],
    ['CR0: 0xd  # SMMUEN CMDQEN EVENTQEN'],
    ['cr0 = d'],
    ['CR0 (0x20) = 0xd'],
    ['CR0 (+0x20): 0xd'],
    ['CR0 [+0x020] 0xd'],
    ['CR0 = 0b1101'],
    ["CR0 = 32'hd"],
    ['CR0 = 0x0000_000d'],
    ['0x9050000+0x20: 0xd'],
    ['\u001b]0;a title\u0007\u001b(BCR0 0xd'],
    ['CR0 [0x9050020]: 0x0000000d'],
    ['0x9050020 CR0 0xd'],
    ['[   12.345678] arm-smmu-v3 9050000.smmuv3: CR0 0xd'],
    ['\u001b[1mCR0\u001b[0m 0xd'],
    ['"CR0": "0xd",'],
    ['| CR0 | 0x0000000d |'],
    ['devmem 0x9050020 32: 0x0000000D'],
    ['devmem 0x9050020 32 0x0000000D'],
    ['# busybox devmem 0x9050020 32\n0x0000000D'],
    ['+ devmem 151322656 32\n0x0000000D'],
    ['~ $ sudo devmem2 0x9050020\nValue at address 0x9050020 (0xffff9c4b1020): 0xD'],
    ['Read at address  0x09050020 (0xffff9c4b1020): 0x0000000D'],
    ['devmem 0x9050020 8\n0x0D\ndevmem 0x9050021 8\n0x00\ndevmem 0x9050022 16\n0x0000'],
    ['devmem2 0x9050020 h\nValue at address 0x9050020: 0xD\ndevmem2 0x9050022 h\nValue at address 0x9050022: 0x0'],
  ])('%j', (line) => {
    const result = imported([`${TABLE}${line}\n`]);
    expect(registers(result)).toEqual({ ...WITH_TABLE, CR0: 0xdn });
    expect(remarks(result)).toEqual([]);
  });

  test.each([
    ['0x9050080: 0x40000008430a3000'],
    ['STRTAB_BASE 0x40000008430a3000'],
    ['STRTAB_BASE 0x80 0x40000008430a3000'],
    ['devmem 0x9050080 64\n0x40000008430A3000'],
    ['STRTAB_BASE_HI 0x40000008\nSTRTAB_BASE_LO 0x430a3000'],
    ['STRTAB_BASE: 0x430a3000\nSTRTAB_BASE+4: 0x40000008'],
    ['STRTAB_BASE (low): 0x430a3000\nSTRTAB_BASE (high): 0x40000008'],
    ['STRTAB_BASE_LO 0x9050080 0x430a3000\nSTRTAB_BASE_HI 0x9050084 0x40000008'],
    ['0x09050080: 430a3000 40000008'],
    ['0x09050080: 00 30 0a 43 08 00 00 40'],
  ])('64 bits: %j', (line) => {
    expect(registers(imported([`${line}\nSTRTAB_BASE_CFG 0x10210\n`]))).toEqual(WITH_TABLE);
  });

  test.each([
    ['0000000009050080: 0x40000008430a3000'],
    ['0000000009050080: 0x430a3000 0x40000008'],
    ['0000000009050080: 0x3000 0x430a 0x0008 0x4000'],
    ['0000000009050080: 0x00 0x30 0x0a 0x43 0x08 0x00 0x00 0x40'],
    ['(qemu) xp /1xg 0x9050080\r\n0000000009050080: 0x40000008430a3000\r'],
  ])('xp in any unit: %j', (line) => {
    expect(registers(imported([`${line}\n0000000009050088: 0x00010210\n`]))).toEqual(WITH_TABLE);
  });

  test.each([
    ['=> md.q 9050080 2\n09050080: 40000008430a3000 0000000000010210    .0.C...@........'],
    ['U-Boot> md 9050080 3\n09050080: 430a3000 40000008 00010210             .0.C...@....'],
    ['md.w 9050080 6\n09050080: 3000 430a 0008 4000 0210 0001    .0.C...@....'],
    ['=> md.b 9050080 c\n09050080: 00 30 0a 43 08 00 00 40 10 02 01 00    .0.C...@....'],
  ])('md in any unit: %j', (text) => {
    expect(registers(imported([`${text}\n`], { format: 'md' }))).toMatchObject(WITH_TABLE);
    expect(registers(imported([`${text}\n`]))).toMatchObject(WITH_TABLE);
  });

  test('what is passed over is said, and how much of it', () => {
    const lines = ['login: root', 'FOO 0x1', '0x9070000: 0x1', '0x9050fd0: 0x4', 'a', 'b', 'c', ''].join('\n');
    expect(remarks(imported([TABLE + lines]))).toEqual([
      "passed over, outside the SMMU's 128 KiB: 0x9070000 (a: line 6)",
      'passed over, no register is known there: offset 0xfd0 (a: line 7)',
      'passed over, no register\'s name: "FOO" (a: line 5)',
      'passed over, no register value: "login: root" (a: line 4), "a" (a: line 8), "b" (a: line 9) and 1 more',
    ]);
  });

  test('a 64-bit register in eight digits by name may be half of it', () => {
    expect(remarks(imported(['STRTAB_BASE: 0x430A3000\nSTRTAB_BASE_CFG: 0x10210']))).toEqual([
      'taken as all 64 bits; if 32 bits were read, the upper half is missing: STRTAB_BASE (a: line 1)',
    ]);
  });

  test('devmem2 prints 32 bits of an address; the command has the others', () => {
    const high = { targets: [{ base: 0x80_0905_0000 }] };
    const answer = (offset: string, value: string) =>
      `# devmem2 0x80090500${offset} w\nValue at address 0x90500${offset} (0xffffa000): ${value}\n`;
    const text = answer('80', '0x430A3000') + answer('84', '0x40000008') + answer('88', '0x10210');
    expect(registers(imported([text], high))).toEqual(WITH_TABLE);
    const wide = answer('80', '0x40000008430A3000') + answer('88', '0x10210');
    expect(registers(imported([wide], high))).toEqual(WITH_TABLE);
  });

  test('half of a register that can be done without is left out', () => {
    const result = imported([`${TABLE}0x9050090: 0x56900010`]);
    expect(registers(result)).toEqual(WITH_TABLE);
    expect(remarks(result)).toEqual(['left out, one half of a 64-bit register without the other: CMDQ_BASE']);
  });
});

describe('never another value', () => {
  const passedOver = (text: string) => {
    const { snapshot, passedOver: notes } = imported([text]);
    const [smmu] = parseSnapshot(snapshot, 'regs.json').smmus;
    expect(Object.fromEntries(smmu?.registers ?? [])).toEqual(WITH_TABLE);
    return notes.all.map(({ reason }) => reason);
  };

  test.each([
    [
      'a time of day is no address',
      'Nov 29 00:28:44 hello\nU-Boot 2023.07 (Oct 01 2023 - 20:00:00 +0000)\n',
      'unread-line',
    ],
    ['a word of letters is no answer', 'memtool -32 0x9050020 40\nE\n', 'unread-line'],
    ['what was written is no reading', 'write CR0 0x1f\n', 'written'],
    ['binary that may be hexadecimal', 'CR0: 0b110101\n', 'unread-line'],
    ['a negative number', 'CR0: -1\n', 'unread-line'],
    ['an address less something', 'devmem 0x9050020 - 32 = 0xd\n', 'several-values'],
    ['short numbers out of order', '02c 0x00000002\n020 0x0000000d\n', 'unread-line'],
  ])('%s', (_, text, reason) => {
    expect(passedOver(`${TABLE}${text}`)).toContain(reason);
  });

  test.each([
    ['a digit', 'GERROR=0x0 CR0=0x1\nd GERRORN=0x0\n'],
    ['the x', 'GERROR=0x0 CR0=0\nxd GERRORN=0x0\n'],
    ['a decimal digit', 'GERROR=0, CR0=1\n3, GERRORN=0\n'],
  ])('a line that is broken before %s of a number', (_, text) => {
    const { snapshot, passedOver: notes } = imported([`${TABLE}${text}`]);
    const found = Object.fromEntries(parseSnapshot(snapshot, 'regs.json').smmus[0]?.registers ?? []);
    expect(found).toEqual({ ...WITH_TABLE, GERROR: 0n, GERRORN: 0n });
    expect(notes.of('cut')).toMatchObject([{ what: { kind: 'register', name: 'CR0' } }]);
  });

  test('quotation marks among the characters of a row do not shift them', () => {
    const row = "09050080: 27e80000 40000020 00010210 00000000  ...' ..@........\n";
    expect(registers(imported([row]))).toEqual({ STRTAB_BASE: 0x4000002027e80000n, STRTAB_BASE_CFG: 0x10210n });
  });

  test('pages whose words are big-endian are refused', async () => {
    const page = Buffer.alloc(4096);
    for (const [offset, value] of [
      [0x20, 0xd],
      [0x24, 0xd],
      [0x80, 0x88002000],
      [0x88, 0x10210],
    ] as const) {
      page.writeUInt32BE(value, offset);
    }
    expect(await refusal([page])).toContain('big-endian');
    const rows = Array.from({ length: 16 }, (_, i) => {
      const bytes = [...page.subarray(16 * i, 16 * i + 16)].map((byte) => byte.toString(16).padStart(2, '0'));
      return `${(16 * i).toString(16).padStart(8, '0')}  ${bytes.join(' ')}\n`;
    });
    expect(await refusal([rows.join('')])).toContain('big-endian');
  });
});

describe('text of other encodings and line ends', () => {
  const text = `${TABLE}CR0 0xd\n`;
  test.each([
    ['UTF-16 with its mark', Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['UTF-16 without', Buffer.from(text, 'utf16le')],
    ['big-endian UTF-16', Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
    ['lines that end in a carriage return', Buffer.from(text.replaceAll('\n', '\r'))],
  ])('%s', (_, content) => {
    expect(registers(imported([content]))).toEqual({ ...WITH_TABLE, CR0: 0xdn });
  });
});

describe('JSON', () => {
  test.each([
    ['JSON', '{"CR0": "0xd", "STRTAB_BASE": "0x42000000", "CR0": "0x0"}'],
    ['a dictionary of Python', "{'CR0': 13, 'STRTAB_BASE': 0x42000000, 'CR0': 0}"],
    ['a line of JSON', '{"CR0": "0xd", "CR0": "0x0"}\n{"STRTAB_BASE": "0x42000000"}'],
  ])('%s that has a key twice is refused, not read with the last value', async (_, text) => {
    expect(await refusal([text])).toContain('has "CR0" twice in one object');
  });

  const table = { STRTAB_BASE: '0x40000008430a3000', STRTAB_BASE_CFG: 0x10210 };
  test.each<[string, unknown]>([
    ['flat', { ...table, CR0: 13 }],
    ['decimal text, as the snapshot format has it', { ...table, CR0: '13' }],
    ['nested', { smmu: { registers: { ...table, CR0: '0xd' } } }],
    ['pages', { page0: { ...table }, page1: {}, regs: { CR0: '0xd' } }],
    ['values with more around them', { registers: { ...table, CR0: { value: '0xd', fields: { SMMUEN: 1 } } } }],
    ['rows', { regs: [...rows(table), { name: 'CR0', offset: 32, value: '0xd' }] }],
    ['rows by address', [...rows(table), { address: '0x9050020', value: 13 }]],
    ['offsets', { ...table, '0x20': '0xd' }],
    [
      'several SMMUs',
      {
        smmus: [
          { base: BASE, registers: { ...table, CR0: 13 } },
          { base: 0x90a0000, regs: table },
        ],
      },
    ],
    ['null for what was not read', { ...table, CR0: 13, CR1: null }],
  ])('%s', (_, json) => {
    expect(registers(imported([JSON.stringify(json)]))).toEqual({ ...WITH_TABLE, CR0: 13n });
  });

  function rows(values: object): object[] {
    return Object.entries(values).map(([register, value]) => ({ register, value }));
  }

  test('what is no register is named by its path', () => {
    const json = { firmware: { coherent: false }, registers: { ...table, S_CR0: '0x1' }, deep: { er: [1] } };
    expect(remarks(imported([JSON.stringify(json)]))).toEqual([
      'passed over, not part of the registers: firmware.coherent (a), registers.S_CR0 (a), deep.er[0] (a)',
    ]);
  });

  test.each([
    [{ ...table, CR0: 'on' }, 'a: CR0: "on" is not a number; expected "0x..." hex, a decimal string, or an integer'],
    [{ ...table, CR0: '0x100000000' }, 'a: CR0: 0x100000000 does not fit in 32 bits'],
    [{ ...table, CR0: 1, SMMU_CR0: 2 }, 'a: SMMU_CR0: 0x00000002 for CR0 contradicts 0x00000001 (a: CR0)'],
    [{ nothing: 1 }, 'a: holds no register values, read as: JSON; the first thing passed over is nothing (a)'],
  ])('%j is refused', async (json, message) => {
    expect(await refusal([JSON.stringify(json)])).toContain(message);
  });

  test('half a document is refused as what it was to be', async () => {
    expect(await refusal(['{ "CR0": '])).toMatch(/^a: is not JSON: /);
  });
});

describe('block reads of QEMU', () => {
  const ADVICE = 'in the QEMU monitor, use one xp /1xw ADDRESS for each 32 bits';

  test('are refused', async () => {
    const block = readFileSync(join(DATA, 'xp-block.txt'));
    expect(await refusal([block])).toBe(
      'a: the SMMU at 0x9050000: STRTAB_BASE_CFG is missing, so there is no table to find: registers were read in ' +
        `blocks, which QEMU answers with zero for those of 32 bits; ${ADVICE}`,
    );
  });

  test('their zeros do not stand against values that were read one at a time', () => {
    const [block, single] = [readFileSync(join(DATA, 'xp-block.txt')), readFileSync(join(DATA, 'xp.txt'))];
    const result = imported([block, single]);
    expect(registers(result)).toMatchObject(EXCERPT);
    expect(registers(result)).not.toHaveProperty('IDR2');
    expect(remarks(result)).toEqual([
      'passed over, no register value: "(qemu) info status" (b: line 41), "VM status: paused" (b: line 42)',
      'left out, zero in a block read, as QEMU answers for any 32-bit register: IDR2, IDR4, IIDR and 11 more',
      ADVICE,
    ]);
  });

  test('a register beside a zero one is no reason for doubt, nor is a single word', () => {
    const text =
      '0000000009050080: 0x430a3000 0x40000008\n0000000009050088: 0x00010210 0x00000000\n0000000009050060: 0x00000000\n';
    expect(registers(imported([text]))).toEqual({ ...WITH_TABLE, GERROR: 0n });
  });

  test('in other formats are known by the identification registers being zero', async () => {
    const pages = Buffer.alloc(0x20000);
    pages.writeBigUInt64LE(0x40000008430a3000n, 0x80);
    expect(await refusal([pages])).toBe(
      'a: the SMMU at 0x9050000: IDR0, IDR1 and CR0 are zero, but STRTAB_BASE is not: the 32-bit registers were read in ' +
        'blocks, which QEMU answers with zero; read one register at a time, each with 32 bits; smmu-adopt regs capture ' +
        'prints a script that does',
    );
    expect(await refusal([Buffer.alloc(4096)])).toMatch(
      /: every register is zero: no SMMU at this address, one without/,
    );
    expect(await refusal([Buffer.alloc(4096, 0xff)])).toMatch(/: every register is all ones: no SMMU at this address/);
  });
});

describe('several SMMUs', () => {
  const targets = [{ base: BASE, name: 'one' }, { base: 0x9090000 }];
  const second = TABLE.replaceAll('0x905', '0x909').replace('430a', '530a');

  test('get what lies in their 128 KiB', () => {
    const { snapshot } = imported([TABLE + second], { targets });
    expect(parseSnapshot(snapshot, 'regs.json').smmus).toEqual([
      { name: 'one', base: BASE, firmwareCoherent: true, registers: new Map(Object.entries(WITH_TABLE)) },
      {
        name: 'smmu@0x9090000',
        base: 0x9090000,
        firmwareCoherent: true,
        registers: new Map(Object.entries({ ...WITH_TABLE, STRTAB_BASE: 0x40000008530a3000n })),
      },
    ]);
  });

  test('values without addresses need to be told whose they are', async () => {
    expect(await refusal([`${TABLE}${second}CR0 0xd`], { targets })).toBe(
      'a: line 7: does not say which SMMU this register is of; name its --base behind the file, as FILE@ADDRESS',
    );
    const content = (text: string) => contentOf(Buffer.from(text), 'a');
    const { snapshot } = importRegisters(
      [{ content: content(TABLE + second) }, { content: content('CR0 0x5'), base: 0x9090000 }],
      { ...OPTIONS, targets },
    );
    expect(parseSnapshot(snapshot, '').smmus.map(({ registers: values }) => values.get('CR0'))).toEqual([
      undefined,
      5n,
    ]);
  });

  test.each([
    [[{ base: 0x9050020 }], '--base 0x9050020 is no multiple of 0x10000, as the base of an SMMU is'],
    [[{ base: BASE }, { base: BASE }], '--base 0x9050000 is given twice'],
    [[{ base: 0x9060000 }, { base: BASE }], '--base 0x9050000 and 0x9060000: an SMMU takes 128 KiB, so these overlap'],
  ])('%j is refused', async (bases, message) => {
    expect(await refusal([TABLE], { targets: bases })).toBe(message);
  });
});

describe('refused, with file and line', () => {
  test.each([
    [
      'a contradiction',
      [`${TABLE}CR0 0xd\nCR0 0xc`],
      'a: line 5: 0x0000000c for CR0 contradicts 0x0000000d (a: line 4)',
    ],
    [
      'a contradiction between files',
      [`${TABLE}CR0 0xd`, '{"CR0": "0xc"}'],
      'b: CR0: 0x0000000c for CR0 contradicts 0x0000000d (a: line 4)',
    ],
    [
      'a contradiction in one half',
      [`${TABLE}STRTAB_BASE 0x430a3000`],
      'a: line 4: 0x00000000430a3000 for STRTAB_BASE contradicts 0x40000008 (a: line 2)',
    ],
    ['a name that lies elsewhere', ['CR0 0x9050028 0xd'], 'CR0 (a: line 1): the name and the address beside it are of'],
    [
      'digits of either base',
      ['CR0 13'],
      '13 (a: line 1): may be decimal or hexadecimal; write 0x in front of hexadecimal',
    ],
    ['too many values', ['CR0 0x20 0xd 0xe'], 'CR0 (a: line 1): more than one value'],
    ['two values without a colon', ['0x9050020 0xd 0xd'], '0x9050020 (a: line 1): more than one value'],
    ['a value that does not fit', ['CR0 0x1000000000'], '0x1000000000 (a: line 1): does not fit in the register'],
    [
      'a value of more than 64 bits',
      [`CR0 0x${'1'.repeat(17)}`],
      `the first thing passed over is "CR0 0x${'1'.repeat(17)}"`,
    ],
    ['a byte that is none', ['devmem 0x9050000 8\n0x101'], '0x101 (a: line 2): does not fit in the register or access'],
    ['decimal xp', ['0000000009050020: 0x0d\n0000000009050024: 13'], '0x0000000009050024 (a: line 2): may be decimal'],
    [
      'bytes in an order of their own',
      ['0x9050000: 1a10 400d'],
      '0x9050000 (a: line 1): nothing tells the order of the bytes',
    ],
    [
      'nothing',
      ['hello\nworld'],
      'a: holds no register values, read as: list of registers; the first thing passed over',
    ],
    [
      'another address',
      ['0x9070080: 0x1'],
      'a: the SMMU at 0x9050000: no value lies in its 128 KiB; there is one at 0x9070080',
    ],
    [
      'no table',
      ['IDR0 0xd40101a'],
      'a: the SMMU at 0x9050000: STRTAB_BASE and STRTAB_BASE_CFG are missing, so there is no table to find',
    ],
    [
      'half a table address',
      ['0x9050080 0x430a3000\n0x9050088 0x10210'],
      'STRTAB_BASE is missing, so there is no table to find: STRTAB_BASE is 64 bits wide, and only one half was given',
    ],
    ['a small binary', [Buffer.alloc(100)], 'a: is binary and 100 bytes long; a dump of the register pages has 4 KiB'],
    ['a large binary', [Buffer.alloc(0x20004)], 'a: is binary and 131076 bytes long'],
  ])('%s', async (_, contents, message) => {
    expect(await refusal(contents)).toContain(message);
  });

  test('binary is not read as text', async () => {
    expect(await refusal([Buffer.alloc(4096)], { format: 'list' })).toBe('a: is binary, not list of registers');
  });
});

test('the register of page 1 outweighs what page 0 shows in its place', () => {
  const queue = '0x90500a8: 0x7\n0x90500ac: 0x0\n0x90600a8: 0x8\n0x90600ac: 0x8\n';
  const result = imported([TABLE + queue]);
  expect(registers(result)).toEqual({ ...WITH_TABLE, EVENTQ_PROD: 8n, EVENTQ_CONS: 8n });
  expect(remarks(result)).toEqual(['taken from page 1, although page 0 shows another value: EVENTQ_PROD (0x00000007)']);
});

test('what is missing is named with its cost', () => {
  const notes = importNotes(
    imported(['STRTAB_BASE 0x40000008430a3000\nSTRTAB_BASE_CFG 0x10210'], { coherent: undefined }),
  );
  expect(notes).toEqual(
    [
      'IDR0 missing: assumed ST_LEVEL = 1 (server SMMUs have two-level stream tables), CD2L = 1 (server SMMUs have ' +
        'two-level CD tables), COHACC = 1 (server SMMUs are coherent), ASID16 = 1 (the wider choice), VMID16 = 1 (the ' +
        'wider choice)',
      'IDR1 missing: assumed SIDSIZE = 16 (Linux programs LOG2SIZE from SIDSIZE), SSIDSIZE = 20 (the largest there is)',
      'IDR5 missing: assumed OAS = 6 (the largest that Linux handles)',
      'CR0 missing: assumed SMMUEN = 1 (a snapshot is taken of an SMMU that was in use)',
      'GERROR missing: assumed SFM_ERR = 0 (no error taken to be active)',
      'GERRORN missing: assumed SFM_ERR = 0 (no error taken to be active)',
      'CR0ACK missing: whether a change of CR0 was in progress cannot be told',
      'GBPA missing: whether traffic is aborted or passes while the SMMU is off cannot be told',
      'CMDQ_BASE, CMDQ_PROD, CMDQ_CONS missing: commands that were waiting cannot be told',
      'EVENTQ_BASE, EVENTQ_PROD, EVENTQ_CONS missing: events that were waiting cannot be told',
      'PRIQ_BASE, PRIQ_PROD, PRIQ_CONS missing: page requests that were waiting cannot be told',
      'firmware.coherent missing: IDR0.COHACC is taken in place of what firmware says, which decides in the driver',
    ].map((line) => `smmu@0x9050000: ${line}`),
  );
});

const skipped = whyNot(QEMU_A);

describe.skipIf(skipped !== '')(`captures of a real kernel${skipped}`, () => {
  test.each([
    ['regs-live.devmem.txt', 'regs.json'],
    ['regs-live.hmp-xp.txt', 'regs.json'],
    ['regs-panic.hmp-xp.txt', 'regs-panic.json'],
    ['regs-kdump-kernel.hmp-xp.txt', 'regs-kdump-kernel.json'],
    ['regs.json', 'regs.json'],
  ])('%s says what %s says', (name, truth) => {
    const result = imported([readFileSync(join(QEMU_A, name))]);
    const expected = parseSnapshot(JSON.parse(readFileSync(join(QEMU_A, truth), 'utf8')), truth).smmus[0];
    expect(registers(result)).toMatchObject(Object.fromEntries(expected?.registers ?? []));
  });

  test.each(['regs-live.hmp-xp-block.txt', 'regs-panic.hmp-xp-block.txt', 'regs-kdump-kernel.hmp-xp-block.txt'])(
    '%s is refused',
    async (name) => {
      expect(existsSync(join(QEMU_A, name))).toBe(true);
      expect(await refusal([readFileSync(join(QEMU_A, name))])).toContain('were read in blocks');
    },
  );
});

describe('digits with one zero in front', () => {
  const table = 'STRTAB_BASE 0x40000008430a3000\nSTRTAB_BASE_CFG 0x10210\n';

  test('may be octal: alone they are left open', () => {
    const result = imported([`${table}CR0: 035\n`]);
    expect(registers(result)).toEqual(WITH_TABLE);
    expect(remarks(result)).toEqual([expect.stringContaining('may be decimal or hexadecimal')]);
  });

  test.each([
    ['padded to 32 bits, all of them', 'CR0: 00000035\nCR1: 00000013\n'],
    ['beside digits that only hexadecimal has', 'CR0: 035\nCR1: 013\nIDR0: d40101a\n'],
  ])('%s: hexadecimal', (_, lines) => {
    expect(registers(imported([table + lines]))).toMatchObject({ CR0: 0x35n, CR1: 0x13n });
  });

  test('of one digit are the same in any base', () => {
    expect(registers(imported([`${table}CR0: 05\n`]))).toMatchObject({ CR0: 5n });
  });
});

describe('SMMUs by number', () => {
  const lines = (name: string, cr0: string) =>
    `${name}STRTAB_BASE 0x40000008430a3000\n${name}STRTAB_BASE_CFG 0x10210\n${name}CR0 ${cr0}\n`;
  const named = (name: string) => ({ targets: [{ base: BASE, name }] });

  test.each(['smmu1: ', 'SMMU 1 ', '[    1.000000] arm-smmu-v3 arm-smmu-v3.1.auto: '])(
    '%j on every line is the only one',
    (name) => {
      expect(registers(imported([lines(name, '0xd')]))).toEqual({ ...WITH_TABLE, CR0: 0xdn });
    },
  );

  test.each(['smmu1 CR0: 0x7', 'smmu1:\nCR0: 0x7'])('one among lines without a name is passed over: %j', (line) => {
    const result = imported([`${lines('', '0xd')}${line}\n`]);
    expect(registers(result)).toEqual({ ...WITH_TABLE, CR0: 0xdn });
    expect(result.passedOver.of('other-smmu')).toHaveLength(1);
  });

  test('of several, that of the name is read', () => {
    const both = lines('smmu0 ', '0xd') + lines('smmu1 ', '0x5');
    expect(registers(imported([both], named('smmu1')))).toEqual({ ...WITH_TABLE, CR0: 5n });
    expect(registers(imported([both], named('smmu0')))).toEqual({ ...WITH_TABLE, CR0: 0xdn });
  });

  test('of several, without a name none is', async () => {
    expect(await refusal([lines('smmu0 ', '0xd') + lines('smmu1 ', '0xd')])).toContain(
      'say by --name which one is meant',
    );
  });
});
