/** Why input addresses are mapped at neither of two moments, or at one of them, in words. */

import type { MappingSource, MappingState } from '../../diff/mapping-report.ts';
import { stretchReasonInWords } from '../../findings/prose/stretches.ts';
import { unknownInWords } from './translation.ts';

/** The event of a fault by name, or what is not known. */
export function sourceReasonInWords(why: NonNullable<MappingSource['why']>): string {
  return typeof why === 'string' ? why : unknownInWords(why);
}

/** The same of a range; null for what is mapped, or merely not mapped. */
export function stateReasonInWords({ kind, why }: Pick<MappingState, 'kind' | 'why'>): string | null {
  if (why === null) return null;
  if (typeof why === 'object') return unknownInWords(why);
  return stretchReasonInWords({ kind: kind === 'unknown' ? kind : 'fault', why });
}
