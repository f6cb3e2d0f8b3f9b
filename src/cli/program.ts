/** The command as commander knows it: what it parses, and what its help, its completion and its manual are made of. */

import type { Command } from 'commander';
import { TOOL } from '../version.ts';
import { GuidingCommand } from './guiding-command.ts';
import type { TextSink } from './output/io.ts';
import type { Session } from './session.ts';

const EXAMPLES = `
Examples:
  smmu-adopt inspect vmcore --regs regs.json
  smmu-adopt regs capture --base 0x9050000 > capture.sh
  smmu-adopt log dmesg.txt
  smmu-adopt explain
  smmu-adopt help translate`;

type AddCommand = (program: Command, session: Session) => void;

/** In the order of the help. Each is loaded when it is asked for: whoever inspects need not wait for the others. */
const COMMANDS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  inspect: async () => (await import('./commands/inspect.ts')).addInspectCommand,
  info: async () => (await import('./commands/info.ts')).addInfoCommand,
  regs: async () => (await import('./commands/regs.ts')).addRegsCommand,
  show: async () => (await import('./commands/show.ts')).addShowCommand,
  translate: async () => (await import('./commands/translate.ts')).addTranslateCommand,
  queues: async () => (await import('./commands/queues.ts')).addQueuesCommand,
  diff: async () => (await import('./commands/diff.ts')).addDiffCommand,
  log: async () => (await import('./commands/log.ts')).addLogCommand,
  decode: async () => (await import('./commands/decode.ts')).addDecodeCommand,
  explain: async () => (await import('./commands/explain.ts')).addExplainCommand,
  triage: async () => (await import('./commands/triage.ts')).addTriageCommand,
  check: async () => (await import('./commands/check.ts')).addCheckCommand,
  completion: async () => (await import('./commands/completion.ts')).addCompletionCommand,
};

/** Of these commands the work is the other commands. */
const NEEDS_ALL: ReadonlySet<string> = new Set(['completion']);

/** Whether a program of this command alone parses its arguments: help and suggestions need all of them. */
export function standsAlone(name: string | undefined): name is string {
  return name !== undefined && Object.hasOwn(COMMANDS, name) && !NEEDS_ALL.has(name);
}

export interface ProgramOptions {
  /** Receives the help and the version that were asked for. */
  readonly print?: (text: string) => void;
  /** The names of its commands, where they are not all. */
  readonly only?: readonly string[];
  /** Refuses without a word, to whoever asks again. */
  readonly silent?: boolean;
}

/** Its commands run in `session`. */
export async function makeProgram(
  session: Session,
  { print = () => {}, only = Object.keys(COMMANDS), silent = false }: ProgramOptions = {},
): Promise<Command> {
  const { io } = session;
  const program = new GuidingCommand(TOOL.name)
    .description("Predicts, from a crashed kernel's memory dump, what its kdump kernel does with a live SMMUv3.")
    .version(TOOL.version)
    .showSuggestionAfterError()
    .addHelpText('after', EXAMPLES)
    .exitOverride()
    .configureOutput({
      writeOut: print,
      writeErr: (text) => !silent && session.note(text),
      outputError: (text) => !silent && session.complain(text.replace(/^error: /, '')),
      getOutHelpWidth: () => helpWidth(io.stdout),
      getErrHelpWidth: () => helpWidth(io.stderr),
      // Help has no colour, so that there is none to take away.
      getOutHasColors: () => true,
      getErrHasColors: () => true,
    });
  for (const name of only) (await COMMANDS[name]?.())?.(program, session);
  return program;
}

/** Where it is no terminal that help is for. */
const HELP_WIDTH = 80;

function helpWidth({ isTTY, columns }: TextSink): number {
  return isTTY && columns ? columns : HELP_WIDTH;
}
