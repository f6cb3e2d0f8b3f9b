/** Records out of words: in which order they were written, which fields count, and what the architecture has against them. */

import { describe, expect, test } from 'vitest';
import { candidates, decodeRecord, decodeRegister, type RecordKind } from '../../src/smmu/decode.ts';
import { encodeFields } from '../../src/smmu/fields.ts';
import { type Register, registerNamed } from '../../src/smmu/registers/registers.ts';
import { countingFields } from '../../src/smmu/structures/counting-fields.ts';
import { STE } from '../../src/smmu/structures/ste.ts';

const EVENT = [0x0000_0100_0000_0010n, 0x0000_0208_0000_0000n, 0xffff_b002n, 0n];
const halves = (words: readonly bigint[], highFirst: boolean) =>
  words.flatMap((word) => (highFirst ? [word >> 32n, word & 0xffff_ffffn] : [word & 0xffff_ffffn, word >> 32n]));
const wide = (kind: RecordKind, values: readonly bigint[]) => decodeRecord(kind, { values, bits: 64 });
const narrow = (kind: RecordKind, values: readonly bigint[]) => decodeRecord(kind, { values, bits: 32 });
const problems = (kind: RecordKind, values: readonly bigint[]) => wide(kind, values).problems;

describe('the order of the words', () => {
  test.each([
    ['as they lie in memory', wide('event', EVENT), []],
    ['last word first', wide('event', EVENT.toReversed()), [{ kind: 'order', order: 'last-word-first' }]],
    ['halves, low first', narrow('event', halves(EVENT, false)), []],
    ['halves, high first', narrow('event', halves(EVENT, true)), [{ kind: 'order', order: 'high-half-first' }]],
    [
      'halves, last first',
      narrow('event', halves(EVENT, false).toReversed()),
      [{ kind: 'order', order: 'last-word-first' }],
    ],
  ])('%s', (_, { words, code, layout, problems: found }, expected) => {
    expect({ words, code, name: layout.name }).toEqual({ words: EVENT, code: 16, name: 'F_TRANSLATION' });
    expect(found).toEqual(expected);
  });

  test('that makes no sense in any is left as it was given', () => {
    const { words, problems: found } = wide('event', [0xffn, 0n, 0n, 0xfen]);
    expect(words[0]).toBe(0xffn);
    expect(found).toEqual([{ kind: 'reserved-number', code: 0xff }]);
  });
});

describe('what speaks against a record', () => {
  test('reserved numbers, bits and values', () => {
    expect(problems('command', [0x90n, 0n])).toEqual([{ kind: 'reserved-number', code: 0x90 }]);
    expect(problems('event', [EVENT[0] ?? 0n, 0x0000_0209_0000_0000n, 0n, 0n])).toEqual([
      { kind: 'reserved-bits', word: 1, bits: 1n << 32n },
    ]);
    expect(problems('command', [0x3046n, 0n])).toEqual([
      { kind: 'reserved-value', field: 'CS', value: 3, meaning: 'reserved, illegal' },
    ]);
    expect(problems('l1', [0x1fn])).toMatchObject([{ kind: 'reserved-value', field: 'Span', value: 31 }]);
  });

  test('words that are missing', () => {
    expect(problems('event', EVENT.slice(0, 3))).toEqual([{ kind: 'cut', words: 3, of: 4 }]);
  });

  test('the rules by which the hardware refuses an STE or a CD', () => {
    const s2 = encodeFields(STE, { V: 1, Config: 6, S2AA64: 1, S2TG: 3, S2T0SZ: 16 });
    expect(problems('ste', s2)).toContainEqual(
      expect.objectContaining({ kind: 'illegal', illegality: expect.objectContaining({ rule: 'ste-s2tg-reserved' }) }),
    );
    const none = [0n, 0n, 0n, 0n, 0n, 0n, 0n, 0n];
    expect(problems('ste', none)).toMatchObject([
      { kind: 'illegal', illegality: { rule: 'ste-invalid', observed: { field: 'V' } } },
    ]);
    expect(problems('cd', none)).toMatchObject([
      { kind: 'illegal', illegality: { rule: 'cd-invalid', observed: { field: 'V' } } },
    ]);
  });

  test('an STE as Linux writes it has nothing', () => {
    expect(problems('ste', [0xbn, 0n, 0n, 0n, 0n, 0n, 0n, 0n])).toEqual([]);
  });
});

describe('fields that others switch off are null', () => {
  const fields = (kind: RecordKind, words: readonly bigint[]) => countingFields(wide(kind, words).layout, words);

  test('in an event', () => {
    expect(fields('event', EVENT)).toMatchObject({
      SubstreamID: null,
      STAG: null,
      IPA: null,
      TTRnW: null,
      RnW: 1,
      CLASS: 2,
    });
    const stalled = [0x0000_0100_0000_2810n, 0x0000_0180_8000_007fn, 0n, 0x1000n];
    expect(fields('event', stalled)).toMatchObject({ SubstreamID: 2, STAG: 0x7f, IPA: 0x1000n, TTRnW: 0 });
  });

  test('in a command and a page request', () => {
    expect(fields('command', [0x46n, 0n])).toMatchObject({ CS: 0, MSIAddress: null, MSIData: null });
    expect(fields('command', [0x1046n, 0x1000n])).toMatchObject({ CS: 1, MSIAddress: 0x1000n, MSIData: 0 });
    expect(fields('pri', [0x5n, 0n])).toMatchObject({ StreamID: 5, SubstreamID: null });
  });

  test('in an STE by its configuration', () => {
    const ste = (Config: number) => fields('ste', encodeFields(STE, { V: 1, Config, S1CDMax: 1 }));
    expect(ste(0)).toMatchObject({ V: 1, Config: 0, S1ContextPtr: null, S2TTB: null, EATS: null });
    expect(ste(4)).toMatchObject({ S1ContextPtr: null, S2VMID: null, EATS: null, SHCFG: 0 });
    expect(ste(5)).toMatchObject({ S1ContextPtr: 0n, S1DSS: 0, S2TTB: null, S2VMID: 0, EATS: 0, DPT_VMATCH: null });
    expect(ste(6)).toMatchObject({ S1ContextPtr: null, S2TTB: 0n, S2VMID: 0, STRW: null, VMSPtr: null });
    const other = { EATS: 3, STRW: 2, S1MPAM: 1 };
    const more = (Config: number) => fields('ste', encodeFields(STE, { V: 1, Config, ...other }));
    expect(more(5)).toMatchObject({ S2VMID: null, DPT_VMATCH: 0, VMSPtr: null });
    expect(more(7)).toMatchObject({ S2VMID: 0, DPT_VMATCH: 0, VMSPtr: 0n });
    expect(fields('ste', [0n, 0n, 0n, 0n, 0n, 0n, 0n, 0n])).toMatchObject({ V: 0, Config: null });
  });

  test('in a CD by the halves that are on', () => {
    expect(fields('cd', [0x8000_0000n | (1n << 30n), 0n, 0n, 0n, 0n, 0n, 0n, 0n])).toMatchObject({
      T0SZ: 0,
      T1SZ: null,
      TTB1: null,
      EPD1: 1,
    });
  });

  test('in a CD by the format of its tables', () => {
    const cd = (w0: bigint, w2 = 0n) => fields('cd', [0x8000_0000n | w0, 0n, w2, 0n, 0n, 0n, 0n, 0n]);
    expect(cd(1n << 41n)).toMatchObject({ AA64: 1, UWXN: null, PIIP0: null, PIIU15: null });
    expect(cd(1n << 41n, 1n << 59n)).toMatchObject({ PIE: 1, PIIP0: 0, PIIU15: 0 });
    expect(cd(0n)).toMatchObject({ AA64: 0, UWXN: 0, PIIP0: 0 });
  });

  test('in GATOS_PAR by its fault', () => {
    const par = registerNamed('GATOS_PAR') as Register;
    expect(countingFields(par, [1n])).toMatchObject({ FAULT: 1, REASON: 0, ADDR: null });
    expect(countingFields(par, [0n])).toMatchObject({ FAULT: 0, REASON: null, ADDR: 0n });
  });
});

test('a register', () => {
  const { kind, layout, problems: found } = decodeRegister(registerNamed('CMDQ_CONS') as Register, 0x0500_b1b7n);
  expect({ kind, name: layout.name, found }).toEqual({
    kind: 'register',
    name: 'CMDQ_CONS',
    found: [{ kind: 'reserved-value', field: 'ERR', value: 5, meaning: 'reserved' }],
  });
});

test.each([
  ['four words: an event', EVENT, ['event']],
  ['two words: either of two', [0x0000_0100_0000_0003n, 1n], ['command', 'pri']],
  ['two words: a page request', [0xf000_0000_0000_0100n, 0x1234_5001n], ['pri']],
  ['one word', [0x4201_0009n], ['l1']],
  ['three words', [1n, 2n, 3n], []],
])('candidates of %s', (_, values, kinds) => {
  expect(candidates({ values, bits: 64 }).map(({ kind }) => kind)).toEqual(kinds);
});
