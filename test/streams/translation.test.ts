/** Translations through a snapshot: what registers decide, what is illegal, what is missing, and who hears of a fault. */

import { describe, expect, test } from 'vitest';
import { CD_AT, machine, REGISTERS, STRTAB, TABLES } from '../support/made/one-stream.ts';
import { expectStrictlyValidTranslation, translationProblems } from '../support/schema.ts';
import { everything, translated } from '../support/translations.ts';

const text = ({ steps }: { steps: readonly { readonly what: string }[] }) => steps.map(({ what }) => what);

test('a page, with every step to it', () => {
  const report = translated({});
  expect(report).toMatchObject({
    outcome: 'translated',
    pa: '0x89000000',
    size: 4096,
    fault: null,
    asid: 3,
    why: null,
  });
  expect(report.permissions).toEqual({ read: true, write: true, execute: false });
  expect(report.attributes).toEqual([{ stage: 1, text: 'Normal write-back, RW allocate, inner shareable' }]);
  expect(text(report)).toEqual([
    'STRTAB_BASE',
    'STE',
    'CD',
    'stage 1 level 2 descriptor',
    'stage 1 level 3 descriptor',
  ]);
  expect(report.assumptions).toEqual([]);
});

describe('a run that the Contiguous bit marks', () => {
  const entry = (i: number) => 0x0070_0000_8a00_0743n + BigInt(i) * 0x1000n;
  const meaning = (changes: Readonly<Record<number, bigint>>, dirty = false) => {
    const run = Array.from({ length: 16 }, (_, i) => entry(i) ^ (changes[i] ?? 0n));
    const memory = machine({}, dirty ? { HA: 1, HD: 1 } : {}).write(TABLES + 0x1080, run);
    const hardware = dirty ? { IDR0: '0x0d4c109b' } : {};
    return translated({ memory, registers: hardware }, { iova: 0x1_3000n }).steps.at(-1)?.meaning;
  };

  test.each<[string, Record<number, bigint>]>([
    ['as it has to be', {}],
    ['of which some were accessed, and some not', { 5: 1n << 10n }],
    ['with other bits that are left to software', { 2: 1n << 55n, 9: 7n << 56n, 11: 1n << 63n }],
  ])('%s', (_, changes) => {
    expect(meaning(changes)).toMatch(/one of 16 contiguous entries that agree$/);
  });

  test.each<[string, bigint]>([
    ['rights', 1n << 54n],
    ['memory', 1n << 2n],
    ['address', 1n << 14n],
    ['Contiguous bit', 1n << 52n],
  ])('with another %s', (_, bit) => {
    expect(meaning({ 7: bit })).toMatch(/that do NOT agree: entry 7 differs$/);
  });

  test('of which hardware marked one as dirty', () => {
    const clean = Object.fromEntries(
      Array.from({ length: 16 }, (_, i) => [i, (1n << 51n) | (i === 4 ? 0n : 1n << 7n)]),
    );
    expect(meaning(clean, true)).toMatch(/one of 16 contiguous entries that agree$/);
    expect(meaning(clean)).toMatch(/that do NOT agree: entry 4 differs$/);
  });
});

describe('SMMUEN 0', () => {
  const off = (gbpa: string | null) => translated({ registers: { CR0: '0x0', GBPA: gbpa } });

  test('lets all pass without GBPA.ABORT', () => {
    expect(off('0x1000')).toMatchObject({ outcome: 'bypass', pa: '0x1000', size: null, permissions: null, steps: [] });
  });

  test('but not what is above the output size, without an event', () => {
    const above = translated({ registers: { CR0: '0x0' } }, { iova: 1n << 44n });
    expect(above).toMatchObject({ outcome: 'abort', pa: null, fault: null, faultDetail: null });
  });

  test('aborts all with it', () => {
    expect(off('0x101000')).toMatchObject({
      outcome: 'abort',
      fault: null,
      why: expect.stringContaining('GBPA.ABORT is 1'),
    });
  });

  test('cannot be told from without GBPA', () => {
    expect(off(null)).toMatchObject({ outcome: 'indeterminate', why: expect.stringContaining('GBPA is missing') });
  });

  test('is one range with --all', () => {
    const { outcome, ranges } = everything({ registers: { CR0: '0x0' } });
    expect(outcome).toBe('bypass');
    expect(ranges).toMatchObject([{ kind: 'bypass', start: '0x0', end: '0xfffffffffff', pa: '0x0' }]);
  });
});

describe('the configuration', () => {
  test.each([
    [{ CR2: '0x6' }, true, []],
    [{ CR2: '0x4' }, false, []],
    [{ CR2: null }, true, ['CR2.RECINVSID', 'CR2']],
  ])('a StreamID outside the table is recorded as CR2 says: %j', (registers, recorded, assumed) => {
    const report = translated({ registers }, { sid: 64 });
    expect(report).toMatchObject({ outcome: 'fault', fault: 'C_BAD_STREAMID', why: expect.stringContaining('2^6') });
    expect(report.faultDetail).toEqual({ stage: null, class: null, ipa: null, recorded, response: 'abort' });
    expect(report.assumptions.map(({ what }) => what)).toEqual(assumed);
  });

  test('an illegal STE with all its reasons', () => {
    const { fault, why } = translated({
      memory: machine({ Config: 6, S2TG: 3, S2PS: 5, S2AA64: 1, S2T0SZ: 3, S2VMID: 9 }),
    });
    expect(fault).toBe('C_BAD_STE');
    expect(why).toMatch(/S2TG 3/);
    const two = translated({ memory: machine({ S1CDMax: 30, S1STALLD: 1 }) });
    expect(two.why?.split('; ').filter((part: string) => !part.startsWith('required'))).toHaveLength(2);
  });

  test.each([
    [{ V: 0 }, {}, 'C_BAD_STE'],
    [{}, { V: 0 }, 'C_BAD_CD'],
    [{}, { T0SZ: 5 }, 'C_BAD_CD'],
    [{ S1CDMax: 3 }, {}, 'F_STREAM_DISABLED'],
  ])('STE %j with CD %j', (ste, cd, fault) => {
    const report = translated({ memory: machine(ste, cd) });
    expect(report).toMatchObject({
      outcome: 'fault',
      fault,
      pa: null,
      faultDetail: { recorded: true, response: 'abort' },
    });
  });

  test.each([
    [{ Config: 0 }, 'abort'],
    [{ Config: 3 }, 'abort'],
    [{ Config: 4 }, 'bypass'],
    [{ S1CDMax: 3, S1DSS: 1 }, 'bypass'],
  ])('STE %j: %s', (ste, outcome) => {
    expect(translated({ memory: machine(ste) })).toMatchObject({ outcome, fault: null });
  });

  test.each([
    [{ S1CDMax: 3, S1ContextPtr: CD_AT }, 'translated', []],
    [{ S1CDMax: 3, S1ContextPtr: CD_AT + 0x40 }, 'translated', ['low bits of S1ContextPtr']],
    [{ S1CDMax: 3, S1ContextPtr: CD_AT + 0x40, S1DSS: 1 }, 'bypass', []],
    [{ S1CDMax: 0, S1ContextPtr: CD_AT + 0x40 }, 'fault', []],
    [{ S1CDMax: 10, S1Fmt: 1, S1ContextPtr: CD_AT + 0x40 }, 'fault', ['low bits of S1ContextPtr']],
    [{ S1CDMax: 9, S1Fmt: 1, S1ContextPtr: CD_AT + 0x40 }, 'fault', []],
  ])('a CD table that is not aligned to its size is not read without a word: %j', (ste, outcome, assumed) => {
    const memory = machine({ S1DSS: 2, ...ste });
    const report = translated({ memory, registers: { IDR0: '0x0d4c101b', IDR1: '0x02730510' } });
    expect(report.outcome).toBe(outcome);
    expect(report.assumptions.map(({ what }) => what)).toEqual(assumed);
  });

  test('bits that no field has are not ignored without a word', () => {
    const assumed = (memory: ReturnType<typeof machine>) =>
      translated({ memory }).assumptions.map(({ what, value }) => [what, value]);
    expect(assumed(machine())).toEqual([]);
    expect(assumed(machine().write(STRTAB, [0x0200_0000_8801_000bn]))).toEqual([
      ['reserved bits of the STE', 'ignored'],
    ]);
    expect(assumed(machine().write(CD_AT + 40, [1n << 57n]))).toEqual([['reserved bits of the CD', 'ignored']]);
    // Of an STE that aborts all else is ignored.
    expect(assumed(machine({ Config: 0 }).write(STRTAB + 8, [1n << 41n]))).toEqual([]);
  });

  test('PRIVCFG and INSTCFG count where the hardware has them', () => {
    const memory = machine({ PRIVCFG: 3, INSTCFG: 3 });
    const has = (registers: Record<string, string>) => translated({ memory, registers }, { iova: 0x3000n });
    expect(has({ IDR1: '0x06730510' })).toMatchObject({ outcome: 'fault', fault: 'F_PERMISSION' });
    expect(has({ IDR1: '0x02730510' })).toMatchObject({ outcome: 'translated' });
  });

  test('and decide whose permissions are shown', () => {
    const memory = machine({ PRIVCFG: 3 }).write(TABLES + 0x1008, [0x8900_0703n]);
    const { permissions, unprivilegedPermissions } = translated({ memory, registers: { IDR1: '0x06730510' } });
    expect(permissions).toMatchObject({ read: true, write: true });
    expect(unprivilegedPermissions).toMatchObject({ read: false, write: false });
  });
});

describe('what the dump lacks', () => {
  test('a table, by name, address and state', () => {
    const report = translated({}, { iova: 0x40_0000n });
    expect(report).toMatchObject({ outcome: 'indeterminate', fault: null, faultDetail: null });
    expect(report.why).toBe('the stage 1 level 3 descriptor at 0xa0000000 is not in the dump (hole)');
    expect(report.steps.at(-1)).toMatchObject({ address: '0xa0000000', value: null, pageState: 'hole' });
  });

  test.each([
    [{ S1ContextPtr: 0xb000_0000 }, {}, 'the CD at 0xb0000000 is not in the dump (hole)'],
    [{}, { TTB0: 0xb000_0000 }, 'the stage 1 level 2 descriptor at 0xb0000000 is not in the dump (hole)'],
  ])('with STE %j and CD %j', (ste, cd, why) => {
    expect(translated({ memory: machine(ste, cd) })).toMatchObject({ outcome: 'indeterminate', why });
  });

  test('the STE', () => {
    const report = translated({ registers: { STRTAB_BASE: '0xb0000000' } });
    expect(report).toMatchObject({ outcome: 'indeterminate', why: 'the STE at 0xb0000000 is not in the dump (hole)' });
  });

  test('registers, each of which is an assumption', () => {
    const { STRTAB_BASE, STRTAB_BASE_CFG } = REGISTERS as Record<string, string>;
    const only = { STRTAB_BASE, STRTAB_BASE_CFG } as Record<string, string>;
    const report = translated({ only });
    expect(report).toMatchObject({ outcome: 'translated', pa: '0x89000000' });
    expect(report.assumptions.map(({ what }) => what)).toEqual([
      'CR0.SMMUEN',
      'IDR1.SIDSIZE',
      'IDR0, IDR1, IDR3, IDR5, CR2',
      'AIDR',
    ]);
  });
});

describe('who hears of a fault', () => {
  const respond = (cd: Record<string, number>) =>
    translated({ memory: machine({}, cd), registers: { IDR0: '0x0840101b' } }, { iova: 0n }).faultDetail;

  test.each([
    [{ S: 1, R: 0, A: 0 }, true, 'stall'],
    [{ S: 0, R: 1, A: 1 }, true, 'abort'],
    [{ S: 0, R: 1, A: 0 }, true, 'reads as zero, writes ignored'],
    [{ S: 0, R: 0, A: 1 }, false, 'abort'],
    [{ S: 0, R: 0, A: 0 }, false, 'reads as zero, writes ignored'],
  ])('stage 1, CD %j', (cd, recorded, response) => {
    expect(respond(cd)).toEqual({ stage: 1, class: 'IN', ipa: null, recorded, response });
  });

  test.each([
    [{ S2S: 1, S2R: 0 }, true, 'stall'],
    [{ S2S: 0, S2R: 1 }, true, 'abort'],
    [{ S2S: 0, S2R: 0 }, false, 'abort'],
  ])('stage 2, STE %j', (ste, recorded, response) => {
    const stage2 = { Config: 6, S2AA64: 1, S2T0SZ: 34, S2SL0: 0, S2PS: 4, S2TTB: TABLES };
    const memory = machine({ ...stage2, ...ste });
    const { fault, faultDetail } = translated({ memory, registers: { IDR0: '0x0840101b' } }, { iova: 0x6000_0000n });
    expect(fault).toBe('F_TRANSLATION');
    expect(faultDetail).toMatchObject({ stage: 2, class: 'IN', ipa: '0x60000000', recorded, response });
  });
});

describe('who hears of a fault of stage 2 on the way to the CD', () => {
  const stage2 = { Config: 7, S2AA64: 1, S2T0SZ: 34, S2SL0: 0, S2PS: 4, S2TTB: TABLES };

  test.each([
    [{ S2S: 1, S2R: 0 }, true, 'stall'],
    [{ S2S: 0, S2R: 1 }, true, 'abort'],
    [{ S2S: 0, S2R: 0 }, false, 'abort'],
  ])('STE %j', (ste, recorded, response) => {
    const memory = machine({ ...stage2, S1ContextPtr: 0x60_0000, ...ste });
    const { fault, faultDetail } = translated({ memory, registers: { IDR0: '0x0840101b' } });
    expect(fault).toBe('F_TRANSLATION');
    expect(faultDetail).toEqual({ stage: 2, class: 'CD', ipa: '0x600000', recorded, response });
  });

  test('but no other error of the configuration obeys S2S', () => {
    const memory = machine({ ...stage2, S1CDMax: 3, S2S: 1 });
    const { fault, faultDetail } = translated({ memory, registers: { IDR0: '0x0840101b' } });
    expect(fault).toBe('F_STREAM_DISABLED');
    expect(faultDetail).toMatchObject({ recorded: true, response: 'abort' });
  });
});

describe('everything', () => {
  test('as ranges, with what is not known and what faults', () => {
    const { outcome, asid, ranges, halves, incomplete } = everything({});
    expect({ outcome, asid, incomplete }).toEqual({ outcome: 'translated', asid: 3, incomplete: true });
    expect(ranges.map(({ kind, start, end, pa, why }) => [kind, start, end, pa, why])).toEqual([
      ['mapped', '0x1000', '0x1fff', '0x89000000', null],
      ['fault', '0x2000', '0x2fff', null, 'F_ACCESS'],
      ['mapped', '0x3000', '0x3fff', '0x89002000', null],
      ['mapped', '0x200000', '0x3fffff', '0x90000000', null],
      ['unknown', '0x400000', '0x5fffff', null, 'table not in the dump (hole)'],
    ]);
    expect(halves).toEqual(['TTB1: CD.EPD1 is 1']);
  });

  test.each([
    [{ Config: 0 }, { outcome: 'abort' }],
    [{ Config: 4 }, { outcome: 'bypass' }],
    [{ V: 0 }, { outcome: 'fault', fault: 'C_BAD_STE' }],
    [{ S1ContextPtr: 0xb000_0000 }, { outcome: 'indeterminate' }],
  ])('of STE %j', (ste, expected) => {
    expect(everything({ memory: machine(ste) })).toMatchObject(expected);
  });
});

test('the schema tells the two kinds of answers apart, and knows what it needs', () => {
  const one = JSON.parse(JSON.stringify(translated({})));
  const { ranges: _, ...all } = JSON.parse(JSON.stringify(everything({})));
  expect(translationProblems(all).join('\n')).toContain("/ must have required property 'iova'");
  for (const key of Object.keys(one)) {
    const { [key]: _gone, ...rest } = one;
    expect(translationProblems(rest), key).not.toEqual([]);
  }
  expect(() => expectStrictlyValidTranslation({ ...one, extra: 1 })).toThrow('"extra"');
  expect(translationProblems({ ...one, outcome: 'passes' })).not.toEqual([]);
  expect(translationProblems({ ...one, pa: 1 })).not.toEqual([]);
});
