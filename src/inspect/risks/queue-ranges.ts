/** Where the queues of an SMMU are, for whoever asks what lies on top of what. */

import { fieldBits, fieldOf } from '../../smmu/fields.ts';
import { type QueueName, queueGeometry } from '../../smmu/queue.ts';
import { registerNamed } from '../../smmu/registers.ts';
import type { SmmuSnapshot } from '../../snapshot/snapshot.ts';
import { fieldValue } from '../../snapshot/validate/facts.ts';

/** Registers and bytes of an entry by queue (IHI 0070, "SMMU queues"). */
const QUEUES: Readonly<Record<QueueName, readonly [register: string, entryByteLength: number]>> = {
  command: ['CMDQ', 16],
  event: ['EVENTQ', 32],
  pri: ['PRIQ', 16],
};

/** Those that the SMMU has and the snapshot has a base for. A base of 0 was never set up. */
export function* queueRanges({
  registers,
}: SmmuSnapshot): Generator<{ name: 'command' | 'event' | 'PRI'; start: number; end: number }> {
  for (const [name, [prefix, entryByteLength]] of Object.entries(QUEUES)) {
    const layout = registerNamed(`${prefix}_BASE`);
    const value = registers.get(`${prefix}_BASE`);
    if (layout === undefined || value === undefined || value === 0n) continue;
    if (name === 'pri' && fieldValue(registers, 'IDR0', 'PRI') === 0) continue;
    const of = (field: string) => fieldBits(fieldOf(layout, field), [value]);
    const log2Size = Number(of('LOG2SIZE'));
    const maxLog2Size = fieldValue(registers, 'IDR1', `${prefix}S`) ?? null;
    const { base, size } = queueGeometry(
      { addr: of('ADDR'), log2Size, maxLog2Size, prod: null, cons: null },
      entryByteLength,
    );
    yield {
      name: name === 'pri' ? 'PRI' : (name as 'command' | 'event'),
      start: base,
      end: base + size * entryByteLength,
    };
  }
}
