/** What an import passed over, left out, or took with a doubt: facts, one for each reason and place. */

import type { Digits } from './numbers.ts';
import type { NoteReason } from './reasons.ts';

/** What a note is about. */
export type Noted =
  /** A line of the input, or part of one. */
  | { readonly kind: 'line'; readonly text: string }
  /** A number of which nobody knows what it is. */
  | { readonly kind: 'digits'; readonly digits: Digits }
  /** A register, or a half of one. */
  | { readonly kind: 'register'; readonly name: string }
  /** What a register has in one place and not in another. */
  | { readonly kind: 'value'; readonly register: string; readonly value: bigint; readonly byteLength: number }
  | { readonly kind: 'address'; readonly address: number }
  | { readonly kind: 'offset'; readonly offset: number }
  | { readonly kind: 'smmu'; readonly base: number }
  /** Whatever stands at the place of the note. */
  | { readonly kind: 'here' };

export interface Note {
  readonly reason: NoteReason;
  readonly what: Noted;
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
  add(reason: NoteReason, what: () => Noted, at?: { readonly file: string; readonly place: string }): void {
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
