/**
 * The rules of the scan for IDs in use, which v8 and later make before they adopt. Whichever is broken first, the log
 * says no more than "failed to reserve in-use ASIDs/VMIDs".
 */

import type { Explanation, Explanations } from './explanation.ts';
import { ARM, linux, SERIES } from './references.ts';

const NO_SCAN = 'No scan: the entry is adopted as it is.';
const SHOW = '`smmu-adopt show DUMP --regs REGS --sid SID`: the entry, its CD table, and every valid CD';
const OVERWRITTEN = 'overwritten memory: the STE or the table behind it';
const WRONG_ID_REGISTERS = 'ID registers in the snapshot that are not those of this SMMU';
const OTHER_WRITER = 'an entry that firmware or a hypervisor wrote';

const CD_SCAN = [ARM.contexts, linux('arm_smmu_kexec_resv_s1_asids'), SERIES.v10];
const CD_CHECK = [ARM.ste, linux('arm_smmu_kexec_check_ste_cdtab'), SERIES.v10];
const STE_SCAN = [ARM.ste, linux('arm_smmu_kexec_resv_ste_ids'), SERIES.v10];

/** What every revision with a scan does at a broken rule. */
const tossed = (errno: string): Explanation['kernel'] => ({
  'v1 to v7': NO_SCAN,
  'v8 on': `-${errno}: the scan ends, what it had reserved is released, and the SMMU is reset.`,
});

export const SCAN_RULE_EXPLANATIONS = {
  'l2-unmappable': {
    title: 'An L2 table cannot be mapped for the scan',
    meaning: 'The scan maps every L2 table in use for a moment, whether or not a device needs it.',
    hardware: 'F_STE_FETCH for the 256 StreamIDs behind it where nothing answers.',
    kernel: {
      'v4 to v7': 'Noticed only when a device behind it is inserted, and then for that bus alone.',
      'v8 on': '-ENOMEM, and a full reset.',
    },
    causes: ['an L2 pointer that leads out of memory', 'a dump that does not list all memory as RAM'],
    next: ['`smmu-adopt explain l2-outside-memory`', '--iomem IOMEM: what is at the address'],
    references: [linux('arm_smmu_kexec_scan_and_resv_ids'), linux('memremap'), SERIES.v10],
  },
  'ste-config-reserved': {
    title: 'A valid STE has a reserved Config',
    meaning: 'V is 1 and Config 1, 2 or 3. The scan cannot tell which IDs such an entry uses, and gives up.',
    hardware: 'It aborts the traffic of the stream without an event, as for Config 0.',
    kernel: {
      'v3 to v7': 'The entry counts as "not abort", so that the attach of its device is deferred.',
      'v8 on': '-EINVAL: the whole adoption is tossed, even if no device uses the stream.',
    },
    causes: [OVERWRITTEN, 'a flipped bit, if the value is one bit away from a good one'],
    next: [SHOW, 'the neighbours of the entry: garbage comes in whole lines'],
    references: STE_SCAN,
  },
  'cd-table-null': {
    title: 'A stage 1 STE has a null CD pointer',
    meaning: 'Config says stage 1, and S1ContextPtr is 0.',
    hardware: 'It fetches the context descriptor from physical address 0, and uses what is there if V happens to be 1.',
    kernel: tossed('EINVAL'),
    causes: [OVERWRITTEN, OTHER_WRITER],
    next: [SHOW, 'what lies at physical address 0 of this machine'],
    references: CD_CHECK,
  },
  's1cdmax-above-ssidsize': {
    title: 'S1CDMax is above IDR1.SSIDSIZE',
    meaning: 'The STE claims more SubstreamIDs than the hardware can tell apart.',
    hardware: 'C_BAD_STE, unless SSIDSIZE is 0: then it ignores S1CDMax and uses a single CD.',
    kernel: tossed('EINVAL'),
    causes: [OVERWRITTEN, WRONG_ID_REGISTERS],
    next: [SHOW, 'SSIDSIZE of IDR1, and whether the snapshot has IDR1 at all: `smmu-adopt regs validate REGS`'],
    references: [ARM.idr1, ...CD_CHECK],
  },
  's1fmt-unsupported': {
    title: 'S1Fmt is none that Linux uses',
    meaning: 'The CD table is neither linear (0) nor of leaves of 64 KiB (2). 1 is legal, with leaves of 4 KiB.',
    hardware:
      '1 is followed where IDR0.CD2L is 1; 3 acts as linear. With S1CDMax 0 the field is ignored, though not by the scan.',
    kernel: tossed('EINVAL'),
    causes: [OTHER_WRITER, OVERWRITTEN],
    next: [SHOW, 'S1CDMax of the entry: if it is 0, the hardware translates all the same'],
    references: CD_CHECK,
  },
  's1fmt-without-cd2l': {
    title: 'A two-level CD table on hardware without them',
    meaning: 'S1Fmt says two levels with leaves of 64 KiB, but according to IDR0.CD2L the hardware has no such tables.',
    hardware: 'C_BAD_STE, if S1CDMax is not 0; otherwise the field is ignored.',
    kernel: {
      'v1 to v7': NO_SCAN,
      v8: 'Not asked: the table is read in two levels.',
      'v9 on': '-EINVAL: the scan ends, what it had reserved is released, and the SMMU is reset.',
    },
    causes: [WRONG_ID_REGISTERS, OVERWRITTEN],
    next: [SHOW, 'CD2L of IDR0: `smmu-adopt regs validate REGS`'],
    references: [ARM.idr0, ...CD_CHECK],
  },
  'cd-table-unaligned': {
    title: 'A CD table is not aligned to its size',
    meaning:
      'A linear table of 2^S1CDMax descriptors has to lie on a multiple of 64 bytes times their number, the first ' +
      'level of a two-level one on a multiple of its own size.',
    hardware:
      'The architecture demands the alignment. An SMMU may take the low bits of the pointer as zero, and then reads ' +
      'another descriptor than the one meant.',
    kernel: {
      'v1 to v7': NO_SCAN,
      'v8 to v9': 'Not asked.',
      v10: '-EINVAL: the scan ends, what it had reserved is released, and the SMMU is reset.',
    },
    causes: ['S1CDMax overwritten, the pointer still right', OTHER_WRITER, OVERWRITTEN],
    next: [SHOW, 'S1CDMax: Linux sets it to what the device can use, at most 20'],
    references: CD_CHECK,
  },
  'cd-table-unmappable': {
    title: 'A CD table cannot be mapped for the scan',
    meaning: 'S1ContextPtr leads to something that is not memory of this machine.',
    hardware: 'F_CD_FETCH for transactions of the stream where nothing answers.',
    kernel: tossed('ENOMEM'),
    causes: ['S1ContextPtr overwritten', 'a dump that does not list all memory as RAM'],
    next: [SHOW, '--iomem IOMEM: what is at the address', '`smmu-adopt info DUMP`: the memory map'],
    references: [linux('memremap'), ...CD_SCAN],
  },
  'cd-leaf-null': {
    title: 'A valid CD L1 descriptor has a null pointer',
    meaning: 'The first level of a CD table says that there is a leaf, and that it lies at address 0.',
    hardware: 'It fetches context descriptors from physical address 0.',
    kernel: {
      'v1 to v7': NO_SCAN,
      v8: 'Not asked: address 0 is mapped and read.',
      'v9 on': '-EINVAL: the scan ends, what it had reserved is released, and the SMMU is reset.',
    },
    causes: [OVERWRITTEN, OTHER_WRITER],
    next: [SHOW],
    references: [ARM.l1cd, ...CD_SCAN],
  },
  'cd-leaf-unaligned': {
    title: 'A CD leaf is not aligned to 64 KiB',
    meaning: 'A leaf of 1024 context descriptors takes 64 KiB and has to lie on a multiple of that.',
    hardware: 'It may take the low bits of the pointer as zero, and then reads the leaf at the address rounded down.',
    kernel: {
      'v1 to v7': NO_SCAN,
      'v8 to v9': 'Not asked.',
      v10: '-EINVAL: the scan ends, what it had reserved is released, and the SMMU is reset.',
    },
    causes: [OVERWRITTEN, 'a table with leaves of 4 KiB, whose S1Fmt was overwritten', OTHER_WRITER],
    next: [SHOW, 'S1Fmt: 1 has leaves of 4 KiB, 2 of 64 KiB'],
    references: [ARM.l1cd, ...CD_SCAN],
  },
  'cd-leaf-unmappable': {
    title: 'A CD leaf cannot be mapped for the scan',
    meaning: 'A valid descriptor of the first level leads to something that is not memory of this machine.',
    hardware: 'F_CD_FETCH for the SubstreamIDs of that leaf where nothing answers.',
    kernel: tossed('ENOMEM'),
    causes: [OVERWRITTEN, 'a dump that does not list all memory as RAM'],
    next: [SHOW, '--iomem IOMEM: what is at the address'],
    references: [ARM.l1cd, linux('memremap'), ...CD_SCAN],
  },
  'asid-zero': {
    title: 'A valid CD has ASID 0',
    meaning: 'V is 1 and ASID 0. Linux hands out ASIDs from 1 on and never writes that.',
    hardware: 'ASID 0 is a tag like any other: the stream translates.',
    kernel: tossed('EINVAL'),
    causes: ['a CD of a hypervisor, of firmware, or of a VFIO user with tables of its own', OVERWRITTEN],
    next: [SHOW, 'TTB0 and TCR fields of the CD: whether they look like those of its neighbours'],
    references: [ARM.cd, linux('arm_smmu_kexec_resv_cd_asids'), SERIES.v10],
  },
  'asid-too-large': {
    title: 'An ASID is wider than the hardware allows',
    meaning: 'The ASID of a valid CD does not fit into 8 bits, on hardware whose IDR0.ASID16 is 0.',
    hardware: 'C_BAD_CD for the stream.',
    kernel: tossed('EINVAL'),
    causes: [WRONG_ID_REGISTERS, OVERWRITTEN],
    next: [SHOW, 'ASID16 of IDR0: `smmu-adopt regs validate REGS`'],
    references: [ARM.cd, ARM.idr0, linux('arm_smmu_kexec_resv_cd_asids'), SERIES.v10],
  },
  'asid-busy': {
    title: 'An ASID belongs to a domain of another SMMU',
    meaning:
      'Revisions v8 and v9 keep the ASIDs of all SMMUs in one set. An SMMU that probed before has given this one to a new domain, ' +
      'for a device of its own, so that the scan cannot set it aside for the entry that uses it.',
    hardware: 'Not concerned: ASIDs tag translations of one SMMU, and another may use the same.',
    kernel: {
      'v1 to v7': NO_SCAN,
      'v8 to v9': '-EBUSY: the scan ends, what it had reserved is released, and the SMMU is reset.',
      'v10 on': 'Cannot happen: each SMMU has a set of its own.',
    },
    causes: ['several SMMUs, of which the one that probes first had fewer live ASIDs than it has devices'],
    next: [
      'the order of the SMMUs in the snapshot, which is taken for the order in which they probe',
      '`smmu-adopt explain asid-clash`',
      '`smmu-adopt inspect DUMP --regs REGS --insert all --revision all`: which SMMUs are concerned',
    ],
    references: [ARM.tags, ...CD_SCAN],
  },
  'vmid-zero': {
    title: 'S2VMID is 0',
    meaning: 'A stage 2 or nested STE uses VMID 0, which Linux keeps for streams without stage 2.',
    hardware: 'VMID 0 is a tag like any other: the stream translates, under the tag of stage 1 streams.',
    kernel: tossed('EINVAL'),
    causes: [OTHER_WRITER, OVERWRITTEN],
    next: [SHOW, 'S2TTB and S2T0SZ of the entry: whether there is a stage 2 at all'],
    references: STE_SCAN,
  },
  'vmid-too-large': {
    title: 'S2VMID is wider than the hardware allows',
    meaning: 'S2VMID does not fit into 8 bits, on hardware whose IDR0.VMID16 is 0.',
    hardware: 'C_BAD_STE for the stream.',
    kernel: tossed('EINVAL'),
    causes: [WRONG_ID_REGISTERS, OVERWRITTEN],
    next: [SHOW, 'VMID16 of IDR0: `smmu-adopt regs validate REGS`'],
    references: [ARM.idr0, ...STE_SCAN],
  },
} as const satisfies Explanations;
