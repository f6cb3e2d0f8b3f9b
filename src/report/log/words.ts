/** What a kernel log says, in words: what the text report and the JSON share. */

import { hex, paddedHex } from '../../hex.ts';
import type { EventInDump, ReportedEvent } from '../../inspect/log/log-report.ts';
import type { CommandErrorFacts, LogProblem } from '../../log/facts.ts';
import { decodeFields, type FieldValue, fieldBits, fieldOf, meaningOf } from '../../smmu/fields.ts';
import { COMMAND_ERRORS, commandType } from '../../smmu/queues/commands.ts';
import { type Register, registerNamed } from '../../smmu/registers/registers.ts';
import { fieldsInWords } from '../prose/queue-entries.ts';
import { endingInWords } from '../prose/translation.ts';

export const hex32 = (value: number) => paddedHex(value, 8);

/** What does not fit together in a record, in one sentence. */
export function problemInWords(problem: LogProblem): string {
  switch (problem.kind) {
    case 'cut':
      return `the log has ${problem.words} of its ${problem.of} words`;
    case 'number-differs':
      return `announced as ${hex(problem.header)}, but its words begin with ${hex(problem.record)}: they are not its own, or the first is missing`;
    case 'place-unknown':
      return 'a word is missing, and not the last: what the others mean is not known';
    case 'text-differs': {
      const [[key, text]] = Object.entries(problem.text) as [[string, unknown]];
      const [words] = Object.values(problem.words);
      return `the kernel's text says ${key === 'name' ? 'event' : key} ${saidInWords(text)}, the words say ${saidInWords(words)}`;
    }
    case 'name-unknown-to-kernel':
      return 'the kernel calls it UNKNOWN';
    case 'reason-differs':
      return `the kernel's text is "${problem.text}", but the number means "${problem.expected}"`;
  }
}

const saidInWords = (value: unknown) =>
  typeof value === 'number' || typeof value === 'bigint' ? hex(value) : String(value);

const CMDQ_CONS = registerNamed('CMDQ_CONS') as Register;
const MAX_QUEUE_ENTRIES = 1 << 19;

/** What CMDQ_CONS says. The wrap bit can be told from the index where the size of the queue is known. */
export function consInWords({ cons, error }: CommandErrorFacts, entries: number | undefined) {
  const read = cons === null ? null : Number(fieldBits(fieldOf(CMDQ_CONS, 'RD'), [BigInt(cons)]));
  const known =
    entries !== undefined && entries > 0 && entries <= MAX_QUEUE_ENTRIES && Number.isInteger(Math.log2(entries));
  return {
    reason: error === null ? null : (COMMAND_ERRORS[error] ?? 'reserved'),
    meaning: error === null ? null : (meaningOf(fieldOf(CMDQ_CONS, 'ERR'), error) ?? null),
    index: read === null ? null : known ? read % entries : read,
    wrap: read === null || !known ? null : Math.floor(read / entries) % 2,
  };
}

/** The command at which the queue stopped. */
export function commandFacts(words: readonly bigint[]) {
  const [first] = words;
  if (first === undefined) return null;
  const type = commandType(Number(first & 0xffn));
  return { type: type.name, code: type.code, words, fields: decodeFields(type, words), meaning: type.meaning };
}

/** The flags of GERROR that are active: those of the number, or else those that the kernel names. */
export function globalErrorFlags(active: number | null, named: readonly string[]): string[] {
  const { fields } = registerNamed('GERROR') as Register;
  if (active === null) return [...named];
  const known = fields.filter(({ lsb }) => (active >>> lsb) % 2 === 1).map(({ name }) => name);
  const reserved = fields.reduce((rest, { lsb }) => (rest & ~(1 << lsb)) >>> 0, active);
  return [...known, ...bitsOf(reserved).map((bit) => `bit ${bit}`)];
}

function bitsOf(word: number): number[] {
  return Array.from({ length: 32 }, (_, bit) => bit).filter((bit) => (word >>> bit) % 2 === 1);
}

/** `unprivileged data write, stage 1, STALLED with STAG 0x7f`: what is known of the access, in the words of queues. */
export function accessInWords(event: ReportedEvent): string {
  const { privileged, execute, write, stage, translating, stalled, stag, ipa, fetchAddress, address } = event;
  const flag = (value: boolean | null) => (value === null ? undefined : Number(value));
  const fields: Record<string, FieldValue | undefined> = {
    PnU: flag(privileged),
    InD: flag(execute),
    RnW: flag(write === null ? null : !write),
    S2: stage === null ? undefined : stage - 1,
    IPA: ipa ?? undefined,
    CLASS: translating ?? undefined,
    // The address has a place of its own.
    FetchAddr: fetchAddress === address ? undefined : (fetchAddress ?? undefined),
    Stall: flag(stalled),
    STAG: stag ?? undefined,
  };
  const known = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  const phrases = fieldsInWords('event', Object.fromEntries(known), event.code);
  return [...phrases, ...event.mixed.map((name) => `${name} differs`)].join(', ');
}

/** What the tables say of an event now, and what follows from that. */
export function inDumpInWords({ outcome, fault, why, pa, same, inQueue }: EventInDump): string {
  const reason = why === null ? '' : `: ${endingInWords(why)}`;
  const says = {
    translated: `maps to ${hex(pa ?? 0)} now: it was mapped later, or the fault raced a change`,
    bypass: `passes untranslated to ${hex(pa ?? 0)} now`,
    abort: `the stream aborts now${reason}`,
    fault: same ? `still ${fault}${reason}` : `${fault} now${reason}`,
    found: 'the stream has an entry that translates now',
    indeterminate: `cannot be told${reason}`,
  }[outcome];
  return inQueue === null || inQueue === 0 ? says : `${says}; its first record is in the memory of the event queue`;
}
