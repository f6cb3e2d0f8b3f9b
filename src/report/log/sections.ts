/** What is there to show of a kernel log? For each SMMU an answer and its faults, in sections that any format shows. */

import type { LogReport, SmmuLogReport } from '../../inspect/log/log-report.ts';
import type { DomainFacts } from '../../log/facts.ts';
import { driverFeatures } from '../../log/messages/driver-features.ts';
import { count } from '../prose/quantities.ts';
import type { Tone } from '../prose/tone.ts';
import { type Column, facts, notes, type Section } from '../sections/section.ts';
import { answerFacts, answerOf } from './answer.ts';
import { deviceSection } from './device-section.ts';
import { commandSection, eventSection, globalSection, requestSection } from './fault-sections.ts';
import { hex32 } from './words.ts';

/** An SMMU of the log. */
export interface SmmuInLog {
  readonly name: string;
  /** What there was, in a few words. */
  readonly answer: string;
  readonly tone: Tone;
  /** The first goes with the answer. */
  readonly sections: readonly Section[];
}

export interface LogSections {
  readonly smmus: readonly SmmuInLog[];
  /** About the log as a whole. */
  readonly others: readonly Section[];
}

/** `most`: rows of a table. `verbose`: with the lines that could not be used. */
export function logSections(report: LogReport, most: number, verbose: boolean): LogSections {
  const ofSeveral = new Set(report.smmus.map(({ host }) => host)).size > 1;
  return {
    smmus: report.smmus.map((smmu) => ({
      name: smmuName(smmu) + (ofSeveral && smmu.host !== null ? ` of ${smmu.host}` : ''),
      ...answerOf(smmu, report),
      sections: [
        { id: 'answer', title: 'In short', blocks: [facts(answerFacts(smmu, report))] },
        ...smmuSections(smmu, report, most),
      ],
    })),
    others: [
      ...(report.smmus.length === 0 ? [silence(report)] : []),
      ...(report.deviceMessages.length > 0 ? [deviceSection(report, most)] : []),
      ...(report.passedOver > 0 ? [notUsed(report, verbose)] : []),
    ],
  };
}

const smmuName = ({ name }: Pick<SmmuLogReport, 'name'>) => name ?? 'an SMMU whose name was cut off';

function smmuSections(smmu: SmmuLogReport, { domains }: LogReport, most: number): Section[] {
  const { events, commandErrors, globalErrors, pageRequests, boot, adoption } = smmu;
  return [
    ...(events.length > 0 ? [eventSection(smmu, most)] : []),
    ...(commandErrors.length > 0 ? [commandSection(smmu, most)] : []),
    ...(globalErrors.length > 0 ? [globalSection(globalErrors, most)] : []),
    ...(pageRequests.length > 0 ? [requestSection(pageRequests, most)] : []),
    ...(boot === null ? [] : [bootSection(boot, domains)]),
    ...(adoption.length > 0
      ? [{ id: 'adoption', title: 'Adoption and reset', aside: 'in order', blocks: [notes(...adoption)] }]
      : []),
  ];
}

function silence({ lines, smmuV2Lines }: LogReport): Section {
  const v2 =
    smmuV2Lines > 0 && `${count(smmuV2Lines, 'line')} came from the driver arm-smmu, for SMMUs before version 3.`;
  const read = `${count(lines, 'line')} ${lines === 1 ? 'was' : 'were'} read.`;
  return { id: 'silence', title: 'No SMMUv3 speaks in this log', blocks: [notes(read, v2)] };
}

function notUsed({ passedOver, passedOverLines }: LogReport, verbose: boolean): Section {
  const columns: Column[] = [{ title: 'Line', kind: 'number' }, { title: 'Says' }];
  const rows = verbose ? passedOverLines.map(({ line, text }) => ({ cells: [line, text] })) : [];
  return {
    id: 'not-used',
    title: 'Not used',
    aside: `${count(passedOver, 'line')} of an SMMU`,
    blocks: [{ table: { label: 'Not used', columns, rows } }, notes(!verbose && '--verbose shows them.')],
  };
}

function bootSection(boot: NonNullable<SmmuLogReport['boot']>, { type, invalidation }: DomainFacts): Section {
  const { features, iasBits, oasBits, queueEntries, sidBits, lines } = boot;
  const sizes = [iasBits === null ? '' : `input ${iasBits} bits`, oasBits === null ? '' : `output ${oasBits} bits`];
  const queues = Object.entries(queueEntries).map(([queue, entries]) => `${queue} ${entries}`);
  return {
    id: 'boot',
    title: 'What the driver said when it started',
    short: 'Start of the driver',
    blocks: [
      facts([
        ['addresses', sizes.filter((part) => part !== '').join(', ') || null],
        ['features', features === null ? null : `${hex32(features)}: ${driverFeatures(features).join(' ')}`],
        ['queues', queues.length === 0 ? null : `${queues.join(', ')} entries`],
        ['StreamIDs', sidBits === null ? null : `a two-level table covers ${sidBits.covered} of ${sidBits.of} bits`],
        ['domains', type],
        ['TLB', invalidation === null ? null : `entries of what is unmapped go: ${invalidation}`],
      ]),
      notes(...lines),
    ],
  };
}
