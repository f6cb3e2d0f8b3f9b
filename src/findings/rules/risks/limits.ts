/** Findings about what adopting costs and where it ends: memory, StreamIDs, and the patience of this program. */

import * as json from '../../../shape.ts';
import { ARM, linux, SERIES } from '../../explanations/references.ts';
import type { ExaminedKind } from '../../risks/examination.ts';
import { rule } from '../rule.ts';

const EXAMINED: Readonly<Record<ExaminedKind, string>> = {
  'active-stes': 'active STEs',
  cds: 'context descriptors',
  'cd-places': 'places of context descriptors',
  structures: 'tables',
  'translation-tables': 'sets of translation tables',
};

function queuesInWords(least: number | null, most: number | null): string {
  if (least === null) return 'and its queues what IDR1 would tell';
  return `and its queues take ${least === most ? least : `${least} to ${most}`}`;
}

export const RISK_LIMITS = {
  'memory-demand': rule({
    severity: 'note',
    reach: null,
    args: {
      allocated: ['Bytes allocated', json.count],
      mapped: ['Bytes mapped', json.count],
      queuesAtLeast: [
        'Bytes of its queues, as a kernel with DMA_CMA makes them; null without IDR1',
        json.nullable(json.count),
      ],
      queuesAtMost: ['The same, as a kernel without it makes them', json.nullable(json.count)],
    },
    sentence: ({ allocated, mapped, queuesAtLeast, queuesAtMost }) =>
      `adopting takes ${allocated} bytes of the kdump kernel's memory and maps ${mapped} bytes of address space; a ` +
      `device on a bus without an L2 table takes 16384 more, ${queuesInWords(queuesAtLeast, queuesAtMost)}; CD tables, ` +
      'translation tables of new domains and what drivers allocate are not counted',
    explain: () => ({
      title: 'Adopting takes memory of the kdump kernel',
      meaning:
        'A crashkernel reservation is small, and the report that led to the series was a kdump kernel that ran out of it. ' +
        'Mappings take address space and no memory; allocations are memory.',
      hardware: 'Not concerned: it reads the tables where they are.',
      kernel:
        'A two-level table costs an array of 8 bytes for each L1 descriptor, and 16 KiB for a new L2 table when a device ' +
        'comes whose descriptor is unused. A linear table of 2^25 entries maps 2 GiB. A full reset builds a new table ' +
        'instead. Either way there are queues: as many entries as IDR1 permits, up to 2^CMA_ALIGNMENT pages each, or up to ' +
        'the largest block of the page allocator. Through v9 an event queue and a PRI queue are among them, which stay off. ' +
        'Not counted are the CD tables and translation tables of new domains, and whatever drivers allocate.',
      causes: ['a table for many StreamIDs', 'a linear table where the hardware could have two levels'],
      next: [
        'the mapping ledger and the allocations of `smmu-adopt inspect DUMP --regs REGS --insert all`',
        '`smmu-adopt regs validate REGS`: the queues one by one, by how the kernel is built',
        'the size of the crashkernel reservation, and "page allocation failure" in the log of the kdump kernel',
      ],
      references: [linux('arm_smmu_kdump_adopt_strtab'), linux('arm_smmu_init_l2_strtab'), SERIES.v1],
    }),
  }),
  'sids-beyond-table': rule({
    severity: 'note',
    reach: null,
    args: {
      log2Size: ['log2 of the StreamIDs that the table covers', json.count],
      sidBits: ['StreamID bits of the hardware', json.count],
    },
    sentence: ({ log2Size, sidBits }) =>
      `the table covers 2^${log2Size} StreamIDs of the hardware's 2^${sidBits}: a device beyond it is refused with -ERANGE`,
    explain: () => ({
      title: 'The table covers fewer StreamIDs than the hardware has',
      meaning:
        'LOG2SIZE is less than IDR1.SIDSIZE. The kdump kernel would have built a table for all StreamIDs that it can; with ' +
        'the adopted one it is confined to those of the crashed kernel.',
      hardware: 'C_BAD_STREAMID for a StreamID beyond the table: no DMA of such a device was in flight.',
      kernel:
        'A device beyond the table is refused with -ERANGE and no message, in every revision. From about 6.15 on a device ' +
        'that is there when the SMMU registers takes the whole SMMU with it.',
      causes: ['a crashed kernel, or firmware, that built the table for the devices it knew', 'IDR1 of another SMMU'],
      next: [
        '`smmu-adopt inspect DUMP --regs REGS --iort IORT`, or --dtb DTB: the StreamIDs that devices really have',
        '`smmu-adopt inspect DUMP --regs REGS --insert SID`: what becomes of one of them',
        '`smmu-adopt explain insert-out-of-range`, `smmu-adopt explain smmu-lost`',
      ],
      references: [ARM.strtabBaseCfg, ARM.idr1, linux('arm_smmu_sid_in_range')],
    }),
  }),
  'risks-cut': rule({
    severity: 'note',
    reach: null,
    args: {
      what: [
        'Of what: STEs in use, valid context descriptors or places for them, tables and queues of the SMMU, or sets of translation tables',
        json.keyOf(EXAMINED),
      ],
      examined: ['How many were', json.count],
    },
    sentence: ({ what, examined }) => `only the first ${examined} ${EXAMINED[what]} were examined for risks`,
    explain: () => ({
      title: 'Not everything was examined for risks',
      meaning:
        'There are more entries or tables than any machine is known to have, and the search for risks ended before it came ' +
        'to the rest. What is reported is true; what is not may merely not have been looked at.',
      hardware: 'Every valid entry is in force, however many there are.',
      kernel: 'Not concerned. Verdict, checks and insertions do not depend on the search for risks.',
      causes: [
        'a table of garbage, in which random entries count as active',
        'a linear table in which every entry is filled, with bypass for one',
      ],
      next: [
        'the census of stream table entries in the report: what kinds there are',
        '`smmu-adopt show DUMP --regs REGS --sid SID`, with the StreamIDs that matter',
      ],
      references: [ARM.ste, 'schema/inspection.schema.json, findings'],
    }),
  }),
  'list-cut': rule({
    severity: 'note',
    reach: null,
    args: {
      what: ['Rows of what', json.choice('L1 descriptors', 'STEs')],
      notListed: ['How many are counted and not listed', json.integer(1)],
    },
    sentence: ({ what, notListed }) => `${notListed} more ${what} than this report lists; the census counts all`,
    explain: () => ({
      title: 'The table has more rows than a report lists',
      meaning:
        'The rows listed are the first of them, in the order of StreamIDs. An L2 table to which many L1 descriptors lead ' +
        'is listed for the first of them, and for some more.',
      hardware: 'Every valid entry is in force, however many there are.',
      kernel: 'Not concerned. Verdict, checks and insertions are of the whole table.',
      causes: [
        'L1 descriptors that all lead to the same few pages',
        '--all, with a table for more StreamIDs than a report has rows',
      ],
      next: [
        'the census of stream table entries in the report: what kinds there are',
        '`smmu-adopt inspect DUMP --regs REGS --sid SIDS`, with the StreamIDs that matter',
      ],
      references: [ARM.ste, 'schema/inspection.schema.json, stesNotListed'],
    }),
  }),
};
