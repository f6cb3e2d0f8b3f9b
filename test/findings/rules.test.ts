import { describe, expect, test } from 'vitest';
import type { RevisionSplit } from '../../src/adopt/compare.ts';
import { type Finding, FindingList, type Location, MAX_FINDINGS_PER_RULE } from '../../src/findings/findings.ts';
import { type Reach, RULES, type Rule, type RuleArgs, type Severity } from '../../src/findings/rules.ts';
import { finding as FINDING } from '../../src/report/json/parts/findings.ts';
import { published } from '../support/published.ts';
import { findingProblems } from '../support/schema.ts';

interface Sample<R extends Rule> {
  readonly args: RuleArgs[R];
  /** Nowhere when left out. */
  readonly location?: Location;
  readonly says: string;
  readonly severity: Severity;
  readonly reach: Reach | null;
  /** Where it differs from `reach`. */
  readonly likelyReach?: Reach;
}

/** What every finding about a descriptor has. */
const L1: Location = { l1Index: 5, firstSid: 1280, lastSid: 1535, pciBus: 5, address: 0x42000028 };

const TWO_LEVEL = { kind: 'two-level', stLevel: 0, sidSize: 16 } as const;

/** A check that one revision makes, and does not come to. */
const SPLIT: RevisionSplit['why'] = {
  kind: 'check',
  from: { revision: 'v6', check: null },
  other: {
    revision: 'v10',
    check: { id: 'ids.scan', result: 'not-reached', observed: null, required: { kind: 'ids-free' } },
  },
};

/** Two entries of a queue. */
const group = (type: string, sid: number | null = null) => ({
  count: 2,
  type,
  firstSid: sid,
  lastSid: sid,
  firstAddress: null,
});

/** One sample of each rule; the compiler asks for a new one when there is a new rule. */
const SAMPLES: { readonly [R in Rule]: Sample<R> } = {
  'smmu-disabled': {
    args: {},
    says: 'CR0.SMMUEN is 0: the SMMU was off, so there is no table in use to adopt',
    severity: 'note',
    reach: null,
  },
  'smmu-non-coherent': {
    args: { source: 'firmware' },
    says: 'firmware says that the SMMU is not coherent; only coherent ones are adopted',
    severity: 'warning',
    reach: 'smmu',
  },
  'smmu-service-failure': {
    args: {},
    says: 'Service Failure Mode is active (SFM_ERR differs between GERROR and GERRORN); the SMMU has to be reset',
    severity: 'warning',
    reach: 'smmu',
  },
  'adoption-fallback': {
    args: {
      revision: 'v6',
      check: 'two-level.split',
      observed: { kind: 'number', value: 6 },
      required: { kind: 'equals', value: 8 },
      errno: 'EINVAL',
      ownTable: 'programmed',
    },
    says: 'v6 gives up with -EINVAL and resets the SMMU: two-level.split: 6 (required: 8)',
    severity: 'error',
    reach: 'smmu',
  },
  'adoption-indeterminate': {
    args: {
      revision: 'v6',
      check: 'two-level.l1-descriptors',
      observed: { kind: 'l1-unknown', unknown: 4, of: 256, oddity: null },
    },
    says: 'whether v6 adopts the table cannot be told: two-level.l1-descriptors: 4 of 256 descriptors are not in the dump',
    severity: 'warning',
    reach: 'smmu',
  },
  'registers-after-probe': {
    args: { revision: 'v6', sign: 'cr0-after-reset' },
    says:
      "whether v6 adopts the table cannot be told from these registers, which are of after the kdump kernel's probe: CR0 " +
      "is as the kdump kernel's reset leaves it, with the event queue off",
    severity: 'warning',
    reach: 'smmu',
  },
  'registers-unanswered': {
    args: { revision: 'v6', sign: 'all-ones' },
    says:
      'whether v6 adopts the table cannot be told from these registers: every register is all ones, as where no SMMU ' +
      'answers, or one without power',
    severity: 'warning',
    reach: 'smmu',
  },
  'strtab-outside-memory': {
    args: {
      table: 'l1-table',
      address: 0x42000000,
      byteLength: 2048,
      why: { kind: 'not-ram' },
      state: 'hole',
      inKdumpMemory: false,
    },
    says: 'the L1 table at 0x42000000 (2048 bytes) cannot be mapped: not RAM in this dump (hole)',
    severity: 'error',
    reach: 'smmu',
  },
  'strtab-base-unaligned': {
    args: { table: 'l1-table', linux: 0x42000040, hardware: 0x42000000 },
    says: 'the L1 table base is not aligned to its size: Linux reads it at 0x42000040, the hardware at 0x42000000',
    severity: 'warning',
    reach: 'smmu',
  },
  'address-bits-above-51': {
    args: { what: { kind: 'l1-descriptor', index: 5 }, value: 0x0010000042010009n },
    says: 'L1[5] 0x0010000042010009 has address bits 55:52 set, which Linux drops',
    severity: 'warning',
    reach: null,
  },
  'l1-span-unsupported': {
    args: { span: 3, expected: 9 },
    location: L1,
    says: 'L1[5] has span 3; Linux adopts only span 9, so the whole stream table is rejected',
    severity: 'error',
    reach: 'smmu',
  },
  'l1-null-pointer': {
    args: { span: 9 },
    location: L1,
    says: 'L1[5] has span 9 with a null L2 pointer: through v7 Linux takes it for unused, the hardware fetches STEs from address 0',
    severity: 'warning',
    reach: 'bus',
  },
  'l1-pointer-rejected': {
    args: { l2: 0x42010040, revision: 'v10' },
    location: L1,
    says: 'L1[5] points to 0x42010040, which is null or not 16 KiB aligned; v10 rejects the whole stream table for it',
    severity: 'error',
    reach: 'smmu',
  },
  'id-scan-failure': {
    args: {
      rule: 'asid-zero',
      sid: 0x508,
      entry: { kind: 'cd', index: 3 },
      observed: { kind: 'field', field: 'ASID', value: 0 },
      required: { kind: 'range', first: 1, last: 255 },
      stopsHere: true,
    },
    says: 'CD[3] of SID 0x508: a valid CD has ASID 0: ASID 0 (required: 1 to 255); here the kernel stops, and names nothing of it',
    severity: 'error',
    reach: 'smmu',
  },
  'mapping-misplaced': {
    args: { table: 'l2-table', address: 0x42010000, where: { kind: 'kdump', device: null } },
    says: "the L2 table at 0x42010000 maps without a word, but onto the kdump kernel's own memory: what the driver reads is not the crashed kernel's",
    severity: 'warning',
    reach: null,
  },
  'table-never-programmed': {
    args: {
      revision: 'v3',
      check: 'two-level.feature',
      observed: TWO_LEVEL,
      required: { kind: 'two-level' },
      errno: 'EINVAL',
      ownTable: 'programmed',
    },
    says: 'v3 gives up with -EINVAL and stays in adoption mode: the table that it builds is never programmed (two-level.feature: ST_LEVEL 0, SIDSIZE 16; required: IDR0.ST_LEVEL 1 and IDR1.SIDSIZE > 8)',
    severity: 'error',
    reach: 'smmu',
  },
  'table-not-allocated': {
    args: { revision: 'v3', format: 'linear', sidBits: 26, byteLength: 0 },
    says: 'v3 builds a linear stream table for 26 StreamID bits and is not given its 0 bytes: the probe of the SMMU fails with -ENOMEM before anything is reset',
    severity: 'error',
    reach: 'smmu',
  },
  'table-allocation-open': {
    args: { revision: 'v3', format: 'linear', sidBits: 20, byteLength: 67108864 },
    says: 'whether v3 is given 67108864 bytes in one piece for its linear stream table of 20 StreamID bits cannot be told: without, the probe of the SMMU fails and nothing is reset',
    severity: 'warning',
    reach: 'smmu',
  },
  'hardware-refused': {
    args: {
      check: 'probe.preset',
      observed: { kind: 'id-fields', fields: { TABLES_PRESET: 0, QUEUES_PRESET: 0, REL: 1 } },
      required: { kind: 'nothing-preset' },
      errno: 'ENXIO',
    },
    says:
      'the driver does not take this SMMU, and its probe ends with -ENXIO before it looks at the table: probe.preset: ' +
      'TABLES_PRESET 0, QUEUES_PRESET 0, REL 1 (required: 0)',
    severity: 'error',
    reach: 'smmu',
  },
  'probe-fails': {
    args: {
      revision: 'v2',
      check: 'two-level.feature',
      observed: TWO_LEVEL,
      required: { kind: 'two-level' },
      errno: 'EINVAL',
    },
    says: 'v2 gives up with -EINVAL, and the probe of the SMMU fails with it: two-level.feature: ST_LEVEL 0, SIDSIZE 16 (required: IDR0.ST_LEVEL 1 and IDR1.SIDSIZE > 8)',
    severity: 'error',
    reach: 'smmu',
  },
  'kernel-panic': {
    args: { function: 'arm_smmu_is_attach_deferred', inferred: false, address: 0x70000000, why: 'nothing-answers' },
    says: 'the kdump kernel dies in arm_smmu_is_attach_deferred reading 0x70000000: nothing answers at this address: the first read ends in an external abort',
    severity: 'error',
    reach: 'machine',
  },
  'smmu-lost': {
    args: { sid: 0x508, errno: 'EINVAL', lost: 2, inFlight: 'bypassed' },
    says: 'the SMMU is lost: SID 0x508 is refused with -EINVAL while the SMMU registers; 2 accepted streams lose their groups, and in-flight DMA is bypassed',
    severity: 'error',
    reach: 'smmu',
  },
  'revisions-differ': {
    args: { revision: 'v6', others: ['v10'], check: 'ids.scan', why: SPLIT },
    says: 'v10 would decide differently from v6 at ids.scan: v6 does not ask; v10 does not come to it',
    severity: 'note',
    reach: null,
  },
  'cleanup-leak': {
    args: { revision: 'v6', page: 'ones', leaked: { mappings: [], allocations: [{ kind: 'l2ptrs' }] } },
    says: 'with the register page reading as ones, the clean-up of v6 takes the table for another format and leaks the l2ptrs array',
    severity: 'warning',
    reach: null,
  },
  'dmesg-differs': {
    args: { file: 'dmesg.txt', agree: 1, missing: 2, unpredicted: 0, panicAgrees: false, withoutSeries: false },
    says: 'dmesg.txt differs from the prediction: 1 line agrees, 2 missing, 0 extra, and the kernel does not end as predicted',
    severity: 'warning',
    reach: null,
  },
  'l2-outside-memory': {
    args: { l2: 0x70000000, byteLength: 16384, why: { kind: 'not-ram' }, state: 'lost' },
    location: L1,
    says: 'L1[5] points to 0x70000000; these 16384 bytes cannot be mapped: not RAM in this dump (lost); no device behind it is accepted',
    severity: 'error',
    reach: 'bus',
    likelyReach: 'smmu',
  },
  'l2-unaligned': {
    args: { linux: 0x42011000, hardware: 0x42010000 },
    location: L1,
    says: 'L1[5] has a pointer that is not 16 KiB aligned: Linux reads the L2 table at 0x42011000, the hardware at 0x42010000',
    severity: 'warning',
    reach: 'bus',
  },
  'table-not-in-dump': {
    args: { table: 'l2-table', entries: 64, state: 'excluded' },
    says: '64 entries of the L2 table not in the dump (excluded)',
    severity: 'warning',
    reach: null,
  },
  'excluded-read-as-zero': {
    args: { pages: 3 },
    says: '3 pages of the table, left out by the capture tool, taken to be zero',
    severity: 'note',
    reach: null,
  },
  'table-cut': {
    args: { tables: 1048576 },
    says: 'only the first 1048576 L2 tables are examined; no system builds more',
    severity: 'warning',
    reach: null,
  },
  'ste-config-reserved': {
    args: { sid: 0x108, config: 2 },
    says: 'the STE of SID 0x108 has V=1 and reserved Config 2: the hardware aborts, revisions v3 to v7 defer the attach all the same, from v8 on the whole table is rejected',
    severity: 'warning',
    reach: 'device',
  },
  'sid-without-ste': {
    args: { sid: 0x208, why: { kind: 'span-without-table', l1Index: 2, span: 0 } },
    says: 'SID 0x208 has no STE to show: L1[2] has span 0',
    severity: 'note',
    reach: null,
  },
  'insert-out-of-range': {
    args: { sid: 0x1_0000, entries: 65536 },
    says: 'SID 0x10000 is refused with -ERANGE and no message: the table covers 65536 SIDs',
    severity: 'error',
    reach: 'device',
    likelyReach: 'smmu',
  },
  'insert-span-changed': {
    args: { sid: 0x508, span: 3, expected: 9 },
    location: L1,
    says: 'L1[5] has span 3 now, and had 0 or 9 at adoption: SID 0x508 is refused with -EINVAL',
    severity: 'error',
    reach: 'bus',
    likelyReach: 'smmu',
  },
  'insert-l2-not-mappable': {
    args: { sid: 0x508, l2: 0x70000000, why: { kind: 'not-ram' } },
    says: 'SID 0x508 is refused with -ENXIO: its L2 table at 0x70000000 cannot be mapped: not RAM in this dump',
    severity: 'error',
    reach: 'bus',
    likelyReach: 'smmu',
  },
  'insert-l2-overlaps': {
    args: { sid: 0x508, l2: 0x8c000000 },
    location: L1,
    says: 'L1[5] points to 0x8c000000 now, where the kdump kernel has something of its own: SID 0x508 is refused with -EINVAL',
    severity: 'error',
    reach: 'bus',
    likelyReach: 'smmu',
  },
  'insert-l2-base-bad': {
    args: { sid: 0x508, l2: 0x42010040 },
    location: L1,
    says: 'L1[5] points to 0x42010040 now, which is null or not 16 KiB aligned: SID 0x508 is refused with -EINVAL',
    severity: 'error',
    reach: 'bus',
    likelyReach: 'smmu',
  },
  'insert-aliasing': {
    args: { sid: 0x508, device: 'b', owner: 'a' },
    says: 'b shares SID 0x508 with a: it is refused with -ENODEV, and its DMA breaks',
    severity: 'warning',
    reach: 'device',
  },
  'insert-deferral-unknown': {
    args: { sid: 0x508 },
    says: 'whether the attach of SID 0x508 is deferred cannot be told: its STE cannot be read from this dump',
    severity: 'note',
    reach: null,
  },
  'insert-indeterminate': {
    args: { sid: 0x508, missing: 'l1-descriptor' },
    location: L1,
    says: 'L1[5] is not in the dump, so whether SID 0x508 can be inserted cannot be told',
    severity: 'warning',
    reach: null,
  },
  'insert-unseen': {
    args: { sid: 0x100, danger: 'refused' },
    says: 'the STEs from SID 0x100 on are not in the dump, so nobody sees whether a device is there: it would be refused',
    severity: 'warning',
    reach: null,
  },
  'insert-not-possible': {
    args: { sids: 4, verdict: 'fallback' },
    says: "4 SIDs not inserted into the crashed kernel's table: it was not adopted (fallback)",
    severity: 'note',
    reach: null,
  },
  'insert-list-cut': {
    args: { inserted: 65536, total: 70000 },
    says: 'only the first 65536 of 70000 active SIDs were inserted',
    severity: 'note',
    reach: null,
  },
  'platform-smmu-unknown': {
    args: { why: { kind: 'absent', base: 0x905_0000, sources: [{ kind: 'file', file: 'guest.dtb' }] } },
    says:
      "firmware's tables say nothing of this SMMU: there is no SMMUv3 at 0x9050000 in guest.dtb; " +
      'StreamIDs stay without names',
    severity: 'note',
    reach: null,
  },
  'platform-coherency': {
    args: { source: { kind: 'file', file: 'iort.bin' }, table: false, snapshot: true },
    says: 'iort.bin has the SMMU as not coherent, the snapshot as coherent; the snapshot is used',
    severity: 'warning',
    reach: null,
  },
  'platform-device-differs': {
    args: { source: { kind: 'file', file: 'iort.bin' }, firmware: '0000:01:00.0', device: '0000:02:00.0' },
    location: { firstSid: 256, lastSid: 256 },
    says:
      'this StreamID is 0000:01:00.0 by iort.bin, but the crashed kernel had 0000:02:00.0 behind it; ' +
      "the kernel's word is taken",
    severity: 'warning',
    reach: null,
  },
  'smmu-left-out': {
    args: { name: '9010000.smmuv3', problem: { why: 'contradiction', member: 'base_dma' } },
    says:
      'nothing can be told of 9010000.smmuv3, which the crashed kernel had: base_dma of struct arm_smmu_device ' +
      'contradicts what must agree with it',
    severity: 'warning',
    reach: null,
  },
  'devices-not-in-table': {
    args: { streams: 2, sids: { listed: [0x100, 0x101], total: 2 } },
    says:
      "the crashed kernel's driver had devices at 2 StreamIDs (0x100, 0x101) for which the table in memory has no valid " +
      'STE: the two contradict each other',
    severity: 'warning',
    reach: null,
  },
  'kernel-map-unused': {
    args: {
      release: '6.1.0',
      lack: { why: 'memory-beyond', first: 0x6000_0000, byteLength: 4096, limit: 'mem=512M' },
    },
    says:
      'the memory map of the kernel in the dump (6.1.0) is not used: the dump has 4096 bytes of memory that it does not ' +
      'list, from 0x60000000 on: the kernel was started with mem=512M; which mappings succeed is judged by what the dump ' +
      "holds, and where the kdump kernel's memory lies is known only if something else says so",
    severity: 'note',
    reach: null,
  },
  'smmu-list-broken': {
    args: { release: '6.12.107' },
    says:
      'the lists of devices of the kernel in the dump (6.12.107) could not be followed to their end: ' +
      'there may be more SMMUs',
    severity: 'note',
    reach: null,
  },
  'other-kernels': {
    args: { otherKernels: 1, release: '6.12.107' },
    says:
      '1 other kernel in this memory describes itself as well, so that the registers may not be of the kernel that ' +
      'crashed; those of 6.12.107 were taken',
    severity: 'warning',
    reach: null,
  },
  'registers-not-of-dump': {
    args: { registers: ['STRTAB_BASE', 'EVENTQ_BASE'], release: '6.12.107', origin: 'another-boot' },
    says:
      'STRTAB_BASE, EVENTQ_BASE: other than what the kernel in the dump (6.12.107) had written; ' +
      'the registers may be of another boot or of another machine',
    severity: 'warning',
    reach: null,
  },
  'coherency-not-of-dump': {
    args: { kernel: false, given: true, release: '6.12.107' },
    says:
      'the kernel in the dump (6.12.107) had the SMMU as not coherent, what was given as coherent; ' +
      'what was given is used',
    severity: 'warning',
    reach: null,
  },
  'registers-of-other-moment': {
    args: { registers: ['EVENTQ_PROD'], release: '6.12.107' },
    says: 'EVENTQ_PROD: other than what the kernel in the dump (6.12.107) had; the registers may be of another moment',
    severity: 'note',
    reach: null,
  },
  'platform-sids-beyond': {
    args: {
      name: '/pcie@10000000',
      ids: {
        kind: 'pci',
        name: '/pcie@10000000',
        segment: 0,
        firstId: 0x1000,
        count: 0xf000,
        firstSid: 0x1000,
        mask: 0xffff,
      },
      entries: 4096,
    },
    location: { firstSid: 4096, lastSid: 65535 },
    says:
      '0000:10:00.0-0000:ff:1f.7 of /pcie@10000000 have StreamIDs beyond the table, which covers 4096: ' +
      'devices there get -ERANGE from the kernel and C_BAD_STREAMID from the hardware',
    severity: 'warning',
    reach: null,
  },
  'platform-sid-unclaimed': {
    args: { sids: [{ firstSid: 256, lastSid: 263 }], source: { kind: 'file', file: 'guest.dtb' } },
    location: { firstSid: 256, lastSid: 263 },
    says: 'SIDs 0x100-0x107: active, but guest.dtb has no device there',
    severity: 'note',
    reach: null,
  },
  'platform-rmr': {
    args: {
      source: { kind: 'file', file: 'iort.bin' },
      name: '',
      sids: [{ firstSid: 48, lastSid: 48 }],
      memory: [{ start: 0x8820_0000, end: 0x8830_0000 }],
      bypassed: true,
    },
    location: { firstSid: 48, lastSid: 48 },
    says: 'iort.bin keeps 0x88200000-0x882fffff for SID 0x30: an RMR, whose STEs an adoption leaves as they are',
    severity: 'note',
    reach: null,
  },
  'platform-table-damaged': {
    args: { source: { kind: 'file', file: 'iort.bin' }, what: { kind: 'checksum' } },
    says: 'iort.bin: its checksum is wrong: some of it may have been overwritten',
    severity: 'warning',
    reach: null,
  },
  'platform-not-in-dump': {
    args: { searched: 268435456, complete: true },
    says: 'no device tree or IORT with an SMMUv3 was found in the memory of the dump: 256 MiB were looked through',
    severity: 'note',
    reach: null,
  },
  'structure-outside-ram': {
    args: { structure: { kind: 'l2-table', of: 5 }, address: 0x70000000, byteLength: 16384, state: 'hole' },
    says: 'the L2 table of L1[5] at 0x70000000 (16384 bytes) is not wholly RAM of this dump (hole)',
    severity: 'warning',
    reach: null,
  },
  'structure-in-kdump-memory': {
    args: {
      structure: { kind: 'l2-table', of: 5 },
      address: 0x70000000,
      byteLength: 16384,
      how: 'across its end',
      mapped: true,
    },
    says: "the L2 table of L1[5] at 0x70000000 lies across the end of the kdump kernel's memory: it maps, and the first read beyond the end is an oops",
    severity: 'warning',
    reach: null,
  },
  'structure-in-mmio': {
    args: { structure: { kind: 'l2-table', of: 5 }, address: 0x70000000, byteLength: 16384, device: 'PCI Bus 0000:00' },
    says: 'the L2 table of L1[5] at 0x70000000 lies in the registers of PCI Bus 0000:00: a cacheable mapping of them may end in a fatal SError',
    severity: 'error',
    reach: 'machine',
  },
  'structure-in-hole': {
    args: { structure: { kind: 'l2-table', of: 5 }, address: 0x70000000, byteLength: 16384 },
    says: 'the L2 table of L1[5] at 0x70000000 lies in a hole of the physical map: the first read by the CPU is an external abort',
    severity: 'error',
    reach: 'machine',
  },
  'structure-unreachable': {
    args: {
      structure: { kind: 'event-queue', of: 0 },
      address: 0x70000000,
      byteLength: 16384,
      where: { kind: 'hole' },
    },
    says: "the event queue at 0x70000000 lies in a hole of the physical map: the kernel does not read it, the hardware's access is aborted or worse",
    severity: 'warning',
    reach: null,
  },
  'structure-above-oas': {
    args: { structure: { kind: 'l2-table', of: 5 }, address: 0x70000000, byteLength: 16384, oasBits: 44 },
    says: 'the L2 table of L1[5] at 0x70000000 needs more than the 44 address bits that the SMMU puts out (IDR5.OAS): the kernel takes it, the hardware faults or truncates',
    severity: 'warning',
    reach: null,
  },
  'views-differ': {
    args: { structure: { kind: 'l1-table', of: 0 }, streams: 10, sids: { listed: [8, 16], total: 10 } },
    says: 'the L1 table is unaligned: hardware and kernel read different STEs for 10 StreamIDs (0x8, 0x10 and 8 more)',
    severity: 'warning',
    reach: null,
  },
  'l2-aliased': {
    args: { l2: 0x88014000, slots: { listed: [1, 2], total: 2 }, count: 2 },
    says: "2 L1 descriptors (L1[1], L1[2]) share the L2 table at 0x88014000: an attach on one bus rewrites the other's STEs",
    severity: 'warning',
    reach: 'bus',
  },
  'structures-overlap': {
    args: { first: { kind: 'command-queue', of: 0 }, second: { kind: 'l1-table', of: 0 }, byteLength: 1 },
    says: 'the command queue and the L1 table share 1 byte of memory',
    severity: 'warning',
    reach: null,
  },
  'reserved-bits-set': {
    args: { entry: null, sid: 8, bits: [{ word: 3, bits: 1n << 56n }] },
    says: 'the STE of SID 0x8 has reserved bits set: word 3 0x100000000000000; no revision looks at them',
    severity: 'note',
    reach: null,
  },
  's1fmt-reserved': {
    args: { sid: 8 },
    says: 'the STE of SID 0x8 has the reserved S1Fmt 3: the hardware takes its CD table for a linear one, revisions through v7 do not look, from v8 on the whole table is rejected',
    severity: 'warning',
    reach: 'device',
  },
  'ste-illegal': {
    args: {
      sid: 8,
      field: 'S1CDMax',
      observed: { entry: 'ste', field: 'S1CDMax', value: 21, takenFor: null, beside: [] },
      required: { wanted: { kind: 'at-most', value: 20 }, because: { kind: 'limit', feature: 'SSIDSIZE' } },
    },
    says: 'the hardware refuses the STE of SID 0x8 with C_BAD_STE: S1CDMax is 21; required: at most 20 (IDR1.SSIDSIZE)',
    severity: 'warning',
    reach: 'device',
  },
  'cd-illegal': {
    args: {
      sid: 8,
      ssid: 1,
      field: 'T0SZ',
      observed: { entry: 'cd', field: 'T0SZ', value: 60, takenFor: null, beside: [] },
      required: { wanted: { kind: 'range', min: 16, max: 39 }, because: null },
    },
    says: 'the hardware refuses CD[1] of SID 0x8 with C_BAD_CD: T0SZ is 60; required: 16 to 39',
    severity: 'warning',
    reach: 'device',
  },
  'cd-asid-zero': {
    args: { sid: 8, ssid: 0 },
    says: 'CD[0] of SID 0x8 has ASID 0, which Linux never uses: from v8 on the whole table is rejected for it',
    severity: 'note',
    reach: null,
  },
  'ttb-not-in-ram': {
    args: { sid: 8, table: 'TTB0', address: 0x90000000, state: 'hole' },
    says: 'TTB0 of SID 0x8 points to 0x90000000, where the dump has no RAM (hole)',
    severity: 'warning',
    reach: 'device',
  },
  'page-table-damaged': {
    args: { sid: 8, table: 'TTB0', what: { kind: 'fault', why: 'F_ADDR_SIZE' }, times: 2, first: 0x1000 },
    says: 'the TTB0 tables of SID 0x8: 2 stretches with F_ADDR_SIZE, the first at 0x1000',
    severity: 'warning',
    reach: 'device',
  },
  'kdump-memory-reach': {
    args: { active: 3, bypass: 0, complete: 1 },
    says: "none of the 3 active streams can write the kdump kernel's memory",
    severity: 'note',
    reach: null,
  },
  'dma-into-kdump-memory': {
    args: { sid: 8, iova: 0x2000, pa: 0x8c001000, byteLength: 4096, ranges: 1 },
    says: "SID 0x8 can write 4096 bytes of the kdump kernel's memory through its tables (1 range, the first at IOVA 0x2000, PA 0x8c001000): no revision looks at where in-flight DMA goes",
    severity: 'error',
    reach: 'machine',
  },
  'dma-goes-on': {
    args: { streams: 10, sids: { listed: [8, 16], total: 10 }, bypass: 1, because: 'adopted' },
    says: 'once adopted, 10 streams can go on with DMA (0x8, 0x10 and 8 more), 1 of them untranslated; a reset would have cut them off',
    severity: 'note',
    reach: null,
  },
  'reset-cuts-off': {
    args: {
      streams: 10,
      sids: { listed: [8, 16], total: 10 },
      instead: 'kernel-dies',
    },
    says: '10 streams are not kept alive (0x8, 0x10 and 8 more): the kdump kernel dies before it comes to them',
    severity: 'note',
    reach: null,
  },
  'invalidations-pending': {
    args: {
      commands: 2,
      what: { groups: [group('CMD_CFGI_STE', 0x100)], notListed: 0, notInDump: 0 },
      repeated: 1,
      consMayLag: false,
    },
    says: '2 invalidations were not executed (2 CMD_CFGI_STE for SID 0x100; 1 repeats one before, as newer kernels do on purpose): until the reset flushes, the hardware may use what memory no longer says',
    severity: 'warning',
    reach: null,
  },
  'commands-pending': {
    args: { commands: 3, what: { groups: [group('CMD_SYNC')], notListed: 0, notInDump: 1 }, consMayLag: true },
    says: 'at most 3 commands were not executed: 2 CMD_SYNC, 1 that the dump lacks',
    severity: 'note',
    reach: null,
  },
  'command-error': {
    args: { reason: 1, command: 'CMD_SYNC' },
    says: 'the SMMU had stopped executing commands: illegal command (CERROR_ILL), at CMD_SYNC; what followed never reached the hardware',
    severity: 'warning',
    reach: null,
  },
  'asid-reuse': {
    args: { asids: { listed: [1, 2], total: 2 }, count: 2 },
    says: '2 ASIDs are live (1, 2); revisions through v7 hand out ASIDs from 1 again, so a new domain may come to share the translations of an old one',
    severity: 'warning',
    reach: 'smmu',
  },
  'vmid-reuse': {
    args: { vmids: { listed: [3], total: 1 }, count: 1 },
    says: '1 VMID is live (3); revisions through v7 hand out VMIDs from 1 again',
    severity: 'warning',
    reach: 'smmu',
  },
  'asid-tag-space': {
    args: { el1: 2, el2: 1 },
    says: '1 stage 1 stream is of EL2, whose translations are tagged without a VMID, 2 of EL1, tagged with VMID 0: an invalidation for one kind leaves the other',
    severity: 'note',
    reach: null,
  },
  'asid-clash': {
    args: { other: 'smmu1', asids: { listed: [5], total: 1 }, count: 1 },
    says: '1 ASID is live here that new domains of smmu1, if it probes first, may be given (5): v8 and v9 keep one set for all SMMUs, and then do not adopt this one',
    severity: 'warning',
    reach: 'smmu',
  },
  'ats-enabled': {
    args: { streams: 1, sids: { listed: [0x40], total: 1 }, atschk: 'stays-1' },
    says: '1 stream has ATS enabled (0x40): what the device itself caches is not flushed by the reset; CR0.ATSCHK is 1 and stays',
    severity: 'warning',
    reach: 'device',
  },
  'gerror-active': {
    args: { error: 'PRIQ_ABT_ERR' },
    says: 'GERROR.PRIQ_ABT_ERR is active: the PRI queue could not be written, so page requests were lost',
    severity: 'warning',
    reach: null,
  },
  'events-unread': {
    args: { events: 2, what: { groups: [group('C_BAD_STE', 0x100)], notListed: 0, notInDump: 0 } },
    says: '2 events were not read by the crashed kernel, and will not be: 2 C_BAD_STE for SID 0x100',
    severity: 'warning',
    reach: null,
  },
  'events-lost': {
    args: {},
    says: 'the event queue had overflowed: events were lost',
    severity: 'note',
    reach: null,
  },
  'stall-enabled': {
    args: { streams: 10, sids: { listed: [8, 16], total: 10 } },
    says: '10 streams stall on a fault (0x8, 0x10 and 8 more): the event queue is off after an adoption, so nobody resumes what stalls',
    severity: 'warning',
    reach: 'device',
  },
  'page-requests-pending': {
    args: { requests: 1 },
    says: '1 page request waits for an answer: the PRI queue is off in every kdump kernel',
    severity: 'warning',
    reach: 'device',
  },
  'cr0-unacknowledged': {
    args: { fields: ['SMMUEN', 'CMDQEN'] },
    says: 'CR0 and CR0ACK differ in SMMUEN, CMDQEN: a change was in progress, or the SMMU does not answer; what was written is not in force before CR0ACK follows',
    severity: 'warning',
    reach: null,
  },
  'gbpa-bypass': {
    args: {},
    says: 'GBPA.ABORT is 0: whenever the adopted SMMU is switched off later, by a failed probe or a shutdown, all DMA passes untranslated',
    severity: 'note',
    reach: 'smmu',
  },
  'memory-demand': {
    args: { allocated: 2048, mapped: 67108864, queuesAtLeast: 3145728, queuesAtMost: 12582912 },
    says: "adopting takes 2048 bytes of the kdump kernel's memory and maps 67108864 bytes of address space; a device on a bus without an L2 table takes 16384 more, and its queues take 3145728 to 12582912; CD tables, translation tables of new domains and what drivers allocate are not counted",
    severity: 'note',
    reach: null,
  },
  'sids-beyond-table': {
    args: { log2Size: 12, sidBits: 16 },
    says: "the table covers 2^12 StreamIDs of the hardware's 2^16: a device beyond it is refused with -ERANGE",
    severity: 'note',
    reach: null,
  },
  'rewritten-after-adoption': {
    args: { what: { kind: 'first-table', table: 'TTB0', sid: 8 }, address: 0x8c000000 },
    says: "TTB0 of SID 0x8 points to 0x8c000000 in the kdump kernel's memory: it was probably written after the adoption, by the kdump kernel itself",
    severity: 'warning',
    reach: null,
  },
  'risks-cut': {
    args: { what: 'active-stes', examined: 16384 },
    says: 'only the first 16384 active STEs were examined for risks',
    severity: 'note',
    reach: null,
  },
  'list-cut': {
    args: { what: 'STEs', notListed: 49_152 },
    says: '49152 more STEs than this report lists; the census counts all',
    severity: 'note',
    reach: null,
  },
  'dump-load-address-assumed': {
    args: { file: ['ddr0.bin'] },
    says: 'ddr0.bin is taken to start at physical address 0; --base or file@address says otherwise',
    severity: 'note',
    reach: null,
  },
  'dump-damaged': {
    args: { file: 'vmcore', fileOffset: 0x1000, what: { kind: 'more-phdrs', count: 3 } },
    says: 'vmcore, offset 0x1000: 3 more program headers are damaged or point beyond the file',
    severity: 'warning',
    reach: null,
  },
  'dump-incomplete': {
    args: { file: ['vmcore'] },
    says: 'vmcore says of itself that it is incomplete',
    severity: 'warning',
    reach: null,
  },
  'snapshot-unknown-register': {
    args: { register: 'CR9', place: 'smmus[0].registers.CR9' },
    says: 'smmus[0].registers.CR9 is not a register of the architecture; it is not used',
    severity: 'warning',
    reach: null,
  },
  'snapshot-memory-ignored': {
    args: { format: 'elf' },
    says: "the snapshot's memory list is not used: this elf dump is placed otherwise",
    severity: 'warning',
    reach: null,
  },
  'snapshot-after-probe': {
    args: {},
    says: "the registers were read after the kdump kernel's probe; they may describe its own table, not the crashed one",
    severity: 'warning',
    reach: null,
  },
  'findings-omitted': {
    args: { rule: 'ste-config-reserved', listed: 1000, total: 65536 },
    says: '65536 findings of ste-config-reserved; only the first 1000 are listed',
    severity: 'note',
    reach: null,
  },
};

const EACH = Object.keys(SAMPLES) as Rule[];

/** The one finding of a list with one sample in it, as it is printed. */
function finding<R extends Rule>(rule: R, args: RuleArgs[R] = SAMPLES[rule].args): Finding {
  const findings = new FindingList('smmu0');
  findings.add(rule, args, SAMPLES[rule].location);
  return findings.all[0] as Finding;
}

test('every rule has its sample', () => {
  expect(Object.keys(RULES).sort()).toEqual(Object.keys(SAMPLES).sort());
});

describe.each(EACH)('%s', (rule) => {
  const { args, location = {}, says, severity, reach, likelyReach = reach } = SAMPLES[rule];

  test('says one plain sentence', () => {
    const { message } = finding(rule);
    expect(message).toBe(says);
    expect(message).toMatch(/^\S(\P{C}*[^\s.])$/u);
    expect(message).not.toMatch(/undefined|NaN|\[object| {2}/);
  });

  test('has its severity and its reach', () => {
    expect(finding(rule)).toEqual({
      rule,
      severity,
      smmu: 'smmu0',
      location,
      args,
      message: says,
      kernelMessage: null,
      reach,
      likelyReach,
    });
  });

  test('fits the schema, which knows each of its arguments', () => {
    const good = published(FINDING, finding(rule));
    const { args } = good as { args: Readonly<Record<string, unknown>> };
    expect(findingProblems(good)).toEqual([]);
    for (const [name, value] of Object.entries(args)) {
      const { [name]: _, ...rest } = args;
      expect(findingProblems({ ...good, args: rest }), `without ${name}`).toEqual([
        `/args must have required property '${name}'; found ${shortened(rest)}`,
      ]);
      const wrong = typeof value === 'string' ? 7 : '7';
      expect(findingProblems({ ...good, args: { ...args, [name]: wrong } }), `${name}: ${wrong}`).not.toEqual([]);
    }
    expect(findingProblems({ ...good, args: { ...args, extra: 1 } })).toEqual([
      `/args must NOT have additional properties ("extra"); found ${shortened({ ...args, extra: 1 })}`,
    ]);
  });
});

function shortened(json: unknown): string {
  const text = JSON.stringify(json);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

describe('sentences that depend on more', () => {
  test.each([
    [
      'refused',
      'v6 gives up with -EINVAL, has no memory for a table of its own, and fails the probe without a reset: two',
    ],
    ['kernel-dies', 'v6 gives up with -EINVAL, and the kdump kernel dies before it resets the SMMU: two'],
    ['unknown', 'v6 gives up with -EINVAL, and resets the SMMU if it has memory for a table of its own: two'],
  ] as const)('a fallback whose own table is %s', (ownTable, said) => {
    expect(finding('adoption-fallback', { ...SAMPLES['adoption-fallback'].args, ownTable }).message).toContain(said);
  });

  test.each([
    ['refused', ', stays in adoption mode, and fails the probe because it has no memory for a table of its own (two'],
    ['kernel-dies', ' and stays in adoption mode: the kdump kernel dies with the table that it builds (two'],
    ['unknown', ' and stays in adoption mode: a table of its own, if it has the memory, is never programmed (two'],
  ] as const)('a dead end whose own table is %s', (ownTable, said) => {
    const { args } = SAMPLES['table-never-programmed'];
    expect(finding('table-never-programmed', { ...args, ownTable }).message).toContain(said);
  });

  test.each([
    [{ because: 'never-programmed' }, 'by the old table, which stays in force, 10 streams'],
    [{ because: 'probe-fails' }, 'by the old table, which nobody touches, 10 streams'],
  ] as const)('DMA that goes on: %o', (more, said) => {
    expect(finding('dma-goes-on', { ...SAMPLES['dma-goes-on'].args, ...more }).message).toContain(said);
  });

  test.each([
    [{ instead: 'reset-aborts' }, ': the reset aborts their DMA, and'],
    [{ instead: 'lost-aborts' }, ': the SMMU is lost, and all DMA is aborted'],
    [{ instead: 'lost-bypasses' }, ': the SMMU is lost, and all DMA passes untranslated'],
    [{ instead: 'lost-unknown' }, ': the SMMU is lost, and GBPA.ABORT, which is not known, decides for them'],
  ] as const)('DMA that is cut off: %o', (more, said) => {
    expect(finding('reset-cuts-off', { ...SAMPLES['reset-cuts-off'].args, ...more }).message).toContain(said);
  });

  test.each([
    [{ atschk: 'unknown' }, 'CR0.ATSCHK is not known'],
    [{ atschk: 'stays-0' }, 'CR0.ATSCHK is 0 and stays, so translated requests are not checked'],
    [
      { atschk: 'set' },
      'CR0.ATSCHK is 0 and this revision sets it, so translated requests are checked all of a sudden',
    ],
  ] as const)('ATS: %o', (more, said) => {
    expect(finding('ats-enabled', { ...SAMPLES['ats-enabled'].args, ...more }).message).toContain(said);
  });

  test('coherency that a register says in place of firmware', () => {
    expect(finding('smmu-non-coherent', { source: 'register' }).message).toBe(
      'IDR0.COHACC says that the SMMU is not coherent; only coherent ones are adopted',
    );
  });

  test('memory that a device tree keeps for a device', () => {
    const { args } = SAMPLES['platform-rmr'];
    expect(finding('platform-rmr', { ...args, name: '/display', bypassed: false }).message).toBe(
      'iort.bin keeps 0x88200000-0x882fffff for /display (SID 0x30): the kernel makes no bypass STE for it',
    );
  });

  test('a search that was given up', () => {
    const { args } = SAMPLES['platform-not-in-dump'];
    expect(finding('platform-not-in-dump', { ...args, complete: false }).message).toContain(
      'was found in the first places:',
    );
  });

  test('a table in the memory of the kdump kernel', () => {
    const { args } = SAMPLES['strtab-outside-memory'];
    expect(finding('strtab-outside-memory', { ...args, inKdumpMemory: true }).message).toBe(
      'the L1 table at 0x42000000 (2048 bytes) cannot be mapped: not RAM in this dump (hole); ' +
        "it lies in the kdump kernel's own memory, so the registers were probably read after its probe",
    );
  });
});

describe('a list of findings', () => {
  test('keeps what it was told, in order', () => {
    const findings = new FindingList(null);
    expect(findings.all).toEqual([]);
    findings.add('dump-incomplete', { file: ['b'] });
    findings.add('l1-span-unsupported', { span: 3, expected: 9 }, L1, 'kdump: L1[5] unsupported span 3 (vs 9)');
    findings.add('dump-incomplete', { file: ['a'] });
    expect(findings.all.map(({ rule, smmu, args }) => ({ rule, smmu, args }))).toEqual([
      { rule: 'dump-incomplete', smmu: null, args: { file: ['b'] } },
      { rule: 'l1-span-unsupported', smmu: null, args: { span: 3, expected: 9 } },
      { rule: 'dump-incomplete', smmu: null, args: { file: ['a'] } },
    ]);
    expect(findings.all[1]).toMatchObject({ location: L1, kernelMessage: 'kdump: L1[5] unsupported span 3 (vs 9)' });
  });

  test('knows what fails alone: on an old core every device, on a new one what is plugged in later', () => {
    const args = { sid: 0x508, l2: 0x70000000, why: { kind: 'not-ram' } } as const;
    const old = new FindingList('smmu0', true);
    old.add('insert-l2-not-mappable', args);
    const recent = new FindingList('smmu0', false);
    recent.add('insert-l2-not-mappable', args);
    recent.add('insert-l2-not-mappable', args, {}, null, true);
    const likely = (list: FindingList) => list.all.map(({ reach, likelyReach }) => [reach, likelyReach]);
    expect(likely(old)).toEqual([['bus', 'bus']]);
    expect(likely(recent)).toEqual([
      ['bus', 'smmu'],
      ['bus', 'bus'],
    ]);
  });

  const sids = (count: number) => Array.from({ length: count }, (_, sid) => sid);

  test(`lists ${MAX_FINDINGS_PER_RULE} of a rule without a word more`, () => {
    const findings = new FindingList('smmu0');
    for (const sid of sids(1000)) findings.add('insert-indeterminate', { sid, missing: 'l1-descriptor' });
    expect(findings.all).toHaveLength(1000);
    expect(new Set(findings.all.map(({ rule }) => rule))).toEqual(new Set(['insert-indeterminate']));
  });

  test('lists the first of a rule that is broken more often, and says how often', () => {
    const findings = new FindingList('smmu0');
    findings.add('smmu-disabled', {});
    for (const sid of sids(1001)) findings.add('insert-indeterminate', { sid, missing: 'l1-descriptor' });
    for (const sid of sids(3000)) findings.add('insert-out-of-range', { sid, entries: 1 });
    // A rule of few findings is listed in full, however late it comes.
    findings.add('dump-incomplete', { file: ['vmcore'] });

    const { all } = findings;
    const of = (rule: Rule) => all.filter((one) => one.rule === rule);
    expect(of('insert-indeterminate').map(({ args }) => args)).toEqual(
      sids(1000).map((sid) => ({ sid, missing: 'l1-descriptor' })),
    );
    expect(of('insert-out-of-range').map(({ args }) => args)).toEqual(sids(1000).map((sid) => ({ sid, entries: 1 })));
    expect(all[0]?.rule).toBe('smmu-disabled');
    expect(all.slice(2001).map(({ rule, smmu, args }) => ({ rule, smmu, args }))).toEqual([
      { rule: 'dump-incomplete', smmu: 'smmu0', args: { file: ['vmcore'] } },
      {
        rule: 'findings-omitted',
        smmu: 'smmu0',
        args: { rule: 'insert-indeterminate', listed: 1000, total: 1001 },
      },
      {
        rule: 'findings-omitted',
        smmu: 'smmu0',
        args: { rule: 'insert-out-of-range', listed: 1000, total: 3000 },
      },
    ]);
    expect(findings.all, 'asking twice').toEqual(all);
  });
});
