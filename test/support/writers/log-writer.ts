/** Writes kernel logs: what a driver prints of known records, and the dressings in which people post it. */

/** One line of a driver, before anything stands in front of it. */
export interface DriverLine {
  readonly device: string;
  readonly body: string;
  /** Microseconds since boot. */
  readonly time: number;
  /** Another driver's line: `device` is its name and what it prints of. */
  readonly foreign?: boolean;
}

export interface WrittenEvent {
  readonly device: string;
  readonly words: readonly [bigint, bigint, bigint, bigint];
}

const word = (value: bigint) => `0x${value.toString(16).padStart(16, '0')}`;

const KERNEL_NAMES: Readonly<Record<number, string>> = {
  2: 'C_BAD_STREAMID',
  3: 'F_STE_FETCH',
  4: 'C_BAD_STE',
  6: 'F_STREAM_DISABLED',
  8: 'C_BAD_SUBSTREAMID',
  9: 'F_CD_FETCH',
  10: 'C_BAD_CD',
  16: 'F_TRANSLATION',
  17: 'F_ADDR_SIZE',
  18: 'F_ACCESS',
  19: 'F_PERMISSION',
  37: 'F_VMS_FETCH',
};
const CLASSES = ['CD fetch', 'Stage 1 translation table fetch', 'Input address caused fault', 'Reserved'];

/** `v5`: header and words; `v6.14`: the lines in clear as well; `decoded`: those alone. */
export type Printing = 'v5' | 'v6.14' | 'decoded';

export function bodiesOf({ words: [w0, w1, w2, w3] }: WrittenEvent, printing: Printing): string[] {
  const code = Number(w0 & 0xffn);
  const raw = [
    `event 0x${code.toString(16).padStart(2, '0')} received:`,
    ...[w0, w1, w2, w3].map((w) => `\t${word(w)}`),
  ];
  const bit = (n: number) => Number((w1 >> BigInt(n)) & 1n);
  const hex = (value: bigint | number) => `0x${value.toString(16)}`;
  const who = `event: ${KERNEL_NAMES[code] ?? 'UNKNOWN'} client: (unassigned sid) sid: ${hex(w0 >> 32n)} ssid: ${hex((w0 >> 12n) & 0xfffffn)}`;
  const clear =
    code >= 0x10 && code <= 0x13
      ? [
          `${who} iova: ${hex(w2)} ipa: ${hex(w3 & 0xffffffffff000n)}`,
          `${bit(33) ? 'priv' : 'unpriv'} ${bit(34) ? 'inst' : 'data'} ${bit(35) ? 'read' : 'write'} s${bit(39) + 1} ` +
            `"${CLASSES[Number((w1 >> 40n) & 3n)]}"${bit(31) ? ' stall' : ''} stag: ${hex(w1 & 0xffffn)}`,
        ]
      : [[3, 9, 0x25].includes(code) ? `${who} fetch_addr: ${hex(w3)}` : who];
  return printing === 'v5' ? raw : printing === 'decoded' ? clear : [...raw, ...clear];
}

/** The lines of all records, a millisecond apart. */
export function driverLines(events: readonly WrittenEvent[], printing: Printing): DriverLine[] {
  let time = 446_397_497;
  return events.flatMap((event) =>
    bodiesOf(event, printing).map((body) => {
      time += 1003;
      return { device: event.device, body, time };
    }),
  );
}

const seconds = (time: number) => (time / 1e6).toFixed(6).padStart(12);
const text = ({ device, body, foreign }: DriverLine) => `${foreign ? '' : 'arm-smmu-v3 '}${device}: ${body}`;
const printk = (line: DriverLine) => `[${seconds(line.time)}] ${text(line)}`;
const each =
  (dress: (line: DriverLine, i: number) => string, end = '\n') =>
  (lines: readonly DriverLine[]) =>
    lines.map((line, i) => dress(line, i) + end).join('');
const spelledTab = (tab: string) => each((line) => printk(line).replace('\t', tab));

/** Breaks lines at a blank, as a mail program does. */
export function wrapped(line: string, width: number, quote: string): string {
  if (line.length <= width) return quote + line;
  const cut = line.lastIndexOf(' ', width);
  return cut <= 0 ? quote + line : `${quote}${line.slice(0, cut)}\n${wrapped(line.slice(cut + 1), width, quote)}`;
}

function quotedPrintable(line: string): string {
  const spelled = line.replace(/=/g, '=3D').replace(/\t/g, '=09');
  const parts: string[] = [];
  for (let at = 0; at < spelled.length; at += 70) parts.push(spelled.slice(at, at + 70));
  return `${parts.join('=\n')}\n`;
}

/** A line of a screen of so many columns, which breaks words and numbers alike. */
const onScreen = (columns: number) =>
  each(
    (line) =>
      printk(line)
        .match(new RegExp(`.{1,${columns}}`, 'g'))
        ?.join('\n') ?? '',
  );
/** In colours, as `dmesg --color` prints them, with what a program shows in place of the escape character. */
const coloured = (shown: string, tab: string) =>
  each(
    (line) =>
      `${shown}[32m[${seconds(line.time)}] ${shown}[0m${shown}[33marm-smmu-v3 ${line.device}: ${shown}[0m${line.body.replace('\t', tab)}`,
  );

/** Every dressing makes one text of the lines. `timed`: the seconds since boot are still there. */
export const DRESSINGS: Readonly<
  Record<string, { readonly timed: boolean; readonly dress: (lines: readonly DriverLine[]) => string }>
> = {
  'printk time': { timed: true, dress: each(printk) },
  'no prefix at all': { timed: false, dress: each(text) },
  'printk time and caller': {
    timed: true,
    dress: each((line) => `[${seconds(line.time)}][  T${line.time % 999}] ${text(line)}`),
  },
  'netconsole, extended': {
    timed: true,
    dress: each((line, i) => `6.12.0,3,${800 + i},${line.time},-,ncfrag=0/97;${text(line)}`),
  },
  '/dev/kmsg': {
    timed: true,
    dress: each((line, i) => `3,${i},${line.time},-;${text(line).replace('\t', '\\x09')}\n SUBSYSTEM=platform`),
  },
  'levels of the console': { timed: true, dress: each((line) => `<6>${printk(line)}`) },
  syslog: { timed: true, dress: each((line) => `Nov 12 03:04:05 node7 kernel: ${printk(line)}`) },
  'syslog without printk time': { timed: false, dress: each((line) => `Nov  2 03:04:05 node7 kernel: ${text(line)}`) },
  'journalctl -o short-iso': {
    timed: false,
    dress: each((line) => `2026-09-29T10:11:12+0200 node7 kernel: ${text(line)}`),
  },
  'journalctl -o json': {
    timed: false,
    dress: each((line) =>
      JSON.stringify({
        _KERNEL_DEVICE: `+platform:${line.device}`,
        PRIORITY: '3',
        MESSAGE: text(line),
        _HOSTNAME: 'node7',
        _UDEV_SYSNAME: line.device,
      }),
    ),
  },
  'journalctl -o json, of what cannot be printed': {
    timed: false,
    dress: each((line, i) => {
      const bytes = [...Buffer.from(`\u001b[1m${text(line)}\u001b[0m`)];
      // Some versions write blanks.
      const list = i % 2 === 0 ? `[${bytes.join(',')}]` : `[ ${bytes.join(', ')} ]`;
      return `{"PRIORITY":"3","MESSAGE"${i % 2 === 0 ? ':' : ' : '}${list},"_HOSTNAME":"node7"}`;
    }),
  },
  'journalctl -o export': {
    timed: false,
    dress: each(
      (line) => `__CURSOR=s=8c;i=1\n_HOSTNAME=node7\nPRIORITY=3\nSYSLOG_IDENTIFIER=kernel\nMESSAGE=${text(line)}\n`,
    ),
  },
  'journalctl -o verbose': {
    timed: false,
    dress: each(
      (line) =>
        `Tue 2026-09-29 10:11:12.123456 CEST [s=8c;i=1]\n    PRIORITY=3\n    MESSAGE=${text(line)}\n    _TRANSPORT=kernel`,
    ),
  },
  'journalctl -o json-pretty': {
    timed: false,
    dress: each((line) => JSON.stringify({ PRIORITY: '3', MESSAGE: text(line), _HOSTNAME: 'node7' }, null, '\t')),
  },
  'dmesg --json': {
    timed: false,
    dress: (lines) =>
      `${JSON.stringify({ dmesg: lines.map((line) => ({ pri: 3, time: line.time / 1e6, msg: text(line) })) }, null, 3)}\n`,
  },
  'syslog of RFC 5424': {
    timed: true,
    dress: each((line) => `<3>1 2026-09-29T10:11:12.123Z node7 kernel - - [meta sequenceId="1"] ${printk(line)}`),
  },
  'a collector of logs, with fields behind': {
    timed: true,
    dress: each((line) => `{"ts":1.5,"log":${JSON.stringify(`${printk(line)}\n`)},"labels":{"unit":"kernel"},"n":""}`),
  },
  logfmt: {
    timed: true,
    dress: each((line) => `ts=2026-09-29T10:11:12Z msg=${JSON.stringify(printk(line))} level=error host=node7`),
  },
  'the console of a machine in a cloud': {
    timed: true,
    dress: (lines) =>
      `${JSON.stringify({ id: 'i-1', output: lines.map((line) => `${printk(line)}\r\n`).join(''), at: 'x' })}\n`,
  },
  'CSV with fields behind': {
    timed: true,
    dress: each((line) => `"${printk(line).replaceAll('"', '""')}","2026-09-29T10:11:12Z",node7,syslog`),
  },
  'logcat -v threadtime': {
    timed: false,
    dress: each((line) => `09-29 10:11:12.345     0     0 E kernel  : ${text(line)}`),
  },
  'syslogd of busybox': {
    timed: true,
    dress: each((line) => `Sep 29 10:11:12 node7 kern.err kernel: ${printk(line)}`),
  },
  'cat -A': { timed: true, dress: each((line) => `${printk(line).replaceAll('\t', '^I')}$`) },
  'a table': { timed: true, dress: each((line) => `| ${printk(line)} |`) },
  'a disk that was not written to': { timed: true, dress: each((line) => `${printk(line)}\0\0\0`) },
  'dmesg -T': { timed: false, dress: each((line) => `[Tue Sep 29 10:11:12 2026] ${text(line)}`) },
  'dmesg -d': {
    timed: true,
    dress: each((line) => `[${seconds(line.time)} <    0.001003>] ${text(line)}`),
  },
  'dmesg -x': { timed: true, dress: each((line) => `kern  :info  : ${printk(line)}`) },
  'dmesg --color=always': {
    timed: true,
    dress: each(
      (line) =>
        `\u001b[32m[${seconds(line.time)}] \u001b[0m\u001b[33marm-smmu-v3 ${line.device}: \u001b[0m${line.body}`,
    ),
  },
  'a serial console with its own stamps': {
    timed: true,
    dress: each((line) => `[2026-09-29 10:11:12.345] ${printk(line)}`),
  },
  'the lines of Windows': { timed: true, dress: each(printk, '\r\n') },
  'two returns at the end': { timed: true, dress: each(printk, '\r\r\n') },
  'quoted twice': { timed: true, dress: each((line) => `> > ${printk(line)}`) },
  'quoted with bars': { timed: true, dress: each((line) => `| ${printk(line)}`) },
  'a thread glued in front': { timed: false, dress: each((line) => `[pid:134,cpu0,irq/13-arm-smmu]${text(line)}`) },
  'the output of a program in front': {
    timed: true,
    dress: each((line, i) => `${i % 3 === 0 ? 'N' : 'iops] [eta 00m]'}${printk(line)}`),
  },
  'the output of a program behind': { timed: true, dress: each((line) => `${printk(line)}: iops] [eta 00m:10s]`) },
  'blanks for the tab': { timed: true, dress: spelledTab('  ') },
  'nothing for the tab': { timed: true, dress: spelledTab('') },
  'the tab of rsyslog': { timed: true, dress: spelledTab('#011') },
  'the tab of dmesg': { timed: true, dress: spelledTab('\\x09') },
  'a web page': { timed: true, dress: each((line) => printk(line).replace(/"/g, '&quot;').replace('\t', '\u00a0 ')) },
  'lines broken by mail': {
    timed: true,
    dress: (lines) => lines.map((line) => `${wrapped(printk(line), 64, '> ')}\n`).join(''),
  },
  'quoted-printable': { timed: true, dress: (lines) => lines.map((line) => quotedPrintable(printk(line))).join('') },
  'UTF-8 with its mark': { timed: true, dress: (lines) => `\ufeff${each(printk)(lines)}` },
  'colours, as cat -v shows them': { timed: true, dress: coloured('^[', '^I') },
  'colours, as rsyslog stores them': { timed: true, dress: coloured('#033', '#011') },
  'colours, as a script prints them': { timed: true, dress: coloured('\\x1b', '\\t') },
  'colours within JSON': {
    timed: true,
    dress: (lines) => lines.map((line) => `${JSON.stringify({ log: coloured('\u001b', '\t')([line]) })}\n`).join(''),
  },
  'JSON within JSON': {
    timed: false,
    dress: each((line) => JSON.stringify({ message: JSON.stringify({ log: text(line) }) })),
  },
  'character sets of a terminal': {
    timed: true,
    dress: each((line) => `\u001b(B\u001b[m${printk(line).replace(': ', ': \u001b(B')}\u001b[K`),
  },
  'HTML of a mail': {
    timed: true,
    dress: each((line) => `&gt; ${printk(line).replace(/"/g, '&quot;').replace('\t', '&nbsp; &nbsp;')}<br>`),
  },
  'HTML with numbers for characters': {
    timed: true,
    dress: each((line) => `<div>${printk(line).replace(/"/g, '&#34;').replace('\t', '&#9;')}</div>`),
  },
  'HTML with its syntax in colours': {
    timed: true,
    dress: each((line) => `<pre>${printk(line).replace(/0x[0-9a-f]+/g, '<span class="nv">$&</span>')}</pre>`),
  },
  Markdown: { timed: false, dress: each((line) => `> ${text(line).replace(/([_[\]])/g, '\\$1')}`) },
  'a word processor': {
    timed: true,
    dress: each((line) =>
      printk(line)
        .replace(/"([^"]*)"/g, '\u201c$1\u201d')
        .replace('\t', '  '),
    ),
  },
  CSV: { timed: false, dress: each((line) => `"2026-09-29T10:11:12Z","node7","${text(line).replaceAll('"', '""')}"`) },
  'logcat -v brief': { timed: false, dress: each((line) => `E/arm-smmu-v3 ${line.device}(    0): ${line.body}`) },
  'a screen of 80 columns': { timed: true, dress: onScreen(80) },
  'a screen of 60 columns': { timed: true, dress: onScreen(60) },
};
