/** Shapes of the reset, and of what in-flight DMA meets in it. */

import type { AtschkReason, Phase, PhaseName, Reset } from '../../../adopt/reset.ts';
import { inFlight } from '../../../findings/rules/vocabulary.ts';
import { choice, define, derived, flag, hex, list, nullable, object, said, text } from '../../../shape.ts';
import {
  ATSCHK_REASONS,
  PHASES,
  phaseReasonInWords,
  type QueuesInWords,
  queuesInWords,
} from '../../prose/adoption/reset.ts';

const phase = define(
  'phase',
  'One phase of the reset',
  object<Phase>()({
    phase: ['When', said((phase: PhaseName) => PHASES[phase])],
    inFlight: ['', inFlight],
    why: ['The reason', said(phaseReasonInWords)],
  }),
);

export const reset = define(
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
