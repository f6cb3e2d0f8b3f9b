/** Where a queue is, as its registers say, for whoever reads it and for whoever asks what lies on top of what. */

import { fieldBits, fieldOf } from '../smmu/fields.ts';
import { QUEUE_FORMATS, type QueueName, type QueueRegisters } from '../smmu/queues/queue.ts';
import { type Register, registerNamed } from '../smmu/registers/registers.ts';
import type { SmmuSnapshot } from '../snapshot/snapshot.ts';
import { fieldValue } from '../snapshot/validate/facts.ts';

export type QueuePlace = Pick<QueueRegisters, 'addr' | 'log2Size' | 'maxLog2Size'>;

/**
 * `unsupported`: the SMMU has no such queue. `unset`: its base is as a reset leaves it, so that it was never set up; some
 * reset LOG2SIZE to the most that they take. `unused`: the driver gave itself none, as it does where it found no support
 * for it (arm_smmu_init_queues).
 */
export function queuePlace(
  name: QueueName,
  { registers, provenance }: Pick<SmmuSnapshot, 'registers' | 'provenance'>,
): QueuePlace | 'unsupported' | 'unset' | 'unused' | 'not-captured' {
  const { prefix } = QUEUE_FORMATS[name];
  if (name === 'pri' && fieldValue(registers, 'IDR0', 'PRI') === 0) return 'unsupported';
  const base = registers.get(`${prefix}_BASE`);
  const isOff = fieldValue(registers, 'CR0', `${prefix}EN`) === 0;
  if (base === undefined) {
    return provenance?.get('CR0') === 'inferred' && isOff ? 'unused' : 'not-captured';
  }
  const of = (field: string) => fieldBits(fieldOf(registerNamed(`${prefix}_BASE`) as Register, field), [base]);
  if (base === 0n || (isOff && of('ADDR') === 0n)) return 'unset';
  const maxLog2Size = fieldValue(registers, 'IDR1', `${prefix}S`) ?? null;
  return { addr: of('ADDR'), log2Size: Number(of('LOG2SIZE')), maxLog2Size };
}
