/** How does prose look as text? An alarm is loud, for those who see no colours. */

import type { Prose, Span, Tone } from '../sections/section.ts';
import { type Painted, type Style, unpainted } from './style.ts';

/** Stretches of one colour each. */
export function paintedProse(style: Style, prose: Prose): Painted[] {
  if (typeof prose !== 'object') return [{ text: String(prose), paint: unpainted }];
  return 'text' in prose ? [paintedSpan(style, prose)] : prose.flatMap((part) => paintedProse(style, part));
}

function paintedSpan({ paint }: Style, { text, kind, tone = 'plain' }: Span): Painted {
  const colour = toneColour(paint, tone);
  if (kind === 'answer') return { text: text.toUpperCase(), paint: (one) => paint.bold(colour(one)) };
  if (kind === 'strong') return { text, paint: (one) => paint.bold(one) };
  if (kind === 'alarm') return { text: text.toUpperCase(), paint: colour };
  // What is as it should be needs no colour of its own.
  return { text, paint: tone === 'good' ? (one) => one : colour };
}

/** The colour of a tone. */
export function toneColour(paint: Style['paint'], tone: Tone): (text: string) => string {
  const colours = { good: paint.green, bad: paint.red, warn: paint.yellow, unknown: paint.magenta };
  return tone === 'plain' ? (text) => text : colours[tone];
}
