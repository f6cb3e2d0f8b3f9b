/** Rows by the million: what is written without making an object, a layout or the row itself is what it always was. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inspect, openDump, parseSnapshot } from '../../src/index.ts';
import { escapeJson } from '../../src/report/escape.ts';
import { INSPECTION } from '../../src/report/json/inspection.ts';
import { fieldsOf } from '../../src/report/json/parts/common.ts';
import { sectionLines } from '../../src/report/text/render.ts';
import { makeStyle, plainStyle } from '../../src/report/text/style.ts';
import { type Column, table } from '../../src/report/text/table.ts';
import {
  count,
  hex,
  list,
  mapOf,
  nullable,
  numeric,
  object,
  optional,
  type Shape,
  text,
  textOf,
  word64,
} from '../../src/shape.ts';
import { CD } from '../../src/smmu/structures/cd.ts';
import { STE } from '../../src/smmu/structures/ste.ts';
import { anyText } from '../support/any-text.ts';
import { holds } from '../support/holds.ts';
import { inputOf } from '../support/sources.ts';
import { withSample } from './html/reports.ts';

/** What a writer that knows nothing but the published value would print. */
const byHand = <T>({ toJson }: Shape<T>, value: T) => escapeJson(JSON.stringify(toJson(value)));

interface Fact {
  readonly name: string;
  readonly at: number | bigint | null;
  readonly word: bigint;
  readonly seconds: number;
  readonly maybe?: string | undefined;
  readonly by: Readonly<Record<string, number>>;
  readonly parts: readonly { readonly n: number }[];
}

const FACT = object<Fact>()({
  name: ['', text],
  at: ['', nullable(hex)],
  word: ['', word64],
  seconds: ['', numeric],
  maybe: ['', optional(text)],
  by: ['', mapOf(null, numeric)],
  parts: ['', list(object<{ readonly n: number }>()({ n: ['', count] }))],
});

describe('JSON text of a shape', () => {
  const fact: fc.Arbitrary<Fact> = fc.record(
    {
      name: anyText(),
      at: fc.oneof(fc.constant(null), fc.nat(), fc.bigInt(0n, 2n ** 64n - 1n)),
      word: fc.bigInt(0n, 2n ** 64n - 1n),
      seconds: fc.double({ noNaN: true, noDefaultInfinity: true }),
      maybe: fc.option(anyText(), { nil: undefined }),
      by: fc.dictionary(
        anyText().filter((key) => key !== '__proto__'),
        fc.nat(),
      ),
      parts: fc.array(fc.record({ n: fc.nat() }), { maxLength: 3 }),
    },
    { noNullPrototype: true },
  );

  test('is that of the value it publishes, whatever stands in it', () => {
    holds(
      fc.property(fact, (value) => {
        expect(textOf(FACT)(value)).toBe(byHand(FACT, value));
      }),
    );
  });

  test('of decoded fields too, met again or not', () => {
    const words = fc.array(fc.oneof(fc.constant(0n), fc.bigInt(0n, 2n ** 64n - 1n)), { minLength: 8, maxLength: 8 });
    for (const shape of [fieldsOf(STE), fieldsOf(CD)]) {
      holds(
        fc.property(fc.array(words, { minLength: 1, maxLength: 3 }), (rows) => {
          for (const row of [...rows, ...rows]) expect(textOf(shape)(row)).toBe(byHand(shape, row));
        }),
      );
    }
  });

  test.each(['healthy-two-level', 'bad-cd-tables', 'two-smmus'])('of all rows of %s', async (name) => {
    await withSample(name, {}, (inspection) => {
      const { smmus } = INSPECTION.toJson(inspection) as { readonly smmus: readonly Record<string, unknown>[] };
      let rows = 0;
      for (const { l1, stes } of smmus) {
        for (const one of [l1, stes] as (Iterable<unknown> & { readonly lines: Iterable<string> })[]) {
          const lines = [...one.lines];
          rows += lines.length;
          expect(lines).toEqual([...one].map((row) => escapeJson(JSON.stringify(row))));
        }
      }
      expect(rows).toBeGreaterThan(3);
    });
  });
});

describe('text', () => {
  const columns: Column[] = [
    { title: 'Number', align: 'right' },
    { title: 'Says', yields: 'wrap' },
    { title: 'More', yields: 'below' },
  ];
  const cell = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '-', '0'), minLength: 1, maxLength: 70 });
  const rows = fc.array(fc.tuple(fc.nat(), cell, cell), { minLength: 1, maxLength: 9 });

  test.each([false, true])('of a long table has the lines of a short one (colour: %s)', async (color) => {
    const style = await makeStyle({ width: 70, color });
    holds(
      fc.property(rows, (some) => {
        const [title, rule, ...lines] = table(style, columns, some);
        const times = Math.ceil(65 / some.length);
        const many = Array.from({ length: times }, () => some).flat();
        const repeated = Array.from({ length: times }, () => lines).flat();
        expect(table(style, columns, many)).toEqual([title, rule, ...repeated]);
      }),
      { numRuns: 25 },
    );
  });

  test('makes no row beyond those it shows where it is known how many there are', () => {
    let made = 0;
    const endless = function* () {
      for (;;) yield { cells: [++made] };
    };
    const blocks = [
      { table: { label: 'rows', columns: [{ title: 'N' }], rows: endless(), total: 1_000_000, most: 5 } },
    ];
    const lines = [...sectionLines(plainStyle(80), { id: 'x', title: 'Rows', blocks })];
    expect(lines.at(-1)).toBe('  and 999995 more, which the JSON report has');
    expect(made).toBe(6);
  });
});

test('the fields of a row are decoded when they are asked for, and copied with it', async () => {
  const bytes = new Uint8Array(64);
  bytes[0] = 1 | (4 << 1);
  const registers = { CR0: '0x1', IDR0: '0x0c080010', IDR1: '0x8', STRTAB_BASE: '0x0', STRTAB_BASE_CFG: '0x0' };
  const dump = await openDump(inputOf(bytes), { base: 0 });
  const { smmus } = await inspect(dump, parseSnapshot({ registers }, 'regs.json'));
  const [row] = smmus[0]?.stes ?? [];
  expect(smmus[0]?.stes.count).toBe(1);
  expect({ ...row }.fields).toMatchObject({ V: 1, Config: 4 });
});
