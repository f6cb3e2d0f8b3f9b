/** What a refusal says, as plain data to compare. */

import { InputError, type InputErrorTag } from '../../src/errors.ts';

export interface Refused {
  readonly tag: InputErrorTag;
  readonly file: string | undefined;
  readonly place: string | undefined;
  /** What is left of the message behind the file and the place. */
  readonly what: string;
}

/** The InputError that a call throws or rejects with. Any other error passes through, so that its stack is shown. */
async function inputErrorOf(call: () => unknown): Promise<InputError> {
  try {
    await call();
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error('expected a refusal, but the call succeeded');
}

/** The whole line that a user sees. */
export async function refusalOf(call: () => unknown): Promise<{ tag: InputErrorTag; message: string }> {
  const { tag, message } = await inputErrorOf(call);
  return { tag, message };
}

/** Every part of the error that a caller can rely on. */
export async function refused(call: () => unknown): Promise<Refused> {
  const { tag, file, place, message } = await inputErrorOf(call);
  const front = [file, place].flatMap((part) => (part === undefined ? [] : `${part}: `)).join('');
  if (!message.startsWith(front)) throw new Error(`"${message}" does not begin with "${front}"`);
  return { tag, file, place, what: message.slice(front.length) };
}
