/**
 * The executable: the command in the process that it was started as. It is a file of its own, which loads the program,
 * so that what needs none of it waits for none of it.
 */

import { readFileSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { TOOL } from '../version.ts';
import { cacheFile, readCache, writeCache } from './code-cache.ts';
import type { CommandIo } from './io.ts';
import { plainStdout } from './plain-stdout.ts';
import type { runCommand } from './run-command.ts';

/** What the build tells of the program. */
declare const PROGRAM_DIGEST: string;

/** What the program leaves. */
interface Exports {
  runCommand: typeof runCommand;
}

async function main(args: readonly string[]): Promise<void> {
  if (answersVersion(args)) return;
  const { exports, keep } = loadProgram(kindOf(args));
  process.exitCode = await exports.runCommand(args, processIo());
  // What was refused went through little of it.
  if (process.exitCode < 2) keep();
}

function processIo(): CommandIo {
  const plain = plainStdout();
  return {
    get stdin() {
      return process.stdin;
    },
    get stdout() {
      return plain ?? process.stdout;
    },
    get stderr() {
      return process.stderr;
    },
    env: process.env,
    cwd: () => process.cwd(),
    chdir: (folder) => process.chdir(folder),
  };
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

/** Runs of one kind need the same functions: of one command, and of one format where it is told. */
function kindOf(args: readonly string[]): string {
  const [command = ''] = args;
  if (!/^[a-z]+$/.test(command) || args.includes('--help') || args.includes('-h')) return 'help';
  const [, format] = /(?:^| )--format[ =]([a-z]+)/.exec(args.join(' ')) ?? [];
  return format === undefined ? command : `${command} ${format}`;
}

/** The program, which lies beside this file, run by way of the code cache of what was needed in runs of this kind. */
function loadProgram(kind: string): { readonly exports: Exports; readonly keep: () => void } {
  const filename = join(__dirname, 'program.js');
  // The build makes it ASCII, which is soonest read as such.
  const source = readFileSync(filename, 'latin1');
  // To V8, a program of the same length would be the same.
  const file = cacheFile([kind, PROGRAM_DIGEST, String(statSync(filename).mtimeMs)], process.env);
  const cachedData = file === null ? undefined : readCache(file);
  const script = new Script(source, { filename, ...(cachedData && { cachedData }) });
  const module = { exports: {} as Exports };
  script.runInThisContext()(module, require);
  const isMissing = cachedData === undefined || script.cachedDataRejected === true;
  return {
    exports: module.exports,
    keep: () => {
      if (file !== null && isMissing) writeCache(file, () => script.createCachedData());
    },
  };
}

void main(process.argv.slice(2));
