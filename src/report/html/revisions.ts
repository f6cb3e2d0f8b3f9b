/** The known revisions of the series side by side, and the first thing in which each parts from the one reported. */

import { splitInWords } from '../../findings/prose/split.ts';
import type { RevisionOutcome, SmmuReport } from '../../inspect/inspection.ts';
import { ADOPTION_WORDS } from '../prose/fate.ts';
import { OUTCOME } from '../revision-outcome.ts';
import { logLines } from './log.ts';
import { type Content, code, type Html, html } from './markup.ts';
import { badge, details, facts, NOTHING, section, sectionId, table } from './section.ts';

const ROWS: readonly [label: string, text: (outcome: RevisionOutcome) => string | null][] = [
  ['Verdict', ({ verdict, errno }) => ADOPTION_WORDS[verdict].text + (errno === null ? '' : ` (-${errno})`)],
  ['Decided by', OUTCOME.decidedBy],
  ['Devices refused', OUTCOME.devicesRefused],
  ['Attaches deferred', OUTCOME.attachesDeferred],
  ['Ends in', OUTCOME.endsIn],
  ['CR0 after the reset', OUTCOME.cr0After],
  ['ATSCHK after it', OUTCOME.atschkAfter],
  ['IDs reserved', OUTCOME.idsReserved],
];

/** A hostile dump can have every device refused; a cell is for a handful. */
const MAX_CELL_LENGTH = 200;

/** Null unless all revisions were asked for. */
export function revisions(index: number, { adoptions, splits, adoption, name }: SmmuReport): Html | null {
  if (adoptions === null || splits === null) return null;
  const outcomes = Object.entries(adoptions);
  const rows = ROWS.map(([label, text]) => {
    const texts = outcomes.map(([, outcome]) => text(outcome) ?? NOTHING);
    const differs = new Set(texts).size > 1;
    const cells = texts.map((one) => (one.length > MAX_CELL_LENGTH ? `${one.slice(0, MAX_CELL_LENGTH)}\u2026` : one));
    return {
      tone: differs ? ('warn' as const) : ('plain' as const),
      cells: [html`<strong>${label}</strong>${differs && html` ${badge('warn', 'differs')}`}`, ...cells] as Content[],
    };
  });
  const titles = outcomes.map(([revision]) => ({
    title: revision === adoption.revision ? `${revision}, as above` : revision,
  }));
  const logs = outcomes.map(([revision, { kernelLog }]) => html`<h4>${revision}</h4>\n${logLines(name, kernelLog)}`);
  const said = splits.map(
    ({ revision, from, check, aspect, why }) =>
      [revision, html`parts from ${from} at ${code(check ?? aspect)}: ${splitInWords(why)}`] as const,
  );
  const body = html`${table('Revisions', [{ title: '' }, ...titles], rows)}${
    splits.length === 0 ? html`<p>No other parts from ${adoption.revision}.</p>\n` : facts(said)
  }${details('The log of each', logs)}`;
  return section(sectionId(index, 'revisions'), 'Revisions side by side', null, body);
}
