/** What does the reset do to the registers, and what does in-flight DMA meet before, in and after it? */

import type { Reset } from '../../../adopt/reset.ts';
import { hex } from '../../../hex.ts';
import type { SmmuReport } from '../../../inspect/inspection.ts';
import { lossInWords } from '../../prose/adoption/loss.ts';
import { ATSCHK_REASONS, PHASES, phaseReasonInWords, queuesInWords } from '../../prose/adoption/reset.ts';
import { code, facts, type Row, type Section, toned } from '../section.ts';
import { IN_FLIGHT } from './verdict.ts';

const KINDS: Readonly<Record<Reset['kind'], string>> = {
  adopted: 'adopted: SMMUEN is retained; STRTAB_BASE, STRTAB_BASE_CFG, CR1, CR2 and GBPA stay untouched',
  full: 'full: the SMMU is switched off, and on again with a table of its own',
  ordinary: 'ordinary: the SMMU was off',
};

/** Not what GBPA says. */
const CANNOT_BE_TOLD = { tone: 'unknown', text: 'cannot be told' } as const;

/** Null where the kernel does not come to a reset, or where it cannot be told which it makes. */
export function reset({ reset: report, lost }: SmmuReport): Section | null {
  if (report === null) return null;
  const { kind, cr0, atschk, gerror, gbpaAbort } = report;
  const queues = queuesInWords(report);
  const shown = (value: number | null) => (value === null ? 'unknown' : code(hex(value)));
  const errors = gerror.active === null ? 'unknown' : gerror.active.join(', ') || 'none';
  const phases = [
    ...report.phases.map(({ phase, inFlight, why }) => ({
      phase: PHASES[phase],
      inFlight: why.kind === 'commands-stuck' ? CANNOT_BE_TOLD : IN_FLIGHT[inFlight],
      why: phaseReasonInWords(why),
    })),
    ...(lost === null
      ? []
      : [{ phase: 'after the failed registration', inFlight: IN_FLIGHT[lost.inFlight], why: lossInWords(lost) }]),
  ];
  const rows = phases.map(({ phase, inFlight, why }): Row => {
    const { tone, text } = inFlight;
    return { tone, cells: [phase, toned(tone, text), why] };
  });
  const columns = [{ title: 'Phase' }, { title: 'In-flight DMA' }, { title: 'Because' }];
  return {
    id: 'reset',
    title: 'Reset',
    aside: 'arm_smmu_device_reset',
    detail: true,
    blocks: [
      facts([['Kind', KINDS[kind]]]),
      { table: { label: 'In-flight DMA, phase by phase', columns, rows, as: 'phases' } },
      facts([
        ['CR0', [shown(cr0.before), ' -> ', shown(cr0.kept), ' with the queues off -> ', shown(cr0.after)]],
        ['CR0.ATSCHK', `${change(atschk.before, atschk.after)}: ${ATSCHK_REASONS[atschk.why]}`],
        ['GBPA.ABORT', change(gbpaAbort.before, gbpaAbort.after)],
        ['GERROR active', `${errors}${acknowledgementInWords(gerror)}`],
        ['Command queue', queues.command],
        ['Event queue', queues.event],
        ['PRI queue', queues.pri],
      ]),
    ],
  };
}

function acknowledgementInWords({ active, acknowledged }: Reset['gerror']): string {
  if (acknowledged === true) return ', acknowledged before the command queue is switched on';
  return active !== null && active.length > 0 ? ', not acknowledged' : '';
}

function change(before: number | null, after: number | null): string {
  const known = (value: number | null) => value ?? 'unknown';
  return before === after ? `stays ${known(after)}` : `${known(before)} -> ${known(after)}`;
}
