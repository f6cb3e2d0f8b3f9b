/** What does a text say as JSON, and if it is none, what is it instead? */

import { InputError } from '../errors.ts';
import { type Json, quote } from './values.ts';

/** Nothing that is read here is nested deeper, and a parser needs memory for every level. */
const MAX_DEPTH = 64;
const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const OPENING: ReadonlySet<number> = new Set([0x5b, 0x7b]);
const CLOSING: ReadonlySet<number> = new Set([0x5d, 0x7d]);
/** What follows a key. */
const BEFORE_VALUE = /\s*:/y;

/**
 * Parses JSON. Throws InputError (`snapshot`) naming `file`, with what to do where the text is a capture or a dump, and for
 * an object that has a key twice.
 */
export function parseJson(text: string, file: string): Json {
  if (isTooDeep(text))
    throw new InputError('snapshot', `has an array or object inside more than ${MAX_DEPTH}`, { file });
  let json: Json;
  try {
    json = JSON.parse(text) as Json;
  } catch (cause) {
    throw new InputError('snapshot', `is not JSON: ${instead(text) ?? reasonOf(cause)}`, { file, cause });
  }
  const key = repeatedKey(text);
  if (key !== null) throw new InputError('snapshot', `has ${quote(key)} twice in one object`, { file });
  return json;
}

/** Parses a list of crashes, or what describes a sample. Throws InputError (`format`) naming `file`. */
export function parseDescription(text: string, file: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw new InputError('format', `is not JSON: ${reasonOf(cause)}`, { file, cause });
  }
}

/**
 * The first key that an object in this text, which is JSON, has twice; null where there is none. A parser takes the last
 * one and says nothing, so that a value somebody wrote would be gone.
 */
function repeatedKey(text: string): string | null {
  // Of each object or array that is open, the keys so far.
  const open: Set<string>[] = [];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (OPENING.has(unit)) open.push(new Set());
    else if (CLOSING.has(unit)) open.pop();
    if (unit !== QUOTE) continue;
    const start = i++;
    while (text.charCodeAt(i) !== QUOTE) i += text.charCodeAt(i) === BACKSLASH ? 2 : 1;
    BEFORE_VALUE.lastIndex = i + 1;
    if (!BEFORE_VALUE.test(text)) continue;
    const key = JSON.parse(text.slice(start, i + 1)) as string;
    const keys = open.at(-1);
    if (keys?.has(key) === true) return key;
    keys?.add(key);
  }
  return null;
}

/** The parser quotes the text around the mistake, control characters and all. */
function reasonOf(cause: unknown): string {
  return (cause as Error).message.replace(/[\s\p{Cc}]+/gu, ' ');
}

const IMPORT = 'smmu-adopt regs import FILE --base ADDRESS makes a snapshot';

/** What decides whether a file is text. */
const BEGINNING_LENGTH = 4096;
// biome-ignore lint/suspicious/noControlCharactersInRegex: no text has these
const BINARY = /[\0-\x08\x0e-\x1a\ufffd]/;

/** What the text is, where it was never meant to be JSON. */
function instead(text: string): string | undefined {
  if (BINARY.test(text.slice(0, BEGINNING_LENGTH))) {
    return `it is binary; a dump stands before --regs, and of a dump of the register pages ${IMPORT}`;
  }
  const start = text.trimStart();
  return start === '' || /^["[{]/.test(start) ? undefined : `it is text; of a capture of registers ${IMPORT}`;
}

function isTooDeep(text: string): boolean {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (quoted) {
      if (unit === BACKSLASH) i++;
      else if (unit === QUOTE) quoted = false;
    } else if (unit === QUOTE) quoted = true;
    else if (OPENING.has(unit)) {
      if (++depth > MAX_DEPTH) return true;
    } else if (CLOSING.has(unit)) depth--;
  }
  return false;
}
