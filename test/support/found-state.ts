/** The crashed kernel's state, where it has to be there. */

import type { FoundState, KernelState } from '../../src/linux/kernel-state.ts';

/** The state that was found; fails where none was. */
export function found(state: KernelState): FoundState {
  if (state.outcome !== 'found') throw new Error(`nothing found: ${JSON.stringify(state.reason)}`);
  return state;
}
