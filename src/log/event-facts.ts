/** What does one event record say? From its words, as far as the log has them, and from the kernel's lines in clear. */

import { fieldBits, wideWords } from '../smmu/fields.ts';
import { type EventType, eventType } from '../smmu/queues/events.ts';
import { fieldCounts } from '../smmu/structures/counting-fields.ts';
import type { EventFacts, LogProblem, OneSaid, SaidTwice } from './facts.ts';

export const WORDS_OF_EVENT = 4;
export const ALL_WORDS = (1 << WORDS_OF_EVENT) - 1;

/** What the lines in clear of 6.14 and later say. */
export interface DecodedEvent {
  readonly name: string;
  readonly client: string | null;
  readonly sid: number;
  readonly ssid: number;
  readonly iova: bigint | null;
  readonly ipa: bigint | null;
  readonly fetch: bigint | null;
  /** The second line; null where there is none. */
  access: DecodedAccess | null;
}

export interface DecodedAccess {
  readonly privileged: boolean;
  readonly instruction: boolean;
  readonly write: boolean;
  readonly stage: 1 | 2;
  readonly translating: number | null;
  readonly stalled: boolean;
  readonly stag: number;
}

/** CLASS by the kernel's words for it. */
export const CLASS_TEXTS: readonly string[] = [
  'CD fetch',
  'Stage 1 translation table fetch',
  'Input address caused fault',
  'Reserved',
];

/** Events whose second line in clear tells of the access. */
export const WITH_ACCESS: ReadonlySet<string> = new Set(['F_TRANSLATION', 'F_ADDR_SIZE', 'F_ACCESS', 'F_PERMISSION']);

/** A record as the log has it. */
export interface RawEvent {
  readonly code: number;
  /** 32-bit halves, the low one first. */
  readonly words: Uint32Array;
  /** A bit for each of the four words that the log has, and for each whose place in the record is certain. */
  readonly present: number;
  readonly known: number;
}

/** The names in `EventFacts` of what a record has one field for. */
const NOTHING: Omit<EventFacts, 'name' | 'code' | 'words' | 'complete' | 'client' | 'problems'> = {
  sid: null,
  ssid: null,
  address: null,
  fetchAddress: null,
  ipa: null,
  write: null,
  execute: null,
  privileged: null,
  stage: null,
  translating: null,
  stalled: null,
  stag: null,
};

/** What the words say; those that are not known say nothing. */
function wordFacts({ code, words, known }: RawEvent): typeof NOTHING {
  const type = eventType(code);
  const wide = wideWords(words, 0, WORDS_OF_EVENT * 8);
  const bits = (name: string): bigint | null => {
    const field = type.fields.find((one) => one.name === name);
    if (field === undefined || ((known >> field.word) & 1) === 0) return null;
    return fieldCounts(type, field, wide) ? fieldBits(field, wide) : null;
  };
  const number = (name: string) => {
    const value = bits(name);
    return value === null ? null : Number(value);
  };
  const flag = (name: string) => {
    const value = bits(name);
    return value === null ? null : value === 1n;
  };
  const [fetchAddress, read, stage2] = [bits('FetchAddr'), flag('RnW'), flag('S2')];
  return {
    sid: number('StreamID'),
    ssid: number('SubstreamID'),
    address: bits('InputAddr') ?? fetchAddress,
    fetchAddress,
    ipa: bits('IPA'),
    write: read === null ? null : !read,
    execute: flag('InD'),
    privileged: flag('PnU'),
    stage: stage2 === null ? null : stage2 ? 2 : 1,
    translating: number('CLASS'),
    stalled: flag('Stall'),
    stag: number('STAG'),
  };
}

/** What the lines in clear say; SSV is not among it, so a SubstreamID of 0 may be none. */
function textFacts(decoded: DecodedEvent): typeof NOTHING {
  const { access } = decoded;
  return {
    ...NOTHING,
    sid: decoded.sid,
    ssid: decoded.ssid === 0 ? null : decoded.ssid,
    address: decoded.iova ?? decoded.fetch,
    fetchAddress: decoded.fetch,
    ipa: access?.stage === 2 ? decoded.ipa : null,
    write: access === null ? null : access.write,
    execute: access === null ? null : access.instruction,
    privileged: access === null ? null : access.privileged,
    stage: access === null ? null : access.stage,
    translating: access === null ? null : access.translating,
    stalled: access === null ? null : access.stalled,
    stag: access?.stalled === true ? access.stag : null,
  };
}

/** A whole record, in 32-bit halves, the low one first. */
export function recordFacts(words: Uint32Array): EventFacts {
  const whole = { code: (words[0] as number) & 0xff, words, present: ALL_WORDS, known: ALL_WORDS };
  return eventFacts(whole, null, []);
}

/** One of the two may be missing. */
export function eventFacts(
  raw: RawEvent | null,
  decoded: DecodedEvent | null,
  problems: readonly LogProblem[],
): EventFacts {
  const fromText = decoded === null ? null : textFacts(decoded);
  const fromWords = raw === null ? null : wordFacts(raw);
  const client = decoded?.client ?? null;
  const type = raw === null ? (decoded === null ? null : typeNamed(decoded.name)) : eventType(raw.code);
  const merged = fromWords === null ? (fromText ?? NOTHING) : fromText === null ? fromWords : fill(fromWords, fromText);
  const wholeText = decoded !== null && (decoded.access !== null || !WITH_ACCESS.has(decoded.name));
  return {
    name: type?.name ?? decoded?.name ?? '',
    code: type?.code ?? null,
    ...merged,
    words: raw === null ? [] : wordsOf(raw),
    complete: raw === null || raw.present === 0 ? wholeText : raw.known === ALL_WORDS,
    client,
    problems: [...problems, ...differences(raw, fromWords, decoded, type)],
  };
}

function typeNamed(name: string): EventType | null {
  for (let code = 0; code < 0x100; code++)
    if (eventType(code).name === name && name !== 'reserved') return eventType(code);
  return null;
}

function wordsOf({ words, present }: RawEvent): bigint[] {
  return wideWords(words, 0, WORDS_OF_EVENT * 8).filter((_, i) => ((present >> i) & 1) === 1);
}

/** What the words do not say, the text may. */
function fill(words: typeof NOTHING, text: typeof NOTHING): typeof NOTHING {
  const entries = Object.entries(words).map(([key, value]) => [key, value ?? text[key as keyof typeof NOTHING]]);
  return Object.fromEntries(entries) as typeof NOTHING;
}

/** Fields in which the text and the words part. The text has the stall tag and the IPA whether they count or not. */
function differences(
  raw: RawEvent | null,
  words: typeof NOTHING | null,
  decoded: DecodedEvent | null,
  type: EventType | null,
): LogProblem[] {
  if (raw === null || words === null || decoded === null || type === null) return [];
  const found: LogProblem[] = [];
  const text: SaidTwice = { ...textFacts(decoded), name: decoded.name };
  const told: SaidTwice = { ...words, name: type.name };
  const isUnknown = decoded.name === 'UNKNOWN';
  if (isUnknown) found.push({ kind: 'name-unknown-to-kernel' });
  for (const key of SAID_TWICE) {
    const [one, other] = [text[key], told[key]];
    if (one === null || other === null || one === other || (key === 'name' && isUnknown)) continue;
    found.push({ kind: 'text-differs', text: { [key]: one } as OneSaid, words: { [key]: other } as OneSaid });
  }
  return found;
}

const SAID_TWICE = ['name', 'sid', 'address', 'write', 'stage'] as const;
