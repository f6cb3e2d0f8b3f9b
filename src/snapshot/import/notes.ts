/** What an import passed over or took with a doubt. A log may give the same reason a thousand times; it is said once. */

const KINDS = {
  outside: "passed over, outside the SMMU's 128 KiB",
  'no-register': 'passed over, no register is known there',
  'unknown-name': "passed over, no register's name",
  'unread-line': 'passed over, no register value',
  'unread-key': 'passed over, not part of the registers',
  part: 'left out, one half of a 64-bit register without the other',
  doubtful: 'left out, zero in a block read, as QEMU answers for any 32-bit register',
  alias: 'taken from page 0, which need not show the registers of page 1',
  'alias-differs': 'taken from page 1, although page 0 shows another value',
  short: 'taken as all 64 bits; if 32 bits were read, the upper half is missing',
} as const;
export type NoteKind = keyof typeof KINDS;

/** Examples worth showing of each kind. */
const MAX_EXAMPLES = 3;

export class Notes {
  readonly #kinds = new Map<NoteKind, { examples: string[]; count: number }>();

  /** `example` makes text that says what and where: `FOO (regs.txt: line 3)`. It is asked for only where it is shown. */
  add(kind: NoteKind, example: () => string): void {
    const entry = this.#kinds.get(kind) ?? { examples: [], count: 0 };
    entry.count++;
    if (entry.examples.length < MAX_EXAMPLES) entry.examples.push(example());
    this.#kinds.set(kind, entry);
  }

  examples(kind: NoteKind): readonly string[] {
    return this.#kinds.get(kind)?.examples ?? [];
  }

  /** One line for each kind, in the order of the table above. */
  get lines(): string[] {
    return (Object.keys(KINDS) as NoteKind[]).flatMap((kind) => {
      const entry = this.#kinds.get(kind);
      if (entry === undefined) return [];
      const { examples, count } = entry;
      const more = count > examples.length ? ` and ${count - examples.length} more` : '';
      return [`${KINDS[kind]}: ${examples.join(', ')}${more}`];
    });
  }
}
