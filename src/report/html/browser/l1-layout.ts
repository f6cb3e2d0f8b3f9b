/**
 * Where each cell of the L1 map lies. Cells stand in rows of a power of two, which makes StreamIDs easy to read. Where not
 * every row has room at a size that one can point at, rows in which nothing is in use are drawn together to a gap: large
 * tables are mostly empty.
 */

/** A run of rows: shown one below the other, or a gap. */
interface Band {
  readonly firstRow: number;
  readonly rows: number;
  readonly top: number;
  readonly gap: boolean;
}

const SIZES = [24, 20, 16, 14, 12, 10, 8, 6, 5, 4, 3, 2];
/** Smaller cells than this are hard to point at: rather leave empty rows out. */
const COMFORTABLE = 8;
export const GAP_HEIGHT = 8;

export class L1Layout {
  readonly size: number;
  readonly columns: number;
  readonly height: number;
  readonly #bands: readonly Band[];
  readonly #count: number;

  /** The largest cells with which the picture is no higher than `maxHeight`; the smallest there are when none is. */
  constructor(count: number, width: number, maxHeight: number, inUse: (cell: number) => boolean) {
    this.#count = count;
    const columnsFor = (size: number) =>
      Math.min(2 ** Math.floor(Math.log2(Math.max(1, width / size))), 2 ** Math.ceil(Math.log2(count)));
    const smallest = SIZES.at(-1) as number;
    const whole = SIZES.find((size) => size >= COMFORTABLE && Math.ceil(count / columnsFor(size)) * size <= maxHeight);
    const candidates = whole === undefined ? SIZES.filter((size) => size <= 16) : [whole];
    let size = smallest;
    let bands: Band[] = [];
    for (size of candidates) {
      const rows = Math.ceil(count / columnsFor(size));
      bands =
        whole === undefined
          ? shownRows(rows, size, columnsFor(size), count, inUse)
          : [{ firstRow: 0, rows, top: 0, gap: false }];
      if (heightOf(bands, size) <= maxHeight) break;
    }
    this.size = size;
    this.columns = columnsFor(size);
    this.#bands = bands;
    this.height = heightOf(bands, size);
  }

  /** Cells that are drawn, row by row. */
  *rows(): Generator<{ readonly first: number; readonly end: number; readonly top: number; readonly gap: boolean }> {
    for (const { firstRow, rows, top, gap } of this.#bands) {
      const each = gap ? rows : 1;
      for (let row = 0; row < rows; row += each) {
        const first = (firstRow + row) * this.columns;
        const end = Math.min(first + each * this.columns, this.#count);
        yield { first, end, top: top + (gap ? 0 : row * this.size), gap };
      }
    }
  }

  left(cell: number): number {
    return (cell % this.columns) * this.size;
  }

  top(cell: number): number {
    const row = Math.floor(cell / this.columns);
    const band = this.#bandOf(row);
    return band === undefined ? 0 : band.top + (band.gap ? 0 : (row - band.firstRow) * this.size);
  }

  /** The cell at a place, or null beside the cells and in a gap. */
  at(x: number, y: number): number | null {
    const column = Math.floor(x / this.size);
    const band = this.#bands.find(({ top, gap, rows }) => y >= top && y < top + (gap ? GAP_HEIGHT : rows * this.size));
    if (band === undefined || band.gap || column < 0 || column >= this.columns) return null;
    const cell = (band.firstRow + Math.floor((y - band.top) / this.size)) * this.columns + column;
    return cell < this.#count ? cell : null;
  }

  /** So many cells on, or back; cells of a gap are passed over. Null where there is none. */
  step(from: number, by: number): number | null {
    const to = from + by;
    if (to < 0 || to >= this.#count) return null;
    const band = this.#bandOf(Math.floor(to / this.columns));
    if (band === undefined || !band.gap) return to;
    // The nearest row beyond the gap: the same column for whole rows, else its near end.
    const next = by > 0 ? (band.firstRow + band.rows) * this.columns : band.firstRow * this.columns - 1;
    if (next < 0 || next >= this.#count) return null;
    if (Math.abs(by) !== this.columns) return next;
    const column = from % this.columns;
    const inColumn = next - (next % this.columns) + column;
    return inColumn < this.#count ? inColumn : null;
  }

  #bandOf(row: number): Band | undefined {
    let [low, high] = [0, this.#bands.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const { firstRow, rows } = this.#bands[middle] as Band;
      if (row >= firstRow + rows) low = middle + 1;
      else high = middle;
    }
    return this.#bands[low];
  }
}

function shownRows(
  rows: number,
  size: number,
  columns: number,
  count: number,
  inUse: (cell: number) => boolean,
): Band[] {
  const bands: Band[] = [];
  let top = 0;
  for (let row = 0; row < rows; row++) {
    let used = false;
    for (let cell = row * columns; !used && cell < Math.min((row + 1) * columns, count); cell++) used = inUse(cell);
    const last = bands.at(-1);
    if (last !== undefined && last.gap === !used) bands[bands.length - 1] = { ...last, rows: last.rows + 1 };
    else bands.push({ firstRow: row, rows: 1, top, gap: !used });
    if (used) top += size;
    else if (last === undefined || !last.gap) top += GAP_HEIGHT;
  }
  return bands;
}

function heightOf(bands: readonly Band[], size: number): number {
  return bands.reduce((height, { gap, rows }) => height + (gap ? GAP_HEIGHT : rows * size), 0);
}
