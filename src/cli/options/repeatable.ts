/** Which options may be given again? Those that collect; of any other the last would win without a word. */

import type { Option } from 'commander';

const COLLECTORS = new WeakSet<object>();

/** Marks a parser that adds to what it is given of the values before: the option that has it may be repeated. */
export function repeatable<F extends (text: string, before: never) => unknown>(parser: F): F {
  COLLECTORS.add(parser);
  return parser;
}

/** Whether the option takes one value, so that another one beside it cannot be meant. */
export function takesOneValue(option: Option): boolean {
  const { parseArg, required, optional, variadic } = option;
  return (required || optional) && !variadic && (parseArg === undefined || !COLLECTORS.has(parseArg));
}
