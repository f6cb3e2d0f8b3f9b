/** What does the kdump kernel print? The predicted log, by itself or against a captured one. */

import type { LogLevel, StagedLogLine } from '../../adopt/log.ts';
import { hex } from '../../hex.ts';
import type { SmmuReport } from '../../inspect/inspection.ts';
import type { DmesgReport, DmesgStatus } from '../../inspect/log/dmesg.ts';
import { count } from '../prose/quantities.ts';
import {
  alarm,
  type Block,
  code,
  facts,
  notes,
  type Prose,
  type Section,
  type Span,
  type Tone,
  toned,
} from './section.ts';

export function kernelLog({ name, kernelLog: lines, adoption, dmesg }: SmmuReport): Section {
  const id = 'log';
  const title = 'Kernel log';
  if (dmesg !== null) return { id, title, aside: `predicted, against ${dmesg.file}`, blocks: compared(name, dmesg) };
  const warnings = adoption.warnOn > 0 && `And ${count(adoption.warnOn, 'WARN_ON')} with a stack trace.`;
  return { id, title, aside: 'predicted', blocks: [logLines(name, lines), notes(warnings)] };
}

const LEVELS: Readonly<Record<LogLevel, Tone>> = { err: 'bad', warn: 'warn', info: 'plain', debug: 'plain' };

/** Lines as the kernel prints them, or that there are none. */
export function logLines(name: string, lines: readonly StagedLogLine[]): Block {
  if (lines.length === 0) return notes('Nothing is printed.');
  return {
    log: lines.map(({ level, text, device = `arm-smmu-v3 ${name}` }) => ({
      level,
      tone: LEVELS[level],
      text: `${device}: ${text}`,
    })),
  };
}

const AGAINST_CAPTURE: Readonly<Record<DmesgStatus, Span>> = {
  agree: toned('good', 'agrees'),
  missing: alarm('missing'),
  extra: alarm('extra'),
  hidden: toned('plain', 'debug level, not in the log'),
};

function compared(name: string, dmesg: DmesgReport): Block[] {
  const { lines, linesNotListed, otherLines, panic, device } = dmesg;
  const rows = lines.map(({ status, text, line }) => ({
    ...(AGAINST_CAPTURE[status].tone === 'bad' ? { tone: 'bad' as const } : {}),
    cells: [AGAINST_CAPTURE[status], line, code(text)],
  }));
  const columns = [
    { title: 'Prediction' },
    { title: 'Line', kind: 'number' as const },
    { title: `arm-smmu-v3 ${device ?? name}:` },
  ];
  const ending: Prose | null = panic && [
    `predicted in ${panic.predicted ?? 'no function'}, found in ${panic.found ?? 'none of the driver'}: `,
    panic.agrees ? toned('good', 'agrees') : alarm('differs'),
  ];
  return [
    { table: { label: 'Kernel log', columns, rows, none: 'Neither predicted nor found.' } },
    notes(linesNotListed > 0 && `And ${linesNotListed} more.`),
    facts([
      ['End of the kernel', ending],
      ['Other lines', otherLines > 0 ? `${otherLines} of the driver that say nothing about the adoption` : null],
      ...faults(dmesg),
    ]),
  ];
}

/** More than these are for `log`. */
const MAX_FAULTS_SHOWN = 8;

function faults({ faults: found, faultLines, faultsNotListed, file }: DmesgReport): [string, Prose | null][] {
  if (faultLines === 0) return [];
  const shown = found.slice(0, MAX_FAULTS_SHOWN).map(({ what, sid, address, count: times }) => {
    const where = [sid === null ? '' : ` of SID ${hex(sid)}`, address === null ? '' : ` at ${hex(address)}`];
    return `${times} x ${what}${where.join('')}`;
  });
  const more = found.length - shown.length + faultsNotListed;
  const all = [...shown, ...(more > 0 ? [`${more} more`] : [])].join(', ');
  const what = `${count(faultLines, 'line')}, which no prediction is about: ${all || 'none that can be read'}; `;
  return [['Faults', [what, code(`smmu-adopt log ${file}`), ' says more of them']]];
}
