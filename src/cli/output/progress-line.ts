/** How far long work has come: on a terminal, and only there, one line that draws over itself. */

import type { TextSink } from './io.ts';

/** Work that is done sooner than this needs no progress line. */
const PATIENCE_MS = 500;
const REDRAW_MS = 200;

const WIPE = '\r\u001b[K';

export class ProgressLine {
  readonly #sink: () => TextSink;
  #waitingSince: number | undefined;
  #nextDrawing = 0;
  #drawn = false;

  /** `sink` is asked for when there is something to draw: opening it takes time that short work should not pay for. */
  constructor(sink: () => TextSink) {
    this.#sink = sink;
  }

  show(what: string, done: number, total: number): void {
    // The cheapest clock there is: work asks thousands of times, and one that is set meanwhile costs a line or delays it.
    const now = Date.now();
    this.#waitingSince ??= now;
    if (now < this.#nextDrawing || now - this.#waitingSince < PATIENCE_MS) return;
    const sink = this.#sink();
    if (sink.isTTY !== true) return;
    this.#nextDrawing = now + REDRAW_MS;
    this.#drawn = true;
    sink.write(`${WIPE}${what}: ${Math.floor((100 * done) / Math.max(1, total))} %`);
  }

  /** Takes the line away before anything else is printed; the next work waits its own half second. */
  clear(): void {
    if (this.#drawn) this.#sink().write(WIPE);
    this.#drawn = false;
    this.#waitingSince = undefined;
  }
}
