/**
 * The cells of the L1 map and what is to be said of each. A cell is one descriptor; of tables larger than Linux builds it
 * is a power of two of them, and shows the worst.
 */

import type { PackedL1Status, PackedSmmu } from '../data/packed.ts';
import { type L1, markText, type Smmu, statusOf } from './data.ts';
import { grouped, hex, sidRange } from './dom.ts';

export type CellStatus = PackedL1Status | 'missing';

/** From the least to the most that a reader has to know of. */
export const CELL_STATUSES: readonly CellStatus[] = ['unused', 'used', 'missing', 'bad'];

export const STATUS_TEXTS: Readonly<Record<CellStatus, string>> = {
  unused: 'unused',
  used: 'used',
  missing: 'not in the dump',
  bad: 'bad',
};

const MAX_CELLS = 1 << 17;

export class L1Cells {
  readonly count: number;
  /** Descriptors of one cell. */
  readonly each: number;
  readonly #l1: L1;
  /** By cell, an index of {@link CELL_STATUSES}. */
  readonly #statuses: Uint8Array;
  /** Row of the descriptor, or of the first of the cell, by cell. */
  readonly #rows = new Map<number, number>();
  readonly #entries: number;
  readonly #marks: PackedSmmu['marks'];

  constructor({ about, l1 }: Smmu) {
    this.#l1 = l1;
    this.#entries = about.entries;
    this.#marks = about.marks;
    this.each = 2 ** Math.max(0, Math.ceil(Math.log2(about.entries / MAX_CELLS)));
    this.count = Math.ceil(about.entries / this.each);
    this.#statuses = new Uint8Array(this.count);
    for (const [row, packed] of l1.rows.entries()) {
      const cell = Math.floor(packed[0] / this.each);
      this.#raise(cell, statusOf(packed));
      if (!this.#rows.has(cell)) this.#rows.set(cell, row);
    }
    for (const [first, last] of about.missing) {
      for (let cell = Math.floor(first / this.each); cell <= Math.floor(last / this.each); cell++) {
        this.#raise(cell, 'missing');
      }
    }
  }

  #raise(cell: number, status: CellStatus): void {
    if (cell >= this.count) return;
    this.#statuses[cell] = Math.max(this.#statuses[cell] as number, CELL_STATUSES.indexOf(status));
  }

  status(cell: number): CellStatus {
    return CELL_STATUSES[this.#statuses[cell] as number] as CellStatus;
  }

  /** How many cells are in each state. */
  totals(): Map<CellStatus, number> {
    const totals = new Map(CELL_STATUSES.map((status) => [status, 0]));
    for (let cell = 0; cell < this.count; cell++)
      totals.set(this.status(cell), (totals.get(this.status(cell)) ?? 0) + 1);
    return totals;
  }

  /** The next cell that is not unused, in either direction; null at the end. */
  nextInUse(from: number, step: 1 | -1): number | null {
    for (let cell = from + step; cell >= 0 && cell < this.count; cell += step) {
      if (this.#statuses[cell] !== 0) return cell;
    }
    return null;
  }

  sids(cell: number): { firstSid: number; lastSid: number } {
    const first = cell * this.each;
    const last = Math.min(first + this.each, this.#entries) - 1;
    return { firstSid: this.#l1.sidsOf(first).firstSid, lastSid: this.#l1.sidsOf(last).lastSid };
  }

  /** Cells with marks, the gravest first, each once. */
  marked(): number[] {
    const cells = this.#marks.flatMap(([, first, last]) => {
      const [from, to] = [this.#cellOf(first), this.#cellOf(last)];
      return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
    });
    return [...new Set(cells)];
  }

  #cellOf(sid: number): number {
    const perDescriptor = this.#l1.sidsOf(1).firstSid;
    return Math.min(this.count - 1, Math.floor(sid / perDescriptor / this.each));
  }

  mark(cell: number): string {
    const { firstSid, lastSid } = this.sids(cell);
    return markText(this.#marks, firstSid, lastSid);
  }

  /** One line that says everything about a cell. */
  text(cell: number): string {
    const { firstSid, lastSid } = this.sids(cell);
    const status = this.status(cell);
    const first = cell * this.each;
    const name = this.each === 1 ? `L1[${first}]` : `L1[${first}]\u2013L1[${first + this.each - 1}]`;
    const parts = [name, sidRange(firstSid, lastSid)];
    if (firstSid >>> 8 === lastSid >>> 8) parts.push(`bus ${((firstSid >>> 8) & 0xff).toString(16).padStart(2, '0')}`);
    parts.push(this.each === 1 ? STATUS_TEXTS[status] : `at least one ${STATUS_TEXTS[status]}`);
    const mark = this.mark(cell);
    if (mark !== '') parts.push(mark);
    const row = this.#rows.get(cell);
    if (this.each === 1 && row !== undefined) {
      const { span, l2, stes } = this.#l1.entry(row);
      parts.push(`span ${span}`, `L2 table at ${hex(l2)}`, `${grouped(stes)} STEs`);
    }
    return parts.join(', ');
  }
}
