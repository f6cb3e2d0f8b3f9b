/** When was it printed, and where? What stands in front of a message says it, in the ways in which logs are saved. */

/** Nobody's prefix is longer; what stands further in front is another program's output. */
const MAX_PREFIX_LENGTH = 200;

/** `dmesg -d` puts the time since the line before it in the same brackets. */
const PRINTK_TIME = /^ *(\d{1,10}\.\d{1,9})(?: +< *\d{1,10}\.\d{1,9} *>)?$/;
const WALL_CLOCKS: readonly RegExp[] = [
  /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?/,
  /(?:[A-Z][a-z]{2} )?[A-Z][a-z]{2} +\d{1,2} \d\d:\d\d:\d\d(?:(?: [A-Z]{3,5})? \d{4})?/,
  /\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}/,
];

/** What netconsole (extended) and /dev/kmsg put in front: level, number, microseconds since boot, flags. */
const KMSG_TIME = /(?:^|[\s,])\d{1,3},\d{1,20},(\d{1,15}),[-a-z+][^;]{0,60};$/;

/** Seconds since boot, as printk gives them: the last ones in front of the message. Null where there are none. */
export function printkTime(prefix: string): number | null {
  const [, micros] = prefix.endsWith(';') ? (KMSG_TIME.exec(prefix.slice(-MAX_PREFIX_LENGTH)) ?? []) : [];
  if (micros !== undefined) return Number(micros) / 1e6;
  for (let end = prefix.lastIndexOf(']'); end > 0; end = prefix.lastIndexOf(']', end - 1)) {
    const start = prefix.lastIndexOf('[', end);
    if (start < 0 || prefix.length - start > MAX_PREFIX_LENGTH) return null;
    const [, seconds] = PRINTK_TIME.exec(prefix.slice(start + 1, end)) ?? [];
    if (seconds !== undefined) return Number(seconds);
  }
  return null;
}

/** Date and time as they stand there: in ISO 8601, of syslog, of `dmesg -T`, or of logcat. */
export function wallClock(prefix: string): string | null {
  for (const pattern of WALL_CLOCKS) {
    const [found] = pattern.exec(prefix.slice(0, MAX_PREFIX_LENGTH)) ?? [];
    // A copy: a part of a line would keep the piece of the log in memory that it was read from.
    if (found !== undefined) return Buffer.from(found, 'latin1').toString('latin1');
  }
  return null;
}

/** A syslog's line begins with a time of digits, the host, and who speaks. */
const SPEAKER = ' kernel';
const MAX_HOST_END = 120;
/** What a machine is called before it has its name. */
const NOT_NAMED_YET: ReadonlySet<string> = new Set(['localhost', '(none)']);

/** A host by its name; null where that is none in particular. */
export function hostNamed(name: string | undefined): string | null {
  return name === undefined || NOT_NAMED_YET.has(name) ? null : name;
}

/** What busybox says between the two. */
const FACILITY = / (?:kern|user|daemon)\.[a-z]{1,7}$/;
/** A time, perhaps with its zone, as it stands in front of the host; `E kernel :` of logcat names none. */
const TIMED_HOST = /(?:\d|\dZ|\d [A-Z]{3,5}) (?![VDIWEF] *$)(\S{1,80})$/;

/** The machine of a syslog's line; null where none is named, or none in particular. */
export function hostOf(line: string): string | null {
  const end = line.indexOf(SPEAKER);
  if (end < 0 || end > MAX_HOST_END || !/[:[ ]/.test(line.charAt(end + SPEAKER.length))) return null;
  return hostNamed(TIMED_HOST.exec(line.slice(0, end).replace(FACILITY, ''))?.[1]);
}
