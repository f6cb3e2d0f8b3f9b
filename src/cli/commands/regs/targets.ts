/** The SMMUs whose registers are meant: where they are, and how the kernel calls them. */

import { type Command, Option } from 'commander';
import { InputError } from '../../../errors.ts';
import { parseAddress } from '../../options/arguments.ts';
import { collect } from '../../options/kernel-options.ts';
import { repeatable } from '../../options/repeatable.ts';

export interface TargetFlags {
  readonly base?: readonly number[];
  readonly name?: readonly string[];
}

/** Adds `--base`, which may be left out unless it is `needed`, and `--name`. */
export function addTargetOptions(command: Command, { needed }: { readonly needed: boolean }): Command {
  return command
    .addOption(
      new Option(
        '--base <address>',
        'physical address of register page 0, where /proc/iomem has the SMMU; once for each SMMU',
      )
        .argParser(repeatable((text: string, before: number[] | undefined) => collect(parseAddress(text), before)))
        .makeOptionMandatory(needed),
    )
    .option('--name <name>', 'its name in the kernel log; the first name is of the first base', collect<string>);
}

/** Each base with the name in the same position. Throws InputError (`usage`) for names that are none or too many. */
export function targetsOf({
  base: bases = [],
  name: names = [],
}: TargetFlags): { base: number; name: string | undefined }[] {
  if (names.length > bases.length) {
    throw new InputError('usage', `${names.length} times --name, but --base only ${bases.length} times`);
  }
  if (names.includes('')) throw new InputError('usage', '--name is empty');
  const [twice] = names.filter((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new InputError('usage', `--name ${JSON.stringify(twice)} is given twice`);
  return bases.map((base, i) => ({ base, name: names[i] }));
}
