/** The answer, first: what the kdump kernel does with this SMMU, and the check that decided. */

import { isUnknown } from '../../adopt/checks.ts';
import type { SmmuReport } from '../../inspect/inspection.ts';
import { INDENT, paragraph, type Style } from './style.ts';

export function verdictLine(style: Style, { name, adoption }: SmmuReport): string {
  const { paint } = style;
  const errno = adoption.errno === null ? '' : ` (-${adoption.errno})`;
  const said = {
    adopted: paint.green.bold('ADOPTED'),
    fallback: paint.red.bold('FALLS BACK TO A FULL RESET') + errno,
    'not-attempted': paint.yellow.bold('ADOPTION NOT ATTEMPTED'),
    indeterminate: paint.magenta.bold('CANNOT BE TOLD FROM THIS DUMP'),
  }[adoption.verdict];
  return `${paint.bold(name)}: ${said}, revision ${adoption.revision}`;
}

export function verdict(style: Style, smmu: SmmuReport): string[] {
  const { adoption, inserts } = smmu;
  const deciding = adoption.checks.find(({ result }) => result === 'fail');
  const lines = [verdictLine(style, smmu)];
  const say = (text: string) => lines.push(...paragraph(style, INDENT, text));
  if (deciding !== undefined) say(`decided by ${deciding.id}: ${deciding.observed}; required: ${deciding.required}`);
  const missing = adoption.checks.find(isUnknown);
  if (adoption.verdict === 'indeterminate' && missing !== undefined) say(`at ${missing.id}: ${missing.observed}`);
  if (adoption.verdict === 'adopted') {
    const unit = adoption.format === '2lvl' ? 'L1 descriptors' : 'STEs';
    say(
      `the ${adoption.format} table with ${adoption.entries} ${unit} stays in use; in-flight DMA goes on translating`,
    );
  }
  if (adoption.verdict === 'fallback') {
    say("in-flight DMA is aborted; the crashed kernel's table is replaced by an empty one");
  }
  if (inserts.length > 0) {
    const refused = inserts.filter(({ ret }) => ret !== 0).length;
    const deferred = inserts.filter((insert) => insert.deferred === true).length;
    say(`insertions: ${inserts.length - refused} accepted (${deferred} with the attach deferred), ${refused} refused`);
  }
  return lines;
}
