/** What an import passed over, left out, or took with a doubt: facts, one for each reason and place. */

import type { NoteReason } from './reasons.ts';

export interface Note {
  readonly reason: NoteReason;
  /** As the input has it: a name, an address, a line. */
  readonly what: string;
  readonly file: string | undefined;
  /** `line 3`, or a JSON path. */
  readonly place: string | undefined;
}

/** A console log may give the same reason a million times; so many are kept of each, and all are counted. */
const MAX_NOTES = 1000;

export class Notes {
  readonly #notes = new Map<NoteReason, Note[]>();
  readonly #counts = new Map<NoteReason, number>();

  /** `what` is asked for only where it is kept. */
  add(reason: NoteReason, what: () => string, at?: { readonly file: string; readonly place: string }): void {
    this.#counts.set(reason, this.count(reason) + 1);
    const kept = this.#notes.get(reason) ?? [];
    if (kept.length < MAX_NOTES) kept.push({ reason, what: what(), file: at?.file, place: at?.place });
    this.#notes.set(reason, kept);
  }

  /** How often a reason was given. */
  count(reason: NoteReason): number {
    return this.#counts.get(reason) ?? 0;
  }

  /** The first notes with a reason, in the order of the input. */
  of(reason: NoteReason): readonly Note[] {
    return this.#notes.get(reason) ?? [];
  }

  /** The first notes of all reasons. */
  get all(): readonly Note[] {
    return [...this.#notes.values()].flat();
  }
}
