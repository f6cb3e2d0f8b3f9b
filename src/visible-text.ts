/**
 * Which characters of a foreign text must not reach a terminal or a reader as they are? Those that are obeyed instead of
 * shown (controls), that reorder a line (bidirectional controls), that nobody sees (zero width, fillers, tags, variation
 * selectors), and halves of a surrogate pair. The classes are Unicode's own, so that new members come with Node. Making
 * the expression takes a millisecond, which most runs need not spend.
 */
const invisible = () => /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/**
 * The escape of JSON and JavaScript, one for each UTF-16 unit: `\u200b`, `\udb40\udc41`; a byte of a name that is no text
 * (see byte-names.ts) as shells take it, `\xff`.
 */
function escapeOf(character: string): string {
  const code = character.charCodeAt(0);
  if (character.length === 1 && code >= 0xdc80 && code <= 0xdcff) return `\\x${(code - 0xdc00).toString(16)}`;
  return Array.from(
    { length: character.length },
    (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
  ).join('');
}

/** What nearly all text is: it passes at a glance, and a report of a gigabyte is looked at all the same. */
const PLAIN = /^[\x20-\x7e]*$/;

/** The text with an escape in place of every invisible character, but for those in `kept`. */
export function visible(text: string, kept = ''): string {
  if (PLAIN.test(text)) return text;
  return text.replace(invisible(), (character) => (kept.includes(character) ? character : escapeOf(character)));
}
