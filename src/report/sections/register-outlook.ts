/** What follows for a kdump from the registers alone: the reach of the table, how far an adoption comes, the queues. */

import { type Check, isOfHardware } from '../../adopt/checks.ts';
import type { QueueMemories } from '../../adopt/queue-memory.ts';
import type { AdoptionByRegisters } from '../../adopt/registers-alone.ts';
import { observedOrUnknown, requiredInWords } from '../../findings/prose/evidence.ts';
import { revisionsInWords } from '../../findings/prose/revisions.ts';
import { enumerated } from '../../findings/rules/words.ts';
import { hex } from '../../hex.ts';
import type { RegisterOutlook, TableReach } from '../../inspect/emulation/register-outlook.ts';
import { groupBy } from '../../lists.ts';
import { assumedInWords } from '../prose/assumptions.ts';
import { inUnits } from '../prose/quantities.ts';
import { facts, notes, type Section } from './section.ts';

export function registerOutlook({ table, adoptions, queues }: RegisterOutlook): Section[] {
  const assumed = [...new Set(adoptions.flatMap((one) => one.assumed.map(assumedInWords)))];
  const said = [...groupBy(adoptions, adoptionInWords)];
  return [
    {
      id: 'outlook',
      title: 'In a kdump',
      aside: 'as far as the registers tell',
      blocks: [
        facts([
          ['Stream table', reachInWords(table)],
          ...said.map(([text, list], i): [string, string] => [
            i === 0 ? 'Adoption' : '',
            `${revisionsInWords(list.map(({ revision }) => revision))}: ${text}`,
          ]),
          ['Assumed', assumed.length > 0 ? `${assumed.join(', ')}: see Missing` : null],
        ]),
      ],
    },
    queueSection(queues),
  ];
}

const FORMATS: Readonly<Record<TableReach['format'], string>> = {
  '2lvl': 'two-level',
  linear: 'linear',
  reserved: 'of a reserved format, which hardware takes as linear',
};

function reachInWords({ format, base, byteLength, coveredBits, sidBits }: TableReach): string {
  const of = sidBits === null ? `${coveredBits} bits` : `${coveredBits} of ${sidBits} bits`;
  const beyond = sidBits !== null && coveredBits < sidBits ? '; any greater one is answered with C_BAD_STREAMID' : '';
  const level = format === '2lvl' ? ' its first level' : '';
  return `${of} of a StreamID, 0x0 to ${hex(2 ** coveredBits - 1)}${beyond}. It is ${FORMATS[format]}, at ${hex(base)},${level} ${inUnits(byteLength)}`;
}

const ENDS: Readonly<Record<NonNullable<AdoptionByRegisters['ends']>, string>> = {
  fallback: 'attempted, and falls back to a full reset',
  'never-programmed': 'attempted, and goes on with a table that is never programmed',
  'probe-fails': 'attempted, and the probe of the SMMU fails with it',
};

function adoptionInWords({ outcome, ends, decidedBy, log }: AdoptionByRegisters): string {
  if (outcome === 'open') return 'attempted. Nothing in the registers stands in its way: the tables in memory decide';
  const why = decidedBy === null ? '' : `: ${checkInWords(decidedBy)}`;
  const printed = log.filter(({ level }) => level === 'err' || level === 'warn').map(({ text }) => `"${text}"`);
  const says = printed.length === 0 ? '' : `. The kernel prints ${enumerated(printed)}`;
  const refused = decidedBy !== null && isOfHardware(decidedBy);
  const what = refused
    ? 'not attempted: the driver does not take this SMMU'
    : ends === null
      ? 'not attempted'
      : ENDS[ends];
  return `${what}${why}${says}`;
}

function checkInWords({ id, observed, required }: Check): string {
  return `${id} found ${observedOrUnknown(observed)}, required ${requiredInWords(required)}`;
}

const QUEUE_TITLES = { command: 'Command', event: 'Event', pri: 'PRI' } as const;

function queueSection({ queues, builds }: QueueMemories): Section {
  const cells = (bytes: readonly (number | null)[]) => [
    ...bytes.map((one) => (one === null ? null : inUnits(one))),
    bytes.includes(null) ? null : inUnits(bytes.reduce<number>((sum, one) => sum + (one ?? 0), 0)),
  ];
  const columns = [
    { title: 'Kernel' },
    ...queues.map(({ queue }) => ({ title: QUEUE_TITLES[queue], kind: 'number' as const })),
    { title: 'Together', kind: 'number' as const },
  ];
  const rows = [
    {
      cells: ['the one that programmed them', ...cells(queues.map(({ programmedBytes }) => programmedBytes))],
    },
    ...Array.from(groupBy(builds ?? [], ({ bytes }) => cells(bytes).join(' ')).values(), (list) => ({
      cells: [list.map(buildInWords).join('; '), ...cells(list[0]?.bytes ?? [])],
    })),
  ];
  const besides = queues.find(({ queue }) => queue === 'event')?.allocatedBy ?? [];
  return {
    id: 'queue-memory',
    title: 'Queues',
    aside: 'memory that they take of a kdump kernel',
    blocks: [
      { table: { label: 'Queues', columns, rows } },
      notes(
        builds === null && 'How much the hardware permits is not known without IDR1.',
        `Every revision allocates a command queue; what else there is, which stays off, ${revisionsInWords(besides)} alone.`,
        'A kdump kernel that is built like the one that programmed them takes as much as that one. A kernel that does not get so much in one piece tries half of it, and so on down to a page.',
      ),
    ],
  };
}

function buildInWords({ pageSize, cmaAlignment }: NonNullable<QueueMemories['builds']>[number]): string {
  return `${inUnits(pageSize)} pages, ${cmaAlignment === null ? 'no DMA_CMA' : `CMA_ALIGNMENT ${cmaAlignment}`}`;
}
