/** What the report shows of firmware's tables. */

import type { IdRange, ReservedRegion } from '../platform/firmware/firmware.ts';
import type { Platform, PlatformSmmu } from '../platform/platform.ts';
import type { FirmwareSource } from '../snapshot/firmware-source.ts';

export interface PlatformReport {
  /** Where the table is from: a file, or the dump. Null, as what follows, for an SMMU that no table has. */
  readonly source: FirmwareSource | null;
  readonly kind: 'device-tree' | 'iort' | null;
  /** The SMMU in the table. */
  readonly instance: string | null;
  readonly coherent: boolean | null;
  /** Who is behind it: the table's own mappings, in its order. */
  readonly ranges: readonly IdRange[];
  readonly reserved: readonly ReservedRegion[];
  /** Bytes of the dump that were looked through for a table; null when it was not searched. */
  readonly searched: number | null;
}

/** As plain data; the ranges are the table's own. */
export function platformReport({ search }: Platform, known: PlatformSmmu | null): PlatformReport {
  const searched = search?.byteLength ?? null;
  if (known === null) {
    return { source: null, kind: null, instance: null, coherent: null, ranges: [], reserved: [], searched };
  }
  const { table, smmu } = known;
  return {
    source: table.source,
    kind: table.kind,
    instance: smmu.name,
    coherent: smmu.coherent,
    ranges: smmu.ranges,
    reserved: smmu.reserved,
    searched,
  };
}
