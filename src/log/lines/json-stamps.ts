/**
 * When was it printed, and where, by a log of one JSON object a line? The journal of systemd writes its fields beside the
 * message, log collectors a few names of their own; they stand before it or behind it, in any order.
 */

import { type Speaker, speakerInFields } from './speaker.ts';
import { hostNamed } from './stamps.ts';

export interface JsonStamps {
  readonly host: string | null;
  /** Seconds since boot. */
  readonly time: number | null;
  /** Date and time of the wall clock, in ISO 8601. */
  readonly stamp: string | null;
  readonly speaker: Speaker | null;
}

/** Of an object that says nothing but who wrote it. */
export const stampsOf = (speaker: Speaker | null): JsonStamps | null =>
  speaker === null ? null : { host: null, time: null, stamp: null, speaker };

/** systemd.journal-fields(7): times are microseconds in decimal, of the kernel's clock where it is known. */
const SINCE_BOOT =
  /"(?:_SOURCE_BOOTTIME_TIMESTAMP|_SOURCE_MONOTONIC_TIMESTAMP|__MONOTONIC_TIMESTAMP)" ?: ?"(\d{1,15})"/;
const REALTIME = /"__REALTIME_TIMESTAMP" ?: ?"(\d{1,17})"/;
const HOST = /"(?:_HOSTNAME|hostname|host)" ?: ?"([^"\\]{1,255})"/;

const OPENING_BRACE = 0x7b;

/** Null for a line that is no JSON object. What it does not say is null. */
export function jsonStamps(line: string): JsonStamps | null {
  if (line.charCodeAt(0) !== OPENING_BRACE) return null;
  const [, sinceBoot] = SINCE_BOOT.exec(line) ?? [];
  const [, realtime] = REALTIME.exec(line) ?? [];
  return {
    host: hostNamed(HOST.exec(line)?.[1]),
    time: sinceBoot === undefined ? null : Number(sinceBoot) / 1e6,
    stamp: realtime === undefined ? null : new Date(Number(realtime) / 1000).toISOString(),
    speaker: speakerInFields(line),
  };
}
