/**
 * What does a message say of which a journal in JSON has the bytes? journalctl writes a field so that has anything in it
 * that cannot be printed, such as the colours of a terminal: `"MESSAGE":[27,91,51,...]`.
 */

const BYTES = /("MESSAGE" ?: ?)\[ ?(\d{1,3}(?: ?, ?\d{1,3})*) ?\]/;

/** The line with the message as text, as JSON spells it, one character for each byte. Any other line is as it was. */
export function withMessageText(line: string): string {
  if (!line.includes('MESSAGE"')) return line;
  return line.replace(BYTES, (whole, key: string, numbers: string) => {
    const bytes = numbers.split(',').map(Number);
    return bytes.every((byte) => byte < 256) ? key + JSON.stringify(String.fromCharCode(...bytes)) : whole;
  });
}
