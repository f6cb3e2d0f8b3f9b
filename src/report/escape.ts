/** How is foreign text made safe before any output shows it? */

import { isRows } from '../rows.ts';
import { visible } from '../visible-text.ts';

/** One line of text from a dump or a snapshot, which may come from somebody hostile, safe to print. */
export function escapeText(text: string): string {
  return visible(text);
}

/** JSON text, safe to print: the same value for every JSON parser. Its line breaks between values stay. */
export function escapeJson(json: string): string {
  return visible(json, '\n');
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
