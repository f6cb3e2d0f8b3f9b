/** One run of the command: where it prints, how its text looks there, how far it has come, and what it ends with. */

import { InputError } from '../errors.ts';
import type { Progress } from '../progress.ts';
import type { Style } from '../report/text/style.ts';
import type { CommandIo, TextSink } from './output/io.ts';
import { buffered, cannotWrite, complaint } from './output/output.ts';
import { ProgressLine } from './output/progress-line.ts';

export type ColorChoice = 'auto' | 'always' | 'never';

const DEFAULT_WIDTH = 100;

/** In place of a file name. */
export const STDIN = '-';
export const STDIN_NAME = 'standard input';
/** Snapshots and captures are smaller. */
const MAX_STDIN_BYTES = 1 << 24;

/** Everything that a run remembers is here, so that runs in one process do not meet. */
export class Session {
  readonly io: CommandIo;
  /** The exit status. */
  status = 0;
  /** Processes of the program's own that it may keep busy, null for all there is room for; one of many has but itself. */
  jobs: number | null = null;
  /** Keeps what V8 has compiled so far for later runs of the same kind, for those that do not come to their end. */
  keepCode: () => void = () => {};
  /** Shows how far long work has come. */
  readonly progress: Progress = (what, done, total) => this.#progress.show(what, done, total);
  readonly #progress = new ProgressLine(() => this.#stderr());
  #stdoutFailure: NodeJS.ErrnoException | undefined;
  #printed = false;
  #openedStderr = false;

  constructor(io: CommandIo) {
    this.io = io;
  }

  /**
   * Writes to stdout, no faster than its reader reads. A reader that has gone away, as `head` does, ends it quietly.
   * Throws InputError (`file`) for any other failure, a full disk for one.
   */
  async print(pieces: Iterable<string>): Promise<void> {
    this.#progress.clear();
    const { stdout } = this.io;
    if (!this.#printed) {
      stdout.on('error', (error) => {
        this.#stdoutFailure ??= error;
      });
    }
    this.#printed = true;
    for (const piece of buffered(pieces)) {
      await new Promise<void>((resolve) => stdout.write(piece, () => resolve()));
      if (this.#stdoutFailure !== undefined) break;
    }
    const failure = this.#stdoutFailure;
    if (failure !== undefined && failure.code !== 'EPIPE') throw cannotWrite('stdout', failure);
  }

  /** Whether the reader of stdout has gone away, so that nobody waits for more. */
  get isUnread(): boolean {
    return this.#stdoutFailure !== undefined;
  }

  /** {@link print}, but to a pager where stdout is a terminal that the text is longer than. */
  async printPaged(pieces: Iterable<string>): Promise<void> {
    const { stdout, env } = this.io;
    const { isTTY, rows } = stdout;
    if (isTTY !== true || rows === undefined || rows === 0) return this.print(pieces);
    const { chained, headOf, inPager, pagerOf } = await import('./output/pager.ts');
    const pager = pagerOf(env);
    if (pager === null) return this.print(pieces);
    const { head, rest } = headOf(pieces, rows);
    if (rest === null) return this.print(head);
    this.#progress.clear();
    const all = buffered(chained(head, rest));
    const unread = await inPager(pager, env, all);
    if (unread !== null) await this.print(chained(unread, all));
  }

  /** Stdin, piece by piece. Throws InputError (`file`) where it cannot be read: open for writing alone, or a lost terminal. */
  async *stdin(): AsyncGenerator<Uint8Array | string> {
    try {
      yield* this.io.stdin;
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
      throw new InputError('file', `cannot be read (${code})`, { file: STDIN_NAME, cause });
    }
  }

  /**
   * All of stdin. Throws InputError (`file`) when it is empty or longer than anything that is read from there: {@link
   * STDIN_NAME} is what messages call it.
   */
  async readStdin(): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let byteLength = 0;
    for await (const chunk of this.stdin()) {
      chunks.push(Buffer.from(chunk));
      byteLength += chunk.length;
      if (byteLength > MAX_STDIN_BYTES) break;
    }
    const what = byteLength > MAX_STDIN_BYTES ? `is longer than ${MAX_STDIN_BYTES} bytes; is it the dump?` : 'is empty';
    if (byteLength === 0 || byteLength > MAX_STDIN_BYTES) throw new InputError('file', what, { file: STDIN_NAME });
    return Buffer.concat(chunks);
  }

  /** Writes to stderr. */
  note(text: string): void {
    this.#progress.clear();
    this.#stderr().write(text);
  }

  /** When nobody reads it any more, there is nobody to tell either. */
  #stderr(): TextSink {
    const { stderr } = this.io;
    if (!this.#openedStderr) stderr.on('error', () => {});
    this.#openedStderr = true;
    return stderr;
  }

  /** Says on stderr, in one line, what went wrong. */
  complain(message: string): void {
    this.note(complaint(message));
  }

  /** Colour on a terminal, unless NO_COLOR (no-color.org) or the terminal's own kind says otherwise. */
  wantsColor(choice: ColorChoice, toStdout: boolean): boolean {
    if (choice !== 'auto') return choice === 'always';
    const { NO_COLOR, TERM } = this.io.env;
    return toStdout && this.io.stdout.isTTY === true && !NO_COLOR && TERM !== 'dumb';
  }

  /** The terminal's width within reason; pipes and files get the default. */
  width(toStdout: boolean): number {
    const columns = toStdout ? this.io.stdout.columns : undefined;
    return columns ? Math.min(160, Math.max(60, columns)) : DEFAULT_WIDTH;
  }

  /** How text looks on stdout. Loaded here, so that JSON does not pay for colours. */
  async style(color: ColorChoice): Promise<Style> {
    const { makeStyle } = await import('../report/text/style.ts');
    return makeStyle({ width: this.width(true), color: this.wantsColor(color, true) });
  }
}
