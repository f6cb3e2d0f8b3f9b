/** `--format text`: the answer first, the evidence after, and the answer again where the eye is in the end. */

import type { Inspection, SmmuReport } from '../../inspect/inspection.ts';
import { escaped } from '../escape.ts';
import { registersOrigin } from '../prose/crashed-kernel.ts';
import { worstInWords } from '../prose/findings.ts';
import { count } from '../prose/quantities.ts';
import { headline } from '../sections/adoption/verdict.ts';
import { type Given, input } from '../sections/input.ts';
import { type Prose, strong } from '../sections/section.ts';
import { findingsAbout, smmuSections } from '../sections/smmu.ts';
import { paintedProse } from './prose.ts';
import { blockLines, proseLines, sectionLines } from './render.ts';
import { paragraph, type Style } from './style.ts';

export interface TextOptions {
  /** Every section, instead of those that most readers look for. */
  readonly full?: boolean | undefined;
  /** What the report was asked for with; null where nobody can say. */
  readonly given?: Given | null | undefined;
}

/** The report in pieces of one line each. */
export function* textReport(
  inspection: Inspection,
  style: Style,
  { full = false, given = null }: TextOptions = {},
): Generator<string> {
  for (const line of lines(escaped(inspection), style, full, given)) yield `${line}\n`;
}

/** `-q`: one line for each SMMU: the dump, the SMMU, what becomes of it, and the worst that was found. */
export function* textVerdicts(inspection: Inspection, style: Style): Generator<string> {
  const safe = escaped(inspection);
  for (const smmu of safe.smmus) {
    const worst = worstInWords(findingsAbout(smmu, safe));
    const said = paintedProse(style, verdictProse(smmu)).map(({ text, paint }) => paint(text));
    yield `${safe.dump.files.join(', ')}: ${said.join('')}; ${worst}\n`;
  }
}

function* lines(inspection: Inspection, style: Style, full: boolean, given: Given | null): Generator<string> {
  const { smmus, summary, kernel } = inspection;
  const origin = registersOrigin(kernel);
  if (origin !== null) yield* [...paragraph(style, '', origin), ''];
  if (smmus.length > 1) {
    for (const smmu of smmus) yield* proseLines(style, '', verdictProse(smmu));
    yield '';
  }
  const left = new Set<string>();
  for (const smmu of smmus) {
    yield* proseLines(style, '', verdictProse(smmu));
    const { sections } = smmuSections(smmu, inspection);
    for (const section of sections) {
      // Its title is the answer, which stands above it.
      if (section.id === 'verdict') for (const block of section.blocks) yield* blockLines(style, block);
      else if (full || section.detail !== true) yield* sectionLines(style, section);
      else left.add(section.short ?? section.title);
    }
    yield '';
  }
  const { title, blocks } = input(inspection, given);
  yield style.paint.bold(title);
  for (const block of blocks) yield* blockLines(style, block);
  if (left.size > 0) yield* ['', ...paragraph(style, '', `More with --full: ${[...left].map(inSentence).join(', ')}.`)];
  const { errors, warnings, notes } = summary;
  yield* ['', [count(errors, 'error'), count(warnings, 'warning'), count(notes, 'note')].join(', ')];
  for (const smmu of smmus) yield* proseLines(style, '', verdictProse(smmu));
}

/** `arm-smmu-v3.0.auto: ADOPTED, revision v6`. */
function verdictProse(smmu: SmmuReport): Prose {
  const { name, answer, revision } = headline(smmu);
  return [strong(`${name}:`), ' ', answer, `, revision ${revision}`];
}

/** A title as it reads within a sentence. */
function inSentence(title: string): string {
  return /^[A-Z][a-z]/.test(title) ? title.charAt(0).toLowerCase() + title.slice(1) : title;
}
