/** What the report of a kernel log shows, as titles, facts and tables: how it looks is another matter. */

import { hex } from '../../hex.ts';
import type { LogReport, NamedStream, ReportedEvent, SmmuLogReport } from '../../inspect/log-report.ts';
import { driverFeatures } from '../../log/driver-features.ts';
import type { CommandErrorFacts, Occurrence } from '../../log/facts.ts';
import { fieldOf } from '../../smmu/fields.ts';
import { type Register, registerNamed } from '../../smmu/registers.ts';
import { type Column, NOTHING } from '../text/table.ts';
import {
  accessInWords,
  commandFacts,
  consInWords,
  eventMeaning,
  globalErrorFlags,
  hex32,
  inDumpInWords,
  problemInWords,
} from './words.ts';

export interface Section {
  readonly title: string;
  readonly aside: string;
  /** Before the table. */
  readonly facts: readonly (readonly [label: string, text: string])[];
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly string[])[];
  /** Behind it. */
  readonly notes: readonly string[];
}

const section = (title: string, parts: Partial<Section>): Section => ({
  title,
  aside: '',
  facts: [],
  columns: [],
  rows: [],
  notes: [],
  ...parts,
});

/** A terminal has no more lines than this; JSON has all. */
const MAX_ROWS = 40;

/** What there is to show of a log, SMMU by SMMU; `verbose` with the lines that could not be used. */
export function logSections(report: LogReport, verbose: boolean): Section[] {
  const { smmus, passedOver, passedOverLines, smmuV2Lines } = report;
  const shown = smmus.flatMap((smmu) => smmuSections(smmu, report));
  if (shown.length === 0) {
    const v2 = smmuV2Lines > 0 ? ` ${smmuV2Lines} lines are of the driver arm-smmu, for SMMUs before version 3.` : '';
    shown.push(section('No SMMUv3 speaks in this log', { notes: [`${report.lines} lines were read.${v2}`] }));
  }
  if (passedOver > 0) {
    shown.push(
      section('Not used', {
        aside: `${passedOver} ${passedOver === 1 ? 'line' : 'lines'} of an SMMU`,
        columns: [
          { title: 'Line', align: 'right' },
          { title: 'Says', yields: 'wrap' },
        ],
        rows: verbose ? passedOverLines.map(({ line, text }) => [String(line), text]) : [],
        notes: verbose ? [] : ['--verbose shows them.'],
      }),
    );
  }
  return shown;
}

function smmuSections(smmu: SmmuLogReport, report: LogReport): Section[] {
  const { events, commandErrors, globalErrors, pageRequests, boot, adoption } = smmu;
  return [
    section(headline(smmu), { facts: answerFacts(smmu, report) }),
    ...(events.length > 0 ? [eventSection(smmu)] : []),
    ...(commandErrors.length > 0 ? [commandSection(smmu)] : []),
    ...(globalErrors.length > 0 ? [globalSection(smmu)] : []),
    ...(pageRequests.length > 0 ? [requestSection(smmu)] : []),
    ...(boot === null ? [] : [bootSection(boot)]),
    ...(adoption.length > 0 ? [section('Adoption and reset', { aside: 'in order', notes: adoption })] : []),
  ];
}

const NOUNS = { event: ['event', 'events'], request: ['page request', 'page requests'] } as const;

function counted(count: number, [one, many]: readonly [string, string]): string {
  return `${count} ${count === 1 ? one : many}`;
}

const sum = (list: readonly Occurrence[]) => list.reduce((total, { count }) => total + count, 0);

export const smmuName = ({ name }: Pick<SmmuLogReport, 'name'>) => name ?? 'an SMMU whose name was cut off';

function headline(smmu: SmmuLogReport): string {
  const { events, commandErrors, globalErrors, pageRequests, lost } = smmu;
  const total = sum(events) + smmu.notGrouped;
  const stops = [
    ...new Set(commandErrors.map((error) => (error.error ? consInWords(error, undefined).reason : error.what))),
  ];
  const parts = [
    total > 0 ? counted(total, NOUNS.event) : '',
    commandErrors.length > 0
      ? `${counted(sum(commandErrors), ['command error', 'command errors'])}: ${stops.join(', ')}`
      : '',
    globalErrors.length > 0 ? counted(sum(globalErrors), ['global error', 'global errors']) : '',
    pageRequests.length > 0 ? counted(sum(pageRequests), NOUNS.request) : '',
    lost.overflows > 0 ? 'events lost' : '',
  ].filter((part) => part !== '');
  return `${smmuName(smmu)}: ${(parts.length > 0 ? parts.join('; ') : 'no faults').toUpperCase()}`;
}

function answerFacts(smmu: SmmuLogReport, { suppressed, boots, smmus }: LogReport): [string, string][] {
  const { events, lost, notGrouped, notListed } = smmu;
  const facts: [string, string][] = worstFirst(events)
    .slice(0, 3)
    .map((event, i) => [i === 0 ? 'events' : '', eventSentence(event, boots)]);
  const more = events.length - facts.length;
  if (more > 0) facts.push(['', `and ${more} more of other kinds, streams or pages`]);
  const left = smmus.length === 1 ? (lost.suppressed ?? 0) : suppressed;
  const whose = smmus.length === 1 ? '' : ', of all SMMUs together';
  if (left > 0) facts.push(['left out', `at least ${left} more events, which the kernel did not print${whose}`]);
  if (lost.overflows > 0) facts.push(['lost', `the event queue overflowed ${times(lost.overflows)}`]);
  if (lost.requestOverflows > 0) facts.push(['lost', `the PRI queue overflowed ${times(lost.requestOverflows)}`]);
  if (notGrouped > 0) facts.push(['not shown', `${notGrouped} events of yet other streams or pages`]);
  if (notListed > 0) facts.push(['not shown', `${notListed} more errors, requests or lines`]);
  return facts;
}

const times = (count: number) => (count === 1 ? 'once' : `${count} times`);

function eventSentence(event: ReportedEvent, boots: number): string {
  const { name, count, address, sid } = event;
  const of = sid === null ? 'of a stream that is not known' : `of ${streamInWords(event)}`;
  const at = address === null ? '' : ` at ${hex(address)}`;
  return `${name} ${of}${at}, ${times(count)}${boots > 1 ? `, in boot ${event.boot} of ${boots}` : ''}`;
}

function streamInWords(event: NamedStream & { readonly sid: number | null; readonly ssid: number | null }): string {
  const { sid, ssid, device, deviceIfRequesterId } = event;
  if (sid === null) return NOTHING;
  const who = device ?? (deviceIfRequesterId === null ? null : `${deviceIfRequesterId} if SIDs are requester IDs`);
  return `SID ${hex(sid)}${ssid === null ? '' : ` SubstreamID ${hex(ssid)}`}${who === null ? '' : ` (${who})`}`;
}

/** Events that tell of a stream without a way: nothing of it gets through. */
const STOPS_STREAM = /^C_BAD_|_FETCH$|^F_STREAM_DISABLED$|^F_CFG_CONFLICT$/;

/** What stops DMA, what repeats, what came first. */
function worstFirst(events: readonly ReportedEvent[]): ReportedEvent[] {
  const rank = ({ name, stalled }: ReportedEvent) =>
    stalled === true ? 0 : STOPS_STREAM.test(name) ? 1 : name === 'E_PAGE_REQUEST' ? 3 : 2;
  return events.toSorted((a, b) => rank(a) - rank(b) || b.count - a.count || a.firstLine - b.firstLine);
}

const COUNT: Column = { title: 'Count', align: 'right' };
const WHEN: Column = { title: 'When', yields: 'below' };
const LINES: Column = { title: 'Lines', align: 'right', yields: 'below' };

function when({ firstTime, lastTime, firstStamp, lastStamp }: Occurrence): string {
  const [first, last] = firstTime === null ? [firstStamp, lastStamp] : [seconds(firstTime), seconds(lastTime)];
  if (first === null) return NOTHING;
  return first === last || last === null ? first : `${first} to ${last}`;
}

const seconds = (time: number | null) => (time === null ? null : time.toFixed(6));

function lines({ firstLine, lastLine }: Occurrence): string {
  return firstLine === lastLine ? String(firstLine) : `${firstLine}-${lastLine}`;
}

function eventSection({ events }: SmmuLogReport): Section {
  const sorted = worstFirst(events);
  const inDump = events.some((event) => event.inDump !== null);
  const meanings = new Map(sorted.map((event) => [event.name, eventMeaning(event)]));
  const odd = sorted.flatMap((event) =>
    event.problems.map((problem) => `${event.name} in line ${event.firstLine}: ${problemInWords(problem)}`),
  );
  return section('Events', {
    aside: 'what stops DMA first',
    columns: [
      COUNT,
      { title: 'Event' },
      { title: 'SID', align: 'right' },
      { title: 'Device', yields: 'below' },
      { title: 'Address', align: 'right' },
      { title: 'Access', yields: 'wrap' },
      WHEN,
      LINES,
      ...(inDump ? [{ title: 'In the dump:', yields: 'below' as const }] : []),
    ],
    rows: sorted
      .slice(0, MAX_ROWS)
      .map((event) => [
        String(event.count),
        event.name,
        event.sid === null ? NOTHING : hex(event.sid),
        deviceCell(event),
        event.address === null ? NOTHING : hex(event.address),
        accessInWords(event) || NOTHING,
        when(event),
        lines(event),
        ...(inDump ? [event.inDump === null ? NOTHING : inDumpInWords(event.inDump)] : []),
      ]),
    notes: [
      ...(sorted.length > MAX_ROWS ? [`and ${sorted.length - MAX_ROWS} more; --format json has all`] : []),
      ...[...meanings].flatMap(([name, meaning]) => (meaning === null ? [] : [`${name}: ${meaning}`])),
      ...odd.slice(0, MAX_ROWS),
    ],
  });
}

function deviceCell({ device, deviceFrom, deviceIfRequesterId, ssid }: ReportedEvent): string {
  const substream = ssid === null ? [] : [`SubstreamID ${hex(ssid)}`];
  const who =
    device !== null
      ? [`${device}${deviceFrom === 'log' ? '' : ` (${deviceFrom})`}`]
      : [deviceIfRequesterId].flatMap((one) => (one === null ? [] : [`${one}?`]));
  return [...who, ...substream].join(', ') || NOTHING;
}

function commandSection({ commandErrors, boot }: SmmuLogReport): Section {
  const entries = boot?.queueEntries['cmdq'];
  const cells = (error: CommandErrorFacts) => {
    const { reason, index } = consInWords(error, entries);
    return [
      String(error.count),
      error.what,
      reason ?? NOTHING,
      index === null ? NOTHING : hex(index),
      commandName(error.command),
      when(error),
      lines(error),
    ];
  };
  const meanings = new Map(
    commandErrors.flatMap((error) => {
      const { reason, meaning } = consInWords(error, entries);
      return reason === null || meaning === null || error.error === 0 ? [] : [[reason, meaning] as const];
    }),
  );
  return section('Command queue', {
    columns: [
      COUNT,
      { title: 'What' },
      { title: 'CMDQ_CONS.ERR' },
      { title: 'Stopped at', align: 'right' },
      { title: 'Command' },
      WHEN,
      LINES,
    ],
    rows: commandErrors.slice(0, MAX_ROWS).map(cells),
    notes: [
      ...(commandErrors.length > MAX_ROWS
        ? [`and ${commandErrors.length - MAX_ROWS} more; --format json has all`]
        : []),
      ...(entries === undefined && commandErrors.some(({ cons }) => cons !== null)
        ? ['The log does not say how large the queue is: where it stopped includes the wrap bit.']
        : []),
      ...[...meanings].map(([reason, meaning]) => `${reason}: ${meaning}`),
      ...commandErrors.flatMap(({ problems, firstLine }) =>
        problems.map((problem) => `line ${firstLine}: ${problemInWords(problem)}`),
      ),
    ],
  });
}

function commandName(words: readonly bigint[]): string {
  const command = commandFacts(words);
  if (command === null) return NOTHING;
  return command.type.startsWith('CMD_') ? command.type : `${command.type} ${hex(command.code)}`;
}

function globalSection({ globalErrors }: SmmuLogReport): Section {
  const flags = new Set(globalErrors.flatMap(({ active, named }) => globalErrorFlags(active, named)));
  const gerror = registerNamed('GERROR') as Register;
  return section('Global errors', {
    columns: [COUNT, { title: 'Active', align: 'right' }, { title: 'Flags', yields: 'wrap' }, WHEN, LINES],
    rows: globalErrors
      .slice(0, MAX_ROWS)
      .map((error) => [
        String(error.count),
        error.active === null ? NOTHING : hex32(error.active),
        globalErrorFlags(error.active, error.named).join(', ') || NOTHING,
        when(error),
        lines(error),
      ]),
    notes: [...flags].map((flag) =>
      gerror.fields.some(({ name }) => name === flag)
        ? `${flag}: ${fieldOf(gerror, flag).meaning}`
        : `${flag}: reserved`,
    ),
  });
}

function requestSection({ pageRequests }: SmmuLogReport): Section {
  return section('Page requests', {
    aside: 'that nobody had asked devices to make',
    columns: [
      COUNT,
      { title: 'SID', align: 'right' },
      { title: 'Device', yields: 'below' },
      { title: 'Page', align: 'right' },
      { title: 'Wants' },
      WHEN,
      LINES,
    ],
    rows: pageRequests
      .slice(0, MAX_ROWS)
      .map((request) => [
        String(request.count),
        hex(request.sid),
        request.device ?? NOTHING,
        hex(request.address),
        [
          request.read ? 'R' : '',
          request.write ? 'W' : '',
          request.execute ? 'X' : '',
          request.privileged ? 'Priv' : '',
        ]
          .filter((part) => part !== '')
          .join(' ') || NOTHING,
        when(request),
        lines(request),
      ]),
  });
}

function bootSection(boot: NonNullable<SmmuLogReport['boot']>): Section {
  const { features, iasBits, oasBits, queueEntries, sidBits, lines: others } = boot;
  const sizes = [iasBits === null ? '' : `input ${iasBits} bits`, oasBits === null ? '' : `output ${oasBits} bits`];
  const queues = Object.entries(queueEntries).map(([queue, entries]) => `${queue} ${entries}`);
  const facts: [string, string][] = [
    ['addresses', sizes.filter((part) => part !== '').join(', ')],
    ['features', features === null ? '' : `${hex32(features)}: ${driverFeatures(features).join(' ')}`],
    ['queues', queues.length === 0 ? '' : `${queues.join(', ')} entries`],
    ['StreamIDs', sidBits === null ? '' : `a two-level table covers ${sidBits.covered} of ${sidBits.of} bits`],
  ];
  return section('What the driver said when it started', {
    facts: facts.filter(([, text]) => text !== ''),
    notes: others,
  });
}
