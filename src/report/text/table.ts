/** Tables without frames: aligned columns that fit the width, and hex that is never broken across lines. */

import CliTable3 from 'cli-table3';
import { hex } from '../../hex.ts';
import { INDENT, type Style, wrap } from './style.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /**
   * What gives way when the table is too wide. `wrap`: prose, broken at spaces. `below`: moved to a line of its own
   * under the row, with its title, when it has something to say.
   */
  readonly yields?: 'wrap' | 'below';
  /** Colour for a cell, by what stands in it. */
  readonly paint?: (text: string, paint: Style['paint']) => string;
}

/** What stands in a cell that has nothing to say. */
export const NOTHING = '-';

/** An address in a cell. */
export function address(value: number | bigint | null): string {
  return value === null ? NOTHING : hex(value);
}

/** A cell's colour: red for what went wrong. */
export function redIf(wrong: (text: string) => boolean): NonNullable<Column['paint']> {
  return (text, paint) => (wrong(text) ? paint.red(text) : text);
}

const GAP = '  ';
/** Narrower than this, prose is harder to read than a table that is too wide. */
const MIN_PROSE_WIDTH = 24;

const NO_FRAME = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid']
    .flatMap((side) => [side, `${side}-mid`, `${side}-left`, `${side}-right`])
    .concat('mid-mid', 'left-mid', 'right-mid')
    .map((name) => [name, '']),
);

/** The lines of a table; `rows` are the cells of each row in the order of `columns`. */
export function table(style: Style, columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const all = columns.map((column, index) => ({
    ...column,
    index,
    width: Math.max(column.title.length, ...rows.map((row) => row[index]?.length ?? 0)),
  }));
  const room = style.width - INDENT.length;
  const widthOf = (list: typeof all) => list.reduce((sum, { width }) => sum + width, GAP.length * (list.length - 1));
  const below = widthOf(all) > room ? all.filter(({ yields }) => yields === 'below') : [];
  const shown = all.filter((column) => !below.includes(column));
  const excess = widthOf(shown) - room;
  const prose = shown.filter(({ yields }) => yields === 'wrap');
  if (excess > 0 && prose.length > 0) {
    // The widest gives first.
    const widest = prose.reduce((a, b) => (b.width > a.width ? b : a));
    const others = prose.filter((column) => column !== widest);
    widest.width = Math.max(MIN_PROSE_WIDTH, widest.width - excess);
    const rest = widthOf(shown) - room;
    const [second] = others.sort((a, b) => b.width - a.width);
    if (rest > 0 && second !== undefined) second.width = Math.max(MIN_PROSE_WIDTH, second.width - rest);
  }

  const lines = [
    ...layOut(
      shown,
      shown.map(({ title, width, align }) => pad(title, width, align).replace(title, style.paint.bold(title))),
    ),
    ...layOut(
      shown,
      shown.map(({ width }) => style.paint.dim((style.unicode ? '\u2500' : '-').repeat(width))),
    ),
  ];
  for (const row of rows) {
    const cells = shown.map(({ index, width, yields, align, paint }) => {
      const text = cell(row[index] ?? '', width, yields);
      const padded = pad(text, width, align);
      return paint === undefined ? padded : padded.replace(text, paint(text, style.paint));
    });
    lines.push(...layOut(shown, cells));
    const said = below.filter(({ index }) => (row[index] ?? NOTHING) !== NOTHING);
    if (said.length > 0) {
      const text = said.map(({ title, index }) => `${title} ${row[index]}`).join(GAP);
      lines.push(...wrap(text, room - INDENT.length).map((line) => INDENT + line));
    }
  }
  return lines.map((line) => INDENT + line.trimEnd());
}

function pad(text: string, width: number, align: Column['align']): string {
  return align === 'right' ? text.padStart(width) : text.padEnd(width);
}

/**
 * The lines of one row. Its cells are padded already, so only those of several lines need a layout; row by row, because
 * cli-table3 compares each cell with all others.
 */
function layOut(columns: readonly Column[], cells: string[]): string[] {
  if (!cells.some((text) => text.includes('\n'))) return [cells.join(GAP)];
  const grid = new CliTable3({
    chars: { ...NO_FRAME, middle: GAP },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
    colAligns: columns.map(({ align }) => align ?? 'left'),
  });
  grid.push(cells);
  return grid.toString().split('\n');
}

/** Prose in lines, the first as wide as the column, so that the row lines up with the others. */
function cell(text: string, width: number, yields: Column['yields']): string {
  if (yields !== 'wrap' || text.length <= width) return text;
  const [first = '', ...rest] = wrap(text, width);
  return [first.padEnd(width), ...rest].join('\n');
}
