/** Samples about the form of a stream table, the gate before it, and dumps that say little. */

import { healthy, L1, L2_BUS1, linear, REGISTERS, type Sample, smmu } from './machine.ts';

export const TABLE_CASES: readonly Sample[] = [
  {
    name: 'healthy-two-level',
    description: 'a two-level table as Linux leaves it; every active device is inserted',
    args: ['--insert', 'all', '--full'],
    memory: healthy(),
    smmus: [smmu()],
  },
  {
    name: 'bad-span',
    description: 'one L1 descriptor was overwritten: span 3 instead of 9, and the whole table is rejected',
    memory: healthy().l1(L1, 5, 3, L2_BUS1),
    smmus: [smmu()],
  },
  {
    name: 'span-changed',
    description: 'DMA overwrites an L1 descriptor after the adoption; bus 1 can no longer be inserted',
    args: ['--insert', '0x8,0x100', '--later', 'later.raw'],
    memory: healthy(),
    later: healthy().l1(L1, 1, 3, L2_BUS1),
    smmus: [smmu()],
  },
  {
    name: 'linear-on-two-level',
    description: 'an older kernel left a linear table on two-level hardware: adopted, and the feature switched off',
    args: ['--insert', 'all'],
    memory: linear(),
    smmus: [smmu({ STRTAB_BASE: '0x88100000', STRTAB_BASE_CFG: '0x6' })],
  },
  {
    name: 'linear-too-large',
    description: 'a linear table of 2^26 STEs, more than the kdump kernel would ever build itself',
    memory: linear(),
    smmus: [smmu({ STRTAB_BASE: '0x88100000', STRTAB_BASE_CFG: '0x1a' })],
  },
  {
    name: 'l2-outside-dump',
    description: 'the L2 pointer of bus 1 leads out of memory: adopted, but no device of that bus can be inserted',
    args: ['--insert', '0x8,0x100'],
    memory: healthy().l1(L1, 1, 9, 0x1_7000_0000),
    smmus: [smmu()],
  },
  {
    name: 'null-l2-pointer',
    description: 'a span without a pointer: Linux takes the slot for unused, the hardware reads STEs from address 0',
    args: ['--insert', '0x300', '--revision', 'all'],
    memory: healthy().l1(L1, 3, 9, 0),
    smmus: [smmu()],
  },
  {
    name: 'unaligned-l2',
    description: 'an L2 pointer that is not 16 KiB aligned: hardware and kernel read different tables',
    args: ['--insert', '0x100', '--revision', 'all'],
    memory: healthy()
      .l1(L1, 1, 9, L2_BUS1 + 0x1000)
      .reserve(L2_BUS1 + 0x4000, 0x1000),
    smmus: [smmu()],
  },
  {
    name: 'non-coherent',
    description: 'firmware says that the SMMU is not coherent, whatever IDR0.COHACC says: nothing is attempted',
    args: ['--full'],
    memory: healthy(),
    smmus: [smmu({}, { firmware: { coherent: false } })],
  },
  {
    name: 'non-coherent-forced',
    description: 'the same without the probe gate: the adoption asserts coherency itself',
    args: ['--no-gate'],
    memory: healthy(),
    smmus: [smmu({}, { firmware: { coherent: false } })],
  },
  {
    name: 'service-failure',
    description: 'GERROR has Service Failure Mode active: the SMMU has to be reset',
    args: ['--full'],
    memory: healthy(),
    smmus: [smmu({ GERROR: '0x101', GERRORN: '0x1' })],
  },
  {
    name: 'wrong-split',
    description: 'a table built with SPLIT 6, as other systems do; Linux adopts only 8',
    memory: healthy(),
    smmus: [smmu({ STRTAB_BASE_CFG: '0x1018c' })],
  },
  {
    name: 'truncated',
    description: 'the dump ends inside the L1 table, so what the kernel would do cannot be told',
    format: 'elf',
    cutAfter: 64,
    memory: healthy(),
    smmus: [smmu()],
  },
  {
    name: 'page-64k',
    description: 'a 64 KiB kernel: tables share their pages; a SID beyond the table and one on an empty slot',
    format: 'elf',
    pageSize: 65536,
    args: ['--insert', '0x100,0x400,0x1000'],
    memory: healthy(),
    smmus: [smmu()],
  },
  {
    name: 'two-smmus',
    description: 'one SMMU in use and one that was off, with control characters in its name',
    memory: healthy(),
    smmus: [smmu(), smmu({ CR0: '0x0', CR0ACK: '0x0' }, { name: 'off\u001b[31m\nred', base: '0x9060000' })],
  },
  {
    name: 'thin-snapshot',
    description: 'nothing but the two registers that cannot be assumed; one SID is looked at closely',
    args: ['--sid', '0x8,0x9,0x500'],
    memory: healthy(),
    smmus: [{ registers: { STRTAB_BASE: REGISTERS.STRTAB_BASE, STRTAB_BASE_CFG: REGISTERS.STRTAB_BASE_CFG } }],
  },
];
