/** What the values of a report are called in this format, and how each is to be taken. */

import type { Verdict } from '../../adopt/emulate.ts';
import type { InFlight, Reset } from '../../adopt/reset.ts';
import type { Severity } from '../../findings/rules.ts';
import { hex } from '../../hex.ts';
import type { Tone } from './section.ts';

interface Word {
  readonly tone: Tone;
  readonly text: string;
}

export const VERDICTS: Readonly<Record<Verdict, Word & { readonly sign: string }>> = {
  adopted: { tone: 'good', sign: '\u2713', text: 'Adopted' },
  fallback: { tone: 'bad', sign: '\u2715', text: 'Falls back to a full reset' },
  'not-attempted': { tone: 'warn', sign: '\u2013', text: 'Adoption not attempted' },
  indeterminate: { tone: 'unknown', sign: '?', text: 'Cannot be told from this dump' },
  panic: { tone: 'bad', sign: '\u2715', text: 'The kdump kernel dies in the adoption' },
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
