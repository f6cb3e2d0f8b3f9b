/**
 * Which number do these digits stand for? Tools print registers with 0x and without, padded and not, some in decimal.
 * What a single value leaves open, the others of its file tell: digits that were never padded, or letters among them.
 */

/** Digits as they were written, without a mark, and whether a mark says that they are hexadecimal. */
export interface Digits {
  readonly text: string;
  readonly marked: boolean;
}

const MARKED = /^(?:0x([0-9a-f]{1,16})|([0-9a-f]{1,16})h)(?:u?l{0,2})$/i;
/** WinDbg and people part the two halves of 64 bits. */
const PARTED = /^(?:0x)?([0-9a-f]{8})[`_]([0-9a-f]{8})$/i;
const UNMARKED = /^[0-9a-f]{1,20}$/i;
/** Rust and Zig part the digits of a number in fours; Verilog says how many bits it has. */
const IN_FOURS = /^0x[0-9a-f]{1,4}(?:_[0-9a-f]{4}){1,3}$/i;
const VERILOG = /^\d{1,2}'h([0-9a-f_]{1,19})$/i;
/** Eight digits or sixteen may as well be a padded number in hexadecimal. */
const BINARY = /^0b(?!(?:[01]{6}|[01]{14})$)[01]{1,64}$/i;

/** The digits of a word that is a number and nothing else. */
export function digitsOf(token: string): Digits | undefined {
  const marked = MARKED.exec(token);
  if (marked !== null) return { text: marked[1] ?? (marked[2] as string), marked: true };
  const parted = PARTED.exec(token);
  if (parted !== null) return { text: `${parted[1]}${parted[2]}`, marked: true };
  if (IN_FOURS.test(token)) return { text: token.slice(2).replaceAll('_', ''), marked: true };
  const verilog = VERILOG.exec(token)?.[1]?.replaceAll('_', '');
  if (verilog !== undefined && verilog !== '') return { text: verilog, marked: true };
  if (BINARY.test(token)) return { text: BigInt(token.toLowerCase()).toString(16), marked: true };
  return UNMARKED.test(token) ? { text: token, marked: false } : undefined;
}

export const hexOf = (text: string): bigint => BigInt(`0x${text}`);

/** The digits that 32 and 64 bits are padded to. */
const FULL_LENGTHS: ReadonlySet<number> = new Set([8, 16]);
/** So many values have to be padded before one that is a digit short is doubted. */
const MIN_PADDED = 4;
/** One in this many may be short. */
const DAMAGE_SHARE = 5;

/** A single zero in front of other digits is C's mark of an octal number, where it does not pad to 32 or 64 bits. */
function mayBeOctal(text: string): boolean {
  return /^0[1-7][0-7]*$/.test(text) && !FULL_LENGTHS.has(text.length);
}

/** What all values of a kind in one file tell about each other: whether they are padded, and which base they have. */
export class DigitStatistics {
  readonly #lengths = new Map<number, number>();
  #count = 0;
  #padded = false;
  #hex = false;
  #decimal = false;
  #mayBeWords = true;

  see({ text, marked }: Digits): void {
    this.#lengths.set(text.length, (this.#lengths.get(text.length) ?? 0) + 1);
    this.#count++;
    if (text.length > 1 && text.startsWith('0')) this.#padded = true;
    if (marked) return;
    if (/\d/.test(text)) this.#mayBeWords = false;
    if (mayBeOctal(text)) return;
    if (/[a-f]/i.test(text) || (text.length > 1 && text.startsWith('0'))) this.#hex = true;
    // No tool pads to nine digits, and no register has more than 64 bits.
    else if ((text.length > 8 && text.length < 16) || text.length > 16) this.#decimal = true;
  }

  /**
   * The value, or why there is none: `radix` where the digits may be of either base, `digits` where one seems to be lost.
   */
  value({ text, marked }: Digits): bigint | 'radix' | 'digits' {
    if (this.#lacksDigit(text)) return 'digits';
    if (marked) return hexOf(text);
    if (this.#hex) return text.length > 16 ? 'digits' : hexOf(text);
    if (/^0*.$/.test(text)) return BigInt(text);
    if (!this.#decimal || mayBeOctal(text)) return 'radix';
    return BigInt(text);
  }

  /** Whether letters may be a word (`E`, `bad`), as no value has a digit. */
  get mayBeWords(): boolean {
    return this.#mayBeWords;
  }

  /** Digits of a byte or of two, where all values are padded to them; otherwise nothing is said of the width. */
  get narrowLength(): 2 | 4 | undefined {
    const [length, ...others] = this.#lengths.keys();
    return this.#padded && others.length === 0 && (length === 2 || length === 4) ? length : undefined;
  }

  #lacksDigit(text: string): boolean {
    if (!FULL_LENGTHS.has(text.length + 1) || !this.#padded) return false;
    const full = (this.#lengths.get(8) ?? 0) + (this.#lengths.get(16) ?? 0);
    return full >= MIN_PADDED && (this.#count - full) * DAMAGE_SHARE <= this.#count;
  }
}
