/**
 * What does the name of a crash's folder say of time and machine? kdump-utils names it `127.0.0.1-2026-11-02-03:04:05`,
 * kdump-tools `202611020304` (behind the host's name where it is on a server), people `2026-11-02-node17`.
 */

/** `when` is the machine's local time, so it has no zone. */
export interface Told {
  readonly when: string | null;
  readonly host: string | null;
}

const DATE = String.raw`(?<year>(?:19|20)\d\d)-(?<month>\d\d)-(?<day>\d\d)`;
const TIME = String.raw`(?<hour>\d\d)[:.-](?<minute>\d\d)(?:[:.-](?<second>\d\d))?`;
const STAMP = String.raw`(?<year>20\d\d)(?<month>\d\d)(?<day>\d\d)(?:[-T_]?(?<hour>\d\d)(?<minute>\d\d)(?<second>\d\d)?)?`;
const HOST = String.raw`(?<host>\S.*?)`;

const LAYOUTS: readonly RegExp[] = [
  `${HOST}[-_]${DATE}[-T_ ]${TIME}`,
  `${HOST}[-_]${DATE}`,
  `${DATE}[-T_ ]${TIME}(?:[-_]${HOST})?`,
  `${DATE}(?:[-_]${HOST})?`,
  `${HOST}[-_]${STAMP}`,
  `(?:dump\\.)?${STAMP}(?:[-_]${HOST})?`,
].map((layout) => new RegExp(`^${layout}$`));

/** What stands in front of a time and is no host. */
const NO_HOSTS: readonly string[] = ['dump', 'vmcore', 'crash', 'kdump'];

/** By the last part of the folder's path. */
export function toldByFolder(name: string): Told {
  for (const layout of LAYOUTS) {
    const groups = layout.exec(name)?.groups;
    if (groups === undefined) continue;
    const { year, month, day, hour, minute, second = '00', host } = groups;
    const time = hour === undefined ? '' : `T${hour}:${minute}:${second}`;
    const when = `${year}-${month}-${day}${time}`;
    if (!isDate(when)) continue;
    return { when, host: host === undefined || NO_HOSTS.includes(host) ? null : host };
  }
  return { when: null, host: null };
}

/** 2026-02-30 is none. */
function isDate(when: string): boolean {
  const date = new Date(when.includes('T') ? `${when}Z` : when);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(when.slice(0, 10));
}

/** As VMCOREINFO's CRASHTIME has it, in seconds since 1970; null for none that can be one. */
export function crashTime(vmcoreinfo: ReadonlyMap<string, string>): string | null {
  const text = vmcoreinfo.get('CRASHTIME') ?? '';
  return /^[1-9][0-9]{0,10}$/.test(text) ? new Date(Number(text) * 1000).toISOString().replace('.000', '') : null;
}
