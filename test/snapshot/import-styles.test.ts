/** Registers come back from every style in which tools print them, and damage never makes another value of one. */

import { describe, expect, test } from 'vitest';
import { InputError } from '../../src/errors.ts';
import { REGISTERS } from '../../src/smmu/registers/registers.ts';
import { contentOf } from '../../src/snapshot/import/content.ts';
import { type Imported, importRegisters } from '../../src/snapshot/import/import.ts';
import { parseSnapshot } from '../../src/snapshot/load.ts';
import { STYLES } from '../support/capture-styles/styles.ts';
import type { Style, Truth } from '../support/capture-styles/writers.ts';
import { SLOW } from '../support/slow.ts';

const BASE = 0x2b400000;

/** Registers of page 0 below 0xb0, as a server SMMU in use has them. */
const VALUES: Readonly<Record<string, bigint>> = {
  ...{ IDR0: 0x0d44101bn, IDR1: 0x02730510n, IDR2: 0n, IDR3: 0x1404n, IDR4: 0n, IDR5: 0xfff60074n },
  ...{ IIDR: 0x4832243bn, AIDR: 1n, CR0: 0xdn, CR0ACK: 0xdn, CR1: 0xd75n, CR2: 2n, STATUSR: 0n, GBPA: 0x1000n },
  ...{ IRQ_CTRL: 5n, IRQ_CTRLACK: 5n, GERROR: 0n, GERRORN: 0n, GERROR_IRQ_CFG0: 0n },
  ...{ STRTAB_BASE: 0x4000000088002000n, STRTAB_BASE_CFG: 0x1020cn },
  ...{ CMDQ_BASE: 0x400000008a100008n, CMDQ_PROD: 0x1c5n, CMDQ_CONS: 0x1c5n, EVENTQ_BASE: 0x400000008a200007n },
};

function truthOf(values: Readonly<Record<string, bigint>>): Truth {
  const registers = REGISTERS.flatMap(({ name, offset, byteLength }) => {
    const value = values[name];
    return value === undefined ? [] : [{ name, offset, byteLength, value }];
  });
  const words = registers.flatMap(({ offset, byteLength, value }) =>
    Array.from({ length: byteLength / 4 }, (_, i): [number, number] => [
      offset + 4 * i,
      Number(BigInt.asUintN(32, value >> BigInt(32 * i))),
    ]),
  );
  return { base: BASE, words: new Map(words), registers };
}

const TRUTH = truthOf(VALUES);

function imported(lines: readonly string[], end = '\n'): Imported {
  const content = contentOf(Buffer.from(`${lines.join(end)}${end}`), 'capture');
  return importRegisters([{ content }], { targets: [{ base: BASE }], captured: 'unknown', coherent: true });
}

function valuesIn({ snapshot }: Imported): Record<string, bigint> {
  return Object.fromEntries(parseSnapshot(snapshot, 'regs.json').smmus[0]?.registers ?? []);
}

/** Styles that show places no register's name is known for, and are refused with that said. */
const REFUSED = new Set(['debugfs regset32']);

describe('every style gives what it shows', () => {
  test.each(STYLES.filter(({ name }) => !REFUSED.has(name)))('$name', ({ write, lineEnd }) => {
    expect(valuesIn(imported(write(TRUTH), lineEnd))).toMatchObject(VALUES);
  });
});

/** What an import of damaged text may be: refused, or true in every register that it gives. */
function wrongIn(lines: readonly string[], end: string | undefined, truth: Record<string, bigint>): string[] {
  let values: Record<string, bigint>;
  try {
    values = valuesIn(imported(lines, end));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return [];
  }
  return Object.entries(values).flatMap(([name, value]) => {
    return value === (truth[name] ?? 0n) ? [] : [`${name} = 0x${value.toString(16)}`];
  });
}

/** Damaging every line of every style takes minutes; these many of each, spread over it, take seconds. */
const SAMPLES = Number(process.env['CAPTURE_SAMPLES'] ?? (SLOW ? 8 : 2));

function spread<T>(items: readonly T[]): T[] {
  const step = Math.max(1, items.length / SAMPLES);
  return items.filter((_, i) => Math.floor(i / step) !== Math.floor((i - 1) / step));
}

describe('damage never makes another value', () => {
  test.each(STYLES)('a line is missing: $name', ({ write, lineEnd }) => {
    const lines = write(TRUTH);
    const wrong = spread([...lines.keys()]).flatMap((i) =>
      wrongIn(lines.toSpliced(i, 1), lineEnd, VALUES).map((what) => `without "${lines[i]}": ${what}`),
    );
    expect(wrong).toEqual([]);
  });

  test.each(STYLES.filter(({ padded }) => padded))('a digit is missing: $name', ({ write, lineEnd }) => {
    const lines = write(TRUTH);
    const places = lines.flatMap((line, i) => [...line.matchAll(/[0-9a-f]/gi)].map(({ index }) => ({ i, index })));
    const wrong = spread(places).flatMap(({ i, index }) => {
      const line = lines[i] ?? '';
      const damaged = line.slice(0, index) + line.slice(index + 1);
      return wrongIn(lines.toSpliced(i, 1, damaged), lineEnd, VALUES).map((what) => `"${damaged}": ${what}`);
    });
    expect(wrong).toEqual([]);
  });

  /** Two documents of JSON one after the other are none, and two files are another test. */
  const isOneDocument = ({ write }: Style) => /^[{[]$/.test(write(TRUTH)[0] ?? '');
  const later = truthOf({ ...VALUES, CR0: 5n, CR0ACK: 5n, CMDQ_PROD: 0x1c8n, GERROR: 1n });
  test.each(STYLES.filter((style) => !REFUSED.has(style.name) && !isOneDocument(style)))(
    'two moments are joined: $name',
    ({ write, lineEnd }) => {
      const both = [...write(TRUTH), ...write(later)];
      expect(() => imported(both, lineEnd)).toThrow(/(?:line \d+|\S+): 0x\S+ for \w+ contradicts 0x\S+ \(capture: /);
    },
  );
});
