/** Prints bytes as the tools do that people pass tables on with. */

function rows(bytes: Buffer): { at: number; row: Buffer }[] {
  return Array.from({ length: Math.ceil(bytes.length / 16) }, (_, i) => ({
    at: i * 16,
    row: bytes.subarray(i * 16, i * 16 + 16),
  }));
}

const characters = (row: Buffer) => row.toString('latin1').replace(/[^ -~]/g, '.');
const pairs = (row: Buffer) => [...row].map((byte) => byte.toString(16).padStart(2, '0'));

/** acpidump of ACPICA; the name and the address are as in its heading. */
export function acpidump(bytes: Buffer, name: string, address = '0x0000000000000000'): string {
  const lines = rows(bytes).map(({ at, row }) => {
    const offset = at.toString(16).toUpperCase().padStart(4, '0');
    return `    ${offset}: ${pairs(row).join(' ').toUpperCase().padEnd(48)} ${characters(row)}`;
  });
  return `${name} @ ${address}\n${lines.join('\n')}\n\n`;
}

export function xxd(bytes: Buffer): string {
  const lines = rows(bytes).map(({ at, row }) => {
    const groups = (row.toString('hex').match(/.{1,4}/g) ?? []).join(' ').padEnd(39);
    return `${at.toString(16).padStart(8, '0')}: ${groups}  ${characters(row)}`;
  });
  return `${lines.join('\n')}\n`;
}

/** hexdump -C, which prints `*` for rows that are as the one before. */
export function hexdumpC(bytes: Buffer): string {
  const lines: string[] = [];
  let before: Buffer | null = null;
  for (const { at, row } of rows(bytes)) {
    if (before?.equals(row)) {
      if (lines.at(-1) !== '*') lines.push('*');
      continue;
    }
    before = row;
    const halves = [row.subarray(0, 8), row.subarray(8)].map((half) => pairs(half).join(' ').padEnd(23)).join('  ');
    lines.push(`${at.toString(16).padStart(8, '0')}  ${halves}  |${characters(row)}|`);
  }
  return `${lines.join('\n')}\n${bytes.length.toString(16).padStart(8, '0')}\n`;
}

/** How a tool prints rows: what stands in front of each, and how its bytes are spelled. */
interface Ruling {
  readonly address: (at: number) => string;
  readonly rowLength?: number;
  /** Bytes that are printed as one number of a little-endian machine. */
  readonly wordLength?: number;
  readonly between?: string;
  /** What stands for the bytes that the last word lacks; zeros unless it is said. */
  readonly lacking?: string;
  readonly behind?: (row: Buffer) => string;
}

function ruled(
  bytes: Buffer,
  { address, rowLength = 16, wordLength = 1, between = ' ', lacking = '00', behind }: Ruling,
): string {
  const lines = Array.from({ length: Math.ceil(bytes.length / rowLength) }, (_, i) => {
    const row = bytes.subarray(i * rowLength, (i + 1) * rowLength);
    const words = Array.from({ length: Math.ceil(row.length / wordLength) }, (__, j) => {
      const word = Buffer.from(row.subarray(j * wordLength, (j + 1) * wordLength));
      return lacking.repeat(wordLength - word.length) + word.reverse().toString('hex');
    });
    return `${address(i * rowLength)}${words.join(between)}${behind?.(row) ?? ''}`;
  });
  return `${lines.join('\n')}\n`;
}

const digits = (at: number, radix: number, length: number) => at.toString(radix).padStart(length, '0');
const shownBehind = (row: Buffer) => `${' '.repeat(4 + 3 * (16 - row.length))}${characters(row)}`;
const lengthAs = (bytes: Buffer, radix: number) => `${digits(bytes.length, radix, 7)}\n`;

/** Of the last word it prints what there is, with blanks for its upper bytes. */
const littleEndianXxd = (bytes: Buffer, wordLength: number) =>
  ruled(bytes, {
    address: (at) => `${digits(at, 16, 8)}: `,
    wordLength,
    lacking: '  ',
    behind: (row) => {
      const lacking = Math.floor((16 - row.length) / wordLength) * (2 * wordLength + 1);
      return `${' '.repeat(lacking + 2)}${characters(row)}`;
    },
  });

/** Other tools, each with what is particular about it. */
export const HEX_DUMPS: Readonly<Record<string, (bytes: Buffer) => string>> = {
  'hexdump, of words': (b) => ruled(b, { address: (at) => `${digits(at, 16, 7)} `, wordLength: 2 }) + lengthAs(b, 16),
  'od, of words and with octal addresses': (b) =>
    ruled(b, { address: (at) => `${digits(at, 8, 7)} `, wordLength: 2 }) + lengthAs(b, 8),
  'od -A d -t x1': (b) => ruled(b, { address: (at) => `${digits(at, 10, 7)} ` }) + lengthAs(b, 10),
  'od -A x -t x8': (b) => ruled(b, { address: (at) => `${digits(at, 16, 6)} `, wordLength: 8 }) + lengthAs(b, 16),
  'od -A n -t x1': (b) => ruled(b, { address: () => ' ' }),
  'hexdump -x': (b) =>
    ruled(b, { address: (at) => `${digits(at, 16, 7)}    `, wordLength: 2, between: '    ' }) + lengthAs(b, 16),
  'xxd -e': (b) => littleEndianXxd(b, 4),
  'xxd -e -g 2': (b) => littleEndianXxd(b, 2),
  'xxd -e -g 8': (b) => littleEndianXxd(b, 8),
  'xxd -g 1 -c 32': (b) => ruled(b, { address: (at) => `${digits(at, 16, 8)}: `, rowLength: 32 }),
  'xxd -p': (b) => ruled(b, { address: () => '', rowLength: 30, between: '' }),
  'xxd -i': (b) =>
    `unsigned char iort_bin[] = {\n${ruled(b, { address: () => '  0x', between: ', 0x' }).replaceAll(/(.)$/gm, '$1,')}};\nunsigned int iort_bin_len = ${b.length};\n`,
  'md.b of U-Boot': (b) =>
    `=> md.b 13f000000 ${b.length.toString(16)}\n${ruled(b, { address: (at) => `${digits(0x1_3f00_0000 + at, 16, 9)}: `, behind: shownBehind })}=> \n`,
  'dmem of UEFI': (b) =>
    `Memory Address 000000013F000000 ${b.length.toString(16)} Bytes\n${ruled(b, {
      address: (at) => `  ${digits(0x1_3f00_0000 + at, 16, 8)}: `,
    })
      .replaceAll(/^((?:\S+ | {2}\S+: )(?:\S\S ){7}\S\S) (?=\S)/gm, '$1-')
      .toUpperCase()}`,
  'x/8xb of GDB': (b) =>
    ruled(b, { address: (at) => `0x${digits(0x1_3f00_0000 + at, 16, 9)}:\t0x`, rowLength: 8, between: '\t0x' }),
  'Format-Hex': (b) =>
    `\r\n           Path: C:\\iort.bin\r\n\r\n           00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F\r\n\r\n${ruled(
      b,
      { address: (at) => `${digits(at, 16, 8)}   `, behind: shownBehind },
    ).replaceAll('\n', '\r\n')}`,
  base64: (b) => `${b.toString('base64').replaceAll(/.{76}/g, '$&\n')}\n`,
};
