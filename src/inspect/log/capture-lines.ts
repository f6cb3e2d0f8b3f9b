/**
 * What has a captured kernel log in it? The lines of its last boot, which is the kdump kernel's, by the SMMU that they are
 * about. A capture is read once, however many SMMUs ask.
 */

import { continuations, hasOwnBeginning, MAX_PARTS, MAX_READINGS } from '../../log/broken-lines.ts';
import type { SmmuLog } from '../../log/facts.ts';
import { BOOT, LogReader } from '../../log/kernel-log.ts';
import type { JsonStamps } from '../../log/lines/json-stamps.ts';
import { isWorthALook, type LineTaker, LogLines } from '../../log/lines/lines.ts';
import { Repetitions } from '../../log/lines/repeated.ts';
import { Speakers } from '../../log/lines/speaker.ts';
import { DRIVER, driverLine } from '../../log/messages/driver-name.ts';
import type { Capture } from '../../platform/evidence.ts';
import { onceFor } from '../../remembered.ts';

export interface CapturedLine {
  readonly text: string;
  /** Line number in the capture, from 1. */
  readonly line: number;
}

/** A message of the driver, without what stands in front of it. */
interface CapturedMessage extends CapturedLine {
  /** The lines behind it that have no beginning of their own: the rest of it perhaps, where a terminal or a mail broke it. */
  readonly behind: readonly string[];
}

export interface CaptureLines {
  /** Of the last boot, as they were printed, whatever program they were passed on with. */
  readonly lines: readonly CapturedLine[];
  /** The driver's messages by device. */
  readonly byDevice: ReadonlyMap<string, readonly CapturedMessage[]>;
  /** What the last boot says of faults, by device; those without a name have none. */
  readonly smmus: ReadonlyMap<string, SmmuLog>;
  /** The function in which the kernel dies, as the oops names it and as it is in the source; null where it does not. */
  readonly death: { readonly named: string; readonly fn: string } | null;
}

export const DEATH = /Internal error: |Unable to handle kernel |SError Interrupt|Kernel panic - not syncing/;
/** What compilers append to the name of a function that they have changed for its callers. */
const CLONE = /(\.(isra|constprop|part|cold)(\.\d+)?)+$/;
/** Lines that come when every built-in driver has probed its devices. */
export const PROBED = /Freeing unused kernel memory|Run \S+ as init process|systemd\[1\]/;
const PROGRAM_COUNTER = /\bpc : ([A-Za-z0-9_.]{1,200})\+0x/;
const TELLING = new RegExp(`${DEATH.source}|${PROBED.source}|${PROGRAM_COUNTER.source}`);
/** No line that says anything is longer. */
const MAX_LINE_LENGTH = 2000;

/** What a kernel prints before anybody looks is some thousands; beyond these only what may tell something is kept. */
const MAX_LINES = 1 << 20;
/** A log that was broken on its way has some hundreds of such messages. */
const MAX_BROKEN = 4096;
/** Another program's output behind a message has not as many colons. */
const MAX_BEGINNINGS = 16;

/** Of a log of megabytes only the lines of one piece are there at a time. */
const PIECE_BYTE_LENGTH = 1 << 16;

/** The lines of a capture by device; made once for each capture. */
export const captureLines = onceFor(({ text }: Capture) => read(text));

function read(text: string): CaptureLines {
  // First, because reading takes more memory than what is kept of it.
  const smmus = smmusOf(text);
  const lines = lastBoot(text);
  const byDevice = new Map<string, CapturedMessage[]>();
  for (const [i, { text: whole, line }] of lines.entries()) {
    const found = driverLine(whole);
    if (found === null) continue;
    const list = byDevice.get(found.device) ?? [];
    list.push({ text: found.body, line, behind: linesBehind(lines, i) });
    byDevice.set(found.device, list);
  }
  return { lines, byDevice, smmus, death: deathOf(lines) };
}

function linesBehind(lines: readonly CapturedLine[], at: number): string[] {
  const behind = lines.slice(at + 1, at + MAX_PARTS).map(({ text }) => text);
  const end = behind.findIndex((text) => hasOwnBeginning(text) || text.includes(DRIVER));
  return end < 0 ? behind : behind.slice(0, end);
}

/** Keeps what is behind the last beginning of a kernel. */
class LastBoot implements LineTaker {
  readonly wantsNext = true;
  readonly #repetitions = new Repetitions();
  readonly #speakers = new Speakers();
  lines: CapturedLine[] = [];

  take(text: string, line: number, stamps: JsonStamps | null): void {
    const { printed, times } = this.#repetitions.of(text, line);
    // What a program says of the kernel is not said by the kernel; that it runs tells something.
    const isOfProgram = this.#speakers.isOfProgram(printed, stamps?.speaker ?? null);
    const told = isOfProgram ? PROBED.exec(printed)?.[0] : printed;
    for (let i = 0; told !== undefined && i < times; i++) this.#takeLine(told, line);
  }

  #takeLine(text: string, line: number): void {
    if (BOOT.test(text)) this.lines = [];
    if (this.lines.length >= MAX_LINES && !isWorthALook(text) && !TELLING.test(text)) return;
    this.lines.push({ text: Buffer.from(text.slice(0, MAX_LINE_LENGTH), 'latin1').toString('utf8'), line });
  }
}

function lastBoot(text: string): CapturedLine[] {
  const boot = new LastBoot();
  const lines = new LogLines(boot);
  for (const piece of piecesOf(text)) lines.push(piece);
  lines.end();
  return boot.lines;
}

function* piecesOf(text: string): Generator<Buffer> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.byteLength; at += PIECE_BYTE_LENGTH) yield bytes.subarray(at, at + PIECE_BYTE_LENGTH);
}

function smmusOf(text: string): ReadonlyMap<string, SmmuLog> {
  const reader = new LogReader();
  for (const piece of piecesOf(text)) reader.push(piece);
  const { smmus, boots } = reader.end();
  const ofLast = <T extends { readonly boot: number }>(list: readonly T[]) => list.filter(({ boot }) => boot === boots);
  return new Map(
    smmus.map((smmu) => [
      smmu.name ?? '',
      {
        ...smmu,
        events: ofLast(smmu.events),
        commandErrors: ofLast(smmu.commandErrors),
        globalErrors: ofLast(smmu.globalErrors),
        pageRequests: ofLast(smmu.pageRequests),
      },
    ]),
  );
}

function deathOf(lines: readonly CapturedLine[]): CaptureLines['death'] {
  const death = lines.findIndex(({ text }) => DEATH.test(text));
  const pc = death < 0 ? undefined : lines.slice(death).find(({ text }) => PROGRAM_COUNTER.test(text));
  const named = PROGRAM_COUNTER.exec(pc?.text ?? '')?.[1];
  return named === undefined ? null : { named, fn: named.replace(CLONE, '') };
}

/** The driver's messages about one SMMU. Those that were broken are put together where that makes one that `isKnown`. */
export function linesOf(
  { byDevice }: CaptureLines,
  smmu: { readonly name: string; readonly alone: boolean },
  isKnown: (text: string) => boolean,
): { readonly device: string | null; readonly ofDevice: readonly CapturedLine[] } {
  // A snapshot may call an only SMMU as it likes.
  const [only] = byDevice.keys();
  const device = byDevice.has(smmu.name) ? smmu.name : smmu.alone && byDevice.size === 1 ? (only ?? null) : null;
  const messages = device === null ? [] : (byDevice.get(device) ?? []);
  let broken = 0;
  const isAsItIs = ({ text }: CapturedMessage) => isKnown(text) || ++broken > MAX_BROKEN;
  const textOf = (message: CapturedMessage) => (isAsItIs(message) ? message.text : wholeText(message, isKnown));
  return { device, ofDevice: messages.map((message) => ({ line: message.line, text: textOf(message) })) };
}

function wholeText({ text, behind }: CapturedMessage, isKnown: (text: string) => boolean): string {
  let readings = [text];
  for (const line of behind) {
    readings = readings.flatMap((reading) => continuations(reading, line, DRIVER)).slice(0, MAX_READINGS);
    const whole = readings.map((reading) => reading.trim()).find(isKnown);
    if (whole !== undefined) return whole;
  }
  return [...beginningsOf(text)].find(isKnown) ?? text;
}

/** Where another program goes on with the line it does so behind a colon, as consoles show it. */
function* beginningsOf(text: string): Generator<string> {
  let end = text.length;
  for (let i = 0; i < MAX_BEGINNINGS; i++) {
    end = text.lastIndexOf(': ', end - 1);
    if (end <= 0) return;
    yield text.slice(0, end);
  }
}

/** What the messages of the adoption begin with; by revision, some do not. */
const PREFIX = /^(kdump|kexec): /;

/** A message without the prefix of the series. */
export function body(text: string): string {
  return text.replace(PREFIX, '');
}

/** Time, level, caller and host in front of a message, in the ways in which logs are saved. */
const IN_FRONT = /^(?:<\d+>|\w+ *:\w+ *: *|\[[^\]]*\] *|(?:\w{3} +\d+ [\d:]{8}|\d{4}-\d\d-\d\dT\S+) \S+ kernel: *)+/;

/** The message of a line from which the driver's name was cut off. */
export function withoutPrefix(text: string): string {
  return text.replace(IN_FRONT, '').trim();
}
