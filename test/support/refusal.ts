/** What a refusal says, as plain data to compare. */

import { InputError, type InputErrorTag } from '../../src/errors.ts';

export interface Refusal {
  readonly tag: InputErrorTag;
  readonly message: string;
}

/** The InputError that a call throws or rejects with. Any other outcome fails the test. */
export async function refusalOf(call: () => unknown): Promise<Refusal> {
  try {
    await call();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { tag: error.tag, message: error.message };
  }
  throw new Error('expected a refusal, but the call succeeded');
}
