/** The log that the kdump kernel would print, by itself or against a captured one. */

import type { LogLevel, LogLine } from '../../adopt/log.ts';
import type { DmesgStatus } from '../../inspect/dmesg.ts';
import type { SmmuReport } from '../../inspect/inspection.ts';
import { code, count, type Html, html } from './markup.ts';
import { badge, NOTHING, note, section, sectionId, type Tone, table } from './section.ts';

export function kernelLog(index: number, smmu: SmmuReport): Html {
  const { name, kernelLog: lines, adoption, dmesg } = smmu;
  const id = sectionId(index, 'log');
  if (dmesg !== null) return section(id, 'Kernel log', html`predicted, against ${dmesg.file}`, compared(name, dmesg));
  const warnings = adoption.warnOn > 0 && note(`And ${count(adoption.warnOn, 'WARN_ON')} with a stack trace.`);
  return section(id, 'Kernel log', 'predicted', html`${logLines(name, lines)}${warnings}`);
}

const LEVELS: Readonly<Record<LogLevel, Tone>> = { err: 'bad', warn: 'warn', info: 'plain', debug: 'plain' };

export function logLines(name: string, lines: readonly LogLine[]): Html {
  if (lines.length === 0) return html`<p>Nothing is printed.</p>\n`;
  const shown = lines.map(
    ({ level, text }) =>
      html`<li><span class="level ${LEVELS[level]}">${level}</span> <code>arm-smmu-v3 ${name}: ${text}</code></li>\n`,
  );
  return html`<ol class="log">\n${shown}</ol>\n`;
}

const AGAINST_CAPTURE: Readonly<Record<DmesgStatus, readonly [Tone, string]>> = {
  agree: ['good', 'agrees'],
  missing: ['bad', 'missing'],
  extra: ['bad', 'extra'],
  hidden: ['plain', 'debug level, not in the log'],
};

function compared(
  name: string,
  { lines, otherLines, faultLines, panic, device }: NonNullable<SmmuReport['dmesg']>,
): Html {
  const rows = lines.map(({ status, text, line }) => {
    const [tone, word] = AGAINST_CAPTURE[status];
    return {
      tone: tone === 'bad' ? tone : ('plain' as const),
      cells: [badge(tone, word), line ?? NOTHING, code(text)],
    };
  });
  const columns = [
    { title: 'Prediction' },
    { title: 'Line', kind: 'number' as const },
    { title: `arm-smmu-v3 ${device ?? name}:` },
  ];
  const end =
    panic !== null &&
    html`<p>End of the kernel: predicted in ${panic.predicted ?? 'no function'}, found in ${
      panic.found ?? 'none of the driver'
    }: ${panic.agrees ? badge('good', 'agrees') : badge('bad', 'differs')}</p>\n`;
  const others = otherLines > 0 && note(`${count(otherLines, 'other line')} of the driver: not about the adoption.`);
  const faults =
    faultLines > 0 && note(`${count(faultLines, 'line')} about faults: smmu-adopt log says what they are.`);
  const compared = rows.length === 0 ? html`<p>Neither predicted nor found.</p>\n` : table('Kernel log', columns, rows);
  return html`${compared}${end}${others}${faults}`;
}
