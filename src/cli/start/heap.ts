/** Memory of the few runs that make millions of small facts: V8 lets garbage pile up to several times what is in use. */

import { setFlagsFromString } from 'node:v8';

/** More SMMUs than machines have. */
const MANY_SMMUS = 256;
const SMALL = 30;
/** V8's own choice. */
const DEFAULT = 0;

let growth = DEFAULT;

/** Collects garbage sooner until the command is done: a tenth more time, half the memory. */
export function keepHeapSmall(): void {
  setGrowth(SMALL);
}

/** The same where so many SMMUs are asked about. */
export function keepHeapSmallFor(smmus: number): void {
  if (smmus > MANY_SMMUS) keepHeapSmall();
}

/** As it was: code that V8 keeps for later runs fits only those with the same flags. */
export function letHeapGrow(): void {
  setGrowth(DEFAULT);
}

function setGrowth(percent: number): void {
  if (percent !== growth) setFlagsFromString(`--heap-growing-percent=${percent}`);
  growth = percent;
}
