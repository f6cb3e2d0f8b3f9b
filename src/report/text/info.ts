/** `smmu-adopt info` as text. */

import { dumpFlawInWords } from '../../findings/prose/dump-problems.ts';
import { hex } from '../../hex.ts';
import type { DumpInfo } from '../../inspect/dump-info.ts';
import { escaped } from '../escape.ts';
import { assumptionText } from '../prose/assumptions.ts';
import { dumpAssumptionInWords } from '../prose/dump.ts';
import { INDENT, paragraph, type Style, title } from './style.ts';
import { table } from './table.ts';

/** makedumpfile's dump level, bit by bit: which pages were left out. */
const DUMP_LEVEL_BITS: readonly [bit: number, what: string][] = [
  [1, 'zero'],
  [2, 'page cache'],
  [4, 'private page cache'],
  [8, 'user'],
  [16, 'free'],
];

/** More than any machine has; a hostile dump can have a hundred thousand. */
const MAX_RANGES_SHOWN = 1000;

const COMPLETE: Readonly<Record<DumpInfo['dump']['completeness'], string | null>> = {
  whole: 'yes',
  short: null,
  unknown: 'cannot be told: the format has no mark at its end, and a cut between two records shows nowhere',
};

const LABEL_WIDTH = 14;

export function* infoReport(info: DumpInfo, style: Style): Generator<string> {
  for (const line of lines(escaped(info), style)) yield `${line}\n`;
}

function* lines({ dump, redacted }: DumpInfo, style: Style): Generator<string> {
  const say = (label: string, text: string) => paragraph(style, label.padEnd(LABEL_WIDTH), text);
  const format = dump.wrapper === null ? dump.format : `${dump.format}, ${dump.wrapper}`;
  const lead = style.paint.bold('dump') + ' '.repeat(LABEL_WIDTH - 'dump'.length);
  yield* paragraph(style, lead, dump.files.join(', '));
  yield* say('format', format);
  yield* say('kernel', dump.kernelRelease ?? 'the dump does not say');
  if (dump.buildId !== null) yield* say('build id', dump.buildId);
  if (dump.machine !== null) yield* say('machine', dump.machine);
  yield* say('page size', `${dump.pageSize / 1024} KiB`);
  if (dump.dumpLevel !== null) yield* say('dump level', dumpLevelInWords(dump.dumpLevel));
  // makedumpfile marks a dump that ran out of space; nothing else need be wrong with it.
  const incomplete = dump.problems.length > 0 ? 'NO, see below' : 'NO, by its own account';
  yield* say('complete', COMPLETE[dump.completeness] ?? incomplete);
  const pages = Object.entries(dump.pages).filter(([, count]) => count > 0);
  yield* say('pages', pages.map(([state, count]) => `${count} ${state}`).join(', ') || 'none');
  const stored = Object.entries(dump.codecs).filter(([, count]) => count > 0);
  yield* say('stored', stored.map(([codec, count]) => `${count} ${codec}`).join(', ') || 'nothing');
  for (const one of dump.assumptions) yield* say('assumed', assumptionText(dumpAssumptionInWords(one)));

  const elsewhere = dump.memoryComplete ? '' : '; what is elsewhere is unknown';
  yield* title(style, 'Memory map', `what the dump says is RAM${elsewhere}`);
  const shown = dump.memory.slice(0, MAX_RANGES_SHOWN);
  const rows = shown.map(({ start, end }) => [hex(start), hex(end - 1), redacted ? '-' : size(end - start)]);
  const columns = [
    { title: 'From', align: 'right' as const },
    { title: 'To', align: 'right' as const },
    { title: 'Size', align: 'right' as const },
  ];
  if (rows.length === 0) yield `${INDENT}none`;
  else yield* table(style, columns, rows);
  const more = dump.memory.length - shown.length;
  if (more > 0) yield `${INDENT}and ${more} more ranges; --format json has all of them`;

  if (dump.problems.length === 0) return;
  yield* title(style, 'Damage');
  for (const { file, fileOffset, what } of dump.problems) {
    yield* paragraph(style, INDENT, `${file}, offset ${hex(fileOffset)}: ${dumpFlawInWords(what)}`);
  }
}

function dumpLevelInWords(level: number): string {
  const left = DUMP_LEVEL_BITS.filter(([bit]) => (level & bit) !== 0).map(([, what]) => what);
  return `${level}: ${left.length === 0 ? 'nothing left out' : `without ${left.join(', ')} pages`}`;
}

function size(byteLength: number): string {
  if (byteLength < 1024) return `${byteLength} B`;
  return byteLength < 2 ** 20 ? `${byteLength / 1024} KiB` : `${+(byteLength / 2 ** 20).toFixed(2)} MiB`;
}
