/** Shapes of what one revision does with an SMMU: the adoption, the insertions, the reset, and how it may end. */

import type { Check } from '../../adopt/checks.ts';
import type { Features } from '../../adopt/device.ts';
import { errnoName } from '../../adopt/errno.ts';
import type { LogLine, StagedLogLine } from '../../adopt/log.ts';
import type { AtschkReason, Phase, PhaseName, Reset } from '../../adopt/reset.ts';
import { observedInWords, requiredInWords } from '../../findings/prose/evidence.ts';
import { allocatedInWords, deathInWords, remapReasonInWords } from '../../findings/prose/memory.ts';
import { gaveUpInWords, scanObservedInWords } from '../../findings/prose/scan.ts';
import { inFlight, verdict } from '../../findings/rules/vocabulary.ts';
import type {
  AdoptionReport,
  AllocationReport,
  DeviceReport,
  FateReport,
  IdScanReport,
  InsertReport,
  LostReport,
  MappingReport,
  PanicReport,
  RevisionOutcome,
  ScanFailureReport,
  StrtabCfgReport,
} from '../../inspect/outcome.ts';
import {
  choice,
  count,
  define,
  derived,
  flag,
  hex,
  integer,
  list,
  matching,
  nothing,
  nullable,
  object,
  type Shape,
  said,
  sid,
  text,
  variants,
  way,
} from '../../shape.ts';
import { releasedByInWords } from '../prose/ledger.ts';
import { lossInWords } from '../prose/loss.ts';
import { ATSCHK_REASONS, PHASES, phaseReasonInWords, type QueuesInWords, queuesInWords } from '../prose/reset.ts';
import { pageCounts } from './common.ts';

const ret = define(
  'ret',
  'As the driver function returned it: 0 or a negative errno; null when it did not run or cannot be told',
  nullable(integer(null, 0)),
);

export const errno = define(
  'errno',
  'Name of the errno in ret; null for success and for null',
  nullable(matching(/^E[A-Z0-9]+$/)),
);

const logLevel = define('logLevel', 'Kernel log level', choice('err', 'warn', 'info', 'debug'));

const logLine = define(
  'logLine',
  'One predicted kernel message',
  object<LogLine>()({
    level: ['', logLevel],
    text: ['The message, without the driver and device names in front', text],
  }),
);

const features = define(
  'features',
  'Driver features that decide about adoption',
  object<Features>()({
    twoLevelStreamTable: ['ARM_SMMU_FEAT_2_LVL_STRTAB', flag],
    twoLevelCdTable: ['ARM_SMMU_FEAT_2_LVL_CDTAB', flag],
    coherent: ['ARM_SMMU_FEAT_COHERENCY', flag],
  }),
);

export const check = define(
  'check',
  'One check of the driver',
  object<Check>()({
    id: ['Name of the check', matching(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/)],
    result: [
      'not-reached: an earlier check decided, or the dump lacks what this one looks at',
      choice('pass', 'fail', 'not-reached'),
    ],
    observed: ['What was found; null when it was not looked at', nullable(said(observedInWords))],
    required: ['What passes the check', said(requiredInWords)],
  }),
);

const mapping = define(
  'mapping',
  "One mapping that the driver makes of the crashed kernel's memory",
  object<MappingReport>()({
    kind: ['The kernel function', choice('memremap', 'devm_memremap')],
    purpose: ['What is mapped', choice('l1-table', 'l2-table', 'linear-table', 'cd-table', 'cd-leaf')],
    address: ['Physical address', hex],
    size: ['Size in bytes', integer(1)],
    ok: ['Whether the mapping succeeded', flag],
    why: [
      "Why it fails, or where it leads when that is not to the crashed kernel's memory; null when all is well",
      nullable(said(remapReasonInWords)),
    ],
    held: ['Still in place when the function that made it returned', flag],
    released: ['Whether it was ever released', flag],
    transient: ['Made by the ID scan, which unmaps it before it goes on', flag],
    releasedBy: [
      'What releases it and when; null for a mapping that failed',
      derived(nullable(text), releasedByInWords),
    ],
    pages: ['The pages it covers, by what the dump has of them', pageCounts],
  }),
);

const allocation = define(
  'allocation',
  'One allocation of the driver that somebody has to release',
  object<AllocationReport>()({
    call: ['The kernel function', choice('kcalloc', 'dmam_alloc_coherent')],
    what: ['What is allocated', said(allocatedInWords)],
    size: ['Size in bytes', integer(1)],
    ok: ['Whether it succeeded', flag],
    released: ['Whether it was ever released', flag],
  }),
);

type TwoLevelCfg = Extract<StrtabCfgReport, { readonly l2: unknown }>;
type LinearCfg = Extract<StrtabCfgReport, { readonly linear: unknown }>;

const strtabCfgTwoLevel = define(
  'strtabCfgTwoLevel',
  'A two-level table',
  object<TwoLevelCfg>()({
    l2: [
      'Members of the union for a two-level table',
      object<TwoLevelCfg['l2']>()({
        l1tab: ['Physical address behind l1tab', hex],
        l1Dma: ['Left unset by an adoption', nothing],
        numL1Ents: ['num_l1_ents', integer(1)],
        l2ptrs: [
          'The slots of l2ptrs in use, ascending',
          list(
            object<TwoLevelCfg['l2']['l2ptrs'][number]>()({
              index: ['L1 index', count],
              table: ['Physical address of the L2 table; null for a new one full of abort STEs', nullable(hex)],
            }),
          ),
        ],
      }),
    ],
  }),
);

const strtabCfgLinear = define(
  'strtabCfgLinear',
  'A linear table',
  object<LinearCfg>()({
    linear: [
      'Members of the union for a linear table',
      object<LinearCfg['linear']>()({
        table: ['Physical address behind table', hex],
        steDma: ['Left unset by an adoption', nothing],
        numEnts: ['num_ents', integer(1)],
      }),
    ],
  }),
);

type StrtabCfg = TwoLevelCfg | LinearCfg;

const strtabCfg: Shape<StrtabCfg> = variants<StrtabCfg>(
  way((cfg): cfg is TwoLevelCfg => 'l2' in cfg, strtabCfgTwoLevel),
  way((cfg): cfg is LinearCfg => 'linear' in cfg, strtabCfgLinear),
);

const scanFailureCd = define(
  'scanFailureCd',
  'An entry of a CD table',
  object<NonNullable<ScanFailureReport['cd']>>()({
    level: ['A context descriptor, or a level 1 descriptor of its table', choice('cd', 'l1')],
    index: ['SubstreamID, or index of the level 1 descriptor', count],
    address: ['Physical address', hex],
  }),
);

export const scanFailure = define(
  'scanFailure',
  'One entry that breaks a rule of the scan for IDs in use',
  object<ScanFailureReport>()({
    rule: [
      'The rule',
      choice(
        'l2-unmappable',
        'ste-config-reserved',
        'cd-table-null',
        's1cdmax-above-ssidsize',
        's1fmt-unsupported',
        's1fmt-without-cd2l',
        'cd-table-unaligned',
        'cd-table-unmappable',
        'cd-leaf-null',
        'cd-leaf-unaligned',
        'cd-leaf-unmappable',
        'asid-zero',
        'asid-too-large',
        'vmid-zero',
        'vmid-too-large',
      ),
    ],
    sid: ['StreamID of the STE, or the first of the L2 table', sid],
    ste: ['Address of the STE; null where the L2 table as a whole is at fault', nullable(hex)],
    cd: ['The entry of its CD table at fault; null where it is the STE itself', nullable(scanFailureCd)],
    observed: ['What was found', said(scanObservedInWords)],
    required: ['What is needed', said(requiredInWords)],
    errno: ['What the scan returns for it', text],
    stopsHere: ["The kernel's scan ends here, and its log names nothing of it", flag],
  }),
);

const idScan = define(
  'idScan',
  'The scan for ASIDs and VMIDs in use (v8 on)',
  object<IdScanReport>()({
    outcome: [
      'unknown: no rule is broken by what can be read, and something cannot',
      choice('reserved', 'failed', 'unknown'),
    ],
    cdTables: ['CD tables scanned', count],
    cds: ['Context descriptors that they hold', count],
    unknownEntries: ['Entries whose bytes are not known', count],
    gaveUp: ['Where the scan was given up, if it was', nullable(said(gaveUpInWords))],
    rolledBack: [
      'IDs that a failing scan had reserved, all of them released again',
      object<IdScanReport['rolledBack']>()({
        asids: ['ASIDs', count],
        vmids: ['VMIDs', count],
      }),
    ],
    failures: ["Every entry that breaks a rule, in the kernel's order", list(scanFailure)],
    failuresNotListed: ['Entries beyond those listed', count],
  }),
);

/** The keys of an adoption, which stand at the top of a revision's outcome, too. */
const adoptionMembers = {
  revision: ['Revision of the patch series that was emulated', text],
  verdict: ['', verdict],
  ret: ['What the adoption returned; null when not attempted or not known', ret],
  errno: ['', errno],
  doubt: [
    "Why nothing can be told from these registers: they are of after the kdump kernel's probe; null where nothing says so",
    nullable(choice('captured-after-probe', 'table-in-kdump-memory', 'table-in-gap', 'cr0-after-reset')),
  ],
  decidedBy: [
    'The check at which the adoption ended, or at which it cannot be told whether it does; null where none did',
    nullable(check),
  ],
  settledByLog: ['The dump leaves something open that decides, and the captured log tells it', flag],
  tableFormat: ['What STRTAB_BASE_CFG.FMT says', choice('2lvl', 'linear', 'reserved')],
  format: ['What was adopted; null when nothing was', nullable(choice('2lvl', 'linear'))],
  entries: ['L1 descriptors (2lvl) or STEs (linear) adopted; null when nothing was', nullable(integer(1))],
  featuresAfter: ['Features after the adoption', features],
  optionAfter: ['Whether the driver is still in adoption mode; null when that cannot be told', nullable(flag)],
  checks: ['The checks in the order in which the driver makes them', list(check)],
  log: ['Messages of the probe gate and of the adoption', list(logLine)],
  warnOn: ['How often WARN_ON fired', count],
  mappings: ['Mappings made by the adoption, in order', list(mapping)],
  mappingsNotListed: ['Mappings of the ID scan beyond those listed, each released at once', count],
  allocations: ['Allocations of the adoption and the insertions', list(allocation)],
  strtabCfg: ["The driver's strtab_cfg in the end, insertions included; null when it is zeroed", nullable(strtabCfg)],
  idScan: ['The scan for IDs in use; null where the revision makes none, or did not come to it', nullable(idScan)],
  reserved: [
    'IDs of the crashed kernel that the driver sets aside',
    object<AdoptionReport['reserved']>()({
      asids: ['ASIDs, ascending', list(integer(0, 65535))],
      vmids: ['VMIDs, ascending', list(integer(0, 65535))],
    }),
  ],
  teardown: [
    'The balance of all mappings and allocations once the SMMU is unbound',
    object<AdoptionReport['teardown']>()({
      registerPage: ['What the register page reads as then', choice('live', 'zeros', 'ones')],
      leaked: ['Mappings that nobody released', count],
      doubleReleased: ['Releases of what was released already', count],
    }),
  ],
} as const;

export const adoption = define(
  'adoption',
  'What the driver does from its probe to the end of the adoption',
  object<AdoptionReport>()(adoptionMembers),
);

export const insert = define(
  'insert',
  'The insertion of one StreamID',
  object<InsertReport>()({
    sid: ['StreamID', sid],
    device: ['The device that it belongs to, where one was named', nullable(text)],
    hotplugged: ['Plugged in after the SMMU had registered', flag],
    asked: [
      'False: the kernel never comes to it, and the rest is what it would do by itself; null: cannot be told',
      nullable(flag),
    ],
    ret: ['', ret],
    errno: ['', errno],
    fresh: ['A new L2 table full of abort STEs was made for its L1 slot', flag],
    log: ['Messages of this insertion', list(logLine)],
    mappings: ['Mappings made by this insertion', list(mapping)],
    deferred: [
      "Whether attaching the device's default domain waits for its first DMA mapping; null when not asked or not known",
      nullable(flag),
    ],
  }),
);

export const device = define(
  'device',
  'One device of the kdump kernel',
  object<DeviceReport>()({
    name: ['Its name, where one was given', nullable(text)],
    sids: ['Its StreamIDs', list(sid)],
    hotplugged: ['Plugged in after the SMMU had registered', flag],
    fate: [
      'What becomes of it; the keys asked and accepted follow from it',
      choice('accepted', 'refused', 'kernel-dies', 'never-asked', 'unknown'),
    ],
    asked: ['Whether the kernel comes to it; null: cannot be told', nullable(flag)],
    accepted: ['Added to an IOMMU group; null: cannot be told', nullable(flag)],
    deferred: ['Whether its attach waits; null when not asked or not known', nullable(flag)],
    deferredBy: ['The stream whose STE makes it wait, or is not known', nullable(sid)],
  }),
);

const phase = define(
  'phase',
  'One phase of the reset',
  object<Phase>()({
    phase: ['When', said((phase: PhaseName) => PHASES[phase])],
    inFlight: ['', inFlight],
    why: ['The reason', said(phaseReasonInWords)],
  }),
);

const reset = define(
  'reset',
  'What the reset does',
  object<Reset>()({
    kind: [
      'adopted: SMMUEN is retained; full: the SMMU was on and is reset; ordinary: it was off',
      choice('adopted', 'full', 'ordinary'),
    ],
    atschk: [
      'CR0.ATSCHK',
      object<Reset['atschk']>()({
        before: ['As found; null: not in the snapshot', nullable(choice(0, 1))],
        after: ['In the end; null: cannot be told', nullable(choice(0, 1))],
        why: ['The reason', said((why: AtschkReason) => ATSCHK_REASONS[why])],
      }),
    ],
    gerror: [
      'Global errors',
      object<Reset['gerror']>()({
        active: ['Errors active against GERRORN; null: a register is missing', nullable(list(text))],
        acknowledged: ['Acknowledged before the command queue is switched on; null: not known', nullable(flag)],
      }),
    ],
    gbpaAbort: [
      'GBPA.ABORT',
      object<Reset['gbpaAbort']>()({
        before: ['As found; null: not in the snapshot', nullable(choice(0, 1))],
        after: ['In the end; null: not known', nullable(choice(0, 1))],
      }),
    ],
    queues: [
      'What becomes of the queues',
      derived(
        object<QueuesInWords>()({
          command: ['Command queue', text],
          event: ['Event queue', text],
          pri: ['PRI queue', text],
        }),
        queuesInWords,
      ),
    ],
    phases: ['What in-flight DMA meets, in order', list(phase)],
    cr0: [
      'CR0',
      object<Reset['cr0']>()({
        before: ['As found; null: not in the snapshot', nullable(hex)],
        kept: ['While the queues are off', nullable(hex)],
        after: ['In the end', nullable(hex)],
      }),
    ],
  }),
);

const kernelLogLine = define(
  'kernelLogLine',
  'One predicted kernel message',
  object<StagedLogLine>()({
    stage: ['When it is printed', choice('gate', 'adopt', 'reset', 'insert', 'register')],
    level: ['', logLevel],
    text: ['The message, without the driver and device names in front', text],
  }),
);

export const panic = define(
  'panic',
  'How the kdump kernel would die',
  object<PanicReport>()({
    where: ['The kernel function', text],
    address: ['The address it cannot read', hex],
    why: ['The reason', said(deathInWords)],
  }),
);

export const lost = define(
  'lost',
  'Why the whole SMMU is lost after the adoption, and what that means',
  object<LostReport>()({
    why: ['The reason', derived(text, lossInWords)],
    device: ['The device that was refused, where it was named', nullable(text)],
    sid: ['Its StreamID that was refused', sid],
    ret: ['With what', integer(null, -1)],
    errno: ['', derived(errno, ({ ret }) => errnoName(ret))],
    loseGroup: ['StreamIDs of devices accepted before, which lose their group', list(sid)],
    neverAsked: ['StreamIDs of devices that the core never comes to', list(sid)],
    cr0: ['CR0 afterwards', hex],
    gbpaAbort: ['GBPA.ABORT afterwards; null: not in the snapshot', nullable(choice(0, 1))],
    inFlight: ['', inFlight],
  }),
);

const fate = define(
  'fate',
  'What becomes of the SMMU in the end',
  object<FateReport>()({
    kind: [
      'unknown: it cannot be told',
      choice('adopted', 'falls-back', 'not-attempted', 'kernel-dies', 'smmu-lost', 'unknown'),
    ],
    after: [
      'How the adoption had ended before the kernel died, the SMMU was lost or it could not be told any more; null while it went on, and where nothing of the kind happens',
      nullable(choice('adopted', 'fallback', 'not-attempted')),
    ],
  }),
);

/** What the adoption comes to, for one revision as for an SMMU's own. */
export const outcomeMembers = {
  fate: ['', fate],
  inserts: ['Insertions in the order asked for', list(insert)],
  devices: ['The devices of the kdump kernel, and what becomes of each', list(device)],
  reset: [
    'The reset; null when the kernel does not come to it, or when it cannot be told which it makes',
    nullable(reset),
  ],
  kernelLog: ['The whole predicted log, in order', list(kernelLogLine)],
  panic: ['Set when the kdump kernel would die; null otherwise', nullable(panic)],
  lost: ['Set when the SMMU is lost after the adoption; null otherwise', nullable(lost)],
} as const;

export const revisionOutcome = define(
  'revisionOutcome',
  'The adoption of one revision, and what follows it',
  object<RevisionOutcome>()({ ...adoptionMembers, ...outcomeMembers }),
);
