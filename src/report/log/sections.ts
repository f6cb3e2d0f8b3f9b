/** What is there to show of a kernel log? For each SMMU an answer and its faults, in sections that any format shows. */

import { hex } from '../../hex.ts';
import type { LogReport, NamedStream, ReportedEvent, SmmuLogReport } from '../../inspect/log/log-report.ts';
import type { CommandErrorFacts, GlobalErrorFacts, Occurrence } from '../../log/facts.ts';
import { driverFeatures } from '../../log/messages/driver-features.ts';
import { fieldOf } from '../../smmu/fields.ts';
import { type Register, registerNamed } from '../../smmu/registers/registers.ts';
import { count, grouped } from '../prose/quantities.ts';
import { fieldsInWords, meaningOfType, typeInWords } from '../prose/queue-entries.ts';
import type { Tone } from '../prose/tone.ts';
import { type Column, facts, notes, type Row, type Section } from '../sections/section.ts';
import {
  accessInWords,
  commandFacts,
  consInWords,
  globalErrorFlags,
  hex32,
  inDumpInWords,
  problemInWords,
} from './words.ts';

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
      ...answerOf(smmu),
      sections: [
        { id: 'answer', title: 'In short', blocks: [facts(answerFacts(smmu, report))] },
        ...smmuSections(smmu, most),
      ],
    })),
    others: [
      ...(report.smmus.length === 0 ? [silence(report)] : []),
      ...(report.passedOver > 0 ? [notUsed(report, verbose)] : []),
    ],
  };
}

function smmuSections(smmu: SmmuLogReport, most: number): Section[] {
  const { events, commandErrors, globalErrors, pageRequests, boot, adoption } = smmu;
  return [
    ...(events.length > 0 ? [eventSection(smmu, most)] : []),
    ...(commandErrors.length > 0 ? [commandSection(smmu, most)] : []),
    ...(globalErrors.length > 0 ? [globalSection(globalErrors, most)] : []),
    ...(pageRequests.length > 0 ? [requestSection(pageRequests, most)] : []),
    ...(boot === null ? [] : [bootSection(boot)]),
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

const sum = (list: readonly Occurrence[]) => list.reduce((total, one) => total + one.count, 0);

const smmuName = ({ name }: Pick<SmmuLogReport, 'name'>) => name ?? 'an SMMU whose name was cut off';

function answerOf(smmu: SmmuLogReport): Pick<SmmuInLog, 'answer' | 'tone'> {
  const { events, commandErrors, globalErrors, pageRequests, lost } = smmu;
  const total = sum(events) + smmu.notGrouped;
  const stops = new Set(
    commandErrors.map((error) => (error.error ? consInWords(error, undefined).reason : null) ?? error.what),
  );
  const parts = [
    total > 0 ? count(total, 'event') : '',
    commandErrors.length > 0 ? `${count(sum(commandErrors), 'command error')}: ${[...stops].join(', ')}` : '',
    globalErrors.length > 0 ? count(sum(globalErrors), 'global error') : '',
    pageRequests.length > 0 ? count(sum(pageRequests), 'page request') : '',
    lost.overflows > 0 ? 'events lost' : '',
  ].filter((part) => part !== '');
  return parts.length > 0 ? { tone: 'bad', answer: parts.join('; ') } : { tone: 'good', answer: 'no faults' };
}

function answerFacts(smmu: SmmuLogReport, { suppressed, boots, smmus }: LogReport): [string, string][] {
  const { events, lost, notGrouped, notListed } = smmu;
  const said: [string, string][] = worstFirst(events)
    .slice(0, 3)
    .map((event, i) => [i === 0 ? 'events' : '', eventSentence(event, boots)]);
  const more = events.length - said.length;
  if (more > 0) said.push(['', `and ${more} more of other kinds, streams or pages`]);
  const left = smmus.length === 1 ? (lost.suppressed ?? 0) : suppressed;
  const whose = smmus.length === 1 ? '' : ', of all SMMUs together';
  if (left > 0) said.push(['left out', `at least ${left} more events, which the kernel did not print${whose}`]);
  if (lost.overflows > 0) said.push(['lost', `the event queue overflowed ${times(lost.overflows)}`]);
  if (lost.requestOverflows > 0) said.push(['lost', `the PRI queue overflowed ${times(lost.requestOverflows)}`]);
  if (events.some(({ firstTime, lastTime }) => firstTime !== null && lastTime !== null && firstTime > lastTime)) {
    said.push([
      'order',
      'times run backwards: of a log that begins with its end, `tac FILE | smmu-adopt log` has the words',
    ]);
  }
  if (notGrouped > 0) said.push(['not shown', `${notGrouped} events of yet other streams or pages`]);
  if (notListed > 0) said.push(['not shown', `${notListed} more errors, requests or lines`]);
  return said;
}

const times = (number: number) => (number === 1 ? 'once' : `${grouped(number)} times`);

function eventSentence(event: ReportedEvent, boots: number): string {
  const { name, address, sid } = event;
  const of = sid === null ? 'of a stream that is not known' : `of ${streamInWords(event, sid)}`;
  const at = address === null ? '' : ` at ${hex(address)}`;
  return `${name} ${of}${at}, ${times(event.count)}${boots > 1 ? `, in boot ${event.boot} of ${boots}` : ''}`;
}

function streamInWords({ ssid, device, deviceIfRequesterId }: NamedStream & Pick<ReportedEvent, 'ssid'>, sid: number) {
  const who = device ?? (deviceIfRequesterId === null ? null : `${deviceIfRequesterId} if SIDs are requester IDs`);
  return `SID ${hex(sid)}${ssid === null ? '' : ` SubstreamID ${ssid}`}${who === null ? '' : ` (${who})`}`;
}

/** Events that tell of a stream without a way: nothing of it gets through. */
const STOPS_STREAM = /^C_BAD_|_FETCH$|^F_STREAM_DISABLED$|^F_CFG_CONFLICT$/;

/** What stops DMA, what repeats, what came first. */
function worstFirst(events: readonly ReportedEvent[]): ReportedEvent[] {
  const rank = ({ name, stalled }: ReportedEvent) =>
    stalled === true ? 0 : STOPS_STREAM.test(name) ? 1 : name === 'E_PAGE_REQUEST' ? 3 : 2;
  return events.toSorted((a, b) => rank(a) - rank(b) || b.count - a.count || a.firstLine - b.firstLine);
}

const COUNT: Column = { title: 'Count', kind: 'number' };
const SID: Column = { title: 'SID', kind: 'number' };
const DEVICE: Column = { title: 'Device', yields: 'below', optional: true };
const OCCURRENCE: readonly Column[] = [
  { title: 'When', yields: 'below', optional: true },
  { title: 'Lines', kind: 'number', yields: 'below' },
];

function occurrence({
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

function eventSection({ events }: SmmuLogReport, most: number): Section {
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

function commandSection({ commandErrors, boot }: SmmuLogReport, most: number): Section {
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

function globalSection(globalErrors: readonly GlobalErrorFacts[], most: number): Section {
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

function requestSection(requests: SmmuLogReport['pageRequests'], most: number): Section {
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

function bootSection(boot: NonNullable<SmmuLogReport['boot']>): Section {
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
      ]),
      notes(...lines),
    ],
  };
}
