/** Findings about devices of the kdump kernel that are refused, and what the SMMU loses by it. */

import { hex } from '../../../hex.ts';
import * as json from '../../../shape.ts';
import { ARM, linux, SERIES } from '../../explanations/references.ts';
import { remapReasonInWords } from '../../prose/memory.ts';
import { rule } from '../rule.ts';
import { inFlight } from '../vocabulary.ts';
import { count } from '../words.ts';

/** What a refusal takes with it, which the comments of the patches do not say. */
const REFUSAL =
  'On kernels from about 6.15 on, a device that is there when the SMMU registers takes the whole SMMU with it ' +
  '(`smmu-adopt explain smmu-lost`); on older ones, or plugged in later, it fails alone.';

const LATER_CHANGED = 'memory that changed between the adoption and the insertion: DMA into the table';
const REWRITTEN = 'a kdump kernel that rewrote the descriptor itself, for a new table';
const COMPARE_DUMPS = [
  'the L1 descriptors of both dumps, the one of --later being the newer',
  '`smmu-adopt inspect DUMP --regs REGS --insert all --later LATER --revision all`',
];

export const REFUSALS = {
  'smmu-lost': rule({
    severity: 'error',
    reach: 'smmu',
    args: {
      sid: ['StreamID that was refused', json.sid],
      errno: ['With what', json.text],
      lost: ['StreamIDs that lose their group', json.count],
      inFlight: ['', inFlight],
    },
    sentence: ({ sid, errno, lost, inFlight }) =>
      `the SMMU is lost: SID ${hex(sid)} is refused with -${errno} while the SMMU registers; ` +
      `${count(lost, 'accepted stream loses its group', 'accepted streams lose their groups')}, and in-flight DMA is ` +
      `${inFlight === 'unknown' ? 'bypassed or aborted, by GBPA.ABORT' : inFlight}`,
    explain: () => ({
      title: 'A refused device takes the whole SMMU with it',
      meaning:
        'While the SMMU registers, the IOMMU core inserts every device that is already there. From about 6.15 on, one ' +
        'error other than -ENODEV fails the registration, and the probe of the SMMU is undone after it had adopted.',
      hardware:
        'CR0 is cleared, so GBPA decides for every stream: ABORT 0 turns all in-flight DMA into bypass, with IOVAs used ' +
        'as physical addresses; ABORT 1 terminates it. An adoption does not touch GBPA.',
      kernel:
        '"Failed to register iommu", then, but for -ENXIO, "probe with driver arm-smmu-v3 failed with error". Devices ' +
        'that had been accepted lose their groups, later ones are never asked. The same in all revisions: it is core code.',
      causes: [
        'an L2 table that cannot be mapped, or whose descriptor changed',
        'a device whose StreamID lies beyond the adopted table',
      ],
      next: [
        'the finding for the refused device beside this one',
        '`smmu-adopt inspect DUMP --regs REGS --insert all --kernel 6.12`: the same on an older core',
        'GBPA.ABORT among the registers: bypass or abort',
      ],
      references: [linux('iommu_device_register'), ARM.gbpa, ARM.cr0],
    }),
  }),
  'insert-out-of-range': rule({
    foundIn: 'later-dump',
    severity: 'error',
    reach: 'device',
    likelyReach: 'smmu',
    args: {
      sid: ['StreamID', json.sid],
      entries: ['StreamIDs that the adopted table covers', json.integer(1)],
    },
    sentence: ({ sid, entries }) =>
      `SID ${hex(sid)} is refused with -ERANGE and no message: the table covers ${entries} SIDs`,
    explain: () => ({
      title: 'A device is refused: its StreamID lies beyond the table',
      meaning:
        'The adopted table covers fewer StreamIDs than this device needs. The kdump kernel would have built a larger one ' +
        'for itself, so an ordinary boot never comes to this.',
      hardware: 'C_BAD_STREAMID for the stream: its transactions are terminated.',
      kernel: `-ERANGE and no message, in every revision. ${REFUSAL}`,
      causes: [
        'a crashed kernel, or firmware, that built the table for the devices it knew',
        'a StreamID that was mistaken',
        'LOG2SIZE of another moment in the snapshot',
      ],
      next: [
        'STRTAB_BASE_CFG.LOG2SIZE against IDR1.SIDSIZE among the registers',
        'IORT or iommu-map of the device tree: the StreamIDs of the device',
      ],
      references: [ARM.lookup, linux('arm_smmu_sid_in_range'), linux('arm_smmu_insert_master')],
    }),
  }),
  'insert-span-changed': rule({
    foundIn: 'later-dump',
    severity: 'error',
    reach: 'bus',
    likelyReach: 'smmu',
    args: {
      sid: ['StreamID', json.sid],
      span: ['Span found', json.integer(1, 31)],
      expected: ['The one that Linux adopts', json.integer(0, 31)],
    },
    sentence: ({ sid, span, expected }, l1) =>
      `${l1} has span ${span} now, and had 0 or ${expected} at adoption: SID ${hex(sid)} is refused with -EINVAL`,
    explain: () => ({
      title: 'A device is refused: the span of its descriptor has changed',
      meaning:
        'Every L1 descriptor was judged when the table was adopted, and this one was good or unused. Now, when the first ' +
        'device of its bus comes, it holds another span.',
      hardware:
        'It reads the descriptor anew for each lookup that misses its caches, and follows what stands there now.',
      kernel: {
        'v1 to v3': 'L2 tables are mapped at adoption, so nothing is read again.',
        'v4 on': `err "L1[i] span changed since adopt", -EINVAL. ${REFUSAL}`,
      },
      causes: [LATER_CHANGED, 'two dumps of different boots in --later'],
      next: [
        'what lies around the descriptor in the later dump: who wrote it',
        'the streams that can write there: those that translate to, or bypass into, that page',
      ],
      references: [ARM.l1std, linux('arm_smmu_init_l2_strtab'), SERIES.v4],
    }),
  }),
  'insert-l2-base-bad': rule({
    foundIn: 'later-dump',
    severity: 'error',
    reach: 'bus',
    likelyReach: 'smmu',
    args: {
      sid: ['StreamID', json.sid],
      l2: ['The pointer now', json.hex],
    },
    sentence: ({ sid, l2 }, l1) =>
      `${l1} points to ${hex(l2)} now, which is null or not 16 KiB aligned: SID ${hex(sid)} is refused with -EINVAL`,
    explain: () => ({
      title: 'A device is refused: its descriptor now has a bad pointer',
      meaning:
        'The descriptor passed when the table was adopted. When the device comes, its pointer is null or not aligned to ' +
        '16 KiB.',
      hardware: 'It rounds the pointer down and fetches STEs from there, from address 0 if it is null.',
      kernel: {
        'v4 to v7':
          'Not asked for: a null pointer gives the bus a new table of abort entries, a misaligned one is used as it is.',
        'v8 on': `err "L1[i] bad l2 table base", -EINVAL. ${REFUSAL}`,
      },
      causes: [LATER_CHANGED, REWRITTEN],
      next: COMPARE_DUMPS,
      references: [ARM.l1std, linux('arm_smmu_init_l2_strtab'), SERIES.v10],
    }),
  }),
  'insert-l2-overlaps': rule({
    foundIn: 'later-dump',
    severity: 'error',
    reach: 'bus',
    likelyReach: 'smmu',
    args: {
      sid: ['StreamID', json.sid],
      l2: ['The pointer now', json.hex],
    },
    sentence: ({ sid, l2 }, l1) =>
      `${l1} points to ${hex(l2)} now, where the kdump kernel has something of its own: SID ${hex(sid)} is refused with -EINVAL`,
    explain: () => ({
      title: 'A device is refused: its L2 table now overlaps the kernel',
      meaning:
        'The descriptor passed when the table was adopted. When the device comes, its L2 table overlaps memory or registers ' +
        'that the kdump kernel has claimed.',
      hardware: 'It fetches STEs from there.',
      kernel: {
        v5: `err "L1[i] now points at a corrupt range", -EINVAL. ${REFUSAL}`,
        'v6 on': 'Not asked for: the table is mapped where it is said to be.',
      },
      causes: [LATER_CHANGED, REWRITTEN],
      next: COMPARE_DUMPS,
      references: [ARM.l1std, linux('arm_smmu_kdump_adopt_l2_strtab'), SERIES.v5],
    }),
  }),
  'insert-l2-not-mappable': rule({
    foundIn: 'later-dump',
    severity: 'error',
    reach: 'bus',
    likelyReach: 'smmu',
    args: {
      sid: ['StreamID', json.sid],
      l2: ['Physical address of its L2 table', json.hex],
      why: ['Why it cannot be mapped', json.said(remapReasonInWords)],
    },
    sentence: ({ sid, l2, why }) =>
      `SID ${hex(sid)} is refused with -ENXIO: its L2 table at ${hex(l2)} cannot be mapped: ${remapReasonInWords(why)}`,
    explain: () => ({
      title: 'A device is refused: its L2 table cannot be mapped',
      meaning: 'The L1 descriptor is as it should be, but the table that it points to is nothing that can be mapped.',
      hardware: 'F_STE_FETCH for all 256 StreamIDs of the bus where nothing answers at that address.',
      kernel: `-ENXIO, err "failed to adopt l2 stream table for SID"; the slot stays empty and the next device tries again. ${REFUSAL}`,
      causes: [
        'an L2 pointer that was overwritten',
        'a dump that does not list all memory as RAM (--memremap dump judges by that)',
      ],
      next: [
        '`smmu-adopt explain l2-outside-memory`: the same seen from the table',
        '--iomem IOMEM: what the machine has at that address',
      ],
      references: [linux('arm_smmu_init_l2_strtab'), linux('devm_memremap'), SERIES.v6],
    }),
  }),
  'insert-aliasing': rule({
    foundIn: 'later-dump',
    severity: 'warning',
    reach: 'device',
    args: {
      sid: ['StreamID', json.sid],
      device: ['The device refused', json.text],
      owner: ['The device that has the StreamID', json.text],
    },
    sentence: ({ sid, device, owner }) =>
      `${device} shares SID ${hex(sid)} with ${owner}: it is refused with -ENODEV, and its DMA breaks`,
    explain: () => ({
      title: 'A device is refused: another one has its StreamID',
      meaning: 'Two devices were named with the same StreamID. The driver gives a stream to one owner only.',
      hardware: 'It cannot tell the two apart: one STE serves both, and an attach of one changes it for the other.',
      kernel:
        'warn "Aliasing StreamID ... unsupported, expect DMA to be broken", -ENODEV: the second device has no IOMMU. It ' +
        'is the one error that does not fail the registration of the SMMU.',
      causes: [
        'a PCIe-to-PCI bridge, or a device with phantom functions, which uses the ID of another',
        'an IORT or a device tree that maps two devices to one ID',
        'a slip in --device or --insert',
      ],
      next: [
        'the --device lists',
        'the topology of the bus: lspci -t, and the alias quirks of the kernel for the device',
      ],
      references: [ARM.numbering, ARM.pcie, linux('arm_smmu_insert_master')],
    }),
  }),
};
