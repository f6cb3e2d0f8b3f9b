/** Why nothing is known of a queue, or not what was pending in it. */

import { hex } from '../../hex.ts';
import type { QueueReport } from '../../queues/queues.ts';
import { QUEUE_FORMATS } from '../../smmu/queues/queue.ts';
import { NOT_RECONSTRUCTED } from './assumptions.ts';

/** As a clause; null when all is known. */
export function queueGapInWords({ queue, why }: Pick<QueueReport, 'queue' | 'why'>): string | null {
  if (why === null) return null;
  const { prefix } = QUEUE_FORMATS[queue];
  switch (why.kind) {
    case 'unsupported':
      return 'this SMMU takes no page requests (IDR0.PRI is 0)';
    case 'unset':
      return `${prefix}_BASE has no address: it was never set up`;
    case 'unused':
      return 'the driver had set up none';
    case 'not-captured':
      return why.lack === 'not-reconstructed'
        ? `${prefix}_BASE is ${NOT_RECONSTRUCTED}`
        : `${prefix}_BASE was not captured`;
    case 'indices-not-captured': {
      const names = why.missing.map((index) => `${prefix}_${index}`).join(' and ');
      if (why.lack === 'not-reconstructed')
        return `${names} ${why.missing.length === 1 ? 'is' : 'are'} ${NOT_RECONSTRUCTED}`;
      // Those of the command queue are in page 0, with everything else.
      const where = queue === 'command' ? '' : '; register page 1 has them';
      return `${names} ${why.missing.length === 1 ? 'was' : 'were'} not captured${where}`;
    }
    case 'indices-apart': {
      const { prod, cons, size } = why;
      return `PROD ${hex(prod)} and CONS ${hex(cons)} cannot belong to one moment of a queue of ${size} entries`;
    }
  }
}
