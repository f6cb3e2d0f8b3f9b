/** How these tests look at a refusal: every part of the error that a caller can rely on. */

import { InputError, type InputErrorTag } from '../../src/errors.ts';

export interface Refused {
  readonly tag: InputErrorTag;
  readonly file: string | undefined;
  readonly place: string | undefined;
  /** What is left of the message behind the file and the place. */
  readonly what: string;
}

/** The refusal of a call. Any other error passes through, so that the failure shows its stack. */
export async function refused(call: () => unknown): Promise<Refused> {
  try {
    await call();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const { tag, file, place, message } = error;
    const front = [file, place].filter((part) => part !== undefined).map((part) => `${part}: `);
    if (!message.startsWith(front.join(''))) throw new Error(`"${message}" does not begin with "${front.join('')}"`);
    return { tag, file, place, what: message.slice(front.join('').length) };
  }
  throw new Error('expected a refusal, but the call went through');
}
