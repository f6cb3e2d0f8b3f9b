/** What the reset does, in words: the phases of in-flight DMA, CR0.ATSCHK, and the queues. */

import {
  type AtschkReason,
  isCommandQueueStuck,
  type PhaseName,
  type PhaseReason,
  type Reset,
} from '../../../adopt/reset.ts';

export const PHASES: Readonly<Record<PhaseName, string>> = {
  'until-reset': 'until the reset',
  'in-reset': 'during the reset',
  'until-mapping': "until a device's driver maps DMA",
  'until-attach': 'until a device is attached',
  afterwards: 'afterwards',
};

const REASONS: Readonly<Record<Exclude<PhaseReason['kind'], 'gbpa'>, string>> = {
  'nothing-written': 'SMMUEN is 1 and nothing has been written',
  'smmuen-kept': 'SMMUEN stays 1; configuration caches and TLBs are flushed and refill from the same tables',
  'smmuen-kept-unflushed':
    'SMMUEN stays 1; CMDQ_ERR stays active, so that the commands that flush caches and TLBs are not consumed',
  'attach-deferred': "by the crashed kernel's STE, which the deferred attach leaves alone",
  'ste-rewritten': 'the STE is rewritten in place: old IOVAs fault, and no event is recorded',
  'old-table': "by the crashed kernel's table, as long as SMMUEN is 1",
  'never-programmed': "by the crashed kernel's table; STEs go into another one, of which the hardware never hears",
  'abort-before-off': 'GBPA.ABORT is set before SMMUEN is cleared',
  'commands-stuck': 'the SMMU consumes no command: what it has cached of the old STEs may go on',
  'new-table': 'every STE of the new table aborts, but for bypass STEs of firmware RMRs',
};

/** What decides about traffic in a phase of the reset. */
export function phaseReasonInWords(why: PhaseReason): string {
  return why.kind === 'gbpa' ? `SMMUEN is 0, so GBPA decides: ABORT ${why.abort ?? 'is not known'}` : REASONS[why.kind];
}

export const ATSCHK_REASONS: Readonly<Record<AtschkReason, string>> = {
  kept: 'kept as it was',
  'kept-without-ats': 'kept as it was, IDR0.ATS is 0',
  'set-for-ats': 'set, because IDR0.ATS is 1',
  'cleared-with-cr0': 'cleared with CR0, IDR0.ATS is 0',
  'ats-unknown': 'IDR0.ATS is not known',
};

export interface QueuesInWords {
  readonly command: string;
  readonly event: string;
  readonly pri: string;
}

/** What becomes of the queues. */
export function queuesInWords({ eventQueue, gerror }: Pick<Reset, 'eventQueue' | 'gerror'>): QueuesInWords {
  return {
    command: isCommandQueueStuck({ gerror })
      ? 'programmed anew and switched on, and nothing in it is consumed while CMDQ_ERR is active'
      : 'programmed anew and switched on',
    event:
      eventQueue === 'off'
        ? 'off, as in every kdump kernel: translation faults leave no records'
        : 'off and not allocated, EVENTQ_BASE stays as it was: translation faults leave no records',
    pri: 'off, as in every kdump kernel: page requests stay unanswered',
  };
}
