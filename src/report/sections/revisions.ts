/** What do the known revisions of the series do, and where does each part from the one reported? */

import { failed } from '../../adopt/checks.ts';
import { splitInWords } from '../../findings/prose/split.ts';
import { hex } from '../../hex.ts';
import type { RevisionOutcome, SmmuReport } from '../../inspect/inspection.ts';
import { ADOPTION_WORDS } from '../prose/fate.ts';
import { count } from '../prose/quantities.ts';
import { logLines } from './log.ts';
import { code, facts, notes, type Row, type Section } from './section.ts';

/** A hostile dump can have every device refused; a cell is for a handful. */
const MAX_REFUSED_NAMED = 16;

/** What is compared. Null where there is nothing to say. */
const ROWS: readonly [label: string, cell: (outcome: RevisionOutcome) => string | null][] = [
  ['Verdict', ({ verdict, errno }) => ADOPTION_WORDS[verdict].text + (errno === null ? '' : ` (-${errno})`)],
  ['Decided by', ({ decidedBy }) => failed(decidedBy)?.id ?? null],
  ['Devices refused', devicesRefused],
  ['Attaches deferred', ({ devices }) => String(devices.filter(({ deferred }) => deferred === true).length)],
  ['Ends in', endsIn],
  ['CR0 after the reset', ({ reset }) => known(reset?.cr0.after, hex)],
  ['ATSCHK after it', ({ reset }) => known(reset?.atschk.after, String)],
  [
    'IDs reserved',
    ({ reserved, idScan }) =>
      idScan === null ? 'no scan' : `${count(reserved.asids.length, 'ASID')}, ${count(reserved.vmids.length, 'VMID')}`,
  ],
];

function known(value: number | null | undefined, shown: (value: number) => string): string {
  return value === null || value === undefined ? 'unknown' : shown(value);
}

function devicesRefused({ devices }: RevisionOutcome): string {
  const refused = devices.filter(({ fate }) => fate === 'refused').flatMap(({ sids }) => sids);
  const more = refused.length - MAX_REFUSED_NAMED;
  const named = refused.slice(0, MAX_REFUSED_NAMED).map(hex).join(', ') || 'none';
  return more > 0 ? `${named} and ${more} more` : named;
}

function endsIn({ fate, panic }: RevisionOutcome): string | null {
  if (fate.kind === 'kernel-dies') return `panic in ${panic?.where}`;
  return fate.kind === 'smmu-lost' ? 'SMMU lost' : null;
}

/** Null unless all revisions were asked for. */
export function revisions({ adoptions, splits, adoption, name }: SmmuReport): Section | null {
  if (adoptions === null || splits === null) return null;
  const outcomes = Object.entries(adoptions);
  const rows = ROWS.map(([label, text]): Row => {
    const cells = outcomes.map(([, outcome]) => text(outcome));
    const differs = new Set(cells).size > 1;
    return { tone: differs ? 'warn' : 'plain', cells: [differs ? `${label} *` : label, ...cells] };
  });
  const titles = outcomes.map(([revision]) => ({
    title: revision === adoption.revision ? `${revision}, as above` : revision,
  }));
  const logs = outcomes.map(([revision, { kernelLog }]) => ({
    cells: [revision, count(kernelLog.length, 'line')],
    inside: () => [logLines(name, kernelLog)],
  }));
  return {
    id: 'revisions',
    title: 'Revisions side by side',
    short: 'Revisions',
    aside: '* differs',
    blocks: [
      { table: { label: 'Revisions', columns: [{ title: '' }, ...titles], rows } },
      notes(splits.length === 0 && `No other parts from ${adoption.revision}.`),
      facts(
        splits.map(({ revision, from, check, aspect, why }) => [
          revision,
          [`parts from ${from} at `, code(check ?? aspect), `: ${splitInWords(why)}`],
        ]),
      ),
      { table: { label: 'The log of each', columns: [{ title: 'Revision' }, { title: 'Prints' }], rows: logs } },
    ],
  };
}
