/** What does an import say beside the snapshot? One line for each thing to be known about it. */

import { namesInWords } from '../../findings/rules/words.ts';
import type { Imported } from '../../snapshot/import/import.ts';
import { noteInWords } from '../../snapshot/import/note-words.ts';
import type { Notes } from '../../snapshot/import/notes.ts';
import { NOTE_REASONS, noteReasonInWords } from '../../snapshot/import/reasons.ts';
import { costInWords } from '../prose/assumptions.ts';
import { strikingInWords } from '../prose/remarks.ts';

/** Examples worth showing of each reason. */
const MAX_EXAMPLES = 3;

/** What was passed over, how to read it better, and what is striking or missing. */
export function importNotes({ passedOver, oneByOne, smmus }: Omit<Imported, 'snapshot'>): string[] {
  return [
    ...passedOverNotes(passedOver),
    ...(oneByOne === null ? [] : [oneByOne]),
    ...smmus.flatMap(({ name, striking, missing }) =>
      [
        ...striking.map(({ what }) => strikingInWords(what)),
        ...missing.map((one) => `${namesInWords(one.what)} missing: ${costInWords(one)}`),
      ].map((line) => `${name}: ${line}`),
    ),
  ];
}

/** One line for each reason that was given, with the first places and how many more. */
function passedOverNotes(notes: Notes): string[] {
  return NOTE_REASONS.flatMap((reason) => {
    const examples = notes.of(reason).slice(0, MAX_EXAMPLES);
    if (examples.length === 0) return [];
    const count = notes.count(reason);
    const more = count > examples.length ? ` and ${count - examples.length} more` : '';
    return [`${noteReasonInWords(reason)}: ${examples.map(noteInWords).join(', ')}${more}`];
  });
}
