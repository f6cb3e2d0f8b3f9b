/** The lines of a captured text, each without what was put around it. */

import { registerPart } from '../names.ts';
import { type Dressed, undressed } from './dressing.ts';

export interface Line extends Dressed {
  /** From 1 on. */
  readonly number: number;
  /** The whole line, for people. */
  readonly whole: string;
  /** Ends where a terminal or a mail program may have broken it, within a number that the next line goes on with. */
  readonly cut: boolean;
}

/** No tool prints a longer line of registers, and patterns need not look at one. */
const MAX_LINE_LENGTH = 16384;

/** A message shows less. */
const MAX_SHOWN = 200;

/** Every line that holds anything, one at a time. One that is too long to be a tool's is described, not shown. */
export function* linesOf(given: string): Generator<Line> {
  const text = given.includes('\n') ? given : given.replaceAll('\r', '\n');
  const dressing = isNumbered(text) ? NUMBERED : /^/;
  let number = 0;
  for (let start = 0; start < text.length; ) {
    const end = endOfLine(text, start);
    number++;
    const line: Dressed =
      end - start > MAX_LINE_LENGTH
        ? { text: `(${end - start} characters)`, typed: false, hash: true, device: undefined, unit: undefined }
        : undressed(text.slice(start, end).replace(dressing, ''));
    if (line.text !== '' || line.device !== undefined)
      yield {
        number,
        whole: line.text === '' ? '' : text.slice(start, Math.min(end, start + MAX_SHOWN)).trim(),
        ...line,
        cut: /[0-9a-f]$/i.test(line.text) && goesOnWithDigits(text, end + 1),
      };
    start = end + 1;
  }
}

function endOfLine(text: string, start: number): number {
  const newline = text.indexOf('\n', start);
  return newline === -1 ? text.length : newline;
}

/** What `cat -n` and `nl` put in front. */
const NUMBERED = /^ {0,8}(\d{1,9})\t/;
const MIN_NUMBERED = 3;

/** Whether the first lines carry their own numbers. */
function isNumbered(text: string): boolean {
  const first = text.split('\n', MIN_NUMBERED);
  return first.length === MIN_NUMBERED && first.every((line, i) => NUMBERED.exec(line)?.[1] === String(i + 1));
}

/** Digits without a mark, and behind them the end of the line, a comma, or the next name. */
const REST_OF_NUMBER = /^x?[0-9a-f]{1,20}(?:$|[,;})]|\s+([A-Za-z]\w*)\s*[:=])/i;
/** The rest of a line that is looked at. */
const MAX_GLANCE = 256;

/** Whether the line that begins here begins with what may be the second part of a number. */
function goesOnWithDigits(text: string, start: number): boolean {
  const next = text.slice(start, Math.min(endOfLine(text, start), start + MAX_GLANCE));
  const [found, name] = REST_OF_NUMBER.exec(undressed(next).text) ?? [];
  return found !== undefined && !/^\s/.test(next) && (name === undefined || registerPart(name) !== undefined);
}
