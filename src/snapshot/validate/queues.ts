/** What the indices of the three queues say: how much was waiting, and whether they can belong together at all. */

import { hex } from '../../hex.ts';
import { type Check, fieldValue, type Remark } from './facts.ts';

interface Queue {
  readonly name: 'CMDQ' | 'EVENTQ' | 'PRIQ';
  readonly waiting: string;
  /** Events and page requests are lost while these two toggles differ. */
  readonly overflow: string | null;
}

const QUEUES: readonly Queue[] = [
  { name: 'CMDQ', waiting: 'commands were not consumed yet', overflow: null },
  { name: 'EVENTQ', waiting: 'events were not read yet', overflow: 'events were lost' },
  { name: 'PRIQ', waiting: 'page requests were not read yet', overflow: 'page requests were lost' },
];

/** The most that a queue can have, IDR1 aside. */
const MAX_LOG2SIZE = 19;

export const QUEUE_CHECKS: readonly Check[] = QUEUES.map(queueCheck);

function queueCheck({ name, waiting, overflow }: Queue): Check {
  return (registers) => {
    const of = (register: string, field: string) => fieldValue(registers, `${name}_${register}`, field);
    const log2size = of('BASE', 'LOG2SIZE');
    const [produced, consumed] = [of('PROD', 'WR'), of('CONS', 'RD')];
    const remarks: Remark[] = [];
    const most = fieldValue(registers, 'IDR1', `${name}S`) ?? MAX_LOG2SIZE;
    if (log2size !== undefined && log2size > most) {
      const what = `${name}_BASE.LOG2SIZE ${log2size} is above the ${most} that IDR1.${name}S permits`;
      remarks.push({ severity: 'warning', what });
    }
    if (log2size !== undefined && produced !== undefined && consumed !== undefined) {
      // An index counts through twice the size: the bit above it tells full from empty.
      const size = 2 ** Math.min(log2size, most);
      const count = (produced - consumed + 2 * size) % (2 * size);
      if (produced >= 2 * size || consumed >= 2 * size || count > size) {
        const what = `${name}_PROD ${hex(produced)} and ${name}_CONS ${hex(consumed)}`;
        const why = `cannot belong to one moment of a queue of ${size} entries`;
        remarks.push({ severity: 'warning', what: `${what} ${why}` });
      } else if (count > 0) {
        remarks.push({ severity: 'note', what: `${name}: ${count} of ${size} entries in use: ${waiting}` });
      }
    }
    const [toggle, acknowledged] = [of('PROD', 'OVFLG'), of('CONS', 'OVACKFLG')];
    if (overflow !== null && toggle !== undefined && acknowledged !== undefined && toggle !== acknowledged) {
      remarks.push({ severity: 'warning', what: `${name} has overflowed: ${overflow}` });
    }
    return remarks;
  };
}
