/** The features word that the driver prints when it starts: bits of its own, not of a register (arm-smmu-v3.h). */

const NAMES: readonly string[] = [
  '2_LVL_STRTAB',
  '2_LVL_CDTAB',
  'TT_LE',
  'TT_BE',
  'PRI',
  'ATS',
  'SEV',
  'MSI',
  'COHERENCY',
  'TRANS_S1',
  'TRANS_S2',
  'STALLS',
  'HYP',
  'STALL_FORCE',
  'VAX',
  'RANGE_INV',
  'BTM',
  'SVA',
  'E2H',
  'NESTING',
  'ATTR_TYPES_OVR',
  'HA',
  'HD',
  'S2FWB',
];

/** The names of the bits that are set, without ARM_SMMU_FEAT_ in front; `bit n` for one that has none here. */
export function driverFeatures(word: number): string[] {
  return Array.from({ length: 32 }, (_, bit) => bit)
    .filter((bit) => (word >>> bit) % 2 === 1)
    .map((bit) => NAMES[bit] ?? `bit ${bit}`);
}
