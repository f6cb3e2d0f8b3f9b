/** Who gives back what the driver maps, in words. */

import type { Releaser } from '../../../inspect/emulation/outcome.ts';

const RELEASERS: Readonly<Record<Releaser, string>> = {
  'id-scan': 'the ID scan, right after the table',
  fallback: 'devm_memunmap(), as the adoption falls back',
  cleanup: 'arm_smmu_kdump_adopt_cleanup',
  'failed-probe': 'devres, as the probe of the SMMU fails',
  unbinding: 'devres, when the SMMU is unbound',
};

/** Who gives a mapping back, and when. */
export function releasedByInWords(releaser: Releaser): string {
  return RELEASERS[releaser];
}
