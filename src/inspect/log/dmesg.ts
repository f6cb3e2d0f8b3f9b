/**
 * The predicted kernel log against a captured one. Timestamps and whatever else stands in front of `arm-smmu-v3` are
 * ignored, and so is the prefix of the adoption's messages, which has changed between trees of the same code. Where the
 * capture holds more than one boot, the last is the kdump kernel's.
 */

import type { StagedLogLine } from '../../adopt/log.ts';
import { align, type Pair } from '../../align.ts';
import { type MessageTopic, topicOf } from '../../log/messages/messages.ts';
import type { Capture } from '../../platform/evidence.ts';
import type { PanicReport } from '../emulation/outcome.ts';
import { body, type CapturedLine, type CaptureLines, captureLines, linesOf, withoutPrefix } from './capture-lines.ts';
import { tells } from './told-by-log.ts';

/** `hidden`: predicted at debug level, and not in the capture, as is usual. */
export type DmesgStatus = 'agree' | 'missing' | 'extra' | 'hidden';

export interface DmesgLine {
  readonly status: DmesgStatus;
  readonly text: string;
  /** Line number in the capture, from 1; null for what is only predicted. */
  readonly line: number | null;
}

export interface DmesgReport {
  readonly file: string;
  /** The device whose lines were compared; null when the capture has none of this SMMU. */
  readonly device: string | null;
  readonly agree: number;
  readonly missing: number;
  readonly extra: number;
  /** Lines of the driver that say nothing about adoption, reset, insertion or registration. */
  readonly otherLines: number;
  /** Lines that report a fault, and what they come to; apart from the prediction, which is about none. */
  readonly faultLines: number;
  readonly faults: readonly DmesgFault[];
  readonly faultsNotListed: number;
  /** False: a kernel that does not carry the series. Null where the capture does not tell. */
  readonly carriesSeries: boolean | null;
  readonly lines: readonly DmesgLine[];
  /** Lines beyond those listed; the counts are of all. */
  readonly linesNotListed: number;
  /** The function in which the kernel dies: predicted, and found; null when it does neither. */
  readonly panic: { readonly predicted: string | null; readonly found: string | null; readonly agrees: boolean } | null;
}

/** A fault that the kdump kernel reports: of one kind, stream and page. */
export interface DmesgFault {
  /** An event or a command error by name, or what else it is. */
  readonly what: string;
  /** Null for what names no stream. */
  readonly sid: number | null;
  readonly address: bigint | null;
  readonly count: number;
  readonly firstLine: number;
  readonly lastLine: number;
}

const EVENT_QUEUE = /^allocated \d+ entries for evtq/;
/** Printed when something goes wrong while devices work, not while the SMMU is adopted and reset. */
const FAULTS: ReadonlySet<MessageTopic | null> = new Set<MessageTopic>([
  'event',
  'page-request',
  'command-error',
  'global-error',
  'lost',
]);

/** Messages of these are known by how they begin, and nothing is compared behind it. */
const NOT_OF_ADOPTION: ReadonlySet<MessageTopic | null> = new Set([...FAULTS, 'boot' as const]);

/** Whose lines are compared; `eventQueue` false: a kernel of the revision in question allocates none. */
export interface ComparedSmmu {
  readonly name: string;
  readonly alone: boolean;
  readonly eventQueue?: boolean;
}

/** A capture with thousands of lines of one SMMU is a storm of something; the beginning tells. */
const MAX_LINES_LISTED = 2000;
const MAX_FAULTS_LISTED = 100;

/** Aligns the predicted lines of one SMMU with those of a capture, and its predicted death with the one found there. */
export function compareDmesg(
  capture: Capture,
  smmu: ComparedSmmu,
  predicted: readonly StagedLogLine[],
  panic: PanicReport | null,
): DmesgReport {
  const captured = captureLines(capture);
  const expected = new Set(predicted.map(({ text }) => body(text)));
  const isKnown = (text: string) => expected.has(body(text)) || tells(text) || NOT_OF_ADOPTION.has(topicOf(text));
  const { device, ofDevice } = linesOf(captured, smmu, isKnown);
  const bare = device === null && smmu.alone ? bareLines(captured.lines, predicted) : [];
  const own = [...ofDevice, ...bare, ...linesOfOthers(captured.lines, predicted)];
  const said = own.sort((a, b) => a.line - b.line).map((entry) => ({ ...entry, topic: topicOf(entry.text) }));
  const unexpected = smmu.eventQueue === false ? EVENT_QUEUE : null;
  // What every probe prints depends on hardware and version, and says nothing about the table unless it is predicted; other
  // trees of the driver print what nobody knows here. So does a fault, unless the reset itself comes to it.
  const isPredicted = ({ text }: { readonly text: string }) => expected.has(body(text));
  const isFault = (one: (typeof said)[number]) => FAULTS.has(one.topic) && !isPredicted(one);
  const relevant = said.filter(
    (one) =>
      !isFault(one) &&
      ((one.topic !== 'boot' && one.topic !== null) || isPredicted(one) || unexpected?.test(one.text) === true),
  );
  const faultLines = said.filter(isFault).length;
  const aligned = align(predicted, relevant, (one, other) => body(one.text) === body(other.text)).map(asLine);
  const count = (status: DmesgStatus) => aligned.filter((line) => line.status === status).length;
  const faults = faultsOf(captured, device);
  return {
    file: capture.file,
    device,
    agree: count('agree'),
    missing: count('missing'),
    extra: count('extra'),
    otherLines: said.length - relevant.length - faultLines,
    faultLines,
    faults: faults.slice(0, MAX_FAULTS_LISTED),
    faultsNotListed: Math.max(0, faults.length - MAX_FAULTS_LISTED),
    carriesSeries: carriesSeries(said, predicted),
    lines: aligned.slice(0, MAX_LINES_LISTED),
    linesNotListed: Math.max(0, aligned.length - MAX_LINES_LISTED),
    panic: comparePanic(captured, panic),
  };
}

/**
 * A kernel without the series starts its SMMU and says nothing of what the series would have said. Null where that
 * cannot be told: nothing of it was predicted to be printed, or the capture lacks the start.
 */
function carriesSeries(
  said: readonly { readonly topic: MessageTopic | null }[],
  predicted: readonly StagedLogLine[],
): boolean | null {
  if (said.some(({ topic }) => topic === 'adoption')) return true;
  const due = predicted.some(({ level, ofSeries }) => level !== 'debug' && ofSeries);
  const starts = said.some(({ topic }) => topic === 'boot' || topic === 'reset' || topic === 'failure');
  return due && starts ? false : null;
}

function faultsOf({ smmus }: CaptureLines, device: string | null): DmesgFault[] {
  const smmu = smmus.get(device ?? '');
  if (smmu === undefined) return [];
  const found = [
    ...smmu.events.map((event) => ({ ...event, what: event.name })),
    ...smmu.commandErrors.map((error) => ({ ...error, sid: null, address: null })),
    ...smmu.globalErrors.map((error) => ({ ...error, what: 'global error', sid: null, address: null })),
    ...smmu.pageRequests.map((request) => ({ ...request, what: 'page request' })),
  ];
  return found.map(({ what, sid, address, count, firstLine, lastLine }) => ({
    what,
    sid,
    address,
    count,
    firstLine,
    lastLine,
  }));
}

/** Messages without the driver's name, in a capture that somebody has cut down: only those that are predicted count. */
function bareLines(lines: readonly CapturedLine[], predicted: readonly StagedLogLine[]): CapturedLine[] {
  const known = new Set(predicted.map(({ text }) => body(text)));
  return lines
    .map(({ text, line }) => ({ text: withoutPrefix(text), line }))
    .filter(({ text }) => known.has(body(text)) || body(text) !== text);
}

/** What is predicted to be printed of devices behind the SMMU, as far as it is: such a line does not name the SMMU. */
function linesOfOthers(lines: readonly CapturedLine[], predicted: readonly StagedLogLine[]): CapturedLine[] {
  const texts = new Map<string, string>();
  for (const { device, text } of predicted) if (device !== undefined) texts.set(`${device}: ${text}`, text);
  if (texts.size === 0) return [];
  const longest = [...texts.keys()].reduce((most, { length }) => Math.max(most, length), 0);
  return lines.flatMap(({ text: whole, line }) => {
    for (const end of endsOf(whole.trimEnd(), longest)) {
      const text = texts.get(end);
      if (text !== undefined) return [{ text, line }];
    }
    return [];
  });
}

/** What a line ends in that begins a word of it, up to a length. */
function* endsOf(line: string, longest: number): Generator<string> {
  if (line.length <= longest) yield line;
  const first = Math.max(0, line.length - longest - 1);
  for (let at = line.indexOf(' ', first); at >= 0; at = line.indexOf(' ', at + 1)) yield line.slice(at + 1);
}

function asLine({ left, right }: Pair<StagedLogLine, CapturedLine>): DmesgLine {
  if (right !== null) return { status: left === null ? 'extra' : 'agree', text: right.text, line: right.line };
  return { status: left.level === 'debug' ? 'hidden' : 'missing', text: left.text, line: null };
}

function comparePanic({ death }: CaptureLines, panic: PanicReport | null): DmesgReport['panic'] {
  const predicted = panic?.where ?? null;
  // A death elsewhere in the kernel is another story.
  const ours = death !== null && (death.fn === predicted || death.fn.startsWith('arm_smmu')) ? death : null;
  if (predicted === null && ours === null) return null;
  // Of an inferred name only that the driver dies can be told.
  const agrees = predicted === (ours?.fn ?? null) || (panic?.inferred === true && ours !== null);
  return { predicted, found: ours?.named ?? null, agrees };
}
