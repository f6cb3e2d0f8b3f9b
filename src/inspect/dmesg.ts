/**
 * The predicted kernel log against a captured one. Timestamps and whatever else stands in front of `arm-smmu-v3` are
 * ignored, and so is the prefix of the adoption's messages, which has changed between trees of the same code. Where the
 * capture holds more than one boot, the last is the kdump kernel's.
 */

import type { StagedLogLine } from '../adopt/log.ts';
import { align, type Pair } from '../align.ts';
import type { PanicReport } from './outcome.ts';

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
  readonly lines: readonly DmesgLine[];
  /** Lines beyond those listed; the counts are of all. */
  readonly linesNotListed: number;
  /** The function in which the kernel dies: predicted, and found; null when it does neither. */
  readonly panic: { readonly predicted: string | null; readonly found: string | null; readonly agrees: boolean } | null;
}

export interface Capture {
  readonly file: string;
  readonly text: string;
}

const FIRST_LINE_OF_A_BOOT = /Booting Linux on physical CPU/;
const DRIVER_LINE = /\barm-smmu-v3 ([^\s:]+(?::[^\s:]+)*): (.*)$/;
const PREFIX = /^(kdump|kexec): /;
/** Time, level, caller and host in front of a message, in the ways in which logs are saved. */
const IN_FRONT = /^(?:<\d+>|\w+ *:\w+ *: *|\[[^\]]*\] *|(?:\w{3} +\d+ [\d:]{8}|\d{4}-\d\d-\d\dT\S+) \S+ kernel: *)+/;

/** What the driver prints at every probe, which depends on hardware and version and says nothing about the table. */
const OTHER_LINES: readonly RegExp[] = [
  /^option mask 0x/,
  /^(ias \d+-bit, )?oas \d+-bit \(features 0x/,
  /^allocated \d+ entries for /,
  /^msi_domain absent/,
  /^no (evtq|priq|gerr) irq/,
  /^(found|using) .*(cmdqv|ECMDQ)/i,
];

const EVENT_QUEUE = /^allocated \d+ entries for evtq/;

/** Whose lines are compared; `eventQueue` false: a kernel of the revision in question allocates none. */
export interface ComparedSmmu {
  readonly name: string;
  readonly alone: boolean;
  readonly eventQueue?: boolean;
}

/** A capture with thousands of lines of one SMMU is a storm of something; the beginning tells. */
const MAX_LINES_LISTED = 2000;

interface Entry {
  readonly text: string;
  readonly line: number;
}

export function compareDmesg(
  capture: Capture,
  smmu: ComparedSmmu,
  predicted: readonly StagedLogLine[],
  panic: PanicReport | null,
): DmesgReport {
  const lines = lastBoot(capture.text);
  const { device, ofDevice } = linesOf(lines, smmu);
  const bare = device === null && smmu.alone ? bareLines(lines, predicted) : [];
  const unexpected = smmu.eventQueue === false ? EVENT_QUEUE : null;
  const relevant = [...ofDevice, ...bare].filter(
    ({ text }) => unexpected?.test(text) || !OTHER_LINES.some((other) => other.test(text)),
  );
  const aligned = align(predicted, relevant, (one, other) => body(one.text) === body(other.text)).map(asLine);
  const count = (status: DmesgStatus) => aligned.filter((line) => line.status === status).length;
  return {
    file: capture.file,
    device,
    agree: count('agree'),
    missing: count('missing'),
    extra: count('extra'),
    otherLines: ofDevice.length + bare.length - relevant.length,
    lines: aligned.slice(0, MAX_LINES_LISTED),
    linesNotListed: Math.max(0, aligned.length - MAX_LINES_LISTED),
    panic: comparePanic(lines, panic),
  };
}

/** The driver's lines about one SMMU, in the last boot that the capture holds. */
export function linesOf(
  lines: readonly Entry[],
  smmu: { readonly name: string; readonly alone: boolean },
): { readonly device: string | null; readonly ofDevice: readonly Entry[] } {
  const byDevice = driverLines(lines);
  // A snapshot may call an only SMMU as it likes.
  const [only] = byDevice.keys();
  const device = byDevice.has(smmu.name) ? smmu.name : smmu.alone && byDevice.size === 1 ? (only ?? null) : null;
  return { device, ofDevice: device === null ? [] : (byDevice.get(device) ?? []) };
}

export function lastBoot(text: string): Entry[] {
  const entries = text.split(/\r?\n/).map((line, i) => ({ text: line, line: i + 1 }));
  return entries.slice(
    Math.max(
      0,
      entries.findLastIndex((entry) => FIRST_LINE_OF_A_BOOT.test(entry.text)),
    ),
  );
}

function driverLines(lines: readonly Entry[]): Map<string, Entry[]> {
  const byDevice = new Map<string, Entry[]>();
  for (const { text, line } of lines) {
    const [, device, message] = DRIVER_LINE.exec(text) ?? [];
    if (device === undefined || message === undefined) continue;
    const list = byDevice.get(device) ?? [];
    list.push({ text: message.trimEnd(), line });
    byDevice.set(device, list);
  }
  return byDevice;
}

/** Messages without the driver's name, in a capture that somebody has cut down: only those that are predicted count. */
function bareLines(lines: readonly Entry[], predicted: readonly StagedLogLine[]): Entry[] {
  const known = new Set(predicted.map(({ text }) => body(text)));
  return lines
    .map(({ text, line }) => ({ text: text.replace(IN_FRONT, '').trimEnd(), line }))
    .filter(({ text }) => known.has(body(text)) || PREFIX.test(text));
}

export function body(text: string): string {
  return text.replace(PREFIX, '');
}

function asLine({ left, right }: Pair<StagedLogLine, Entry>): DmesgLine {
  if (right !== null) return { status: left === null ? 'extra' : 'agree', ...right };
  return { status: left.level === 'debug' ? 'hidden' : 'missing', text: left.text, line: null };
}

export const DEATH = /Internal error: |Unable to handle kernel |SError Interrupt|Kernel panic - not syncing/;
/** What compilers append to the name of a function that they have changed for its callers. */
const CLONE = /(\.(isra|constprop|part|cold)(\.\d+)?)+$/;
const PROGRAM_COUNTER = /\bpc : ([A-Za-z0-9_.]+)\+0x/;

function comparePanic(lines: readonly Entry[], panic: PanicReport | null): DmesgReport['panic'] {
  const death = lines.findIndex(({ text }) => DEATH.test(text));
  const pc = death < 0 ? undefined : lines.slice(death).find(({ text }) => PROGRAM_COUNTER.test(text));
  const found = PROGRAM_COUNTER.exec(pc?.text ?? '')?.[1] ?? null;
  const predicted = panic?.where ?? null;
  // A death elsewhere in the kernel is another story.
  const ours = found !== null && (found === predicted || found.startsWith('arm_smmu')) ? found : null;
  if (predicted === null && ours === null) return null;
  return { predicted, found: ours, agrees: predicted === (ours?.replace(CLONE, '') ?? null) };
}
