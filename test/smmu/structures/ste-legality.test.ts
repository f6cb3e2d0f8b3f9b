/** Each rule of an illegal STE at its border, and what must never be called illegal. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeFields, type FieldInputs } from '../../../src/smmu/fields.ts';
import type { FeatureName, HardwareFeatures } from '../../../src/smmu/registers/hardware-features.ts';
import { STE } from '../../../src/smmu/structures/ste.ts';
import { steIllegalities } from '../../../src/smmu/structures/ste-legality.ts';
import { streamWorld } from '../../../src/smmu/structures/stream-world.ts';
import { FEATURE_NAMES, NEWEST, QEMU, SERVER, UNKNOWN } from '../../support/features.ts';
import { holds } from '../../support/holds.ts';
import { runs } from '../../support/slow.ts';

type Overrides = Partial<Record<FeatureName, number | null>>;

const ste = (fields: FieldInputs) => encodeFields(STE, { V: 1, ...fields });
const rulesOf = (fields: FieldInputs, hw: HardwareFeatures) => steIllegalities(ste(fields), hw).map(({ rule }) => rule);

/** What Linux writes for a device behind stage 1, and for one behind a 40-bit stage 2. */
const STAGE1 = { Config: 5, S1ContextPtr: 0x9200_0000, S1DSS: 2, S1CIR: 1, S1COR: 1, S1CSH: 3, SHCFG: 1 };
const STAGE2 = {
  Config: 6,
  S2VMID: 1,
  S2T0SZ: 24,
  S2SL0: 1,
  S2IR0: 1,
  S2OR0: 1,
  S2SH0: 3,
  S2TG: 0,
  S2PS: 5,
  S2AA64: 1,
  S2PTW: 1,
  S2R: 1,
  S2TTB: 0x8200_0000,
  SHCFG: 1,
};
const NESTED = { ...STAGE2, ...STAGE1, Config: 7 };
const LPAE = { ...STAGE2, S2AA64: 0 };
const OVERLAY = { ...STAGE2, S2PIE: 1, S2POE: 1 };

/** Illegal and legal on the newest hardware with these features, each pair apart in as little as can be. */
const CASES: readonly [rule: string, hw: Overrides, illegal: FieldInputs, legal: FieldInputs][] = [
  ['ste-stage1-unsupported', { S1P: 0 }, STAGE1, STAGE2],
  ['ste-stage2-unsupported', { S2P: 0 }, STAGE2, STAGE1],
  ['ste-stage2-unsupported', { S2P: 0 }, NESTED, STAGE1],
  ['ste-eats-split', {}, { ...STAGE1, EATS: 2 }, { ...NESTED, EATS: 2 }],
  ['ste-eats-split', {}, { ...NESTED, EATS: 2, S2S: 1 }, { ...NESTED, EATS: 2 }],
  ['ste-eats-split', { NS1ATS: 1 }, { ...NESTED, EATS: 2 }, { ...NESTED, EATS: 1 }],
  ['ste-eats-split', {}, { ...STAGE1, EATS: 2 }, { Config: 4, EATS: 2 }],
  ['ste-eats-stall', {}, { ...STAGE2, EATS: 1, S2S: 1 }, { ...STAGE2, EATS: 1 }],
  ['ste-eats-stall', {}, { ...NESTED, EATS: 1, S2S: 1 }, { ...STAGE1, EATS: 1, S2S: 1 }],
  ['ste-eats-stall', {}, { ...NESTED, EATS: 3, S2S: 1 }, { ...NESTED, EATS: 3 }],
  ['ste-eats-stall', {}, { ...NESTED, EATS: 3, S2S: 1 }, { ...STAGE1, EATS: 3, S2S: 1 }],
  ['ste-eats-dpt', {}, { ...STAGE1, EATS: 3, STRW: 2 }, { ...STAGE1, EATS: 3 }],
  ['ste-eats-dpt', { E2H: 0 }, { ...STAGE1, EATS: 3, STRW: 2 }, { ...NESTED, EATS: 3, STRW: 2 }],
  ['ste-strw', {}, { ...STAGE1, STRW: 1 }, { ...STAGE1, STRW: 2 }],
  ['ste-strw', {}, { ...STAGE1, STRW: 3 }, { ...NESTED, STRW: 3 }],
  ['ste-s1stalld', { STALL_MODEL: 1 }, { ...STAGE1, S1STALLD: 1 }, STAGE1],
  ['ste-s1stalld', { STALL_MODEL: 2 }, { ...STAGE1, S1STALLD: 1 }, STAGE1],
  ['ste-s1cdmax', { SSIDSIZE: 8 }, { ...STAGE1, S1CDMax: 9 }, { ...STAGE1, S1CDMax: 8 }],
  ['ste-s1fmt', { CD2L: 0 }, { ...STAGE1, S1CDMax: 4, S1Fmt: 1 }, { ...STAGE1, S1CDMax: 4, S1Fmt: 3 }],
  ['ste-s1fmt', { CD2L: 0 }, { ...STAGE1, S1CDMax: 4, S1Fmt: 2 }, { ...STAGE1, S1Fmt: 2 }],
  ['ste-s1contextptr', { OAS: 4 }, { ...STAGE1, S1ContextPtr: 2 ** 44 }, { ...STAGE1, S1ContextPtr: 2 ** 44 - 64 }],
  [
    'ste-s1contextptr-ipa',
    { OAS: 1, TTF: 3 },
    { ...NESTED, S1ContextPtr: 2 ** 40 },
    { ...NESTED, S1ContextPtr: 2 ** 40 - 64 },
  ],
  ['ste-s2s', { STALL_MODEL: 1 }, { ...STAGE2, S2S: 1 }, STAGE2],
  ['ste-s2s', { STALL_MODEL: 2 }, STAGE2, { ...STAGE2, S2S: 1 }],
  ['ste-s2aa64', { TTF: 1 }, STAGE2, LPAE],
  ['ste-s2aa64-lpae', { TTF: 2 }, LPAE, STAGE2],
  ['ste-s2fwb', {}, { ...LPAE, S2FWB: 1 }, { ...STAGE2, S2FWB: 1 }],
  ['ste-s2ha-lpae', {}, { ...LPAE, S2HA: 1 }, { ...STAGE2, S2HA: 1 }],
  ['ste-s2hd-lpae', {}, { ...LPAE, S2HD: 1 }, { ...STAGE2, S2HD: 1 }],
  ['ste-s2ha', { HTTU: 0 }, { ...STAGE2, S2HA: 1 }, STAGE2],
  ['ste-s2hd', { HTTU: 1 }, { ...STAGE2, S2HD: 1 }, { ...STAGE2, S2HA: 1 }],
  ['ste-s2hd', { HTTU: 0 }, { ...STAGE2, S2HD: 1 }, STAGE2],
  ['ste-s2haft', {}, { ...STAGE2, S2HAFT: 1 }, { ...STAGE2, S2HAFT: 1, S2HA: 1 }],
  ['ste-s2tg-reserved', {}, { ...STAGE2, S2TG: 3 }, { ...LPAE, S2TG: 3 }],
  ['ste-s2tg', { GRAN4K: 0 }, STAGE2, { ...STAGE2, S2TG: 1 }],
  ['ste-s2tg', { GRAN64K: 0 }, { ...STAGE2, S2TG: 1 }, STAGE2],
  ['ste-s2tg', { GRAN16K: 0 }, { ...STAGE2, S2TG: 2 }, STAGE2],
  ['ste-s2ttb', {}, { ...STAGE2, S2PS: 2, S2TTB: 2 ** 40 }, { ...STAGE2, S2PS: 2, S2TTB: 2 ** 40 - 16 }],
  ['ste-s2ttb', { OAS: 2 }, { ...STAGE2, S2TTB: 2 ** 40 }, { ...STAGE2, S2TTB: 2 ** 40 - 16 }],
  ['ste-s2ttb', { OAS: 2 }, { ...LPAE, S2TTB: 2 ** 40 }, { ...LPAE, S2PS: 0, S2TTB: 2 ** 40 - 16 }],
  ['ste-s2ttb', {}, { ...LPAE, S2TTB: 2 ** 40 }, { ...LPAE, S2PS: 0, S2TTB: 2 ** 40 - 16 }],
  ['ste-s2ttb', { D128: 1 }, { ...LPAE, S2PS: 3, S2TTB: 2 ** 42 }, { ...LPAE, S2PS: 3, S2TTB: 2 ** 42 - 16 }],
  ['ste-s2sl0-lpae', {}, { ...LPAE, S2T0SZ: 2 }, { ...LPAE, S2T0SZ: 1 }],
  ['ste-s2sl0-lpae', {}, { ...LPAE, S2SL0: 0, S2T0SZ: 13 }, { ...LPAE, S2SL0: 0, S2T0SZ: 0x30 | 14 }],
  ['ste-s2sl0-lpae', {}, { ...LPAE, S2SL0: 2 }, LPAE],
  ['ste-s2ttb-48', {}, { ...STAGE2, S2PS: 6, S2TTB: 2 ** 48 }, { ...STAGE2, S2PS: 6, S2DS: 1, S2TTB: 2 ** 48 }],
  [
    'ste-s2ttb-48',
    {},
    { ...STAGE2, S2PS: 6, S2TTB: 2 ** 48, S2TG: 2 },
    { ...STAGE2, S2PS: 6, S2TTB: 2 ** 48, S2TG: 1 },
  ],
  ['ste-s2endi', { TTENDIAN: 2 }, { ...STAGE2, S2ENDI: 1 }, STAGE2],
  ['ste-s2endi', { TTENDIAN: 3 }, STAGE2, { ...STAGE2, S2ENDI: 1 }],
  ['ste-s2vmid', { VMID16: 0 }, { ...STAGE2, S2VMID: 256 }, { ...STAGE2, S2VMID: 255 }],
  ['ste-s2vmid', { VMID16: 0 }, { ...NESTED, S2VMID: 256 }, { ...STAGE1, STRW: 2, S2VMID: 256 }],
  ['ste-s2vmid', { VMID16: 0 }, { ...STAGE1, S2VMID: 256 }, { Config: 4, S2VMID: 256 }],
  ['ste-s2poe', {}, { ...STAGE2, S2POE: 1 }, OVERLAY],
  ['ste-s2hwu', {}, { ...OVERLAY, S2HWU59: 1 }, { ...STAGE2, S2HWU59: 1 }],
  ['ste-s2hwu', {}, { ...OVERLAY, S2HWU62: 1 }, OVERLAY],
  ['ste-s2poi', {}, { ...OVERLAY, S2POI0: 1 }, { ...OVERLAY, S2POI0: 2 }],
  ['ste-s2poi', {}, { ...OVERLAY, S2POI15: 5 }, { ...STAGE2, S2POI15: 5 }],
  [
    'ste-vmsptr',
    { OAS: 5 },
    { ...NESTED, S1MPAM: 1, VMSPtr: 2 ** 48 },
    { ...NESTED, S1MPAM: 1, VMSPtr: 2 ** 48 - 4096 },
  ],
  ['ste-vmsptr', { OAS: 5 }, { ...NESTED, S1MPAM: 1, VMSPtr: 2 ** 48 }, { ...NESTED, VMSPtr: 2 ** 48 }],
];

describe('a rule alone makes its STE illegal, and the neighbour is legal', () => {
  test.each(CASES)('%s with %j', (rule, overrides, illegal, legal) => {
    const hw = { ...NEWEST, ...overrides };
    expect(rulesOf(illegal, hw)).toEqual([rule]);
    expect(rulesOf(legal, hw)).toEqual([]);
  });
});

describe('S2T0SZ', () => {
  const t0sz = (S2T0SZ: number, hw: Overrides, more: FieldInputs = {}) =>
    steIllegalities(ste({ ...STAGE2, S2T0SZ, ...more }), { ...NEWEST, ...hw }).filter(
      ({ rule }) => rule === 'ste-s2t0sz',
    );

  test.each<[string, Overrides, FieldInputs, number, number]>([
    ['4KB', { STT: 0 }, {}, 16, 39],
    ['4KB, small tables', {}, {}, 16, 48],
    ['4KB with S2DS', {}, { S2DS: 1 }, 12, 48],
    ['4KB with S2DS that the SMMU lacks', { DS: 0 }, { S2DS: 1 }, 16, 48],
    ['64KB', {}, { S2TG: 1 }, 12, 47],
    ['64KB, 48-bit addresses', { OAS: 5 }, { S2TG: 1 }, 16, 47],
    ['44-bit addresses', { OAS: 4, STT: 0, TTF: 2 }, {}, 20, 39],
    ['36-bit addresses beside LPAE tables', { OAS: 1, STT: 0, TTF: 3 }, {}, 24, 39],
    ['version 3.0', { OAS: 4, STT: 0, TTF: 2, ArchMinorRev: 0 }, {}, 20, 39],
  ])('%s', (_, hw, more, min, max) => {
    const legal = Array.from({ length: 64 }, (_, size) => size).filter((size) => t0sz(size, hw, more).length === 0);
    expect([legal.length, legal[0], legal.at(-1)]).toEqual([max - min + 1, min, max]);
  });

  test('says what it may be', () => {
    expect(t0sz(50, { OAS: 4, STT: 0, TTF: 2 })).toEqual([
      {
        rule: 'ste-s2t0sz',
        observed: { entry: 'ste', field: 'S2T0SZ', value: 50, takenFor: null, beside: [] },
        required: { wanted: { kind: 'range', min: 20, max: 39 }, because: null },
      },
    ]);
  });
});

test('the start level goes with the size', () => {
  expect(steIllegalities(ste({ ...STAGE2, S2T0SZ: 20 }), SERVER)).toEqual([
    {
      rule: 'ste-s2sl0',
      observed: {
        entry: 'ste',
        field: 'S2SL0',
        value: 1,
        takenFor: null,
        beside: [{ entry: 'ste', field: 'S2T0SZ', value: 20 }],
      },
      required: { wanted: { kind: 'fitting-start-level' }, because: null },
    },
  ]);
  expect(rulesOf({ ...STAGE2, S2T0SZ: 21 }, SERVER)).toEqual([]);
});

describe('what is never illegal', () => {
  test.each([0, 1, 2, 3])('Config %i, whatever else is set', (Config) => {
    const words = ste({ Config }).map((word, i) => (i === 0 ? word : 0xffff_ffff_ffff_ffffn));
    expect(steIllegalities(words, { ...NEWEST, S1P: 0, S2P: 0 })).toEqual([]);
  });

  test('the fields of a stage that is off', () => {
    const wrongStage1 = { S1STALLD: 1, S1CDMax: 31, S1Fmt: 1, S1ContextPtr: 2 ** 55 };
    const wrongStage2 = { S2T0SZ: 63, S2TG: 3, S2TTB: 2n ** 55n, S2ENDI: 1, S2AA64: 1, S2S: 1, S2HD: 1 };
    expect(rulesOf({ ...STAGE2, ...wrongStage1 }, QEMU)).toEqual([]);
    expect(rulesOf({ ...STAGE1, ...wrongStage2 }, QEMU)).toEqual([]);
    expect(rulesOf({ Config: 4, ...wrongStage1, ...wrongStage2 }, QEMU)).toEqual([]);
  });

  test('fields of features that the SMMU lacks', () => {
    const ats = { ...STAGE1, EATS: 2 };
    expect(rulesOf(ats, { ...NEWEST, ATS: 0 })).toEqual([]);
    expect(rulesOf({ ...STAGE1, EATS: 3, STRW: 2 }, { ...NEWEST, DPT: 0 })).toEqual([]);
    expect(rulesOf({ ...STAGE1, STRW: 3 }, { ...NEWEST, Hyp: 0 })).toEqual([]);
    expect(rulesOf({ ...STAGE1, S1CDMax: 10, S1Fmt: 1 }, { ...NEWEST, SSIDSIZE: 0, CD2L: 0 })).toEqual([]);
    expect(rulesOf({ ...STAGE2, S2POE: 1, S2POI3: 1 }, { ...NEWEST, S2PO: 0 })).toEqual([]);
    expect(rulesOf({ ...LPAE, S2FWB: 1 }, { ...NEWEST, FWB: 0 })).toEqual([]);
    expect(rulesOf({ ...OVERLAY, S2HWU59: 1 }, { ...NEWEST, PBHA: 0 })).toEqual([]);
    expect(rulesOf({ ...STAGE1, S2VMID: 256 }, { ...NEWEST, VMID16: 0, S2P: 0 })).toEqual([]);
    expect(rulesOf({ ...NESTED, EATS: 3, S2S: 1 }, { ...NEWEST, DPT: 0 })).toEqual([]);
  });

  test('128-bit descriptors are no LPAE tables', () => {
    expect(rulesOf({ ...LPAE, S2HA: 1, S2FWB: 1 }, { ...NEWEST, TTF: 2, D128: 1 })).toEqual([]);
    expect(rulesOf({ ...LPAE, S2POE: 1 }, { ...NEWEST, D128: 1 })).toEqual([]);
  });

  test('a pointer too large for an SMMU of version 3.0, which may truncate it', () => {
    expect(rulesOf({ ...STAGE1, S1ContextPtr: 2 ** 50 }, { ...QEMU, ArchMinorRev: 0 })).toEqual([]);
  });

  test.each<[string, HardwareFeatures, FieldInputs]>([
    ['stage 1, QEMU', QEMU, STAGE1],
    ['stage 1 with SubstreamIDs, QEMU', QEMU, { ...STAGE1, S1CDMax: 5 }],
    ['stage 2, QEMU', QEMU, { ...STAGE2, S2PS: 4 }],
    ['bypass, QEMU', QEMU, { Config: 4, SHCFG: 1 }],
    [
      'stage 1 of EL2 with ATS and SubstreamIDs, a server',
      SERVER,
      { ...STAGE1, S1CDMax: 10, S1Fmt: 2, S1STALLD: 1, STRW: 2, EATS: 1 },
    ],
    ['stage 2, a server', SERVER, { ...STAGE2, S2T0SZ: 16, S2SL0: 2, EATS: 1 }],
    ['nested, a server', SERVER, { ...NESTED, S1STALLD: 1, EATS: 1, MEV: 1 }],
  ])('what Linux writes: %s', (_, hw, fields) => {
    expect(rulesOf(fields, hw)).toEqual([]);
  });
});

test('an STE without V is one reason, and no other is looked for', () => {
  expect(steIllegalities(encodeFields(STE, { ...STAGE2, S2TG: 3 }), QEMU)).toMatchObject([
    { rule: 'ste-invalid', observed: { field: 'V', value: 0 }, required: { wanted: { kind: 'value', value: 1 } } },
  ]);
});

/** An SMMU that does not tell its version is not taken for one of 3.0, which permits more. */
const FORGETTABLE = FEATURE_NAMES.filter((name) => name !== 'ArchMinorRev');

describe('unknown hardware', () => {
  test.each(CASES)('%s is not known without %j', (rule, _, illegal) => {
    const known = rulesOf(illegal, UNKNOWN);
    // Some values are too large for any hardware.
    if (rule === 'ste-s2ttb' || rule === 'ste-s2t0sz') expect([[], [rule]]).toContainEqual(known);
    else expect(known).toEqual(['ste-s2tg-reserved', 'ste-s2ttb-48'].includes(rule) ? [rule] : []);
  });

  const anySte = fc
    .tuple(
      fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { minLength: 8, maxLength: 8 }),
      fc.integer({ min: 4, max: 7 }),
    )
    .map(([words, config]) => words.map((word, i) => (i === 0 ? (word & ~0xfn) | (BigInt(config) << 1n) | 1n : word)));
  const anyFeatures = fc
    .tuple(...FEATURE_NAMES.map(() => fc.integer({ min: 0, max: 7 })))
    .map((values) => Object.fromEntries(FEATURE_NAMES.map((name, i) => [name, values[i]])) as HardwareFeatures);

  test('knowing less never makes an STE illegal that was legal', () => {
    holds(
      fc.property(anySte, anyFeatures, fc.subarray(FORGETTABLE), (words, hw, forgotten) => {
        const less = { ...hw, ...Object.fromEntries(forgotten.map((name) => [name, null])) };
        const reasons = (features: HardwareFeatures) =>
          steIllegalities(words, features).map((one) => one.rule + one.observed.field);
        const all = new Set(reasons(hw));
        expect(reasons(less).filter((reason) => !all.has(reason))).toEqual([]);
      }),
      { numRuns: runs(500) },
    );
  });
});

describe('the stream world', () => {
  test.each<[string, FieldInputs, Overrides, string | null]>([
    ['STRW 0', STAGE1, {}, 'el1'],
    ['STRW 2 with E2H', { ...STAGE1, STRW: 2 }, {}, 'el2-e2h'],
    ['STRW 2 without', { ...STAGE1, STRW: 2 }, { E2H: 0 }, 'el2'],
    ['STRW 2, E2H unknown', { ...STAGE1, STRW: 2 }, { E2H: null }, null],
    ['STRW 2 without EL2', { ...STAGE1, STRW: 2 }, { Hyp: 0 }, 'el1'],
    ['STRW 2, EL2 unknown', { ...STAGE1, STRW: 2 }, { Hyp: null }, null],
    ['STRW 0, EL2 unknown', STAGE1, { Hyp: null }, 'el1'],
    ['STRW 1, which is illegal', { ...STAGE1, STRW: 1 }, {}, null],
    ['STRW of a nested stream', { ...NESTED, STRW: 2 }, {}, 'el1'],
    ['STRW of a stage 2 stream', { ...STAGE2, STRW: 3 }, {}, 'el1'],
  ])('%s', (_, fields, overrides, world) => {
    expect(streamWorld(ste(fields), { ...SERVER, ...overrides })).toBe(world);
  });
});
