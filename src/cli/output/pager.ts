/** How is a report shown that is longer than the terminal? As git does: by the pager that the user chose, or less. */

import { spawn } from 'node:child_process';

type Environment = Readonly<Record<string, string | undefined>>;

/** What less is told unless the user told it something else: to end on short text, to keep colours, to clear nothing. */
const LESS = 'FRX';

/** The command of the pager; null where the user wants none. */
export function pagerOf({ PAGER = 'less' }: Environment): string | null {
  return ['', 'cat'].includes(PAGER.trim()) ? null : PAGER;
}

export interface Headed {
  readonly head: readonly string[];
  /** What is left after as many lines as the terminal has; null where there is nothing. */
  readonly rest: Iterator<string> | null;
}

/** Takes pieces, each of whole lines, until there are more lines than `rows`. */
export function headOf(pieces: Iterable<string>, rows: number): Headed {
  const iterator = pieces[Symbol.iterator]();
  const head: string[] = [];
  let lines = 0;
  // The shell's prompt needs a line too.
  while (lines < rows) {
    const { done, value } = iterator.next();
    if (done === true) return { head, rest: null };
    head.push(value);
    lines += value.split('\n').length - 1;
  }
  return { head, rest: iterator };
}

/** What was taken already, and then the rest. */
export function* chained(head: readonly string[], rest: Iterator<string>): Generator<string> {
  yield* head;
  for (let next = rest.next(); next.done !== true; next = rest.next()) yield next.value;
}

/**
 * Runs the pager on the terminal until the user leaves it, and feeds it no faster than it reads. One that ends early is
 * no error. Where there is no such command: the pieces that were taken for it, to be shown otherwise. Else null.
 */
export async function inPager(
  command: string,
  env: Environment,
  pieces: Iterator<string>,
): Promise<readonly string[] | null> {
  const pager = spawn(command, { shell: true, stdio: ['pipe', 'inherit', 'inherit'], env: { LESS, ...env } });
  const { stdin } = pager;
  let open = true;
  stdin.on('error', () => {
    open = false;
  });
  const ended = new Promise<number | null>((resolve) => {
    pager.on('error', () => resolve(NO_SUCH_COMMAND));
    pager.on('close', resolve);
  });
  // An interrupt is for the pager, which may have stopped at a prompt of its own.
  const ignore = () => {};
  process.on('SIGINT', ignore);
  const taken: string[] = [];
  try {
    for (let length = 0; open && pager.exitCode === null; ) {
      const { done, value } = pieces.next();
      if (done === true) break;
      length += value.length;
      if (length < MAX_UNREAD) taken.push(value);
      await Promise.race([new Promise<void>((resolve) => stdin.write(value, () => resolve())), ended]);
    }
    stdin.end();
    return (await ended) === NO_SUCH_COMMAND ? taken : null;
  } finally {
    process.off('SIGINT', ignore);
  }
}

/** As a shell ends that does not find a command. */
const NO_SUCH_COMMAND = 127;
/** A pipe takes no more of what nobody reads; beyond that there is a pager. */
const MAX_UNREAD = 1 << 20;
