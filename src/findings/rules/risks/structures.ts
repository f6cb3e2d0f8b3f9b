/** Findings about where the structures of the SMMU lie, and about who else is there: nothing that the kernel asks. */

import { hex } from '../../../hex.ts';
import * as json from '../../../shape.ts';
import { ARM, linux, SERIES } from '../../explanations/references.ts';
import { l1ListInWords, sidListInWords } from '../../prose/number-lists.ts';
import {
  outsideInWords,
  ownerOfRegistersInWords,
  pointerInWords,
  structureInWords,
  theStructureInWords,
} from '../../prose/structures.ts';
import { rule } from '../rule.ts';
import { pageState } from '../vocabulary.ts';
import { count } from '../words.ts';

const POINTER = 'a pointer that was overwritten: by a stray write of the crashed kernel, or by DMA';
const OTHER_SNAPSHOT = 'a snapshot of another machine, of another boot, or of another moment than the dump';
const WITH_IOMEM = '`smmu-adopt inspect DUMP --regs REGS --iomem IOMEM`: what the machine has at the address';
const SHOW = '`smmu-adopt show DUMP --regs REGS --sid SID`: which of the pointers to a stream leads there';

/** When the kernel reads what, which decides whether a bad place is the kernel's problem or the hardware's alone. */
const READ_BEFORE_SCAN =
  'the L1 table is read while the SMMU probes, an L2 table for the question whether to defer the attach of a ' +
  'device behind it, CD tables never.';
const READ_BY_SCAN = 'the ID scan reads every L2 and CD table in use while the SMMU probes.';

/** Where it lies in the kdump kernel's memory, and what a mapping of it leads to. */
const IN_KDUMP_MEMORY = {
  inside: { place: 'in', mapped: 'it maps without a word, and the kdump kernel reads its own memory instead' },
  'across its start': {
    place: 'across the start of',
    mapped: "it maps without a word, and a part of it is the kdump kernel's own",
  },
  'across its end': { place: 'across the end of', mapped: 'it maps, and the first read beyond the end is an oops' },
} as const;

export const RISK_STRUCTURES = {
  'structure-outside-ram': rule({
    severity: 'warning',
    reach: null,
    args: {
      structure: ['Which one', json.said(structureInWords)],
      address: ['Physical address', json.hex],
      byteLength: ['Size in bytes', json.count],
      state: ['The worst state among its bytes', pageState],
    },
    sentence: ({ structure, address, byteLength, state }) =>
      `${theStructureInWords(structure)} at ${hex(address)} (${byteLength} bytes) is not wholly RAM of this dump (${state})`,
    explain: () => ({
      title: 'A structure of the SMMU is not wholly in RAM',
      meaning:
        'A table or a queue reaches into addresses for which the dump has no RAM. Without /proc/iomem of the crashed ' +
        'kernel it cannot be told whether they are registers, a hole, or memory that the dump merely lacks.',
      hardware:
        'Where nothing answers, a fetch from a table is F_STE_FETCH or F_CD_FETCH, and the transaction is terminated. ' +
        'Elsewhere it takes what it reads for entries.',
      kernel:
        'No revision asks whether an address is memory of the machine. The mapping succeeds wherever the CPU can express ' +
        'the address, and the first read decides. The queues of the crashed kernel are not touched at all.',
      causes: [POINTER, 'a dump that does not list all memory as RAM, or a raw one at a wrong address', OTHER_SNAPSHOT],
      next: [WITH_IOMEM, '`smmu-adopt info DUMP`: the memory map of the dump', SHOW],
      references: [ARM.lookup, ARM.contexts, linux('memremap'), SERIES.doubts, SERIES.v6],
    }),
  }),
  'structure-in-kdump-memory': rule({
    severity: 'warning',
    reach: null,
    args: {
      structure: ['Which one', json.said(structureInWords)],
      address: ['Physical address', json.hex],
      byteLength: ['Size in bytes', json.count],
      how: ['Where it lies in it', json.choice('inside', 'across its start', 'across its end')],
      mapped: ['Whether the kernel maps it', json.flag],
    },
    sentence: ({ structure, address, how, mapped }) =>
      `${theStructureInWords(structure)} at ${hex(address)} lies ${IN_KDUMP_MEMORY[how].place} ` +
      `the kdump kernel's memory: ${
        mapped ? IN_KDUMP_MEMORY[how].mapped : 'hardware and kdump kernel get in the way of each other'
      }`,
    explain: () => ({
      title: "A structure lies in the kdump kernel's memory",
      meaning:
        'The crashkernel reservation is kept for the kdump kernel, and the crashed kernel had nothing of its own there. ' +
        'Whatever the address held, the kdump kernel has it now.',
      hardware: 'It follows the pointer, and takes what the kdump kernel keeps there for entries.',
      kernel: {
        'v3 to v5': 'A stream table, or an L2 table, that overlaps memory of the kdump kernel ends in a full reset.',
        'v6 on':
          'Not asked. Inside the reservation, and across its start, the mapping succeeds without a message and leads to ' +
          "the kernel's own memory; across its end it succeeds too, and the first read beyond the end is an oops.",
      },
      causes: [
        'registers or a dump from after the adoption, which show tables and queues of the kdump kernel',
        POINTER,
        OTHER_SNAPSHOT,
      ],
      next: [
        'captured in the snapshot: whether the registers are from before the probe of the kdump kernel',
        '`smmu-adopt explain rewritten-after-adoption`, `smmu-adopt explain mapping-misplaced`',
        'the line "Crash kernel" in /proc/iomem of the crashed kernel',
      ],
      references: [linux('memremap'), linux('try_ram_remap'), SERIES.v5, SERIES.v6],
    }),
  }),
  'structure-in-mmio': rule({
    severity: 'error',
    reach: 'machine',
    args: {
      structure: ['Which one', json.said(structureInWords)],
      address: ['Physical address', json.hex],
      byteLength: ['Size in bytes', json.count],
      device: ['Whose registers', json.said(ownerOfRegistersInWords)],
    },
    sentence: ({ structure, address, device }) =>
      `${theStructureInWords(structure)} at ${hex(address)} lies in the registers of ${ownerOfRegistersInWords(device)}: a cacheable mapping of them may end in a fatal SError`,
    explain: () => ({
      title: 'A structure lies in the registers of a device',
      meaning:
        'The address belongs to a device: to one in /proc/iomem, or to an SMMU of the snapshot. There is no table; the ' +
        'pointer is wrong, or its size is.',
      hardware: 'It reads whatever the device answers, and takes that for entries.',
      kernel: {
        'v1 to v4': 'Not asked: v3 and v4 look for the memory of the kdump kernel only.',
        v5:
          'A stream table, or an L2 table, that overlaps a resource in use, registers included, ends in a full reset: a ' +
          'cacheable mapping lets the CPU access them speculatively, and the SError that follows may be fatal.',
        'v6 on': `The test is gone: the mapping succeeds. Through v7 ${READ_BEFORE_SCAN} From v8 on ${READ_BY_SCAN}`,
      },
      causes: [POINTER, OTHER_SNAPSHOT],
      next: [
        SHOW,
        WITH_IOMEM,
        'an SError in the console log of the kdump kernel, with a function of this driver as pc',
      ],
      references: [ARM.lookup, linux('memremap'), SERIES.v5, SERIES.v6],
    }),
  }),
  'structure-in-hole': rule({
    severity: 'error',
    reach: 'machine',
    args: {
      structure: ['Which one', json.said(structureInWords)],
      address: ['Physical address', json.hex],
      byteLength: ['Size in bytes', json.count],
    },
    sentence: ({ structure, address }) =>
      `${theStructureInWords(structure)} at ${hex(address)} lies in a hole of the physical map: the first read by the CPU is an external abort`,
    explain: () => ({
      title: 'A structure lies where nothing answers',
      meaning:
        'According to /proc/iomem there is neither RAM nor a device at the address. A mapping of a hole succeeds like any ' +
        'other; a read by the CPU is an external abort, which is worse than any reset of the SMMU.',
      hardware:
        'Its own fetch is aborted too: F_STE_FETCH or F_CD_FETCH, and the transaction is terminated. Only the streams ' +
        'behind the structure suffer.',
      kernel: {
        'v1 to v7': `Not asked, and the test of v3 to v5 cannot see a hole: ${READ_BEFORE_SCAN} The first read is the end.`,
        'v8 on': `Not asked: ${READ_BY_SCAN} The first one in a hole ends the kdump kernel.`,
      },
      causes: [POINTER, OTHER_SNAPSHOT, 'memory that was unplugged, or that went offline with its device'],
      next: [
        '`smmu-adopt inspect DUMP --regs REGS --iomem IOMEM --insert all`: whether the kernel comes to read it',
        '`smmu-adopt explain kernel-panic`: what its death looks like',
        SHOW,
      ],
      references: [ARM.lookup, linux('memremap'), linux('arm_smmu_is_attach_deferred'), SERIES.v5, SERIES.v6],
    }),
  }),
  'structure-unreachable': rule({
    severity: 'warning',
    reach: null,
    args: {
      structure: ['Which one', json.said(structureInWords)],
      address: ['Physical address', json.hex],
      byteLength: ['Size in bytes', json.count],
      where: ['Where', json.said(outsideInWords)],
    },
    sentence: ({ structure, address, where }) =>
      `${theStructureInWords(structure)} at ${hex(address)} lies in ${outsideInWords(where)}: the kernel does not read it, the hardware's access is aborted or worse`,
    explain: () => ({
      title: 'A structure that the kernel does not read lies in no memory',
      meaning:
        'A queue, or through v7 a context descriptor, lies in the registers of a device or in a hole of the physical map. ' +
        'The kdump kernel does not touch it, so it does no harm to the adoption itself.',
      hardware:
        'A fetch of a CD is aborted: F_CD_FETCH, and the transaction is terminated. A write to the event or PRI queue ' +
        'shows in GERROR; into the registers of a device it may do anything.',
      kernel: {
        'v1 to v7': 'Context descriptors are not read, queues are set up anew in memory of the kdump kernel.',
        'v8 on':
          'The scan for IDs in use reads context descriptors too: then it is structure-in-mmio or structure-in-hole.',
      },
      causes: [POINTER, OTHER_SNAPSHOT],
      next: [SHOW, '`smmu-adopt queues DUMP --regs REGS`: where each queue is, and what is in it'],
      references: [ARM.lookup, SERIES.v6],
    }),
  }),
  'structure-above-oas': rule({
    severity: 'warning',
    reach: null,
    args: {
      structure: ['Which one', json.said(structureInWords)],
      address: ['Physical address', json.hex],
      byteLength: ['Size in bytes', json.count],
      oasBits: ['Address bits that the SMMU puts out', json.count],
    },
    sentence: ({ structure, address, oasBits }) =>
      `${theStructureInWords(structure)} at ${hex(address)} needs more than the ${oasBits} address bits that the SMMU puts out (IDR5.OAS): ` +
      'the kernel takes it, the hardware faults or truncates',
    explain: () => ({
      title: 'A structure lies above what the SMMU can address',
      meaning:
        'The address has more bits than the SMMU puts out according to IDR5.OAS. Linux reads the structure there, the ' +
        'hardware cannot.',
      hardware:
        'The address of a stream table or a queue is cut to the OAS; for a stream table F_STE_FETCH is legal as well. An ' +
        'S1ContextPtr is C_BAD_STE, on version 3.0 possibly cut or F_CD_FETCH. A leaf of CDs is C_BAD_SUBSTREAMID.',
      kernel:
        'No revision compares a pointer with OAS. The mapping fails only for what the CPU cannot express, and that may be ' +
        'more than the SMMU can.',
      causes: [POINTER, 'IDR5 of another SMMU, or mistyped', 'firmware that gave memory above the reach of this SMMU'],
      next: ['`smmu-adopt regs validate REGS`: OAS of IDR5, and the bases', SHOW],
      references: [ARM.idr5, ARM.addressSizes, ARM.contexts, linux('memremap')],
    }),
  }),
  'views-differ': rule({
    severity: 'warning',
    reach: null,
    args: {
      structure: ['Which one', json.said(structureInWords)],
      streams: ['How many', json.count],
      sids: ['The first of them, in words', json.said(sidListInWords)],
    },
    sentence: ({ structure, streams, sids }) =>
      `${theStructureInWords(structure)} is unaligned: hardware and kernel read different STEs for ${count(streams, 'StreamID')} (${sidListInWords(sids)})`,
    explain: () => ({
      title: 'Hardware and kernel look at two copies of a table',
      meaning:
        'The base or a pointer is not aligned. The hardware rounds it down, the kernel does not, and here both places ' +
        'were compared entry by entry. Even where they agree, an attach rewrites only the copy of the kernel.',
      hardware: 'It translates by the table at the address rounded down.',
      kernel: {
        'v1 to v7':
          'It judges, defers and attaches by the entries at the address as it stands. Where these differ, its decisions ' +
          'are about other streams than those in flight.',
        'v8 on': 'It rejects an unaligned base or L2 pointer, and resets the SMMU.',
      },
      causes: [POINTER, 'a system that relied on the rounding', 'STRTAB_BASE and STRTAB_BASE_CFG of different moments'],
      next: [
        '`smmu-adopt show DUMP --regs REGS --sid SID`: both entries of one of these streams',
        '`smmu-adopt explain strtab-base-unaligned`, `smmu-adopt explain l2-unaligned`',
        '`smmu-adopt inspect DUMP --regs REGS --revision all`: adopted by v6, rejected by v10',
      ],
      references: [ARM.strtabBase, ARM.l1std, linux('arm_smmu_kdump_adopt_strtab'), SERIES.v10],
    }),
  }),
  'l2-aliased': rule({
    severity: 'warning',
    reach: 'bus',
    args: {
      l2: ['Physical address of the L2 table', json.hex],
      slots: ['The first of them, in words', json.said(l1ListInWords)],
      count: ['How many', json.count],
    },
    sentence: ({ l2, slots, count: times }) =>
      `${times} L1 descriptors (${l1ListInWords(slots)}) share the L2 table at ${hex(l2)}: an attach on one bus rewrites the other's STEs`,
    explain: () => ({
      title: 'Several L1 descriptors share one L2 table',
      meaning:
        'Two buses have their entries in one place, so that each entry belongs to a StreamID of either. Linux gives every ' +
        'bus a table of its own.',
      hardware: 'It follows each descriptor for itself, and does not mind.',
      kernel:
        'No revision compares pointers with each other: each descriptor is mapped for itself. When a device of one bus is ' +
        'attached, the entry of its counterpart on the other changes with it; in-flight DMA there goes elsewhere, or ends.',
      causes: [
        'a line of the L1 table that was copied over another',
        'a system that serves several buses from one table, all of bypass for one',
      ],
      next: [
        '`smmu-adopt inspect DUMP --regs REGS --all`: the descriptors around those that share the table',
        '`smmu-adopt show DUMP --regs REGS --sid SID`: the same entry for a SID of either bus',
        '--iort IORT or --dtb DTB: which devices are on these buses',
      ],
      references: [ARM.l1std, ARM.lookup, linux('arm_smmu_init_l2_strtab')],
    }),
  }),
  'structures-overlap': rule({
    severity: 'warning',
    reach: null,
    args: {
      first: ['The first', json.said(theStructureInWords)],
      second: ['The other', json.said(theStructureInWords)],
      byteLength: ['Size in bytes', json.count],
    },
    sentence: ({ first, second, byteLength }) =>
      `${theStructureInWords(first)} and ${theStructureInWords(second)} share ${count(byteLength, 'byte')} of memory`,
    explain: () => ({
      title: 'Two structures of the SMMU share memory',
      meaning:
        'Two tables, or a table and a queue, lie on top of each other. Linux allocates each for itself, so one of the two ' +
        'pointers or sizes is wrong, and the entries in the shared part are those of at most one of them.',
      hardware:
        'It reads each as what its pointer says. Where a queue is one of the two, events that it writes are entries that ' +
        'it reads.',
      kernel: 'No revision looks for it. A later attach that writes one of the two changes the other.',
      causes: [POINTER, 'S1CDMax or LOG2SIZE that was overwritten, the pointer still right', OTHER_SNAPSHOT],
      next: [
        SHOW,
        '`smmu-adopt queues DUMP --regs REGS`: base and size of each queue, and whether its entries make sense',
        '`smmu-adopt explain l2-aliased`: L2 tables that are one and the same are told apart',
      ],
      references: [ARM.ste, ARM.l1std, ARM.queues],
    }),
  }),
  'rewritten-after-adoption': rule({
    severity: 'warning',
    reach: null,
    args: {
      what: ['Of what kinds, in words', json.said(pointerInWords)],
      address: ['Physical address', json.hex],
    },
    sentence: ({ what, address }) =>
      `${pointerInWords(what)} points to ${hex(address)} in the kdump kernel's memory: it was probably written after the adoption, by the ` +
      'kdump kernel itself',
    explain: () => ({
      title: 'The kdump kernel has probably written this pointer',
      meaning:
        'An entry points into the crashkernel reservation, where only the kdump kernel has memory. That is no corruption: ' +
        'an attach after the adoption writes its new tables into the old ones, and an unused L1 descriptor gets a new L2 ' +
        'table. The dump was taken after that, and does not show what the crashed kernel left.',
      hardware: 'It translates by the new tables; that is what they are for.',
      kernel:
        'The same in all revisions. Deferred or not, the first real attach of a device rewrites its STE inside the crashed ' +
        "kernel's memory.",
      causes: [
        'a vmcore that the kdump kernel itself saved, after its drivers had come up',
        'if the dump is older than the kdump kernel, a pointer that was overwritten',
      ],
      next: [
        'when dump and registers were taken, against the adoption in the log of the kdump kernel',
        '`smmu-adopt regs capture --base ADDRESS`: a script for the moment before the driver loads',
        '`smmu-adopt diff BEFORE AFTER --regs REGS`: what changed, if there is a dump from before',
      ],
      references: [linux('arm_smmu_init_l2_strtab'), linux('arm_smmu_is_attach_deferred'), SERIES.v6],
    }),
  }),
};
