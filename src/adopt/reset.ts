/** arm_smmu_device_reset(): what becomes of the registers, and what in-flight DMA meets in each phase. */

import { paddedHex } from '../hex.ts';
import type { ArmSmmuDevice } from './device.ts';
import { PREFIX } from './log.ts';

export type InFlight = 'translated' | 'aborted' | 'bypassed' | 'unknown';

/** In the order in which they follow one another; the last is until an attach, or after what ends the deferral. */
export type PhaseName = 'until-reset' | 'in-reset' | 'until-mapping' | 'until-attach' | 'afterwards';

/** What decides about in-flight DMA in a phase. */
export type PhaseReason =
  | {
      readonly kind:
        | 'nothing-written'
        | 'smmuen-kept'
        | 'attach-deferred'
        | 'ste-rewritten'
        | 'old-table'
        | 'never-programmed'
        | 'abort-before-off'
        | 'new-table'
        /** As `smmuen-kept` and as what follows a write of STEs, where no command is consumed. */
        | 'smmuen-kept-unflushed'
        | 'commands-stuck';
    }
  /** SMMUEN is 0; ABORT null: not in the snapshot. */
  | { readonly kind: 'gbpa'; readonly abort: number | null };

export interface Phase {
  readonly phase: PhaseName;
  readonly inFlight: InFlight;
  readonly why: PhaseReason;
}

/** Why CR0.ATSCHK is what it is in the end. */
export type AtschkReason = 'kept' | 'kept-without-ats' | 'set-for-ats' | 'cleared-with-cr0' | 'ats-unknown';

export interface Reset {
  /** `adopted`: SMMUEN is retained; `full`: the SMMU is found on and reset; `ordinary`: it was off. */
  readonly kind: 'adopted' | 'full' | 'ordinary';
  /** CR0 as found, as written while the queues are off, and in the end; null where the snapshot does not tell. */
  readonly cr0: { readonly before: number | null; readonly kept: number | null; readonly after: number | null };
  readonly atschk: { readonly before: number | null; readonly after: number | null; readonly why: AtschkReason };
  readonly gerror: { readonly active: readonly string[] | null; readonly acknowledged: boolean | null };
  /** GBPA.ABORT. */
  readonly gbpaAbort: { readonly before: number | null; readonly after: number | null };
  /** The command queue is made anew and switched on, the PRI queue stays off as in every kdump kernel. */
  readonly eventQueue: 'off' | 'not-allocated';
  readonly phases: readonly Phase[];
}

const SMMUEN = 1 << 0;
const CMDQEN = 1 << 3;
const ATSCHK = 1 << 4;
/** CMDQEN, EVENTQEN and PRIQEN. */
const QUEUES = (1 << 1) | (1 << 2) | CMDQEN;

/** GERROR_ERR_MASK of the driver. */
const ACKNOWLEDGED_ERRORS = [
  'CMDQ_ERR',
  'EVENTQ_ABT_ERR',
  'PRIQ_ABT_ERR',
  'MSI_CMDQ_ABT_ERR',
  'MSI_EVENTQ_ABT_ERR',
  'MSI_PRIQ_ABT_ERR',
  'MSI_GERROR_ABT_ERR',
  'SFM_ERR',
] as const;

/** arm_smmu_device_reset(): adopted, full or ordinary, and what it leaves in the registers. */
export function armSmmuDeviceReset(smmu: ArmSmmuDevice): Reset {
  const { registers, log, optKdumpAdopt, revision, neverProgrammed } = smmu;
  const kind = optKdumpAdopt ? 'adopted' : registers.field('CR0', 'SMMUEN') === 1 ? 'full' : 'ordinary';
  if (kind === 'full' || (kind === 'adopted' && revision.saysResetting)) {
    log.print('reset', 'warn', 'SMMU currently enabled! Resetting...');
  }
  if (kind === 'adopted') log.kdump('reset', 'info', `${PREFIX}retaining SMMUEN for in-flight DMA`);

  const before = registers.value('CR0');
  const abort = registers.known('GBPA', 'ABORT');
  const ats = registers.known('IDR0', 'ATS');
  const kept = keptBits(smmu, kind, before);
  const atschk = atschkAfter(smmu, kind, before, ats);
  // What is not known of CR0 does not matter where at most these two bits are kept, and both are known in the end.
  const rest = kept ?? (revision.resetKeeps === 'all but CMDQEN, EVENTQEN, PRIQEN' ? null : 0);
  const after =
    rest === null || atschk.after === null ? null : (rest | CMDQEN | SMMUEN | (atschk.after * ATSCHK)) >>> 0;
  const active = activeErrors(smmu);
  const gerror = { active, acknowledged: active && active.length > 0 && revision.acknowledgesErrors };
  if (isCommandQueueStuck({ gerror })) {
    for (const text of syncTimeouts(registers.known('IDR0', 'Hyp') === 1 ? 3 : 2)) log.print('reset', 'err', text);
  }
  return {
    kind,
    cr0: { before, kept, after },
    atschk,
    gerror,
    gbpaAbort: { before: abort, after: kind === 'full' ? 1 : abort },
    eventQueue: revision.allocatesEventQueue ? 'off' : 'not-allocated',
    phases: neverProgrammed ? phasesOfOldTable() : phasesOf(kind, abort, isCommandQueueStuck({ gerror })),
  };
}

/** CR0 while the queues are off. */
function keptBits({ revision }: ArmSmmuDevice, kind: Reset['kind'], before: number | null): number | null {
  if (kind !== 'adopted') return 0;
  if (before === null) return null;
  return {
    SMMUEN,
    'SMMUEN, ATSCHK': before & (SMMUEN | ATSCHK),
    'all but CMDQEN, EVENTQEN, PRIQEN': (before & ~QUEUES) >>> 0,
  }[revision.resetKeeps];
}

function atschkAfter(
  { revision }: ArmSmmuDevice,
  kind: Reset['kind'],
  cr0: number | null,
  ats: number | null,
): Reset['atschk'] {
  const before = cr0 === null ? null : (cr0 & ATSCHK) / ATSCHK;
  const keeps = kind === 'adopted' && revision.resetKeeps !== 'SMMUEN';
  if (keeps && !revision.forcesAtschk) return { before, after: before, why: 'kept' };
  if (ats === 1) return { before, after: 1, why: 'set-for-ats' };
  if (ats === null) return { before, after: keeps && before === 1 ? 1 : null, why: 'ats-unknown' };
  return keeps ? { before, after: before, why: 'kept-without-ats' } : { before, after: 0, why: 'cleared-with-cr0' };
}

/** Null when one of the two registers is missing. The kdump kernel acknowledges all of these before CMDQEN. */
function activeErrors({ registers }: ArmSmmuDevice): readonly string[] | null {
  if (!registers.has('GERROR') || !registers.has('GERRORN')) return null;
  return ACKNOWLEDGED_ERRORS.filter((error) => registers.field('GERROR', error) !== registers.field('GERRORN', error));
}

/**
 * Whether the SMMU consumes no command for an active CMDQ_ERR that nobody acknowledges (v1 and v2): neither those of the
 * reset, which flush caches, nor those that follow a change of an STE.
 */
export function isCommandQueueStuck({ gerror }: Pick<Reset, 'gerror'>): boolean {
  return gerror.acknowledged === false && gerror.active?.includes('CMDQ_ERR') === true;
}

/**
 * What arm_smmu_cmdq_issue_cmdlist() says of so many commands, each with a CMD_SYNC behind it, in a new queue of which
 * nothing is consumed: CFGI_ALL, TLBI_EL2_ALL where there is EL2, TLBI_NSNH_ALL. It goes on after a second.
 */
function syncTimeouts(commands: number): string[] {
  const index = (value: number) => paddedHex(value, 8);
  return Array.from({ length: commands }, (_, i) => {
    const at = 2 * i + 1;
    return `CMD_SYNC timeout at ${index(at)} [hwprod ${index(at + 1)}, hwcons ${index(0)}]`;
  });
}

/** While SMMUEN is 0; null: GBPA.ABORT is not in the snapshot. */
function byGbpa(abort: number | null): InFlight {
  return abort === null ? 'unknown' : abort === 1 ? 'aborted' : 'bypassed';
}

function phasesOf(kind: Reset['kind'], abort: number | null, stuck: boolean): Phase[] {
  // Whether what it has cached of an old STE, or of the old table, goes on is the hardware's.
  const cached = { inFlight: 'unknown', why: { kind: 'commands-stuck' } } as const;
  if (kind === 'adopted') {
    return [
      { phase: 'until-reset', inFlight: 'translated', why: { kind: 'nothing-written' } },
      { phase: 'in-reset', inFlight: 'translated', why: { kind: stuck ? 'smmuen-kept-unflushed' : 'smmuen-kept' } },
      { phase: 'until-mapping', inFlight: 'translated', why: { kind: 'attach-deferred' } },
      { phase: 'afterwards', ...(stuck ? cached : ({ inFlight: 'aborted', why: { kind: 'ste-rewritten' } } as const)) },
    ];
  }
  const byNewTable = { inFlight: 'aborted', why: { kind: 'new-table' } } as const;
  const last: Phase = { phase: 'until-attach', ...(stuck ? cached : byNewTable) };
  if (kind === 'full') {
    return [
      { phase: 'until-reset', inFlight: 'translated', why: { kind: 'old-table' } },
      { phase: 'in-reset', inFlight: 'aborted', why: { kind: 'abort-before-off' } },
      last,
    ];
  }
  const off = { inFlight: byGbpa(abort), why: { kind: 'gbpa', abort } } as const;
  return [{ phase: 'until-reset', ...off }, { phase: 'in-reset', ...off }, last];
}

/** The hardware goes on with the crashed kernel's table, and never sees the one that entries are written to. */
function phasesOfOldTable(): Phase[] {
  return [
    { phase: 'until-reset', inFlight: 'translated', why: { kind: 'nothing-written' } },
    { phase: 'in-reset', inFlight: 'translated', why: { kind: 'smmuen-kept' } },
    { phase: 'afterwards', inFlight: 'translated', why: { kind: 'never-programmed' } },
  ];
}

/** After a probe that failed: CR0 is 0, and GBPA decides for every device; an adoption never touches it. */
export function afterLoss({ gbpaAbort }: Reset): { readonly gbpaAbort: number | null; readonly inFlight: InFlight } {
  const { after } = gbpaAbort;
  return { gbpaAbort: after, inFlight: byGbpa(after) };
}
