/** Why the hardware refuses an entry, in words: each form that a rule can use. */

import { describe, expect, test } from 'vitest';
import { entryObservedInWords, entryRequiredInWords } from '../../../src/findings/prose/legality.ts';
import { encodeFields, type FieldInputs } from '../../../src/smmu/fields.ts';
import type { FeatureName } from '../../../src/smmu/registers/hardware-features.ts';
import { CD } from '../../../src/smmu/structures/cd.ts';
import { cdIllegalities } from '../../../src/smmu/structures/cd-legality.ts';
import type { Illegality } from '../../../src/smmu/structures/legality.ts';
import { STE } from '../../../src/smmu/structures/ste.ts';
import { steIllegalities } from '../../../src/smmu/structures/ste-legality.ts';
import { NEWEST } from '../../support/features.ts';

type Features = Partial<Record<FeatureName, number>>;

const STAGE1 = { V: 1, Config: 5 };
const STAGE2 = { V: 1, Config: 6, S2T0SZ: 24, S2SL0: 1, S2PS: 5, S2AA64: 1 };
const LPAE = { V: 1, Config: 6 };
const DMA = { V: 1, T0SZ: 16, EPD1: 1, IPS: 5, AA64: 1, A: 1 };

const words = (reasons: readonly Illegality[]) =>
  reasons.map(({ observed, required }) => [
    `${observed.field} ${entryObservedInWords(observed)}`,
    entryRequiredInWords(required),
  ]);

describe('of an STE', () => {
  test.each<[FieldInputs, Features, observed: string, required: string]>([
    [{ V: 0 }, {}, 'V 0', '1'],
    [STAGE1, { S1P: 0 }, 'Config 5 (stage 1 only)', 'no stage 1: IDR0.S1P is 0'],
    [{ ...STAGE2, EATS: 2 }, {}, 'EATS 2 (split-stage) with Config 6, S2S 0', 'Config 7 and S2S 0'],
    [
      { ...STAGE2, EATS: 2, Config: 7 },
      { NS1ATS: 1 },
      'EATS 2 (split-stage) with Config 7, S2S 0',
      'another value: IDR0.NS1ATS is 1',
    ],
    [{ ...STAGE2, EATS: 1, S2S: 1 }, {}, 'EATS 1 (full) with S2S 1', 'S2S 0 while stage 2 is on'],
    [
      { ...STAGE1, EATS: 3, STRW: 2 },
      {},
      'EATS 3 (full with DPT checks; reserved (as 0) before v3.4 or without DPT)',
      'a stream of EL1',
    ],
    [{ ...STAGE1, STRW: 3 }, {}, 'STRW 3 (reserved, illegal)', '0 or 2 in a Non-secure table'],
    [{ ...STAGE1, S1CDMax: 9 }, { SSIDSIZE: 8 }, 'S1CDMax 9', 'at most 8 (IDR1.SSIDSIZE)'],
    [
      { ...STAGE1, S1CDMax: 4, S1Fmt: 1 },
      { CD2L: 0 },
      'S1Fmt 1 (two-level with 4KB leaves (64 CDs))',
      'a linear table: IDR0.CD2L is 0',
    ],
    [
      { ...STAGE1, S1ContextPtr: 2 ** 44 },
      { OAS: 4 },
      'S1ContextPtr 0x100000000000',
      'an address of 44 bits (IDR5.OAS)',
    ],
    [
      { ...STAGE2, Config: 7, S1ContextPtr: 2 ** 44 },
      { OAS: 4, TTF: 2 },
      'S1ContextPtr 0x100000000000',
      'an intermediate address of 44 bits',
    ],
    [STAGE2, { TTF: 1 }, 'S2AA64 1 (VMSAv8-64)', '0: IDR0.TTF lacks VMSAv8-64'],
    [{ ...LPAE, S2HA: 1 }, {}, 'S2HA 1 (on)', '0 with S2AA64 0'],
    [{ ...STAGE2, S2HAFT: 1 }, {}, 'S2HAFT 1 (on) with S2HA 0', 'S2HA 1'],
    [{ ...STAGE2, S2TG: 3 }, {}, 'S2TG 3 (reserved)', '0, 1 or 2'],
    [STAGE2, { GRAN4K: 0 }, 'S2TG 0 (4KB)', 'another granule: IDR5 has no 4KB'],
    [{ ...STAGE2, S2PS: 6, S2TTB: 2 ** 48 }, {}, 'S2TTB 0x1000000000000', 'an address of 48 bits without S2DS'],
    [{ ...STAGE2, S2T0SZ: 20 }, {}, 'S2SL0 1 with S2T0SZ 20', 'a start level that fits S2T0SZ and the granule'],
    [{ ...STAGE2, S2PIE: 1, S2POE: 1, S2POI0: 5 }, {}, 'S2POI0 5 (reserved, illegal)', 'neither 1 nor 5'],
  ])('%j with %j', (fields, features, observed, required) => {
    expect(words(steIllegalities(encodeFields(STE, fields), { ...NEWEST, ...features }))).toEqual([
      [observed, required],
    ]);
  });
});

describe('of a CD', () => {
  test.each<[FieldInputs, ste: FieldInputs, Features, observed: string, required: string]>([
    [{ ...DMA, T0SZ: 60 }, STAGE1, {}, 'T0SZ 60', '16 to 48'],
    [{ ...DMA, S: 1 }, { ...STAGE1, S1STALLD: 1 }, {}, 'S 1 (stall)', '0: S1STALLD of the STE is 1'],
    [DMA, { ...LPAE, Config: 7 }, {}, 'AA64 1 (VMSAv8-64)', '0: stage 2 is VMSAv8-32 LPAE'],
    [
      { ...DMA, AA64: 0 },
      { ...STAGE1, STRW: 2 },
      {},
      'AA64 0 (VMSAv8-32 LPAE, or VMSAv9-128 where D128 is implemented and selected)',
      '1 for a stream of EL2-E2H',
    ],
    [{ ...DMA, AA64: 0 }, STAGE1, { D128: 1 }, 'AA64 0 (VMSAv9-128) with S1PIE of the STE 0', 'S1PIE 1'],
  ])('%j behind %j with %j', (fields, ste, features, observed, required) => {
    const reasons = cdIllegalities(encodeFields(CD, fields), encodeFields(STE, ste), { ...NEWEST, ...features });
    expect(words(reasons)).toEqual([[observed, required]]);
  });
});
