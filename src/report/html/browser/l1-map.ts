/**
 * The L1 table as a picture: one cell for each descriptor, drawn on a canvas because there can be a hundred thousand. The
 * keyboard goes from cell to cell with a button that lies over the cell it is at. There are two of them, which take
 * turns, so that every step moves the focus and a screen reader says where to.
 */

import { type Colours, currentColours, onColourChange } from './colours.ts';
import type { Smmu } from './data.ts';
import { element, grouped } from './dom.ts';
import { CELL_STATUSES, type CellStatus, L1Cells, STATUS_TEXTS } from './l1-cells.ts';
import { GAP_HEIGHT, L1Layout } from './l1-layout.ts';

/** A picture that is higher than this is scrolled. */
const MAX_HEIGHT = 420;
/** Where the rows are labelled. */
const GUTTER = 76;
const LABEL_HEIGHT = 14;
const MIN_BAD_SIZE = 6;
const MIN_MARK_SIZE = 10;

const HELP =
  'Arrow keys go from descriptor to descriptor; Page Up, Page Down, Home and End from one in use to another; Enter or ' +
  'a click shows the STEs behind it.';

export class L1Map {
  readonly #host: HTMLElement;
  readonly #cells: L1Cells;
  readonly #pick: (firstSid: number, lastSid: number) => void;
  readonly #canvas = element('canvas', { 'aria-hidden': 'true' });
  readonly #field = element('div', { class: 'field' });
  readonly #line = element('p', { class: 'cell-line' });
  readonly #mark = element('div', { class: 'cell-mark', hidden: true });
  readonly #buttons: [HTMLButtonElement, HTMLButtonElement];
  #layout: L1Layout | undefined;
  /** The width that it was laid out for. */
  #room = 0;
  #at: number;

  constructor(host: HTMLElement, smmu: Smmu, pick: (firstSid: number, lastSid: number) => void) {
    this.#host = host;
    this.#cells = new L1Cells(smmu);
    this.#pick = pick;
    // What decides is what a reader comes for.
    this.#at = this.#cells.marked()[0] ?? this.#cells.nextInUse(-1, 1) ?? 0;
    this.#buttons = [this.#button(), this.#button()];
    this.#buttons[1].hidden = true;
    this.#field.append(this.#canvas, this.#mark, ...this.#buttons);
    const group = { class: 'field-scroll', role: 'group', 'aria-label': 'Map of the L1 descriptors' };
    host.append(
      this.#legend(),
      element('div', group, this.#field),
      this.#line,
      element('p', { class: 'note help' }, HELP),
    );
    this.#field.addEventListener('mousemove', (event) => this.#hover(this.#cellAt(event)));
    this.#field.addEventListener('mouseleave', () => this.#hover(null));
    this.#field.addEventListener('click', (event) => {
      const cell = event.target instanceof HTMLButtonElement ? this.#at : this.#cellAt(event);
      if (cell !== null) this.#choose(cell);
    });
    this.#field.addEventListener('keydown', (event) => this.#onKey(event));
    new ResizeObserver(() => this.#layOut()).observe(host);
    onColourChange(() => this.#draw());
    this.#layOut();
    this.#say(this.#at);
  }

  #button(): HTMLButtonElement {
    const button = element('button', { type: 'button', class: 'cell' });
    button.addEventListener('focus', () => this.#say(this.#at));
    return button;
  }

  #legend(): HTMLElement {
    const totals = this.#cells.totals();
    const unit = this.#cells.each === 1 ? '' : ` (each cell is ${grouped(this.#cells.each)} descriptors)`;
    const items = CELL_STATUSES.toReversed()
      .filter((status) => (totals.get(status) ?? 0) > 0)
      .map((status) =>
        element('li', { class: `is-${status}` }, `${grouped(totals.get(status) ?? 0)} ${STATUS_TEXTS[status]}`),
      );
    const marks = [...new Set(this.#cells.marked().map((cell) => this.#cells.mark(cell)))];
    items.push(...marks.map((mark) => element('li', { class: 'is-marked' }, mark)));
    return element('ul', { class: 'legend' }, ...items, unit === '' ? null : element('li', {}, unit));
  }

  #layOut(): void {
    const room = this.#host.clientWidth - GUTTER - 16;
    if (room <= 0 || room === this.#room) return;
    this.#room = room;
    const inUse = (cell: number) => this.#cells.status(cell) !== 'unused';
    this.#layout = new L1Layout(this.#cells.count, room, MAX_HEIGHT, inUse);
    const { columns, size, height } = this.#layout;
    const [wide, high] = [GUTTER + columns * size, Math.max(LABEL_HEIGHT, height)];
    const scale = window.devicePixelRatio;
    [this.#canvas.width, this.#canvas.height] = [wide * scale, high * scale];
    for (const { style } of [this.#field, this.#canvas]) {
      style.width = `${wide}px`;
      style.height = `${high}px`;
    }
    this.#draw();
    this.#place(this.#current, this.#at);
  }

  #draw(): void {
    const context = this.#canvas.getContext('2d');
    if (context === null || this.#layout === undefined) return;
    const { size, columns } = this.#layout;
    const colours = currentColours();
    const scale = window.devicePixelRatio;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    context.font = '11px ui-monospace, monospace';
    context.textAlign = 'right';
    context.textBaseline = 'middle';
    let labelled = -LABEL_HEIGHT;
    const bad: number[] = [];
    for (const { first, end, top, gap } of this.#layout.rows()) {
      if (gap) {
        drawGap(context, top, columns * size, colours);
        continue;
      }
      for (let cell = first; cell < end; cell++) {
        const status = this.#cells.status(cell);
        if (status === 'bad') bad.push(cell);
        else drawCell(context, status, GUTTER + this.#layout.left(cell), top, size, colours);
      }
      // The first SID of a row, as often as there is room for.
      const middle = Math.max(LABEL_HEIGHT / 2, top + size / 2);
      if (middle - labelled < LABEL_HEIGHT) continue;
      labelled = middle;
      context.fillStyle = colours.text;
      context.fillText(`0x${this.#cells.sids(first).firstSid.toString(16)}`, GUTTER - 8, middle);
    }
    // On top of their neighbours, which they may cover in part.
    for (const cell of bad) {
      drawCell(context, 'bad', GUTTER + this.#layout.left(cell), this.#layout.top(cell), size, colours);
    }
    for (const cell of this.#cells.marked()) {
      drawMark(context, GUTTER + this.#layout.left(cell), this.#layout.top(cell), size, colours);
    }
  }

  /** The cell under the mouse; where cells are tiny, the nearest one in use. */
  #cellAt(event: MouseEvent): number | null {
    const layout = this.#layout;
    if (layout === undefined) return null;
    const { left, top } = this.#field.getBoundingClientRect();
    const [x, y] = [event.clientX - left - GUTTER, event.clientY - top];
    const { size } = layout;
    for (let reach = 0; reach <= Math.floor(4 / size) * size; reach += size) {
      for (let dy = -reach; dy <= reach; dy += size) {
        for (let dx = -reach; dx <= reach; dx += size) {
          const cell = layout.at(x + dx, y + dy);
          if (cell !== null && this.#cells.status(cell) !== 'unused') return cell;
        }
      }
    }
    return layout.at(x, y);
  }

  #hover(cell: number | null): void {
    this.#mark.hidden = cell === null;
    if (cell !== null) this.#place(this.#mark, cell);
    this.#say(cell ?? this.#at);
  }

  #say(cell: number): void {
    this.#line.textContent = this.#cells.text(cell);
    this.#line.className = `cell-line is-${this.#cells.status(cell)}`;
  }

  #place(target: HTMLElement, cell: number): void {
    if (this.#layout === undefined) return;
    target.style.left = `${GUTTER + this.#layout.left(cell)}px`;
    target.style.top = `${this.#layout.top(cell)}px`;
    target.style.width = `${this.#layout.size}px`;
    target.style.height = `${this.#layout.size}px`;
    if (target instanceof HTMLButtonElement) target.setAttribute('aria-label', this.#cells.text(cell));
  }

  get #current(): HTMLButtonElement {
    return this.#buttons[0].hidden ? this.#buttons[1] : this.#buttons[0];
  }

  #onKey(event: KeyboardEvent): void {
    const layout = this.#layout;
    if (layout === undefined) return;
    const { columns } = layout;
    const steps: Readonly<Record<string, () => number | null>> = {
      ArrowRight: () => layout.step(this.#at, 1),
      ArrowLeft: () => layout.step(this.#at, -1),
      ArrowDown: () => layout.step(this.#at, columns),
      ArrowUp: () => layout.step(this.#at, -columns),
      PageDown: () => this.#cells.nextInUse(this.#at, 1),
      PageUp: () => this.#cells.nextInUse(this.#at, -1),
      Home: () => this.#cells.nextInUse(-1, 1),
      End: () => this.#cells.nextInUse(this.#cells.count, -1),
    };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const to = step();
    if (to !== null) this.#moveTo(to);
  }

  #moveTo(cell: number): void {
    const [from, to] = this.#buttons[0].hidden ? [this.#buttons[1], this.#buttons[0]] : this.#buttons;
    this.#at = cell;
    this.#place(to, cell);
    to.hidden = false;
    to.focus();
    from.hidden = true;
  }

  #choose(cell: number): void {
    this.#at = cell;
    this.#place(this.#current, cell);
    const { firstSid, lastSid } = this.#cells.sids(cell);
    this.#pick(firstSid, lastSid);
  }
}

/** Rows that are left out: a dotted line. */
function drawGap(context: CanvasRenderingContext2D, top: number, width: number, colours: Colours): void {
  context.strokeStyle = colours.quiet;
  context.lineWidth = 1;
  context.setLineDash([2, 4]);
  context.beginPath();
  context.moveTo(GUTTER, top + GAP_HEIGHT / 2);
  context.lineTo(GUTTER + width, top + GAP_HEIGHT / 2);
  context.stroke();
  context.setLineDash([]);
}

/** A frame around a cell, which is to be seen even where cells are tiny. */
function drawMark(context: CanvasRenderingContext2D, left: number, top: number, size: number, colours: Colours): void {
  const room = Math.max(0, MIN_MARK_SIZE - size) / 2;
  context.strokeStyle = colours.text;
  context.lineWidth = 2;
  context.strokeRect(left - room + 1, top - room + 1, size + 2 * room - 3, size + 2 * room - 3);
}

function drawCell(
  context: CanvasRenderingContext2D,
  status: CellStatus,
  left: number,
  top: number,
  size: number,
  colours: Colours,
): void {
  const gap = size >= 5 ? 1 : 0;
  // A single bad one among a hundred thousand is to be seen.
  const grown = status === 'bad' ? Math.max(0, MIN_BAD_SIZE - size) / 2 : 0;
  const inner = size - gap;
  context.fillStyle = { unused: colours.line, used: colours.accent, missing: colours.unknown, bad: colours.bad }[
    status
  ];
  context.globalAlpha = status === 'unused' ? 0.55 : 1;
  context.fillRect(left - grown, top - grown, inner + 2 * grown, inner + 2 * grown);
  context.globalAlpha = 1;
  if (size < 8 || status === 'unused' || status === 'used') return;
  // Not by colour alone: a cross for bad, a stroke for what is missing.
  context.strokeStyle = colours.ground;
  context.lineWidth = size >= 16 ? 2 : 1;
  context.beginPath();
  const [near, far] = [inner * 0.25, inner * 0.75];
  context.moveTo(left + near, top + far);
  context.lineTo(left + far, top + near);
  if (status === 'bad') {
    context.moveTo(left + near, top + near);
    context.lineTo(left + far, top + far);
  }
  context.stroke();
}
