/**
 * A comparison of two dumps in words: which tables one of them lacks, and why input addresses are mapped at neither moment,
 * or at one alone.
 */

import type { MappingSource, MappingState } from '../../diff/mapping-report.ts';
import type { MissingTable } from '../../diff/report.ts';
import { stretchReasonInWords } from '../../findings/prose/stretches.ts';
import { structureKindInWords } from '../../findings/prose/structures.ts';
import { unknownInWords } from './translation.ts';

/** The table in which entries are missing. A CD table of one level and the second level of one of two have one name. */
export const MISSING_TABLES: Readonly<Record<MissingTable, string>> = {
  'l1-table': structureKindInWords('l1-table'),
  'l2-table': structureKindInWords('l2-table'),
  'stream-table': structureKindInWords('stream-table'),
  'cd-l1-table': 'CD L1 table',
  'cd-table': structureKindInWords('cd-table'),
};

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
