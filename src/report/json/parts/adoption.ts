/** Shapes of what one revision does with an SMMU: the adoption, the insertions, the reset, and how it may end. */

import type { Check } from '../../../adopt/checks.ts';
import type { Features } from '../../../adopt/device.ts';
import { errnoName } from '../../../adopt/errno.ts';
import type { LogLine, StagedLogLine } from '../../../adopt/log.ts';
import { observedInWords, requiredInWords } from '../../../findings/prose/evidence.ts';
import { deathInWords } from '../../../findings/prose/memory.ts';
import { inFlight, verdict } from '../../../findings/rules/vocabulary.ts';
import type {
  AdoptionReport,
  DeviceReport,
  FateReport,
  InsertReport,
  LostReport,
  PanicReport,
  RevisionOutcome,
} from '../../../inspect/emulation/outcome.ts';
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
  nullable,
  object,
  said,
  sid,
  text,
} from '../../../shape.ts';
import { lossInWords } from '../../prose/adoption/loss.ts';
import { idScan } from './id-scan.ts';
import { allocation, mapping, strtabCfg } from './ledger.ts';
import { reset } from './reset.ts';

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

/** The keys of an adoption, which stand at the top of a revision's outcome, too. */
const adoptionMembers = {
  revision: ['Revision of the patch series that was emulated', text],
  unread: [
    'What of the revision could not be read as posted; adopt: its adoption, known from quotes; reset: that of v7 stands in for it; null where all was read',
    nullable(choice('adopt', 'reset')),
  ],
  verdict: ['', verdict],
  ret: ['What the adoption, or a probe that ends before it, returned; null when not attempted or not known', ret],
  errno: ['', errno],
  doubt: [
    "Why nothing can be told from these registers: they are of after the kdump kernel's probe, or nobody answered when they were read; null where nothing says so",
    nullable(
      choice(
        'captured-after-probe',
        'table-in-kdump-memory',
        'table-in-gap',
        'cr0-after-reset',
        'all-zero',
        'all-ones',
      ),
    ),
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
  mappingsNotListed: [
    'Mappings of the ID scan, or of all L2 tables at once (v1 to v3), beyond those listed; each is released',
    count,
  ],
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
    inferred: [
      'No run of such a kernel has shown that name: it is what its source makes likely, and inlining may make it another',
      flag,
    ],
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

/** What becomes of an SMMU, as one word. */
export const fateKind = choice(
  'adopted',
  'falls-back',
  'never-programmed',
  'probe-fails',
  'not-attempted',
  'kernel-dies',
  'smmu-lost',
  'unknown',
);

export const fate = define(
  'fate',
  'What becomes of the SMMU in the end',
  object<FateReport>()({
    kind: [
      'never-programmed: it goes on with the old table, and the kernel with one that the hardware never hears of; probe-fails: it stays as it was, without a driver; unknown: it cannot be told',
      fateKind,
    ],
    after: [
      'How the adoption had ended before the kernel died, the SMMU was lost, its probe failed for want of memory or it could not be told any more; null while it went on, and where nothing of the kind happens',
      nullable(choice('adopted', 'fallback', 'never-programmed', 'not-attempted')),
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
