/** Tables without frames: aligned columns that fit the width, and hex that is never broken across lines. */

import CliTable3 from 'cli-table3';
import { hex } from '../../hex.ts';
import type { Cell } from '../sections/section.ts';
import { paintedProse } from './prose.ts';
import { INDENT, type Line, type Painted, type Style, unpainted, wrap, wrapPainted } from './style.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /**
   * What gives way when the table is too wide. `wrap`: prose, broken at spaces. `below`: moved to a line of its own
   * under the row, with its title, when it has something to say. `hidden`: left out, as it follows from the others.
   */
  readonly yields?: 'wrap' | 'below' | 'hidden';
}

/** What stands in a cell that has nothing to say. */
export const NOTHING = '-';

/** An address in a cell. */
export function address(value: number | bigint | null): string {
  return value === null ? NOTHING : hex(value);
}

const GAP = '  ';
/** Prose has at least this width before other columns are said below their row, ... */
const GOOD_PROSE_WIDTH = 60;
/** ... and these two where nothing else could give way. */
const MIN_PROSE_WIDTH = 24;
const MIN_WRAPPED_WIDTH = 12;

const NO_FRAME = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid']
    .flatMap((side) => [side, `${side}-mid`, `${side}-left`, `${side}-right`])
    .concat('mid-mid', 'left-mid', 'right-mid')
    .map((name) => [name, '']),
);

interface Placed extends Column {
  readonly index: number;
  width: number;
}

/** The lines of a table; `rows` are the cells of each row in the order of `columns`. */
export function table(style: Style, columns: readonly Column[], rows: readonly (readonly Cell[])[]): string[] {
  const cells = rows.map((row) => columns.map((_, i) => written(style, row[i] ?? null)));
  const layOut = rows.length > MAX_ROWS_OF_GRID ? stacked : inGrid;
  const all = columns.map((column, index): Placed => {
    const width = cells.reduce((most, row) => Math.max(most, lengthOf(row[index] ?? '')), column.title.length);
    return { ...column, index, width };
  });
  const room = style.width - INDENT.length;
  const silent = new Set(
    all.filter(({ index }) => cells.every((row) => textOf(row[index] ?? '') === NOTHING)).map(({ index }) => index),
  );
  const { shown, below } = place(all, room, silent);
  const rule = style.unicode ? '\u2500' : '-';
  const lines = [
    ...layOut(
      shown,
      shown.map(({ title, width }) => wrap(title, width).map((text) => ({ text, painted: style.paint.bold(text) }))),
    ),
    shown.map(({ width }) => style.paint.dim(rule.repeat(width))).join(GAP),
  ];
  for (const row of cells) {
    const line = plainLine(shown, row);
    if (line !== null) lines.push(line);
    else {
      const cellLines = shown.map(({ index, width }) => linesOf(row[index] ?? '', width));
      lines.push(...layOut(shown, cellLines));
    }
    const said = below.filter(({ index }) => textOf(row[index] ?? '') !== NOTHING);
    if (said.length > 0) {
      const parts = said.flatMap(({ title, index }, i) => [
        { text: `${i > 0 ? GAP : ''}${title} `, paint: style.paint.dim },
        ...partsOf(row[index] ?? ''),
      ]);
      lines.push(...wrapPainted(parts, room - INDENT.length).map(({ painted }) => INDENT + painted));
    }
  }
  return lines.map((line) => INDENT + line.trimEnd());
}

/** A row without colours that fits, as most of a table of millions do; null for any other. */
function plainLine(columns: readonly Placed[], row: readonly Written[]): string | null {
  const isWide = ({ index, width }: Placed) => typeof row[index] !== 'string' || row[index].length > width;
  if (columns.some(isWide)) return null;
  const cells = row as readonly string[];
  const padded = ({ index, width, align }: Placed) =>
    align === 'right' ? cells[index]?.padStart(width) : cells[index]?.padEnd(width);
  return columns.map(padded).join(GAP);
}

/** What is written in a cell: plain text, as most of it is, or text in colours. */
type Written = string | readonly Painted[];

function written(style: Style, cell: Cell): Written {
  if (cell === null) return NOTHING;
  return typeof cell === 'object' ? paintedProse(style, cell) : String(cell);
}

function textOf(cell: Written): string {
  return typeof cell === 'string' ? cell : cell.map(({ text }) => text).join('');
}

function lengthOf(cell: Written): number {
  return typeof cell === 'string' ? cell.length : cell.reduce((sum, { text }) => sum + text.length, 0);
}

function partsOf(cell: Written): readonly Painted[] {
  return typeof cell === 'string' ? [{ text: cell, paint: unpainted }] : cell;
}

function linesOf(cell: Written, width: number): readonly (string | Line)[] {
  return typeof cell === 'string' ? wrap(cell, width) : wrapPainted(cell, width);
}

/** Which columns are shown how wide, and which below their rows, so that it all fits. `silent` ones say nothing at all. */
function place(
  all: readonly Placed[],
  room: number,
  silent: ReadonlySet<number>,
): { shown: Placed[]; below: Placed[] } {
  let shown = [...all];
  const below: Placed[] = [];
  const leastOf = ({ yields, width }: Placed, least: number) => (yields === 'wrap' ? Math.min(width, least) : width);
  const fits = (least: number) =>
    shown.reduce((sum, column) => sum + leastOf(column, least) + GAP.length, -GAP.length) <= room;
  const give = (yields: 'below' | 'hidden', which: (column: Placed) => boolean) => {
    for (const column of shown.toReversed()) {
      if (column.yields !== yields || !which(column) || fits(GOOD_PROSE_WIDTH)) continue;
      shown = shown.filter((one) => one !== column);
      if (yields === 'below') below.unshift(column);
    }
  };
  give('below', ({ index }) => silent.has(index));
  give('hidden', () => true);
  give('below', () => true);
  // There is nothing left that is meant to give way: as much of the row as there is room for, the rest under it.
  while (!fits(MIN_WRAPPED_WIDTH) && shown.length > 1) below.unshift(shown.pop() as Placed);
  squeeze(shown, room - GAP.length * (shown.length - 1), fits(MIN_PROSE_WIDTH) ? MIN_PROSE_WIDTH : MIN_WRAPPED_WIDTH);
  return { shown, below };
}

/** The widest prose gives first, until the columns are `room` wide together. */
function squeeze(shown: readonly Placed[], room: number, least: number): void {
  const excess = () => shown.reduce((sum, { width }) => sum + width, 0) - room;
  const [only] = shown;
  if (shown.length === 1 && only !== undefined) only.width = Math.min(only.width, room);
  const prose = shown.filter(({ yields, width }) => yields === 'wrap' && width > least);
  while (excess() > 0 && prose.length > 0) {
    prose.sort((a, b) => b.width - a.width);
    const [widest, next] = prose as [Placed, Placed | undefined];
    const target = Math.max(least, (next?.width ?? 0) - 1, widest.width - excess());
    if (widest.width === target) return;
    widest.width = target;
  }
}

/** Tables of more rows than a screen has are laid out by hand: cli-table3 takes a minute for half a million. */
const MAX_ROWS_OF_GRID = 64;

/** The lines of one row. Only one with cells of several lines needs a layout. */
type LayOut = (columns: readonly Placed[], cells: readonly (readonly (string | Line)[])[]) => string[];

/** Row by row, because cli-table3 compares each cell with all others. */
const inGrid: LayOut = (columns, cells) => {
  const padded = padCells(columns, cells);
  if (padded.every(({ length }) => length === 1)) return [padded.join(GAP)];
  const grid = new CliTable3({
    chars: { ...NO_FRAME, middle: GAP },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
    colWidths: columns.map(({ width }) => width),
    colAligns: columns.map(({ align }) => align ?? 'left'),
  });
  grid.push(padded.map((lines) => lines.join('\n')));
  return grid.toString().split('\n');
};

/** The same lines. */
const stacked: LayOut = (columns, cells) => {
  const padded = padCells(columns, cells);
  const height = padded.reduce((most, { length }) => Math.max(most, length), 0);
  if (height === 1) return [padded.join(GAP)];
  return Array.from({ length: height }, (_, line) =>
    padded.map((lines, i) => lines[line] ?? ' '.repeat(columns[i]?.width ?? 0)).join(GAP),
  );
};

function padCells(columns: readonly Placed[], cells: readonly (readonly (string | Line)[])[]): string[][] {
  return columns.map(({ width, align }, i) =>
    (cells[i] ?? []).map((line) => {
      const { text, painted } = typeof line === 'string' ? { text: line, painted: line } : line;
      if (text.length >= width) return painted;
      const space = ' '.repeat(width - text.length);
      return align === 'right' ? space + painted : painted + space;
    }),
  );
}
