/** What makes an STE illegal: any use of it is C_BAD_STE (IHI 0070, "STE ILLEGAL conditions"), Non-secure streams. */

import { GRANULE_FEATURES, GRANULES, type SizeLimits, stage2SizeLimits, within } from '../granules.ts';
import { type HardwareFeatures, iasBits, oasBits } from '../registers/hardware-features.ts';
import { stage2StartLevel } from '../stage2-start.ts';
import {
  endiannessAllowed,
  fitsIn,
  formatOutputBits,
  type Illegality,
  judged,
  notValid,
  type Reading,
  type Rule,
  readingOf,
  ruleMaker,
} from './legality.ts';
import { addressOf, has, wants, withField } from './requirement.ts';
import { STE } from './ste.ts';
import { type StreamWorld, streamWorld, strwUsed } from './stream-world.ts';

/** An STE as the rules of both structures see it. */
export interface SteReading extends Reading {
  readonly stage1: boolean;
  readonly stage2: boolean;
  world(hw: HardwareFeatures): StreamWorld | null;
}

/** The stages are those that STE.Config selects; an STE that aborts has none. */
export function steReading(ste: readonly bigint[]): SteReading {
  const reading = readingOf(STE, ste);
  const config = reading.of('Config');
  const enabled = (stage: number) => config >= 4 && (config & stage) !== 0;
  return { stage1: enabled(1), stage2: enabled(2), world: (hw) => streamWorld(ste, hw), ...reading };
}

const stage1 = ({ stage1 }: SteReading) => stage1;
const stage2 = ({ stage2 }: SteReading) => stage2;
const nested = (ste: SteReading) => ste.stage1 && ste.stage2;
/** Tables of stage 2 are VMSAv8-64. Sizes and granules of the other formats are numbered otherwise. */
const vmsa64 = (ste: SteReading) => ste.stage2 && ste.of('S2AA64') === 1;

/** Tables of stage 2 are VMSAv8-32 LPAE; with D128, S2AA64=0 means 128-bit descriptors instead. */
export const isLpaeStage2 = (ste: SteReading, { D128 }: HardwareFeatures) =>
  ste.stage2 && ste.of('S2AA64') === 0 && D128 === 0;

/** S2DS counts only where IDR5.DS does; while that is not known it may. */
const s2ds = (ste: SteReading, { DS }: HardwareFeatures) => ste.of('S2DS') === 1 && DS !== 0;
const s2Granule = (ste: SteReading) => GRANULES.S2TG[ste.of('S2TG')] ?? null;

function s2SizeLimits(ste: SteReading, hw: HardwareFeatures): SizeLimits {
  const anyMin = hw.ArchMinorRev === 0;
  return stage2SizeLimits(s2Granule(ste) ?? 12, s2ds(ste, hw), iasBits(hw) ?? 64, hw.STT !== 0, anyMin);
}

/** Output bits of stage 2. */
const s2OutputBits = (ste: SteReading, hw: HardwareFeatures) => formatOutputBits(ste.of('S2AA64'), ste.of('S2PS'), hw);

/** As VMSAv8-32 LPAE counts them, S2T0SZ is -8 to 7, and level 1 or 2 begins the walk, of up to 16 tables side by side. */
function lpaeStartFits(sl0: number, t0sz: number): boolean {
  const signed = ((t0sz & 0xf) ^ 8) - 8;
  return sl0 === 0 ? signed >= -2 : sl0 === 1 && signed <= 1;
}

/** ATS is there, and the STE is neither bypass nor abort: otherwise EATS is ignored. */
const eatsCounts = (value: number) => (ste: SteReading, hw: HardwareFeatures) =>
  hw.ATS === 1 && (ste.stage1 || ste.stage2) && ste.of('EATS') === value;

/** Stage 2 stalls nothing that ATS has translated. */
const stallsNot = (ste: SteReading) => !ste.stage2 || ste.of('S2S') === 0;
const STALLS_NOT = {
  beside: ['S2S'],
  required: wants({ kind: 'other-fields', fields: { S2S: 0 } }, { kind: 'stage-2-on' }),
};

const rule = ruleMaker<SteReading>('ste');
const HWU_FIELDS = ['S2HWU59', 'S2HWU60', 'S2HWU61', 'S2HWU62'];
const POI_FIELDS = Array.from({ length: 16 }, (_, index) => `S2POI${index}`);

const RULES: readonly Rule<SteReading>[] = [
  rule('ste-stage1-unsupported', 'Config', ['S1P'], {
    when: stage1,
    legal: (_, { S1P }) => S1P === 1,
    required: wants({ kind: 'no-stage', stage: 1 }, has('S1P', 0)),
  }),
  rule('ste-stage2-unsupported', 'Config', ['S2P'], {
    when: stage2,
    legal: (_, { S2P }) => S2P === 1,
    required: wants({ kind: 'no-stage', stage: 2 }, has('S2P', 0)),
  }),
  rule('ste-eats-split', 'EATS', ['ATS', 'NS1ATS'], {
    when: eatsCounts(2),
    legal: (ste, { NS1ATS }) => nested(ste) && ste.of('S2S') === 0 && NS1ATS === 0,
    beside: ['Config', 'S2S'],
    required: (_, { NS1ATS }) =>
      NS1ATS === 0
        ? wants({ kind: 'other-fields', fields: { Config: 7, S2S: 0 } })
        : wants({ kind: 'another-value' }, has('NS1ATS', NS1ATS)),
  }),
  rule('ste-eats-stall', 'EATS', ['ATS'], {
    when: eatsCounts(1),
    legal: stallsNot,
    ...STALLS_NOT,
  }),
  rule('ste-eats-stall', 'EATS', ['ATS', 'DPT'], {
    when: eatsCounts(3),
    legal: (ste, { DPT }) => DPT === 0 || stallsNot(ste),
    ...STALLS_NOT,
  }),
  rule('ste-eats-dpt', 'EATS', ['ATS', 'DPT'], {
    when: eatsCounts(3),
    legal: (ste, hw) => hw.DPT === 0 || (ste.world(hw) ?? 'el1') === 'el1',
    required: wants({ kind: 'el1-stream' }),
  }),
  rule('ste-strw', 'STRW', ['S1P', 'Hyp'], {
    when: (ste, hw) => strwUsed(ste.of('Config'), hw) === true,
    legal: (ste) => (ste.of('STRW') & 1) === 0,
    required: wants({ kind: 'one-of', values: [0, 2] }, { kind: 'non-secure-table' }),
  }),

  rule('ste-s1stalld', 'S1STALLD', ['STALL_MODEL'], {
    when: stage1,
    legal: (ste, { STALL_MODEL }) => ste.of('S1STALLD') === 0 || STALL_MODEL === 0,
    required: (_, { STALL_MODEL }) => wants(0, has('STALL_MODEL', STALL_MODEL)),
  }),
  rule('ste-s1cdmax', 'S1CDMax', ['SSIDSIZE'], {
    when: (ste, { SSIDSIZE }) => ste.stage1 && SSIDSIZE > 0,
    legal: (ste, { SSIDSIZE }) => ste.of('S1CDMax') <= SSIDSIZE,
    required: (_, { SSIDSIZE }) => wants({ kind: 'at-most', value: SSIDSIZE }, { kind: 'limit', feature: 'SSIDSIZE' }),
  }),
  rule('ste-s1fmt', 'S1Fmt', ['SSIDSIZE', 'CD2L'], {
    when: (ste, { SSIDSIZE }) => ste.stage1 && SSIDSIZE > 0 && ste.of('S1CDMax') > 0,
    legal: (ste, { CD2L }) => CD2L === 1 || ![1, 2].includes(ste.of('S1Fmt')),
    required: wants({ kind: 'linear-table' }, has('CD2L', 0)),
  }),
  // An SMMU of version 3.0 may do other things with such a pointer.
  rule('ste-s1contextptr', 'S1ContextPtr', ['OAS'], {
    when: (ste, hw) => ste.stage1 && !ste.stage2 && hw.ArchMinorRev !== 0,
    legal: (ste, hw) => fitsIn(ste.of('S1ContextPtr'), oasBits(hw)),
    required: (_, hw) => wants(addressOf(oasBits(hw)), { kind: 'limit', feature: 'OAS' }),
  }),
  rule('ste-s1contextptr-ipa', 'S1ContextPtr', ['OAS', 'TTF'], {
    when: (ste, hw) => nested(ste) && hw.ArchMinorRev !== 0,
    legal: (ste, hw) => fitsIn(ste.of('S1ContextPtr'), iasBits(hw)),
    required: (_, hw) => wants(addressOf(iasBits(hw), 'intermediate-address')),
  }),

  rule('ste-s2s', 'S2S', ['STALL_MODEL'], {
    when: stage2,
    legal: (ste, { STALL_MODEL }) => STALL_MODEL !== (ste.of('S2S') === 1 ? 1 : 2),
    required: (_, { STALL_MODEL }) => wants(STALL_MODEL === 1 ? 0 : 1, has('STALL_MODEL', STALL_MODEL)),
  }),
  rule('ste-s2aa64', 'S2AA64', ['TTF'], {
    when: vmsa64,
    legal: (_, { TTF }) => (TTF & 2) !== 0,
    required: wants(0, { kind: 'without-format', format: 'VMSAv8-64' }),
  }),
  rule('ste-s2aa64-lpae', 'S2AA64', ['TTF', 'D128'], {
    when: isLpaeStage2,
    legal: (_, { TTF }) => (TTF & 1) !== 0,
    required: wants(1, { kind: 'without-format', format: 'VMSAv8-32 LPAE' }),
  }),
  rule('ste-s2fwb', 'S2FWB', ['D128', 'FWB'], {
    when: (ste, hw) => isLpaeStage2(ste, hw) && hw.FWB === 1,
    legal: (ste) => ste.of('S2FWB') === 0,
    required: wants(0, withField('S2AA64', 0)),
  }),
  ...['S2HA', 'S2HD'].map((name) =>
    rule(`ste-${name.toLowerCase()}-lpae`, name, ['D128'], {
      when: isLpaeStage2,
      legal: (ste) => ste.of(name) === 0,
      required: wants(0, withField('S2AA64', 0)),
    }),
  ),
  rule('ste-s2ha', 'S2HA', ['HTTU'], {
    when: stage2,
    legal: (ste, { HTTU }) => ste.of('S2HA') === 0 || HTTU >= 1,
    required: wants(0, has('HTTU', 0)),
  }),
  rule('ste-s2hd', 'S2HD', ['HTTU'], {
    when: stage2,
    legal: (ste, { HTTU }) => ste.of('S2HD') === 0 || HTTU >= 2,
    required: (_, { HTTU }) => wants(0, has('HTTU', HTTU)),
  }),
  rule('ste-s2haft', 'S2HAFT', ['HTTU'], {
    when: (ste, { HTTU }) => ste.stage2 && HTTU === 3,
    legal: (ste) => ste.of('S2HAFT') === 0 || ste.of('S2HA') === 1,
    beside: ['S2HA'],
    required: wants({ kind: 'other-fields', fields: { S2HA: 1 } }),
  }),
  rule('ste-s2tg-reserved', 'S2TG', [], {
    when: vmsa64,
    legal: (ste) => s2Granule(ste) !== null,
    required: wants({ kind: 'one-of', values: [0, 1, 2] }),
  }),
  ...GRANULE_FEATURES.map(({ log2, name, feature }) =>
    rule('ste-s2tg', 'S2TG', [feature], {
      when: (ste) => vmsa64(ste) && s2Granule(ste) === log2,
      legal: (_, hw) => hw[feature] === 1,
      required: wants({ kind: 'another-granule' }, { kind: 'without-granule', granule: name }),
    }),
  ),
  rule('ste-s2ttb', 'S2TTB', [], {
    when: stage2,
    legal: (ste, hw) => fitsIn(ste.of('S2TTB'), s2OutputBits(ste, hw)),
    required: (ste, hw) => wants(addressOf(s2OutputBits(ste, hw))),
  }),
  rule('ste-s2ttb-48', 'S2TTB', [], {
    when: (ste, hw) => vmsa64(ste) && (s2Granule(ste) ?? 16) < 16 && !s2ds(ste, hw),
    legal: (ste) => fitsIn(ste.of('S2TTB'), 48),
    required: wants(addressOf(48), { kind: 'without-field', field: 'S2DS' }),
  }),
  rule('ste-s2t0sz', 'S2T0SZ', [], {
    when: (ste) => vmsa64(ste) && s2Granule(ste) !== null,
    legal: (ste, hw) => within(s2SizeLimits(ste, hw), ste.of('S2T0SZ')),
    required: (ste, hw) => wants({ kind: 'range', ...s2SizeLimits(ste, hw) }),
  }),
  rule('ste-s2sl0', 'S2SL0', ['STT', 'DS'], {
    when: (ste) => vmsa64(ste) && s2Granule(ste) !== null,
    legal: (ste, hw) =>
      stage2StartLevel(
        s2Granule(ste) ?? 0,
        ste.of('S2SL0'),
        ste.of('S2SL0_2'),
        ste.of('S2T0SZ'),
        s2ds(ste, hw),
        hw.STT === 1,
      ) !== null,
    beside: ['S2T0SZ'],
    required: wants({ kind: 'fitting-start-level' }),
  }),
  rule('ste-s2sl0-lpae', 'S2SL0', ['D128'], {
    when: isLpaeStage2,
    legal: (ste) => lpaeStartFits(ste.of('S2SL0'), ste.of('S2T0SZ')),
    beside: ['S2T0SZ'],
    required: wants({ kind: 'fitting-start-level' }),
  }),
  rule('ste-s2endi', 'S2ENDI', ['TTENDIAN'], {
    when: stage2,
    legal: (ste, { TTENDIAN }) => endiannessAllowed(ste.of('S2ENDI'), TTENDIAN),
    required: (_, { TTENDIAN }) => wants(TTENDIAN === 2 ? 0 : 1, has('TTENDIAN', TTENDIAN)),
  }),
  // Stage 1 alone tags what it caches with the VMID, too, where there is a stage 2 at all.
  rule('ste-s2vmid', 'S2VMID', ['VMID16'], {
    when: (ste, hw) => ste.stage2 || (ste.stage1 && hw.S2P === 1 && ste.world(hw) === 'el1'),
    legal: (ste, { VMID16 }) => VMID16 === 1 || ste.of('S2VMID') <= 0xff,
    required: wants({ kind: 'at-most', value: 255 }, has('VMID16', 0)),
  }),
  rule('ste-s2poe', 'S2POE', ['S2PO'], {
    when: (ste, { S2PO }) => ste.stage2 && S2PO === 1,
    // 128-bit descriptors always have indirect permissions.
    legal: (ste, { D128 }) => ste.of('S2POE') === 0 || ste.of('S2PIE') === 1 || (ste.of('S2AA64') === 0 && D128 !== 0),
    beside: ['S2PIE'],
    required: wants({ kind: 'other-fields', fields: { S2PIE: 1 } }),
  }),
  ...HWU_FIELDS.map((name) =>
    rule('ste-s2hwu', name, ['S2PO', 'PBHA'], {
      when: (ste, { S2PO, PBHA }) => ste.stage2 && S2PO === 1 && PBHA === 1 && ste.of('S2POE') === 1,
      legal: (ste) => ste.of(name) === 0,
      required: wants(0, withField('S2POE', 1)),
    }),
  ),
  ...POI_FIELDS.map((name) =>
    rule('ste-s2poi', name, ['S2PO'], {
      when: (ste, { S2PO }) => ste.stage2 && S2PO === 1 && ste.of('S2POE') === 1,
      legal: (ste) => ![1, 5].includes(ste.of(name)),
      required: wants({ kind: 'none-of', values: [1, 5] }),
    }),
  ),
  rule('ste-vmsptr', 'VMSPtr', ['OAS', 'MPAM'], {
    when: (ste, { MPAM }) => nested(ste) && MPAM === 1 && ste.of('S1MPAM') === 1,
    legal: (ste, hw) => fitsIn(ste.of('VMSPtr'), oasBits(hw)),
    required: (_, hw) => wants(addressOf(oasBits(hw)), { kind: 'limit', feature: 'OAS' }),
  }),
];

/**
 * Why the hardware refuses this STE; empty for one that it takes, or where the features that were captured do not prove
 * otherwise. An STE that aborts (Config 0 to 3) is legal whatever else is in it.
 */
export function steIllegalities(ste: readonly bigint[], hw: HardwareFeatures): Illegality[] {
  const reading = steReading(ste);
  if (reading.of('V') === 0) return [notValid('ste')];
  return reading.of('Config') < 4 ? [] : judged(RULES, reading, hw);
}
