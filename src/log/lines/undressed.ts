/**
 * How do other programs spell what a kernel printed? Terminals, web pages, mail, JSON, CSV and word processors each have
 * their own way with quotation marks, tabs, colours and what could be markup. A line is given back as it was printed, as far
 * as that can be told; its words and numbers are never touched.
 */

const ESCAPE = String.fromCharCode(0x1b);
/** The escape character, and what stands for it where it cannot be shown. */
const SPELLED_ESCAPE = `(?:${ESCAPE}|\\^\\[|#033|<1[bB]>|\\\\{1,8}(?:x1[bB]|033|u001[bB]|e))`;
const TAGS = 'span|div|br|p|pre|code|samp|tt|td|tr|li|font|em|strong|mark';

/** What is replaced, by what. Bytes beyond ASCII are one character each, unless the log is UTF-16. */
const SPELLINGS: readonly (readonly [spelled: RegExp, printed: string])[] = [
  // Colours and places of the cursor, titles of windows, character sets.
  [
    new RegExp(
      `${SPELLED_ESCAPE}(?:\\[[0-9;?]*[ -/]*[@-~]|\\][^\\u0007${ESCAPE}]{0,200}\\u0007|[()][0-9A-B]|[78=>])`,
      'g',
    ),
    '',
  ],
  [new RegExp(`</?(?:${TAGS})(?: [^<>]{0,300})?/?>`, 'gi'), ''],
  // Marks that take no room.
  [/\u00e2\u0080\u008b|\u00ef\u00bb\u00bf|[\u200b\ufeff]/g, ''],
  [/&(?:nbsp|#160|#xa0);|\u00c2?\u00a0/gi, ' '],
  [/&(?:#0?9|#x0?9|tab);/gi, '\t'],
  [/&(?:quot|#34|#x22);|\u00e2\u0080[\u009c-\u009f]|[\u0093\u0094\u201c-\u201f]/gi, '"'],
  [/&(?:lt|#60);/gi, '<'],
  [/&(?:gt|#62);/gi, '>'],
  [/\u00e2\u0080\u0094|[\u0097\u2014]/g, '--'],
  [/""/g, '"'],
  [/\\{1,8}"/g, '"'],
  [/\\([_[\]*#<>|/-])/g, '$1'],
  [/(?:#011|\\{1,8}(?:t|x09|011|u0009)|=09|<09>|\^I)\s*(?=0x|sid 0x)/g, '\t'],
  // The process, which logcat puts behind the name of whoever prints.
  [/^([VDIWEF]\/[^()]{1,200})\( *\d+\): /, '$1: '],
];

/** Whether anything of a line may be spelled: what each of the patterns above has in it. */
const SPELLED = new RegExp(
  `[${ESCAPE}\u0080-\uffff\\\\]|\\^[[I]|#0(?:33|11)|<1b>|<09>|=09|&[a-z#]|""|</?[a-z]|^[VDIWEF]/`,
  'i',
);
/** Characters of which a line that is spelled has one, but for those of logcat. Most lines of a storm have none. */
const SPELLING = new RegExp(`[${ESCAPE}\u0080-\uffff\\\\^#<=&"]`);

/** What stands at the end of lines that `cat -A` printed, of tables, code and quotations, and where a disk was not written to. */
const END_MARK = /[$'`\0]/;
const BLANK = /\s/;

/** The line as the kernel printed it. */
export function undressed(dressed: string): string {
  const line = dressed.slice(0, endOf(dressed));
  const isLogcat = line.charCodeAt(1) === 0x2f;
  if (!isLogcat && !SPELLING.test(line)) return line;
  if (!SPELLED.test(line)) return line;
  return SPELLINGS.reduce((text, [spelled, printed]) => text.replace(spelled, printed), line);
}

/** Where a line ends in front of such marks: from behind, as a line may have many within it. */
function endOf(line: string): number {
  for (let end = line.length; ; ) {
    const last = line.charAt(end - 1);
    if (END_MARK.test(last)) end -= 1;
    else if (last === '|' && BLANK.test(line.charAt(end - 2))) end -= 2;
    else return end;
  }
}
