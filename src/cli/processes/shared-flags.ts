/** Which options of `inspect` does a triage take, to hold for every crash? */

import type { InspectFlags } from '../commands/inspect.ts';

const SHARED = [
  'revision',
  'kernel',
  'insert',
  'memremap',
  'paBits',
  'firmware',
  'deep',
  'gate',
  'excluded',
  'failOn',
  'allowOutside',
  'redact',
] as const satisfies (keyof InspectFlags)[];

/** They go to the worker as JSON. */
export type SharedFlags = Pick<InspectFlags, (typeof SHARED)[number]>;

/** Those among all that a triage was given. */
export function sharedFlags(flags: SharedFlags): SharedFlags {
  return Object.fromEntries(SHARED.map((name) => [name, flags[name]])) as SharedFlags;
}
