/**
 * What has one SMMU said so far? Its messages and the words below them come one by one, between those of other SMMUs and
 * drivers, and are put together here: a record belongs to the SMMU that is named on each of its lines.
 */

import { eventType } from '../smmu/queues/events.ts';
import { type DecodedAccess, type DecodedEvent, WORDS_OF_EVENT } from './event-facts.ts';
import { Counter, EventGroups, EventRecord, type Place } from './event-groups.ts';
import type {
  BootFacts,
  CommandErrorFacts,
  DriverFailure,
  GlobalErrorFacts,
  PageRequestGroup,
  SmmuLog,
} from './facts.ts';

/** More errors, requests and lines than anybody reads. */
const MAX_LISTED = 1000;
/** A word this many lines below the last one of its record belongs to something else. */
const MAX_LINES_BETWEEN = 500;
const WORDS_OF_COMMAND = 2;

type Listed<T> = Omit<T, keyof Counter['occurrence']> & { readonly counter: Counter };

export class SmmuState {
  readonly name: string | null;
  readonly system: SmmuLog['system'];
  readonly events = new EventGroups();
  /** The record that still gets words. */
  #open: EventRecord | null = null;
  /** The last record that got all of its words: lines in clear may follow. */
  #last: EventRecord | null = null;
  /** Lines in clear that no record came before. */
  #decoded: { event: DecodedEvent; place: Place } | null = null;
  #lastWordLine = 0;
  #command: { words: bigint[]; into: Listed<CommandErrorFacts> } | null = null;
  readonly #commandErrors = new Map<string, Listed<CommandErrorFacts>>();
  readonly #globalErrors: Listed<GlobalErrorFacts & { named: string[] }>[] = [];
  readonly #pageRequests = new Map<string, Listed<PageRequestGroup>>();
  #notListed = 0;
  overflows = 0;
  requestOverflows = 0;
  boot: { -readonly [key in keyof BootFacts]: BootFacts[key] } | null = null;
  readonly #adoption: string[] = [];
  readonly #failures: DriverFailure[] = [];

  /** The machine, where the log names one. */
  host: string | null = null;

  constructor(name: string | null, system: SmmuLog['system']) {
    this.name = name;
    this.system = system;
  }

  /** Whether words are due. */
  get wantsWords(): boolean {
    return this.#open !== null || this.#command !== null;
  }

  /** Whether the line is directly below the last one of what is being read. */
  isNext(line: number): boolean {
    return line <= this.#lastWordLine + 1;
  }

  eventReceived(code: number, place: Place): void {
    this.#finish();
    this.#open = new EventRecord(code, place);
    this.#lastWordLine = place.line;
  }

  /** One word, in two halves, or null for one that cannot be read. False: nobody waits for it. */
  word(low: number, high: number, line: number): boolean {
    if (this.#command !== null) return this.#commandWord((BigInt(high) << 32n) | BigInt(low), line);
    const record = this.#open;
    if (record === null || line - this.#lastWordLine > MAX_LINES_BETWEEN) return false;
    this.#lastWordLine = line;
    record.put(low, high);
    if (record.seen === WORDS_OF_EVENT) this.#closeEvent();
    return true;
  }

  /** One of the eight 32-bit words, as FreeBSD prints them. */
  half(index: number, value: number, line: number): boolean {
    const record = this.#open;
    if (record === null || line - this.#lastWordLine > MAX_LINES_BETWEEN || index >= 2 * WORDS_OF_EVENT) return false;
    this.#lastWordLine = line;
    record.putHalf(index, value);
    if (index === 2 * WORDS_OF_EVENT - 1) this.#closeEvent();
    return true;
  }

  /** A line that has a word of the record, which cannot be read. */
  wordLost(line: number): void {
    if (this.#command !== null) this.#command = null;
    const record = this.#open;
    if (record === null) return;
    this.#lastWordLine = line;
    record.seen += 1;
    if (record.seen === WORDS_OF_EVENT) this.#closeEvent();
  }

  #closeEvent(): void {
    const record = this.#open;
    if (record === null) return;
    this.#open = null;
    record.close();
    this.events.add(record);
    this.#last = record;
  }

  /** Nothing more comes for what has been begun. */
  #finish(): void {
    this.#closeEvent();
    this.#finishDecoded();
    this.#command = null;
  }

  #finishDecoded(): void {
    if (this.#decoded !== null) this.events.addDecoded(this.#decoded.event, this.#decoded.place);
    this.#decoded = null;
  }

  eventDecoded(event: DecodedEvent, place: Place): void {
    const open = this.#open;
    if (open !== null) {
      // What the words lack, this line may have.
      if (isSame(open, event)) open.decoded = event;
      this.#finish();
      if (open.decoded !== null) return;
    }
    this.#finishDecoded();
    const last = this.#last;
    if (last !== null && last.decoded === null && isSame(last, event)) {
      last.decoded = event;
      if (last.group !== null) last.group.decoded ??= event;
    } else {
      this.#last = null;
      this.#decoded = { event, place };
    }
  }

  /** The second line in clear. False: there is no first. */
  eventAccess(access: DecodedAccess): boolean {
    const event = this.#decoded?.event ?? this.#last?.decoded ?? null;
    if (event === null || event.access !== null) return false;
    event.access = access;
    this.#finishDecoded();
    return true;
  }

  commandError(facts: Omit<CommandErrorFacts, keyof Counter['occurrence']>, place: Place): void {
    this.#command = null;
    const key = `${place.boot} ${facts.what} ${facts.cons} ${facts.prod} ${facts.driverProd} ${facts.problems.length}`;
    this.#list(this.#commandErrors, key, place, () => ({ ...facts, counter: new Counter(place) }));
  }

  /** The two words of the command that the queue stopped at are due. False: no error came before. */
  commandSkipped(place: Place): boolean {
    const into = [...this.#commandErrors.values()].findLast(({ what }) => what === 'CMDQ error');
    if (into === undefined) return false;
    this.#command = { words: [], into };
    this.#lastWordLine = place.line;
    return true;
  }

  #commandWord(word: bigint, line: number): boolean {
    if (this.#command === null) return false;
    const { words, into } = this.#command;
    words.push(word);
    this.#lastWordLine = line;
    if (words.length < WORDS_OF_COMMAND) return true;
    this.#command = null;
    if (into.command.length === 0) (into as { command: readonly bigint[] }).command = words;
    return true;
  }

  globalError(active: number, place: Place): void {
    const last = this.#globalErrors.at(-1);
    if (last !== undefined && last.active === active && last.counter.first.boot === place.boot)
      last.counter.again(place);
    else if (this.#globalErrors.length >= MAX_LISTED) this.#notListed += 1;
    else this.#globalErrors.push({ active, named: [], counter: new Counter(place) });
  }

  globalErrorFlag(flag: string, place: Place): void {
    const last = this.#globalErrors.at(-1);
    if (last !== undefined) {
      if (!last.named.includes(flag)) last.named.push(flag);
    } else this.#globalErrors.push({ active: null, named: [flag], counter: new Counter(place) });
  }

  pageRequest(facts: Omit<PageRequestGroup, keyof Counter['occurrence']>, place: Place): void {
    const { sid, ssid, read, write, execute, privileged, address } = facts;
    const key = `${place.boot} ${sid} ${ssid} ${read} ${write} ${execute} ${privileged} ${address >> 12n}`;
    this.#list(this.#pageRequests, key, place, () => ({ ...facts, counter: new Counter(place) }));
  }

  #list<T extends { readonly counter: Counter }>(list: Map<string, T>, key: string, place: Place, make: () => T): void {
    const there = list.get(key);
    if (there !== undefined) there.counter.again(place);
    else if (list.size >= MAX_LISTED) this.#notListed += 1;
    else list.set(key, make());
  }

  /** What a boot says; the last one to say it wins. */
  bootFacts(): NonNullable<SmmuState['boot']> {
    this.boot ??= { features: null, iasBits: null, oasBits: null, queueEntries: {}, sidBits: null, lines: [] };
    return this.boot;
  }

  bootLine(text: string): void {
    const facts = this.bootFacts();
    if (facts.lines.length < MAX_LISTED && !facts.lines.includes(text)) facts.lines = [...facts.lines, text];
  }

  adoptionLine(text: string): void {
    if (this.#adoption.length < MAX_LISTED) this.#adoption.push(text);
    else this.#notListed += 1;
  }

  /** A line by which the driver gives up. */
  failureLine(text: string, { line, boot }: Place): void {
    this.adoptionLine(text);
    if (this.#failures.length < MAX_LISTED) this.#failures.push({ text, line, boot });
  }

  /** Another kernel begins, or the log ends. */
  close(): void {
    this.#finish();
    this.#last = null;
  }

  facts(suppressed: Pick<SmmuLog['lost'], 'suppressed' | 'suppressedTimeouts'>): SmmuLog {
    this.close();
    const { name, host, system, overflows, requestOverflows, boot } = this;
    return {
      name,
      host,
      system,
      events: this.events.all,
      notGrouped: this.events.notGrouped,
      lost: { overflows, requestOverflows, ...suppressed },
      commandErrors: [...this.#commandErrors.values()].map(occurring),
      globalErrors: this.#globalErrors.map(occurring),
      pageRequests: [...this.#pageRequests.values()].map(occurring),
      notListed: this.#notListed,
      boot,
      adoption: this.#adoption,
      failures: this.#failures,
    };
  }
}

function occurring<T extends { readonly counter: Counter }>({ counter, ...facts }: T) {
  return { ...facts, ...counter.occurrence };
}

/** Whether a line in clear is about the record in front of it. */
function isSame(record: EventRecord, { name, sid }: DecodedEvent): boolean {
  const sameName = name === eventType(record.code).name || name === 'UNKNOWN';
  return sameName && (record.sid === null || record.sid === sid);
}
