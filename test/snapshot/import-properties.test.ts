/** What holds for every import: no input crashes it, and registers that were printed in any format come back. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../src/errors.ts';
import { REGISTERS, type Register } from '../../src/smmu/registers/registers.ts';
import { contentOf } from '../../src/snapshot/import/content.ts';
import { FORMATS } from '../../src/snapshot/import/formats.ts';
import { importRegisters } from '../../src/snapshot/import/import.ts';
import { parseSnapshot } from '../../src/snapshot/load.ts';
import { holds } from '../support/holds.ts';
import { runs } from '../support/slow.ts';

const BASE = 0x905_0000;
const SMMU_BYTES = 0x20000;

type Values = ReadonlyMap<Register, bigint>;

function importAs(bytes: Uint8Array, format?: string): ReturnType<typeof importRegisters> {
  const inputs = [{ content: contentOf(bytes, 'file') }];
  return importRegisters(inputs, { targets: [{ base: BASE }], captured: 'unknown', format });
}

describe('no input does anything but succeed or be refused', () => {
  const words = fc.constantFrom(
    ...['CR0', 'STRTAB_BASE', 'STRTAB_BASE_HI', 'STRTAB_BASE_CFG', 'devmem', 'devmem2', '32', 'w', '/dev/mem'],
    ...['0x9050080:', '0x9050088', '0000000009050020:', '09050000:', '+0x20', '0x9070000:', 'Value at address'],
    ...['0x40000008430a3000', '0x10210', '0x0', '430a3000', '0d', '13', '(qemu)', 'xp', '=>', 'md.l', ':', '=', '  '],
    ...['{', '}', '[', ']', '"', ',', '"CR0"', '"registers"', '"base"', 'null', '\n', '\r\n', '\n', '\u001b[31m'],
  );
  const text = fc.array(words, { maxLength: 60 }).map((parts) => Buffer.from(parts.join(' ')));
  const json = fc.json({ maxDepth: 12 }).map((value) => Buffer.from(value));
  const named = fc
    .dictionary(fc.constantFrom('CR0', 'regs', 'base', 'smmus', '0x20', 'STRTAB_BASE', 'value'), fc.jsonValue())
    .map((value) => Buffer.from(JSON.stringify(value)));
  const binary = fc.uint8Array({ maxLength: 300 });
  const pages = fc.uint8Array({ minLength: 4096, maxLength: 4100 });

  test.each([undefined, ...FORMATS.map(({ name }) => name)])('read as %s', (format) => {
    holds(
      fc.property(fc.oneof(text, text, json, named, binary, pages), (bytes) => {
        try {
          const { snapshot } = importAs(bytes, format);
          expect(parseSnapshot(snapshot, 'result').smmus).toHaveLength(1);
        } catch (error) {
          if (!(error instanceof InputError)) throw error;
        }
      }),
      { numRuns: runs(300) },
    );
  });
});

/** A register is known by its identification: these two make every set a usable one. */
const FIXED = new Map([
  ['IDR0', 0x0d40101an],
  ['STRTAB_BASE', 0x40000008430a3000n],
  ['STRTAB_BASE_CFG', 0x10210n],
]);

const values: fc.Arbitrary<Values> = fc
  .tuple(...REGISTERS.map(({ byteLength }) => fc.option(fc.bigInt(0n, (1n << BigInt(8 * byteLength)) - 1n))))
  .map(
    (drawn) =>
      new Map(
        REGISTERS.flatMap((register, i) => {
          const value = FIXED.get(register.name) ?? drawn[i];
          return value === null || value === undefined ? [] : [[register, value]];
        }),
      ),
  );

const hex = (value: bigint | number, digits = 0) => value.toString(16).padStart(digits, '0');

/** Every register as 32-bit words with their addresses. */
function wordsOf(given: Values): [address: number, word: bigint][] {
  return [...given].flatMap(([{ offset, byteLength }, value]) =>
    Array.from({ length: byteLength / 4 }, (_, i): [number, bigint] => [
      BASE + offset + 4 * i,
      BigInt.asUintN(32, value >> BigInt(32 * i)),
    ]),
  );
}

function image(given: Values): Uint8Array {
  const bytes = Buffer.alloc(SMMU_BYTES);
  for (const [address, word] of wordsOf(given)) bytes.writeUInt32LE(Number(word), address - BASE);
  return bytes;
}

const lines = (given: Values, line: (address: number, word: bigint) => string) =>
  wordsOf(given)
    .map(([address, word]) => line(address, word))
    .join('\n');

const entries = (given: Values, entry: (register: Register, value: bigint) => string) =>
  [...given].map(([register, value]) => entry(register, value));

/** How tools print registers; none of these forms is taken from the code under test. */
const RENDERERS: readonly [name: string, format: string, render: (given: Values) => string][] = [
  ['devmem', 'devmem', (given) => lines(given, (a, w) => `# devmem 0x${hex(a)} 32\n0x${hex(w, 8).toUpperCase()}`)],
  ['devmem, labelled', 'devmem', (given) => lines(given, (a, w) => `/dev/mem 0x${hex(a)}: 0x${hex(w, 8)}`)],
  ['devmem2', 'devmem', (given) => lines(given, (a, w) => `Value at address 0x${hex(a)} (0xffffa000): 0x${hex(w)}`)],
  [
    'devmem, 64 bits',
    'devmem',
    (given) =>
      entries(given, ({ offset, byteLength }, value) => {
        const answer = `0x${hex(value, 2 * byteLength).toUpperCase()}`;
        return `busybox devmem 0x${hex(BASE + offset)} ${8 * byteLength}\r\n${answer}\r`;
      }).join('\n'),
  ],
  ['xp', 'xp', (given) => lines(given, (a, w) => `(qemu) xp /1xw 0x${hex(a)}\r\n${hex(a, 16)}: 0x${hex(w, 8)}\r`)],
  [
    'xp /h',
    'xp',
    (given) =>
      lines(
        given,
        (a, w) =>
          `${hex(a, 16)}: ${halves(w)
            .map((h) => `0x${h}`)
            .join(' ')}`,
      ),
  ],
  ['md.l', 'md', (given) => lines(given, (a, w) => `=> md.l ${hex(a)} 1\n${hex(a, 8)}: ${hex(w, 8)}    ....`)],
  ['a debugger', 'list', (given) => lines(given, (a, w) => `0x${hex(a, 8)}: ${hex(w, 8)} `)],
  ['addresses', 'list', (given) => lines(given, (a, w) => `0x${hex(a)} = 0x${hex(w)}`)],
  ['offsets', 'list', (given) => lines(given, (a, w) => `+0x${hex(a - BASE)} 0x${hex(w)}`)],
  ['names', 'list', (given) => entries(given, ({ name }, value) => `SMMU_${name}: 0x${hex(value)}`).join('\n')],
  [
    'names with addresses',
    'list',
    (given) =>
      entries(given, ({ name, offset, byteLength }, value) => {
        return `${name.toLowerCase()} (0x${hex(BASE + offset)}) = 0x${hex(value, 2 * byteLength)}`;
      }).join('\n'),
  ],
  ['flat JSON', 'json', (given) => `{${entries(given, ({ name }, v) => `"arm_smmu_${name}": "0x${hex(v)}"`).join()}}`],
  ['JSON by address', 'json', (given) => `{"regs":{${lines(given, (a, w) => `"0x${hex(a)}":${w},`)}"base":${BASE}}}`],
];

const halves = (word: bigint) => [hex(word & 0xffffn, 4), hex(word >> 16n, 4)];

function registersOf(bytes: Uint8Array, format?: string): ReadonlyMap<string, bigint> {
  const { snapshot } = importAs(bytes, format);
  const parsed = parseSnapshot(JSON.parse(JSON.stringify(snapshot)), 'result');
  expect(parsed.warnings).toEqual([]);
  return parsed.smmus[0]?.registers ?? new Map();
}

describe('registers come back', () => {
  const byName = (given: Values) => new Map([...given].map(([{ name }, value]) => [name, value]));

  test.each(RENDERERS)('%s', (_, format, render) => {
    holds(
      fc.property(values, (given) => {
        const bytes = Buffer.from(render(given));
        expect(registersOf(bytes)).toEqual(byName(given));
        expect(registersOf(bytes, format)).toEqual(byName(given));
      }),
      { numRuns: runs(60) },
    );
  });

  test('binary, where what was not set is zero', () => {
    holds(
      fc.property(values, (given) => {
        const whole = new Map(REGISTERS.map((register) => [register.name, given.get(register) ?? 0n]));
        expect(registersOf(image(given))).toEqual(whole);
      }),
      { numRuns: runs(40) },
    );
  });

  test('the same input gives the same bytes', () => {
    holds(
      fc.property(values, (given) => {
        const bytes = Buffer.from(RENDERERS[0]?.[2](given) ?? '');
        expect(JSON.stringify(importAs(bytes))).toBe(JSON.stringify(importAs(bytes)));
      }),
      { numRuns: runs(40) },
    );
  });
});
