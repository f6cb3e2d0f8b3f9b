/** How text looks on the terminal it is for: its width, its colours, and where its lines break. */

import { stripVTControlCharacters } from 'node:util';
import type { Colour, Paint } from './colours.ts';

export interface Style {
  /** Columns to fit into. */
  readonly width: number;
  readonly paint: Paint;
  /** Whether characters beyond ASCII may be used. */
  readonly unicode: boolean;
}

/** Without colour everything is plain ASCII, so that logs and mails keep it as it is. */
export function plainStyle(width: number): Style {
  return { width, paint: NO_PAINT, unicode: false };
}

/** The same with colours where they are wanted. Only then are they loaded. */
export async function makeStyle({ width, color }: { readonly width: number; readonly color: boolean }): Promise<Style> {
  return color ? { width, paint: (await import('./colours.ts')).COLOURS, unicode: true } : plainStyle(width);
}

export const INDENT = '  ';

/** Prose is easier to read in lines of at most this length, however wide the terminal is. */
const MAX_PROSE_WIDTH = 100;

/** A stretch of text and its colour. */
export interface Painted {
  readonly text: string;
  readonly paint: (text: string) => string;
}

/** A line that is as long as `text`, with its colours or without. */
export interface Line {
  readonly text: string;
  readonly painted: string;
}

/** Marks what leaves text as it is. */
const PLAIN = Symbol('plain');

function noColour(): Colour {
  return Object.assign((text: string) => text, { [PLAIN]: true });
}

export const unpainted = noColour();

const NO_COLOUR = Object.assign(noColour(), { bold: unpainted });
const NO_PAINT: Paint = {
  bold: unpainted,
  dim: unpainted,
  cyan: unpainted,
  magenta: unpainted,
  yellow: unpainted,
  green: NO_COLOUR,
  red: NO_COLOUR,
};

/** Breaks a sentence at spaces, and a word that is too long for a line where it breaks best. */
export function wrap(text: string, width: number): string[] {
  // What most cells of a table of millions are.
  if (text.length <= width) return [text];
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    let rest = word;
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + rest.length <= width) {
      lines[lines.length - 1] = `${line} ${rest}`;
      continue;
    }
    while (rest.length > width && width > 0) {
      const at = breakOf(rest, width);
      lines.push(rest.slice(0, at));
      rest = rest.slice(at);
    }
    lines.push(rest);
  }
  return lines;
}

/** The same for text in several colours. */
export function wrapPainted(parts: readonly Painted[], width: number): Line[] {
  if (parts.every(({ paint }) => PLAIN in paint)) {
    return wrap(parts.map(({ text }) => text).join(''), width).map((text) => ({ text, painted: text }));
  }
  const lines: Painted[][] = [];
  let length = 0;
  for (const word of wordsOf(parts)) {
    let rest = word;
    const wordLength = () => rest.reduce((sum, { text }) => sum + text.length, 0);
    const line = lines.at(-1);
    if (line !== undefined && length + 1 + wordLength() <= width) {
      line.push({ text: ' ', paint: unpainted }, ...rest);
      length += 1 + wordLength();
      continue;
    }
    while (wordLength() > width && width > 0) {
      const [head, tail] = splitAt(rest, breakOf(rest.map(({ text }) => text).join(''), width));
      lines.push(head);
      rest = tail;
    }
    lines.push([...rest]);
    length = wordLength();
  }
  return lines.map((line) => ({
    text: line.map(({ text }) => text).join(''),
    painted: line.map(({ text, paint }) => (text === '' ? '' : paint(text))).join(''),
  }));
}

/** Words, which can be in several colours. */
function wordsOf(parts: readonly Painted[]): Painted[][] {
  const words: Painted[][] = [[]];
  for (const { text, paint } of parts) {
    for (const [i, piece] of text.split(' ').entries()) {
      if (i > 0) words.push([]);
      words.at(-1)?.push({ text: piece, paint });
    }
  }
  return words;
}

/** Where a word is broken: behind a mark that divides it, else where the line ends. */
function breakOf(word: string, width: number): number {
  for (let at = width; at > width / 2; at--) if (/[^a-z0-9\s]/i.test(word[at - 1] ?? '')) return at;
  return width;
}

function splitAt(parts: readonly Painted[], at: number): [Painted[], Painted[]] {
  const [head, tail]: [Painted[], Painted[]] = [[], []];
  let left = at;
  for (const { text, paint } of parts) {
    if (left > 0) head.push({ text: text.slice(0, left), paint });
    if (left < text.length) tail.push({ text: text.slice(Math.max(0, left)), paint });
    left -= text.length;
  }
  return [head, tail];
}

/** A wrapped paragraph: `lead`, which may be painted, before the first line, as much space before the others. */
export function paragraph(style: Style, lead: string, text: string): string[] {
  return paintedParagraph(style, lead, [{ text, paint: unpainted }]);
}

/** The same in several colours. */
export function paintedParagraph(style: Style, lead: string, parts: readonly Painted[]): string[] {
  const leadLength = stripVTControlCharacters(lead).length;
  const lines = wrapPainted(parts, Math.min(style.width, MAX_PROSE_WIDTH) - leadLength);
  return lines.map(({ painted }, i) => ((i === 0 ? lead : ' '.repeat(leadLength)) + painted).trimEnd());
}

/** The answer of a report, which comes first. */
export function headline(style: Style, text: string): string[] {
  return wrap(text, style.width).map((line) => style.paint.bold(line));
}

/** 64-bit words of memory, as many on a line as it has room for: a power of two. */
export function wordLines({ width }: Style, words: readonly string[]): string[] {
  const each = [4, 2].find((number) => INDENT.length + number * 19 - 1 <= width) ?? 1;
  const starts = words.map((_, i) => i).filter((i) => i % each === 0);
  return starts.map((start) => INDENT + words.slice(start, start + each).join(' '));
}

/** A section's title with an empty line before it; the aside in lines of its own where it has no room beside it. */
export function title(style: Style, text: string, aside = ''): string[] {
  const { width, paint } = style;
  const heads = wrap(text, width).map((line) => paint.bold(line));
  const gap = '  ';
  if (aside === '') return ['', ...heads];
  if (text.length + gap.length + aside.length <= width) return ['', `${paint.bold(text)}${gap}${paint.dim(aside)}`];
  return ['', ...heads, ...wrap(aside, width - INDENT.length).map((line) => INDENT + paint.dim(line))];
}
