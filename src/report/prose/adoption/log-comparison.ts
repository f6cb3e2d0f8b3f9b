/** How a captured log compares with the prediction, in the words that all reports use. */

import { count } from '../../../findings/rules/words.ts';
import type { SmmuReport } from '../../../inspect/inspection.ts';

export interface ComparisonWords {
  /** `open`: nothing was predicted for what the log has more, because nothing could be told. */
  readonly how: 'as predicted' | 'not as predicted' | 'open';
  /** What follows the name of the file and the judgement. */
  readonly rest: string;
}

/** How a captured log compares with the predicted one; null where none was given. */
export function comparisonInWords({ dmesg, fate }: Pick<SmmuReport, 'dmesg' | 'fate'>): ComparisonWords | null {
  if (dmesg === null) return null;
  const { agree, missing, extra, panic, carriesSeries } = dmesg;
  const lines = count(agree, 'line agrees', 'lines agree');
  const ending = panic === null ? '' : `, the end of the kernel ${panic.agrees ? 'too' : 'does not'}`;
  if (missing + extra === 0 && panic?.agrees !== false) return { how: 'as predicted', rest: lines + ending };
  if (fate.kind === 'unknown' && missing === 0) {
    return { how: 'open', rest: `${lines}, ${extra} more, about which nothing could be predicted` };
  }
  const series = carriesSeries === false ? '; its kernel does not carry the series' : '';
  return { how: 'not as predicted', rest: `${lines}, ${missing} missing, ${extra} extra${ending}${series}` };
}
