/** Where the queues of an SMMU are, for whoever asks what lies on top of what. */

import { queuePlace } from '../../queues/queue-place.ts';
import { QUEUE_FORMATS, queueGeometry } from '../../smmu/queues/queue.ts';
import type { SmmuSnapshot } from '../../snapshot/snapshot.ts';
import type { QueueKind } from '../prose/structures.ts';

const IN_ORDER = ['command', 'event', 'pri'] as const;

/** Those that the SMMU has and the snapshot has a base for. */
export function* queueRanges(smmu: SmmuSnapshot): Generator<{ name: QueueKind; start: number; end: number }> {
  for (const name of IN_ORDER) {
    const place = queuePlace(name, smmu);
    if (typeof place === 'string') continue;
    const { entryByteLength } = QUEUE_FORMATS[name];
    const { base, size } = queueGeometry({ ...place, prod: null, cons: null }, entryByteLength);
    yield { name: `${name}-queue`, start: base, end: base + size * entryByteLength };
  }
}
