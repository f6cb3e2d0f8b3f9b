/**
 * Which events are the same again? A storm of thousands is one group: boot, event, StreamID, SubstreamID and page. The
 * words of the first record are kept and put into facts in the end, so that one more costs next to nothing.
 */

import { EVENT_TYPES, eventType } from '../smmu/queues/events.ts';
import { ALL_WORDS, type DecodedEvent, eventFacts, type RawEvent, WORDS_OF_EVENT } from './event-facts.ts';
import type { EventGroup, LogProblem, Occurrence } from './facts.ts';

/** More groups than anybody reads; a hostile log could make one of every record. */
const MAX_GROUPS = 4096;

/** Which word has the address that an event is about, by its number; what is not there has none. */
const ADDRESS_WORDS: ReadonlyMap<number, number> = new Map(
  EVENT_TYPES.flatMap(({ code, fields }) => {
    const field = fields.find(({ name }) => name === 'InputAddr') ?? fields.find(({ name }) => name === 'FetchAddr');
    return field === undefined ? [] : [[code, field.word] as const];
  }),
);

/** Where a record stands. */
export interface Place {
  readonly line: number;
  readonly time: number | null;
  readonly stamp: string | null;
  readonly boot: number;
}

export class Counter {
  count = 1;
  lastLine: number;
  lastTime: number | null;
  lastStamp: string | null;
  readonly first: Place;

  constructor(place: Place) {
    this.first = place;
    this.lastLine = place.line;
    this.lastTime = place.time;
    this.lastStamp = place.stamp;
  }

  again({ line, time, stamp }: Place): void {
    this.count += 1;
    this.lastLine = line;
    this.lastTime = time;
    this.lastStamp = stamp;
  }

  get occurrence(): Occurrence {
    const { first, count, lastLine, lastTime, lastStamp } = this;
    return {
      count,
      firstLine: first.line,
      lastLine,
      firstTime: first.time,
      lastTime,
      firstStamp: first.stamp,
      lastStamp,
      boot: first.boot,
    };
  }
}

/** Reserved bits of word 1 of a translation fault that no SMMU in the field sets: low half, high half. */
const ODD_LOW = 0x7fff_0000;
const ODD_HIGH = 0xffff_ec30;
const TRANSLATION_FAULTS = { first: 0x10, last: 0x13 } as const;

/** A record that is being read, or has been. */
export class EventRecord implements RawEvent {
  readonly code: number;
  readonly place: Place;
  readonly words = new Uint32Array(2 * WORDS_OF_EVENT);
  present = 0;
  known = 0;
  /** Words so far, with those that could not be read. */
  seen = 0;
  decoded: DecodedEvent | null = null;
  readonly problems: LogProblem[] = [];
  /** The group that it went into, once it is whole. */
  group: Group | null = null;
  #halves = 0;

  constructor(code: number, place: Place) {
    this.code = code;
    this.place = place;
  }

  get sid(): number | null {
    return (this.known & 1) === 1 ? (this.words[1] as number) : null;
  }

  /** The next word. There is room for it. */
  put(low: number, high: number): void {
    const { words, seen } = this;
    words[2 * seen] = low;
    words[2 * seen + 1] = high;
    this.present |= 1 << seen;
    this.seen = seen + 1;
  }

  putHalf(index: number, value: number): void {
    this.words[index] = value;
    this.#halves |= 1 << index;
    const word = index >> 1;
    if (((this.#halves >> (2 * word)) & 3) === 3) this.present |= 1 << word;
    this.seen = Math.max(this.seen, word + 1);
  }

  /** No more words come: which of them are in a place that is known? */
  close(): void {
    const { words, present, code } = this;
    this.known = present;
    if ((present & 1) === 1 && ((words[0] as number) & 0xff) !== code) {
      // The first word is gone, or these are another record's.
      this.known = 0;
      this.problems.push({ kind: 'number-differs', header: code, record: (words[0] as number) & 0xff });
    } else if (this.seen < WORDS_OF_EVENT && this.seen > 1 && this.#hasOddSecondWord()) {
      this.known = present & 1;
      this.problems.push({ kind: 'place-unknown' });
    }
    if (present !== ALL_WORDS) this.problems.push({ kind: 'cut', words: bitsSet(present), of: WORDS_OF_EVENT });
  }

  /** With a word missing, a second one that cannot be one says that it was not the last that went. */
  #hasOddSecondWord(): boolean {
    const { code, words } = this;
    if (code < TRANSLATION_FAULTS.first || code > TRANSLATION_FAULTS.last) return false;
    return (((words[2] as number) & ODD_LOW) | ((words[3] as number) & ODD_HIGH)) !== 0;
  }
}

function bitsSet(mask: number): number {
  return [...mask.toString(2)].filter((bit) => bit === '1').length;
}

class Group {
  readonly counter: Counter;
  readonly raw: RawEvent | null;
  decoded: DecodedEvent | null;
  problems: readonly LogProblem[];
  /** Bits of word 1 that are not the same in all records: the low half, and the high one. */
  #differLow = 0;
  #differHigh = 0;

  constructor(place: Place, raw: RawEvent | null, decoded: DecodedEvent | null, problems: readonly LogProblem[]) {
    this.counter = new Counter(place);
    this.raw = raw;
    this.decoded = decoded;
    this.problems = problems;
  }

  again(record: EventRecord): void {
    this.counter.again(record.place);
    if (this.raw === null) return;
    this.#differLow |= (record.words[2] as number) ^ (this.raw.words[2] as number);
    this.#differHigh |= (record.words[3] as number) ^ (this.raw.words[3] as number);
    this.decoded ??= record.decoded;
  }

  facts(): EventGroup {
    return { ...eventFacts(this.raw, this.decoded, this.problems), ...this.counter.occurrence, mixed: this.#mixed() };
  }

  #mixed(): string[] {
    if (this.raw === null) return [];
    return eventType(this.raw.code).fields.flatMap(({ word, lsb, width, name }) => {
      if (word !== 1 || name === 'STAG' || name === 'Reason') return [];
      const half = lsb >= 32 ? this.#differHigh : this.#differLow;
      return ((half >>> (lsb % 32)) & (2 ** width - 1)) === 0 ? [] : [name];
    });
  }
}

export class EventGroups {
  readonly #groups = new Map<string, Group>();
  notGrouped = 0;

  get all(): EventGroup[] {
    return [...this.#groups.values()].map((group) => group.facts());
  }

  /** A record of which no more will come. */
  add(record: EventRecord): void {
    const { code, words, known, place } = record;
    const at = 2 * (ADDRESS_WORDS.get(code) ?? 0);
    // The page of the address; records without one differ by nothing more.
    const page = at === 0 || ((known >> (at / 2)) & 1) === 0 ? '' : `${(words[at] as number) >>> 12} ${words[at + 1]}`;
    const key = `${place.boot} ${code} ${known} ${words[1]} ${(words[0] as number) >>> 11} ${page}`;
    const group = this.#groups.get(key);
    if (group !== undefined) {
      group.again(record);
      record.group = group;
    } else record.group = this.#make(key, () => new Group(place, record, record.decoded, record.problems));
  }

  /** One of which the log has only the lines in clear. */
  addDecoded(decoded: DecodedEvent, place: Place): void {
    const { name, sid, ssid, iova, fetch, access } = decoded;
    const address = iova ?? fetch;
    const page = address === null ? '' : address >> 12n;
    const key = `${place.boot} ${name} ${sid} ${ssid} ${page} ${access !== null}`;
    const group = this.#groups.get(key);
    if (group !== undefined) group.counter.again(place);
    else this.#make(key, () => new Group(place, null, decoded, []));
  }

  #make(key: string, make: () => Group): Group | null {
    if (this.#groups.size >= MAX_GROUPS) {
      this.notGrouped += 1;
      return null;
    }
    const group = make();
    this.#groups.set(key, group);
    return group;
  }
}
