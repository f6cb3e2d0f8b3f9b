/** The faults of one SMMU that a kernel log has, kind by kind, each kind in a table. */

import { hex } from '../../hex.ts';
import type { ReportedEvent, SmmuLogReport } from '../../inspect/log/log-report.ts';
import type { CommandErrorFacts, GlobalErrorFacts, Occurrence } from '../../log/facts.ts';
import { fieldOf } from '../../smmu/fields.ts';
import { type Register, registerNamed } from '../../smmu/registers/registers.ts';
import { fieldsInWords, meaningOfType, typeInWords } from '../prose/queue-entries.ts';
import { type Column, notes, type Row, type Section } from '../sections/section.ts';
import { worstFirst } from './answer.ts';
import {
  accessInWords,
  commandFacts,
  consInWords,
  globalErrorFlags,
  hex32,
  inDumpInWords,
  problemInWords,
} from './words.ts';

export const COUNT: Column = { title: 'Count', kind: 'number' };
const SID: Column = { title: 'SID', kind: 'number' };
const DEVICE: Column = { title: 'Device', yields: 'below', optional: true };
export const OCCURRENCE: readonly Column[] = [
  { title: 'When', yields: 'below', optional: true },
  { title: 'Lines', kind: 'number', yields: 'below' },
];

export function occurrence({
  firstTime,
  lastTime,
  firstStamp,
  lastStamp,
  firstLine,
  lastLine,
}: Occurrence): (string | null)[] {
  const [first, last] = firstTime === null ? [firstStamp, lastStamp] : [seconds(firstTime), seconds(lastTime)];
  return [range(first, last), range(String(firstLine), String(lastLine), '-')];
}

const seconds = (time: number | null) => (time === null ? null : time.toFixed(6));

function range(first: string | null, last: string | null, between = ' to '): string | null {
  return first === last || last === null || first === null ? first : `${first}${between}${last}`;
}

const hexCell = (value: number | bigint | null) => (value === null ? null : hex(value));

/** Events, what stops DMA first. */
export function eventSection({ events }: SmmuLogReport, most: number): Section {
  const sorted = worstFirst(events);
  const meanings = new Map(sorted.map((event) => [event.name, event.code === null ? null : meaningOfType(event)]));
  const odd = sorted.flatMap((event) =>
    event.problems.map((problem) => `${event.name} in line ${event.firstLine}: ${problemInWords(problem)}`),
  );
  const columns: Column[] = [
    COUNT,
    { title: 'Event', kind: 'code' },
    SID,
    DEVICE,
    { title: 'Address', kind: 'number' },
    { title: 'Access', optional: true },
    ...OCCURRENCE,
    { title: 'In the dump:', yields: 'below', optional: true },
  ];
  const rows = sorted.map(
    (event): Row => ({
      cells: [
        event.count,
        typeInWords({ type: event.name, code: event.code }),
        hexCell(event.sid),
        deviceCell(event),
        hexCell(event.address),
        accessInWords(event) || null,
        ...occurrence(event),
        event.inDump === null ? null : inDumpInWords(event.inDump),
      ],
    }),
  );
  return {
    id: 'events',
    title: 'Events',
    aside: 'what stops DMA first',
    blocks: [
      { table: { label: 'Events', columns, rows, most } },
      notes(
        ...[...meanings].map(([name, meaning]) => meaning !== null && `${name}: ${meaning}`),
        ...odd.slice(0, most),
      ),
    ],
  };
}

function deviceCell({ device, deviceFrom, deviceIfRequesterId, ssid }: ReportedEvent): string | null {
  const substream = ssid === null ? [] : [`SubstreamID ${ssid}`];
  const who =
    device !== null
      ? [`${device}${deviceFrom === 'log' ? '' : ` (${deviceFrom})`}`]
      : [deviceIfRequesterId].flatMap((one) => (one === null ? [] : [`${one}?`]));
  return [...who, ...substream].join(', ') || null;
}

/** Errors of the command queue, and the command at which it stopped. */
export function commandSection({ commandErrors, boot }: SmmuLogReport, most: number): Section {
  const entries = boot?.queueEntries['cmdq'];
  const columns: Column[] = [
    COUNT,
    { title: 'What', kind: 'code' },
    { title: 'CMDQ_CONS.ERR', kind: 'code' },
    { title: 'Stopped at', kind: 'number' },
    { title: 'Command' },
    ...OCCURRENCE,
  ];
  const told = commandErrors.map((error) => ({ error, ...consInWords(error, entries) }));
  const rows = told.map(
    ({ error, reason, index }): Row => ({
      cells: [error.count, error.what, reason, hexCell(index), commandCell(error), ...occurrence(error)],
    }),
  );
  // Each has its name in it, as in the registers.
  const meanings = new Set(told.map(({ error, meaning }) => (error.error === 0 ? null : meaning)));
  return {
    id: 'commands',
    title: 'Command queue',
    blocks: [
      { table: { label: 'Command queue', columns, rows, most } },
      notes(
        entries === undefined &&
          commandErrors.some(({ cons }) => cons !== null) &&
          'The log does not say how large the queue is: where it stopped includes the wrap bit.',
        ...meanings,
        ...commandErrors.flatMap(({ problems, firstLine }) =>
          problems.map((problem) => `line ${firstLine}: ${problemInWords(problem)}`),
        ),
      ),
    ],
  };
}

function commandCell({ command: words }: CommandErrorFacts): string | null {
  const command = commandFacts(words);
  if (command === null) return null;
  return [typeInWords(command), ...fieldsInWords('command', command.fields, command.code)].join(', ');
}

/** Global errors with their flags. */
export function globalSection(globalErrors: readonly GlobalErrorFacts[], most: number): Section {
  const gerror = registerNamed('GERROR') as Register;
  const flagsOf = ({ active, named }: GlobalErrorFacts) => globalErrorFlags(active, named);
  const columns: Column[] = [COUNT, { title: 'Active', kind: 'number' }, { title: 'Flags' }, ...OCCURRENCE];
  const rows = globalErrors.map(
    (error): Row => ({
      cells: [
        error.count,
        error.active === null ? null : hex32(error.active),
        flagsOf(error).join(', ') || null,
        ...occurrence(error),
      ],
    }),
  );
  const flags = [...new Set(globalErrors.flatMap(flagsOf))].map((flag) =>
    gerror.fields.some(({ name }) => name === flag) ? `${flag}: ${fieldOf(gerror, flag).meaning}` : `${flag}: reserved`,
  );
  return {
    id: 'global-errors',
    title: 'Global errors',
    blocks: [{ table: { label: 'Global errors', columns, rows, most } }, notes(...flags)],
  };
}

/** Page requests that came although nobody takes them. */
export function requestSection(requests: SmmuLogReport['pageRequests'], most: number): Section {
  const columns: Column[] = [
    COUNT,
    SID,
    DEVICE,
    { title: 'Page', kind: 'number' },
    { title: 'Wants', kind: 'code' },
    ...OCCURRENCE,
  ];
  const rows = requests.map((request): Row => {
    const { read, write, execute, privileged } = request;
    const wants = [read && 'R', write && 'W', execute && 'X', privileged && 'Priv'].filter((one) => one !== false);
    return {
      cells: [
        request.count,
        hex(request.sid),
        request.device,
        hex(request.address),
        wants.join(' ') || null,
        ...occurrence(request),
      ],
    };
  });
  return {
    id: 'page-requests',
    title: 'Page requests',
    aside: 'that nobody had asked devices to make',
    blocks: [{ table: { label: 'Page requests', columns, rows, most } }],
  };
}
