/** Findings about single entries, and the page tables behind them, that the hardware minds and the kernel does not read. */

import { hex } from '../../../hex.ts';
import * as json from '../../../shape.ts';
import { BIT_FLIP, OVERWRITTEN } from '../../explanations/causes.ts';
import { ARM, linux, SERIES, TRANSLATION_TABLES } from '../../explanations/references.ts';
import { entryObservedInWords, entryRequiredInWords } from '../../prose/legality.ts';
import { stretchReasonInWords } from '../../prose/stretches.ts';
import { entryInWords, reservedBitsInWords } from '../../prose/structures.ts';
import { rule } from '../rule.ts';
import { pageState } from '../vocabulary.ts';
import { count } from '../words.ts';

const HALF_DONE = 'a crash in the middle of an update: nothing makes the tables of a crashed kernel consistent';
const OTHER_WRITER = 'an entry that firmware, a hypervisor or a VFIO user wrote';
const ID_REGISTERS = 'ID registers in the snapshot that are not those of this SMMU: `smmu-adopt regs validate REGS`';
const SHOW = '`smmu-adopt show DUMP --regs REGS --sid SID`: the entry with all of its fields, and every CD behind it';
const NO_EVENT = 'The event queue is off in a kdump kernel, so that no record tells of it.';

const cdOf = (number: number, ssid: number) => `CD[${ssid}] of SID ${hex(number)}`;

export const RISK_ENTRIES = {
  'reserved-bits-set': rule({
    severity: 'note',
    reach: null,
    args: {
      entry: ['STE, or which CD', json.said(entryInWords)],
      sid: ['StreamID', json.sid],
      bits: ['By word, in words', json.said(reservedBitsInWords)],
    },
    sentence: ({ entry, sid: number, bits }) =>
      `the ${entryInWords(entry)} of SID ${hex(number)} has reserved bits set: ${reservedBitsInWords(bits)}; no revision looks at them`,
    explain: () => ({
      title: 'An entry has reserved bits set',
      meaning:
        'Bits that issue G.b of the architecture has no field for are 1 in an active STE, or in a valid CD. Linux writes ' +
        'them as 0, so they hint at another writer, or at damage that may not end with these bits.',
      hardware:
        'It ignores them, or takes the entry for an illegal one (C_BAD_STE, C_BAD_CD): both are allowed. A later version ' +
        'of the architecture may give them a meaning.',
      kernel: 'No revision looks at them, the ID scan of v8 and later included.',
      causes: [OVERWRITTEN, 'a later architecture, whose fields a newer kernel had set', BIT_FLIP],
      next: [SHOW, 'AIDR among the registers: the version that the SMMU implements'],
      references: [ARM.ste, ARM.cd],
    }),
  }),
  's1fmt-reserved': rule({
    severity: 'warning',
    reach: 'device',
    args: {
      sid: ['StreamID', json.sid],
    },
    sentence: ({ sid: number }) =>
      `the STE of SID ${hex(number)} has the reserved S1Fmt 3: the hardware takes its CD table for a linear one, ` +
      'revisions through v7 do not look, from v8 on the whole table is rejected',
    explain: () => ({
      title: 'A stage 1 STE has the reserved S1Fmt 3',
      meaning:
        'S1Fmt says how the CD table of several SubstreamIDs is laid out. 0 is linear, 1 and 2 are two-level, 3 means ' +
        'nothing.',
      hardware: 'It takes the table for a linear one.',
      kernel: {
        'v1 to v7': 'Not looked at: the entry is adopted, and the attach of its device is deferred.',
        'v8 on': 'The ID scan ends with -EINVAL, and the SMMU is reset.',
      },
      causes: [OVERWRITTEN, BIT_FLIP],
      next: [SHOW, '`smmu-adopt explain s1fmt-unsupported`: what the scan accepts'],
      references: [ARM.ste, ARM.contexts, linux('arm_smmu_kexec_check_ste_cdtab'), SERIES.v10],
    }),
  }),
  'ste-illegal': rule({
    severity: 'warning',
    reach: 'device',
    args: {
      sid: ['StreamID', json.sid],
      field: ['The field that decides', json.text],
      observed: ['What it holds', json.said(entryObservedInWords)],
      required: ['What the hardware requires', json.said(entryRequiredInWords)],
    },
    sentence: ({ sid: number, field, observed, required }) =>
      `the hardware refuses the STE of SID ${hex(number)} with C_BAD_STE: ${field} is ${entryObservedInWords(observed)}; required: ${entryRequiredInWords(required)}`,
    explain: () => ({
      title: 'The hardware refuses an STE',
      meaning:
        'The entry is valid and does not abort, but breaks a rule of the architecture: a field has a value that this ' +
        'SMMU, by its ID registers, cannot follow. The stream has no DMA in flight that could be saved.',
      hardware: 'Each transaction of the stream is terminated with C_BAD_STE.',
      kernel: {
        'v1 to v7': `The entry is adopted as it is, and the attach of its device is deferred as if it were translating. ${NO_EVENT}`,
        'v8 on':
          'The ID scan rejects the whole table for some of these reasons, such as S1CDMax above IDR1.SSIDSIZE or an S2VMID ' +
          'that is too wide; an entry that is illegal for another reason is adopted.',
      },
      causes: [OVERWRITTEN, ID_REGISTERS, OTHER_WRITER],
      next: [
        SHOW,
        '`smmu-adopt queues DUMP --regs REGS --sid SID`: C_BAD_STE in the event queue confirms it',
        '`smmu-adopt inspect DUMP --regs REGS --revision all`: whether v10 rejects the table',
      ],
      references: [ARM.steValidity, ARM.ste, linux('arm_smmu_is_attach_deferred'), SERIES.v10],
    }),
  }),
  'cd-illegal': rule({
    severity: 'warning',
    reach: 'device',
    args: {
      sid: ['StreamID', json.sid],
      ssid: ['SubstreamID', json.count],
      field: ['The field that decides', json.text],
      observed: ['What it holds', json.said(entryObservedInWords)],
      required: ['What the hardware requires', json.said(entryRequiredInWords)],
    },
    sentence: ({ sid: number, ssid, field, observed, required }) =>
      `the hardware refuses ${cdOf(number, ssid)} with C_BAD_CD: ${field} is ${entryObservedInWords(observed)}; required: ${entryRequiredInWords(required)}`,
    explain: () => ({
      title: 'The hardware refuses a context descriptor',
      meaning:
        'A CD with V 1 breaks a rule of the architecture. The stream does not translate with it; others of its CDs, for ' +
        'other SubstreamIDs, may be fine.',
      hardware: 'Each transaction that selects this CD is terminated with C_BAD_CD.',
      kernel: {
        'v1 to v7': `No CD is read: the stream is adopted, and its attach deferred. ${NO_EVENT}`,
        'v8 on':
          'The ID scan reads V and ASID. An ASID of more bits than IDR0.ASID16 allows rejects the whole table; whatever ' +
          'else is wrong is adopted.',
      },
      causes: [OVERWRITTEN, ID_REGISTERS, OTHER_WRITER],
      next: [SHOW, '`smmu-adopt queues DUMP --regs REGS --sid SID`: C_BAD_CD in the event queue confirms it'],
      references: [ARM.cd, ARM.contexts, linux('arm_smmu_kexec_resv_cd_asids'), SERIES.v10],
    }),
  }),
  'cd-asid-zero': rule({
    severity: 'note',
    reach: null,
    args: {
      sid: ['StreamID', json.sid],
      ssid: ['SubstreamID', json.count],
    },
    sentence: ({ sid: number, ssid }) =>
      `${cdOf(number, ssid)} has ASID 0, which Linux never uses: from v8 on the whole table is rejected for it`,
    explain: () => ({
      title: 'A valid context descriptor has ASID 0',
      meaning:
        'Linux hands out ASIDs from 1 on. Through v7 that is a curiosity; from v8 on one such CD decides about the whole ' +
        'SMMU.',
      hardware: 'ASID 0 is a tag like any other: the stream translates.',
      kernel: {
        'v1 to v7': 'No CD is read, and no new domain gets ASID 0, so that nothing comes of it.',
        'v8 on': 'The ID scan ends with -EINVAL, and the SMMU is reset.',
      },
      causes: [OTHER_WRITER, OVERWRITTEN],
      next: [SHOW, '`smmu-adopt explain asid-zero`, `smmu-adopt inspect DUMP --regs REGS --revision all`'],
      references: [ARM.cd, linux('arm_smmu_kexec_resv_cd_asids'), SERIES.v10],
    }),
  }),
  'ttb-not-in-ram': rule({
    severity: 'warning',
    reach: 'device',
    args: {
      sid: ['StreamID', json.sid],
      table: ['Which table register', json.text],
      address: ['Physical address', json.hex],
      state: ['The worst state among its bytes', pageState],
    },
    sentence: ({ sid: number, table, address, state }) =>
      `${table} of SID ${hex(number)} points to ${hex(address)}, where the dump has no RAM (${state})`,
    explain: () => ({
      title: 'A first page table is not in RAM',
      meaning:
        'TTB0, TTB1 or S2TTB is legal as a number, but leads to an address for which the dump has no RAM. Nothing behind ' +
        'it can be translated as the crashed kernel meant it.',
      hardware: 'A walk that nothing answers is F_WALK_EABT. Anything else that lies there is taken for descriptors.',
      kernel: `No revision follows the pointers to page tables; the stream is adopted as it is. ${NO_EVENT}`,
      causes: [
        OVERWRITTEN,
        'a dump that does not list all memory as RAM, or a raw one at a wrong address',
        'a CD that is left over: its tables were freed, and their memory is gone',
      ],
      next: [
        '`smmu-adopt translate DUMP --regs REGS --sid SID --iova ADDRESS`: the walk up to where it ends',
        '`smmu-adopt inspect DUMP --regs REGS --iomem IOMEM`: what the machine has at the address',
        SHOW,
      ],
      references: [ARM.cd, ARM.ste, ARM.events, TRANSLATION_TABLES, SERIES.doubts],
    }),
  }),
  'page-table-damaged': rule({
    severity: 'warning',
    reach: 'device',
    args: {
      sid: ['StreamID', json.sid],
      table: ['Which table register', json.text],
      what: ['Of what kinds, in words', json.said(stretchReasonInWords)],
      times: ['How many', json.count],
      first: ['Input address of the first', json.hex],
    },
    sentence: ({ sid: number, table, what, times, first }) =>
      `the ${table} tables of SID ${hex(number)}: ${count(times, 'stretch', 'stretches')} with ${stretchReasonInWords(what)}, the first at ${hex(first)}`,
    explain: () => ({
      title: 'The page tables of a stream do not hold together',
      meaning:
        'With --deep the tables behind every active stream are walked. In some stretches of input addresses the walk meets ' +
        'what cannot be a descriptor, or a table where the dump has no RAM. What is merely unmapped is not counted.',
      hardware:
        'DMA into such a stretch faults: F_TRANSLATION, F_ADDR_SIZE or F_WALK_EABT. Garbage that happens to be a valid ' +
        'descriptor is followed, and a device then writes where nobody meant it to.',
      kernel: `No revision looks at page tables. ${NO_EVENT}`,
      causes: [HALF_DONE, OVERWRITTEN, 'page tables that were freed and used for something else before the crash'],
      next: [
        '`smmu-adopt translate DUMP --regs REGS --sid SID --all`: every range with its target, and the faults between',
        '`smmu-adopt translate DUMP --regs REGS --sid SID --iova ADDRESS`: the tables on the way to the first stretch',
        '`smmu-adopt explain dma-into-kdump-memory`: whether what remains leads somewhere harmful',
      ],
      references: [TRANSLATION_TABLES, ARM.structureRules, ARM.events, SERIES.doubts],
    }),
  }),
};
