/** Findings about devices of which it cannot be told what becomes of them, or was not asked. */

import type { Danger } from '../../../adopt/devices/danger.ts';
import { hex } from '../../../hex.ts';
import * as json from '../../../shape.ts';
import { ARM, linux, SERIES } from '../../explanations/references.ts';
import { rule } from '../rule.ts';
import { verdict } from '../vocabulary.ts';
import { count } from '../words.ts';

const DANGERS: Readonly<Record<Danger, string>> = {
  refused: 'be refused',
  'kernel-dies': 'kill the kdump kernel',
  'cannot-be-told': 'be refused or accepted, which cannot be told either',
};

export const DEVICE_DOUBTS = {
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
