/** Who gives back what the driver maps, in words. */

import type { MappingReport } from '../../inspect/outcome.ts';

/** Null for a mapping that failed. */
export function releasedByInWords({ kind, transient, ok }: MappingReport): string | null {
  if (!ok) return null;
  if (transient) return 'the ID scan, right after the table';
  return kind === 'memremap' ? 'arm_smmu_kdump_adopt_cleanup' : 'devres, when the SMMU is unbound';
}
