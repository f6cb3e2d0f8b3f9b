/** What a kernel log comes to for one SMMU: in a few words, and in a few sentences. */

import { hex } from '../../hex.ts';
import type {
  EventQueueMemory,
  LogReport,
  NamedStream,
  ReportedEvent,
  SmmuLogReport,
} from '../../inspect/log/log-report.ts';
import type { Occurrence } from '../../log/facts.ts';
import { count, grouped } from '../prose/quantities.ts';
import type { Tone } from '../prose/tone.ts';
import { consInWords } from './words.ts';

const sum = (list: readonly Occurrence[]) => list.reduce((total, one) => total + one.count, 0);

/** Events that the kernel left out of its log, of this SMMU or of several together. */
export function eventsLeftOut({ lost }: SmmuLogReport, report: LogReport): number {
  const { suppressed, suppressedTimeouts } = report;
  return (lost.suppressed ?? suppressed) - (lost.suppressedTimeouts ?? suppressedTimeouts);
}

/** What there was of an SMMU in a few words, and how bad it is. */
export function answerOf(smmu: SmmuLogReport, report: LogReport): { readonly answer: string; readonly tone: Tone } {
  const { events, commandErrors, globalErrors, pageRequests, lost, failures } = smmu;
  const total = sum(events) + smmu.notGrouped;
  const atLeast = eventsLeftOut(smmu, report) > 0 || lost.overflows > 0 ? 'at least ' : '';
  const stops = new Set(
    commandErrors.map((error) => (error.error ? consInWords(error, undefined).reason : null) ?? error.what),
  );
  const parts = [
    failures.length > 0 ? 'driver failed' : '',
    total > 0 ? atLeast + count(total, 'event') : '',
    commandErrors.length > 0 ? `${count(sum(commandErrors), 'command error')}: ${[...stops].join(', ')}` : '',
    globalErrors.length > 0 ? count(sum(globalErrors), 'global error') : '',
    pageRequests.length > 0 ? count(sum(pageRequests), 'page request') : '',
    lost.overflows > 0 ? 'events lost' : '',
  ].filter((part) => part !== '');
  return parts.length > 0 ? { tone: 'bad', answer: parts.join('; ') } : { tone: 'good', answer: 'no faults' };
}

/** The gravest events in a sentence each, and what the log has not. */
export function answerFacts(smmu: SmmuLogReport, report: LogReport): [string, string][] {
  const { events, lost, notGrouped, notListed, failures, eventQueue } = smmu;
  const { boots } = report;
  const said: [string, string][] = worstFirst(events)
    .slice(0, 3)
    .map((event, i) => [i === 0 ? 'events' : '', eventSentence(event, boots)]);
  const more = events.length - said.length;
  if (more > 0) said.push(['', `and ${more} more of other kinds, streams or pages`]);
  const [failure] = failures;
  if (failure !== undefined) said.unshift(['failed', failure.text + inBoot(failure.boot, boots)]);
  said.push(...leftOut(smmu, report));
  if (eventQueue !== null) said.push(...queueInWords(eventQueue));
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

/** Where the kernel has left messages out, what counts them counts too few. */
function leftOut(smmu: SmmuLogReport, report: LogReport): [string, string][] {
  const { suppressed, suppressedTimeouts } = smmu.lost.suppressed === null ? report : smmu.lost;
  const events = eventsLeftOut(smmu, report);
  const whose = smmu.lost.suppressed === null ? ', of all SMMUs together' : '';
  const rows: [string, string][] = [];
  if (events > 0) {
    rows.push([
      'left out',
      `at least ${count(events, 'more event')}, which the kernel did not print${whose}: no count here is more than a lower bound`,
    ]);
  }
  const timeouts = suppressedTimeouts ?? 0;
  if (timeouts > 0 && suppressed !== null) {
    rows.push(['left out', `at least ${count(timeouts, 'more timeout')} of the command queue${whose}`]);
  }
  return rows;
}

function queueInWords({ records, unread, notInLog }: EventQueueMemory): [string, string][] {
  if (records === 0) return [];
  const waiting = unread === null || unread === 0 ? '' : `, ${grouped(unread)} of them unread`;
  const more =
    notInLog === 0 ? '' : `; at least ${grouped(notInLog)} not in the log: smmu-adopt queues DUMP --queue event --all`;
  return [['in the dump', `the memory of the event queue has ${count(records, 'record')}${waiting}${more}`]];
}

const times = (number: number) => (number === 1 ? 'once' : `${grouped(number)} times`);

function eventSentence(event: ReportedEvent, boots: number): string {
  const { name, address, sid } = event;
  const of = sid === null ? 'of a stream that is not known' : `of ${streamInWords(event, sid)}`;
  const at = address === null ? '' : ` at ${hex(address)}`;
  return `${name} ${of}${at}, ${times(event.count)}${inBoot(event.boot, boots)}`;
}

const inBoot = (boot: number, boots: number) => (boots > 1 ? `, in boot ${boot} of ${boots}` : '');

function streamInWords({ ssid, device, deviceIfRequesterId }: NamedStream & Pick<ReportedEvent, 'ssid'>, sid: number) {
  const who = device ?? (deviceIfRequesterId === null ? null : `${deviceIfRequesterId} if SIDs are requester IDs`);
  return `SID ${hex(sid)}${ssid === null ? '' : ` SubstreamID ${ssid}`}${who === null ? '' : ` (${who})`}`;
}

/** Events that tell of a stream without a way: nothing of it gets through. */
const STOPS_STREAM = /^C_BAD_|_FETCH$|^F_STREAM_DISABLED$|^F_CFG_CONFLICT$/;

/** What stops DMA, what repeats, what came first. */
export function worstFirst(events: readonly ReportedEvent[]): ReportedEvent[] {
  const rank = ({ name, stalled }: ReportedEvent) =>
    stalled === true ? 0 : STOPS_STREAM.test(name) ? 1 : name === 'E_PAGE_REQUEST' ? 3 : 2;
  return events.toSorted((a, b) => rank(a) - rank(b) || b.count - a.count || a.firstLine - b.firstLine);
}
