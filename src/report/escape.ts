import { isRows } from '../rows.ts';

/**
 * Text from a dump or a snapshot may come from somebody hostile. Characters that a terminal obeys instead of showing
 * (C0 and C1 controls, DEL) and those that reorder a line (bidirectional controls) are shown by their code.
 */
const UNSAFE = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

const code = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** One line of text, safe to print. */
export function escapeText(text: string): string {
  return text.replace(UNSAFE, code);
}

/** JSON text, safe to print: the same value for every JSON parser. Its line breaks between values stay. */
export function escapeJson(json: string): string {
  return json.replace(UNSAFE, (character) => (character === '\n' ? character : code(character)));
}

/** A small result as JSON, safe to print. */
export function jsonText(value: unknown): string {
  return escapeJson(`${JSON.stringify(value, null, 2)}\n`);
}

/**
 * Every string of a result made safe, at once, so that no section of a report can forget one. Table rows are made while
 * they are printed: what is foreign in one, the name of a device, is made safe where it is shown.
 */
export function escaped<T>(value: T): T {
  if (typeof value === 'string') return escapeText(value) as T;
  if (isRows(value) || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(escaped) as T;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, escaped(member)])) as T;
}
