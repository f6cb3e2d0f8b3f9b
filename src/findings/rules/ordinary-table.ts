/** Findings about the ordinary table of a kernel that adopts none: whether it is given the memory. */

import * as json from '../../shape.ts';
import { linux, SERIES } from '../explanations/references.ts';
import { rule } from './rule.ts';

const TABLE = {
  revision: ['Revision emulated', json.text],
  format: ['Format of the table', json.choice('2lvl', 'linear') as json.Shape<'2lvl' | 'linear'>],
  sidBits: ['StreamID bits of the hardware', json.count],
} as const;

const NAMES = { '2lvl': 'L1 table', linear: 'linear stream table' } as const;

const HARDWARE =
  "It goes on translating by the crashed kernel's table as long as nobody writes to it, which a probe that fails here does not.";

export const ORDINARY_TABLE = {
  'table-not-allocated': rule({
    severity: 'error',
    reach: 'smmu',
    args: { ...TABLE, byteLength: ['Bytes that the driver asks for, in 32 bits', json.count] },
    sentence: ({ revision, format, sidBits, byteLength }) =>
      `${revision} builds a ${NAMES[format]} for ${sidBits} StreamID bits and is not given its ${byteLength} bytes: the ` +
      'probe of the SMMU fails with -ENOMEM before anything is reset',
    explain: () => ({
      title: 'There is no memory for a table of its own',
      meaning:
        'A kernel that adopts no table builds one for every StreamID of the hardware. Two levels take 1 MiB at most; a linear ' +
        'one takes 64 bytes a StreamID in one piece, which is more than this kernel can have, or, from 26 StreamID bits on, ' +
        'does not fit the 32 bits of the size that the driver asks for. The SMMU is left without a driver.',
      hardware: HARDWARE,
      kernel: {
        v3:
          'The two-level feature is off before a linear table is looked at, and stays off when that is rejected: the new table ' +
          'is linear on any hardware.',
        'v4 on':
          'The new table is linear where the hardware has no two levels; with v6 also when it cannot set up its clean-up after ' +
          'a linear table.',
      },
      causes: [
        'a linear table that fails a check, with v3',
        'registers of another SMMU: two levels in STRTAB_BASE_CFG and none in IDR0',
      ],
      next: [
        '"failed to allocate linear stream table" in the log of the kdump kernel, and "probe with driver arm-smmu-v3 failed"',
        '`smmu-adopt regs validate REGS`: IDR0.ST_LEVEL and IDR1.SIDSIZE',
      ],
      references: [linux('arm_smmu_init_strtab_linear'), linux('arm_smmu_device_probe'), SERIES.v3],
    }),
  }),
  'table-allocation-open': rule({
    severity: 'warning',
    reach: 'smmu',
    args: {
      ...TABLE,
      byteLength: [
        'Bytes that the driver asks for; null: its shift by 32 bits is not defined',
        json.nullable(json.count),
      ],
    },
    sentence: ({ revision, format, sidBits, byteLength }) =>
      `whether ${revision} is given ${byteLength === null ? 'memory' : `${byteLength} bytes in one piece`} for its ` +
      `${NAMES[format]} of ${sidBits} StreamID bits cannot be told: without, the probe of the SMMU fails and nothing is reset`,
    explain: () => ({
      title: 'Whether there is memory for a table of its own',
      meaning:
        'A kernel that adopts no table builds one. This one is larger than the largest block of the page allocator as arm64 ' +
        'is configured by default (4 MiB with pages of 4 KiB, 32 MiB with 16 KiB, 512 MiB with 64 KiB). Only CMA could give it, ' +
        'and neither the dump nor the registers tell whether the kdump kernel has CMA, and how much.',
      hardware: HARDWARE,
      kernel:
        'With the memory: the ordinary table and a full reset. Without: "failed to allocate linear stream table", and the ' +
        'probe fails with -ENOMEM.',
      causes: ['a linear table for more than 16 StreamID bits'],
      next: [
        'CONFIG_DMA_CMA and "cma: Reserved" in the log of the kdump kernel',
        '`smmu-adopt inspect DUMP --regs REGS --dmesg LOG`: the log tells it',
      ],
      references: [linux('arm_smmu_init_strtab_linear'), linux('dma_alloc_contiguous')],
    }),
  }),
};
