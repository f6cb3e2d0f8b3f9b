/** What the reset does to the registers, and what in-flight DMA meets before, in and after it. */

import { hex } from '../../hex.ts';
import type { SmmuReport } from '../../inspect/inspection.ts';
import { lossInWords } from '../prose/loss.ts';
import { ATSCHK_REASONS, PHASES, phaseReasonInWords, queuesInWords } from '../prose/reset.ts';
import { code, type Html, html } from './markup.ts';
import { facts, section, sectionId } from './section.ts';
import { IN_FLIGHT, RESETS } from './words.ts';

/** Null where the kernel does not come to a reset, or where it cannot be told which it makes. */
export function reset(index: number, { reset: report, lost }: SmmuReport): Html | null {
  if (report === null) return null;
  const { kind, cr0, atschk, gerror, gbpaAbort } = report;
  const queues = queuesInWords(report);
  const known = (value: number | null) => value ?? 'unknown';
  const shown = (value: number | null) => (value === null ? 'unknown' : hex(value));
  const change = (before: number | null, after: number | null) =>
    before === after ? `stays ${known(after)}` : `${known(before)} \u2192 ${known(after)}`;
  const errors = gerror.active === null ? 'unknown' : gerror.active.join(', ') || 'none';
  const phases = [
    ...report.phases.map(({ phase, inFlight, why }) => ({
      phase: PHASES[phase],
      inFlight,
      why: phaseReasonInWords(why),
    })),
    ...(lost === null
      ? []
      : [{ phase: 'after the failed registration', inFlight: lost.inFlight, why: lossInWords(lost) }]),
  ];
  const body = html`<p>${RESETS[kind]}</p>
<ol class="phases" aria-label="In-flight DMA, phase by phase">
${phases.map(({ phase, inFlight, why }) => {
  const { tone, text } = IN_FLIGHT[inFlight];
  return html`<li class="${tone}"><span class="phase">${phase}</span> <strong>${text}</strong> <span class="why">${why}</span></li>\n`;
})}</ol>
${facts([
  [
    'CR0',
    html`${code(shown(cr0.before))} \u2192 ${code(shown(cr0.kept))} with the queues off \u2192 ${code(shown(cr0.after))}`,
  ],
  ['CR0.ATSCHK', `${change(atschk.before, atschk.after)}: ${ATSCHK_REASONS[atschk.why]}`],
  ['GBPA.ABORT', change(gbpaAbort.before, gbpaAbort.after)],
  [
    'GERROR active',
    `${errors}${gerror.acknowledged === true ? ', acknowledged before the command queue is switched on' : ''}`,
  ],
  ['Command queue', queues.command],
  ['Event queue', queues.event],
  ['PRI queue', queues.pri],
])}`;
  return section(sectionId(index, 'reset'), 'Reset', 'arm_smmu_device_reset', body);
}
