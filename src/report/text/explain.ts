/** `smmu-adopt explain` as text: the list of all names, and one of them in full. */

import type { Explained, ExplainedGroup } from '../../findings/explanations/catalogue.ts';
import { reachInWords } from '../prose/findings.ts';
import { paragraph, type Style, title } from './style.ts';
import { type Column, table } from './table.ts';

/** A name, with its severity if it is a finding, and its line. */
const LIST: readonly Column[] = [{ title: '' }, { title: '' }, { title: '', yields: 'wrap' }];
/** Two lines of column titles, which say nothing here. */
const TITLE_LINES = 2;

export function* explainList(groups: readonly ExplainedGroup[], style: Style): Generator<string> {
  for (const [i, group] of groups.entries()) {
    for (const line of title(style, group.title).slice(i === 0 ? 1 : 0)) yield `${line}\n`;
    const rows = group.entries.map(({ name, severity, title: says }) =>
      severity === null ? [name, says] : [name, severity, says],
    );
    const columns = rows.some(([, , third]) => third !== undefined) ? LIST : LIST.slice(1);
    for (const line of table(style, columns, rows).slice(TITLE_LINES)) yield `${line}\n`;
  }
  yield '\n';
  for (const line of paragraph(style, '', '`smmu-adopt explain NAME` says what one means, and where to look next.')) {
    yield `${line}\n`;
  }
}

export function* explainReport(entries: readonly Explained[], style: Style): Generator<string> {
  for (const [i, entry] of entries.entries()) {
    if (i > 0) yield '\n';
    for (const line of lines(entry, style)) yield `${line}\n`;
  }
}

const KINDS: Readonly<Record<Explained['kind'], string>> = {
  finding: 'finding',
  check: 'check of the driver',
  'scan-rule': 'rule of the ID scan',
  event: 'event',
  'command-error': 'error of the command queue',
  'global-error': 'global error',
  message: 'message of the driver',
  topic: 'topic',
};

function* lines(entry: Explained, style: Style): Generator<string> {
  const about = KINDS[entry.kind] + (entry.severity === null ? '' : `, ${entry.severity}`);
  const affected = reachInWords(entry);
  yield* title(style, entry.name, about).slice(1);
  yield* paragraph(style, '', entry.title);
  yield '';
  yield* labelled(style, 'meaning', [entry.meaning]);
  if (affected !== '') yield* labelled(style, 'reach', [affected]);
  yield* labelled(style, 'hardware', [entry.hardware]);
  yield* labelled(
    style,
    'kernel',
    entry.kernel.map(({ revisions, does }) => (revisions === 'all' ? does : `${revisions}: ${does}`)),
  );
  yield* labelled(style, entry.kind === 'topic' ? 'carriers' : 'causes', entry.causes, '- ');
  yield* labelled(style, 'look at', entry.next, '- ');
  yield* labelled(style, 'see', entry.references, '- ');
}

const LABEL_WIDTH = 10;

/** Paragraphs beside one label, each behind its bullet. */
function* labelled(style: Style, label: string, texts: readonly string[], bullet = ''): Generator<string> {
  for (const [i, text] of texts.entries()) {
    const beside = i === 0 ? style.paint.bold(label) + ' '.repeat(LABEL_WIDTH - label.length) : ' '.repeat(LABEL_WIDTH);
    yield* paragraph(style, beside + bullet, text);
  }
}
