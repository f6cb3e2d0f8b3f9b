/** What keeps the crashed kernel's own state of an SMMU from being believed, in words. */

import { hex } from '../../hex.ts';
import type { SmmuProblem } from '../../linux/driver/smmu-state.ts';
import type { MapLack } from '../../linux/kernel-state.ts';

/** `cmdq.q.q_base of struct arm_smmu_device contradicts what must agree with it`. */
export function smmuProblemInWords(problem: SmmuProblem): string {
  switch (problem.why) {
    case 'probe-unfinished':
      return 'its probe had not come to its end';
    case 'no-layout':
      return "the layout of the driver's structures is not known, and nothing behind the device looks like them";
    case 'unreadable':
      return `${memberInWords(problem)} is not in the dump`;
    case 'contradiction':
      return `${memberInWords(problem)} contradicts what must agree with it`;
  }
}

function memberInWords({ member, struct = 'arm_smmu_device' }: Extract<SmmuProblem, { member: string }>): string {
  return `${member} of struct ${struct}`;
}

/** `the dump has 4096 bytes of memory that it does not list, from 0x60000000 on: the kernel was started with mem=512M`. */
export function mapLackInWords(lack: MapLack): string {
  switch (lack.why) {
    case 'not-whole':
      return 'a part of it is not in the dump, or is damaged';
    case 'no-system-ram':
      return 'it lists no memory at all';
    case 'memory-beyond': {
      const { first, byteLength, limit } = lack;
      const why = limit === null ? '' : `: the kernel was started with ${limit}`;
      return `the dump has ${byteLength} bytes of memory that it does not list, from ${hex(first)} on${why}`;
    }
  }
}
