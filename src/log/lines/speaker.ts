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

/** By the fields of a journal, or of a syslog in JSON; null where they do not say. */
export function speakerInFields(fields: string): Speaker | null {
  const transport = TRANSPORT.exec(fields)?.[1];
  const tag = TAG_FIELD.exec(fields)?.[1]?.replace(/(?:\[\d+\])?:?\s*$/, '');
  if (transport === 'kernel' || FACILITY.exec(fields)?.[1] === '0' || KERNEL.test(tag ?? '')) return 'kernel';
  return transport === undefined && (tag ?? '') === '' ? null : 'program';
}

const DAY_AND_TIME = [
  String.raw`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?`,
  String.raw`[A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d(?:\.\d{1,9})?(?: \d{4})?`,
].join('|');
/** Of the kernel's clock, as dmesg has it and `journalctl -o short-monotonic`; the thread stands behind. */
const SINCE_BOOT = String.raw`\[ *\d{1,10}\.\d{1,9}(?: *<[^>]{1,20}>)?\](?:\[ *[TC]\d{1,10}\])?`;
/** `time host tag[pid]: ` with what busybox has in front of the tag. Without a host, as dmesg has what programs gave to it. */
const SYSLOG = new RegExp(
  `(?:(?:${DAY_AND_TIME})\\]?(?: [A-Z]{3,5})?|${SINCE_BOOT}|\\d{10}\\.\\d{6}) +` +
    String.raw`(?:([^\s[\]]{0,79}[^\s[\]:]) +)?(?:[a-z]{1,8}\d?\.[a-z]{1,7} )?([^\s:[\]]{1,80})(?:\[(\d{1,10})\])?: ?(.*)`,
  's',
);
/** RFC 5424: facility and severity in one number, the version, time, host, program and its process. */
const RFC_5424 = /^<(\d{1,3})>1 \S{1,40} \S{1,255} (\S{1,48}) \S{1,128} \S{1,32} (.*)/s;
/** The same number in front of a line of any other kind. */
const PRIORITY = /^<(\d{1,3})>/;
/** From here on they are of programs. */
const KERN_FACILITY_END = 8;

/** Nobody's prefix is longer. */
const MAX_LENGTH = 400;
/** A line of a kernel as it was printed, which a program passes on: that of a console, perhaps of another machine. */
const PRINTED = /^(?:\[[^\]]{0,200}\] )?(?:<\d{1,3}>)?\[ *\d{1,10}\.\d{1,9}\]/;
const QUOTES_KERNEL = /(?:^|\s)kernel: /;

interface Tagged {
  readonly by: Speaker;
  readonly message: string;
}

/** By the tag of a syslog; null where there is none, or where it may be something else: a device, another machine. */
function speakerByTag(line: string): Tagged | null {
  const front = line.slice(0, MAX_LENGTH);
  const [, priority, program = '-', said = ''] = RFC_5424.exec(front) ?? [];
  if (priority !== undefined) {
    if (KERNEL.test(program) || Number(priority) < KERN_FACILITY_END) return { by: 'kernel', message: said };
    return program === '-' ? null : { by: 'program', message: said };
  }
  const [, host, tag, process, message = ''] = SYSLOG.exec(front) ?? [];
  if (tag === undefined) return null;
  if (KERNEL.test(tag) || Number(PRIORITY.exec(front)?.[1] ?? KERN_FACILITY_END) < KERN_FACILITY_END)
    return { by: 'kernel', message };
  // Devices and functions of the kernel have no process; who writes that the kernel says something is not the kernel.
  const isProgram = process !== undefined || (host !== undefined && QUOTES_KERNEL.test(message));
  return isProgram ? { by: 'program', message } : null;
}

/** Of one log, line by line. */
export class Speakers {
  #kernelSpoke = false;

  /** Whether a program wrote that; `fields` is who did by the fields around it. */
  isOfProgram(text: string, fields: Speaker | null): boolean {
    const mayTell = fields !== null || text.includes('kernel: ') || text.includes(']: ') || text.startsWith('<');
    if (!mayTell) return false;
    const found = fields === null ? speakerByTag(text) : { by: fields, message: text };
    if (found === null) return false;
    if (found.by === 'kernel') this.#kernelSpoke = true;
    else if (this.#kernelSpoke || !PRINTED.test(found.message)) return true;
    return false;
  }
}
