/** The known revisions side by side, and the first thing in which each parts from the one reported. */

import { splitInWords } from '../../findings/prose/split.ts';
import type { RevisionOutcome, SmmuReport } from '../../inspect/inspection.ts';
import { OUTCOME } from '../revision-outcome.ts';
import { INDENT, paragraph, type Style, title } from './style.ts';
import { NOTHING, table } from './table.ts';

const ROWS: readonly [label: string, cell: (outcome: RevisionOutcome) => string | null][] = [
  ['verdict', ({ verdict, errno }) => verdict + (errno === null ? '' : ` (-${errno})`)],
  ['decided by', OUTCOME.decidedBy],
  ['devices refused', OUTCOME.devicesRefused],
  ['attaches deferred', OUTCOME.attachesDeferred],
  ['ends in', OUTCOME.endsIn],
  ['CR0 after reset', OUTCOME.cr0After],
  ['ATSCHK after', OUTCOME.atschkAfter],
  ['IDs reserved', OUTCOME.idsReserved],
];

export function revisions(style: Style, { adoptions, splits }: SmmuReport): string[] {
  if (adoptions === null || splits === null) return [];
  const outcomes = Object.entries(adoptions);
  const rows = ROWS.map(([label, cell]) => {
    const cells = outcomes.map(([, outcome]) => cell(outcome) ?? NOTHING);
    return [new Set(cells).size > 1 ? `${label} *` : label, ...cells];
  });
  const columns = [{ title: '' }, ...outcomes.map(([name]) => ({ title: name, yields: 'wrap' as const }))];
  return [
    ...title(style, 'Revisions side by side', '* differs'),
    ...table(style, columns, rows),
    ...splits.flatMap(({ revision, from, check, aspect, why }) =>
      paragraph(style, `${INDENT}${revision}  `, `parts from ${from} at ${check ?? aspect}: ${splitInWords(why)}`),
    ),
    ...(splits.length === 0 ? [`${INDENT}all do the same`] : []),
  ];
}
