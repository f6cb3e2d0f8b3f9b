/** The lines of a captured log, without what a terminal or a kernel put around them. */

export interface Line {
  /** From 1 on. */
  readonly number: number;
  /** Trimmed, never empty. */
  readonly text: string;
}

/** No tool prints a longer line of registers, and patterns need not look at one. */
const MAX_LINE_LENGTH = 4096;

// biome-ignore lint/suspicious/noControlCharactersInRegex: serial consoles and monitors send these
const TERMINAL_SEQUENCE = /\u001b\[[0-9;?]*[ -/]*[@-~]|[\u0000\u0007]/g;
const KERNEL_TIME = /^(<\d>)?\[ *\d+\.\d+\] /;

/** Every line that holds anything, one at a time. One that is too long to be a tool's is described, not shown. */
export function* linesOf(text: string): Generator<Line> {
  let number = 0;
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    number++;
    const line = end - start > MAX_LINE_LENGTH ? `(${end - start} characters)` : clean(text.slice(start, end));
    if (line !== '') yield { number, text: line };
    start = end + 1;
  }
}

function clean(line: string): string {
  return line.replace(TERMINAL_SEQUENCE, '').trim().replace(KERNEL_TIME, '').trim();
}
