/** A kernel log read whole, in pieces of any length. */

import type { KernelLog } from '../../src/log/facts.ts';
import { LogReader } from '../../src/log/kernel-log.ts';

export function readLog(log: string | Buffer, pieceLength = 1 << 20): KernelLog {
  const bytes = typeof log === 'string' ? Buffer.from(log) : log;
  const reader = new LogReader();
  for (let at = 0; at < bytes.length; at += pieceLength) reader.push(bytes.subarray(at, at + pieceLength));
  return reader.end();
}
