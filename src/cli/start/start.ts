/** The command in the process that it was started as. It loads the program, so that what needs none of it waits for none. */

import { closeSync, fstatSync, openSync, readFileSync, writeSync } from 'node:fs';
import { Script } from 'node:vm';
import { knowFolderByBytes, mayLackBytes, nameOfBytes } from '../../byte-names.ts';
import { TOOL } from '../../version.ts';
import { mayBeTerminal, usePlainStdout } from '../output/plain-stdout.ts';
import { cacheFile, readCache, remembersCode, writeCache } from './code-cache.ts';
import type { runCommand } from './run-command.ts';

/** The bundle of `run-command.ts`, as the build made it. */
export interface ProgramText {
  readonly filename: string;
  /** A function of `module` and `require`. */
  readonly text: string;
  /** What tells it from another program of the same length, which V8 takes for the same. */
  readonly stamp: readonly string[];
  /** The code cache that came with it for runs of a kind. */
  cacheOf(kind: string): Buffer | undefined;
}

/** What the program leaves. */
interface Exports {
  runCommand: typeof runCommand;
}

/** Does what the process was started for, and sets its exit status. */
export async function start(readProgram: () => ProgramText): Promise<void> {
  const args = givenArguments(process.argv.slice(2));
  if (answersVersion(args)) return;
  nameFolderByBytes();
  const { exports, keep } = await load(readProgram(), kindsOf(args));
  await dieWithTerminal();
  const isPlain = usePlainStdout();
  const status = await exports.runCommand(args, process, keep);
  process.exitCode = status;
  // What was refused went through little of it.
  if (status < 2) keep();
  // Everything has been written, and what Node does at its end otherwise is to tidy up memory.
  if (isPlain) process.exit();
}

/** With the bytes of names that are no UTF-8, which Node leaves out; Linux knows what a process was started with. */
function givenArguments(args: string[]): string[] {
  if (!args.some(mayLackBytes)) return args;
  try {
    const words = readFileSync('/proc/self/cmdline').toString('latin1').split('\0').slice(0, -1).slice(-args.length);
    const exact = words.map((word) => Buffer.from(word, 'latin1'));
    const isSame = args.every((arg, i) => exact[i]?.toString() === arg);
    return isSame ? exact.map(nameOfBytes) : args;
  } catch {
    return args;
  }
}

/** The same of the folder that it works in. */
function nameFolderByBytes(): void {
  try {
    if (mayLackBytes(process.cwd())) knowFolderByBytes();
  } catch {
    // It is gone. Whoever needs it says so.
  }
}

/**
 * A terminal whose window, or connection, is closed ends what was started on it by a signal, as ever. Node resets its
 * terminals at its end, and aborts where one is gone, which would leave a core, be it gone for a moment only: they were not
 * changed, and of what is another file by then it keeps its hands off.
 */
async function dieWithTerminal(): Promise<void> {
  if (process.platform === 'win32') return;
  const candidates = [0, 1, 2].filter((descriptor) => mayBeTerminal(fstatSync(descriptor)));
  if (candidates.length === 0) return;
  const { isatty } = await import('node:tty');
  const terminals = candidates.filter(isatty);
  process.once('exit', () => {
    const isLost = !terminals.every(isatty);
    for (const descriptor of terminals) {
      closeSync(descriptor);
      openSync('/dev/null', 'r+');
    }
    if (!isLost) return;
    process.removeAllListeners('SIGHUP');
    process.kill(process.pid, 'SIGHUP');
  });
}

/** Scripts ask for it, some of them often. Where it cannot be written, the program has the words for that. */
function answersVersion(args: readonly string[]): boolean {
  if (args.length !== 1 || (args[0] !== '--version' && args[0] !== '-V')) return false;
  try {
    writeSync(1, `${TOOL.version}\n`);
    return true;
  } catch {
    return false;
  }
}

/**
 * Runs of one kind need the same functions: of one command, with registers of a snapshot or of the kernel in the dump, and of
 * one format where it is told. A run that says one line needs nine tenths of them, so that it can do with what others left,
 * and others not with what it leaves: of its two kinds, that one is the last.
 */
function kindsOf(args: readonly string[]): readonly [string, ...string[]] {
  const [command = ''] = args;
  if (!/^[a-z]+$/.test(command) || args.includes('--help') || args.includes('-h')) return ['help'];
  const [, format] = /(?:^| )--format[ =]([a-z]+)/.exec(args.join(' ')) ?? [];
  const registers = args.some((arg) => arg.startsWith('--regs')) ? ['regs'] : [];
  const kind = [command, ...registers, ...(format === undefined ? [] : [format])].join(' ');
  return args.includes('-q') || args.includes('--quiet') ? [kind, `${kind} quiet`] : [kind];
}

/** Runs it by way of the first code cache of runs of these kinds; `keep` writes the last where there is none that fits. */
async function load(
  program: ProgramText,
  kinds: readonly [string, ...string[]],
): Promise<{ readonly exports: Exports; readonly keep: () => void }> {
  const { filename, text, stamp } = program;
  let file: string | null = null;
  let cachedData: Buffer | undefined;
  for (const kind of kinds) {
    file = cacheFile([kind, ...stamp], process.env);
    cachedData = file === null ? undefined : readCache(file);
    if (cachedData !== undefined) break;
  }
  // The user's own is there where that of the program did not fit.
  cachedData ??= program.cacheOf(kinds[0]);
  const script = new Script(text, { filename, ...(cachedData && { cachedData }) });
  const module = { exports: {} as Exports };
  script.runInThisContext()(module, require);
  const isMissing = cachedData === undefined || script.cachedDataRejected === true;
  if (file === null || !isMissing) return { exports: module.exports, keep: () => {} };
  const forget = await remembersCode();
  return {
    exports: module.exports,
    keep: () => {
      forget();
      writeCache(file, () => script.createCachedData());
    },
  };
}
