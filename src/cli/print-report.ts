/** Prints the one report of a command, as text or as JSON. */

import type { TextDetail } from '../report/documents.ts';
import { type Report, renderJson, renderText } from '../report/render.ts';
import type { Session } from './session.ts';
import type { TextOrJsonFlags } from './text-or-json.ts';

/** Writes `report` to stdout as the flags say; `detail` is of text alone. */
export async function printReport(
  report: Report,
  { format, color }: Pick<TextOrJsonFlags, 'color'> & { readonly format: string },
  session: Session,
  detail: TextDetail = {},
): Promise<void> {
  if (format === 'json') await session.print(await renderJson(report));
  else {
    const style = { width: session.width(true), color: session.wantsColor(color, true) };
    await session.print(await renderText(report, { ...style, ...detail }));
  }
}
