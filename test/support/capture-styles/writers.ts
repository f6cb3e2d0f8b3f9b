/**
 * What styles are written with: the true map of registers, and rows, words and registers as lines of text. Nothing here
 * is taken from the code that reads them.
 */

export interface Truth {
  readonly base: number;
  /** 32-bit words by offset. */
  readonly words: ReadonlyMap<number, number>;
  /** Registers by name: offset, byte length, value. */
  readonly registers: readonly { name: string; offset: number; byteLength: number; value: bigint }[];
}

export interface Style {
  readonly name: string;
  readonly write: (truth: Truth) => string[];
  /** Every value is padded, or checked by something beside it, so that a lost digit can be seen. */
  readonly padded: boolean;
  /** Files of this style hold offsets from the base. */
  readonly lineEnd?: string;
}

const PAGE = 0x100;

export const hex = (value: number | bigint, digits = 0) => value.toString(16).padStart(digits, '0');
export const upper = (value: number | bigint, digits = 0) => hex(value, digits).toUpperCase();

function wordAt({ words }: Truth, offset: number): number {
  return words.get(offset) ?? 0;
}

function bytesOf(truth: Truth, offset: number, count: number): number[] {
  return Array.from(
    { length: count },
    (_, i) => (wordAt(truth, (offset + i) & ~3) >>> (8 * ((offset + i) & 3))) & 0xff,
  );
}

function valuesOf(truth: Truth, offset: number, count: number, byteLength: number): string[] {
  return Array.from({ length: count / byteLength }, (_, i) =>
    bytesOf(truth, offset + i * byteLength, byteLength)
      .reverse()
      .map((byte) => hex(byte, 2))
      .join(''),
  );
}

function characters(truth: Truth, offset: number, count: number): string {
  return bytesOf(truth, offset, count)
    .map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'))
    .join('');
}

interface RowParts {
  readonly address: number;
  readonly offset: number;
  /** Words as numbers, bytes in the order of memory, and as characters. */
  readonly words: (byteLength: number) => string[];
  readonly bytes: string[];
  readonly text: string;
}

/** Rows of a memory display. */
export function display(row: (parts: RowParts) => string, rowBytes = 16): (truth: Truth) => string[] {
  return (truth) =>
    Array.from({ length: PAGE / rowBytes }, (_, i) => {
      const offset = i * rowBytes;
      return row({
        address: truth.base + offset,
        offset,
        words: (byteLength) => valuesOf(truth, offset, rowBytes, byteLength),
        bytes: bytesOf(truth, offset, rowBytes).map((byte) => hex(byte, 2)),
        text: characters(truth, offset, rowBytes),
      });
    });
}

/** One line, or two, for each 32-bit word that belongs to a register. */
export function each(
  line: (address: number, word: number, offset: number) => string | string[],
): (truth: Truth) => string[] {
  return ({ base, words }) => [...words].flatMap(([offset, word]) => line(base + offset, word, offset));
}

/** One line, or two, for each register. */
export function named(
  line: (register: Truth['registers'][number], address: number) => string | string[],
): (truth: Truth) => string[] {
  return ({ base, registers }) => registers.flatMap((register) => line(register, base + register.offset));
}

export const headed =
  (head: string | string[], body: (truth: Truth) => string[]) =>
  (truth: Truth): string[] =>
    [head, body(truth)].flat();

export const prefixed =
  (prefix: (i: number) => string, body: (truth: Truth) => string[]) =>
  (truth: Truth): string[] =>
    body(truth).map((line, i) => `${prefix(i)}${line}`);

export const mdl = display(({ address, words, text }) => `${hex(address, 8)}: ${words(4).join(' ')}  ${text}`);
export const assignments = named(({ name, value }) => `${name} = 0x${hex(value)}`);
export const clock = (i: number) => `12:13:${String(14 + Math.floor(i / 60)).padStart(2, '0')}.${String(100 + i)}`;

export const style = (name: string, padded: boolean, write: (truth: Truth) => string[], lineEnd?: string): Style => ({
  name,
  write,
  padded,
  ...(lineEnd === undefined ? {} : { lineEnd }),
});

export function pairs(parts: readonly string[], count: number, separator = ''): string[] {
  return Array.from({ length: Math.ceil(parts.length / count) }, (_, i) =>
    parts.slice(i * count, (i + 1) * count).join(separator),
  );
}

/** Bytes with another separator in the middle. */
export function split(bytes: readonly string[], separator: string, middle: string): string {
  const half = bytes.length / 2;
  return `${bytes.slice(0, half).join(separator)}${middle}${bytes.slice(half).join(separator)}`;
}

export function json(members: readonly string[]): string[] {
  return ['{', ...members.map((member, i) => `  ${member}${i < members.length - 1 ? ',' : ''}`), '}'];
}
