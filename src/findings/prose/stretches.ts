/** Why a stretch of input addresses is not mapped, as a phrase. */

import type { PageState } from '../../dump/memory.ts';
import type { Stretch } from '../../smmu/translation/table-map.ts';

/** The event of a fault by name, or what is missing. Only for what has a reason. */
export function stretchReasonInWords({ kind, why }: Pick<Stretch<PageState>, 'kind' | 'why'>): string {
  return kind === 'unknown' ? `table not in the dump (${why})` : String(why);
}
