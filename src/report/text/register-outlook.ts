/** What the registers alone tell of a kdump, as text. */

import type { QueueMemories } from '../../adopt/queue-memory.ts';
import type { AdoptionByRegisters } from '../../adopt/registers-alone.ts';
import { hex } from '../../hex.ts';
import type { RegisterOutlook, TableReach } from '../../inspect/register-outlook.ts';
import { inUnits } from './bytes.ts';
import { INDENT, paragraph, type Style, title } from './style.ts';
import { type Column, NOTHING, table } from './table.ts';

export function* outlookLines({ table: reach, adoptions, queues }: RegisterOutlook, style: Style): Generator<string> {
  yield* title(style, 'In a kdump', 'as far as the registers tell');
  const assumed = [...new Set(adoptions.flatMap((one) => one.assumed))];
  const facts: [label: string, text: string][] = [
    ['Stream table', reachInWords(reach)],
    ...alike(adoptions, adoptionInWords).map(([text, list], i): [string, string] => [
      i === 0 ? 'Adoption' : '',
      `${joined(list.map(({ revision }) => revision))}: ${text}`,
    ]),
    ...(assumed.length > 0 ? [['Assumed', `${assumed.join(', ')}: see Missing`] as [string, string]] : []),
  ];
  for (const [label, text] of facts) yield* paragraph(style, `${INDENT}${label.padEnd(LABEL_WIDTH)}`, text);
  yield* queueLines(queues, style);
}

const LABEL_WIDTH = 'Stream table  '.length;
const FORMATS: Readonly<Record<TableReach['format'], string>> = {
  '2lvl': 'two-level',
  linear: 'linear',
  reserved: 'of a reserved format, which hardware takes as linear',
};

function reachInWords({ format, base, byteLength, coveredBits, sidBits }: TableReach): string {
  const of = sidBits === null ? `${coveredBits} bits` : `${coveredBits} of ${sidBits} bits`;
  const beyond = sidBits !== null && coveredBits < sidBits ? '; any greater one is answered with C_BAD_STREAMID' : '';
  const level = format === '2lvl' ? ' its first level' : '';
  return `${of} of a StreamID, 0x0 to ${hex(2 ** coveredBits - 1)}${beyond}. It is ${FORMATS[format]}, at ${hex(base)},${level} ${inUnits(byteLength)}`;
}

function adoptionInWords({ outcome, decidedBy, log }: AdoptionByRegisters): string {
  if (outcome === 'open') return 'attempted. Nothing in the registers stands in its way: the tables in memory decide';
  const why = decidedBy === null ? '' : `: ${decidedBy.id} found ${decidedBy.observed}, required ${decidedBy.required}`;
  const printed = log.filter(({ level }) => level === 'err' || level === 'warn').map(({ text }) => `"${text}"`);
  const says = printed.length === 0 ? '' : `. The kernel prints ${joined(printed)}`;
  return `${outcome === 'fails' ? 'attempted, and falls back to a full reset' : 'not attempted'}${why}${says}`;
}

const QUEUE_TITLES = { command: 'Command', event: 'Event', pri: 'PRI' } as const;

function* queueLines({ queues, builds }: QueueMemories, style: Style): Generator<string> {
  const columns: Column[] = [
    { title: 'Kernel', yields: 'wrap' },
    ...queues.map(({ queue }): Column => ({ title: QUEUE_TITLES[queue], align: 'right' })),
    { title: 'Together', align: 'right' },
  ];
  const cells = (bytes: readonly (number | null)[]) => [
    ...bytes.map((one) => (one === null ? NOTHING : inUnits(one))),
    bytes.includes(null) ? NOTHING : inUnits(bytes.reduce<number>((sum, one) => sum + (one ?? 0), 0)),
  ];
  const rows = [
    ['the one that programmed them', ...cells(queues.map(({ programmedBytes }) => programmedBytes))],
    ...alike(builds ?? [], ({ bytes }) => cells(bytes).join(' ')).map(([, list]) => [
      list.map(buildInWords).join('; '),
      ...cells(list[0]?.bytes ?? []),
    ]),
  ];
  yield* title(style, 'Queues', 'memory that they take of a kdump kernel');
  yield* table(style, columns, rows);
  const only = queues.find(({ queue }) => queue === 'event')?.allocatedBy ?? [];
  const notes = [
    ...(builds === null ? ['How much the hardware permits is not known without IDR1.'] : []),
    `Every revision allocates a command queue; what else there is, which stays off, ${joined(only)} alone.`,
    'A kdump kernel that is built like the one that programmed them takes as much as that one. A kernel that does not get so much in one piece tries half of it, and so on down to a page.',
  ];
  for (const note of notes) yield* paragraph(style, INDENT, note);
}

function buildInWords({ pageSize, cmaAlignment }: NonNullable<QueueMemories['builds']>[number]): string {
  return `${inUnits(pageSize)} pages, ${cmaAlignment === null ? 'no DMA_CMA' : `CMA_ALIGNMENT ${cmaAlignment}`}`;
}

/** Things of which the same is to be said, in the order in which they come. */
function alike<T>(list: readonly T[], said: (one: T) => string): [text: string, list: T[]][] {
  const groups = new Map<string, T[]>();
  for (const one of list) {
    const text = said(one);
    groups.set(text, [...(groups.get(text) ?? []), one]);
  }
  return [...groups];
}

function joined(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}
