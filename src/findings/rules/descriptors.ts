/** Findings about L1 descriptors, the L2 tables behind them, and single stream table entries. */

import type { ScanRule } from '../../adopt/evidence.ts';
import { hex } from '../../hex.ts';
import * as json from '../../shape.ts';
import { BIT_FLIP, OVERWRITTEN } from '../explanations/causes.ts';
import { ARM, linux, SERIES } from '../explanations/references.ts';
import { requiredInWords } from '../prose/evidence.ts';
import { lookupEndInWords } from '../prose/lookup.ts';
import { remapReasonInWords } from '../prose/memory.ts';
import { SCAN_RULES, scanObservedInWords } from '../prose/scan.ts';
import { scannedEntryInWords } from '../prose/structures.ts';
import { rule } from './rule.ts';
import { pageState } from './vocabulary.ts';

export const DESCRIPTORS = {
  'l1-span-unsupported': rule({
    severity: 'error',
    reach: 'smmu',
    args: {
      span: ['Span found', json.integer(1, 31)],
      expected: ['The one that Linux adopts', json.integer(0, 31)],
    },
    sentence: ({ span, expected }, l1) =>
      `${l1} has span ${span}; Linux adopts only span ${expected}, so the whole stream table is rejected`,
    explain: () => ({
      title: 'An L1 descriptor has a span that Linux does not adopt',
      meaning:
        'Linux builds L2 tables of 256 entries and nothing else: span 9. A descriptor with another span that points ' +
        'somewhere was not written by its driver, and one is enough to reject the whole table.',
      hardware:
        'Spans 1 to 9 are legal with SPLIT 8: 2^(span-1) entries, and C_BAD_STREAMID for StreamIDs beyond them. Larger ' +
        'ones, and the reserved 12 to 31, make the descriptor invalid: C_BAD_STREAMID for all 256.',
      kernel: {
        'v1 to v2': 'Any span is accepted.',
        'v3 to v7': 'err "L1[i] unsupported span", -EINVAL and a full reset, unless the pointer is null.',
        'v8 on': 'The same, whatever the pointer is.',
      },
      causes: [OVERWRITTEN, 'a table of another system or of firmware, with L2 tables of other sizes', BIT_FLIP],
      next: [
        '`smmu-adopt inspect DUMP --regs REGS --all`: the neighbours of the descriptor; garbage comes in whole lines',
        'the 64 bytes around the address in a hex dump: text, pointers, or a packet tell who wrote it',
        'whether a device writes there: its IOVAs, and what the crashed kernel had mapped',
      ],
      references: [ARM.l1std, ARM.lookup, linux('arm_smmu_kdump_adopt_strtab_2lvl'), SERIES.v3],
    }),
  }),
  'l1-null-pointer': rule({
    severity: 'warning',
    reach: 'bus',
    args: {
      span: ['Span found', json.integer(1, 31)],
    },
    sentence: ({ span }, l1) =>
      `${l1} has span ${span} with a null L2 pointer: through v7 Linux takes it for unused, the hardware fetches STEs from address 0`,
    explain: () => ({
      title: 'An L1 descriptor is in use, with a null pointer',
      meaning:
        'The span says that there is an L2 table, the pointer says that it lies at physical address 0. Linux and the ' +
        'hardware do not agree on what that is.',
      hardware: 'It fetches entries from address 0 and up, and takes whatever lies there for STEs.',
      kernel: {
        'v1 to v7': 'Taken for unused, without a word. The first device of that bus gets a new table of abort entries.',
        'v8 on': 'Rejected: err "L1[i] bad l2 table base", and a full reset.',
      },
      causes: [OVERWRITTEN, 'a capture tool that zeroed a part of the page', BIT_FLIP],
      next: [
        'what lies at physical address 0 of this machine: RAM, registers, or nothing',
        '`smmu-adopt inspect DUMP --regs REGS --insert all --revision all`: what becomes of its devices',
      ],
      references: [ARM.l1std, linux('arm_smmu_kdump_adopt_strtab_2lvl'), SERIES.v6, SERIES.v10],
    }),
  }),
  'l1-pointer-rejected': rule({
    severity: 'error',
    reach: 'smmu',
    args: {
      l2: ['The pointer', json.hex],
      revision: ['Revision that rejects it', json.text],
    },
    sentence: ({ l2, revision }, l1) =>
      `${l1} points to ${hex(l2)}, which is null or not 16 KiB aligned; ${revision} rejects the whole stream table for it`,
    explain: () => ({
      title: 'An L1 descriptor points where the revision accepts no table',
      meaning:
        'From v8 on, a descriptor in use has to point to a table that is aligned to its 16 KiB. This one is null or not ' +
        'aligned, and the whole stream table goes with it.',
      hardware:
        'Low bits of the pointer are taken as zero up to the size of the table, so it reads the table at the address ' +
        'rounded down; from a null pointer, address 0.',
      kernel: {
        'v1 to v7': 'Not tested: a misaligned table is read where it is said to be, a null one counts as unused.',
        'v8 on': 'err "L1[i] bad l2 table base", -EINVAL and a full reset.',
      },
      causes: [OVERWRITTEN, 'a table of another system', BIT_FLIP],
      next: [
        '`smmu-adopt show DUMP --regs REGS --sid SID`, with a SID of that bus: both readings side by side',
        '`smmu-adopt explain l2-unaligned`, `smmu-adopt explain l1-null-pointer`: the same under v6 and v7',
      ],
      references: [ARM.l1std, linux('arm_smmu_kdump_adopt_strtab'), SERIES.v10],
    }),
  }),
  'l2-outside-memory': rule({
    severity: 'error',
    reach: 'bus',
    likelyReach: 'smmu',
    args: {
      l2: ['Physical address of the L2 table', json.hex],
      byteLength: ['Its size in bytes', json.integer(1)],
      why: ['Why it cannot be mapped', json.said(remapReasonInWords)],
      state: ['The worst state among its bytes', pageState],
    },
    sentence: ({ l2, byteLength, why, state }, l1) =>
      `${l1} points to ${hex(l2)}; these ${byteLength} bytes cannot be mapped: ${remapReasonInWords(why)} (${state}); no device behind it is accepted`,
    explain: () => ({
      title: 'An L2 table cannot be mapped: no device behind it is accepted',
      meaning:
        'An L1 descriptor that is fine by itself points out of memory. The table of one bus is lost, 256 StreamIDs.',
      hardware: 'F_STE_FETCH for these StreamIDs where nothing answers; otherwise whatever the address holds.',
      kernel: {
        'v1 to v2':
          'All L2 tables are mapped at once and the error kept for a pointer: an oops when a device needs the table.',
        v3: 'All L2 tables are mapped at once, so the adoption itself fails: -ENXIO and a full reset.',
        'v4 to v7':
          'Noticed when a device of that bus is inserted: -ENXIO, "failed to adopt l2 stream table for SID". A real ' +
          'arm64 kernel maps nearly any address and dies at the first read of a hole instead.',
        'v8 on': 'The ID scan maps all tables first: -ENOMEM and a full reset.',
      },
      causes: [
        OVERWRITTEN,
        'a dump that does not list all memory of the machine as RAM',
        'a snapshot of another boot, with a stale L1 table behind it',
      ],
      next: [
        '`smmu-adopt inspect DUMP --regs REGS --insert all`: which devices are refused, and what goes with them',
        '--iomem IOMEM: whether the address is a hole, a device, or memory that the dump lacks',
        '`smmu-adopt info DUMP`: the memory map',
      ],
      references: [ARM.lookup, linux('arm_smmu_init_l2_strtab'), linux('devm_memremap'), SERIES.v4],
    }),
  }),
  'l2-unaligned': rule({
    severity: 'warning',
    reach: 'bus',
    args: {
      linux: ['Where Linux reads the L2 table', json.hex],
      hardware: ['Where the hardware reads it', json.hex],
    },
    sentence: ({ linux, hardware }, l1) =>
      `${l1} has a pointer that is not 16 KiB aligned: Linux reads the L2 table at ${hex(linux)}, the hardware at ${hex(hardware)}`,
    explain: () => ({
      title: 'An L2 pointer is not aligned: two tables are read',
      meaning:
        'The hardware rounds the pointer down to 16 KiB, the driver does not. For one bus they look at different entries ' +
        'from then on, and an attach rewrites an entry that the hardware never reads.',
      hardware: 'It translates by the table at the address rounded down.',
      kernel: {
        'v1 to v7':
          'Accepted. The driver judges deferral by, and later rewrites, the entries at the address as it stands.',
        'v8 on': 'Rejected: err "L1[i] bad l2 table base", and a full reset.',
      },
      causes: [OVERWRITTEN, 'a table of another system, which relied on the rounding'],
      next: [
        '`smmu-adopt show DUMP --regs REGS --sid SID`, with a SID of that bus: which entry each of the two finds',
        '`smmu-adopt inspect DUMP --regs REGS --revision all`',
      ],
      references: [ARM.lookup, ARM.l1std, linux('arm_smmu_kdump_adopt_strtab_2lvl'), SERIES.v10],
    }),
  }),
  'id-scan-failure': rule({
    severity: 'error',
    reach: 'smmu',
    args: {
      rule: ['The rule broken, in words', json.said((one: ScanRule) => SCAN_RULES[one])],
      sid: ['StreamID', json.sid],
      entry: ['The entry at fault', json.said(scannedEntryInWords)],
      observed: ['What was found', json.said(scanObservedInWords)],
      required: ['What is needed', json.said(requiredInWords)],
      stopsHere: ['The kernel stops here', json.flag],
    },
    sentence: ({ rule: broken, sid, entry, observed, required, stopsHere }) =>
      `${scannedEntryInWords(entry)} of SID ${hex(sid)}: ${SCAN_RULES[broken]}: ${scanObservedInWords(observed)} (required: ${requiredInWords(required)})${
        stopsHere ? '; here the kernel stops, and names nothing of it' : ''
      }`,
    explain: () => ({
      title: 'An entry breaks a rule of the scan for IDs in use',
      meaning:
        'From v8 on the kernel reads every valid STE and every context descriptor behind it, to keep the ASIDs and VMIDs ' +
        'in use from new domains. An entry that makes no sense ends the scan. The kernel names nothing of it; this ' +
        'finding does, and goes on to find the others.',
      hardware:
        'It meets the entry only when a transaction of this stream arrives, and then reports C_BAD_STE, C_BAD_CD or a ' +
        'fetch fault for that one stream.',
      kernel: {
        'v1 to v7': 'No scan: the entry is adopted as it is, and its IDs may be given to somebody else.',
        'v8 on': 'warn "failed to reserve in-use ASIDs/VMIDs" at the first such entry, and a full reset.',
      },
      causes: [
        OVERWRITTEN,
        'an entry of firmware or a hypervisor that Linux would not have written',
        'ID registers in the snapshot that are not those of this SMMU: SSIDSIZE, ASID16, VMID16, CD2L',
      ],
      next: [
        '`smmu-adopt show DUMP --regs REGS --sid SID`: the entry with all of its fields',
        '`smmu-adopt explain RULE`: the rules of the scan are listed by `smmu-adopt explain`',
        'the section "IDs in use" of the report: the entry marked STOPS is the one that the kernel met',
      ],
      references: [ARM.ste, ARM.cd, linux('arm_smmu_kexec_scan_and_resv_ids'), SERIES.v10],
    }),
  }),
  'ste-config-reserved': rule({
    severity: 'warning',
    reach: 'device',
    args: {
      sid: ['StreamID', json.sid],
      config: ['The Config field', json.integer(1, 3)],
    },
    sentence: ({ sid, config }) =>
      `the STE of SID ${hex(sid)} has V=1 and reserved Config ${config}: the hardware aborts, revisions v3 ` +
      'to v7 defer the attach all the same, from v8 on the whole table is rejected',
    explain: () => ({
      title: 'A valid STE has a reserved Config',
      meaning: 'V is 1 and Config 1, 2 or 3, which mean nothing. Linux never writes that.',
      hardware: 'It behaves as Config 0: traffic is aborted, without an event.',
      kernel: {
        'v1 to v2': 'V alone is asked for: the attach of its device is deferred.',
        'v3 to v7': 'Only "not abort" is asked for: the attach of its device is deferred as if it were translating.',
        'v8 on': 'The ID scan rejects the whole table for it, even if no device uses the stream.',
      },
      causes: [OVERWRITTEN, BIT_FLIP],
      next: [
        '`smmu-adopt show DUMP --regs REGS --sid SID`: the whole entry; a random one is not an STE at all',
        '`smmu-adopt inspect DUMP --regs REGS --insert all --revision all`',
      ],
      references: [ARM.ste, linux('arm_smmu_is_attach_deferred'), SERIES.v3, SERIES.v10],
    }),
  }),
  'sid-without-ste': rule({
    severity: 'note',
    reach: null,
    args: {
      sid: ['StreamID', json.sid],
      why: ['The reason', json.said(lookupEndInWords)],
    },
    sentence: ({ sid, why }) => `SID ${hex(sid)} has no STE to show: ${lookupEndInWords(why)}`,
    explain: () => ({
      title: 'A StreamID that was asked for has no STE to show',
      meaning:
        'The lookup ends before it comes to an entry: the StreamID is beyond the table, its L1 descriptor has no table ' +
        'or a shorter one, or the bytes are not in the dump. The finding says which.',
      hardware:
        'Beyond the table, or behind a descriptor without one, it reports C_BAD_STREAMID and terminates the transaction. ' +
        'The event is recorded only with CR2.RECINVSID.',
      kernel:
        'A device beyond the table is refused with -ERANGE and no message. On an unused descriptor it gets a new table ' +
        'of abort entries.',
      causes: [
        'a StreamID that was mistaken: a bus number that the host bridge translates, or one that IORT maps elsewhere',
        'a device that the crashed kernel never attached',
        'an incomplete dump',
      ],
      next: [
        '`smmu-adopt show DUMP --regs REGS --sid SID`: how far the lookup comes, and what stops it',
        'IORT or iommu-map of the device tree: which StreamIDs the device really has',
      ],
      references: [ARM.numbering, ARM.lookup, linux('arm_smmu_insert_master')],
    }),
  }),
};
