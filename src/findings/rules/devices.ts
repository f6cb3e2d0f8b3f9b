/** Findings about the devices of the kdump kernel: who is refused, and what the SMMU loses by it. */

import type { Danger } from '../../adopt/devices/danger.ts';
import * as json from '../../shape.ts';
import { ARM, linux, SERIES } from '../explanations/references.ts';
import { remapReasonInWords } from '../prose/memory.ts';
import { rule } from './rule.ts';
import { inFlight, verdict } from './vocabulary.ts';
import { count, hex } from './words.ts';

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

const DANGERS: Readonly<Record<Danger, string>> = {
  refused: 'be refused',
  'kernel-dies': 'kill the kdump kernel',
  'cannot-be-told': 'be refused or accepted, which cannot be told either',
};

export const DEVICES = {
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
  'insert-deferral-unknown': rule({
    foundIn: 'later-dump',
    severity: 'note',
    reach: null,
    args: {
      sid: ['StreamID', json.sid],
    },
    sentence: ({ sid }) =>
      `whether the attach of SID ${hex(sid)} is deferred cannot be told: its STE cannot be read from this dump`,
    explain: () => ({
      title: 'Whether an attach is deferred cannot be told',
      meaning:
        'A device was accepted, and the kernel then reads its STE to see whether anything is in flight. That entry is ' +
        'not in the dump.',
      hardware: 'It goes on by the entry that is in memory, whatever it holds.',
      kernel: {
        'v1 to v2': 'V alone decides: an attach waits for the first DMA mapping wherever it is 1.',
        'v3 on':
          'V 1 and a Config other than abort: the attach waits for the first DMA mapping, and in-flight DMA goes on till ' +
          'then. Anything else: attached at once, and DMA ends there.',
      },
      causes: ['a page that the capture tool left out', 'a dump that was cut short', 'an L2 table in a hole'],
      next: [
        '`smmu-adopt show DUMP --regs REGS --sid SID`: what is missing on the way to the entry',
        '--excluded zero: what follows if the page was zero',
      ],
      references: [ARM.ste, linux('arm_smmu_is_attach_deferred'), SERIES.v3],
    }),
  }),
  'insert-indeterminate': rule({
    foundIn: 'later-dump',
    severity: 'warning',
    reach: null,
    args: {
      sid: ['StreamID', json.sid],
      missing: ['What the dump lacks', json.choice('l1-descriptor', 'l2-table', 'kdump-resources')],
    },
    sentence: ({ sid, missing }, l1) =>
      missing === 'kdump-resources'
        ? `what of the kdump kernel is where ${l1} leads is not known, so whether SID ${hex(sid)} can be inserted cannot be told`
        : `${missing === 'l2-table' ? `the L2 table of ${l1}` : l1} is not in the dump, so whether SID ${hex(sid)} can be ` +
          'inserted cannot be told',
    explain: () => ({
      title: 'Whether a device is accepted cannot be told',
      meaning:
        'The L1 descriptor of its bus is not in the dump the device was inserted from, or with v5 nobody knows whether ' +
        'the L2 table overlaps what the kdump kernel has claimed.',
      hardware: 'It reads the descriptor from memory.',
      kernel:
        'An unused descriptor gives the bus a new table, a good one has its table mapped, any other refuses the device. ' +
        'Which of these happens cannot be said, nor what follows for the SMMU.',
      causes: ['an incomplete dump in --later', 'a page that the capture tool left out'],
      next: ['`smmu-adopt info LATER`: completeness and memory map of the later dump', 'a full dump of that moment'],
      references: [ARM.l1std, linux('arm_smmu_init_l2_strtab')],
    }),
  }),
  'insert-unseen': rule({
    foundIn: 'later-dump',
    severity: 'warning',
    reach: null,
    args: {
      sid: ['StreamID', json.sid],
      danger: [
        'What would become of a device that nobody sees',
        json.choice('refused', 'kernel-dies', 'cannot-be-told') as json.Shape<Danger>,
      ],
    },
    sentence: ({ sid, danger }) =>
      `the STEs from SID ${hex(sid)} on are not in the dump, so nobody sees whether a device is there: it would ` +
      DANGERS[danger],
    explain: () => ({
      title: 'There may be a device whose entry nobody sees',
      meaning:
        'With --insert all, the streams with an active entry are inserted. The entries behind this descriptor are not in ' +
        'the dump, so there may be more of them, and what becomes of one decides what becomes of the SMMU.',
      hardware: 'It reads the entries from memory, and translates for whoever is there.',
      kernel:
        'Registering the SMMU inserts every device that is there. One that is refused takes the SMMU with it on kernels from ' +
        'about 6.15 on.',
      causes: ['pages that the capture tool left out', 'a dump that ends early', 'a pointer to where there is no RAM'],
      next: [
        '`smmu-adopt inspect DUMP --regs REGS --insert SIDS` with the devices that the machine has',
        'a captured log of the kdump kernel, with --dmesg',
      ],
      references: [ARM.l1std, linux('arm_smmu_insert_master')],
    }),
  }),
  'insert-not-possible': rule({
    foundIn: 'later-dump',
    severity: 'note',
    reach: null,
    args: {
      sids: ['StreamIDs asked for', json.integer(1)],
      verdict: ['', verdict],
    },
    sentence: ({ sids, verdict }) =>
      `${count(sids, 'SID')} not inserted into the crashed kernel's table: it was not adopted (${verdict})`,
    explain: () => ({
      title: 'Devices were not inserted: the table was not adopted',
      meaning:
        'Insertions were asked for, but there is no adopted table to insert into. Into the new table of an ordinary ' +
        'bring-up they are nothing special, so none is replayed.',
      hardware: 'After the reset each of these streams meets an abort entry until its driver attaches it.',
      kernel: 'Every device is attached to its default domain at once; nothing is deferred.',
      causes: ['the verdict: a failed check, a gate that said no, or a dump that lacks what decides'],
      next: [
        'the check that decided, under the verdict',
        '`smmu-adopt inspect DUMP --regs REGS --no-gate --insert all`, when it was the gate',
      ],
      references: [linux('arm_smmu_insert_master'), linux('arm_smmu_kdump_adopt_strtab')],
    }),
  }),
  'insert-list-cut': rule({
    foundIn: 'later-dump',
    severity: 'note',
    reach: null,
    args: {
      inserted: ['StreamIDs inserted', json.integer(1)],
      total: ['Active StreamIDs', json.integer(1)],
    },
    sentence: ({ inserted, total }) => `only the first ${inserted} of ${total} active SIDs were inserted`,
    explain: () => ({
      title: 'There are more active StreamIDs than were inserted',
      meaning:
        'With --insert all, every stream with a valid entry that does not abort is inserted, up to 65536 of them. No ' +
        'machine has more; a table of garbage can claim millions.',
      hardware: 'Every valid entry is in force.',
      kernel: 'It inserts the devices that exist, however many entries the table has.',
      causes: [
        'a stream table of garbage',
        'a linear table of a hypervisor that fills every entry, with bypass for one',
      ],
      next: [
        'the census of stream table entries in the report: what kinds there are',
        '--insert with the StreamIDs that matter',
      ],
      references: [ARM.ste, linux('arm_smmu_insert_master')],
    }),
  }),
};
