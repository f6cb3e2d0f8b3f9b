/** What the reset does to the registers, and what in-flight DMA meets before, in and after it. */

import { hex } from '../../hex.ts';
import type { SmmuReport } from '../../inspect/inspection.ts';
import { lossInWords } from '../prose/loss.ts';
import { ATSCHK_REASONS, PHASES, phaseReasonInWords, queuesInWords } from '../prose/reset.ts';
import { INDENT, paragraph, type Style, title } from './style.ts';
import { table } from './table.ts';

const KINDS = {
  adopted: 'adopted: SMMUEN is retained; STRTAB_BASE, STRTAB_BASE_CFG, CR1, CR2 and GBPA stay untouched',
  full: 'full: the SMMU is switched off, and on again with a table of its own',
  ordinary: 'ordinary: the SMMU was off',
} as const;

export function reset(style: Style, { reset: report, lost }: SmmuReport): string[] {
  if (report === null) return [];
  const { kind, cr0, atschk, gerror, gbpaAbort, phases } = report;
  const queues = queuesInWords(report);
  const known = (value: number | null) => value ?? 'unknown';
  const shown = (value: number | null) => (value === null ? 'unknown' : hex(value));
  const change = (before: number | null, after: number | null) =>
    before === after ? `stays ${known(after)}` : `${known(before)} -> ${known(after)}`;
  const lines = title(style, 'Reset', 'arm_smmu_device_reset');
  const say = (text: string) => lines.push(...paragraph(style, INDENT, text));
  say(KINDS[kind]);
  say(`CR0 ${shown(cr0.before)} -> ${shown(cr0.kept)} (queues off) -> ${shown(cr0.after)}`);
  say(
    `ATSCHK ${change(atschk.before, atschk.after)}: ${ATSCHK_REASONS[atschk.why]}; GBPA.ABORT ${change(gbpaAbort.before, gbpaAbort.after)}`,
  );
  const errors = gerror.active === null ? 'unknown' : gerror.active.join(', ') || 'none';
  say(`GERROR active: ${errors}${gerror.acknowledged ? ', acknowledged before the command queue is switched on' : ''}`);
  say(`queues: command ${queues.command}; event ${queues.event}; PRI ${queues.pri}`);
  const rows = phases.map(({ phase, inFlight, why }) => [PHASES[phase], inFlight, phaseReasonInWords(why)] as string[]);
  if (lost !== null) rows.push(['after the failed registration', lost.inFlight, lossInWords(lost)]);
  const columns = [{ title: 'Phase' }, { title: 'In-flight DMA' }, { title: 'Because', yields: 'wrap' as const }];
  return [...lines, ...table(style, columns, rows)];
}
