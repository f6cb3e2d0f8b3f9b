/**
 * How often was a message printed that a syslog wrote once? Daemons count equal messages of a machine and say so afterwards:
 * `last message repeated 3 times`, and with its text `message repeated 3 times: [ ... ]`.
 */

const LAST = /\blast message (?:repeated|buffered) (\d{1,10}) times?\b/;
const WITH_TEXT = /\bmessage repeated (\d{1,10}) times?: \[ ?(.*?)\]?$/;

/** Of all lines together; a hostile log may say any number. */
const MAX_TIMES = 1 << 16;

export class Repetitions {
  #before = { text: '', line: 0 };
  #left = MAX_TIMES;

  /** What was printed, and how often, by a line of a log and its number; lines come in order. */
  of(text: string, line: number): { readonly printed: string; readonly times: number } {
    const before = this.#before.line === line - 1 ? this.#before.text : '';
    this.#before = { text, line };
    if (!text.includes('message ')) return { printed: text, times: 1 };
    const [whole, digits, repeated] = WITH_TEXT.exec(text) ?? LAST.exec(text) ?? [];
    if (whole === undefined) return { printed: text, times: 1 };
    const times = Math.min(Number(digits), this.#left);
    this.#left -= times;
    // The host and the time stand in front.
    const printed = repeated === undefined ? before : text.replace(whole, () => repeated);
    // Another such line goes on counting the same.
    this.#before = { text: printed, line };
    return { printed, times };
  }
}
