/**
 * A table of any length that can be sorted by every column. Only the rows in sight exist. Rows are told by number; what
 * stands in them is asked of the columns. One row at a time can be reached with Tab, the others with the arrow keys.
 */

import { element } from './dom.ts';

export interface Column {
  readonly title: string;
  /** To the right, as numbers are. */
  readonly right?: boolean;
  readonly text: (row: number) => string;
  /** What it is sorted by; the text when left out. */
  readonly key?: (row: number) => number | bigint | string;
  /** A class for the cell. */
  readonly tone?: (row: number) => string;
}

/** As the style sheet has it. */
const ROW_HEIGHT = 28;
/** Rows that columns are fitted to. */
const SAMPLE_ROWS = 500;
/** Rows made above and below what is in sight. */
const MARGIN_ROWS = 8;

export class VirtualTable {
  readonly host = element('div', { class: 'rows' });
  readonly #columns: readonly Column[];
  readonly #open: ((row: number) => void) | null;
  readonly #table: HTMLTableElement;
  readonly #body = element('tbody');
  readonly #heads: HTMLTableCellElement[];
  readonly #widths: HTMLTableColElement[];
  #rows: Uint32Array = new Uint32Array();
  #order: Uint32Array = new Uint32Array();
  #sort: { column: number; down: boolean } | null = null;
  /** Place in the order of the row that the keyboard is at. */
  #active = 0;
  #selected: number | null = null;
  #made: readonly [first: number, end: number] = [0, 0];
  #all = false;

  /** `open` is called with a row that is clicked or entered. */
  constructor(label: string, columns: readonly Column[], open: ((row: number) => void) | null) {
    this.#columns = columns;
    this.#open = open;
    this.#widths = columns.map(() => element('col'));
    this.#heads = columns.map(({ title, right }, i) => {
      const button = element('button', { type: 'button' }, title);
      button.addEventListener('click', () => this.#sortBy(i));
      return element('th', { scope: 'col', class: right === true ? 'right' : null }, button);
    });
    const head = element('thead', {}, element('tr', { 'aria-rowindex': 1 }, ...this.#heads));
    const attributes = { role: 'grid', 'aria-label': label, 'aria-colcount': columns.length };
    this.#table = element('table', attributes, element('colgroup', {}, ...this.#widths), head, this.#body);
    this.host.append(this.#table);
    this.host.addEventListener('scroll', () => requestAnimationFrame(() => this.#render(false)), { passive: true });
    this.host.addEventListener('keydown', (event) => this.#onKey(event));
    this.#body.addEventListener('click', (event) => {
      const place = placeOf(event.target);
      if (place !== null) this.#enter(place);
    });
    new ResizeObserver(() => this.#render(false)).observe(this.host);
  }

  /** Shows these rows, given in their natural order. */
  show(rows: Uint32Array): void {
    if (this.#rows.length === 0) this.#fitColumns(rows);
    this.#rows = rows;
    this.#active = 0;
    this.#table.setAttribute('aria-rowcount', String(rows.length + 1));
    this.#arrange();
    this.host.scrollTop = 0;
  }

  /** Marks a row as the one that is open, or none. */
  select(row: number | null): void {
    this.#selected = row;
    this.#render(true);
  }

  /** Marks a row as the one to begin with. All rows are shown, in their natural order. */
  start(row: number): void {
    this.#active = Math.max(0, this.#order.indexOf(row));
    this.#selected = row;
    this.#reveal();
    this.#render(true);
  }

  /** Puts the keyboard back to where it was. */
  focus(): void {
    this.#reveal();
    this.#rowAt(this.#active)?.focus();
  }

  /** Makes this many rows, in sight or not: for paper, where nothing scrolls. Null: as usual again. */
  expand(most: number | null): void {
    this.#all = most !== null;
    if (most === null) this.#render(true);
    else this.#make(0, Math.min(most, this.#order.length));
  }

  /** As wide as what is in them, going by some rows: looking at a hundred thousand would take too long. */
  #fitColumns(rows: Uint32Array): void {
    const every = Math.max(1, Math.floor(rows.length / SAMPLE_ROWS));
    const sample = rows.filter((_, i) => i % every === 0);
    const widths = this.#columns.map(({ title, text }) =>
      sample.reduce((width, row) => Math.max(width, text(row).length), title.length + 2),
    );
    for (const [i, width] of widths.entries()) (this.#widths[i] as HTMLElement).style.width = `calc(${width}ch + 1rem)`;
    const sum = widths.reduce((total, width) => total + width, 0);
    this.#table.style.minWidth = `calc(${sum}ch + ${widths.length}rem)`;
  }

  #sortBy(column: number): void {
    const down = this.#sort?.column === column && !this.#sort.down;
    this.#sort = { column, down };
    for (const [i, head] of this.#heads.entries()) {
      if (i === column) head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
      else head.removeAttribute('aria-sort');
    }
    this.#active = 0;
    this.#arrange();
    this.host.scrollTop = 0;
  }

  #arrange(): void {
    this.#order = this.#sort === null ? this.#rows : this.#sorted(this.#sort);
    this.#render(true);
  }

  #sorted({ column, down }: { column: number; down: boolean }): Uint32Array {
    const { key, text } = this.#columns[column] as Column;
    const keys = Array.from(this.#rows, key ?? text);
    const sign = down ? -1 : 1;
    const places = Uint32Array.from(keys, (_, i) => i).sort((a, b) => {
      const [one, other] = [keys[a] as number, keys[b] as number];
      return one < other ? -sign : one > other ? sign : a - b;
    });
    return places.map((place) => this.#rows[place] as number);
  }

  #render(anew: boolean): void {
    if (this.#all) return;
    const first = Math.max(0, Math.floor(this.host.scrollTop / ROW_HEIGHT) - MARGIN_ROWS);
    const shown = Math.ceil(this.host.clientHeight / ROW_HEIGHT) + 2 * MARGIN_ROWS;
    const end = Math.min(this.#order.length, first + shown);
    if (!anew && this.#made[0] === first && this.#made[1] === end) return;
    this.#make(first, end);
  }

  #make(first: number, end: number): void {
    const hadFocus = this.#body.contains(document.activeElement);
    this.#made = [first, end];
    const rows = Array.from({ length: Math.max(0, end - first) }, (_, i) => this.#row(first + i));
    // One row can always be tabbed to.
    (this.#isMade(this.#active) ? rows[this.#active - first] : rows[0])?.setAttribute('tabindex', '0');
    this.#body.replaceChildren(spacer(first), ...rows, spacer(this.#order.length - end));
    if (hadFocus) this.#rowAt(this.#active)?.focus({ preventScroll: true });
  }

  #row(place: number): HTMLTableRowElement {
    const row = this.#order[place] as number;
    const cells = this.#columns.map(({ text, right, tone }) => {
      const className = [right === true ? 'right' : '', tone?.(row) ?? ''].join(' ').trim();
      return element('td', { class: className === '' ? null : className }, text(row));
    });
    const attributes = {
      'aria-rowindex': place + 2,
      'aria-selected': this.#open === null ? null : String(row === this.#selected),
      'data-place': place,
      tabindex: -1,
    };
    return element('tr', attributes, ...cells);
  }

  #onKey(event: KeyboardEvent): void {
    if (event.target instanceof HTMLButtonElement) return;
    const page = Math.max(1, Math.floor(this.host.clientHeight / ROW_HEIGHT) - 2);
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: -this.#order.length,
      End: this.#order.length,
    };
    const step = steps[event.key];
    if (step !== undefined) {
      event.preventDefault();
      const from = placeOf(event.target) ?? this.#active;
      this.#active = Math.max(0, Math.min(this.#order.length - 1, from + step));
      this.focus();
    } else if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      this.#enter(placeOf(event.target) ?? this.#active);
    }
  }

  #enter(place: number): void {
    const row = this.#order[place];
    if (row === undefined) return;
    this.#active = place;
    this.#open?.(row);
  }

  /** Scrolls no further than it takes to see the active row below the head. */
  #reveal(): void {
    const head = this.#table.tHead?.offsetHeight ?? ROW_HEIGHT;
    const top = this.#active * ROW_HEIGHT;
    const room = this.host.clientHeight - head - ROW_HEIGHT;
    if (top < this.host.scrollTop) this.host.scrollTop = top;
    else if (top > this.host.scrollTop + room) this.host.scrollTop = top - room;
    this.#render(!this.#isMade(this.#active));
  }

  #isMade(place: number): boolean {
    return place >= this.#made[0] && place < this.#made[1];
  }

  #rowAt(place: number): HTMLTableRowElement | null {
    return this.#body.querySelector(`[data-place="${place}"]`);
  }
}

function placeOf(target: EventTarget | null): number | null {
  const row = target instanceof Element ? target.closest<HTMLElement>('[data-place]') : null;
  return row === null ? null : Number(row.dataset['place']);
}

/** A row as high as so many. */
function spacer(rows: number): HTMLTableRowElement {
  const made = element('tr', { class: 'spacer', 'aria-hidden': 'true' });
  made.style.height = `${rows * ROW_HEIGHT}px`;
  return made;
}
