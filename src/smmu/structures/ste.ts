/**
 * The Stream table entry: how the traffic of one StreamID is translated. Arm IHI 0070 issue G.b, chapter on data
 * structures. Bit n of the architecture's 512-bit entry is bit n % 64 of word n / 64.
 *
 * Fields named S_*, S2NSW, S2NSA, S2SW, S2SA and NSCFG matter to Secure streams only (NSCFG to Realm ones as well).
 */

import {
  ADDRESS_SIZE,
  ALLOCATION_OVERRIDE,
  GRANULE,
  INSTRUCTION_OVERRIDE,
  NO_YES,
  OFF_ON,
  PRIVILEGE_OVERRIDE,
  reserved,
  SHAREABILITY,
  SHAREABILITY_OVERRIDE,
  TYPE_OVERRIDE,
} from '../encodings.ts';
import type { Layout } from '../fields.ts';
import { address, bits } from '../rows.ts';

const CD_CACHEABILITY = {
  0: 'non-cacheable',
  1: 'write-back, read-allocate',
  2: 'write-through, read-allocate',
  3: 'write-back, no read-allocate',
};

const WALK_CACHEABILITY = {
  0: 'non-cacheable',
  1: 'write-back, read- and write-allocate',
  2: 'write-through, read-allocate',
  3: 'write-back, read-allocate only',
};

// MRO is "mostly read-only", TL0 and TL1 are the TopLevel attribute that the fields TL0 and TL1 refer to.
const OVERLAY = {
  0: 'no access',
  1: reserved(', illegal'),
  2: 'MRO',
  3: 'MRO-TL1',
  4: 'write',
  5: reserved(', illegal'),
  6: 'MRO-TL0',
  7: 'MRO-TL01',
  8: 'read',
  9: 'read, unprivileged execute',
  10: 'read, privileged execute',
  11: 'read, execute',
  12: 'read/write',
  13: 'read/write, unprivileged execute',
  14: 'read/write, privileged execute',
  15: 'read/write, execute',
};

export const STE: Layout = {
  name: 'STE',
  byteLength: 64,
  meaning: 'Stream table entry',
  fields: [
    bits('V', 0, 0, 1, 'STE valid', { 0: 'no, any use gives C_BAD_STE', 1: 'yes' }),
    bits('Config', 0, 1, 3, 'Stream configuration', {
      0: 'abort, no event',
      '1-3': reserved(' (as 0)'),
      4: 'bypass both stages',
      5: 'stage 1 only',
      6: 'stage 2 only',
      7: 'stage 1 and stage 2',
    }),
    bits('S1Fmt', 0, 4, 2, 'CD table format (when S1CDMax is non-zero)', {
      0: 'linear, or a single CD',
      1: 'two-level with 4KB leaves (64 CDs)',
      2: 'two-level with 64KB leaves (1024 CDs)',
      3: reserved(' (as 0)'),
    }),
    address('S1ContextPtr', 0, 6, 50, 'CD table address [55:6]; an IPA when stage 2 is enabled'),
    bits('S1CDMax', 0, 59, 5, 'log2 of the number of CDs; 0 means one CD and no substreams'),

    bits('S1DSS', 1, 0, 2, 'Traffic without a SubstreamID when S1CDMax is non-zero', {
      0: 'terminate, F_STREAM_DISABLED',
      1: 'bypass stage 1',
      2: 'use CD 0 (SubstreamID 0 itself terminates)',
      3: reserved(' (as 0)'),
    }),
    bits('S1CIR', 1, 2, 2, 'CD fetch inner cacheability', CD_CACHEABILITY),
    bits('S1COR', 1, 4, 2, 'CD fetch outer cacheability', CD_CACHEABILITY),
    bits('S1CSH', 1, 6, 2, 'CD fetch shareability', SHAREABILITY),
    bits('S2HWU59', 1, 8, 1, 'Stage 2 descriptor bit 59 usable by hardware', NO_YES),
    bits('S2HWU60', 1, 9, 1, 'Stage 2 descriptor bit 60 usable by hardware', NO_YES),
    bits('S2HWU61', 1, 10, 1, 'Stage 2 descriptor bit 61 usable by hardware', NO_YES),
    bits('S2HWU62', 1, 11, 1, 'Stage 2 descriptor bit 62 usable by hardware', NO_YES),
    bits('DRE', 1, 12, 1, 'Destructive reads', { 0: 'downgraded to plain reads', 1: 'permitted' }),
    bits('CONT', 1, 13, 4, 'Caching hint: this STE is one of 2^CONT identical neighbours', { 0: 'individual entry' }),
    bits('DCP', 1, 17, 1, 'Directed cache prefetch', { 0: 'inhibited', 1: 'permitted' }),
    bits('PPAR', 1, 18, 1, 'PASID prefix on PRI auto-responses', { 0: 'without', 1: 'with' }),
    bits('MEV', 1, 19, 1, 'Similar event records may be merged', NO_YES),
    bits('SW_RESERVED', 1, 20, 4, 'Free for software, ignored by hardware'),
    bits('S1PIE', 1, 24, 1, 'CDs may enable stage 1 permission indirection', NO_YES),
    bits('S2FWB', 1, 25, 1, 'Stage 2 forced write-back attribute encoding', OFF_ON),
    bits('S1MPAM', 1, 26, 1, 'Origin of MPAM labels', { 0: 'STE', 1: 'CD' }),
    bits('S1STALLD', 1, 27, 1, 'Stalling of stage 1 faults disabled', { 0: 'CD.S may be set', 1: 'CD.S must be 0' }),
    bits('EATS', 1, 28, 2, 'PCIe ATS', {
      0: 'translation requests refused',
      1: 'full',
      2: 'split-stage',
      3: 'full with DPT checks; reserved (as 0) before v3.4 or without DPT',
    }),
    bits('STRW', 1, 30, 2, 'Stream world, for Config=5 with IDR0.Hyp=1', {
      0: 'EL1',
      1: reserved(', illegal (EL3 in a Secure table)'),
      2: 'EL2 or EL2-E2H per CR2.E2H',
      3: reserved(', illegal'),
    }),
    bits('MemAttr', 1, 32, 4, 'Memory type for MTCFG=1 (stage 2 MemAttr encoding; 4, 8 and 12 act as Device-nGnRnE)'),
    bits('MTCFG', 1, 36, 1, 'Memory type override', TYPE_OVERRIDE),
    bits('ALLOCCFG', 1, 37, 4, 'Allocation hint override', ALLOCATION_OVERRIDE),
    bits('SHCFG', 1, 44, 2, 'Shareability override', SHAREABILITY_OVERRIDE),
    bits('NSCFG', 1, 46, 2, 'NS attribute override (Secure and Realm streams)', {
      0: 'use incoming',
      1: reserved(' (as 0)'),
      2: 'Secure (Realm in a Realm table)',
      3: 'Non-secure',
    }),
    bits('PRIVCFG', 1, 48, 2, 'Privilege override', PRIVILEGE_OVERRIDE),
    bits('INSTCFG', 1, 50, 2, 'Instruction/data override, reads only', INSTRUCTION_OVERRIDE),
    bits('IMPDEF1', 1, 52, 12, 'Implementation defined'),

    bits('S2VMID', 2, 0, 16, 'VMID of the stream'),
    bits('IMPDEF2', 2, 16, 16, 'Implementation defined'),
    bits('S2T0SZ', 2, 32, 6, 'Stage 2 input range: IPAs have 64 - S2T0SZ bits'),
    bits('S2SL0', 2, 38, 2, 'Stage 2 start level, together with S2SL0_2; which one depends on the granule'),
    bits('S2IR0', 2, 40, 2, 'Stage 2 walk inner cacheability', WALK_CACHEABILITY),
    bits('S2OR0', 2, 42, 2, 'Stage 2 walk outer cacheability', WALK_CACHEABILITY),
    bits('S2SH0', 2, 44, 2, 'Stage 2 walk shareability', { ...SHAREABILITY, 1: reserved() }),
    bits('S2TG', 2, 46, 2, 'Stage 2 granule', GRANULE),
    bits('S2PS', 2, 48, 3, 'Stage 2 output address size, limited by IDR5.OAS', {
      ...ADDRESS_SIZE,
      6: '52 bits (v3.0: as 5)',
      7: '56 bits (v3.1-v3.3: as 6, v3.0: as 5)',
    }),
    bits('S2AA64', 2, 51, 1, 'Stage 2 table format', {
      0: 'VMSAv8-32 LPAE, or VMSAv9-128 where D128 is implemented and selected',
      1: 'VMSAv8-64',
    }),
    bits('S2ENDI', 2, 52, 1, 'Stage 2 table endianness', { 0: 'little', 1: 'big' }),
    bits('S2AFFD', 2, 53, 1, 'Stage 2 Access flag fault', { 0: 'fault when AF=0', 1: 'never faults' }),
    bits('S2PTW', 2, 54, 1, 'Stage 1 walks and CD fetches through stage 2 Device memory', {
      0: 'allowed',
      1: 'stage 2 Permission fault',
    }),
    bits('S2HD', 2, 55, 1, 'Stage 2 hardware dirty state', OFF_ON),
    bits('S2HA', 2, 56, 1, 'Stage 2 hardware Access flag', OFF_ON),
    bits('S2S', 2, 57, 1, 'Stall on stage 2 fault', { 0: 'terminate', 1: 'stall' }),
    bits('S2R', 2, 58, 1, 'Record stage 2 fault', { 0: 'silent', 1: 'record an event' }),
    bits('S2HAFT', 2, 59, 1, 'Stage 2 hardware Access flag in table descriptors', OFF_ON),
    bits('S2PIE', 2, 60, 1, 'Stage 2 permission indirection', { 0: 'direct scheme', 1: 'indirect scheme' }),
    bits('S2POE', 2, 61, 1, 'Stage 2 permission overlay', OFF_ON),
    bits('DPT_VMATCH', 2, 62, 2, 'VMID rule of DPT checks', {
      0: 'VMID must match unless entry AC=2',
      1: 'VMID must match unless entry AC=1 or 2',
      2: 'no VMID match needed',
      3: reserved(' (as 0)'),
    }),

    bits('S2NSW', 3, 0, 1, 'NS bit of stage 2 walks for the Non-secure IPA space of a Secure stream'),
    bits('S2NSA', 3, 1, 1, 'NS bit of outputs for the Non-secure IPA space of a Secure stream'),
    bits('S2SL0_2', 3, 2, 1, 'Third bit of the start level, used with S2DS and 4KB granule', {
      0: 'no effect',
      1: 'start at level -1 (with S2SL0=0)',
    }),
    bits('S2DS', 3, 3, 1, '52-bit addresses with 4KB or 16KB granules at stage 2', OFF_ON),
    address('S2TTB', 3, 4, 52, 'Stage 2 table address [51:4], [47:4] in v3.0, [55:4] with D128; aligned by hardware'),
    bits('S2SKL', 3, 61, 2, 'Levels skipped at the start of a stage 2 walk (D128 only)'),

    bits('IMPDEF4', 4, 0, 16, 'Implementation defined'),
    bits('PARTID', 4, 16, 16, 'MPAM partition ID'),
    bits('S_S2T0SZ', 4, 32, 6, 'Secure IPA space copy of S2T0SZ'),
    bits('S_S2SL0', 4, 38, 2, 'Secure IPA space copy of S2SL0'),
    bits('S_S2TG', 4, 46, 2, 'Secure IPA space copy of S2TG', GRANULE),
    bits('MECID', 4, 48, 16, 'Memory encryption context (Realm)'),

    bits('PMG', 5, 0, 8, 'MPAM performance monitoring group'),
    bits('MPAM_NS', 5, 8, 1, 'MPAM space of a Secure or Realm stream'),
    bits('AssuredOnly', 5, 9, 1, 'Stage 2 AssuredOnly check enable'),
    bits('TL0', 5, 10, 1, 'TTB0 walk protection by stage 2 TopLevel attribute'),
    bits('TL1', 5, 11, 1, 'TTB1 walk protection by stage 2 TopLevel attribute'),
    address('VMSPtr', 5, 12, 44, 'Virtual machine structure address [55:12]'),

    bits('S2SW', 6, 0, 1, 'NS bit of stage 2 walks for the Secure IPA space'),
    bits('S2SA', 6, 1, 1, 'NS bit of outputs for the Secure IPA space'),
    bits('S_S2SL0_2', 6, 2, 1, 'Secure IPA space copy of S2SL0_2'),
    address('S_S2TTB', 6, 4, 52, 'Secure IPA space copy of S2TTB'),
    bits('S_S2SKL', 6, 61, 2, 'Secure IPA space copy of S2SKL'),

    ...Array.from({ length: 16 }, (_, index) =>
      bits(`S2POI${index}`, 7, index * 4, 4, `Stage 2 overlay permission of index ${index}`, OVERLAY),
    ),
  ],
};
