/** `smmu-adopt completion`: prints a completion script, made of the definitions of all commands. */

import { Argument, type Command } from 'commander';
import type { Session } from '../session.ts';

const SCRIPTS = {
  bash: async () => (await import('../completion/bash.ts')).bashCompletion,
  zsh: async () => (await import('../completion/zsh.ts')).zshCompletion,
  fish: async () => (await import('../completion/fish.ts')).fishCompletion,
} as const;

const EXAMPLES = `
Examples:
  source <(smmu-adopt completion bash)
  smmu-adopt completion bash > ~/.local/share/bash-completion/completions/smmu-adopt
  smmu-adopt completion zsh > "\${fpath[1]}/_smmu-adopt"
  smmu-adopt completion fish > ~/.config/fish/completions/smmu-adopt.fish

Exit status:
  0  printed
  2  there is no script for this shell`;

/** Adds the command to the program, to run in `session`. */
export function addCompletionCommand(program: Command, session: Session): void {
  program
    .command('completion')
    .summary('print a completion script for a shell')
    .description('Prints a script that completes commands, options, their values and file names in a shell.')
    .addArgument(new Argument('<shell>', 'the shell that it is for').choices(Object.keys(SCRIPTS)))
    .addHelpText('after', EXAMPLES)
    .action((shell: keyof typeof SCRIPTS) => runCompletion(program, shell, session));
}

async function runCompletion(program: Command, shell: keyof typeof SCRIPTS, session: Session): Promise<void> {
  const [{ describeCommand }, { EXPLAINED_NAMES }] = await Promise.all([
    import('../definitions.ts'),
    import('../../findings/explanations/names.ts'),
  ]);
  const commands = describeCommand(program, { rule: EXPLAINED_NAMES });
  await session.print([(await SCRIPTS[shell]())(commands)]);
}
