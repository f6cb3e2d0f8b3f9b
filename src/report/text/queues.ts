/** `smmu-adopt queues` as text: what was pending and what it means first, the evidence after. */

import { atMost, commandErrorInWords } from '../../findings/prose/queues.ts';
import { count } from '../../findings/rules/words.ts';
import { hex, word } from '../../hex.ts';
import type { QueueEntry } from '../../queues/queue.ts';
import type { CommandError, Named, QueueReport, QueuesReport, SmmuQueues } from '../../queues/queues.ts';
import { fieldOf } from '../../smmu/fields.ts';
import type { QueueName } from '../../smmu/queues/queue.ts';
import { type Register, registerNamed } from '../../smmu/registers/registers.ts';
import { escaped, escapeText } from '../escape.ts';
import { NOT_RECONSTRUCTED } from '../prose/assumptions.ts';
import { entryInWords, entrySidsInWords, meaningOfType, typeInWords } from '../prose/queue-entries.ts';
import { queueGapInWords } from '../prose/queues.ts';
import { GROUP_COLUMNS, groupCells, whatItMeans } from './queue-groups.ts';
import { headline, INDENT, paintedParagraph, paragraph, type Style, title, unpainted } from './style.ts';
import { type Column, NOTHING, table } from './table.ts';

const NOUNS: Readonly<Record<QueueName, string>> = { event: 'event', command: 'command', pri: 'page request' };
const LABEL_WIDTH = 'page requests'.length;

/** `all`: every entry that was read, else no more than a screen holds. */
export function* queuesText(report: QueuesReport, style: Style, all: boolean): Generator<string> {
  for (const line of lines(escaped(report), style, all)) yield `${line}\n`;
}

function* lines({ smmus, captured }: QueuesReport, style: Style, all: boolean): Generator<string> {
  for (const [i, smmu] of smmus.entries()) {
    if (i > 0) yield '';
    yield* answer(style, smmu, captured === 'after-kdump-probe');
    for (const queue of smmu.queues) yield* evidence(style, queue, all);
  }
}

function* answer(
  style: Style,
  { name, queues, errors, reconstructed }: SmmuQueues,
  afterProbe: boolean,
): Generator<string> {
  const { paint } = style;
  yield* headline(style, `${name}: ${whatIsPending(queues)}`);
  const labelled = (label: string, text: string) => paragraph(style, `${INDENT}${label.padEnd(LABEL_WIDTH)}  `, text);
  if (afterProbe) {
    yield* labelled('captured', 'after the probe of the kdump kernel: these may be its own queues');
  }
  for (const queue of queues) {
    const [first = '', ...more] = [...saysOf(queue)];
    yield* labelled(`${NOUNS[queue.queue]}s`, first);
    for (const text of more) yield* labelled('', text);
  }
  for (const flag of errors ?? []) {
    const { meaning } = fieldOf(registerNamed('GERROR') as Register, flag);
    const lead = `${INDENT}${'GERROR'.padEnd(LABEL_WIDTH)}  `;
    const rest = { text: ` is active: ${meaning}`, paint: unpainted };
    yield* paintedParagraph(style, lead, [{ text: flag, paint: paint.red }, rest]);
  }
  if (errors === null) {
    yield* labelled('GERROR', `not known: ${reconstructed ? NOT_RECONSTRUCTED : 'GERROR or GERRORN was not captured'}`);
  }
}

function pendingInWords({ pending, queue, consMayLag }: QueueReport): string {
  return `${atMost(consMayLag)}${count(pending ?? 0, NOUNS[queue])}`;
}

function whatIsPending(queues: readonly QueueReport[]): string {
  const pending = queues.filter((queue) => (queue.pending ?? 0) > 0);
  const unknown = queues.filter(({ absent, pending: entries }) => !absent && entries === null);
  const parts = pending.length > 0 ? [`${pending.map(pendingInWords).join(', ')} pending`] : [];
  if (unknown.length > 0) parts.push(`pending ${unknown.map(({ queue }) => `${NOUNS[queue]}s`).join(', ')} not known`);
  if (parts.length === 0) parts.push('nothing pending');
  for (const { queue, error, overflow } of queues) {
    if (error?.active === true) parts.push(`commands stopped${error.reason === null ? '' : ` by ${error.reason}`}`);
    if (overflow === true) parts.push(`${NOUNS[queue]}s lost`);
  }
  return parts.join('; ').toUpperCase();
}

/** What one queue comes to, in sentences. */
function* saysOf(queue: QueueReport): Generator<string> {
  const { absent, base, pending, notInDump, overflow, full, older, olderNotInDump, error, enabled, consMayLag } = queue;
  if (absent) return yield `no queue: ${queueGapInWords(queue)}`;
  if (pending === null) yield `not known: ${queueGapInWords(queue)}`;
  else if (pending === 0) yield 'none pending';
  else yield* whatItMeans(queue);
  if (consMayLag && (pending ?? 0) > 0)
    yield 'CMDQ_CONS is what the driver last read: the hardware may have gone on since';
  if (notInDump > 0) yield `${notInDump} pending and not in the dump: what they say is not known`;
  if (full === true) yield 'the queue is full';
  // Events are stored again as soon as there is room.
  const after = queue.queue === 'pri' ? 'stores nothing until that is acknowledged' : 'nobody had acknowledged that';
  if (overflow === true) yield `more were lost: the queue overflowed, and ${after}`;
  if (error?.active === true) yield stopInWords(error);
  if (enabled === false) yield 'the queue was off when the registers were read';
  if (older === null) {
    if (base !== null && (pending ?? 0) === 0) yield '--all lists what the memory of the queue still holds';
    return;
  }
  const lacking = (olderNotInDump ?? 0) > 0 ? `; ${olderNotInDump} slots are not in the dump` : '';
  yield `${older || 'none'} ${pending === null ? 'in memory, new or old' : 'older, still in memory'}${lacking}`;
}

function stopInWords({ at, code }: CommandError): string {
  if (code === null) return 'stopped; CMDQ_CONS, which says where and why, was not captured';
  const meaning = commandErrorInWords(code);
  if (at === null) return `stopped: ${meaning}`;
  const what = at.words === null ? 'a command that is not in the dump,' : typeInWords(at);
  return `stopped by ${what} at ${hex(at.address)}: ${meaning}; nothing behind it was executed`;
}

const TITLES: Readonly<Record<QueueName, string>> = {
  event: 'Event queue',
  command: 'Command queue',
  pri: 'PRI queue',
};

function* evidence(style: Style, queue: QueueReport, all: boolean): Generator<string> {
  const { queue: name, base, log2Size, enabled, groups, olderGroups, notGrouped, olderNotGrouped } = queue;
  if (base === null || log2Size === null) return;
  const on = enabled === null ? '' : enabled ? ', on' : ', off';
  yield* title(style, TITLES[name], `${2 ** log2Size} entries at ${hex(base)}${on}`);
  yield* paragraph(style, INDENT, indices(queue));
  yield* groupTable(style, 'pending', queue, groups, notGrouped);
  const older = queue.pending === null ? 'in memory' : 'older';
  yield* groupTable(style, older, queue, olderGroups ?? [], olderNotGrouped ?? 0);
  const types = new Map([...groups, ...(olderGroups ?? [])].map((group) => [group.type, group]));
  // Commands say by their names what they do.
  if (name !== 'command') {
    for (const [type, group] of types) yield* paragraph(style, `${INDENT}${type}: `, meaningOfType(group));
  }
  yield* entryTable(style, queue, all);
}

function indices({ prod, cons, log2Size, cappedFrom }: QueueReport): string {
  const index = (name: string, value: number | null) => {
    if (value === null) return `${name} not known`;
    const size = 2 ** (log2Size ?? 0);
    return `${name} ${hex(value)} (index ${value % size}, wrap ${Math.floor(value / size) % 2})`;
  };
  const capped =
    cappedFrom === null ? '' : `; LOG2SIZE ${cappedFrom} is too much, the hardware takes it for ${log2Size}`;
  return `${index('PROD', prod)}, ${index('CONS', cons)}${capped}`;
}

/** A terminal has no more lines than this; JSON has all groups. */
const MAX_GROUPS_SHOWN = 24;

function* groupTable(
  style: Style,
  which: string,
  { queue }: QueueReport,
  groups: QueueReport['groups'],
  notGrouped: number,
): Generator<string> {
  if (groups.length === 0) return;
  yield* title(style, `${TITLES[queue]}, ${which}`, 'by type and stream');
  const shown = groups.slice(0, MAX_GROUPS_SHOWN);
  yield* table(
    style,
    GROUP_COLUMNS[queue],
    shown.map((group) => groupCells(queue, group)),
  );
  const rest = groups.slice(shown.length).reduce((sum, group) => sum + group.count, 0) + notGrouped;
  if (rest > 0) yield `${INDENT}and ${rest} more, of other types or streams`;
}

/** Without --all; the oldest are those that began it. */
const MAX_ENTRIES_SHOWN = 48;
/** Entries that are laid out together. */
const BATCH = 512;

const ENTRIES: readonly Column[] = [
  { title: 'Index', align: 'right' },
  { title: 'At', align: 'right' },
  { title: 'Type' },
  { title: 'SID', align: 'right' },
  { title: 'Says', yields: 'wrap' },
  { title: 'Words', yields: 'below' },
];
/** With older ones among them, which are pending. */
const PENDING: Column = { title: 'State' };

function* entryTable(style: Style, queue: QueueReport, all: boolean): Generator<string> {
  const columns = all ? [PENDING, ...ENTRIES] : ENTRIES;
  const which = queue.concerned === null ? '' : ', those of the streams asked for';
  let batch: string[][] = [];
  let listed = 0;
  let left = 0;
  const flush = function* (): Generator<string> {
    if (batch.length === 0) return;
    const laidOut = table(style, columns, batch);
    // Titles once, whatever the number of batches.
    if (listed > batch.length) laidOut.splice(0, 2);
    else yield* title(style, `${TITLES[queue.queue]}, entry by entry`, `oldest first${which}`);
    yield* laidOut;
    batch = [];
  };
  for (const entry of queue.entries) {
    if (!all && listed >= MAX_ENTRIES_SHOWN) {
      left += 1;
      continue;
    }
    const cells = entryCells(queue, entry);
    batch.push(all ? [PENDING_IN_WORDS[String(entry.pending)] ?? NOTHING, ...cells] : cells);
    listed += 1;
    if (batch.length >= BATCH) yield* flush();
  }
  yield* flush();
  if (left > 0) yield `${INDENT}and ${left} more; --all lists them`;
}

const PENDING_IN_WORDS: Readonly<Record<string, string>> = { true: 'pending', false: 'older', null: 'not known' };

function entryCells({ queue, base, log2Size }: QueueReport, entry: Named<QueueEntry>): string[] {
  const { index, address, words } = entry;
  return [
    // The same width in every batch.
    String(index).padStart(String(2 ** (log2Size ?? 0) - 1).length),
    hex(address).padStart(base === null ? 0 : hex(base).length),
    typeInWords(entry) || NOTHING,
    // Rows are made as they are gone through, so that nobody has escaped the names in them yet.
    escapeText(entrySidsInWords(entry) ?? NOTHING),
    entryInWords(queue, entry) ?? NOTHING,
    words === null ? NOTHING : words.map(word).join(' '),
  ];
}
