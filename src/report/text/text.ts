/** `--format text`: the answer first, the evidence after. */

import { findingsOf } from '../../findings/by-smmu.ts';
import { hex } from '../../hex.ts';
import type { Inspection, SmmuReport } from '../../inspect/inspection.ts';
import { escaped } from '../escape.ts';
import { worstInWords } from '../findings.ts';
import { dumpAssumptionInWords } from '../prose/dump.ts';
import { checks, idScan, kernelLog } from './adoption.ts';
import { insertions, rmr } from './devices.ts';
import { findingLines, findings } from './findings.ts';
import { firmware } from './firmware.ts';
import { cdTable, l1Table, registers, steTable } from './hardware.ts';
import { ledger, state } from './ledger.ts';
import { reachable } from './reachable.ts';
import { reset } from './reset.ts';
import { revisions } from './revisions.ts';
import { INDENT, makeStyle, paragraph, type Style } from './style.ts';
import { verdict, verdictLine } from './verdict.ts';

export { makeStyle };

export function* textReport(inspection: Inspection, style: Style): Generator<string> {
  for (const line of lines(escaped(inspection), style)) yield `${line}\n`;
}

/** `-q`: one line for each SMMU: the dump, the SMMU, what becomes of it, and the worst that was found. */
export function* textVerdicts(inspection: Inspection, style: Style): Generator<string> {
  const { dump, smmus, findings: all } = escaped(inspection);
  for (const smmu of smmus) {
    const about = all.filter((finding) => finding.smmu === smmu.name || finding.smmu === null);
    yield `${dump.files.join(', ')}: ${verdictLine(style, smmu)}; ${worstInWords(about)}\n`;
  }
}

function* lines(inspection: Inspection, style: Style): Generator<string> {
  const { smmus, summary } = inspection;
  if (smmus.length > 1) {
    yield* smmus.map((smmu) => verdictLine(style, smmu));
    yield '';
  }
  for (const smmu of smmus) {
    yield* smmuLines(smmu, inspection, style);
    yield '';
  }
  yield* inputLines(inspection, style);
  yield '';
  const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? '' : 's'}`;
  const { errors, warnings, notes } = summary;
  yield `${count(errors, 'error')}, ${count(warnings, 'warning')}, ${count(notes, 'note')}`;
}

/** What was read, and what there is to say about it. */
function* inputLines({ dump, later, findings: all }: Inspection, style: Style): Generator<string> {
  yield style.paint.bold('Input');
  for (const [label, one] of [
    ['dump', dump],
    ['later', later],
  ] as const) {
    if (one === null) continue;
    const ranges = one.memory.slice(0, MAX_RANGES_SHOWN).map(({ start, end }) => `${hex(start)}-${hex(end - 1)}`);
    const more = one.memory.length - ranges.length;
    const complete = one.completeness === 'short' ? ', incomplete' : '';
    const what = `${one.files.join(', ')} (${one.format}, ${one.pageSize / 1024} KiB pages${complete})`;
    const unknown = one.memoryComplete ? '' : '; what is elsewhere is unknown';
    const ram = `RAM ${ranges.join(', ')}${more > 0 ? `, and ${more} more ranges` : ''}${unknown}`;
    yield* paragraph(style, `${INDENT}${label.padEnd('warning'.length)}  `, `${what}, ${ram}`);
    for (const { what, value, why } of one.assumptions.map(dumpAssumptionInWords)) {
      yield* paragraph(style, `${INDENT}assumed  `, `${what} = ${value} (${why})`);
    }
  }
  yield* findingLines(
    style,
    all.filter(({ smmu }) => smmu === null),
  );
}

/** The memory map is for orientation here; JSON has all of it. */
const MAX_RANGES_SHOWN = 8;

function* smmuLines(smmu: SmmuReport, inspection: Inspection, style: Style): Generator<string> {
  yield* verdict(style, smmu);
  yield* findings(style, findingsOf(inspection.findings, smmu.name));
  yield* revisions(style, smmu);
  yield* kernelLog(style, smmu);
  yield* checks(style, smmu);
  yield* idScan(style, smmu);
  yield* registers(style, smmu);
  yield* reset(style, smmu);
  yield* ledger(style, smmu);
  yield* state(style, smmu);
  yield* insertions(style, smmu);
  yield* rmr(style, smmu);
  yield* reachable(style, smmu);
  yield* firmware(style, smmu);
  yield* l1Table(style, smmu);
  yield* steTable(style, smmu);
  yield* cdTable(style, smmu);
}
