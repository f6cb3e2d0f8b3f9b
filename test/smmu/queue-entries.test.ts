import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { decodeFields, type Layout } from '../../src/smmu/fields.ts';
import { COMMANDS, commandType, sidsOfCommand, tlbiRangeBytes } from '../../src/smmu/queues/commands.ts';
import { EVENT_TYPES, eventType } from '../../src/smmu/queues/events.ts';
import { PAGE_REQUEST } from '../../src/smmu/queues/page-requests.ts';
import { holds } from '../support/holds.ts';
import { testLayout } from '../support/writers/layouts.ts';

/** Number and fields of everything that a queue can hold, written down apart from the tables: `name:word.lsb+width`. */
const EXPECTED: {
  readonly events: Readonly<Record<string, string>>;
  readonly commands: Readonly<Record<string, string>>;
  readonly pageRequest: string;
} = JSON.parse(readFileSync(new URL('../data/queue-entries.json', import.meta.url), 'utf8'));

const written = ({ fields }: Layout) =>
  fields
    .toSorted((a, b) => a.word - b.word || a.lsb - b.lsb)
    .map(({ name, word, lsb, width }) => `${name}:${word}.${lsb}+${width}`)
    .join(' ');
const byName = (types: readonly (Layout & { readonly code: number })[]) =>
  Object.fromEntries(types.map((type) => [type.name, `${type.code} ${written(type)}`]));

describe.each<Layout>([...EVENT_TYPES, ...COMMANDS, PAGE_REQUEST])('$name', (layout) => testLayout(layout));

describe('the tables say what was written down apart from them', () => {
  test('the 19 events', () => {
    expect(byName(EVENT_TYPES)).toEqual(EXPECTED.events);
    expect(EVENT_TYPES).toHaveLength(19);
  });

  test('the 34 commands', () => {
    expect(byName(COMMANDS)).toEqual(EXPECTED.commands);
    expect(COMMANDS).toHaveLength(34);
  });

  test('the page request', () => expect(written(PAGE_REQUEST)).toBe(EXPECTED.pageRequest));

  test('in the order of the bits', () => {
    for (const { fields, name } of [...EVENT_TYPES, PAGE_REQUEST]) {
      const at = fields.map(({ word, lsb }) => word * 64 + lsb);
      expect(at, name).toEqual(at.toSorted((a, b) => a - b));
    }
  });
});

// Records that were printed by kernels of several machines, and what was known of each fault.
describe('events by example', () => {
  it.each([
    {
      words: [0x0000_0011_0000_0010n, 0x0000_020a_0000_0000n, 0x9b0c_c000n, 0n],
      type: 'F_TRANSLATION',
      fields: { StreamID: 0x11, RnW: 1, PnU: 1, InD: 0, CLASS: 2, S2: 0, Stall: 0, InputAddr: 0x9b0cc000n },
    },
    {
      words: [0x0002_0600_0000_0010n, 0x0000_0200_0000_0000n, 0xff9b_c000n, 0n],
      type: 'F_TRANSLATION',
      fields: { StreamID: 0x20600, RnW: 0, PnU: 0, CLASS: 2, S2: 0, InputAddr: 0xff9bc000n },
    },
    {
      words: [0x0000_3102_0000_0010n, 0x0000_0208_8000_007fn, 0n, 0n],
      type: 'F_TRANSLATION',
      fields: { StreamID: 0x3102, RnW: 1, Stall: 1, STAG: 0x7f, InputAddr: 0x0n },
    },
    {
      // A reserved bit is set, and the last word is filled although nothing says that it is valid.
      words: [0x0000_7d00_0000_0010n, 0x0000_0209_0000_0080n, 0xf47c_f000n, 0xf47c_f000n],
      type: 'F_TRANSLATION',
      fields: { StreamID: 0x7d00, RnW: 1, Stall: 0, STAG: 0x80, S2: 0, InputAddr: 0xf47cf000n, IPA: 0xf47cf000n },
    },
    {
      words: [0x0000_0100_0000_0007n, 0n, 0n, 0n],
      type: 'F_TRANSL_FORBIDDEN',
      fields: { StreamID: 0x100, RnW: 0, InputAddr: 0x0n },
    },
    {
      words: [0x0000_0008_0000_0010n, 0x0000_0080_0000_0000n, 0x0809_0040n, 0n],
      type: 'F_TRANSLATION',
      fields: { StreamID: 8, S2: 1, CLASS: 0, InputAddr: 0x8090040n },
    },
  ])('$type $fields', ({ words, type, fields }) => {
    const layout = eventType(Number((words[0] as bigint) & 0xffn));
    expect(layout.name).toBe(type);
    expect(decodeFields(layout, words)).toMatchObject(fields);
  });
});

describe('numbers that no table has', () => {
  test('events', () => {
    expect(eventType(0xe0).name).toBe('IMPDEF_EVENT0');
    expect(eventType(0xef).name).toBe('IMPDEF_EVENT15');
    for (const code of [0, 0x0c, 0x14, 0xdf, 0xf0, 0xff]) expect(eventType(code).name).toBe('reserved');
  });

  test('commands', () => {
    for (const code of [0x80, 0x8f]) expect(commandType(code)).toMatchObject({ name: 'IMPDEF', kind: 'unknown' });
    for (const code of [0, 0x08, 0x7f, 0x90, 0xff]) expect(commandType(code).name).toBe('reserved');
  });

  test('decode as their number, whatever the rest holds', () => {
    const words = fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { minLength: 4, maxLength: 4 });
    holds(
      fc.property(words, ([first = 0n, ...rest]) => {
        const code = Number(first & 0xffn);
        expect(decodeFields(eventType(code), [first, ...rest])).toMatchObject({ ID: code });
        expect(decodeFields(commandType(code), [first, ...rest])).toMatchObject({ Opcode: code });
        decodeFields(PAGE_REQUEST, [first, ...rest]);
      }),
    );
  });
});

describe('the streams that a command names', () => {
  it.each([
    ['CMD_CFGI_STE', 0x03, 0x100, 0, { first: 0x100, last: 0x100 }],
    ['CMD_CFGI_STE_RANGE of 2', 0x04, 0x101, 0, { first: 0x100, last: 0x101 }],
    ['CMD_CFGI_STE_RANGE of 256', 0x04, 0x1ff, 7, { first: 0x100, last: 0x1ff }],
    ['CMD_CFGI_STE_RANGE of half of all', 0x04, 0xffff_ffff, 30, { first: 0x8000_0000, last: 0xffff_ffff }],
    ['CMD_CFGI_ALL', 0x04, 0x1234, 31, { first: 0, last: 0xffff_ffff }],
    ['CMD_ATC_INV', 0x40, 0xffff_ffff, 52, { first: 0xffff_ffff, last: 0xffff_ffff }],
    ['CMD_TLBI_NH_ASID', 0x11, 5, 0, null],
    ['CMD_SYNC', 0x46, 5, 0, null],
    ['reserved', 0xff, 5, 0, null],
  ])('%s', (_, code, sid, low, expected) => {
    expect(sidsOfCommand(commandType(code), Uint32Array.of(code, sid, low, 0))).toEqual(expected);
  });
});

test('the bytes that a range of addresses covers', () => {
  expect(tlbiRangeBytes({ NUM: 31, SCALE: 0, TG: 0 })).toBeNull();
  expect(tlbiRangeBytes({ NUM: 0, SCALE: 0, TG: 1 })).toBe(4096);
  expect(tlbiRangeBytes({ NUM: 15, SCALE: 0, TG: 1 })).toBe(65536);
  expect(tlbiRangeBytes({ NUM: 1, SCALE: 3, TG: 3 })).toBe(2 * 8 * 65536);
  expect(tlbiRangeBytes({ NUM: 0, SCALE: 63, TG: 2 })).toBe(2 ** 63 * 16384);
});
