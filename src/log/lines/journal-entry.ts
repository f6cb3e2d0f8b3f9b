/**
 * Which lines are the entry of a journal that a message stands in? `journalctl -o export`, `-o verbose` and `-o json-pretty`
 * write each field on a line of its own, in any order.
 */

const FIELD = /^[ \t]*"?[A-Z_][A-Z0-9_]{0,63}"? ?[=:]/;
const FIELD_OF_MESSAGE = /^[ \t]*(?:"MESSAGE" ?:|MESSAGE=)/;

/** Whether a line is a field of an entry. */
export function isField(line: string): boolean {
  return FIELD.test(line);
}

/** Whether a line is the field that has the message of an entry. */
export function isFieldOfMessage(line: string): boolean {
  return line.includes('MESSAGE') && FIELD_OF_MESSAGE.test(line);
}

/**
 * The fields in front of that of the message, out of the text in front of it; empty where that does not have where the entry
 * begins. Of a text of `cutLength` there may have been more.
 */
export function entryBefore(text: string, cutLength: number): string {
  let start = text.length;
  while (start > 0) {
    const before = text.lastIndexOf('\n', start - 2) + 1;
    const line = text.slice(before, start);
    if (isFieldOfMessage(line)) return '';
    if (!isField(line)) return text.slice(start);
    start = before;
  }
  return text.length < cutLength ? text : '';
}
