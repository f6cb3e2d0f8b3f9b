/** What the values of a report are called in this format, and how each is to be taken. */

import type { InFlight, Reset } from '../../adopt/reset.ts';
import type { Severity } from '../../findings/rules.ts';
import { hex } from '../../hex.ts';
import type { Tone } from './section.ts';

interface Word {
  readonly tone: Tone;
  readonly text: string;
}

/** Beside the words for a fate, for those who do not see colours. */
export const SIGNS: Readonly<Record<Tone, string>> = {
  good: '\u2713',
  bad: '\u2715',
  warn: '\u2013',
  unknown: '?',
  plain: '\u2013',
};

export const IN_FLIGHT: Readonly<Record<InFlight, Word>> = {
  translated: { tone: 'good', text: 'translated' },
  aborted: { tone: 'warn', text: 'aborted' },
  bypassed: { tone: 'bad', text: 'bypassed: IOVAs are used as physical addresses' },
  unknown: { tone: 'unknown', text: 'bypassed or aborted, as GBPA.ABORT says, which is not in the snapshot' },
};

export const RESETS: Readonly<Record<Reset['kind'], string>> = {
  adopted: 'Adopted: SMMUEN is retained; STRTAB_BASE, STRTAB_BASE_CFG, CR1, CR2 and GBPA stay untouched.',
  full: 'Full: the SMMU is switched off, and on again with a table of its own.',
  ordinary: 'Ordinary: the SMMU was off.',
};

export const SEVERITIES: Readonly<Record<Severity, Word>> = {
  error: { tone: 'bad', text: 'error' },
  warning: { tone: 'warn', text: 'warning' },
  note: { tone: 'plain', text: 'note' },
};

export function sidRange(first: number, last: number): string {
  return first === last ? `SID ${hex(first)}` : `SIDs ${hex(first)}\u2013${hex(last)}`;
}
