/** The checks of a two-level table, in the order in which the driver makes them. */

import type { Explanations } from './explanation.ts';
import { ARM, linux, SERIES } from './references.ts';

const PATH = linux('arm_smmu_kdump_adopt_strtab_2lvl');
const ANOTHER_SYSTEM = 'a table that firmware or another system built';
const SNAPSHOT = 'a snapshot whose registers are of another SMMU or another moment';

const ONLY_BEYOND =
  'On arm64 only an address that the CPU cannot express fails to map; a hole maps, and kills the kernel when it is read.';

export const TWO_LEVEL_CHECKS = {
  'two-level.feature': {
    title: 'The hardware has two-level tables, as FMT says',
    meaning: 'The driver uses two levels where IDR0.ST_LEVEL is 1 and IDR1.SIDSIZE is more than 8.',
    hardware:
      'Where ST_LEVEL is 0, FMT is reserved and every table linear. Few SID bits do not keep it from two levels.',
    kernel: {
      v1: 'The feature is switched on because FMT says so.',
      v2: 'WARN_ON, -EINVAL without a message, and the probe of the SMMU fails.',
      v3: 'WARN_ON, -EINVAL: it stays in adoption mode, with a table that is never programmed.',
      'v4 on': 'WARN_ON, -EINVAL without a message, and a full reset.',
    },
    causes: [SNAPSHOT, 'IDR0 or IDR1 mistyped, or missing so that a value was assumed'],
    next: [
      'the assumptions of the report: whether IDR0 or IDR1 is one of them',
      '`smmu-adopt regs validate REGS`: ST_LEVEL and SIDSIZE',
    ],
    references: [ARM.idr0, ARM.idr1, linux('arm_smmu_kdump_adopt_strtab')],
  },
  'two-level.coherent': {
    title: 'The SMMU is coherent, asserted on the two-level path',
    meaning: 'The function that adopts a two-level table asserts once more what the gate has asked.',
    hardware: 'Nothing happens in it: the assertion looks at a bit of the driver.',
    kernel: {
      'v3 to v6': 'WARN_ON, -EOPNOTSUPP and a full reset; only --no-gate leads here with the answer no.',
      'v7 on': 'Not asserted any more: the gate is enough.',
    },
    causes: ['--no-gate on an SMMU that is not coherent'],
    next: ['`smmu-adopt explain gate.coherent`'],
    references: [PATH, SERIES.v3, SERIES.v7],
  },
  'two-level.log2size': {
    title: 'SPLIT <= LOG2SIZE <= SIDSIZE',
    meaning: 'The table covers 2^LOG2SIZE StreamIDs: at least one L2 table, at most what the hardware can tell apart.',
    hardware: 'It caps LOG2SIZE by SIDSIZE; a table smaller than one L2 table has a single descriptor.',
    kernel: {
      'v1 to v2': 'Only LOG2SIZE >= SPLIT is asked for: err "invalid log2size N < split N", and the probe fails.',
      'v3 on': 'err "log2size N out of range [a, b]", -EINVAL and a full reset.',
    },
    causes: [SNAPSHOT, ANOTHER_SYSTEM],
    next: ['`smmu-adopt regs validate REGS`: LOG2SIZE and SPLIT of STRTAB_BASE_CFG, SIDSIZE of IDR1'],
    references: [ARM.strtabBaseCfg, ARM.idr1, PATH, SERIES.v3],
  },
  'two-level.split': {
    title: 'SPLIT is 8, as in every table of Linux',
    meaning: 'With SPLIT 8 one L2 table is one PCI bus of 256 StreamIDs. 6 and 10 are legal, but not of Linux.',
    hardware: '6, 8 and 10 are all fine; any other value acts as 6.',
    kernel: {
      'v1 to v2': 'err "unsupported STRTAB_SPLIT N (expected 8)", -EINVAL, and the probe of the SMMU fails.',
      'v3 on': 'The same error, and a full reset.',
    },
    causes: [ANOTHER_SYSTEM, SNAPSHOT],
    next: [
      'who ran before Linux: a hypervisor or UEFI may own the SMMU',
      "the L1 descriptors of the report: with the right SPLIT the hardware's view of them makes sense",
    ],
    references: [ARM.lookup, ARM.strtabBaseCfg, PATH],
  },
  'two-level.l1-entries': {
    title: 'There are at most 131072 L1 descriptors',
    meaning: '2^(LOG2SIZE - 8) descriptors, of which the driver takes 2^17 at most: 25 bits of StreamID.',
    hardware: 'The architecture allows up to 32 bits of StreamID.',
    kernel: {
      'v1 to v2':
        'Not asked: the array of so many pointers is where it ends, at the latest; from 2^32 on nothing is defined.',
      'v3 to v9': 'err "l1 entries N exceeds max 131072", -EINVAL and a full reset.',
      v10: 'The same, tested before the shift and printed as a power of two.',
    },
    causes: [ANOTHER_SYSTEM, SNAPSHOT],
    next: ['`smmu-adopt regs validate REGS`: LOG2SIZE, and whether SIDSIZE can be right'],
    references: [ARM.strtabBaseCfg, PATH, SERIES.v3, SERIES.v10],
  },
  'two-level.l1-overlap': {
    title: "The L1 table is not where the kdump kernel's own things are",
    meaning:
      "Revisions v3 and v4 reject a table that overlaps the kdump kernel's System RAM, v5 one that overlaps any resource that is memory " +
      'and claimed: RAM, and registers that a driver has taken.',
    hardware: 'Not concerned: it reads the table where it is.',
    kernel: {
      'v1 to v2': 'Not asked.',
      'v3 to v5': 'err "l1 stream table is corrupted", -EINVAL and a full reset.',
      'v6 on': 'The test is gone: no other driver makes one.',
    },
    causes: ['STRTAB_BASE of after the probe of the kdump kernel', 'a register value that was overwritten or mistyped'],
    next: [
      '--iomem IOMEM: without it the memory of the kdump kernel is not known, nor the outcome of the test',
      '`smmu-adopt explain structure-in-kdump-memory`',
    ],
    references: [PATH, SERIES.v3, SERIES.v5],
  },
  'two-level.l2-overlap': {
    title: "No L2 table is where the kdump kernel's own things are",
    meaning: 'The same for each L2 table in use, in the order of the descriptors; v5 asks again for each device.',
    hardware: 'Not concerned: it reads the tables where they are.',
    kernel: {
      'v1 to v2': 'Not asked.',
      'v3 to v5': 'err "l2 stream table is corrupted", -EINVAL and a full reset.',
      'v6 on': 'The test is gone.',
    },
    causes: ['an overwritten L1 descriptor', 'a descriptor that the kdump kernel itself has written'],
    next: ['--iomem IOMEM: what is at the address', '`smmu-adopt explain two-level.l1-overlap`'],
    references: [PATH, SERIES.v3, SERIES.v5],
  },
  'two-level.l2-mapping': {
    title: 'Every L2 table can be mapped',
    meaning:
      'Through v3 all L2 tables in use are mapped when the table is adopted, later each for the first device of its bus.',
    hardware: 'Not concerned.',
    kernel: {
      'v1 to v2': 'The error goes unnoticed, until an STE is read through it: an oops.',
      v3: '-ENXIO without a message of its own, and a full reset.',
      'v4 on': 'Not here: the device that needs the table is refused.',
    },
    causes: ['an L2 pointer that was overwritten', 'an address that the CPU cannot express'],
    next: ['the L1 descriptors of the report', '`smmu-adopt explain insert-l2-not-mappable`'],
    references: [linux('devm_memremap'), PATH, SERIES.v3],
  },
  'two-level.l1-alignment': {
    title: 'The L1 table is aligned to its size',
    meaning: 'From v8 on the base has to be a multiple of 8 bytes times the number of descriptors.',
    hardware: 'It takes the low bits as zero and reads the table at the address rounded down.',
    kernel: {
      'v1 to v7': 'Not asked: the driver reads the table at the address as it stands.',
      'v8 on': 'err "unaligned l1 stream table base", -EINVAL and a full reset.',
    },
    causes: ['STRTAB_BASE and STRTAB_BASE_CFG of different moments', ANOTHER_SYSTEM],
    next: [
      '`smmu-adopt explain strtab-base-unaligned`',
      '`smmu-adopt show DUMP --regs REGS --sid SID`: which entries the two find',
    ],
    references: [ARM.strtabBase, PATH, SERIES.v10],
  },
  'two-level.l1-mapping': {
    title: 'The L1 table can be mapped',
    meaning: 'One write-back mapping of all descriptors.',
    hardware: 'It needs no mapping, only an address that answers.',
    kernel: {
      'v1 to v2': `The error goes unnoticed: reading the first descriptor through it is an oops. ${ONLY_BEYOND}`,
      'v3 to v5': `-ENXIO without a message of its own, and a full reset. ${ONLY_BEYOND}`,
      'v6 on': `-ENOMEM without a message of its own, and a full reset. ${ONLY_BEYOND}`,
    },
    causes: ['a base out of memory', 'a raw dump placed at a wrong address', '--fail memremap:1'],
    next: ['`smmu-adopt explain strtab-outside-memory`', '`smmu-adopt info DUMP`: the memory map'],
    references: [linux('memremap'), PATH],
  },
  'two-level.l2-pointers': {
    title: 'The array of L2 pointers is allocated',
    meaning: '8 bytes for each L1 descriptor, in the memory of the kdump kernel.',
    hardware: 'Not concerned.',
    kernel: {
      'v1 to v2':
        '-ENOMEM, and the probe of the SMMU fails. They bound no table: an array larger than the largest block that the page ' +
        'allocator can be configured for (128 MiB, with pages of 64 KiB 512 MiB) is never had, one larger than its default ' +
        '(4, 32 or 512 MiB) in few kernels.',
      'v3 on': '-ENOMEM without a message of its own, and a full reset.',
    },
    causes: ['a kdump kernel that is out of memory', '--fail kcalloc'],
    next: ['the size of the crashkernel reservation: a table of 2^17 descriptors takes 1 MiB'],
    references: [linux('kcalloc'), PATH],
  },
  'two-level.l1-descriptors': {
    title: 'Every L1 descriptor is unused, or as Linux writes it',
    meaning: 'All descriptors in ascending order. The first bad one decides; those behind it are not looked at.',
    hardware: 'It looks at one descriptor only when a StreamID behind it comes, and accepts other spans.',
    kernel: {
      'v1 to v2': 'Only a span of 0 or a null pointer is told from the rest; any span is accepted.',
      'v3 to v7': 'Span 9 or 0, or a null pointer; otherwise err "L1[i] unsupported span", -EINVAL, a full reset.',
      'v8 on': 'Span 0, or span 9 with a pointer that is aligned to 16 KiB and not null.',
    },
    causes: ['an overwritten L1 table', ANOTHER_SYSTEM],
    next: [
      '`smmu-adopt explain l1-span-unsupported`, `smmu-adopt explain l1-pointer-rejected`',
      '`smmu-adopt inspect DUMP --regs REGS --all`: every descriptor',
    ],
    references: [ARM.l1std, PATH, SERIES.v6, SERIES.v10],
  },
} as const satisfies Explanations;
