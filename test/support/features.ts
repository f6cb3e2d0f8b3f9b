/** What SMMUs of different kinds can do, for tests of what depends on it. */

import { encodeFields, type FieldInputs } from '../../src/smmu/fields.ts';
import {
  type FeatureName,
  type HardwareFeatures,
  hardwareFeatures,
} from '../../src/smmu/registers/hardware-features.ts';
import { registerNamed } from '../../src/smmu/registers/registers.ts';

/** Nothing was captured. */
export const UNKNOWN: HardwareFeatures = hardwareFeatures(new Map());

export const QEMU: HardwareFeatures = hardwareFeatures(
  new Map([
    ['IDR0', 0x0d44_101bn],
    ['IDR1', 0x0273_0510n],
    ['IDR3', 0x1404n],
    ['IDR5', 0x74n],
    ['AIDR', 0x1n],
    ['CR2', 0x2n],
  ]),
);

/** A server: EL2 with E2H, stalls, ATS, PRI, two-level CD tables, both endiannesses, 48 bits, version 3.1. */
export const SERVER: HardwareFeatures = from({
  IDR0: {
    S2P: 1,
    S1P: 1,
    TTF: 2,
    COHACC: 1,
    Hyp: 1,
    ATS: 1,
    ASID16: 1,
    MSI: 1,
    PRI: 1,
    VMID16: 1,
    CD2L: 1,
    TTENDIAN: 0,
    STALL_MODEL: 0,
    TERM_MODEL: 0,
    ST_LEVEL: 1,
  },
  IDR1: { SIDSIZE: 32, SSIDSIZE: 20, CMDQS: 19, EVENTQS: 19, PRIQS: 19, ATTR_TYPES_OVR: 1 },
  IDR3: { HAD: 1, XNX: 1 },
  IDR5: { OAS: 5, GRAN4K: 1, GRAN16K: 1, GRAN64K: 1 },
  AIDR: { ArchMinorRev: 1 },
  CR2: { E2H: 1, RECINVSID: 1, PTM: 1 },
});

/** Everything that version 3.4 knows but 128-bit descriptors: both table formats and 52-bit addresses. */
export const NEWEST: HardwareFeatures = {
  ...SERVER,
  TTF: 3,
  HTTU: 3,
  STT: 1,
  PBHA: 1,
  MPAM: 1,
  FWB: 1,
  E0PD: 1,
  EPAN: 1,
  DPT: 1,
  S1PI: 1,
  S2PI: 1,
  S2PO: 1,
  AIE: 1,
  OAS: 6,
  DS: 1,
  VAX: 1,
  ArchMinorRev: 4,
};

export const FEATURE_NAMES = Object.keys(UNKNOWN) as FeatureName[];

function from(registers: Readonly<Record<string, FieldInputs>>): HardwareFeatures {
  const values = Object.entries(registers).map(([name, fields]) => {
    const layout = registerNamed(name);
    if (layout === undefined) throw new Error(`there is no register ${name}`);
    return [name, encodeFields(layout, fields)[0] ?? 0n] as const;
  });
  return hardwareFeatures(new Map(values));
}
