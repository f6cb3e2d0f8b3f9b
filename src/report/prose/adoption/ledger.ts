/** Who gives back what the driver maps, in words. */

import type { MappingReport } from '../../../inspect/emulation/outcome.ts';

/** Null for a mapping that failed. v4 and v5, which have devres hold the table, give it back themselves in a fall-back. */
export function releasedByInWords({ kind, transient, ok, held }: MappingReport): string | null {
  if (!ok) return null;
  if (transient) return 'the ID scan, right after the table';
  if (kind === 'devm_memremap' && !held) return 'devm_memunmap(), as the adoption falls back';
  return kind === 'memremap' ? 'arm_smmu_kdump_adopt_cleanup' : 'devres, when the SMMU is unbound';
}
