/**
 * Where does a message end that stands in quotation marks? Log collectors put messages into JSON, CSV and `key="value"`, with
 * fields of their own behind them, and inside JSON once more. What stands in front is kept: it says when and where.
 */

/** What may stand in front of an opening quotation mark. */
const BEFORE_OPENING = /^$|[\s:,=({[>\\]/;
/** What stands behind a closing one: the end of the field. A message has quotation marks of its own, behind which it goes on. */
const BEHIND_CLOSING = /\s*(?:[,;}\]\\]|$)|\t|\s+[\w.]{1,40}=/y;
/** What a message has in it, or the field that has it in the journal of systemd. Other fields may name the device, too. */
const MESSAGE = /arm-smmu-v3 (?=[^\s"])|SMMUv3: (?=\\*\/)|"MESSAGE" ?: ?"/;

/** The field that is the message, in a line that is one object. A mark within another field has a backslash in front. */
const OWN_FIELD = /"MESSAGE" ?: ?"/;

/**
 * The line up to the end of the quoted text that has a message in it; the whole line where there is none. Of an object with a
 * field for the message that alone: a command line, say, may quote another one.
 */
export function withoutFieldsBehind(line: string): string {
  const own = line.startsWith('{') ? OWN_FIELD.exec(line) : null;
  if (own !== null) return upToClosingMark(line.slice(own.index + own[0].length - 1), 1).slice(1);
  const found = MESSAGE.exec(line);
  return found === null ? line : upToClosingMark(line, found.index + found[0].length);
}

/** `at` is somewhere within the text. */
function upToClosingMark(line: string, at: number): string {
  const opening = openingMark(line, at - 1);
  if (opening < 0) return line;
  const depth = backslashesBefore(line, opening);
  for (let mark = line.indexOf('"', at); mark >= 0; mark = line.indexOf('"', mark + 1)) {
    // CSV doubles the marks of a message.
    if (depth === 0 && line.charAt(mark + 1) === '"') mark += 1;
    else if (backslashesBefore(line, mark) === depth) {
      BEHIND_CLOSING.lastIndex = mark + 1;
      if (BEHIND_CLOSING.test(line)) return line.slice(0, mark - depth);
    }
  }
  return line;
}

function openingMark(line: string, at: number): number {
  const mark = line.lastIndexOf('"', at);
  const before = mark - backslashesBefore(line, mark);
  return mark >= 0 && BEFORE_OPENING.test(line.slice(Math.max(0, before - 1), before)) ? mark : -1;
}

/** Text within text has its marks behind one backslash, or three, or seven. */
function backslashesBefore(line: string, mark: number): number {
  let count = 0;
  while (line.charAt(mark - 1 - count) === '\\') count += 1;
  return count;
}
