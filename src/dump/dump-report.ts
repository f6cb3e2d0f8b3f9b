/** What every report says of the dump that it was made from. */

import type { Dump, DumpAssumption } from './dump.ts';
import type { AddressRange } from './memory.ts';

export interface DumpReport {
  readonly files: readonly string[];
  readonly format: string;
  readonly wrapper: string | null;
  readonly pageSize: number;
  /** Whether it is known that all is there that should be. */
  readonly complete: boolean;
  /** `unknown`: the format has no mark at its end, so that a dump that was cut may look like a whole one. */
  readonly completeness: Completeness;
  /** What the dump says is RAM. */
  readonly memory: readonly AddressRange[];
  /** Whether that is all RAM there is. If it may not be, what lies elsewhere is unknown, not a hole. */
  readonly memoryComplete: boolean;
  readonly assumptions: readonly DumpAssumption[];
}

export type Completeness = 'whole' | 'short' | 'unknown';

/** The container and the memory map of a dump. */
export function dumpReport(dump: Dump): DumpReport {
  return {
    files: dump.files,
    format: dump.format,
    wrapper: dump.wrapper,
    pageSize: dump.pageSize,
    complete: dump.complete === true,
    completeness: dump.complete === null ? 'unknown' : dump.complete ? 'whole' : 'short',
    memory: dump.memory.ranges,
    memoryComplete: dump.mapComplete,
    assumptions: dump.assumptions,
  };
}
