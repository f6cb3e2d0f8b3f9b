/** Samples about what the kernel does not check. */

import {
  CD,
  cd,
  cdFor,
  command,
  IOMEM,
  L1,
  L2_BUS0,
  L2_BUS1,
  nextTable,
  page,
  pageTables,
  type Sample,
  smmu,
  stage1,
  TTB,
  translating,
} from './machine.ts';

export const RISK_CASES: readonly Sample[] = [
  {
    name: 'tables-misplaced',
    description:
      "tables in the registers of a device and across the edges of the kdump kernel's memory, and beyond the SMMU",
    args: ['--iomem', 'iomem.txt'],
    memory: translating()
      .l1(L1, 2, 9, 0x1000_0000)
      .l1(L1, 3, 9, 0x8bff_e000)
      .l1(L1, 4, 9, 0x8dff_e000)
      .reserve(0x8bff_c000, 0x4000)
      .l1(L1, 5, 9, 0x1000_0000_0000)
      .ste(L2_BUS0, 0x40, { ...stage1(0), S1ContextPtr: 0x1000_0000 }),
    files: { 'iomem.txt': IOMEM },
    smmus: [smmu()],
  },
  {
    name: 'tables-shared',
    description: 'two buses with one L2 table, a queue on top of another table, and a CD table outside memory',
    memory: translating()
      .l1(L1, 2, 9, L2_BUS1)
      .ste(L2_BUS0, 0x40, { ...stage1(0), S1ContextPtr: 0x9000_0000 }),
    smmus: [smmu({ CMDQ_BASE: '0x4000000088012004', CMDQ_PROD: '0x0', CMDQ_CONS: '0x0' })],
  },
  {
    name: 'entries-illegal',
    description: 'an STE and CDs that the hardware refuses whatever the kernel thinks, and bits that should be zero',
    memory: translating()
      .ste(L2_BUS0, 0x40, { ...stage1(0), S1STALLD: 1 })
      .ste(L2_BUS0, 0x50, { ...stage1(3), EATS: 1 })
      .ste(L2_BUS0, 0x58, { ...stage1(0), S1Fmt: 3, S1CDMax: 1, S1DSS: 2 })
      .cd(CD, 1, { ...cd(2), T0SZ: 60 })
      .cd(CD, 3, { ...cd(0), A: 0 })
      .write(L2_BUS0 + 0x10 * 64 + 24, [1n << 56n]),
    smmus: [smmu()],
  },
  {
    name: 'unanswered',
    description:
      'ATS, stalls, stage 2 and EL2 streams in flight, and errors of the queues: nobody will answer any of it',
    memory: translating()
      .ste(L2_BUS0, 0x40, { ...stage1(3), EATS: 1 })
      .ste(L2_BUS0, 0x48, {
        V: 1,
        Config: 6,
        S2VMID: 3,
        S2TTB: TTB,
        S2T0SZ: 24,
        S2SL0: 1,
        S2PS: 4,
        S2AA64: 1,
        S2S: 1,
      })
      .cd(CD, 3, { ...cd(9), S: 1 }),
    smmus: [smmu({ IDR0: '0x0c44161b', GBPA: '0x0', GERROR: '0x84', CR0: '0x1d' })],
  },
  {
    name: 'queues-left',
    description:
      'a command error with invalidations behind it, events that nobody read, and page requests without an answer',
    memory: translating()
      .write(0x8803_0000, [...command(0x3n, 0x100n, 1n), ...command(0xffn), ...command(0x12n), ...command(0x46n)])
      .write(0x8804_0000, [0x100_0000_0010n, 0x2_0000_0000n, 0xdead_0000n, 0n, 0x100_0000_0004n, 0n, 0n, 0n])
      .write(0x8805_0000, [0x100n, 0x1234_5008n]),
    smmus: [
      smmu({
        IDR0: '0x0d45101b',
        GERROR: '0x1',
        CMDQ_BASE: '0x4000000088030008',
        CMDQ_PROD: '0x4',
        CMDQ_CONS: '0x1000001',
        EVENTQ_BASE: '0x4000000088040007',
        EVENTQ_PROD: '0x80000002',
        EVENTQ_CONS: '0x0',
        PRIQ_BASE: '0x4000000088050008',
        PRIQ_PROD: '0x1',
        PRIQ_CONS: '0x0',
      }),
    ],
  },
  {
    name: 'dma-into-kdump',
    description:
      "in-flight DMA can write the kdump kernel's memory, and one table leads nowhere: only --deep finds both",
    args: ['--deep', '--iomem', 'iomem.txt'],
    memory: pageTables(
      pageTables(translating(), 0x8820_0000, [page(0x8900_0000), page(0x8901_0000, true), page(0x8c00_1000)]),
      0x8821_0000,
      [page(0x8902_0000), page(0x1000_0000_0000)],
    )
      .write(0x8821_1000 + 8, [nextTable(0x9000_0000)])
      .cd(CD, 0, cdFor(1, 0x8820_0000))
      .cd(CD, 1, cdFor(2, 0x8821_0000))
      .cd(CD, 2, cdFor(3, 0x9100_0000)),
    files: { 'iomem.txt': IOMEM },
    smmus: [smmu()],
  },
  {
    name: 'deep-healthy',
    description: 'the same with sound tables that map nothing of the kdump kernel',
    args: ['--deep', '--iomem', 'iomem.txt', '--full'],
    memory: pageTables(translating(), 0x8820_0000, [page(0x8900_0000), page(0x8901_0000, true)])
      .cd(CD, 0, cdFor(1, 0x8820_0000))
      .cd(CD, 1, cdFor(2, 0x8820_0000))
      .cd(CD, 2, cdFor(3, 0x8820_0000)),
    files: { 'iomem.txt': IOMEM },
    smmus: [smmu({ GBPA: '0x101000', STRTAB_BASE_CFG: '0x10210' })],
  },
  {
    name: 'asids-on-two-smmus',
    description: 'an ASID that is live on the second SMMU and that a new domain of the first gets: v8 and v9 stumble',
    args: ['--insert', 'all', '--revision', 'all'],
    memory: translating()
      .l1(0x8806_0000, 0, 9, 0x8807_0000)
      .reserve(0x8806_0000, 4096)
      .abortTable(0x8807_0000, 256)
      .ste(0x8807_0000, 0x8, stage1(3))
      .cd(CD, 3, cd(5)),
    smmus: [smmu(), smmu({ STRTAB_BASE: '0x4000000088060000' }, { name: 'arm-smmu-v3.1.auto', base: '0x9070000' })],
  },
];
