/** Why an import passes something over, leaves it out, or takes it with a doubt: the reasons, and how each is said. */

interface Reason {
  /** What becomes of a value, or of what may be one. */
  readonly becomes: 'passed over' | 'left out' | 'taken';
  readonly why: string;
}

/** In the order in which they are said. The keys are published: what reads them may rely on them. */
const REASONS = {
  outside: { becomes: 'passed over', why: "outside the SMMU's 128 KiB" },
  'no-register': { becomes: 'passed over', why: 'no register is known there' },
  'unknown-name': { becomes: 'passed over', why: "no register's name" },
  'unread-line': { becomes: 'passed over', why: 'no register value' },
  'unread-key': { becomes: 'passed over', why: 'not part of the registers' },
  'several-values': { becomes: 'passed over', why: 'more than one value' },
  'either-base': { becomes: 'passed over', why: 'may be decimal or hexadecimal; write 0x in front of hexadecimal' },
  'lost-digit': { becomes: 'passed over', why: 'has a digit less than the others' },
  'too-wide': { becomes: 'passed over', why: 'does not fit in the register or access' },
  misaligned: { becomes: 'passed over', why: 'no register begins there' },
  'out-of-order': { becomes: 'passed over', why: 'the offset falls behind the one before it and may lack a digit' },
  'damaged-row': { becomes: 'passed over', why: 'a word of the row is missing or damaged' },
  'characters-differ': { becomes: 'passed over', why: 'the digits and the characters behind them differ' },
  'byte-order': { becomes: 'passed over', why: 'nothing tells the order of the bytes in a word' },
  'repeated-rows': {
    becomes: 'passed over',
    why: 'rows that were not printed because they are like the one before (hexdump -v prints them)',
  },
  'name-elsewhere': { becomes: 'passed over', why: 'the name and the address beside it are of different registers' },
  written: { becomes: 'passed over', why: 'written and not read' },
  cut: { becomes: 'passed over', why: 'the line ends in its value, which the next one seems to go on with' },
  'big-endian': {
    becomes: 'passed over',
    why: 'the bytes of its words stand in big-endian order; reverse those of each word',
  },
  'other-smmu': {
    becomes: 'passed over',
    why: 'other lines name another SMMU, or none; say by --name which one is meant',
  },
  half: { becomes: 'left out', why: 'one half of a 64-bit register without the other' },
  part: { becomes: 'left out', why: 'some bytes of a register without the others' },
  doubtful: { becomes: 'left out', why: 'zero in a block read, as QEMU answers for any 32-bit register' },
  alias: { becomes: 'taken', why: 'from page 0, which need not show the registers of page 1' },
  'alias-differs': { becomes: 'taken', why: 'from page 1, although page 0 shows another value' },
  short: { becomes: 'taken', why: 'as all 64 bits; if 32 bits were read, the upper half is missing' },
} as const satisfies Readonly<Record<string, Reason>>;

export type NoteReason = keyof typeof REASONS;

/** All of them, in the order in which they are said. */
export const NOTE_REASONS = Object.keys(REASONS) as NoteReason[];

/** `passed over, more than one value`. */
export function noteReasonInWords(reason: NoteReason): string {
  const { becomes, why } = REASONS[reason];
  return becomes === 'taken' ? `${becomes} ${why}` : `${becomes}, ${why}`;
}

/** The same without what becomes of it, for who says that already. */
export function whyInWords(reason: NoteReason): string {
  return REASONS[reason].why;
}
