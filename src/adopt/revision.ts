/** The revisions of the patch series, as the differences that the emulation consults. */

import type { LogLevel } from './log.ts';

export interface Revision {
  readonly name: string;
  /** What the adoption's own messages begin with. */
  readonly logPrefix: string;
  /** Level of the message that announces the attempt. */
  readonly adoptingLevel: LogLevel;
}

const v6: Revision = { name: 'v6', logPrefix: 'kdump: ', adoptingLevel: 'info' };

/** Every revision that can be emulated, oldest first. */
export const REVISIONS: ReadonlyMap<string, Revision> = new Map([[v6.name, v6]]);

/** The revision that vendors ship: what is emulated when nobody says otherwise. */
export const DEFAULT_REVISION = v6.name;
