/** The checks of the gate and around the tables, by the ids that the report gives them. */

import type { Explanations } from './explanation.ts';
import { ARM, linux, SERIES } from './references.ts';

const FALLS_BACK = 'a full reset follows';
const ASSERTS =
  'WARN_ON, -EOPNOTSUPP and a full reset. The gate has asked already, so only --no-gate leads here with the answer no.';

const REFUSED = {
  hardware: 'Not concerned: what it can do is not changed by who asks.',
  causes: ['registers of another address or another SMMU', 'a model or an FPGA whose SMMU is not complete'],
  next: ['`smmu-adopt explain hardware-refused`', '`smmu-adopt regs validate REGS`: the ID registers, field by field'],
};
const refuses = (message: string): string => `err "${message}", -ENXIO: the probe ends, in every revision.`;

export const CHECKS = {
  'probe.endianness': {
    title: 'Translation tables may be little endian',
    meaning: 'IDR0.TTENDIAN is 0 (both, as each entry says) or 2 (little only). 3 is big only, 1 is reserved.',
    kernel: refuses('unknown/unsupported TT endianness!'),
    references: [ARM.idr0, linux('arm_smmu_device_hw_probe')],
    ...REFUSED,
  },
  'probe.table-format': {
    title: 'The SMMU walks tables of AArch64',
    meaning:
      'IDR0.TTF is 2 or 3: Linux builds no tables in the format of AArch32 for an SMMUv3. A snapshot with 0 does not tell.',
    kernel: refuses('AArch64 table format not supported!'),
    references: [ARM.idr0, linux('arm_smmu_device_hw_probe')],
    ...REFUSED,
  },
  'probe.preset': {
    title: 'Tables and queues may be anywhere',
    meaning:
      'IDR1.TABLES_PRESET, QUEUES_PRESET and REL are 0. An embedded SMMU has the places of its tables or queues built in, and any of ' +
      'the three is enough for the driver to refuse it.',
    kernel: refuses('embedded implementation not supported'),
    references: [ARM.idr1, linux('arm_smmu_device_hw_probe')],
    ...REFUSED,
  },
  'probe.command-queue': {
    title: 'The command queue takes a batch of commands',
    meaning:
      'IDR1.CMDQS is at least 7: 64 commands and a CMD_SYNC are written at once, so that 64 entries are too few. A snapshot with ' +
      '0 does not tell.',
    kernel: `From 5.4 on ${refuses('command queue size <= 64 entries not supported')}`,
    references: [ARM.idr1, linux('arm_smmu_device_hw_probe')],
    ...REFUSED,
  },
  'gate.smmuen': {
    title: 'CR0.SMMUEN is 1',
    meaning: 'The first question of the gate: is a table in use at all? If not, no adoption is attempted.',
    hardware: 'With SMMUEN 0 no table is read, and GBPA decides for all traffic.',
    kernel: 'On 0 it goes on with an ordinary bring-up and prints nothing, in every revision.',
    causes: ['an SMMU that was suspended, shut down, or never used', 'registers from after a failed probe'],
    next: ['`smmu-adopt explain smmu-disabled`', '`smmu-adopt regs validate REGS`: CR0 and CR0ACK'],
    references: [ARM.cr0, linux('arm_smmu_device_hw_probe')],
  },
  'gate.coherent': {
    title: 'The SMMU is coherent, according to firmware',
    meaning:
      'An adopted table is mapped write-back and changed in place, which only a coherent SMMU sees. The answer comes ' +
      'from firmware; IDR0.COHACC stands in for it where the snapshot does not say.',
    hardware: 'Coherency is a property of the interconnect, which the SMMU merely reports in IDR0.COHACC.',
    kernel: 'On "no" it warns (from v2 on) and resets the SMMU.',
    causes: ['firmware without dma-coherent or COHACC override', 'firmware.coherent missing from the snapshot'],
    next: ['`smmu-adopt explain smmu-non-coherent`', 'firmware.coherent in the snapshot: what firmware really says'],
    references: [ARM.idr0, linux('arm_smmu_device_hw_probe'), SERIES.v5],
  },
  'gate.service-failure': {
    title: 'Service Failure Mode is not active',
    meaning: 'SFM_ERR has to be the same in GERROR and GERRORN. No other error keeps the kernel from adopting.',
    hardware: 'While the two differ, all traffic is stopped and only a reset helps.',
    kernel: { 'v1 to v2': 'Not asked.', 'v3 on': 'On "active" it warns and resets the SMMU.' },
    causes: ['an uncorrectable error inside the SMMU', 'a snapshot whose GERROR and GERRORN do not belong together'],
    next: ['`smmu-adopt explain smmu-service-failure`', '`smmu-adopt regs validate REGS`: the errors that are active'],
    references: [ARM.globalErrors, ARM.serviceFailure, SERIES.v3],
  },
  'strtab.format': {
    title: 'STRTAB_BASE_CFG.FMT is linear or two-level',
    meaning: 'FMT 0 is a linear table, 1 one of two levels, 2 and 3 are reserved. The kernel chooses its path by it.',
    hardware: 'It takes a reserved value for linear.',
    kernel: `err "invalid STRTAB format", -EINVAL; ${FALLS_BACK} (v1 and v2: the probe fails).`,
    causes: ['a mistyped register value', 'a register page without power: all ones read as FMT 3'],
    next: ['`smmu-adopt regs validate REGS`: the fields of STRTAB_BASE_CFG', 'other registers that read as all ones'],
    references: [ARM.strtabBaseCfg, linux('arm_smmu_kdump_adopt_strtab')],
  },
  'linear.coherent': {
    title: 'The SMMU is coherent, asserted on the linear path',
    meaning: 'The function that adopts a linear table asserts once more what the gate has asked.',
    hardware: 'Nothing happens in it: the assertion looks at a bit of the driver.',
    kernel: { 'v3 to v6': ASSERTS, 'v7 on': 'Not asserted any more: the gate is enough.' },
    causes: ['--no-gate on an SMMU that is not coherent'],
    next: ['`smmu-adopt explain gate.coherent`'],
    references: [linux('arm_smmu_kdump_adopt_strtab_linear'), SERIES.v3, SERIES.v7],
  },
  'linear.log2size': {
    title: 'A linear table is not larger than the cap',
    meaning:
      'LOG2SIZE is held against what the kdump kernel would build itself: 2^25 entries on two-level hardware, ' +
      '2^SIDSIZE on other, never more than 2^31.',
    hardware: 'It caps LOG2SIZE by IDR1.SIDSIZE and does not mind, but aligns the base by LOG2SIZE as programmed.',
    kernel: {
      'v1 to v2': 'No cap: above 31 the size is not defined.',
      v3: 'The cap is SIDSIZE, at most 31.',
      'v4 to v8': 'On two-level hardware the cap is 25 even where SIDSIZE is less; else SIDSIZE.',
      'v9 on': 'The least of SIDSIZE, 31, and on two-level hardware 25.',
    },
    causes: ['a table of another system', 'IDR1 or STRTAB_BASE_CFG of another SMMU'],
    next: [
      'IDR0.ST_LEVEL, IDR1.SIDSIZE and LOG2SIZE among the registers',
      '`smmu-adopt inspect DUMP --regs REGS --revision all`: a size that v6 takes and v10 does not',
    ],
    references: [ARM.strtabBaseCfg, ARM.idr1, linux('arm_smmu_kdump_adopt_strtab_linear'), SERIES.v4],
  },
  'linear.overlap': {
    title: "A linear table is not where the kdump kernel's own things are",
    meaning:
      "Revisions v3 and v4 reject a table that overlaps the kdump kernel's System RAM, v5 one that overlaps any resource that is memory " +
      'and claimed.',
    hardware: 'Not concerned: it reads the table where it is.',
    kernel: {
      'v1 to v2': 'Not asked.',
      'v3 to v5': `err "stream table is corrupted", -EINVAL; ${FALLS_BACK}.`,
      'v6 on': 'The test is gone: no other driver makes one.',
    },
    causes: ['STRTAB_BASE of after the probe of the kdump kernel', 'LOG2SIZE of another table'],
    next: ['--iomem IOMEM: without it the memory of the kdump kernel is not known, nor the outcome of the test'],
    references: [linux('arm_smmu_kdump_adopt_strtab_linear'), SERIES.v3, SERIES.v5],
  },
  'linear.alignment': {
    title: 'The base of a linear table is aligned to its size',
    meaning: 'From v8 on the base has to be a multiple of 64 bytes times the number of entries.',
    hardware: 'It takes the low bits as zero and reads the table at the address rounded down.',
    kernel: {
      'v1 to v7': 'Not asked: the driver reads the table at the address as it stands.',
      'v8 on': `err "unaligned stream table base", -EINVAL; ${FALLS_BACK}.`,
    },
    causes: ['STRTAB_BASE and STRTAB_BASE_CFG of different moments', 'a system that relied on the rounding'],
    next: ['`smmu-adopt explain strtab-base-unaligned`'],
    references: [ARM.strtabBase, linux('arm_smmu_kdump_adopt_strtab_linear'), SERIES.v10],
  },
  'linear.mapping': {
    title: 'The linear table can be mapped',
    meaning: 'One mapping for the whole table, 64 bytes for each entry. No entry is looked at.',
    hardware: 'It needs no mapping.',
    kernel: {
      'v1 to v2': 'The error goes unnoticed: the first STE that is read through it is an oops.',
      'v3 to v5': `-ENXIO without a message of its own; ${FALLS_BACK}.`,
      'v6 on': `-ENOMEM without a message of its own; ${FALLS_BACK}. On arm64 only an address that the CPU cannot express fails.`,
    },
    causes: ['a base out of memory', 'a load address of a raw dump that was mistaken', '--fail memremap:N'],
    next: ['`smmu-adopt explain strtab-outside-memory`', '`smmu-adopt info DUMP`: the memory map'],
    references: [linux('memremap'), linux('arm_smmu_kdump_adopt_strtab_linear')],
  },
  'ids.scan': {
    title: 'Every ASID and VMID in use can be reserved',
    meaning:
      'All valid entries, and all context descriptors of stage 1 streams, are read, so that no new domain gets an ID ' +
      'that a live entry uses. The first entry that breaks a rule fails the check.',
    hardware:
      'TLB entries are tagged by ASID and VMID. Two address spaces under one tag are taken for one: a device then ' +
      'reaches memory of another.',
    kernel: {
      'v1 to v7': 'No scan. The kdump kernel hands out ASIDs from 1 again while old entries still use them.',
      'v8 to v9': 'VMIDs for each SMMU, ASIDs for all together: an ASID that an earlier SMMU gave away is -EBUSY.',
      v10: `ASIDs for each SMMU as well. On failure: warn "failed to reserve in-use ASIDs/VMIDs"; ${FALLS_BACK}.`,
    },
    causes: ['one of the rules that `smmu-adopt explain` lists under the scan', 'a table that cannot be mapped'],
    next: [
      'the section "IDs in use" of the report: each broken rule with its place',
      '`smmu-adopt explain RULE`, with one of the rules of the scan',
    ],
    references: [ARM.cd, ARM.ste, linux('arm_smmu_kexec_scan_and_resv_ids'), SERIES.v10],
  },
  'cleanup.action': {
    title: 'The clean-up is registered with the device',
    meaning: 'The last step: the driver arranges that the mappings are given back when the SMMU is unbound.',
    hardware: 'Not concerned.',
    kernel: {
      'v1 to v5': 'Nothing to register: the mappings are managed by the device.',
      v6:
        `-ENOMEM, warn "failed to set up cleanup action"; ${FALLS_BACK}. After a linear adoption the two-level feature ` +
        'stays off, and the new table is linear too.',
      'v7 on': 'The same, with the feature restored.',
    },
    causes: ['a kdump kernel that is out of memory', '--fail devm-action'],
    next: ['the size of the crashkernel reservation', '`smmu-adopt explain cleanup-leak`'],
    references: [linux('devm_add_action_or_reset'), linux('arm_smmu_kdump_adopt_cleanup'), SERIES.v6, SERIES.v7],
  },
} as const satisfies Explanations;
