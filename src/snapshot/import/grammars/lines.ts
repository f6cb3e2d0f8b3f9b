/** The lines of a captured text, each without what was put around it. */

import { type Dressed, undressed } from './dressing.ts';

export interface Line extends Dressed {
  /** From 1 on. */
  readonly number: number;
  /** The whole line, for people. */
  readonly whole: string;
}

/** No tool prints a longer line of registers, and patterns need not look at one. */
const MAX_LINE_LENGTH = 16384;

/** A message shows less. */
const MAX_SHOWN = 200;

/** Every line that holds anything, one at a time. One that is too long to be a tool's is described, not shown. */
export function* linesOf(text: string): Generator<Line> {
  let number = 0;
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    number++;
    const line: Dressed =
      end - start > MAX_LINE_LENGTH
        ? { text: `(${end - start} characters)`, typed: false, hash: true, device: undefined }
        : undressed(text.slice(start, end));
    if (line.text !== '' || line.device !== undefined)
      yield {
        number,
        whole: line.text === '' ? '' : text.slice(start, Math.min(end, start + MAX_SHOWN)).trim(),
        ...line,
      };
    start = end + 1;
  }
}
