/** Samples about entries, alignment and sizes, most of which only later revisions look at. */

import { CD, cd, healthy, L1, L2_BUS0, linear, type Sample, smmu, stage1, TTB, translating } from './machine.ts';

export const ENTRY_CASES: readonly Sample[] = [
  {
    name: 'asids-in-use',
    description: 'live ASIDs: v10 keeps them from new domains, v6 and v7 hand them out again from 1',
    args: ['--insert', 'all', '--revision', 'all'],
    memory: translating(),
    smmus: [smmu()],
  },
  {
    name: 'reserved-config',
    description: 'a valid STE with a reserved Config on a bus that no device uses: v10 rejects the whole table for it',
    args: ['--insert', '0x100', '--revision', 'all'],
    memory: translating().ste(L2_BUS0, 0x80, { V: 1, Config: 2 }),
    smmus: [smmu()],
  },
  {
    name: 'bad-cd-tables',
    description: 'stage 1 STEs with a null CD pointer, a reserved S1Fmt and too many SubstreamIDs',
    args: ['--insert', '0x40,0x48,0x50', '--revision', 'all'],
    memory: translating()
      .ste(L2_BUS0, 0x40, { ...stage1(0), S1ContextPtr: 0 })
      .ste(L2_BUS0, 0x48, { ...stage1(0), S1Fmt: 3 })
      .ste(L2_BUS0, 0x50, { ...stage1(0), S1CDMax: 21 }),
    smmus: [smmu()],
  },
  {
    name: 'asid-out-of-range',
    description: 'ASID 0 in one valid CD, and one of more than 8 bits on hardware with 8; v10 emulated',
    args: ['--insert', 'all', '--revision', 'v10', '--full'],
    memory: translating().cd(CD, 1, cd(0)).cd(CD, 2, cd(256)),
    smmus: [smmu({ IDR0: '0x0d44001b' })],
  },
  {
    name: 'asid-zero',
    description: 'a valid CD with ASID 0, which the kernel never makes',
    args: ['--insert', 'all', '--revision', 'all'],
    memory: translating().cd(CD, 1, cd(0)),
    smmus: [smmu()],
  },
  {
    name: 'vmid-zero',
    description: 'a stage 2 STE with VMID 0, which is reserved for bypass',
    args: ['--revision', 'all'],
    memory: linear()
      .cd(CD, 0, cd(1))
      .ste(0x8810_0000, 0x20, { V: 1, Config: 6, S2TTB: TTB, S2T0SZ: 24, S2SL0: 1, S2PS: 4, S2AA64: 1 }),
    smmus: [smmu({ IDR0: '0x0d4c101b', STRTAB_BASE: '0x88100000', STRTAB_BASE_CFG: '0x6' })],
  },
  {
    name: 'cd-table-unaligned',
    description: 'a table of eight CDs that is not aligned to its size: which CD the hardware reads is unpredictable',
    args: ['--insert', '0x40', '--revision', 'all'],
    memory: translating().ste(L2_BUS0, 0x40, { ...stage1(0), S1ContextPtr: CD + 0x40, S1CDMax: 3, S1DSS: 2 }),
    smmus: [smmu()],
  },
  {
    name: 'l1-unaligned',
    description: 'a base that is not aligned to the L1 table: the hardware rounds down, the kernel does not',
    args: ['--insert', '0x8', '--revision', 'all'],
    memory: translating().reserve(L1 - 0x1000, 0x1000),
    smmus: [smmu({ STRTAB_BASE: '0x4000000088001fc0' })],
  },
  {
    name: 'linear-unaligned',
    description: 'the same for a linear table',
    args: ['--insert', '0x8', '--revision', 'all'],
    memory: linear().cd(CD, 0, cd(1)).reserve(0x8810_1000, 4096),
    smmus: [smmu({ STRTAB_BASE: '0x88100100', STRTAB_BASE_CFG: '0x6' })],
  },
  {
    name: 'linear-beyond-sids',
    description: 'a linear table of 2^20 STEs on hardware with 16 SID bits, which revisions v4 to v8 accept',
    args: ['--insert', '0x8', '--memremap', 'kernel', '--revision', 'all'],
    memory: linear(),
    smmus: [smmu({ STRTAB_BASE: '0x88100000', STRTAB_BASE_CFG: '0x14' })],
  },
  {
    name: 'ats-check',
    description: 'CR0.ATSCHK was off on hardware with ATS: v6 switches it on, later revisions leave it',
    args: ['--insert', 'all', '--revision', 'all'],
    memory: healthy(),
    smmus: [smmu({ IDR0: '0x0d44141b', GERROR: '0x1' })],
  },
];
