/** What makes a CD illegal: any use of it is C_BAD_CD (IHI 0070, "CD ILLEGAL conditions"), Non-secure streams. */

import { GRANULE_FEATURES, GRANULES, type SizeLimits, stage1SizeLimits, within } from '../granules.ts';
import type { HardwareFeatures } from '../registers/hardware-features.ts';
import { CD } from './cd.ts';
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
import { isLpaeStage2, type SteReading, steReading } from './ste-legality.ts';
import { walkDisabled } from './stream-world.ts';

/** A CD and the STE that leads to it. */
interface CdReading extends Reading {
  readonly ste: SteReading;
}

const vmsa64 = (cd: CdReading) => cd.of('AA64') === 1;
const lpae = (cd: CdReading, { D128 }: HardwareFeatures) => cd.of('AA64') === 0 && D128 === 0;
const wideDescriptors = (cd: CdReading, { D128 }: HardwareFeatures) => cd.of('AA64') === 0 && D128 === 1;

/** CD.DS counts only where IDR5.DS does; while that is not known it may. */
const ds = (cd: CdReading, { DS }: HardwareFeatures) => cd.of('DS') === 1 && DS !== 0;

/** Output bits of stage 1. */
const outputBits = (cd: CdReading, hw: HardwareFeatures) => formatOutputBits(cd.of('AA64'), cd.of('IPS'), hw);

/** VMSAv8-32 LPAE has no hardware update, and HA, HD and HAFT are ignored. */
const mayUpdate = (cd: CdReading, hw: HardwareFeatures) => vmsa64(cd) || wideDescriptors(cd, hw);

/** The schemes in which PIIPn and PIIUn say what is permitted. */
const indirect = (cd: CdReading, hw: HardwareFeatures) =>
  wideDescriptors(cd, hw) || (vmsa64(cd) && hw.S1PI === 1 && cd.ste.of('S1PIE') === 1 && cd.of('PIE') === 1);

const enabled = (cd: CdReading, half: 0 | 1, hw: HardwareFeatures) => !walkDisabled(cd.of, half, cd.ste.world(hw));

const rule = ruleMaker<CdReading>('cd');

/** The rules of the addresses that TTB0 translates, or TTB1. */
function halfRules(x: 0 | 1): Rule<CdReading>[] {
  const [size, tg, ttb] = [`T${x}SZ`, `TG${x}` as const, `TTB${x}`];
  const granule = (cd: CdReading) => GRANULES[tg][cd.of(tg)] ?? null;
  /** Streams of EL2 without E2H have no upper half. */
  const walked = (cd: CdReading, hw: HardwareFeatures) =>
    enabled(cd, x, hw) && (x === 0 || ['el1', 'el2-e2h'].includes(cd.ste.world(hw) ?? ''));
  const walked64 = (cd: CdReading, hw: HardwareFeatures) => vmsa64(cd) && walked(cd, hw);
  const limits = (cd: CdReading, hw: HardwareFeatures): SizeLimits =>
    stage1SizeLimits(granule(cd) ?? 12, ds(cd, hw), hw.VAX ?? 1, hw.STT !== 0);
  return [
    // An SMMU of version 3.0 may clamp the size instead.
    rule(`cd-${size.toLowerCase()}`, size, [], {
      when: (cd, hw) => walked64(cd, hw) && granule(cd) !== null && hw.ArchMinorRev !== 0,
      legal: (cd, hw) => within(limits(cd, hw), cd.of(size)),
      required: (cd, hw) => wants({ kind: 'range', ...limits(cd, hw) }),
    }),
    rule(`cd-tg${x}-reserved`, tg, [], {
      when: walked64,
      legal: (cd) => granule(cd) !== null,
      required: wants({ kind: 'one-of', values: x === 0 ? [0, 1, 2] : [1, 2, 3] }),
    }),
    ...GRANULE_FEATURES.map(({ log2, name, feature }) =>
      rule(`cd-tg${x}`, tg, [feature], {
        when: (cd, hw) => walked64(cd, hw) && granule(cd) === log2,
        legal: (_, hw) => hw[feature] === 1,
        required: wants({ kind: 'another-granule' }, { kind: 'without-granule', granule: name }),
      }),
    ),
    rule(`cd-ttb${x}`, ttb, [], {
      when: walked,
      legal: (cd, hw) => fitsIn(cd.of(ttb), outputBits(cd, hw)),
      required: (cd, hw) => wants(addressOf(outputBits(cd, hw))),
    }),
    rule(`cd-ttb${x}-48`, ttb, [], {
      when: (cd, hw) => walked64(cd, hw) && (granule(cd) ?? 16) < 16 && !ds(cd, hw),
      legal: (cd) => fitsIn(cd.of(ttb), 48),
      required: wants(addressOf(48), { kind: 'without-field', field: 'DS' }),
    }),
  ];
}

/** EL2 without E2H has one privilege, and PIIUn says nothing there. */
const unprivileged = (cd: CdReading, hw: HardwareFeatures) =>
  indirect(cd, hw) && ['el1', 'el2-e2h'].includes(cd.ste.world(hw) ?? '');

/** The rules of one index into the permissions that PIIPn and PIIUn give. */
function indirectionRules(index: number): Rule<CdReading>[] {
  const [piip, piiu] = [`PIIP${index}`, `PIIU${index}`];
  const meant = (name: string) => (cd: CdReading) => ![4, 6].includes(cd.of(name));
  return [
    rule('cd-piip', piip, ['S1PI', 'D128'], {
      when: indirect,
      legal: meant(piip),
      required: wants({ kind: 'none-of', values: [4, 6] }),
    }),
    rule('cd-piiu', piiu, ['S1PI', 'D128'], {
      when: unprivileged,
      legal: meant(piiu),
      required: wants({ kind: 'none-of', values: [4, 6] }),
    }),
    // Nothing is executed with privilege that others may write.
    rule('cd-piip-execute', piip, ['S1PI', 'D128'], {
      when: (cd, hw) => unprivileged(cd, hw) && (cd.of(piiu) & 4) !== 0,
      legal: (cd) => (cd.of(piip) & 2) === 0,
      required: (cd) => wants({ kind: 'one-of', values: [0, 1, 5] }, withField(piiu, cd.of(piiu))),
    }),
  ];
}

const RULES: readonly Rule<CdReading>[] = [
  rule('cd-stall-disabled', 'S', [], {
    legal: (cd) => cd.of('S') === 0 || cd.ste.of('S1STALLD') === 0,
    required: wants(0, { kind: 'with-field-of-ste', field: 'S1STALLD', value: 1 }),
  }),
  rule('cd-stall', 'S', ['STALL_MODEL'], {
    legal: (cd, { STALL_MODEL }) => STALL_MODEL !== (cd.of('S') === 1 ? 1 : 2),
    required: (_, { STALL_MODEL }) => wants(STALL_MODEL === 1 ? 0 : 1, has('STALL_MODEL', STALL_MODEL)),
  }),
  rule('cd-abort', 'A', ['TERM_MODEL'], {
    legal: (cd, { TERM_MODEL }) => TERM_MODEL === 0 || cd.of('A') === 1,
    required: wants(1, has('TERM_MODEL', 1)),
  }),
  rule('cd-endi', 'ENDI', ['TTENDIAN'], {
    when: (cd, hw) => enabled(cd, 0, hw) || enabled(cd, 1, hw),
    legal: (cd, { TTENDIAN }) => endiannessAllowed(cd.of('ENDI'), TTENDIAN),
    required: (_, { TTENDIAN }) => wants(TTENDIAN === 2 ? 0 : 1, has('TTENDIAN', TTENDIAN)),
  }),
  rule('cd-aa64', 'AA64', ['TTF'], {
    when: vmsa64,
    legal: (_, { TTF }) => (TTF & 2) !== 0,
    required: wants(0, { kind: 'without-format', format: 'VMSAv8-64' }),
  }),
  rule('cd-aa64-nested', 'AA64', ['D128'], {
    when: vmsa64,
    legal: (cd, hw) => !isLpaeStage2(cd.ste, hw),
    required: wants(0, { kind: 'lpae-stage-2' }),
  }),
  rule('cd-aa64-lpae', 'AA64', ['TTF', 'D128'], {
    when: lpae,
    legal: (_, { TTF }) => (TTF & 1) !== 0,
    required: wants(1, { kind: 'without-format', format: 'VMSAv8-32 LPAE' }),
  }),
  rule('cd-aa64-world', 'AA64', ['D128'], {
    when: lpae,
    legal: (cd, hw) => cd.ste.world(hw) !== 'el2-e2h',
    required: wants(1, { kind: 'el2-e2h-stream' }),
  }),
  rule('cd-aa64-d128', 'AA64', ['D128'], {
    when: wideDescriptors,
    legal: (cd) => cd.ste.of('S1PIE') === 1,
    observed: ({ ste }) => ({
      takenFor: 'VMSAv9-128',
      beside: [{ entry: 'ste', field: 'S1PIE', value: ste.decoded('S1PIE') }],
    }),
    required: wants({ kind: 'other-fields', fields: { S1PIE: 1 } }),
  }),
  rule('cd-aa64-d128-world', 'AA64', ['D128'], {
    when: wideDescriptors,
    legal: (cd, hw) => cd.ste.world(hw) !== 'el2',
    observed: () => ({ takenFor: 'VMSAv9-128' }),
    required: wants(1, { kind: 'el2-stream' }),
  }),
  rule('cd-ha', 'HA', ['HTTU'], {
    when: mayUpdate,
    legal: (cd, { HTTU }) => cd.of('HA') === 0 || HTTU >= 1,
    required: wants(0, has('HTTU', 0)),
  }),
  rule('cd-hd', 'HD', ['HTTU'], {
    when: mayUpdate,
    legal: (cd, { HTTU }) => cd.of('HD') === 0 || HTTU >= 2,
    required: (_, { HTTU }) => wants(0, has('HTTU', HTTU)),
  }),
  rule('cd-haft', 'HAFT', ['HTTU'], {
    when: (cd, hw) => hw.HTTU === 3 && mayUpdate(cd, hw),
    legal: (cd) => cd.of('HAFT') === 0 || cd.of('HA') === 1,
    beside: ['HA'],
    required: wants({ kind: 'other-fields', fields: { HA: 1 } }),
  }),
  rule('cd-asid', 'ASID', ['ASID16'], {
    when: (cd, hw) => ['el1', 'el2-e2h'].includes(cd.ste.world(hw) ?? ''),
    legal: (cd, { ASID16 }) => ASID16 === 1 || cd.of('ASID') <= 0xff,
    required: wants({ kind: 'at-most', value: 255 }, has('ASID16', 0)),
  }),
  ...halfRules(0),
  ...halfRules(1),
  ...Array.from({ length: 16 }, (_, index) => indirectionRules(index)).flat(),
];

/**
 * Why the hardware refuses this CD when a stream of that STE uses it; empty for one that it takes, or where the features
 * that were captured do not prove otherwise.
 */
export function cdIllegalities(cd: readonly bigint[], ste: readonly bigint[], hw: HardwareFeatures): Illegality[] {
  const reading = readingOf(CD, cd);
  return reading.of('V') === 0 ? [notValid('cd')] : judged(RULES, { ...reading, ste: steReading(ste) }, hw);
}
