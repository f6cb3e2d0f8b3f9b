/** How does dmesg print a record of the kernel's log? Every line of it with its time, in seconds since boot. */

import type { LogRecord } from './kernel-log.ts';

const MICROS_PER_SECOND = 1_000_000n;

/** Seconds since boot, as printk writes them: with microseconds. */
export function secondsOf(nanoseconds: bigint): string {
  const micros = nanoseconds / 1000n;
  return `${micros / MICROS_PER_SECOND}.${String(micros % MICROS_PER_SECOND).padStart(6, '0')}`;
}

/** The lines of one record, without their ends. The text is as the dump has it. */
export function dmesgLines({ nanoseconds, text }: Pick<LogRecord, 'nanoseconds' | 'text'>): string[] {
  const time = `[${secondsOf(nanoseconds).padStart(12)}]`;
  return text.split('\n').map((line) => `${time} ${line}`);
}
