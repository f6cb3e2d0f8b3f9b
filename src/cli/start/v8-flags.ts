/** What runs of some kinds ask of V8, and do without again at their end. */

/** More SMMUs than machines have. */
const MANY_SMMUS = 256;

/** What is asked for, and V8's own value. */
type Flags = { readonly [name: string]: readonly [asked: number, own: number] };

const SMALL_HEAP: Flags = { 'heap-growing-percent': [30, 0] };

/** By the major version of V8: it complains on stderr about flags that it does not know, and its own values change. */
const LATE_OPTIMISATION: { readonly [v8: string]: Flags } = {
  11: { 'interrupt-budget': [600_000, 67_584] },
  12: { 'invocation-count-for-turbofan': [30_000, 3000] },
  13: { 'invocation-count-for-maglev': [2000, 400], 'invocation-count-for-turbofan': [30_000, 10_000] },
  14: { 'invocation-count-for-maglev': [3000, 400], 'invocation-count-for-turbofan': [200_000, 16_000] },
};

let asked: Flags = {};

/**
 * Collects garbage sooner until the command is done, for runs that make millions of small facts, of which V8 lets several
 * times what is in use pile up: a tenth more time, half the memory.
 */
export function keepHeapSmall(): Promise<void> {
  return ask(SMALL_HEAP);
}

/** The same where so many SMMUs are asked about. */
export async function keepHeapSmallFor(smmus: number): Promise<void> {
  if (smmus > MANY_SMMUS) await keepHeapSmall();
}

/**
 * For a process that does one small task after the other: it runs most of its code too little for what V8 spends on making
 * it faster, up to a quarter of a triage's processor time. What runs long is optimised all the same, milliseconds later.
 */
export async function optimiseLate(): Promise<void> {
  const flags = LATE_OPTIMISATION[Number.parseInt(process.versions.v8, 10)];
  if (flags !== undefined) await ask(flags);
}

/** As it was: code that V8 keeps for later runs fits only those with the same flags. */
export async function restoreFlags(): Promise<void> {
  await set(Object.entries(asked).map(([name, [, own]]) => [name, own]));
  asked = {};
}

async function ask(flags: Flags): Promise<void> {
  // Whoever started Node with a value of their own keeps it.
  const free = Object.entries(flags).filter(
    ([name]) => !process.execArgv.some((given) => given.startsWith(`--${name}`)),
  );
  asked = { ...asked, ...Object.fromEntries(free) };
  await set(free.map(([name, [value]]) => [name, value]));
}

async function set(values: readonly (readonly [name: string, value: number])[]): Promise<void> {
  if (values.length === 0) return;
  // With Node's streams behind it, it takes a twentieth of a small inspection's time to load.
  const { setFlagsFromString } = await import('node:v8');
  for (const [name, value] of values) setFlagsFromString(`--${name}=${value}`);
}
