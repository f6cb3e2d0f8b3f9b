/** How many crashes, in words. */

import type { Totals } from '../../triage/crash.ts';
import { count, grouped } from '../prose/quantities.ts';

/** `512 crashes: 480 analysed, 30 failed, 2 timed out`. */
export function totalsInWords({ crashes, ok, failed, timeout, skipped, exitCodes, resumed, complete }: Totals): string {
  const open = exitCodes[3];
  const parts = [
    `${grouped(ok)} analysed${open > 0 ? ` (${grouped(open)} of them cannot be told)` : ''}`,
    failed > 0 && `${grouped(failed)} failed`,
    timeout > 0 && `${grouped(timeout)} timed out`,
    skipped > 0 && `${grouped(skipped)} left out`,
  ].filter((part) => part !== false);
  const earlier = resumed > 0 ? `; ${grouped(resumed)} from an earlier run` : '';
  return `${count(crashes, 'crash', 'crashes')}: ${parts.join(', ')}${earlier}${complete ? '' : '; ended before all were looked at'}`;
}
