/** How does a section look as text? Title, terms, tables, notes: whatever it is about. */

import type { Block, Fact, Item, LogEntry, Prose, Row, Section, Table } from '../sections/section.ts';
import { plainText } from '../sections/section.ts';
import { paintedProse, toneColour } from './prose.ts';
import { INDENT, paintedParagraph, paragraph, type Style, title, wrap } from './style.ts';
import { NOTHING, type Column as TextColumn, table } from './table.ts';

/** The lines of a section, an empty one first. */
export function* sectionLines(style: Style, { title: text, aside, blocks }: Section): Generator<string> {
  yield* title(style, text, aside === undefined ? '' : plainText(aside));
  for (const block of blocks) yield* blockLines(style, block);
}

/** The lines of one part of a section. */
export function* blockLines(style: Style, block: Block): Generator<string> {
  if ('facts' in block) yield* factLines(style, block.facts);
  else if ('table' in block) yield* tableLines(style, block.table);
  else if ('notes' in block) for (const note of block.notes) yield* proseLines(style, INDENT, note);
  else if ('log' in block) yield* logLines(style, block.log);
  else for (const item of block.items) yield* itemLines(style, item);
}

/** Prose behind `lead`, as far as the width goes. */
export function proseLines(style: Style, lead: string, prose: Prose): string[] {
  return paintedParagraph(style, lead, paintedProse(style, prose));
}

function* factLines(style: Style, facts: readonly Fact[]): Generator<string> {
  const width = facts.reduce((most, [term]) => Math.max(most, term.length), 0);
  for (const [term, said] of facts) {
    const lead = `${INDENT}${term.padEnd(width)}  `;
    const isCommand = typeof said === 'object' && 'kind' in said && said.kind === 'command';
    yield* isCommand ? commandLines(style, lead, plainText(said)) : proseLines(style, lead, said);
  }
}

/** A line for a shell, which goes on behind a backslash; what is quoted stays in one piece. */
function commandLines({ width }: Style, lead: string, command: string): string[] {
  const whole = command.replace(/'[^']*'/g, (quoted) => quoted.replaceAll(' ', QUOTED_SPACE));
  const lines = wrap(whole, width - lead.length - CONTINUED.length).map((line) => line.replaceAll(QUOTED_SPACE, ' '));
  return lines.map(
    (line, i) => (i === 0 ? lead : ' '.repeat(lead.length)) + line + (i === lines.length - 1 ? '' : CONTINUED),
  );
}

const CONTINUED = ' \\';
const QUOTED_SPACE = '\u0000';

function logLines(style: Style, entries: readonly LogEntry[]): string[] {
  return entries.flatMap(({ level, text }) => paragraph(style, `${INDENT}${level.padEnd(5)}  `, text));
}

function itemLines(style: Style, { tone, label, text, rule, evidence, kernel }: Item): string[] {
  const { paint } = style;
  const padded = label.padEnd('warning'.length);
  const width = INDENT.length + padded.length + 2;
  const colour = tone === 'plain' ? paint.cyan : toneColour(paint, tone);
  const under = ' '.repeat(width);
  const dim = (line: string) => paint.dim(line);
  const said = evidence.map(plainText).join(', ');
  return [
    ...paragraph(style, `${INDENT}${colour(padded)}  `, `${text} [${rule}]`),
    ...(said === '' ? [] : paragraph(style, under, said).map(dim)),
    ...(kernel === null ? [] : paragraph(style, under, `kernel: ${kernel}`).map(dim)),
  ];
}

/** Rows laid out together. Enough for any real machine's table at once; a longer one is laid out again and again. */
const CHUNK_ROWS = 1000;

/** Rows of one table, which nobody reads to its end; the machine formats have more. */
const MAX_ROWS = 1 << 16;

function* tableLines(style: Style, { columns, rows, total = null, none, most = MAX_ROWS }: Table): Generator<string> {
  let chunk: Row[] = [];
  let number = 0;
  for (const row of rows) {
    number += 1;
    if (number > most) {
      if (total === null) continue;
      number = total;
      break;
    }
    chunk.push(row);
    if (chunk.length < CHUNK_ROWS) continue;
    yield* chunkLines(style, columns, chunk);
    chunk = [];
  }
  if (chunk.length > 0) yield* chunkLines(style, columns, chunk);
  if (number > most) yield `${INDENT}and ${number - most} more, which the JSON report has`;
  if (number === 0 && none !== undefined) yield* paragraph(style, INDENT, none);
}

function chunkLines(style: Style, columns: Table['columns'], rows: readonly Row[]): string[] {
  const shown = columns
    .map((column, i) => ({ ...column, i }))
    .filter(({ optional, i }) => optional !== true || rows.some(({ cells }) => (cells[i] ?? null) !== null));
  const textColumns = shown.map(({ title: text, kind = 'prose', yields }): TextColumn => {
    const gives = yields ?? (kind === 'prose' ? 'wrap' : undefined);
    return {
      title: text,
      align: kind === 'number' ? 'right' : 'left',
      ...(gives === undefined ? {} : { yields: gives }),
    };
  });
  return table(
    style,
    textColumns,
    rows.map(({ cells }) => shown.map(({ i }) => cells[i] ?? NOTHING)),
  );
}
