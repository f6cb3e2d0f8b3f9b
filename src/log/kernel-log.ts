/**
 * What does a kernel log say of its SMMUs? Bytes in, facts out. This is the face of the room: it finds the lines of each
 * driver in whatever is printed around them, and gives each to the SMMU that it names.
 */

import { continuations, isDigits, MAX_PARTS, MAX_READINGS, type Unfinished, unquoted } from './broken-lines.ts';
import type { Place } from './event-groups.ts';
import type { KernelLog, PassedOver } from './facts.ts';
import type { JsonStamps } from './lines/json-stamps.ts';
import { isWorthALook, type LineTaker, LogLines } from './lines/lines.ts';
import { Repetitions } from './lines/repeated.ts';
import { Speakers } from './lines/speaker.ts';
import { hostOf, printkTime, wallClock } from './lines/stamps.ts';
import { DRIVER, deviceAt, failedProbe } from './messages/driver-name.ts';
import { FreeBsdLines } from './messages/freebsd.ts';
import { type MessageTopic, messageOf } from './messages/messages.ts';
import { type LineUse, type Scene, understand, understandMessage } from './messages/understand.ts';
import { recordWord, skipBlanks } from './messages/words.ts';
import { NamedSmmus } from './named-smmus.ts';
import { OtherLines } from './other-lines.ts';
import type { SmmuState } from './smmu-state.ts';

/** What stands in front of the device after the driver was unbound, and what Xen has there. */
const UNBOUND = /\bplatform (?=\S{0,80}(?:smmu|iommu))/g;
const XEN = /\bSMMUv3: (?=\/)/g;
/** A line that was broken within the name of the device, or in front of it. */
const ENDS_IN_NAME = /\barm-smmu-v3(?: [^\s:]{0,128})?\s*$/;
const SMMU_V2 = /\barm-smmu [^\s:]{1,128}: /;
/** The first line of a boot. */
export const BOOT = /Booting Linux on physical CPU/;
/** Topics of messages that say nothing where nobody knows of which SMMU they are. */
const NOT_WHOSE: ReadonlySet<MessageTopic> = new Set<MessageTopic>(['boot', 'reset', 'failure']);

/** What people leave in front of a message whose driver's name they cut off: quotation marks, levels, times, hosts. */
const BARE =
  /^(?:[>|\s]|<\d+>|\[[^\]]{0,60}\]|[a-z]+ *:[a-z]+ *:|(?:[A-Z][a-z]{2} +\d+ [\d:]{8}|\d{4}-\d\d-\d\dT\S{1,40}) \S{1,80} kernel:){0,12}/;

/** Of the driver and a device together. */
const MAX_NAME_LENGTH = 160;
const MAX_PASSED_OVER = 200;
const MAX_TEXT_LENGTH = 400;

export class LogReader implements LineTaker, Scene {
  readonly #lines = new LogLines(this);
  readonly #smmus = new NamedSmmus();
  readonly #freebsd = new FreeBsdLines();
  readonly #others = new OtherLines();
  readonly #sceneOfOthers = {
    placeBehind: (prefix: string): Place => {
      this.#prefix = prefix;
      return this.place();
    },
    kept: (text: string): string => this.kept(text),
  };
  readonly #passedOver: PassedOver[] = [];
  #passedOverCount = 0;
  #smmuLines = 0;
  #smmuV2Lines = 0;
  #boot = 1;
  #booted = false;
  #unfinished: Unfinished | null = null;
  /** The machine that the line names. */
  #host: string | null = null;
  /** What the fields around the message say, in a log of JSON objects. */
  #json: JsonStamps | null = null;
  readonly #repetitions = new Repetitions();
  readonly #speakers = new Speakers();
  /** What stands in front of the message that is being read. */
  #prefix = '';
  line = 0;
  isFinal = false;
  isJoined = false;

  /** The next bytes of the log. */
  push(bytes: Buffer): void {
    this.#lines.push(bytes);
  }

  /** What all of them said. */
  end(): KernelLog {
    this.#lines.end();
    this.#settle();
    const states = this.#smmus.all;
    const leftOut = this.#others.leftOutOfEach(states.length);
    return {
      lines: this.#lines.count,
      smmuLines: this.#smmuLines + this.#others.smmuLines,
      passedOver: this.#passedOverCount + this.#smmus.refused,
      passedOverLines: this.#passedOver,
      smmuV2Lines: this.#smmuV2Lines,
      ...this.#others.facts,
      boots: this.#boot,
      smmus: states.map((state) => state.facts(leftOut)),
    };
  }

  get wantsNext(): boolean {
    return this.#unfinished !== null || this.#smmus.latest?.wantsWords === true;
  }

  take(text: string, line: number, stamps: JsonStamps | null): void {
    const { printed, times } = this.#repetitions.of(text, line);
    if (this.#speakers.isOfProgram(printed, stamps?.speaker ?? null)) {
      this.#takeQuoted(printed, line);
      return;
    }
    const smmuLines = this.#smmuLines;
    for (let i = 0; i < times; i++) this.#takeLine(printed, line, stamps);
    if (times > 1) this.#smmuLines = Math.min(this.#smmuLines, smmuLines + 1);
  }

  /** A program has said something of a message that the kernel printed elsewhere, if it did. */
  #takeQuoted(text: string, line: number): void {
    const at = text.indexOf(DRIVER);
    if (at < 0 || deviceAt(text, at + DRIVER.length) === null) return;
    const before = this.line;
    this.line = line;
    this.#passOver(text, null);
    this.line = before;
  }

  #takeLine(text: string, line: number, stamps: JsonStamps | null): void {
    this.line = line;
    if (this.#unfinished !== null && this.#finishWith(text, line)) return;
    this.#json = stamps;
    this.#host = this.#json?.host ?? hostOf(text);
    let from = 0;
    for (let at = text.indexOf(DRIVER); at >= 0; at = text.indexOf(DRIVER, at)) {
      const state = this.#smmus.at(text, at + DRIVER.length, this.#host);
      if (state === null) {
        at += 1;
        continue;
      }
      this.#smmuLines += from === 0 ? 1 : 0;
      this.#prefix = text.slice(from, at);
      const start = at + DRIVER.length + (state.name as string).length + 1;
      // Two messages on one line are rare, and so is the driver's name within one.
      from = this.#nextMessage(text, start);
      this.#message(state, from === text.length ? text : text.slice(0, from), start, at);
      at = from;
    }
    if (from === 0) this.#takeOther(text);
  }

  #nextMessage(text: string, start: number): number {
    for (let at = text.indexOf(DRIVER, start); at >= 0; at = text.indexOf(DRIVER, at + 1)) {
      if (deviceAt(text, at + DRIVER.length) !== null) return at;
    }
    return text.length;
  }

  /** One message of an SMMU: `text` from `start` on, with the driver's name at `at`. */
  #message(state: SmmuState, text: string, start: number, at: number): void {
    const outcome = understand(state, text, start, this);
    if (outcome === 'unfinished' || outcome === 'perhaps-cut') {
      const isWhole = outcome === 'perhaps-cut';
      this.#unfinished = {
        state,
        readings: [text.slice(at)],
        prefix: this.#prefix,
        line: this.line,
        isWhole,
        parts: 1,
      };
    } else if (outcome !== 'used') this.#passOver(text.slice(at), outcome === 'unreadable' ? state : null);
  }

  /** A line without the driver's name as Linux prints it. */
  #takeOther(text: string): void {
    if (!isWorthALook(text)) {
      if (text.includes('0x')) this.#takeBareWord(text);
      return;
    }
    if (this.#takeNamed(text, UNBOUND, 'linux') || this.#takeNamed(text, XEN, 'xen')) return;
    if (this.#takeFailedProbe(text) || this.#takeFreeBsd(text) || this.#takeOfNone(text)) return;
    if (SMMU_V2.test(text)) this.#smmuV2Lines += 1;
    else {
      const at = ENDS_IN_NAME.exec(text.slice(-MAX_NAME_LENGTH))?.index;
      if (at === undefined) this.#takeBare(text);
      else this.#beginBroken(text, Math.max(0, text.length - MAX_NAME_LENGTH) + at);
    }
  }

  #beginBroken(text: string, at: number): void {
    const name = text.slice(at).trimEnd();
    const begun = name.length < DRIVER.length ? DRIVER : name;
    this.#unfinished = {
      state: null,
      readings: [begun],
      prefix: text.slice(0, at),
      line: this.line,
      isWhole: false,
      parts: 1,
    };
    this.#smmuLines += 1;
  }

  #takeNamed(text: string, marker: RegExp, system: SmmuState['system']): boolean {
    marker.lastIndex = 0;
    if (!marker.test(text)) return false;
    const at = marker.lastIndex;
    const device = deviceAt(text, at);
    const state = device === null ? null : this.#smmus.of(device.name, system, this.#host);
    if (device === null || state === null) return false;
    this.#smmuLines += 1;
    this.#prefix = text.slice(0, at);
    this.#message(state, text, device.end, at);
    return true;
  }

  #takeFailedProbe(text: string): boolean {
    const found = failedProbe(text);
    const state = found === null ? null : this.#smmus.of(found.device, 'linux', this.#host);
    if (found === null || state === null) return false;
    this.#smmuLines += 1;
    state.failureLine(this.kept(found.body), this.place());
    return true;
  }

  #takeFreeBsd(text: string): boolean {
    const found = this.#freebsd.find(text);
    const state = found === null ? null : this.#smmus.of(found.name, 'freebsd', this.#host);
    if (found === null || state === null) return false;
    this.#smmuLines += 1;
    this.#prefix = found.prefix;
    if (!this.#freebsd.understand(state, found, this.place())) this.#passOver(text, null);
    return true;
  }

  /** Lines that matter and name no SMMU: a kernel that boots, and others. */
  #takeOfNone(text: string): boolean {
    if (BOOT.test(text)) {
      for (const state of this.#smmus.all) state.close();
      // What stands before the first boot of a log is the end of an earlier one.
      this.#boot += this.#booted || this.#smmuLines + this.#others.smmuLines > 0 ? 1 : 0;
      this.#booted = true;
      return true;
    }
    return this.#others.take(text, this.#sceneOfOthers);
  }

  /** The driver's name was cut off the lines below the first, or off all of them. */
  #takeBareWord(text: string): void {
    const start = BARE.exec(text)?.[0].length ?? 0;
    const word = text.startsWith('0x', start) ? recordWord(text, start) : 'none';
    if (typeof word === 'string' || skipBlanks(text, word.end) < text.length) return;
    const { latest } = this.#smmus;
    if (latest?.wantsWords !== true || (latest.name !== null && !latest.isNext(this.line))) return;
    this.#smmuLines += 1;
    latest.word(word.low, word.high, this.line);
  }

  #takeBare(text: string): void {
    const prefix = BARE.exec(text)?.[0] ?? '';
    const body = text.slice(prefix.length);
    const found = messageOf(body);
    if (found === null || NOT_WHOSE.has(found.message.topic)) return;
    const state = this.#smmus.of(null, 'linux', this.#host);
    if (state === null) return;
    this.#smmuLines += 1;
    this.#prefix = prefix;
    // Without the driver's name nobody can tell what its rest would be.
    this.isFinal = true;
    understandMessage(state, found, body, this);
    this.isFinal = false;
  }

  /** Tries a line as the rest of the one before it. */
  #finishWith(text: string, line: number): boolean {
    const unfinished = this.#unfinished as Unfinished;
    if ((unfinished.isWhole && !isDigits(text)) || BOOT.test(text)) {
      this.#settle();
      this.line = line;
      return false;
    }
    this.#unfinished = null;
    const open: string[] = [];
    for (const whole of unfinished.readings.flatMap((reading) => continuations(reading, text, DRIVER))) {
      this.isJoined = true;
      const outcome = this.#retry(unfinished, whole);
      this.isJoined = false;
      if (outcome === 'perhaps-cut') this.#goOn(unfinished, [whole], true);
      if (outcome === 'used' || outcome === 'perhaps-cut') {
        this.line = line;
        return true;
      }
      if (outcome === 'unfinished') open.push(whole);
    }
    // Nothing is whole yet.
    this.#unfinished = unfinished;
    if (open.length > 0 && unfinished.parts < MAX_PARTS) this.#goOn(unfinished, open, false);
    else this.#settle();
    this.line = line;
    return this.#unfinished !== null;
  }

  #goOn(unfinished: Unfinished, readings: readonly string[], isWhole: boolean): void {
    const state = unfinished.state ?? this.#smmus.at(readings[0] ?? '', DRIVER.length, this.#host);
    const parts = unfinished.parts + 1;
    this.#unfinished = { ...unfinished, state, readings: readings.slice(0, MAX_READINGS), isWhole, parts };
  }

  /** The message again, with more of it or with the certainty that there is no more. */
  #retry({ state: known, prefix, line }: Unfinished, text: string): LineUse {
    const nameAt = text.startsWith(DRIVER) ? DRIVER.length : 0;
    const state = known ?? (nameAt === 0 ? null : this.#smmus.at(text, nameAt, this.#host));
    if (state === null) return 'unknown';
    this.#prefix = prefix;
    this.line = line;
    return understand(state, text, nameAt + (state.name ?? '').length + 1, this);
  }

  /** Nothing follows what was unfinished: what is certain of it counts. */
  #settle(): void {
    const unfinished = this.#unfinished;
    this.#unfinished = null;
    if (unfinished === null) return;
    this.isFinal = true;
    const outcomes: LineUse[] = [];
    for (const reading of unfinished.readings)
      if (!outcomes.includes('used')) outcomes.push(this.#retry(unfinished, reading));
    this.isFinal = false;
    if (outcomes.includes('used')) return;
    this.#passOver(unfinished.readings[0] ?? '', outcomes.includes('unreadable') ? unfinished.state : null);
  }

  /** `lacking`: the SMMU that waited for the word that cannot be read. */
  #passOver(text: string, lacking: SmmuState | null): void {
    lacking?.wordLost(this.line);
    this.#passedOverCount += 1;
    if (this.#passedOver.length < MAX_PASSED_OVER) this.#passedOver.push({ line: this.line, text: this.kept(text) });
  }

  place(): Place {
    const time = printkTime(this.#prefix) ?? this.#json?.time ?? this.#timeBefore();
    const stamp = time === null ? (wallClock(this.#prefix) ?? this.#json?.stamp ?? null) : null;
    return { line: this.line, time, stamp, boot: this.#boot };
  }

  /** Mail programs break a line behind its time, too. */
  #timeBefore(): number | null {
    if (unquoted(this.#prefix).trim() !== '') return null;
    const before = this.#lines.lineBefore().trimEnd();
    return before.endsWith(']') && BARE.exec(before)?.[0] === before ? printkTime(before) : null;
  }

  kept(text: string): string {
    const some = text.slice(0, MAX_TEXT_LENGTH).trimEnd();
    return Buffer.from(some, this.#lines.isWide ? 'utf8' : 'latin1').toString('utf8');
  }
}
