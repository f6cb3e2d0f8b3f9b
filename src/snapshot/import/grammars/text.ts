/**
 * Registers in text of any origin. Each line is a row of a memory display, names with values, a question, or the answer
 * to the question before it; what all of them look like together then says what their digits mean.
 */

import { InputError } from '../../../errors.ts';
import { partName, registerPart } from '../names.ts';
import type { Noted, Notes } from '../notes.ts';
import { DigitStatistics, type Digits } from '../numbers.ts';
import { baseAt, fits, type Reading, type Scope } from '../reading.ts';
import { Displays } from './displays.ts';
import { withoutMarkup } from './dressing.ts';
import { type Line, linesOf } from './lines.ts';
import { type Pair, pairsOf } from './pairs.ts';
import { answerOf, BETWEEN, nameAsked, PROPERTY, type Question, questionOf } from './questions.ts';
import { REPEATED, rowOf } from './rows.ts';

/** A value whose digits are judged together with those of its kind. */
interface Valued {
  readonly line: number;
  readonly reading: Omit<Reading, 'value' | 'place' | 'byteLength'>;
  readonly byteLength: number | undefined;
  readonly value: Digits;
  /** Stands in a line of its own, so that letters may be a word of any text. */
  readonly answer?: boolean;
  /** Printed as a decimal number by a tool that prints no others without a mark. */
  readonly decimal: boolean;
  /** Base of the SMMU that the text was about. */
  readonly base?: number | undefined;
  /** The number by which the text named one. */
  readonly unit?: string | undefined;
}

/** More values than the registers of any machine are. */
const MAX_VALUES = 1 << 18;

class TextReader {
  readonly #scope: Scope;
  readonly #notes: Notes;
  readonly #displays = new Displays();
  readonly #values: Valued[] = [];
  readonly #digits = { marked: new DigitStatistics(), unmarked: new DigitStatistics() };
  /** What the line before asked for. */
  #asked: Question | undefined;
  /** Registers whose upper half has a line of its own. */
  readonly #upperHalves = new Set<string>();
  /** The SMMU that lines without an address are about, where the text has named one. */
  #device: number | undefined;
  /** The same of one that stands in a line of its own, without its address. */
  #heading: string | undefined;
  /** What the line that is read names. */
  #unit: string | undefined;

  constructor(scope: Scope, notes: Notes) {
    this.#scope = scope;
    this.#notes = notes;
  }

  *read(text: string): Generator<Reading> {
    // Python prints numbers as decimal ones, unless hex() makes a quoted text of them.
    const python = /^\s*(?:>>> |In \[\d+\]: )/m.test(text);
    for (const line of linesOf(text)) {
      if (line.device !== undefined) this.#device = line.device;
      if (line.unit !== undefined && /^\S+( ?\d+)?\s*:?$/.test(line.text)) this.#heading = line.unit;
      this.#unit = line.unit ?? this.#heading;
      if (line.text !== '') this.#line(line, python);
    }
    yield* this.#displays.readings(this.#scope, this.#notes);
    const isAnyones = new Set(this.#values.map(unitOf)).size <= 1;
    for (const valued of this.#values) {
      const reading = isAnyones ? this.#reading(valued) : this.#ownReading(valued);
      if (reading !== undefined) yield reading;
    }
  }

  #line(line: Line, python: boolean): void {
    const { number, text } = line;
    if (BETWEEN.test(text) || (this.#asked !== undefined && PROPERTY.test(text))) return;
    const asked = this.#asked;
    this.#asked = undefined;
    const answer = answerOf(text);
    if (REPEATED.test(text)) this.#displays.repeat();
    else if (asked !== undefined && answer !== undefined) {
      this.#value(number, asked, answer.value, answer.decimal || (python && !text.includes("'")), true);
    } else if (!this.#rowOrPairs(line, text) && !this.#rowOrPairs(line, withoutMarkup(text))) {
      this.#question(line, asked);
    }
  }

  #rowOrPairs(line: Line, text: string): boolean {
    return this.#row(text, line.number, line.hash) || this.#pairs(text, line);
  }

  #row(text: string, line: number, hash: boolean): boolean {
    const row = rowOf(text, line);
    // Behind a # stands a comment, unless it is WinDbg's mark of a physical address.
    if (row === undefined || (hash && row.words.length === 1)) return false;
    if (!this.#displays.add(row)) this.#refuseMany();
    return true;
  }

  #pairs(text: string, { number, hash, cut }: Line): boolean {
    const pairs = hash ? [] : pairsOf(text, number, this.#baseOf);
    if (!pairs.some(({ value }) => value !== 'unread-line')) return false;
    const last = pairs.at(-1);
    for (const pair of pairs) this.#pair(cut && pair === last ? { ...pair, value: 'cut' } : pair, text);
    return true;
  }

  #pair({ line, part, value, address }: Pair, text: string): void {
    if (typeof value === 'string') {
      const isNothing = value === 'unread-line';
      this.#notes.add(
        value,
        () => (isNothing ? { kind: 'line', text } : { kind: 'register', name: partName(part) }),
        this.#at(line),
      );
      return;
    }
    // Beside an address the digits say whether a half was read or the whole.
    const byteLength = address === undefined ? part.byteLength : Math.min(part.byteLength, widthOf(value));
    const where = address === undefined ? { part } : { offset: address.offset };
    const short = address === undefined && part.byteLength === 8 && widthOf(value) === 4 && !/^0+$/.test(value.text);
    if (part.offset !== part.register.offset) this.#upperHalves.add(part.register.name);
    this.#keep({
      line,
      value,
      decimal: false,
      byteLength,
      reading: { where, named: part, short },
      base: address?.base,
    });
  }

  #question({ text, whole, number, typed, hash }: Line, before: Question | undefined): void {
    const low = before !== undefined && 'address' in before.where ? before.where.address % 2 ** 32 : undefined;
    // devmem2 prints no more than 32 bits of an address; the command before it has all of them.
    const baseOf = (address: number) => this.#baseOf(address) ?? (address === low ? 0 : undefined);
    const found = questionOf(text, typed || hash, baseOf) ?? nameAsked(text);
    if (found === undefined) this.#unread(text, typed ? whole : text, number, hash);
    else if (typeof found === 'string') this.#notes.add(found, () => ({ kind: 'line', text }), this.#at(number));
    else if ('value' in found) this.#value(number, restored(found.question, before), found.value, false);
    else this.#asked = found;
  }

  /** What a line holds that is no reading: a name nobody knows, or anything. */
  #unread(text: string, whole: string, line: number, hash: boolean): void {
    const [, name] = /^["']?([A-Za-z_]\w{0,47})["']?[\s:=]+["']?0x[0-9a-f]+["']?,?$/i.exec(text) ?? [];
    // A comment, or the end of a display: nobody misses a value there.
    if (hash || /^\/\/|^[0-9a-f]{6,16}$|^[[\]{}(),]+$/i.test(text)) return;
    if (name !== undefined && registerPart(name) === undefined)
      this.#notes.add('unknown-name', () => ({ kind: 'line', text: name }), this.#at(line));
    else this.#notes.add('unread-line', () => ({ kind: 'line', text: whole }), this.#at(line));
  }

  #value(line: number, { where, byteLength }: Question, value: Digits, decimal: boolean, answer = false): void {
    const printed = widthOf(value);
    // Where a long has 64 bits, some builds of devmem2 read as many for w.
    const read = byteLength === undefined || (byteLength === 4 && printed === 8 && !decimal) ? undefined : byteLength;
    this.#keep({ line, value, decimal: decimal && !value.marked, byteLength: read, reading: { where }, answer });
  }

  #keep(valued: Valued): void {
    if (!valued.decimal) this.#digits[valued.value.marked ? 'marked' : 'unmarked'].see(valued.value);
    if (this.#values.push({ ...valued, base: valued.base ?? this.#device, unit: this.#unit }) > MAX_VALUES)
      this.#refuseMany();
  }

  /** Of a value among those of several SMMUs: one that is named must be known by that name. */
  #ownReading(valued: Valued): Reading | undefined {
    const { targets } = this.#scope;
    const unit = unitOf(valued);
    const named = targets.find(({ name }) => name !== undefined && name.toLowerCase() === unit);
    if (named !== undefined) return this.#reading({ ...valued, base: named.base });
    if (unit === undefined || targets.length > 1) return this.#reading(valued);
    this.#notes.add('other-smmu', () => ({ kind: 'line', text: unit }), this.#at(valued.line));
    return undefined;
  }

  #reading({ line, reading, byteLength: whole, value: digits, decimal, base, answer }: Valued): Reading | undefined {
    const at = this.#at(line);
    const isLower = reading.short === true && this.#upperHalves.has(reading.named?.register.name ?? '');
    const said = isLower ? 4 : whole;
    const statistics = this.#digits[digits.marked ? 'marked' : 'unmarked'];
    if (answer && !digits.marked && statistics.mayBeWords && /^[a-f]+$/i.test(digits.text)) {
      this.#notes.add('unread-line', () => ({ kind: 'line', text: digits.text }), at);
      return undefined;
    }
    const value = decimal ? BigInt(digits.text) : statistics.value(digits);
    const byteLength = said ?? (decimal && typeof value === 'bigint' ? (fits(value, 4) ? 4 : 8) : widthOf(digits));
    const shown = (): Noted => ({ kind: 'digits', digits });
    if (value === 'radix') this.#notes.add('either-base', shown, at);
    else if (value === 'digits') this.#notes.add('lost-digit', shown, at);
    else if (!fits(value, byteLength)) this.#notes.add('too-wide', shown, at);
    else {
      return {
        ...reading,
        ...(isLower ? { short: false } : {}),
        value,
        byteLength,
        place: at.place,
        ...(base === undefined ? {} : { base }),
      };
    }
    return undefined;
  }

  #at(line: number): { file: string; place: string } {
    return { file: this.#scope.file, place: `line ${line}` };
  }

  #refuseMany(): never {
    throw new InputError('snapshot', 'holds far more values than SMMUs have registers; is it the dump?', {
      file: this.#scope.file,
    });
  }

  readonly #baseOf = (address: number): number | undefined => baseAt(this.#scope.targets, address);
}

/** An address says more than a number. */
function unitOf({ base, unit }: Valued): string | undefined {
  return base === undefined ? unit : undefined;
}

function widthOf({ text }: Digits): 4 | 8 {
  return text.length > 8 ? 8 : 4;
}

/** A question that repeats the one before it, in fewer digits perhaps. */
function restored(question: Question, before: Question | undefined): Question {
  if (before === undefined || !('address' in before.where) || !('address' in question.where)) return question;
  const same = before.where.address % 2 ** 32 === question.where.address % 2 ** 32;
  return same ? { where: before.where, byteLength: question.byteLength ?? before.byteLength } : question;
}

/** The readings of a text. Throws InputError only for a text that cannot be registers. */
export function readText(text: string, scope: Scope, notes: Notes): Iterable<Reading> {
  return new TextReader(scope, notes).read(text);
}
