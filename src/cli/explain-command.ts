/** `smmu-adopt explain`: what a finding, a check, an event, an error or a message means. Reads no dump. */

import type { Command } from 'commander';
import { InputError } from '../errors.ts';
import type { Explained } from '../findings/explanations/catalogue.ts';
import { jsonText } from '../report/escape.ts';
import { TOOL } from '../version.ts';
import type { Session } from './session.ts';
import { addTextOrJson, type TextOrJsonFlags } from './text-or-json.ts';

const EXAMPLES = `
Examples:
  smmu-adopt explain
  smmu-adopt explain l1-span-unsupported
  smmu-adopt explain two-level.split ids.scan asid-zero
  smmu-adopt explain F_TRANSLATION 0x07 CERROR_ILL
  smmu-adopt explain "arm-smmu-v3 arm-smmu-v3.0.auto: SMMU currently enabled! Resetting..."
  smmu-adopt explain --format json

Exit status:
  0  explained
  2  there is no such name`;

export function addExplainCommand(program: Command, session: Session): void {
  const command = program
    .command('explain')
    .summary('what a finding, a check, an event, an error or a kernel message means')
    .description(
      'Says what a finding, a check of the driver, a rule of its ID scan, an event, an error of the SMMU or a message of ' +
        'the kernel means: what the hardware and the kernel make of it, what causes it, and where to look next. Without ' +
        'a name, lists them all.',
    )
    .argument('[rule...]', 'names as they stand in a report, numbers of events, or lines of a kernel log');
  addTextOrJson(command)
    .addHelpText('after', EXAMPLES)
    .action((names: string[], flags: TextOrJsonFlags) => runExplain(names, flags, session));
}

async function runExplain(names: string[], { format, color }: TextOrJsonFlags, session: Session): Promise<void> {
  const [{ GROUPS, explanationsOf }, { namesMeantBy }] = await Promise.all([
    import('../findings/explanations/catalogue.ts'),
    import('../log/message-names.ts'),
  ]);
  const known = GROUPS.flatMap(({ entries }) => entries);
  const entries: Explained[] = [];
  for (const name of new Set(names)) {
    const found = [name, ...namesMeantBy(name)].flatMap(explanationsOf);
    if (found.length === 0) throw await unknownName(name, known);
    entries.push(...found);
  }
  if (format === 'json') {
    const json = { schemaVersion: 1, tool: TOOL, explanations: names.length === 0 ? known : entries };
    await session.print([jsonText(json)]);
    return;
  }
  const { explainList, explainReport } = await import('../report/text/explain.ts');
  const style = await session.style(color);
  await session.print(names.length === 0 ? explainList(GROUPS, style) : explainReport(entries, style));
}

async function unknownName(name: string, known: readonly Explained[]): Promise<InputError> {
  const { nearNames } = await import('./near-names.ts');
  const near = nearNames(
    name,
    known.map((entry) => entry.name),
  );
  const hint = near.length === 0 ? 'smmu-adopt explain lists all' : `did you mean ${near.join(', ')}?`;
  return new InputError('usage', `nothing is named ${JSON.stringify(name)} (${hint})`);
}
