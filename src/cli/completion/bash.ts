/** The completion of bash: one function that follows the words before the cursor, and offers what can come next. */

import { TOOL } from '../../version.ts';
import { type CommandSpec, everyCommand, type OptionSpec, type ValueSpec } from '../definitions.ts';

/** Without the bash-completion package, and for bash 3.2 as well, which macOS has. */
export function bashCompletion(program: CommandSpec): string {
  const commands = [...everyCommand(program)];
  return `# bash completion for ${TOOL.name} ${TOOL.version}, made by "${TOOL.name} completion bash".

_smmu_adopt_words() {
    local IFS=$' \\t\\n'
    COMPREPLY=($(compgen -W "$*" -- "$cur"))
}

# Readline completes and quotes file names better than any script, where bash lets it (from 4.0 on).
_smmu_adopt_files() {
    local IFS=$'\\n'
    compopt -o default 2>/dev/null || COMPREPLY=($(compgen -f -- "$cur"))
}

_smmu_adopt() {
    local cur=\${COMP_WORDS[COMP_CWORD]} path= takes= ended= word
    local -i i given=0
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=\${COMP_WORDS[i]}
        if [[ -n $takes ]]; then
            # In --option=value the sign is a word of its own.
            [[ $word == "=" ]] || takes=
            continue
        fi
        if [[ -n $ended ]]; then
            given+=1
            continue
        fi
        case "$path $word" in
            *" --") ended=1 ;;
${commands.flatMap(steps).join('\n')}
            *" -"*) ;;
            *) given+=1 ;;
        esac
    done
    [[ $cur == "=" ]] && cur=
    case "$path:$takes" in
${commands.flatMap(offers).join('\n')}
    esac
}

complete -F _smmu_adopt ${TOOL.name}
`;
}

const at = ({ path }: CommandSpec): string => path.map((name) => ` ${name}`).join('');
const flagsOf = ({ short, long }: OptionSpec): string[] => [short, long].filter((flag) => flag !== null);
const pattern = (texts: readonly string[]): string => texts.map((text) => `"${text}"`).join(' | ');

/** Words that lead to a command below, or that a value has to follow. */
function steps(command: CommandSpec): string[] {
  const below = command.commands.map((one) => `            "${at(one)}") path="${at(one)}" ;;`);
  const taking = command.options.filter(({ value }) => value !== null).flatMap(flagsOf);
  if (taking.length === 0) return below;
  return [...below, `            ${pattern(taking.map((flag) => `${at(command)} ${flag}`))}) takes=$word ;;`];
}

/** What can come next: the value of an option, or an option, a command or an argument. */
function offers(command: CommandSpec): string[] {
  const values = command.options.flatMap((option) => {
    const offer = option.value === null ? null : offerOf(option.value);
    return offer === null
      ? []
      : [`        ${pattern(flagsOf(option).map((flag) => `${at(command)}:${flag}`))}) ${offer} ;;`];
  });
  const branches: [condition: string, offer: string][] = [];
  if (command.options.length > 0) {
    const flags = command.options.flatMap(flagsOf).join(' ');
    branches.push(['[[ -z $ended && $cur == -* ]]', `_smmu_adopt_words ${flags}`]);
  }
  for (const [i, argument] of command.arguments.entries()) {
    const offer = offerOf(argument);
    if (offer !== null) branches.push([`((given ${argument.variadic ? '>=' : '=='} ${i}))`, offer]);
  }
  if (command.commands.length > 0) {
    const names = command.commands.map(({ path }) => path.at(-1)).join(' ');
    branches.push(['((given == 0))', `_smmu_adopt_words ${names}`]);
  }
  const lines = branches.map(
    ([condition, offer], i) => `            ${i === 0 ? 'if' : 'elif'} ${condition}; then ${offer}`,
  );
  return [...values, `        "${at(command)}:")`, ...lines, '            fi', '            ;;'];
}

function offerOf({ kind, words }: ValueSpec): string | null {
  if (kind === 'file') return '_smmu_adopt_files';
  return kind === 'words' ? `_smmu_adopt_words ${words.join(' ')}` : null;
}
