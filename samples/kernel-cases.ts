/** Samples about what the kdump kernel meets beyond the table: its memory map, failures of its own, its log. */

import { healthy, IOMEM, L1, linear, type Sample, smmu } from './machine.ts';

export const KERNEL_CASES: readonly Sample[] = [
  {
    name: 'l2-hole',
    description: 'an L2 pointer into a hole of the physical map: it maps, and the first read kills the kdump kernel',
    args: ['--iomem', 'iomem.txt', '--insert', '0x8,0x100,0x10'],
    memory: healthy().l1(L1, 1, 9, 0x1_7000_0000),
    files: { 'iomem.txt': IOMEM },
    smmus: [smmu()],
  },
  {
    name: 'l2-in-kdump-memory',
    description:
      "an L2 pointer into the kdump kernel's own memory: it maps without a word, and what is read is unknown",
    args: ['--iomem', 'iomem.txt', '--insert', '0x8,0x100', '--full'],
    memory: healthy().l1(L1, 1, 9, 0x8c10_0000),
    files: { 'iomem.txt': IOMEM },
    smmus: [smmu()],
  },
  {
    name: 'smmu-lost',
    description: 'an L2 pointer beyond what the CPU can address: one refused device takes the whole SMMU with it',
    args: ['--iomem', 'iomem.txt', '--insert', '0x8', '--device', 'nvme0=0x100,0x101', '--rmr', '0x30', '--full'],
    memory: healthy().l1(L1, 1, 9, 0x2_0000_0000_0000),
    files: { 'iomem.txt': IOMEM },
    smmus: [smmu()],
  },
  {
    name: 'fails-alone',
    description: 'the same before 6.15, where the device alone is lost; and one that is plugged in later',
    args: ['--iomem', 'iomem.txt', '--insert', '0x8,0x100', '--hotplug', '0x1000', '--kernel', '6.12'],
    memory: healthy().l1(L1, 1, 9, 0x2_0000_0000_0000),
    files: { 'iomem.txt': IOMEM },
    smmus: [smmu()],
  },
  {
    name: 'powered-down',
    description: 'v6 asks a register that reads as all ones for the format of what it has to clean up, and leaks',
    args: ['--powered-down', 'ones'],
    memory: healthy(),
    smmus: [smmu()],
  },
  {
    name: 'cleanup-action-fails',
    description:
      'the clean-up action cannot be registered after a linear adoption: v6 leaves the two-level feature off',
    args: ['--fail', 'devm-action', '--revision', 'all'],
    memory: linear(),
    smmus: [smmu({ STRTAB_BASE: '0x88100000', STRTAB_BASE_CFG: '0x6' })],
  },
  {
    name: 'dmesg-differs',
    description: 'the log of a kernel that fell back where this dump says that it should have adopted',
    args: ['--dmesg', 'dmesg.txt'],
    memory: healthy(),
    files: {
      'dmesg.txt': `[    0.000000] Booting Linux on physical CPU 0x0000000000 [0x413fd0c1]
[    0.462641] arm-smmu-v3 arm-smmu-v3.0.auto: oas 44-bit (features 0x01008305)
[    0.486600] arm-smmu-v3 arm-smmu-v3.0.auto: kdump: adopting crashed kernel's stream table
[    0.487000] arm-smmu-v3 arm-smmu-v3.0.auto: kdump: L1[5] unsupported span 3 (vs 9)
[    0.487100] arm-smmu-v3 arm-smmu-v3.0.auto: kdump: falling back to full reset
[    0.488139] arm-smmu-v3 arm-smmu-v3.0.auto: SMMU currently enabled! Resetting...
`,
    },
    smmus: [smmu()],
  },
];
