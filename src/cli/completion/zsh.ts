/** The completion of zsh: one function for each command, made of _arguments. */

import { TOOL } from '../../version.ts';
import { type ArgumentSpec, type CommandSpec, everyCommand, type OptionSpec, type ValueSpec } from '../definitions.ts';

/** The completion script for zsh, of the program and all commands below it. */
export function zshCompletion(program: CommandSpec): string {
  return `#compdef ${TOOL.name}
# zsh completion for ${TOOL.name} ${TOOL.version}, made by "${TOOL.name} completion zsh".

${[...everyCommand(program)].map(commandFunction).join('\n')}
# As a file in $fpath, or sourced.
if [[ \${funcstack[1]} == _${TOOL.name} ]]; then
  _smmu_adopt "$@"
else
  compdef _smmu_adopt ${TOOL.name}
fi
`;
}

function functionName({ path }: CommandSpec): string {
  return ['_smmu_adopt', ...path].join('_');
}

function commandFunction(command: CommandSpec): string {
  const specs = command.options.map(optionSpec);
  if (command.commands.length === 0) {
    const all = [...specs, ...command.arguments.map(argumentSpec)];
    return `${functionName(command)}() {\n  _arguments -S ${all.map((spec) => `\\\n    ${spec}`).join(' ')}\n}\n`;
  }
  const names = command.commands.map(({ path, summary }) => `    ${quoted(`${path.at(-1)}:${summary}`)}`);
  const branches = command.commands.map((one) => `      ${one.path.at(-1)}) ${functionName(one)} ;;`);
  return `${functionName(command)}() {
  local curcontext=$curcontext state
  local -a line commands=(
${names.join('\n')}
  )
  typeset -A opt_args
  _arguments -C ${[...specs, `'1: :->command'`, `'*:: :->rest'`].map((spec) => `\\\n    ${spec}`).join(' ')}
  case $state in
    command) _describe -t commands command commands ;;
    rest) case $words[1] in
${branches.join('\n')}
    esac ;;
  esac
}
`;
}

/** `'*'{-o,--output=}'[what it does]:file:_files'`; an option with a value may come again. */
function optionSpec({ short, long, value, description }: OptionSpec): string {
  const says = `[${description.replace(/[[\]\\]/g, '\\$&')}]`;
  const takes = value === null ? '' : `:${value.name.replace(/:/g, '\\:')}:${action(value)}`;
  const again = value === null ? '' : '*';
  const sign = value === null ? '' : '=';
  if (short !== null && long !== null) {
    const prefix = value === null ? quoted(`(${short} ${long})`) : quoted(again);
    return `${prefix}{${short},${long}${sign}}${quoted(says + takes)}`;
  }
  return quoted(`${again}${long ?? short}${long === null ? '' : sign}${says}${takes}`);
}

function argumentSpec(argument: ArgumentSpec): string {
  const { name, variadic, required } = argument;
  return quoted(`${variadic ? '*' : required ? '' : ':'}:${name.replace(/:/g, '\\:')}:${action(argument)}`);
}

function action({ kind, words }: ValueSpec): string {
  if (kind === 'file') return '_files';
  // A space: nothing to offer, but a value is expected.
  return kind === 'words' ? `(${words.join(' ')})` : ' ';
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
