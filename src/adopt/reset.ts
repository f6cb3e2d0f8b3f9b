/** arm_smmu_device_reset(): what becomes of the registers, and what in-flight DMA meets in each phase. */

import type { ArmSmmuDevice } from './device.ts';

export type InFlight = 'translated' | 'aborted' | 'bypassed' | 'unknown';

export interface Phase {
  readonly phase: string;
  readonly inFlight: InFlight;
  readonly why: string;
}

export interface Reset {
  /** `adopted`: SMMUEN is retained; `full`: the SMMU is found on and reset; `ordinary`: it was off. */
  readonly kind: 'adopted' | 'full' | 'ordinary';
  /** CR0 as found, as written while the queues are off, and in the end; null where the snapshot does not tell. */
  readonly cr0: { readonly before: number | null; readonly kept: number | null; readonly after: number | null };
  readonly atschk: { readonly before: number | null; readonly after: number | null; readonly why: string };
  readonly gerror: { readonly active: readonly string[] | null; readonly acknowledged: boolean | null };
  /** GBPA.ABORT. */
  readonly gbpaAbort: { readonly before: number | null; readonly after: number | null };
  readonly queues: { readonly command: string; readonly event: string; readonly pri: string };
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
  const { registers, log, optKdumpAdopt } = smmu;
  const kind = optKdumpAdopt ? 'adopted' : registers.field('CR0', 'SMMUEN') === 1 ? 'full' : 'ordinary';
  if (kind === 'adopted') log.print('reset', 'info', 'kdump: retaining SMMUEN for in-flight DMA');
  if (kind === 'full') log.print('reset', 'warn', 'SMMU currently enabled! Resetting...');

  const before = registers.value('CR0');
  const abort = registers.known('GBPA', 'ABORT');
  const ats = registers.known('IDR0', 'ATS');
  const kept = keptBits(smmu, kind, before);
  const atschk = atschkAfter(smmu, kind, before, ats);
  // What is not known of CR0 does not matter where only these two bits are kept, and both are known in the end.
  const rest = kept ?? (smmu.revision.resetKeeps === 'SMMUEN, ATSCHK' ? 0 : null);
  const after = rest === null || atschk.after === null ? null : rest | CMDQEN | SMMUEN | (atschk.after * ATSCHK);
  const active = activeErrors(smmu);
  return {
    kind,
    cr0: { before, kept, after },
    atschk,
    gerror: { active, acknowledged: active === null ? null : active.length > 0 },
    gbpaAbort: { before: abort, after: kind === 'full' ? 1 : abort },
    queues: {
      command: 'programmed anew and switched on',
      event: smmu.revision.allocatesEventQueue
        ? 'off, as in every kdump kernel: translation faults leave no records'
        : 'off and not allocated, EVENTQ_BASE stays as it was: translation faults leave no records',
      pri: 'off, as in every kdump kernel: page requests stay unanswered',
    },
    phases: phasesOf(kind, abort),
  };
}

/** CR0 while the queues are off. */
function keptBits({ revision }: ArmSmmuDevice, kind: Reset['kind'], before: number | null): number | null {
  if (kind !== 'adopted') return 0;
  if (before === null) return null;
  return revision.resetKeeps === 'SMMUEN, ATSCHK' ? before & (SMMUEN | ATSCHK) : before & ~QUEUES;
}

function atschkAfter(
  { revision }: ArmSmmuDevice,
  kind: Reset['kind'],
  cr0: number | null,
  ats: number | null,
): Reset['atschk'] {
  const before = cr0 === null ? null : (cr0 & ATSCHK) / ATSCHK;
  if (kind === 'adopted' && !revision.forcesAtschk) return { before, after: before, why: 'kept as it was' };
  if (ats === 1) return { before, after: 1, why: 'set, because IDR0.ATS is 1' };
  if (ats === null) return { before, after: kind === 'adopted' && before === 1 ? 1 : null, why: 'IDR0 is not known' };
  return kind === 'adopted'
    ? { before, after: before, why: 'kept as it was, IDR0.ATS is 0' }
    : { before, after: 0, why: 'cleared with CR0, IDR0.ATS is 0' };
}

/** Null when one of the two registers is missing. The kdump kernel acknowledges all of these before CMDQEN. */
function activeErrors({ registers }: ArmSmmuDevice): readonly string[] | null {
  if (!registers.has('GERROR') || !registers.has('GERRORN')) return null;
  return ACKNOWLEDGED_ERRORS.filter((error) => registers.field('GERROR', error) !== registers.field('GERRORN', error));
}

const BY_GBPA: Readonly<Record<number, Phase['inFlight']>> = { 0: 'bypassed', 1: 'aborted' };

function phasesOf(kind: Reset['kind'], abort: number | null): Phase[] {
  if (kind === 'adopted') {
    return [
      { phase: 'until the reset', inFlight: 'translated', why: 'SMMUEN is 1 and nothing has been written' },
      {
        phase: 'during the reset',
        inFlight: 'translated',
        why: 'SMMUEN stays 1; configuration caches and TLBs are flushed and refill from the same tables',
      },
      {
        phase: "until a device's driver maps DMA",
        inFlight: 'translated',
        why: "by the crashed kernel's STE, which the deferred attach leaves alone",
      },
      {
        phase: 'afterwards',
        inFlight: 'aborted',
        why: 'the STE is rewritten in place: old IOVAs fault, and no event is recorded',
      },
    ];
  }
  const first: Phase =
    kind === 'full'
      ? {
          phase: 'until the reset',
          inFlight: 'translated',
          why: "by the crashed kernel's table, as long as SMMUEN is 1",
        }
      : {
          phase: 'until the reset',
          inFlight: abort === null ? 'unknown' : (BY_GBPA[abort] ?? 'unknown'),
          why: `SMMUEN is 0, so GBPA decides: ABORT ${abort ?? 'is not known'}`,
        };
  const during: Phase =
    kind === 'full'
      ? { phase: 'during the reset', inFlight: 'aborted', why: 'GBPA.ABORT is set before SMMUEN is cleared' }
      : { ...first, phase: 'during the reset' };
  return [
    first,
    during,
    {
      phase: 'until a device is attached',
      inFlight: 'aborted',
      why: 'every STE of the new table aborts, but for bypass STEs of firmware RMRs',
    },
  ];
}

/** After a probe that failed: CR0 is 0, and GBPA decides for every device; an adoption never touches it. */
export function afterLoss({ gbpaAbort }: Reset): { readonly gbpaAbort: number | null; readonly inFlight: InFlight } {
  const { after } = gbpaAbort;
  return { gbpaAbort: after, inFlight: after === null ? 'unknown' : (BY_GBPA[after] ?? 'unknown') };
}
