/** What keeps the crashed kernel's own state of an SMMU from being believed, in words. */

import type { SmmuProblem } from '../../linux/driver/smmu-state.ts';

/** `cmdq.q.q_base of struct arm_smmu_device contradicts what must agree with it`. */
export function smmuProblemInWords(problem: SmmuProblem): string {
  switch (problem.why) {
    case 'probe-unfinished':
      return 'its probe had not come to its end';
    case 'no-layout':
      return "the layout of the driver's structures is not known, and nothing behind the device looks like them";
    case 'unreadable':
      return `${problem.member} of struct arm_smmu_device is not in the dump`;
    case 'contradiction':
      return `${problem.member} of struct arm_smmu_device contradicts what must agree with it`;
  }
}
