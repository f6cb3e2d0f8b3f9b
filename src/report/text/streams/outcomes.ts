/** What the revisions of the series do with one stream: in a sentence each, and side by side. */

import { foundAndRequired, requiredInWords } from '../../../findings/prose/evidence.ts';
import { remapReasonInWords } from '../../../findings/prose/memory.ts';
import { neighbours, revisionsInWords } from '../../../findings/prose/revisions.ts';
import { SCAN_RULES, scanObservedInWords } from '../../../findings/prose/scan.ts';
import { hex } from '../../../hex.ts';
import type { StreamOutcome, StreamReport } from '../../../inspect/stream.ts';
import { groupBy } from '../../../lists.ts';
import { DEFERRAL_ENDS } from '../../prose/adoption/deferral.ts';
import { INDENT, paragraph, type Style, title } from '../style.ts';
import { NOTHING, table } from '../table.ts';

/** One sentence for all revisions that do the same. */
export function outcomesInWords(style: Style, { revisions }: StreamReport): string[] {
  const said = Object.entries(revisions).map(([name, outcome]): Said => [name, inWords(outcome)]);
  return alikeInWords(said).flatMap((text) => paragraph(style, INDENT, text));
}

/** What is to be said of a revision. */
type Said = readonly [revision: string, text: string];

/** Each text once, behind all revisions that it is said of. */
function alikeInWords(said: readonly Said[]): string[] {
  return [...groupBy(said, ([, text]) => text)].map(
    ([text, list]) => `${revisionsInWords(list.map(([name]) => name))}: ${text}`,
  );
}

function inWords({ verdict, errno, fate, decidedBy, panic, lost, insert, device }: StreamOutcome): string {
  switch (verdict) {
    case 'not-attempted':
      return `no adoption is attempted (${decidedBy?.id}); ${inNewTable(fate, 'in the new table')}`;
    case 'fallback':
      return `the table is rejected (-${errno} at ${decidedBy?.id}); ${inNewTable(fate, 'after the reset')}`;
    case 'never-programmed':
      return `the table is rejected (-${errno} at ${decidedBy?.id}), and the SMMU goes on with it all the same: what is written for the stream goes into a table that is never programmed`;
    case 'probe-fails':
      return `the probe of the SMMU fails (-${errno} at ${decidedBy?.id}); the entry stays, and its device gets no domain`;
    case 'indeterminate':
      return 'cannot be told: the dump lacks what decides about the adoption';
    case 'panic':
      return `the kernel dies in the adoption, reading ${hex(panic?.address ?? 0)}`;
    case 'adopted':
      if (panic !== null) return `adopted; the kernel dies in ${panic.where}, reading ${hex(panic.address)}`;
      if (insert === null || insert.ret === null) return 'adopted; whether a device is accepted cannot be told';
      if (insert.ret < 0) {
        const lostToo = lost === null ? '' : ', and the whole SMMU is lost with it';
        return `adopted; a device is refused (-${insert.errno})${lostToo}`;
      }
      return `adopted; a device is accepted, its attach ${attach(device?.deferred ?? null)}`;
  }
}

/** Of a stream whose table is not adopted. */
function inNewTable({ kind }: StreamOutcome['fate'], where: string): string {
  if (kind === 'unknown') return 'whether there is memory for a new one cannot be told';
  if (kind === 'probe-fails')
    return 'there is no memory for a new one, and the probe of the SMMU fails: the entry stays, and its device gets no domain';
  return `${where} the stream aborts until its device is attached`;
}

function attach(deferred: boolean | null): string {
  if (deferred === null) return 'deferred or not, which cannot be told';
  return deferred
    ? 'deferred: the entry stays until its first DMA mapping'
    : 'made at once: the entry that Linux reads is replaced';
}

const ROWS: readonly [label: string, cell: (outcome: StreamOutcome) => string][] = [
  ['adoption', ({ verdict, errno }) => verdict + (errno === null ? '' : ` (-${errno})`)],
  ['decided by', ({ decidedBy }) => decidedBy?.id ?? NOTHING],
  [
    'device inserted',
    ({ insert }) =>
      insert === null ? NOTHING : insert.ret === null ? 'unknown' : insert.ret === 0 ? 'accepted' : `-${insert.errno}`,
  ],
  [
    'L2 table mapped',
    ({ insert }) => {
      const mapping = insert?.mappings.at(-1);
      if (mapping === undefined) return insert?.fresh ? 'a new one, all abort' : NOTHING;
      return mapping.ok
        ? hex(mapping.address) + (mapping.why === null ? '' : ` (${remapReasonInWords(mapping.why)})`)
        : `FAILED: ${mapping.why && remapReasonInWords(mapping.why)}`;
    },
  ],
  [
    'attach',
    ({ device, insert }) => {
      if (insert?.ret !== 0 || device === null) return NOTHING;
      return device.deferred === null ? 'unknown' : device.deferred ? 'deferred' : 'at once';
    },
  ],
  ['ID scan', scanCell],
  ['ends in', endsIn],
];

function endsIn({ panic, lost, fate }: StreamOutcome): string {
  if (panic !== null) return 'panic';
  if (lost !== null) return 'SMMU lost';
  return fate.kind === 'probe-fails' && fate.after !== null ? 'probe fails: no memory' : NOTHING;
}

function scanCell({ scan }: StreamOutcome): string {
  if (scan === null) return 'none';
  const own = scan.failures.map(({ rule, stopsHere }) => rule + (stopsHere ? ' (STOPS)' : ''));
  if (scan.stopsElsewhere) own.push('stops elsewhere');
  if (own.length > 0) return own.join(', ');
  return scan.outcome === 'unknown' ? 'cannot be told' : 'passes';
}

/** The evidence, which is too long for a cell. */
function* evidence({ decidedBy, scan }: StreamOutcome): Generator<string> {
  if (decidedBy !== null) yield `${decidedBy.id}: ${foundAndRequired(decidedBy)}`;
  for (const { rule, cd, observed, required, stopsHere } of scan?.failures ?? []) {
    // Then it is what the check has observed.
    if (stopsHere) continue;
    const where = cd === null ? '' : `${cd.level === 'cd' ? 'CD' : 'CD L1'}[${cd.index}] at ${hex(cd.address)}: `;
    yield `${rule}: ${where}${SCAN_RULES[rule]}: ${scanObservedInWords(observed)}; required: ${requiredInWords(required)}`;
  }
}

export function outcomes(style: Style, report: StreamReport): string[] {
  const named = neighbours(Object.entries(report.revisions), ([, outcome]) =>
    JSON.stringify(ROWS.map(([, cell]) => cell(outcome))),
  ).map(([, list]) => [list.map(([name]) => name), (list[0] as [string, StreamOutcome])[1]] as const);
  const rows = ROWS.map(([label, cell]) => {
    const cells = named.map(([, outcome]) => cell(outcome));
    return [new Set(cells).size > 1 ? `${label} *` : label, ...cells];
  }).filter(([, ...cells]) => cells.some((text) => text !== NOTHING));
  const columns = [
    { title: '' },
    ...named.map(([names]) => ({ title: revisionsInWords(names), yields: 'wrap' as const })),
  ];
  const said = Object.entries(report.revisions).flatMap(([name, outcome]) =>
    [...evidence(outcome)].map((text): Said => [name, text]),
  );
  const deferred = named.some(([, { insert, device }]) => insert !== null && device?.deferred === true);
  return [
    ...title(style, 'What each revision does with it', named.length > 1 ? '* differs' : ''),
    ...table(style, columns, rows),
    ...alikeInWords(said).flatMap((text) => paragraph(style, INDENT, text)),
    ...(deferred ? paragraph(style, INDENT, `the deferral ends with ${DEFERRAL_ENDS}`) : []),
  ];
}
