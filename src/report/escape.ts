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
 * they are printed: what is foreign in one, the name of a device, is made safe where it is shown. What needs no escape
 * is not copied.
 */
export function escaped<T>(value: T): T {
  if (typeof value === 'string') return escapeText(value) as T;
  if (isRows(value) || typeof value !== 'object' || value === null) return value;
  const safe = Array.isArray(value) ? escapedList(value) : escapedObject(value);
  return safe as T;
}

function escapedList(list: readonly unknown[]): readonly unknown[] {
  let safe: unknown[] | null = null;
  for (const [i, element] of list.entries()) {
    const one = escaped(element);
    if (one === element) continue;
    safe ??= [...list];
    safe[i] = one;
  }
  return safe ?? list;
}

function escapedObject(object: object): object {
  let safe: Record<string, unknown> | null = null;
  for (const [key, member] of Object.entries(object)) {
    const one = escaped(member);
    if (one === member) continue;
    safe ??= { ...object };
    safe[key] = one;
  }
  return safe ?? object;
}
