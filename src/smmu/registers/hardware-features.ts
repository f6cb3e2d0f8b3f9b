/**
 * What an SMMU can do, by the names of its identification register fields: the part of the hardware that the legality of
 * an STE or a CD and a translation depend on. A value that was not captured is null, and a rule that needs it is not
 * applied: nothing becomes illegal by a guess. Only an SMMU that does not say so is not taken for one of version 3.0,
 * which treats a few illegal values otherwise.
 */

import { type Field, fieldBits, fieldOf, isKnown } from '../fields.ts';
import { registerNamed } from './registers.ts';

/** Where each value stands: register and field. */
const FEATURES = {
  S2P: ['IDR0', 'S2P'],
  S1P: ['IDR0', 'S1P'],
  TTF: ['IDR0', 'TTF'],
  HTTU: ['IDR0', 'HTTU'],
  Hyp: ['IDR0', 'Hyp'],
  ATS: ['IDR0', 'ATS'],
  NS1ATS: ['IDR0', 'NS1ATS'],
  ASID16: ['IDR0', 'ASID16'],
  VMID16: ['IDR0', 'VMID16'],
  PRI: ['IDR0', 'PRI'],
  CD2L: ['IDR0', 'CD2L'],
  TTENDIAN: ['IDR0', 'TTENDIAN'],
  STALL_MODEL: ['IDR0', 'STALL_MODEL'],
  TERM_MODEL: ['IDR0', 'TERM_MODEL'],
  ST_LEVEL: ['IDR0', 'ST_LEVEL'],
  SIDSIZE: ['IDR1', 'SIDSIZE'],
  SSIDSIZE: ['IDR1', 'SSIDSIZE'],
  ATTR_PERMS_OVR: ['IDR1', 'ATTR_PERMS_OVR'],
  HAD: ['IDR3', 'HAD'],
  PBHA: ['IDR3', 'PBHA'],
  XNX: ['IDR3', 'XNX'],
  MPAM: ['IDR3', 'MPAM'],
  FWB: ['IDR3', 'FWB'],
  STT: ['IDR3', 'STT'],
  E0PD: ['IDR3', 'E0PD'],
  EPAN: ['IDR3', 'EPAN'],
  DPT: ['IDR3', 'DPT'],
  S1PI: ['IDR3', 'S1PI'],
  S2PI: ['IDR3', 'S2PI'],
  S2PO: ['IDR3', 'S2PO'],
  AIE: ['IDR3', 'AIE'],
  OAS: ['IDR5', 'OAS'],
  GRAN4K: ['IDR5', 'GRAN4K'],
  GRAN16K: ['IDR5', 'GRAN16K'],
  GRAN64K: ['IDR5', 'GRAN64K'],
  DS: ['IDR5', 'DS'],
  D128: ['IDR5', 'D128'],
  VAX: ['IDR5', 'VAX'],
  ArchMinorRev: ['AIDR', 'ArchMinorRev'],
  E2H: ['CR2', 'E2H'],
} as const satisfies Readonly<Record<string, readonly [register: string, field: string]>>;

export type FeatureName = keyof typeof FEATURES;

/** The field of an identification register, or of CR2, that tells it. */
export function featureField(feature: FeatureName): { readonly register: string; readonly field: string } {
  const [register, field] = FEATURES[feature];
  return { register, field };
}

/** The raw field values; null where the field is not known. */
export type HardwareFeatures = Readonly<Record<FeatureName, number | null>>;

/**
 * `registers` are captured values by architecture name; of those in `partial` the bits of a mask are known, and a feature
 * outside of it is null.
 */
export function hardwareFeatures(
  registers: ReadonlyMap<string, bigint>,
  partial: ReadonlyMap<string, { readonly value: bigint; readonly known: bigint }> = new Map(),
): HardwareFeatures {
  places ??= placesOfFeatures();
  const features = {} as Record<FeatureName, number | null>;
  for (const { feature, register, field } of places) {
    const some = partial.get(register);
    const value = registers.get(register) ?? (some !== undefined && isKnown(field, some) ? some.value : undefined);
    features[feature] = value === undefined ? null : Number(fieldBits(field, [value]));
  }
  return features;
}

interface FeaturePlace {
  readonly feature: FeatureName;
  readonly register: string;
  readonly field: Field;
}

/** Made at the first question: every SMMU of every dump is asked more than once. */
let places: readonly FeaturePlace[] | undefined;

function placesOfFeatures(): FeaturePlace[] {
  return Object.entries(FEATURES).map(([feature, [register, name]]) => {
    const layout = registerNamed(register);
    if (layout === undefined) throw new Error(`there is no register ${register}`);
    return { feature: feature as FeatureName, register, field: fieldOf(layout, name) };
  });
}

/**
 * What the features are read from and what is not known, in the order of the table: registers that were not captured at
 * all, and fields of those of which other bits are known.
 */
export function missingFeatures(
  registers: ReadonlyMap<string, bigint>,
  partial: ReadonlyMap<string, { readonly value: bigint; readonly known: bigint }> = new Map(),
): string[] {
  const features = hardwareFeatures(registers, partial);
  const missing = Object.entries(FEATURES).flatMap(([feature, [register, field]]) => {
    if (features[feature as FeatureName] !== null) return [];
    return partial.has(register) ? [`${register}.${field}`] : [register];
  });
  return [...new Set(missing)];
}

/** Bits of the address sizes OAS, IPS and S2PS, by code. */
export const ADDRESS_SIZE_BITS = [32, 36, 40, 42, 44, 48, 52, 56] as const;

/** IDR5.OAS in bits; null when it was not captured. */
export function oasBits({ OAS }: HardwareFeatures): number | null {
  return OAS === null ? null : (ADDRESS_SIZE_BITS[OAS] ?? null);
}

/**
 * Bits of an intermediate physical address, IAS (IHI 0070, "Address sizes"): what the table formats of the SMMU can put
 * out. Null when IDR0 or IDR5 was not captured.
 */
export function iasBits(hw: HardwareFeatures): number | null {
  const oas = oasBits(hw);
  if (hw.TTF === null || oas === null) return null;
  return Math.max((hw.TTF & 1) === 1 ? 40 : 0, (hw.TTF & 2) === 2 ? oas : 0);
}
