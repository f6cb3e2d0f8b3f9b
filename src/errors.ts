/**
 * The one error of this program that is meant for its user: something given to it cannot be used.
 *
 * `tag` says what kind of thing was wrong and is what callers switch on; the message is for people and may change.
 * Everything a dump can merely lack (a missing page, a truncated tail) is data, never an error.
 */

export type InputErrorTag = 'usage' | 'file' | 'format' | 'snapshot';

export class InputError extends Error {
  readonly tag: InputErrorTag;
  /** The file concerned, named as the user named it. */
  readonly file: string | undefined;
  /** The place in that file: a JSON path or a file offset. */
  readonly place: string | undefined;
  /** The message without either. */
  readonly reason: string;

  constructor(tag: InputErrorTag, message: string, at: { file?: string; place?: string; cause?: unknown } = {}) {
    // A name that is empty, as that of a variable without a value, would not be seen.
    const file = at.file === '' ? '""' : at.file;
    super([file, at.place, message].filter((part) => part !== undefined).join(': '), { cause: at.cause });
    this.name = 'InputError';
    this.tag = tag;
    this.file = at.file;
    this.place = at.place;
    this.reason = message;
  }
}

/** Recognises an {@link InputError}, also one thrown by another copy of this library. */
export function isInputError(error: unknown): error is InputError {
  return error instanceof Error && error.name === 'InputError' && 'tag' in error;
}
