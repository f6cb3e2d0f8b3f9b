/**
 * The real dumps that tests compare with are too large for this repository. They are looked for in the folder that
 * SMMU_ADOPT_DUMPS names, or in `../shared/dumps` beside the repository; without them those tests are skipped.
 */

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = process.env['SMMU_ADOPT_DUMPS'] ?? fileURLToPath(new URL('../../../../shared/dumps', import.meta.url));

/** One boot of a guest with its dumps in every format. */
export const QEMU_A = join(ROOT, 'qemu-a');
/** Firmware tables of real machines. */
export const REAL_FIRMWARE = join(ROOT, '..', 'firmware');
/** Dumps of several kernels without a register snapshot, with what their registers were beside them. */
export const BARE = join(ROOT, 'bare');
/** Runs of a kernel that carries revision v6. */
export const ADOPT_V6 = join(ROOT, 'adopt-v6');
/** The same of one that carries v10. */
export const ADOPT_V10 = join(ROOT, 'adopt-v10');

/** What to put behind the name of a group of tests: why it is skipped, or nothing. */
export function whyNot(folder: string, { xz = false } = {}): string {
  if (!existsSync(folder)) return ` (skipped: no ${folder}; SMMU_ADOPT_DUMPS can name the folder above it)`;
  const lacksXz = xz && spawnSync('xz', ['--version']).error !== undefined;
  return lacksXz ? ' (skipped: there is no xz command to unpack the dumps with)' : '';
}
