/** What was read on the way to an entry or an address, as a table, and what was assumed. */

import { word } from '../../../hex.ts';
import type { Assumption } from '../../../snapshot/assumption.ts';
import type { TranslationStep } from '../../../streams/translation.ts';
import { assumptionInWords, assumptionText } from '../../prose/assumptions.ts';
import { stepSaysInWords, structureInWords } from '../../prose/translation.ts';
import { INDENT, paragraph, type Style } from '../style.ts';
import { type Column, NOTHING, address as shownAddress, table } from '../table.ts';

const STEPS: readonly Column[] = [
  { title: 'Read' },
  { title: 'Index', align: 'right' },
  { title: 'At', align: 'right' },
  { title: 'Value' },
  { title: 'Says', yields: 'wrap' },
  { title: 'Page' },
];

/** What was read on a way, in order. `brief`: that it is descriptors goes without saying. */
export function stepTable(style: Style, steps: readonly TranslationStep[], brief = false): string[] {
  const cells = steps.map(({ what, index, address, value, says, pageState }) => [
    structureInWords(what, brief),
    String(index ?? NOTHING),
    shownAddress(address),
    value === null ? NOTHING : word(value),
    stepSaysInWords({ says }),
    pageState ?? NOTHING,
  ]);
  return table(style, STEPS, cells);
}

/** What was assumed where the registers are silent. */
export function assumedLines(style: Style, assumptions: readonly Assumption[]): string[] {
  const texts = assumptions.map((one) => assumptionText(assumptionInWords(one)));
  return texts.flatMap((text) => paragraph(style, `${INDENT}assumed: `, text));
}
