/** Findings about the tables in memory: where they lie, what Linux and the hardware read, what the dump lacks. */

import { hex, word } from '../../hex.ts';
import * as json from '../../shape.ts';
import { ARM, linux, SERIES } from '../explanations/references.ts';
import { oddityInWords, remapReasonInWords } from '../prose/memory.ts';
import { addressHolderInWords, structureKindInWords } from '../prose/structures.ts';
import { rule } from './rule.ts';
import { pageState } from './vocabulary.ts';
import { count } from './words.ts';

export const TABLES = {
  'strtab-outside-memory': rule({
    severity: 'error',
    reach: 'smmu',
    args: {
      table: ['Which table', json.said(structureKindInWords)],
      address: ['Its physical address', json.hex],
      byteLength: ['Its size in bytes', json.integer(1)],
      why: ['Why it cannot be mapped', json.said(remapReasonInWords)],
      state: ['The worst state among its bytes', pageState],
      inKdumpMemory: ["Whether it lies in the kdump kernel's own memory", json.flag],
    },
    sentence: ({ table, address, byteLength, why, state, inKdumpMemory }) =>
      `the ${structureKindInWords(table)} at ${hex(address)} (${byteLength} bytes) cannot be mapped: ${remapReasonInWords(why)} (${state})${
        inKdumpMemory
          ? "; it lies in the kdump kernel's own memory, so the registers were probably read after its probe"
          : ''
      }`,
    explain: () => ({
      title: 'The stream table, or its first level, cannot be mapped',
      meaning:
        'The range that STRTAB_BASE and STRTAB_BASE_CFG describe is not wholly memory of this machine, or lies beyond ' +
        'what the CPU can address.',
      hardware:
        'Where nothing answers, each lookup ends in F_STE_FETCH and the transaction is terminated. An address above ' +
        'IDR5.OAS is cut to that size or reported the same way.',
      kernel:
        'memremap() fails, the adoption ends with -ENOMEM and without a message of its own, and the SMMU is reset. On a ' +
        'real arm64 kernel that happens only above the addresses that the CPU can express: elsewhere the mapping ' +
        'succeeds and the first read decides (--memremap kernel).',
      causes: [
        'a snapshot of another machine or another boot, or registers read after the probe of the kdump kernel',
        'a raw dump that was placed at a wrong address',
        'a table in memory that the dump does not list as RAM: reserved by firmware, or left out by the tool',
        'overwritten registers, when firmware or a hypervisor shares the SMMU',
      ],
      next: [
        '`smmu-adopt info DUMP`: the memory map of the dump',
        '`smmu-adopt regs validate REGS`: base, format and size as the registers have them',
        '--iomem with /proc/iomem of the crashed kernel: what really is at the address',
      ],
      references: [ARM.strtabBase, ARM.addressSizes, linux('memremap'), SERIES.v6],
    }),
  }),
  'strtab-base-unaligned': rule({
    severity: 'warning',
    reach: 'smmu',
    args: {
      table: ['Which table', json.said(structureKindInWords)],
      linux: ['Where Linux reads it', json.hex],
      hardware: ['Where the hardware reads it', json.hex],
    },
    sentence: ({ table, linux, hardware }) =>
      `the ${structureKindInWords(table)} base is not aligned to its size: Linux reads it at ${hex(linux)}, the hardware at ${hex(hardware)}`,
    explain: () => ({
      title: 'Linux and the hardware read different tables',
      meaning:
        'STRTAB_BASE is not aligned to the size of its table. The hardware takes the low bits as zero, the driver takes ' +
        'the address as it stands, so that they look at two tables which overlap at best.',
      hardware: 'It translates by the table at the address rounded down. That one is real.',
      kernel: {
        'v1 to v7': 'Not noticed: the driver adopts, judges and rewrites entries of the wrong table.',
        'v8 on': 'Refused: "unaligned l1 stream table base" or "unaligned stream table base", and a full reset.',
      },
      causes: [
        'registers that were read or written down wrongly: STRTAB_BASE and _CFG of different moments',
        'a table made by another system, which relied on the rounding',
        'LOG2SIZE changed without moving the table',
      ],
      next: [
        '`smmu-adopt show DUMP --regs REGS --sid SID`: which entry each of the two finds for a stream',
        '`smmu-adopt inspect DUMP --regs REGS --revision all`: what v10 does instead',
      ],
      references: [ARM.strtabBase, ARM.strtabBaseCfg, linux('arm_smmu_kdump_adopt_strtab'), SERIES.v10],
    }),
  }),
  'address-bits-above-51': rule({
    severity: 'warning',
    reach: null,
    args: {
      what: ['What holds the address', json.said(addressHolderInWords)],
      value: ['Its value', json.word64],
    },
    sentence: ({ what, value }) =>
      `${addressHolderInWords(what)} ${word(value)} has address bits 55:52 set, which Linux drops`,
    explain: () => ({
      title: 'An address has bits 55:52 set, which Linux drops',
      meaning:
        'The newest issues of the architecture have addresses of up to 56 bits. The driver masks what it reads to bits ' +
        '51:6, and so comes to another address than an SMMU that implements the upper ones.',
      hardware:
        'Bits above IDR5.OAS are cut off or lead to a fault. With an OAS of 56 bits they are part of the address.',
      kernel: 'The mask of the driver drops them in every revision: it maps and reads the lower address.',
      causes: ['overwritten memory: no machine that runs this driver has memory up there', 'a mistyped register value'],
      next: [
        'IDR5.OAS among the registers: whether the hardware can have used these bits',
        'the other descriptors around it: random values are a sign of an overwritten page',
      ],
      references: [ARM.addressSizes, ARM.l1std, ARM.idr5, linux('arm_smmu_kdump_adopt_strtab')],
    }),
  }),
  'mapping-misplaced': rule({
    severity: 'warning',
    reach: null,
    args: {
      table: ['The table', json.said(structureKindInWords)],
      address: ['Its physical address', json.hex],
      where: ['What is there instead', json.said(oddityInWords)],
    },
    sentence: ({ table, address, where }) =>
      `the ${structureKindInWords(table)} at ${hex(address)} maps without a word, but onto ${oddityInWords(where)}: what the driver reads is not the crashed kernel's`,
    explain: () => ({
      title: "A table maps onto something that is not the crashed kernel's",
      meaning:
        "The address lies in the kdump kernel's own memory, on device registers, or in a hole. The mapping succeeds all " +
        'the same, and what the driver reads through it has nothing to do with the table that was there.',
      hardware:
        'It reads the same physical address. If the kdump kernel has put something else there by now, that is what ' +
        'streams are translated by.',
      kernel: {
        'v3 to v5': 'The range is compared with the resources of the kdump kernel: an overlap ends in a full reset.',
        'v6 on':
          'Not tested. Inside the reservation the kernel reads its own memory through the direct map; device registers ' +
          'are read as a table; a hole kills it at the first read.',
      },
      causes: [
        'a snapshot, or a dump, from after the adoption: the kdump kernel had put its own tables there',
        'a pointer that was overwritten',
        'a crashkernel reservation that firmware placed over a table of an earlier stage',
      ],
      next: [
        'captured in the snapshot: only before-kdump-probe describes the crashed kernel',
        '`smmu-adopt explain snapshot-after-probe`',
        'the crashkernel range in /proc/iomem of the crashed kernel',
      ],
      references: [linux('memremap'), linux('try_ram_remap'), SERIES.v5, SERIES.v6],
    }),
  }),
  'table-not-in-dump': rule({
    severity: 'warning',
    reach: null,
    args: {
      table: ['Which table', json.said(structureKindInWords)],
      entries: ['Entries that are missing', json.integer(1)],
      state: ['', pageState],
    },
    sentence: ({ table, entries, state }) =>
      `${count(entries, 'entry', 'entries')} of the ${structureKindInWords(table)} not in the dump (${state})`,
    explain: () => ({
      title: 'Entries of a table are not in the dump',
      meaning:
        'These StreamIDs have an entry in memory, but the dump does not hold its bytes. Nothing is said about them; they ' +
        'are counted as unknown and never taken for zeros.',
      hardware: 'It reads them from memory as ever.',
      kernel:
        'It reads them too: an L1 table whole, an L2 table when a device needs it, and from v8 on all of them at once. ' +
        'Where its decision hangs on them, the verdict or the insertion cannot be told.',
      causes: [
        'a dump that was cut short, or damaged in this place',
        'a capture tool that left the page out',
        'with state hole: a pointer that leads out of memory',
      ],
      next: [
        '`smmu-adopt info DUMP`: completeness, dump level, pages by state',
        '--excluded zero, if the tool is known to have left out nothing but zeros',
        '`smmu-adopt explain l2-outside-memory`, when the state is hole',
      ],
      references: [ARM.lookup, linux('arm_smmu_kdump_adopt_strtab')],
    }),
  }),
  'excluded-read-as-zero': rule({
    severity: 'note',
    reach: null,
    args: {
      pages: ['Pages taken to be zero', json.integer(1)],
    },
    sentence: ({ pages }) => `${count(pages, 'page')} of the table, left out by the capture tool, taken to be zero`,
    explain: () => ({
      title: 'Pages left out by the capture tool were taken for zeros',
      meaning:
        'The dump says that pages of zeros were filtered. A stream table is none of the other kinds of page that such ' +
        'tools drop, so a missing page of it was almost surely zero, and is read that way.',
      hardware: 'Zeros are invalid entries: C_BAD_STE for the streams behind them, or descriptors without a table.',
      kernel: 'It reads the real page. If that was zero, as assumed, every entry on it is unused.',
      causes: ['makedumpfile with dump level bit 0 set, which is how most distributions call it'],
      next: [
        'the assumptions of the report: how many pages, and why',
        '`smmu-adopt inspect DUMP --regs REGS --excluded error`: the result without this assumption',
      ],
      references: [ARM.ste, 'makedumpfile(8), dump level'],
    }),
  }),
  'table-cut': rule({
    severity: 'warning',
    reach: null,
    args: {
      tables: ['L2 tables examined', json.integer(1)],
    },
    sentence: ({ tables }) => `only the first ${tables} L2 tables are examined; no system builds more`,
    explain: () => ({
      title: 'More L2 tables than were examined',
      meaning:
        'The L1 table claims more L2 tables than any system builds, eight times what Linux can have. The census stopped ' +
        'there, and says nothing about the rest.',
      hardware: 'It would follow every one of them; the architecture allows 2^26.',
      kernel: 'It never adopts more than 2^17 L1 descriptors, so it does not come that far.',
      causes: ['an L1 table of garbage', 'STRTAB_BASE or STRTAB_BASE_CFG of another machine'],
      next: [
        '`smmu-adopt regs validate REGS`: LOG2SIZE and SPLIT',
        'the L1 descriptors of the report: whether they point to anything sensible at all',
      ],
      references: [ARM.lookup, ARM.strtabBaseCfg],
    }),
  }),
};
