/** What the indices of the three queues say: how much was waiting, and whether they can belong together at all. */

import { type Check, fieldValue } from './facts.ts';
import type { QueueRegisters, Remark } from './remark.ts';

/** The most that a queue can have, IDR1 aside. */
const MAX_LOG2SIZE = 19;

export const QUEUE_CHECKS: readonly Check[] = (['CMDQ', 'EVENTQ', 'PRIQ'] as const).map(queueCheck);

function queueCheck(queue: QueueRegisters): Check {
  return (registers) => {
    const of = (register: string, field: string) => fieldValue(registers, `${queue}_${register}`, field);
    const log2Size = of('BASE', 'LOG2SIZE');
    const [prod, cons] = [of('PROD', 'WR'), of('CONS', 'RD')];
    const remarks: Remark[] = [];
    const most = fieldValue(registers, 'IDR1', `${queue}S`) ?? MAX_LOG2SIZE;
    if (log2Size !== undefined && log2Size > most) {
      remarks.push({ severity: 'warning', what: { kind: 'queue-too-large', queue, log2Size, most } });
    }
    if (log2Size !== undefined && prod !== undefined && cons !== undefined) {
      // An index counts through twice the size: the bit above it tells full from empty.
      const entries = 2 ** Math.min(log2Size, most);
      const count = (prod - cons + 2 * entries) % (2 * entries);
      if (prod >= 2 * entries || cons >= 2 * entries || count > entries) {
        remarks.push({ severity: 'warning', what: { kind: 'queue-indices-apart', queue, prod, cons, entries } });
      } else if (count > 0) {
        remarks.push({ severity: 'note', what: { kind: 'queue-in-use', queue, count, entries } });
      }
    }
    const [toggle, acknowledged] = [of('PROD', 'OVFLG'), of('CONS', 'OVACKFLG')];
    // Events and page requests are lost while the two differ.
    if (queue !== 'CMDQ' && toggle !== undefined && acknowledged !== undefined && toggle !== acknowledged) {
      remarks.push({ severity: 'warning', what: { kind: 'queue-overflowed', queue } });
    }
    return remarks;
  };
}
