/** Why an import passes something over, leaves it out, or takes it with a doubt: the reasons, and how each is said. */

/** In the order in which they are said. The keys are published: what reads them may rely on them. */
export const REASONS = {
  outside: "passed over, outside the SMMU's 128 KiB",
  'no-register': 'passed over, no register is known there',
  'unknown-name': "passed over, no register's name",
  'unread-line': 'passed over, no register value',
  'unread-key': 'passed over, not part of the registers',
  'several-values': 'passed over, more than one value',
  'either-base': 'passed over, may be decimal or hexadecimal; write 0x in front of hexadecimal',
  'lost-digit': 'passed over, has a digit less than the others',
  'too-wide': 'passed over, does not fit in the register or access',
  misaligned: 'passed over, no register begins there',
  'out-of-order': 'passed over, the offset falls behind the one before it and may lack a digit',
  'damaged-row': 'passed over, a word of the row is missing or damaged',
  'characters-differ': 'passed over, the digits and the characters behind them differ',
  'byte-order': 'passed over, nothing tells the order of the bytes in a word',
  'repeated-rows':
    'passed over, rows that were not printed because they are like the one before (hexdump -v prints them)',
  'name-elsewhere': 'passed over, the name and the address beside it are of different registers',
  written: 'passed over, written and not read',
  cut: 'passed over, the line ends in its value, which the next one seems to go on with',
  'big-endian': 'passed over, the bytes of its words stand in big-endian order; reverse those of each word',
  half: 'left out, one half of a 64-bit register without the other',
  part: 'left out, some bytes of a register without the others',
  doubtful: 'left out, zero in a block read, as QEMU answers for any 32-bit register',
  alias: 'taken from page 0, which need not show the registers of page 1',
  'alias-differs': 'taken from page 1, although page 0 shows another value',
  short: 'taken as all 64 bits; if 32 bits were read, the upper half is missing',
} as const;

export type NoteReason = keyof typeof REASONS;
