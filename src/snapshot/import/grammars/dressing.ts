/**
 * What stands around a line of registers and is none of it: what a terminal, a mail, a log, a kernel or a prompt puts
 * before it. Every rule takes something off the front; they are tried in turn until none fits.
 */

export interface Dressed {
  readonly text: string;
  /** Behind a prompt or a shell's trace: typed, not printed. */
  readonly typed: boolean;
  /** Behind `#` and a space: a root prompt, or a comment. */
  readonly hash: boolean;
  /** Base of the SMMU that the line names as the kernel does: `2b400000.iommu: `. */
  readonly device: number | undefined;
  /** The SMMU that the line names by a number, as people and the kernel do: `smmu1 CR0: `, `arm-smmu-v3.1.auto: `. */
  readonly unit: string | undefined;
}

const MONTH = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)';
const CLOCK = '\\d\\d:\\d\\d:\\d\\d(?:[.,]\\d+)?';
const DATE = `\\d{4}[-/]\\d\\d[-/]\\d\\d[T _]${CLOCK}(?:Z|[+-]\\d\\d:?\\d\\d)?`;

const STAMPS: readonly RegExp[] = [
  /** Mail: quoted, perhaps twice; a table's edge. Python's prompt looks alike and is one. */
  /^(?:>(?!>>) ?)+(?=\S)|^\|\s+/,
  new RegExp(`^\\[?${DATE}\\]?\\s*[|:]?\\s+`),
  new RegExp(`^[[(]${CLOCK}[\\])]\\s*|^${CLOCK}\\s+(?:[|>-]+\\s+)?`),
  /** syslog, journalctl, RFC 5424, logcat. */
  new RegExp(`^${MONTH} +\\d+ ${CLOCK} \\S{1,64} [^\\s\\d]\\S{0,63}:\\s`),
  /** ts of moreutils. */
  new RegExp(`^${MONTH} +\\d+ ${CLOCK}\\s+`),
  new RegExp(`^<\\d+>1 ${DATE} \\S+ \\S+ \\S+ \\S+ (?:-|\\[[^\\]]*\\]) `),
  /^\S{1,64} \S{1,32}(?:\[\d+\])?: (?=\[ *\d+\.\d+\])/,
  new RegExp(`^\\d\\d-\\d\\d ${CLOCK}\\s+\\d+\\s+\\d+ [VDIWEF] [^:]{1,40}: `),
  /** The kernel: level, time, caller; `dmesg -T`. */
  /^<\d>/,
  /** Two times, of grabserial: since its start and since the line before. */
  /^\[ *\d+\.\d+(?: +\d+\.\d+)?\]\s*/,
  /^\[ *[TC]\d+\]\s*/,
  new RegExp(`^\\[[A-Z][a-z]{2} ${MONTH} +\\d+ ${CLOCK} \\d{4}\\]\\s*`),
  /^kern(?:el)?(?:\.[a-z]+)?\s*:\s+/,
  /** Hypervisors and firmware. */
  /^\((?:XEN|d\d+)\)\s*/,
  /^(?:NOTICE|INFO|ERROR|WARNING|DEBUG|VERBOSE|EMERG|CRIT)(?::|\s+\[[^\]]{1,40}\]|(?=\s))\s+/i,
  /^(?:p?kvm|hyp|nvhe|bl\d+u?|tf-?a)(?:\s*\[\d+\])?:\s+/i,
  /^arm[-_]smmu[-_]v3\s+(?=\S+:\s)/i,
];

/** A word that ends as prompts do. What begins as a number does is no prompt, but for `0: kd>`. */
const PROMPT =
  /^(?:\+{1,3}\s+|>>>\s+|In \[\d+\]:\s*|\((?:qemu|gdb|lldb)\)\s*|(?:\d+:\s*)?l?kd>\s*|J-Link>\s*|B::\s*|[~./]\S{0,40}\s+[#$]\s+|\[[^\]]{1,60}\][#$]\s+|(?!0x|\+|[0-9a-f]{6})[^\s#$>%=|]{0,60}(?:\$|%|=>|(?<!-)>)\s+|(?!0x|\+|[0-9a-f]{6})[^\s#$>%=|]{1,60}#\s+)/i;
const DEVICE =
  /^(?:(?:SMMUv3:\s+)?(?:soc:|(?:\/[\w,.@-]{1,40}){0,8}\/)?(?:iommu|smmu\w*)@([0-9a-f]{5,16})|([0-9a-f]{5,16})\.(?:iommu|smmu\w*))\b:?\s*/i;
/** At the front, with nothing behind it or what may be a register's name. */
const UNIT = /^((?:arm[-_])?smmu(?:[-_]?v3)?[-_.# ]?\d{1,3}(?:\.auto)?)(?:\s*:)?(?:\s+(?=["']?[a-z])|$)/i;
/** Rules that one line can need. */
const MAX_RULES = 8;

const ESCAPE = String.fromCharCode(0x1b);
/** Colours, titles of windows and character sets, which serial consoles and monitors send, and their bells and zeros. */
const TERMINAL_SEQUENCE = new RegExp(
  `${ESCAPE}(?:\\[[0-9;?]*[ -/]*[@-~]|\\][^\\u0007${ESCAPE}]{0,200}(?:\\u0007|${ESCAPE}\\\\)|[()][0-9A-B]|[78=>c])|[\\u0000\\u0007]`,
  'g',
);

/** LAVA keeps each line of a console as an object of YAML. */
const LAVA = /^- \{.*"msg": "(.*)"\}$/;
/** The EFI shell waits for a new value behind the old one. */
const EFI_PROMPT = /(?<=:\s0x[0-9a-f]+)\s+>(?:\s*q)?$/i;

/** Tags, marks of Markdown, what begins an item of a list, edges of boxes, and the dot of a member in C. */
const MARKUP =
  /<\/?(?:table|tbody|thead|tr|t[dh]|li|code|pre|b|i|em|strong|span|p|div|d[dt]|br)(?: [^<>]{0,100})?\/?>|\*\*|(?<![0-9a-f])`|`(?![0-9a-f])|[\u2500-\u257f]|^(?:[-*\u2022] +|\.(?=[a-z]))/gi;

/** A line without what programs that show text put into it. */
export function withoutMarkup(text: string): string {
  return text.replace(MARKUP, ' ').trim();
}

/** A line without what terminals, mail, prompts and loggers put around it, and what these said. */
export function undressed(line: string): Dressed {
  let text = line.replace(TERMINAL_SEQUENCE, '').trim().replace(LAVA, '$1').replace(EFI_PROMPT, '');
  let typed = false;
  let hash = false;
  let device: number | undefined;
  for (let i = 0; i < MAX_RULES; i++) {
    const before = text;
    for (const stamp of STAMPS) text = text.replace(stamp, '');
    const prompted = text.replace(PROMPT, '');
    if (prompted !== text) typed = true;
    text = prompted;
    if (/^#\s+/.test(text)) {
      hash = true;
      text = text.replace(/^#\s+/, '');
    }
    const named = DEVICE.exec(text);
    if (named !== null) {
      device = Number(`0x${named[1] ?? named[2]}`);
      text = text.slice(named[0].length);
    }
    if (text === before) break;
  }
  const unit = UNIT.exec(text)?.[1]?.toLowerCase();
  return { text: text.trimEnd(), typed, hash, device, unit };
}
