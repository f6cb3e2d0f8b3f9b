/**
 * Who wrote a line? A syslog and a journal have the messages of programs beside those of the kernel, and a program may quote
 * one: a monitor that says `kernel: arm-smmu-v3 ...: event 0x10 received` reports no second event. A line of which nothing
 * says who wrote it counts as the kernel's: most logs have nothing else in them.
 */

export type Speaker = 'kernel' | 'program';

/** What kernels are called by syslogs. */
const KERNEL = /^(?:kernel|vmunix)$/;

/** systemd.journal-fields(7): the first says it for certain. The last ones are of syslogs that write JSON. */
const TRANSPORT = fieldNamed('_TRANSPORT');
const TAG_FIELD = fieldNamed('(?:SYSLOG_IDENTIFIER|programname|syslogtag|appname|ident)');
const FACILITY = fieldNamed('SYSLOG_FACILITY');

/** In JSON, on one line or on one each, or as `journalctl -o export` and `-o verbose` write it. */
function fieldNamed(name: string): RegExp {
  return new RegExp(`(?:"${name}" ?: ?"|^[ \\t]*${name}=)([^"\\n]{0,80})`, 'm');
}

/** Of what programs wrote to /dev/kmsg, which has the transport of the kernel, too (journald-kmsg.c). */
const OF_PROGRAM = /^[1-9]\d?$/;

/** By the fields of a journal, or of a syslog in JSON; null where they do not say. */
export function speakerInFields(fields: string): Speaker | null {
  const transport = TRANSPORT.exec(fields)?.[1];
  const facility = FACILITY.exec(fields)?.[1] ?? '';
  const tag = TAG_FIELD.exec(fields)?.[1]?.replace(/(?:\[\d+\])?:?\s*$/, '') ?? '';
  if (facility === '0' || KERNEL.test(tag)) return 'kernel';
  if (transport === 'kernel') return OF_PROGRAM.test(facility) ? 'program' : 'kernel';
  return transport === undefined && tag === '' ? null : 'program';
}

/** Months have other names in other languages, of any length and letters. */
const DAY_AND_TIME = [
  String.raw`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?`,
  String.raw`\d{1,2} \d\d:\d\d:\d\d(?:\.\d{1,9})?(?: \d{4})?`,
].join('|');
/** Of the kernel's clock, as dmesg has it and `journalctl -o short-monotonic`; the thread stands behind. */
const SINCE_BOOT = String.raw`\[ *\d{1,10}\.\d{1,9}(?: *<[^>]{1,20}>)?\](?:\[ *[TC]\d{1,10}\])?`;
/** Of /dev/kmsg: facility and level, number, microseconds, flags. netconsole has the kernel's release in front. */
const KMSG = String.raw`\d{1,3},\d{1,20},\d{1,15},[-a-z+][^;]{0,60};`;
/** syslog.3: what busybox and OpenWrt have in front of the tag. */
const FACILITY_NAMED = String.raw`(?:(kern|user|mail|daemon|auth|syslog|lpr|news|uucp|cron|authpriv|ftp|local[0-7])\.[a-z]{1,7} )`;
const TAG = String.raw`([^\s:[\]]{1,80})(?:\[(\d{1,10})\])?: ?`;
/** `time host tag[pid]: `; without a host, as dmesg has what programs gave to it. */
const SYSLOG = new RegExp(
  `(?:(?:(?:${DAY_AND_TIME})\\]?(?: (?:[A-Z]{3,5}|[+-]\\d\\d(?:\\d\\d)?))?|${SINCE_BOOT}|\\d{10}\\.\\d{6}) +|${KMSG})` +
    String.raw`(?:(?!${FACILITY_NAMED})([^\s[\]]{0,79}[^\s[\]:]) +)?${FACILITY_NAMED}?${TAG}(.*)`,
  's',
);
/** RFC 5424: facility and severity in one number, which files may lack, the version, time, host, program and its process. */
const RFC_5424 =
  /(?:<(\d{1,3})>1 \S{1,40}|(?<![^\s:>|"])1 \d{4}-\d\d-\d\dT\S{1,30}) \S{1,255} (\S{1,48}) \S{1,128} \S{1,32} (.*)/s;
/** The same number in front of a line of any other kind. */
const PRIORITY = /^<(\d{1,3})>/;
/** From here on they are of programs. */
const KERN_FACILITY_END = 8;
/** Whom `dmesg -x` and /dev/kmsg name, where it is not the kernel: nobody else gives these. */
const TOLD_BY_DMESG = new RegExp(
  `^(?:(?:user|mail|daemon|auth|syslog|lpr|news|uucp|cron|authpriv|ftp) *:[a-z]{1,6} *: ${SINCE_BOOT} ` +
    String.raw`|(?:[89]|[1-9]\d{1,2}),\d{1,20},\d{1,15},[-a-z+][^;]{0,60};)(.*)`,
  's',
);

/** Nobody's prefix is longer. */
const MAX_LENGTH = 400;
/** RFC 5424 has structured data, or a hyphen, in front of a message. Not all programs write it. */
const DATA = new RegExp(String.raw`^(?:-|(?:(?!${SINCE_BOOT})\[[!-~][^\]]{0,200}\]){1,8}) `);
/**
 * A line of a kernel as it was printed, which a program passes on: that of a console, perhaps of another machine, which the
 * program names, or as another program has dressed it.
 */
const PRINTED = new RegExp(
  String.raw`^(?:(?:${DAY_AND_TIME}) |(?!kernel:)[^\s:"]{1,64}: |\[[^\]]{0,200}\] )?(?:<\d{1,3}>)?${SINCE_BOOT}` +
    String.raw`|^(?:\d[^\s,]{1,64},)?${KMSG}|^\[[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d (?:[A-Z]{3,5} )?\d{4}\] ` +
    String.raw`|^(?:[A-Z][a-z]{2} [ \d])?(?:${DAY_AND_TIME}) \S{1,80} kernel: `,
);
/** What stands in front of a message in an object of JSON, and in an entry of a journal. */
const FIELD_OF_MESSAGE = /(?:^[ \t]*MESSAGE=|"(?:MESSAGE|message|msg|log)" ?: ?")/;
const QUOTES_KERNEL = /(?:^|\s)kernel: /;
/** What a program wrote to /dev/kmsg, as a syslog passes on all that is there. */
const WROTE_TO_KERNEL = new RegExp(`^(?:${SINCE_BOOT} )?${TAG}(.*)`, 's');

interface Tagged {
  readonly by: Speaker;
  readonly message: string;
}

/** By the tag of a syslog; null where there is none, or where it may be something else: a device, another machine. */
function speakerByTag(line: string): Tagged | null {
  const front = line.slice(0, MAX_LENGTH);
  const [, priority, program, data = ''] = RFC_5424.exec(front) ?? [];
  if (program !== undefined && (priority !== undefined || DATA.test(data))) {
    const said = data.replace(DATA, '');
    if (KERNEL.test(program) || isOfKernel(priority)) return { by: 'kernel', message: said };
    return program === '-' ? null : { by: 'program', message: said };
  }
  const [, told] = TOLD_BY_DMESG.exec(front) ?? [];
  if (told !== undefined) return { by: 'program', message: told };
  const [, , host, facility, tag, process, message = ''] = SYSLOG.exec(front) ?? [];
  if (tag === undefined) return null;
  if (KERNEL.test(tag)) return byKernel(message);
  if (facility === 'kern' || isOfKernel(PRIORITY.exec(front)?.[1])) return { by: 'kernel', message };
  // Devices and functions of the kernel have no process; who writes that the kernel says something is not the kernel.
  const isProgram =
    facility !== undefined || process !== undefined || (host !== undefined && QUOTES_KERNEL.test(message));
  return isProgram ? { by: 'program', message } : null;
}

function isOfKernel(priority: string | undefined): boolean {
  return priority !== undefined && Number(priority) < KERN_FACILITY_END;
}

function byKernel(message: string): Tagged {
  const [, tag, process, wrote = ''] = WROTE_TO_KERNEL.exec(message) ?? [];
  const isOther = tag !== undefined && process !== undefined && !KERNEL.test(tag);
  return isOther ? { by: 'program', message: wrote } : { by: 'kernel', message };
}

/** What fields have for a message, from its beginning. */
function messageInFields(text: string): string {
  const found = FIELD_OF_MESSAGE.exec(text);
  return found === null ? text : text.slice(found.index + found[0].length);
}

/** Of one log, line by line. */
export class Speakers {
  #kernelSpoke = false;

  /** Whether a program wrote that; `fields` is who did by the fields around it. */
  isOfProgram(text: string, fields: Speaker | null): boolean {
    const found = fields === null ? this.#byText(text) : { by: fields, message: messageInFields(text) };
    if (found === null) return false;
    if (found.by === 'kernel') this.#kernelSpoke = true;
    else if (this.#kernelSpoke || !PRINTED.test(found.message.slice(0, MAX_LENGTH))) return true;
    return false;
  }

  #byText(text: string): Tagged | null {
    return MAY_TELL.test(text.slice(0, MAX_LENGTH)) ? speakerByTag(text) : null;
  }
}

/** Most lines of a storm have none of it. */
const MAY_TELL = /kernel: |\]: | - |^<|^\d{1,3},|^[a-z]{3,8} *:[a-z]| (?:user|daemon|local\d)\./;
