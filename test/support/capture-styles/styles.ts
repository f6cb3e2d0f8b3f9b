/**
 * How tools print registers: one writer for each style, all from one true map of registers. What a style shows is what
 * it can: some have no room for page 1, some print names.
 */

import { BOOT_LOADERS } from './boot-loaders.ts';
import { DEBUGGERS } from './debuggers.ts';
import { KERNELS } from './kernels.ts';
import { LISTS } from './lists.ts';
import { MAILS } from './mails.ts';
import { SHELLS } from './shells.ts';
import type { Style } from './writers.ts';

/** More than a hundred ways; a name says the tool and the unit. */
export const STYLES: readonly Style[] = [...SHELLS, ...BOOT_LOADERS, ...DEBUGGERS, ...KERNELS, ...LISTS, ...MAILS];
