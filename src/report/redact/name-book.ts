/** Stand-ins for names, numbered as they come: `file-1`, `host-2`. */

/** A word of the program's own could be this; a name that looks so is replaced where it stands for itself alone. */
const PLAIN_WORD = /^[a-z][a-z0-9-]*$/;
/** What is no name: standard input, and what has no letter or digit. */
const NO_NAME = /^(standard input|[^\p{L}\p{N}]*)$/u;

export class NameBook {
  readonly #standIns = new Map<string, string>();
  readonly #counts = new Map<string, number>();
  #pattern: RegExp | null = null;
  #shortest = 0;

  /** The stand-in of `name`, which is of this kind unless it has one already. */
  standIn(kind: string, name: string): string {
    if (NO_NAME.test(name)) return name;
    const known = this.#standIns.get(name);
    if (known !== undefined) return known;
    const number = (this.#counts.get(kind) ?? 0) + 1;
    const made = `${kind}-${number}`;
    this.#counts.set(kind, number);
    this.set(name, made);
    return made;
  }

  /** Gives a name a stand-in that is made elsewhere. */
  set(name: string, standIn: string): void {
    this.#standIns.set(name, standIn);
    this.#pattern = null;
  }

  /** The text with every name that has a stand-in replaced by it. */
  replaced(text: string): string {
    if (this.#pattern === null) {
      const names = [...this.#standIns.keys()].filter((name) => !PLAIN_WORD.test(name));
      this.#pattern = patternOf(names);
      this.#shortest = names.reduce((length, name) => Math.min(length, name.length), Number.POSITIVE_INFINITY);
    }
    if (text.length < this.#shortest) return text;
    return text.replace(this.#pattern, (name) => this.#standIns.get(name) ?? name);
  }

  /** The names of a list, as reports join those of several files; the whole where it is none of known names. */
  parts(text: string): string[] {
    const names = text.split(', ');
    return names.every((name) => this.#standIns.has(name)) ? names : [text];
  }

  /**
   * A command line: every word that is a name, has one behind a `=` or in front of an `@`, or is a path. `otherName` has the
   * stand-ins of names of other kinds.
   */
  commandLine(line: string, otherName: (name: string) => string | undefined = () => undefined): string {
    return line.replace(WORD, (quoted) => {
      const word = quoted.startsWith("'") ? quoted.slice(1, -1).replaceAll("'\\''", "'") : quoted;
      const [, option = '', name = '', place = ''] = /^(-[^=]*=)?(.*?)(@0x[0-9a-f]+|@\d+)?$/is.exec(word) ?? [];
      const other = otherName(name + place);
      if (other !== undefined) return option + other;
      const standIn = this.#standIns.get(name) ?? (name.includes('/') ? this.standIn('file', name) : undefined);
      return standIn === undefined ? this.replaced(quoted) : option + standIn + place;
    });
  }
}

/** One word of a shell. */
const WORD = /(?:'[^']*'|\\'|[^\s'\\])+/g;

/** The longest first, so that no name is taken for another that begins it; never inside of a longer word or path. */
function patternOf(names: readonly string[]): RegExp {
  if (names.length === 0) return /(?!)/;
  const escaped = names
    .toSorted((a, b) => b.length - a.length)
    .map((name) => name.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'))
    .join('|');
  return new RegExp(`(?<![\\w/.-])(?:${escaped})(?![\\w/-])`, 'g');
}
