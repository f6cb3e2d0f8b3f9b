/** Memory of the few runs that make millions of small facts: V8 lets garbage pile up to several times what is in use. */

/** More SMMUs than machines have. */
const MANY_SMMUS = 256;
const SMALL = 30;
/** V8's own choice. */
const DEFAULT = 0;

let growth = DEFAULT;

/** Collects garbage sooner until the command is done: a tenth more time, half the memory. */
export function keepHeapSmall(): Promise<void> {
  return setGrowth(SMALL);
}

/** The same where so many SMMUs are asked about. */
export async function keepHeapSmallFor(smmus: number): Promise<void> {
  if (smmus > MANY_SMMUS) await keepHeapSmall();
}

/** As it was: code that V8 keeps for later runs fits only those with the same flags. */
export function letHeapGrow(): Promise<void> {
  return setGrowth(DEFAULT);
}

async function setGrowth(percent: number): Promise<void> {
  if (percent === growth) return;
  // With Node's streams behind it, it takes a twentieth of a small inspection's time to load.
  const { setFlagsFromString } = await import('node:v8');
  setFlagsFromString(`--heap-growing-percent=${percent}`);
  growth = percent;
}
