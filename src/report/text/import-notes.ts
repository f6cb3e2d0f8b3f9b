/** How does an import say what it passed over? One line for each reason, with the first places and how many more. */

import type { Note, Notes } from '../../snapshot/import/notes.ts';
import { type NoteReason, REASONS } from '../../snapshot/import/reasons.ts';

/** Examples worth showing of each reason. */
const MAX_EXAMPLES = 3;

/** One line for each reason that was given. */
export function importNotes(notes: Notes): string[] {
  return (Object.keys(REASONS) as NoteReason[]).flatMap((reason) => {
    const examples = notes.of(reason).slice(0, MAX_EXAMPLES);
    if (examples.length === 0) return [];
    const count = notes.count(reason);
    const more = count > examples.length ? ` and ${count - examples.length} more` : '';
    return [`${REASONS[reason]}: ${examples.map(exampleText).join(', ')}${more}`];
  });
}

function exampleText({ what, file, place }: Note): string {
  if (file === undefined) return what;
  return place === undefined || place === what ? `${what} (${file})` : `${what} (${file}: ${place})`;
}
