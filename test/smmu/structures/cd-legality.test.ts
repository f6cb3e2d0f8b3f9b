/** Each rule of an illegal CD at its border, and what must never be called illegal. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeFields, type FieldInputs } from '../../../src/smmu/fields.ts';
import type { FeatureName, HardwareFeatures } from '../../../src/smmu/registers/hardware-features.ts';
import { CD } from '../../../src/smmu/structures/cd.ts';
import { cdIllegalities } from '../../../src/smmu/structures/cd-legality.ts';
import { STE } from '../../../src/smmu/structures/ste.ts';
import { FEATURE_NAMES, NEWEST, QEMU, SERVER, UNKNOWN } from '../../support/features.ts';
import { holds } from '../../support/holds.ts';
import { runs } from '../../support/slow.ts';

type Overrides = Partial<Record<FeatureName, number | null>>;

const STAGE1 = { V: 1, Config: 5 };
const EL2 = { ...STAGE1, STRW: 2 };
const NESTED = { V: 1, Config: 7, S2AA64: 1 };
const INDIRECT = { ...STAGE1, S1PIE: 1 };

/** What Linux writes for a DMA domain: the lower half, 48-bit addresses. */
const DMA = { V: 1, T0SZ: 16, TG0: 0, IR0: 1, OR0: 1, SH0: 3, EPD1: 1, IPS: 5, AA64: 1, R: 1, A: 1, ASET: 1, ASID: 1 };
/** Both halves, as an operating system uses them. */
const BOTH = { ...DMA, EPD1: 0, T1SZ: 16, TG1: 2 };
const OFF = { ...DMA, EPD0: 1 };
const LPAE = { ...DMA, AA64: 0 };

function rulesOf(cd: FieldInputs, hw: HardwareFeatures, ste: FieldInputs = STAGE1): string[] {
  return cdIllegalities(encodeFields(CD, cd), encodeFields(STE, ste), hw).map(({ rule }) => rule);
}

/** A CD behind a plain stage 1 STE, or behind another. */
type Entry = FieldInputs | Pair;
interface Pair {
  readonly cd: FieldInputs;
  readonly ste: FieldInputs;
}
const behind = (ste: FieldInputs, cd: FieldInputs): Pair => ({ ste, cd });

function judge(entry: Entry, hw: HardwareFeatures): string[] {
  const { cd, ste } = 'ste' in entry ? (entry as Pair) : behind(STAGE1, entry as FieldInputs);
  return rulesOf(cd, hw, ste);
}

/** Illegal and legal on the newest hardware with these features, each pair apart in as little as can be. */
const CASES: readonly [rule: string, hw: Overrides, illegal: Entry, legal: Entry][] = [
  ['cd-stall-disabled', {}, behind({ ...STAGE1, S1STALLD: 1 }, { ...DMA, S: 1 }), { ...DMA, S: 1 }],
  ['cd-stall', { STALL_MODEL: 1 }, { ...DMA, S: 1 }, DMA],
  ['cd-stall', { STALL_MODEL: 2 }, DMA, { ...DMA, S: 1 }],
  ['cd-abort', { TERM_MODEL: 1 }, { ...DMA, A: 0 }, DMA],
  ['cd-endi', { TTENDIAN: 2 }, { ...DMA, ENDI: 1 }, DMA],
  ['cd-endi', { TTENDIAN: 3 }, DMA, { ...DMA, ENDI: 1 }],
  ['cd-endi', { TTENDIAN: 2 }, { ...BOTH, EPD0: 1, ENDI: 1 }, { ...OFF, ENDI: 1 }],
  ['cd-endi', { TTENDIAN: 2, E2H: 0 }, behind(EL2, { ...OFF, ENDI: 1 }), behind(EL2, OFF)],
  ['cd-aa64', { TTF: 1 }, DMA, LPAE],
  ['cd-aa64-nested', {}, behind({ ...NESTED, S2AA64: 0 }, DMA), behind({ ...NESTED, S2AA64: 0 }, LPAE)],
  ['cd-aa64-lpae', { TTF: 2 }, LPAE, DMA],
  ['cd-aa64-world', {}, behind(EL2, LPAE), LPAE],
  ['cd-aa64-d128', { D128: 1 }, LPAE, behind(INDIRECT, LPAE)],
  ['cd-t0sz', { E2H: 0 }, behind(EL2, { ...OFF, T0SZ: 5 }), { ...OFF, T0SZ: 5 }],
  ['cd-aa64-d128-world', { D128: 1, E2H: 0 }, behind({ ...INDIRECT, STRW: 2 }, LPAE), behind(INDIRECT, LPAE)],
  ['cd-ha', { HTTU: 0 }, { ...DMA, HA: 1 }, DMA],
  ['cd-hd', { HTTU: 0 }, { ...DMA, HD: 1 }, DMA],
  ['cd-hd', { HTTU: 1 }, { ...DMA, HD: 1 }, { ...DMA, HA: 1 }],
  ['cd-haft', {}, { ...DMA, HAFT: 1 }, { ...DMA, HAFT: 1, HA: 1 }],
  ['cd-asid', { ASID16: 0 }, { ...DMA, ASID: 256 }, { ...DMA, ASID: 255 }],
  ['cd-asid', { ASID16: 0 }, behind(EL2, { ...DMA, ASID: 256 }), behind(EL2, { ...DMA, ASID: 255 })],
  ['cd-t0sz', { STT: 0 }, { ...DMA, T0SZ: 40 }, { ...DMA, T0SZ: 39 }],
  ['cd-t0sz', {}, { ...DMA, T0SZ: 49 }, { ...DMA, T0SZ: 48 }],
  ['cd-t0sz', {}, { ...DMA, TG0: 1, T0SZ: 48 }, { ...DMA, TG0: 1, T0SZ: 47 }],
  ['cd-t0sz', {}, { ...DMA, T0SZ: 15 }, { ...DMA, T0SZ: 15, DS: 1 }],
  ['cd-t0sz', {}, { ...DMA, TG0: 1, T0SZ: 11 }, { ...DMA, TG0: 1, T0SZ: 12 }],
  ['cd-t0sz', { VAX: 0 }, { ...DMA, TG0: 1, T0SZ: 15 }, { ...DMA, TG0: 1, T0SZ: 16 }],
  ['cd-t0sz', { DS: 0 }, { ...DMA, T0SZ: 15, DS: 1 }, { ...DMA, T0SZ: 16, DS: 1 }],
  ['cd-t1sz', {}, { ...BOTH, T1SZ: 15 }, { ...DMA, T1SZ: 15 }],
  ['cd-t1sz', {}, behind(EL2, { ...BOTH, T1SZ: 15 }), behind(EL2, { ...BOTH, T1SZ: 15, DS: 1 })],
  ['cd-tg0-reserved', {}, { ...DMA, TG0: 3 }, { ...OFF, TG0: 3 }],
  ['cd-tg1-reserved', {}, { ...BOTH, TG1: 0 }, { ...DMA, TG1: 0 }],
  ['cd-tg0', { GRAN4K: 0 }, DMA, { ...DMA, TG0: 1 }],
  ['cd-tg0', { GRAN64K: 0 }, { ...DMA, TG0: 1 }, DMA],
  ['cd-tg0', { GRAN16K: 0 }, { ...DMA, TG0: 2 }, DMA],
  ['cd-tg1', { GRAN16K: 0 }, { ...BOTH, TG1: 1 }, { ...BOTH, TG1: 3 }],
  ['cd-ttb0', { OAS: 4 }, { ...DMA, TTB0: 2 ** 44 }, { ...DMA, TTB0: 2 ** 44 - 16 }],
  ['cd-ttb0', {}, { ...DMA, IPS: 2, TTB0: 2 ** 40 }, { ...DMA, IPS: 2, TTB0: 2 ** 40 - 16 }],
  ['cd-ttb0', { OAS: 2 }, { ...LPAE, IPS: 0, TTB0: 2 ** 40 }, { ...LPAE, IPS: 0, TTB0: 2 ** 39 }],
  ['cd-ttb0', {}, { ...LPAE, TTB0: 2 ** 40 }, { ...LPAE, IPS: 0, TTB0: 2 ** 40 - 16 }],
  ['cd-ttb1', {}, { ...BOTH, IPS: 2, TTB1: 2 ** 40 }, { ...DMA, IPS: 2, TTB1: 2 ** 40 }],
  ['cd-ttb0-48', {}, { ...DMA, IPS: 6, TTB0: 2 ** 48 }, { ...DMA, IPS: 6, TTB0: 2 ** 48, DS: 1 }],
  ['cd-ttb1-48', {}, { ...BOTH, IPS: 6, TTB1: 2 ** 48 }, { ...BOTH, IPS: 6, TTB1: 2 ** 48, TG1: 3 }],
  ['cd-piip', {}, behind(INDIRECT, { ...DMA, PIE: 1, PIIP0: 4 }), behind(INDIRECT, { ...DMA, PIE: 1, PIIP0: 5 })],
  ['cd-piiu', {}, behind(INDIRECT, { ...DMA, PIE: 1, PIIU15: 6 }), behind(INDIRECT, { ...DMA, PIIU15: 6 })],
  ['cd-piiu', {}, behind(INDIRECT, { ...DMA, PIE: 1, PIIU15: 6 }), { ...DMA, PIE: 1, PIIU15: 6 }],
  [
    'cd-piip-execute',
    {},
    behind(INDIRECT, { ...DMA, PIE: 1, PIIP3: 2, PIIU3: 5 }),
    behind(INDIRECT, { ...DMA, PIE: 1, PIIP3: 5, PIIU3: 7 }),
  ],
  [
    'cd-piip-execute',
    { E2H: 1 },
    behind({ ...INDIRECT, STRW: 2 }, { ...DMA, PIE: 1, PIIP3: 7, PIIU3: 7 }),
    behind({ ...INDIRECT, STRW: 2 }, { ...DMA, PIE: 1, PIIP3: 7, PIIU3: 3 }),
  ],
  ['cd-piip', { D128: 1 }, behind(INDIRECT, { ...LPAE, PIIP7: 6 }), behind(INDIRECT, { ...LPAE, PIIP7: 7 })],
];

describe('a rule alone makes its CD illegal, and the neighbour is legal', () => {
  test.each(CASES)('%s with %j', (rule, overrides, illegal, legal) => {
    const hw = { ...NEWEST, ...overrides };
    expect(judge(illegal, hw)).toEqual([rule]);
    expect(judge(legal, hw)).toEqual([]);
  });
});

describe('what is never illegal', () => {
  test('a half that is not walked', () => {
    expect(rulesOf({ ...DMA, T1SZ: 0, TG1: 0, TTB1: 2n ** 55n }, QEMU)).toEqual([]);
    expect(rulesOf({ ...OFF, T0SZ: 0, TG0: 3, TTB0: 2n ** 55n }, QEMU)).toEqual([]);
  });

  test('the upper half of EL2 without E2H, which has none', () => {
    const hw = { ...SERVER, E2H: 0 };
    expect(rulesOf({ ...BOTH, T1SZ: 0, ASID: 0xffff }, { ...hw, ASID16: 0 }, EL2)).toEqual([]);
    expect(rulesOf({ ...BOTH, T1SZ: 0 }, hw)).toEqual(['cd-t1sz']);
  });

  test('permissions of the unprivileged there', () => {
    const cd = { ...DMA, PIE: 1, PIIP3: 7, PIIU3: 7, PIIU4: 6 };
    expect(rulesOf(cd, { ...NEWEST, E2H: 0 }, { ...INDIRECT, STRW: 2 })).toEqual([]);
    expect(rulesOf(cd, NEWEST, { ...INDIRECT, STRW: 2 })).toEqual(['cd-piip-execute', 'cd-piiu']);
  });

  test('hardware update with VMSAv8-32 LPAE, which ignores it', () => {
    expect(rulesOf({ ...LPAE, HA: 1, HD: 1, HAFT: 1 }, { ...NEWEST, HTTU: 0 })).toEqual([]);
    expect(rulesOf({ ...LPAE, HAFT: 1 }, NEWEST)).toEqual([]);
    expect(rulesOf({ ...LPAE, HA: 1 }, { ...NEWEST, HTTU: 0, D128: 1 }, INDIRECT)).toEqual(['cd-ha']);
  });

  test('a size out of range on an SMMU of version 3.0, which may clamp it', () => {
    expect(rulesOf({ ...DMA, T0SZ: 0 }, { ...QEMU, ArchMinorRev: 0 })).toEqual([]);
  });

  test.each<[string, HardwareFeatures, FieldInputs, FieldInputs]>([
    ['a DMA domain, QEMU', QEMU, STAGE1, { ...DMA, IPS: 4, T0SZ: 20 }],
    ['a DMA domain with 64KB pages, QEMU', QEMU, STAGE1, { ...DMA, IPS: 4, TG0: 1 }],
    ['a DMA domain of EL2, a server', SERVER, { ...EL2, S1STALLD: 1 }, DMA],
    ['the address space of a process, a server', SERVER, EL2, { ...DMA, S: 1, ASET: 0, ASID: 0x1234 }],
    ['a domain with dirty tracking', { ...SERVER, HTTU: 2 }, EL2, { ...DMA, HA: 1, HD: 1 }],
    ['the CD of a device that is off', SERVER, STAGE1, { ...OFF, AA64: 1 }],
  ])('what Linux writes: %s', (_, hw, ste, cd) => {
    expect(rulesOf(cd, hw, ste)).toEqual([]);
  });
});

test('a CD without V is one reason, and no other is looked for', () => {
  expect(cdIllegalities(encodeFields(CD, { ...DMA, V: 0, TG0: 3 }), encodeFields(STE, STAGE1), QEMU)).toMatchObject([
    { rule: 'cd-invalid', observed: { field: 'V', value: 0 }, required: { wanted: { kind: 'value', value: 1 } } },
  ]);
});

test('what was seen stands beside what is asked for, and why', () => {
  const reasons = (cd: FieldInputs) => cdIllegalities(encodeFields(CD, cd), encodeFields(STE, STAGE1), QEMU);
  expect(reasons({ ...DMA, S: 1, TTB0: 2 ** 45, T0SZ: 50 })).toMatchObject([
    {
      rule: 'cd-stall',
      observed: { field: 'S', value: 1 },
      required: {
        wanted: { kind: 'value', value: 0 },
        because: { kind: 'feature', feature: 'STALL_MODEL', value: 1 },
      },
    },
    { rule: 'cd-t0sz', observed: { value: 50 }, required: { wanted: { kind: 'range', min: 16, max: 39 } } },
    { rule: 'cd-ttb0', observed: { value: 2n ** 45n }, required: { wanted: { kind: 'address', bits: 44 } } },
  ]);
});

/** An SMMU that does not tell its version is not taken for one of 3.0, which permits more. */
const FORGETTABLE = FEATURE_NAMES.filter((name) => name !== 'ArchMinorRev');

describe('unknown hardware', () => {
  test.each(CASES)('%s is not known without %j', (rule, _, illegal) => {
    const always = ['cd-stall-disabled', 'cd-tg0-reserved', 'cd-ttb0-48'];
    // Whether STRW counts, and with it the upper half, is not known either; Config 5 with STRW 0 is EL1 in any case.
    const inEl1 = ['cd-tg1-reserved', 'cd-ttb1-48'];
    const known = judge(illegal, UNKNOWN);
    // Some values are too large for any hardware.
    if (/^cd-(t[01]sz|ttb[01])$/.test(rule)) expect([[], [rule]]).toContainEqual(known);
    else expect(known).toEqual([...always, ...inEl1].includes(rule) ? [rule] : []);
  });

  const words = fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { minLength: 8, maxLength: 8 });
  const valid = words.map((cd) => cd.map((word, i) => (i === 0 ? word | (1n << 31n) : word)));
  const anyFeatures = fc
    .tuple(...FEATURE_NAMES.map(() => fc.integer({ min: 0, max: 7 })))
    .map((values) => Object.fromEntries(FEATURE_NAMES.map((name, i) => [name, values[i]])) as HardwareFeatures);

  test('knowing less never makes a CD illegal that was legal', () => {
    holds(
      fc.property(valid, words, anyFeatures, fc.subarray(FORGETTABLE), (cd, ste, hw, forgotten) => {
        const less = { ...hw, ...Object.fromEntries(forgotten.map((name) => [name, null])) };
        const reasons = (features: HardwareFeatures) =>
          cdIllegalities(cd, ste, features).map((one) => one.rule + one.observed.field);
        const all = new Set(reasons(hw));
        expect(reasons(less).filter((reason) => !all.has(reason))).toEqual([]);
      }),
      { numRuns: runs(500) },
    );
  });
});
