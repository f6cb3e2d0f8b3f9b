/** The rows of one SMMU as the page carries them, read when they are first needed. */

import { DeviceNames } from '../../../platform/device-names.ts';
import { type Field, fieldBits, fieldOf } from '../../../smmu/fields.ts';
import { CD } from '../../../smmu/structures/cd.ts';
import { STE } from '../../../smmu/structures/ste.ts';
import { bdfOf, l1Lookup, type SteConfig, steConfig } from '../../../smmu/structures/stream-table.ts';
import {
  Expected,
  L1_STATUSES,
  type PackedCd,
  type PackedFinding,
  type PackedL1,
  type PackedL1Status,
  type PackedSmmu,
  type PackedSte,
  stateOf,
  unpackWords,
} from '../data/packed.ts';
import { readJson } from './dom.ts';

export class Smmu {
  readonly index: number;
  readonly about: PackedSmmu;
  #stes: Stes | undefined;
  #l1: L1 | undefined;

  constructor(index: number) {
    this.index = index;
    this.about = readJson<PackedSmmu>(`smmu-${index}-data`);
  }

  get stes(): Stes {
    this.#stes ??= new Stes(readJson<PackedSte[]>(`smmu-${this.index}-stes-rows`), this.about);
    return this.#stes;
  }

  get l1(): L1 {
    this.#l1 ??= new L1(readJson<PackedL1[]>(`smmu-${this.index}-l1-rows`), this.about);
    return this.#l1;
  }
}

/** Level 1 descriptors: those that the report lists, which are the used and bad ones unless all were asked for. */
export class L1 {
  readonly rows: readonly PackedL1[];
  readonly #about: PackedSmmu;

  constructor(rows: readonly PackedL1[], about: PackedSmmu) {
    this.rows = rows;
    this.#about = about;
  }

  /** Everything about one row. */
  entry(row: number) {
    const packed = this.rows[row] as PackedL1;
    const [index, descriptor] = packed;
    const bits = BigInt(`0x${descriptor}`);
    const { base } = this.#about;
    const lookup = l1Lookup(Number(bits & 0xffff_ffffn), Number(bits >> 32n), this.#about);
    return {
      index,
      address: base + index * 8,
      descriptor: `0x${descriptor.padStart(16, '0')}`,
      status: statusOf(packed),
      ...lookup,
      ...this.sidsOf(index),
    };
  }

  sidsOf(index: number): { firstSid: number; lastSid: number } {
    const firstSid = index * 2 ** this.#about.split;
    return { firstSid, lastSid: Math.min(firstSid + 2 ** this.#about.split, this.#about.sids) - 1 };
  }
}

export function statusOf(row: PackedL1): PackedL1Status {
  return L1_STATUSES[row[2]] as PackedL1Status;
}

export interface Cd {
  readonly ssid: number;
  readonly address: number;
  readonly state: string;
  readonly words: readonly bigint[];
  readonly asid: number;
}

export interface CdTableNotes {
  readonly format: string;
  readonly withoutSsid: string;
  readonly unknown: number;
  readonly notListed: number;
  readonly notExamined: number;
}

/** Stream table entries, by row. Columns that are sorted and filtered by are kept as numbers, the rest is decoded. */
export class Stes {
  readonly count: number;
  readonly sids: Float64Array;
  readonly addresses: Float64Array;
  /** Whether there is a name for any device. */
  readonly hasNames: boolean;
  readonly #rows: readonly PackedSte[];
  readonly #findings: FindingIndex;
  readonly #names: DeviceNames;
  readonly #marks: PackedSmmu['marks'];

  constructor(rows: readonly PackedSte[], { findings, marks, ranges = [], devices = [] }: PackedSmmu) {
    this.#rows = rows;
    this.#names = new DeviceNames(ranges, devices);
    this.hasNames = ranges.length + devices.length > 0;
    this.#marks = marks;
    this.#findings = new FindingIndex(findings);
    this.count = rows.length;
    this.sids = new Float64Array(rows.length);
    this.addresses = new Float64Array(rows.length);
    const expected = new Expected();
    for (const [i, [sid, step]] of rows.entries()) {
      this.sids[i] = sid;
      this.addresses[i] = expected.address(sid, step);
    }
  }

  sid(row: number): number {
    return this.sids[row] as number;
  }

  /** What the crashed kernel or firmware calls the device, else the StreamID read as a requester ID. */
  device(row: number): string {
    return this.#names.deviceOf(this.sid(row)) ?? bdfOf(this.sid(row));
  }

  /** What is to be seen first of a row, or nothing. */
  mark(row: number): string {
    return this.#marks.length === 0 ? '' : markText(this.#marks, this.sid(row), this.sid(row));
  }

  get hasMarks(): boolean {
    return this.#marks.length > 0;
  }

  /** The first row with the gravest mark; null where none has any. */
  get firstMarked(): number | null {
    for (const [, first, last] of this.#marks) {
      const row = this.sids.findIndex((sid) => sid >= first && sid <= last);
      if (row >= 0) return row;
    }
    return null;
  }

  address(row: number): number {
    return this.addresses[row] as number;
  }

  state(row: number): string {
    return stateOf(this.#packed(row)[2]);
  }

  config(row: number): { valid: boolean; config: SteConfig } {
    // V and Config are in the last digit of the first word.
    const words = this.#packed(row)[3];
    const end = words.indexOf(' ');
    return steConfig(Number.parseInt(words.charAt((end < 0 ? words.length : end) - 1), 16));
  }

  words(row: number): bigint[] {
    return unpackWords(this.#packed(row)[3]);
  }

  /** One field, of the word it is in: much less than decoding them all. */
  field(row: number, field: Field): bigint {
    const word = this.#packed(row)[3].split(' ')[field.word];
    return word === undefined ? 0n : fieldBits({ ...field, word: 0 }, [BigInt(`0x${word}`)]);
  }

  contextPointer(row: number): number {
    return Number(BigInt.asUintN(52, this.field(row, fieldOf(STE, 'S1ContextPtr'))));
  }

  cdCount(row: number): number {
    return this.#packed(row)[5]?.length ?? 0;
  }

  cds(row: number): Cd[] {
    const table = this.contextPointer(row);
    return (this.#packed(row)[5] ?? []).map(([ssid, step, state, packed]: PackedCd) => {
      const words = unpackWords(packed);
      const asid = Number(fieldBits(fieldOf(CD, 'ASID'), words));
      return { ssid, address: table + ssid * 64 + step, state: stateOf(state), words, asid };
    });
  }

  /** Null for an STE without a CD table. */
  cdTable(row: number): CdTableNotes | null {
    const packed = this.#packed(row)[4];
    if (packed === undefined) return null;
    const [format, withoutSsid, unknown, notListed, notExamined] = packed === 0 ? ONE_CD : packed;
    return { format, withoutSsid, unknown, notListed, notExamined };
  }

  /** The rules of the findings that name this StreamID, gravest first. */
  findings(row: number): readonly string[] {
    return this.#findings.rulesOf(this.sid(row));
  }

  /** Whether a finding of this rule names the StreamID; without a rule, whether any does. */
  isFound(row: number, rule: string | null): boolean {
    return this.#findings.has(this.sid(row), rule);
  }

  get rules(): readonly string[] {
    return this.#findings.rules;
  }

  #packed(row: number): PackedSte {
    return this.#rows[row] as PackedSte;
  }
}

const ONE_CD = ['single', '', 0, 0, 0] as const;

/** What the marks say of these StreamIDs. */
export function markText(marks: PackedSmmu['marks'], firstSid: number, lastSid: number): string {
  return marks
    .filter(([, first, last]) => first <= lastSid && last >= firstSid)
    .map(([text]) => text)
    .filter((text, i, all) => all.indexOf(text) === i)
    .join(', ');
}

/** Which findings name a StreamID: for each rule its ranges, joined where they touch, to be searched by halving. */
class FindingIndex {
  readonly #byRule = new Map<string, [first: number, last: number][]>();

  constructor(findings: readonly PackedFinding[]) {
    for (const [rule, first, last] of findings) {
      const ranges = this.#byRule.get(rule) ?? [];
      ranges.push([first, last]);
      this.#byRule.set(rule, ranges);
    }
    for (const [rule, ranges] of this.#byRule) this.#byRule.set(rule, joined(ranges));
  }

  get rules(): string[] {
    return [...this.#byRule.keys()];
  }

  rulesOf(sid: number): string[] {
    return this.rules.filter((rule) => this.has(sid, rule));
  }

  has(sid: number, rule: string | null): boolean {
    if (rule === null) return this.rules.some((one) => this.has(sid, one));
    const ranges = this.#byRule.get(rule) ?? [];
    let [low, high] = [0, ranges.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((ranges[middle] as [number, number])[1] < sid) low = middle + 1;
      else high = middle;
    }
    const found = ranges[low];
    return found !== undefined && found[0] <= sid;
  }
}

function joined(ranges: readonly [number, number][]): [number, number][] {
  const result: [number, number][] = [];
  for (const [first, last] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const before = result.at(-1);
    if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else result.push([first, last]);
  }
  return result;
}
