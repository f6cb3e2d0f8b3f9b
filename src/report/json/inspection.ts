/** The shape of an inspection as a whole. */

import { splitInWords } from '../../findings/prose/split.ts';
import type { KdumpReach, ReachableReport } from '../../findings/risks/page-tables.ts';
import type {
  CrashedFault,
  Inspection,
  KernelReport,
  RegisterReport,
  RevisionSplit,
  RmrReport,
  SmmuReport,
} from '../../inspect/inspection.ts';
import {
  choice,
  count,
  define,
  derived,
  flag,
  hex,
  integer,
  list,
  mapOf,
  nullable,
  object,
  optional,
  type Shape,
  said,
  sid,
  text,
} from '../../shape.ts';
import type { Master } from '../../snapshot/snapshot.ts';
import { inDumpInWords } from '../log/words.ts';
import { kernelNotes } from '../prose/crashed-kernel.ts';
import { adoption, outcomeMembers, revisionOutcome } from './parts/adoption.ts';
import { assumption, dump, fields, preamble, redacted } from './parts/common.ts';
import { finding } from './parts/findings.ts';
import { dmesg } from './parts/log-comparison.ts';
import { platform } from './parts/platform.ts';
import { census, l1, ste } from './parts/tables.ts';

const register = define(
  'register',
  'One register',
  object<RegisterReport>()({
    value: ['The value; bits that are not known are 0', hex],
    how: [
      'hardware: read from the device; driver-wrote: what the driver keeps of what it wrote; driver-copy: its shadow of an index that also the hardware moves; derived: bits that follow from what it found at its probe; inferred: what its code always writes in that state, or what memory shows to have been written',
      choice('hardware', 'driver-wrote', 'driver-copy', 'derived', 'inferred'),
    ],
    known: ['The mask of the bits that are known; there only where these are not all', optional(hex)],
    fields: ['Those that are known: addresses as hex text, all others as integers', fields],
  }),
);

const split = define(
  'split',
  'The first thing that one revision does differently from another',
  object<RevisionSplit>()({
    revision: ['The revision that parts', text],
    from: ['The revision that it parts from', text],
    aspect: ['What differs', choice('adoption', 'table', 'rmr', 'insertions', 'reset', 'ids')],
    check: ['The check that decides differently, where it is one', nullable(text)],
    why: ['The difference, in words', said(splitInWords)],
  }),
);

const rmr = define(
  'rmr',
  'What becomes of the STE of a reserved memory region of firmware',
  object<RmrReport>()({
    sid: ['StreamID', sid],
    kept: [
      "The crashed kernel's STE stays; else a bypass STE goes over it, or into the new table; null: cannot be told",
      nullable(flag),
    ],
    failed: ['A bypass STE was to be written, and could not be', flag],
    config: [
      'Config of the STE found; null when there is none to read',
      nullable(choice('abort', 'bypass', 's1', 's2', 'nested', 'reserved')),
    ],
    valid: ['V of the STE found; null when there is none to read', nullable(flag)],
  }),
);

const kdumpReach = define(
  'kdumpReach',
  "The active streams that can write the kdump kernel's memory",
  object<KdumpReach>()({
    sids: ['The first that can by their tables; ascending', list(sid)],
    streams: ['How many can', count],
    bypassSids: ['The first in bypass, which reach everything; ascending', list(sid)],
    bypassStreams: ['How many are in bypass', count],
    complete: ['False: there are tables that were not walked, or are not in the dump', flag],
  }),
);

const reachable = define(
  'reachable',
  'The streams behind one set of translation tables, and what they can reach',
  object<ReachableReport>()({
    sids: ['The first of the streams', list(sid)],
    streams: ['How many there are', count],
    stage: ['Stage of the tables; null for streams in bypass, which reach everything', nullable(choice(1, 2))],
    table: ['Address of the first table; an IPA for stage 1 under stage 2; null in bypass', nullable(hex)],
    asid: ['Null where there is none, and where the streams have several', nullable(integer(0, 65535))],
    vmid: ['Null where there is none', nullable(integer(0, 65535))],
    mappedBytes: ['Mapped in all; a table that is met twice counts once', count],
    writableBytes: ['Of them, those that can be written', count],
    leaves: ['Blocks and pages', count],
    tables: ['Tables read', count],
    missingTables: ['Stretches whose tables are not in the dump', count],
    faults: ['Stretches that fault', count],
    complete: ['False: there were more tables than are ever walked', flag],
  }),
);

const master = define(
  'master',
  'A device behind an SMMU, as the crashed kernel had it; one for each StreamID',
  object<Master>()({
    sid: ['StreamID', sid],
    device: ["The kernel's name for it; null where it is not known, as all that follows", nullable(text)],
    driver: ['The driver bound to it; null without any', nullable(text)],
    group: ['Number of its IOMMU group', nullable(count)],
    domain: ['Type of its domain, as the kernel calls it', nullable(text)],
    asid: ['ASID of a domain of stage 1', nullable(integer(0, 65535))],
  }),
);

const crashedFault = define(
  'crashedFault',
  'A fault that the crashed kernel logged: events of one kind, stream and page',
  object<CrashedFault>()({
    what: ['The event by name', text],
    sid: ['StreamID; null for what names none', nullable(sid)],
    address: ['Address that it is about; null where there is none', nullable(hex)],
    count: ['How often', integer(1)],
    device: ['The device behind the stream; null where nobody says', nullable(text)],
    inDump: [
      'What the tables in the dump say of the same access, in words; null where the event does not tell enough',
      derived(nullable(text), ({ inDump }) => (inDump === null ? null : inDumpInWords(inDump))),
    ],
  }),
);

const kernel = define(
  'kernel',
  'The crashed kernel, as far as the dump has it',
  object<KernelReport>()({
    release: ['Its release; null when the dump does not say', nullable(text)],
    buildId: ['Its GNU build ID; null when the dump does not say', nullable(text)],
    types: [
      'Where the layout of its structures is from: BTF, offsets that are the same in all kernels, or nowhere',
      choice('btf', 'offsets', 'none'),
    ],
    taken: [
      'What of it stands in for what was not given: registers, memory map, devices to insert, kernel version',
      list(choice('registers', 'memory-map', 'devices', 'version')),
    ],
    notes: ['What has to be known beside it, in words', derived(list(text), kernelNotes)],
  }),
);

const smmu = define(
  'smmu',
  'One SMMU',
  object<SmmuReport>()({
    name: ['Name in the snapshot', text],
    base: ['Physical address of register page 0; null when not given', nullable(hex)],
    features: [
      'As the hardware probe sets them, before the adoption changes any',
      object<SmmuReport['features']>()({
        twoLevelStreamTable: ['ARM_SMMU_FEAT_2_LVL_STRTAB', flag],
        twoLevelCdTable: ['ARM_SMMU_FEAT_2_LVL_CDTAB', flag],
        coherent: ['ARM_SMMU_FEAT_COHERENCY', flag],
        sidBits: ['StreamID bits', integer(0, 63)],
        ssidBits: ['SubstreamID bits', integer(0, 31)],
        asidBits: ['ASID bits', choice(8, 16)],
        vmidBits: ['VMID bits', choice(8, 16)],
        oasBits: ['Output address bits', choice(32, 36, 40, 42, 44, 48, 52, 56)],
      }),
    ],
    registersFrom: [
      "A snapshot that was given, or the crashed kernel's own state in the dump",
      choice('snapshot', 'dump'),
    ],
    registers: ['Registers by architecture name, in the order of their offsets', mapOf(/^[A-Z][A-Z0-9_]*$/, register)],
    assumptions: ['Values assumed because the snapshot lacks them', list(assumption)],
    adoption: ['', adoption],
    ...outcomeMembers,
    adoptions: [
      'What every known revision does, by name; null unless all were asked for',
      nullable(mapOf(/^(v[0-9]+|next)$/, revisionOutcome)),
    ],
    splits: [
      'Where the other revisions part from the one in adoption; null unless all were asked for',
      nullable(list(split)),
    ],
    rmr: ["STEs of firmware's reserved memory regions that were asked about", list(rmr)],
    masters: ['The devices that the crashed kernel had behind it, by StreamID; empty where nobody says', list(master)],
    faults: [
      "Faults in the crashed kernel's own log; there only where the log was found",
      optional(list(crashedFault)),
    ],
    platform: ['What firmware says of the SMMU; there only when its tables were asked for', optional(platform)],
    dmesg: ['The predicted log against a captured one; null when none was given', nullable(dmesg)],
    table: [
      'How the hardware locates the table',
      object<SmmuReport['table']>()({
        format: ['Reserved formats behave as linear', choice('2lvl', 'linear')],
        base: ['Address of the table, aligned as the hardware aligns it', hex],
        split: ['StreamID bits that one L2 table resolves; null for a linear table', nullable(choice(6, 8, 10))],
        entries: ['L1 descriptors of a two-level table, STEs of a linear one', integer(1)],
      }),
    ],
    l1: ['L1 descriptors that are used or bad, on request all; ascending', list(l1)],
    l1NotListed: ['Descriptors in use or bad, on request all, beyond those listed', count],
    census: ['', census],
    stes: ['STEs with V=1 that do not abort, on request others; ascending', list(ste)],
    stesNotListed: ['Such STEs beyond those listed', count],
    reachable: [
      'What streams can reach through their translation tables; null unless these were walked',
      nullable(list(reachable)),
    ],
    kdumpReach: [
      "Which active streams can write the kdump kernel's memory; null where that is not known, or the SMMU is off",
      nullable(kdumpReach),
    ],
  }),
);

export const INSPECTION: Shape<Inspection> = object<Inspection>()({
  ...preamble,
  redacted,
  dump: ['The dump that was inspected', dump],
  later: ['The memory when devices are inserted, where another dump was given for it', nullable(dump)],
  kernel: ['The kernel that crashed; null when the dump says nothing of it', nullable(kernel)],
  smmus: ['The SMMUs in the order of the snapshot', list(smmu)],
  findings: ['Everything found: about the dump and the snapshot first, then by SMMU', list(finding)],
  summary: [
    'Findings by severity, and the exit status',
    object<Inspection['summary']>()({
      errors: ['Findings of severity error', count],
      warnings: ['Findings of severity warning', count],
      notes: ['Findings of severity note', count],
      exitCode: [
        '0: nothing at or above --fail-on; 1: something; 3: the dump lacks evidence that a verdict depends on',
        choice(0, 1, 3),
      ],
    }),
  ],
});
