/** A snapshot that was made, on its way out. */

import { escapeText, jsonText } from '../../../report/escape.ts';
import { isStdout } from '../../output/descriptor.ts';
import { writeToFile } from '../../output/output.ts';
import type { Session } from '../../session.ts';

/** The snapshot to stdout or a file, and what is to be said of it to stderr. */
export async function printSnapshot(
  snapshot: object,
  notes: readonly string[],
  output: string | undefined,
  inputs: readonly string[],
  session: Session,
): Promise<void> {
  const json = [jsonText(snapshot)];
  const file = output === undefined || isStdout(output) ? null : output;
  if (file === null) await session.print(json);
  else await writeToFile(file, json, inputs);
  const written = file === null ? [] : [`snapshot written to ${file}`];
  for (const line of [...notes, ...written]) session.note(`${escapeText(line)}\n`);
}
