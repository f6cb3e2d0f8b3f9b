/** What do CMDQ_CONS and the words behind it say of a command queue that stopped? */

import { fieldBits, fieldOf } from '../../smmu/fields.ts';
import { QUEUE_REGISTERS } from '../../smmu/registers/queue-registers.ts';
import type { Register } from '../../smmu/rows.ts';
import type { CommandErrorFacts, LogProblem, Occurrence } from '../facts.ts';

const CMDQ_CONS = QUEUE_REGISTERS.find(({ name }) => name === 'CMDQ_CONS') as Register;

/** The driver's words for CMDQ_CONS.ERR; any other value is `Unknown`. */
const TEXTS: readonly string[] = ['No error', 'Illegal command', 'Abort on command fetch', 'ATC invalidate timeout'];
const OTHER_TEXT = 'Unknown';

type Facts = Omit<CommandErrorFacts, keyof Occurrence>;

/** `CMDQ error (cons 0x...): text`. The number is what counts; a text that was cut off is no contradiction. */
export function commandQueueError(cons: number, text: string | undefined): Facts {
  const error = errorOf(cons);
  const expected = TEXTS[error] ?? OTHER_TEXT;
  const problems: LogProblem[] =
    text === undefined || text.startsWith(expected) || expected.startsWith(text)
      ? []
      : [{ kind: 'reason-differs', text, expected }];
  return { what: 'CMDQ error', cons, prod: null, driverProd: null, error, command: [], problems };
}

/** `CMD_SYNC timeout`, from v5.4 on with the indices. */
export function syncTimeout(driverProd: number | null, prod: number | null, cons: number | null): Facts {
  const error = cons === null ? null : errorOf(cons);
  return { what: 'CMD_SYNC timeout', cons, prod, driverProd, error, command: [], problems: [] };
}

/** `CMDQ timeout` of kernels before v5.4. */
export const QUEUE_TIMED_OUT: Facts = {
  what: 'CMDQ timeout',
  cons: null,
  prod: null,
  driverProd: null,
  error: null,
  command: [],
  problems: [],
};

function errorOf(cons: number): number {
  return Number(fieldBits(fieldOf(CMDQ_CONS, 'ERR'), [BigInt(cons)]));
}
