/** The known revisions side by side, and the first thing in which each parts from the one reported. */

import { hex } from '../../inspect/hex.ts';
import type { RevisionOutcome, SmmuReport } from '../../inspect/inspection.ts';
import { INDENT, paragraph, type Style, title } from './style.ts';
import { NOTHING, table } from './table.ts';

const ROWS: readonly [label: string, cell: (outcome: RevisionOutcome) => string][] = [
  ['verdict', ({ verdict, errno }) => verdict + (errno === null ? '' : ` (-${errno})`)],
  ['decided by', ({ checks }) => checks.find(({ result }) => result === 'fail')?.id ?? NOTHING],
  [
    'devices refused',
    ({ devices }) => {
      const refused = devices.filter(({ accepted, asked }) => accepted === false && asked !== false);
      return refused.flatMap(({ sids }) => sids.map(hex)).join(', ') || 'none';
    },
  ],
  ['attaches deferred', ({ devices }) => String(devices.filter(({ deferred }) => deferred === true).length)],
  [
    'ends in',
    ({ panic, lost }) => (panic !== null ? `panic in ${panic.where}` : lost !== null ? 'SMMU lost' : NOTHING),
  ],
  ['CR0 after reset', ({ reset }) => reset?.cr0.after ?? 'unknown'],
  ['ATSCHK after', ({ reset }) => String(reset?.atschk.after ?? 'unknown')],
  [
    'IDs reserved',
    ({ reserved, idScan }) =>
      idScan === null ? 'no scan' : `${reserved.asids.length} ASIDs, ${reserved.vmids.length} VMIDs`,
  ],
];

export function revisions(style: Style, { adoptions, splits }: SmmuReport): string[] {
  if (adoptions === null || splits === null) return [];
  const outcomes = Object.entries(adoptions);
  const rows = ROWS.map(([label, cell]) => {
    const cells = outcomes.map(([, outcome]) => cell(outcome));
    return [new Set(cells).size > 1 ? `${label} *` : label, ...cells];
  });
  const columns = [{ title: '' }, ...outcomes.map(([name]) => ({ title: name, yields: 'wrap' as const }))];
  return [
    ...title(style, 'Revisions side by side', '* differs'),
    ...table(style, columns, rows),
    ...splits.flatMap(({ revision, from, check, aspect, why }) =>
      paragraph(style, `${INDENT}${revision}  `, `parts from ${from} at ${check ?? aspect}: ${why}`),
    ),
    ...(splits.length === 0 ? [`${INDENT}all do the same`] : []),
  ];
}
