/** How the text report looks on the terminal it is for, and the few building blocks that its sections share. */

import { Chalk, type ChalkInstance } from 'chalk';

export interface Style {
  /** Columns to fit into. */
  readonly width: number;
  readonly paint: ChalkInstance;
  /** Whether characters beyond ASCII may be used. */
  readonly unicode: boolean;
}

/** Without colour everything is plain ASCII, so that logs and mails keep it as it is. */
export function makeStyle({ width, color }: { readonly width: number; readonly color: boolean }): Style {
  return { width, paint: new Chalk({ level: color ? 1 : 0 }), unicode: color };
}

/** Prose is easier to read in lines of at most this length, however wide the terminal is. */
const MAX_PROSE_WIDTH = 100;

/** Breaks a sentence at spaces. A word that is too long for a line, an address perhaps, stays in one piece. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let current = '';
  for (const word of text.split(' ')) {
    if (current !== '' && current.length + 1 + word.length > width) {
      lines.push(current);
      current = word;
    } else {
      current = current === '' ? word : `${current} ${word}`;
    }
  }
  return [...lines, current];
}

/** A wrapped paragraph: `lead` before the first line, as much space before the others. */
export function paragraph(style: Style, lead: string, text: string): string[] {
  const lines = wrap(text, Math.min(style.width, MAX_PROSE_WIDTH) - lead.length);
  return lines.map((line, i) => (i === 0 ? lead : ' '.repeat(lead.length)) + line);
}

/** A section's title with an empty line before it. */
export function title(style: Style, text: string, aside = ''): string[] {
  return ['', style.paint.bold(text) + (aside === '' ? '' : `  ${style.paint.dim(aside)}`)];
}

export const INDENT = '  ';
