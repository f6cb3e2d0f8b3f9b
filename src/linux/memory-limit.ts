/** Was the crashed kernel told to use less memory than there is? Its log has its command line near the beginning. */

import type { Dump } from '../dump/dump.ts';
import { isKernel, kernelOf } from './kernel.ts';
import { MAX_KEPT_RECORDS, openRing } from './kernel-log.ts';

const COMMAND_LINE = /^Kernel command line: (.*)$/s;
/** Of arm64; what stands behind `--` is for init. */
const LIMIT = /(?:^|\s)(mem=[0-9][0-9a-zA-Z]{0,20})(?=\s|$)/;

/** The option as the command line has it (`mem=512M`); null where there is none, or the log does not tell. */
export function memoryLimit(dump: Dump): string | null {
  const kernel = kernelOf(dump);
  const ring = isKernel(kernel) ? openRing(kernel) : null;
  if (ring === null || 'why' in ring) return null;
  let read = 0;
  for (const record of ring.records()) {
    const [, line] = COMMAND_LINE.exec(record?.text ?? '') ?? [];
    if (line !== undefined) return LIMIT.exec(line.split(' -- ')[0] as string)?.[1] ?? null;
    read += 1;
    if (read >= MAX_KEPT_RECORDS) break;
  }
  return null;
}
