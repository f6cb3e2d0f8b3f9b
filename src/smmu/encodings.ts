/**
 * Encodings that several fields of the SMMUv3 architecture share (Arm IHI 0070 issue G.b, register and structure
 * descriptions). Each is the `values` of a {@link Field}.
 */

/**
 * What values of a field mean. Keys are values, ranges of values such as `4-127`, or `other` for all that have no key of
 * their own.
 */
export type Encoding = Readonly<Record<string, string | Reserved>>;

/** The meaning of a value that nobody may use. */
export interface Reserved {
  readonly reserved: string;
}

/** `more` is what the architecture says of it beside: what it is taken for, or that it is illegal. */
export function reserved(more = ''): Reserved {
  return { reserved: `reserved${more}` };
}

export const NO_YES: Encoding = { 0: 'no', 1: 'yes' };

export const OFF_ON: Encoding = { 0: 'off', 1: 'on' };

/** The SH fields of accesses that the SMMU itself makes. */
export const SHAREABILITY: Encoding = {
  0: 'non-shareable',
  1: reserved(' (as 0)'),
  2: 'outer shareable',
  3: 'inner shareable',
};

/** The IC and OC fields of CR1. Context descriptor fetches and table walks have encodings of their own. */
export const CACHEABILITY: Encoding = {
  0: 'non-cacheable',
  1: 'write-back',
  2: 'write-through',
  3: reserved(' (as 0)'),
};

/** The IR and OR fields of table walks, of either stage. */
export const WALK_CACHEABILITY: Encoding = {
  0: 'non-cacheable',
  1: 'write-back, read- and write-allocate',
  2: 'write-through, read-allocate',
  3: 'write-back, read-allocate only',
};

/** OAS and its kin up to 52 bits; each user adds what 7 means to it. */
export const ADDRESS_SIZE: Encoding = {
  0: '32 bits',
  1: '36 bits',
  2: '40 bits',
  3: '42 bits',
  4: '44 bits',
  5: '48 bits',
  6: '52 bits',
};

/** TG0, S2TG and DPTGS. TG1 of a context descriptor and the TG of a command are numbered differently. */
export const GRANULE: Encoding = { 0: '4KB', 1: '64KB', 2: '16KB', 3: reserved() };

// GBPA and the STE override the attributes of incoming traffic with the same encodings.

export const TYPE_OVERRIDE: Encoding = { 0: 'use incoming', 1: 'use MemAttr' };

export const ALLOCATION_OVERRIDE: Encoding = {
  '0-7': 'use incoming',
  '8-15': 'override: bit 2 read, bit 1 write, bit 0 transient',
};

export const SHAREABILITY_OVERRIDE: Encoding = { ...SHAREABILITY, 1: 'use incoming' };

export const PRIVILEGE_OVERRIDE: Encoding = {
  0: 'use incoming',
  1: reserved(' (as 0)'),
  2: 'unprivileged',
  3: 'privileged',
};

export const INSTRUCTION_OVERRIDE: Encoding = {
  0: 'use incoming',
  1: reserved(' (as 0)'),
  2: 'data',
  3: 'instruction',
};
