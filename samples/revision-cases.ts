/** Samples in which one revision of the series parts from its neighbours. Others do so in passing: all with `--revision all`. */

import { CD, healthy, IOMEM, L1, L2_BUS0, linear, type Sample, smmu, stage1, translating } from './machine.ts';

/** In the crashkernel reservation of {@link IOMEM}. */
const IN_KDUMP = 0x8c00_0000;
/** Where {@link smmu} has its base. */
const REGISTERS = 0x0905_0000;
const side = ['--iomem', 'iomem.txt', '--revision', 'all'];
const files = { 'iomem.txt': IOMEM };

export const REVISION_CASES: readonly Sample[] = [
  {
    name: 'levels-without-feature',
    description:
      'two levels on hardware without: v1 takes the feature for there, v2 gives up the SMMU, v3 never programs its table',
    args: ['--insert', '0x8', ...side],
    memory: healthy(),
    files,
    smmus: [smmu({ IDR0: '0x0544101b' })],
  },
  {
    name: 'first-mapping-fails',
    description: 'an L1 table that no CPU can reach: v1 and v2 read through the error code, all others reset the SMMU',
    args: side,
    memory: healthy(),
    files,
    smmus: [smmu({ STRTAB_BASE: '0x2000000000000' })],
  },
  {
    name: 'l2-overlaps-kdump',
    description: "an L2 table in the kdump kernel's own memory, which v3 to v5 reject, and no other revision",
    args: side,
    memory: healthy().l1(L1, 1, 9, IN_KDUMP),
    files,
    smmus: [smmu()],
  },
  {
    name: 'l2-overlaps-later',
    description:
      'a descriptor comes to lead there after the adoption: v5 asks again, v3 and before have mapped the old table',
    args: ['--insert', '0x100', '--later', 'later.raw', ...side],
    memory: healthy(),
    later: healthy().l1(L1, 1, 9, IN_KDUMP),
    files,
    smmus: [smmu()],
  },
  {
    name: 'abort-deferred',
    description: 'a device whose STE aborts: v1 and v2 defer its attach for being valid, later revisions do not',
    args: ['--insert', '0x9', ...side],
    memory: healthy(),
    files,
    smmus: [smmu()],
  },
  {
    name: 'linear-cap',
    description:
      'a linear table of 2^20 STEs on hardware with 16 SID bits, aligned to its size: v3, and v9 on, refuse it',
    args: side,
    memory: linear(0x8800_0000),
    files,
    smmus: [smmu({ STRTAB_BASE: '0x88000000', STRTAB_BASE_CFG: '0x14' })],
  },
  {
    name: 'cd-leaf-null',
    description:
      'a valid CD L1 descriptor with a null pointer: v8 maps address 0 and dies of it, v9 and later reject it',
    args: side,
    memory: translating()
      .ste(L2_BUS0, 0x40, { ...stage1(0), S1ContextPtr: CD + 0x200, S1CDMax: 10, S1Fmt: 2, S1DSS: 2 })
      .write(CD + 0x200, [1n]),
    files,
    smmus: [smmu({ IDR0: '0x0d4c101b' })],
  },
  {
    name: 'table-not-allocated',
    description:
      'a linear table of 2^26 STEs, on hardware with 20 SID bits: v3 is left without two levels, and without memory for its own table',
    args: side,
    memory: linear(0x8800_0000),
    files,
    smmus: [smmu({ IDR1: '0x02730514', STRTAB_BASE: '0x88000000', STRTAB_BASE_CFG: '0x1a' })],
  },
  {
    name: 'l2-in-registers',
    description:
      "an L2 pointer into the SMMU's own registers, which v5 finds claimed, and no other revision asks about",
    args: side,
    memory: healthy().l1(L1, 1, 9, REGISTERS),
    files,
    smmus: [smmu()],
  },
];
