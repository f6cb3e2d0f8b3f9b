/** How the verdict came about: checks in the driver's order, the kernel log, and the scan for IDs in use. */

import { isUnknown } from '../../adopt/checks.ts';
import { observedInWords, requiredInWords } from '../../findings/prose/evidence.ts';
import { gaveUpInWords, SCAN_RULES, scanObservedInWords } from '../../findings/prose/scan.ts';
import { hex } from '../../hex.ts';
import type { SmmuReport } from '../../inspect/inspection.ts';
import { idRanges } from '../id-ranges.ts';
import { INDENT, paragraph, type Style, title } from './style.ts';
import { NOTHING, redIf, table } from './table.ts';

const RESULT = { pass: 'pass', fail: 'FAIL', 'not-reached': 'not reached' };

export function checks(style: Style, { adoption }: SmmuReport): string[] {
  const rows = adoption.checks.map((check) => [
    isUnknown(check) ? 'unknown' : RESULT[check.result],
    check.id,
    check.observed === null ? NOTHING : observedInWords(check.observed),
    requiredInWords(check.required),
  ]);
  const columns = [
    { title: 'Result', paint: redIf((text) => text === RESULT.fail) },
    { title: 'Check' },
    { title: 'Observed', yields: 'wrap' as const },
    { title: 'Required', yields: 'wrap' as const },
  ];
  return [...title(style, "Checks, in the driver's order"), ...table(style, columns, rows)];
}

export function kernelLog(style: Style, { name, kernelLog, adoption, dmesg }: SmmuReport): string[] {
  if (dmesg !== null) return comparedLog(style, name, dmesg);
  const lines = kernelLog.map(({ level, text }) => [level, `arm-smmu-v3 ${name}: ${text}`]);
  if (adoption.warnOn > 0) lines.push(['warn', `(and ${adoption.warnOn} WARN_ON with a stack trace)`]);
  if (lines.length === 0) return [...title(style, 'Kernel log, predicted'), `${INDENT}nothing is printed`];
  return [
    ...title(style, 'Kernel log, predicted'),
    ...lines.flatMap(([level = '', text = '']) => paragraph(style, `${INDENT}${level.padEnd(5)}  `, text)),
  ];
}

const AGAINST_DMESG = {
  agree: 'agrees',
  missing: 'MISSING',
  extra: 'EXTRA',
  hidden: 'debug level, not in the log',
} as const;

function comparedLog(style: Style, name: string, dmesg: NonNullable<SmmuReport['dmesg']>): string[] {
  const rows = dmesg.lines.map(({ status, text, line }) => [
    AGAINST_DMESG[status],
    line === null ? NOTHING : String(line),
    text,
  ]);
  const columns = [
    { title: 'Prediction', paint: redIf((text) => text === 'MISSING' || text === 'EXTRA') },
    { title: 'Line', align: 'right' as const },
    { title: `arm-smmu-v3 ${dmesg.device ?? name}:`, yields: 'wrap' as const },
  ];
  const lines = [...title(style, 'Kernel log', `predicted, against ${dmesg.file}`)];
  if (rows.length === 0) lines.push(`${INDENT}neither predicted nor found`);
  else lines.push(...table(style, columns, rows));
  if (dmesg.linesNotListed > 0) lines.push(`${INDENT}and ${dmesg.linesNotListed} more`);
  if (dmesg.otherLines > 0) {
    lines.push(`${INDENT}lines of the driver that say nothing about the adoption: ${dmesg.otherLines}`);
  }
  lines.push(...faults(style, dmesg));
  if (dmesg.panic !== null) {
    const { predicted, found, agrees } = dmesg.panic;
    const text = `end of the kernel: predicted in ${predicted ?? 'no function'}, found in ${found ?? 'none of the driver'}`;
    lines.push(...paragraph(style, INDENT, `${text}: ${agrees ? 'agrees' : 'DIFFERS'}`));
  }
  return lines;
}

/** More than these are for `log`. */
const MAX_FAULTS_SHOWN = 8;

function faults(style: Style, { faults: found, faultLines, faultsNotListed, file }: NonNullable<SmmuReport['dmesg']>) {
  if (faultLines === 0) return [];
  const shown = found.slice(0, MAX_FAULTS_SHOWN).map(({ what, sid, address, count }) => {
    const where = [sid === null ? '' : ` of SID ${hex(sid)}`, address === null ? '' : ` at ${hex(address)}`];
    return `${count} x ${what}${where.join('')}`;
  });
  const more = found.length - shown.length + faultsNotListed;
  return [
    ...paragraph(style, INDENT, `lines about faults, which no prediction is about: ${faultLines}`),
    ...shown.map((text) => `${INDENT}${INDENT}${text}`),
    ...(more > 0 ? [`${INDENT}${INDENT}and ${more} more`] : []),
    ...paragraph(style, INDENT, `\`smmu-adopt log ${file}\` says more of them.`),
  ];
}

/** Rows of this table say where the driver stops; a real one has at most a handful. */
const MAX_FAILURES_SHOWN = 40;

const at = (paddr: number | null) => (paddr === null ? NOTHING : hex(paddr));

export function idScan(style: Style, { adoption }: SmmuReport): string[] {
  const scan = adoption.idScan;
  if (scan === null) return [];
  const { failures, failuresNotListed, rolledBack, cds, cdTables, unknownEntries, gaveUp } = scan;
  const { asids, vmids } = adoption.reserved;
  const lines = [...title(style, 'IDs in use', `${cds} context descriptors in ${cdTables} tables scanned`)];
  const say = (text: string) => lines.push(...paragraph(style, INDENT, text));
  if (scan.outcome === 'reserved') {
    say(`ASIDs reserved: ${idRanges(asids)}`);
    say(`VMIDs reserved: ${idRanges(vmids)}`);
    return lines;
  }
  if (scan.outcome === 'failed') {
    say(
      `rolled back: ASIDs ${rolledBack.asids}, VMIDs ${rolledBack.vmids}; the kernel's log does not say why, this does:`,
    );
  }
  if (unknownEntries > 0) say(`${unknownEntries} entries cannot be read from this dump`);
  if (gaveUp !== null) say(`given up ${gaveUpInWords(gaveUp)}`);
  const rows = failures
    .slice(0, MAX_FAILURES_SHOWN)
    .map(({ rule, sid, ste, cd, observed, required, stopsHere }) => [
      hex(sid),
      cd === null ? (ste === null ? 'L2 table' : 'STE') : `${cd.level === 'cd' ? 'CD' : 'CD L1'}[${cd.index}]`,
      at(cd?.address ?? ste),
      SCAN_RULES[rule],
      `${scanObservedInWords(observed)}; required: ${requiredInWords(required)}`,
      stopsHere ? 'STOPS' : '',
    ]);
  const columns = [
    { title: 'SID', align: 'right' as const },
    { title: 'Entry' },
    { title: 'At', align: 'right' as const },
    { title: 'Rule broken', yields: 'wrap' as const },
    { title: 'Observed', yields: 'wrap' as const },
    { title: 'Kernel', paint: redIf((text) => text === 'STOPS') },
  ];
  if (rows.length > 0) lines.push(...table(style, columns, rows));
  const more = failures.length - rows.length + failuresNotListed;
  if (more > 0) say(`and ${more} more`);
  return lines;
}
