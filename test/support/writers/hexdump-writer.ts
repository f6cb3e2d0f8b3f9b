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
