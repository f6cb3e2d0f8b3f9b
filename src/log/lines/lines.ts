/**
 * Which lines of a log are worth a look? Bytes in pieces of any size go in, the lines that may be an SMMU's come out, each
 * with its number. What is between them is skipped as fast as a search goes, and nothing grows with the length of the log
 * or of a line.
 */

import { wideEncoding } from '../../wide-encoding.ts';
import { OF_CORE } from '../messages/core-messages.ts';
import { OF_DEVICE } from '../messages/device-messages.ts';
import { entryBefore, isField, isFieldOfMessage } from './journal-entry.ts';
import { type JsonStamps, jsonStamps, stampsOf } from './json-stamps.ts';
import { withMessageText } from './message-bytes.ts';
import { withoutFieldsBehind } from './quoted.ts';
import { type Speaker, speakerInFields } from './speaker.ts';
import { undressed } from './undressed.ts';

/** Who takes the lines. */
export interface LineTaker {
  /** The line directly behind the last one is wanted, whatever it says: it may be the rest of a broken one. */
  readonly wantsNext: boolean;
  /**
   * `text` is one line without its end; `number` counts from 1. Bytes beyond ASCII are one character each. `stamps` are what
   * the fields around it say, in a log of JSON objects or of a journal's entries.
   */
  take(text: string, number: number, stamps: JsonStamps | null): void;
}

/**
 * What a line has in it that is worth a look. Messages without the driver's name in front are there because people cut
 * it off; devices and boots are there because they say whose faults these are; of a message in bytes nobody knows yet.
 */
const WORTH_A_LOOK = new RegExp(
  `smmu|SMMU|event 0x|event: |CMDQ error|CMD_SYNC timeout|global error reported|Q overflow|Booting Linux|message (?:repeated|buffered) |"MESSAGE" ?: ?\\[|${OF_CORE}|${OF_DEVICE}`,
  'g',
);

/** Whether a line may be about an SMMU. Cheap, and true for a few lines too many. */
export function isWorthALook(line: string): boolean {
  WORTH_A_LOOK.lastIndex = 0;
  return WORTH_A_LOOK.test(line);
}

/** No message is near as long. A longer line is taken in parts, so that none has to be held. */
const MAX_LINE_LENGTH = 1 << 16;
/** A return, and what stands for the end of a line where many are one text: the console of a machine in a cloud. */
const LINE_END = /\r|(?:\\{1,8}r)?\\{1,8}n/;
/** In front of the later parts of a line: what stands there is not how the line begins. */
const NOT_THE_BEGINNING = String.fromCharCode(0);
/** How much of what stands before a piece is kept: the fields of a journal's entry, which come in any order. */
const TAIL_LENGTH = 4096;

export class LogLines {
  readonly #taker: LineTaker;
  /** What has no line end yet. */
  #rest = '';
  #number = 0;
  #decoder: InstanceType<typeof TextDecoder> | null = null;
  #begun = false;
  /** The text that is gone through, where the current line begins in it, and the end of the text before it. */
  #text = '';
  #textFrom = 0;
  #at = 0;
  #tail = '';
  /** A message in an entry of a journal of which no field has said yet who wrote it. */
  #open: { readonly line: string; readonly number: number; behind: Speaker | null } | null = null;

  constructor(taker: LineTaker) {
    this.#taker = taker;
  }

  /** Lines so far. */
  get count(): number {
    return this.#number;
  }

  /** Whether the text is not one byte a character: UTF-16, as a shell of Windows writes it. */
  get isWide(): boolean {
    return this.#decoder !== null;
  }

  /** The line before the one that is being taken, or the end of it; empty where there is none. */
  lineBefore(): string {
    const end = this.#at - 1;
    if (end < this.#textFrom) return lastLine(this.#tail);
    const start = this.#text.lastIndexOf('\n', end - 1) + 1;
    return this.#text.slice(Math.max(this.#textFrom, start, end - TAIL_LENGTH), end);
  }

  push(bytes: Buffer): void {
    const text = this.#decode(bytes);
    const end = text.lastIndexOf('\n') + 1;
    let start = 0;
    if (this.#rest !== '' && end > 0) {
      start = text.indexOf('\n') + 1;
      this.#scan(this.#rest + text.slice(0, start));
      this.#rest = '';
    }
    this.#scan(text, start, end);
    if (end < text.length) this.#rest += text.slice(end);
    if (this.#rest.length > MAX_LINE_LENGTH) this.#takeInParts();
  }

  end(): void {
    if (this.#rest !== '') this.#scan(`${this.#rest}\n`);
    this.#rest = '';
    this.#settleOpen(this.#open?.behind ?? null);
  }

  #decode(bytes: Buffer): string {
    if (!this.#begun && bytes.length >= 2) {
      this.#begun = true;
      const encoding = wideEncoding(bytes);
      if (encoding !== null) this.#decoder = new TextDecoder(encoding);
    }
    return this.#decoder === null ? bytes.toString('latin1') : this.#decoder.decode(bytes, { stream: true });
  }

  /** A line without an end in sight: all but its last part is taken as it is. */
  #takeInParts(): void {
    for (let at = 0; ; ) {
      const left = this.#rest.length - at;
      if (left <= MAX_LINE_LENGTH) {
        this.#rest = NOT_THE_BEGINNING + this.#rest.slice(at);
        return;
      }
      // The end of a line, or else a blank, is a better place than the middle of a word.
      const limit = at + MAX_LINE_LENGTH;
      const spelled = this.#rest.lastIndexOf('\\n', limit - 1);
      const cut = Math.max(this.#rest.lastIndexOf('\r', limit), spelled > at ? spelled + 1 : 0);
      const blank = cut > at ? cut : this.#rest.lastIndexOf(' ', limit);
      const end = blank > at ? blank + 1 : limit;
      this.#scan(`${at === 0 ? '' : NOT_THE_BEGINNING}${this.#rest.slice(at, end)}\n`);
      this.#number -= 1;
      at = end;
    }
  }

  /** From `from` to `to` there are whole lines. */
  #scan(text: string, from = 0, to = text.length): void {
    if (from >= to) return;
    this.#text = text;
    this.#textFrom = from;
    let at = from;
    while (at < to) {
      if (!this.#taker.wantsNext && this.#open === null) {
        WORTH_A_LOOK.lastIndex = at;
        const found = WORTH_A_LOOK.test(text) && WORTH_A_LOOK.lastIndex < to;
        const start = found ? text.lastIndexOf('\n', WORTH_A_LOOK.lastIndex - 1) + 1 : to;
        this.#skip(text, at, start);
        at = start;
        if (!found) break;
      }
      const end = text.indexOf('\n', at);
      this.#number += 1;
      this.#at = at;
      this.#meet(text.slice(at, end));
      at = end + 1;
    }
    const tail = text.slice(Math.max(from, to - TAIL_LENGTH), to);
    this.#tail = tail.length < TAIL_LENGTH ? (this.#tail + tail).slice(-TAIL_LENGTH) : tail;
    this.#text = '';
    this.#at = 0;
  }

  #meet(line: string): void {
    const isMessage = isFieldOfMessage(line);
    if (this.#open !== null) {
      if (!isMessage && isField(line)) {
        this.#open.behind ??= speakerInFields(line);
        return;
      }
      // Where nothing stands between two entries, nobody knows of which the fields are.
      this.#settleOpen(isMessage ? null : this.#open.behind);
    }
    if (!isMessage) this.#takeLine(line, this.#number, null);
    else {
      this.#open = { line, number: this.#number, behind: null };
      const speaker = speakerInFields(entryBefore(this.#before(TAIL_LENGTH), TAIL_LENGTH));
      if (speaker !== null) this.#settleOpen(speaker);
    }
  }

  #settleOpen(speaker: Speaker | null): void {
    const open = this.#open;
    this.#open = null;
    if (open !== null) this.#takeLine(open.line, open.number, speaker);
  }

  /** What stands in front of the line that is being taken. */
  #before(length: number): string {
    const here = this.#text.slice(Math.max(this.#textFrom, this.#at - length), this.#at);
    return here.length < length ? (this.#tail + here).slice(-length) : here;
  }

  #takeLine(line: string, number: number, speaker: Speaker | null): void {
    if (!line.includes('"') && !line.includes('\\n') && !line.includes('\r')) {
      this.#taker.take(undressed(line), number, stampsOf(speaker));
      return;
    }
    const whole = withMessageText(line);
    const message = withoutFieldsBehind(whole);
    const stamps = jsonStamps(line) ?? stampsOf(speaker);
    for (const part of message.split(LINE_END)) {
      if (part !== '') this.#taker.take(undressed(part), number, stamps);
    }
  }

  #skip(text: string, from: number, to: number): void {
    for (let at = text.indexOf('\n', from); at >= 0 && at < to; at = text.indexOf('\n', at + 1)) this.#number += 1;
  }
}

function lastLine(text: string): string {
  const whole = text.endsWith('\n') ? text.slice(0, -1) : text;
  return whole.slice(whole.lastIndexOf('\n') + 1);
}
