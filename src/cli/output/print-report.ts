/** Prints the one report of a command, as text or as JSON. */

import type { TextDetail } from '../../report/documents.ts';
import type { Redactable } from '../../report/redact/redact.ts';
import { type Report, renderJson, renderText } from '../../report/render.ts';
import type { TextOrJsonFlags } from '../options/text-or-json.ts';
import type { Session } from '../session.ts';

/** Writes the report to stdout as the flags say; `detail` is of text alone. */
export async function printReport(
  found: Report,
  { format, color, redact }: Pick<TextOrJsonFlags, 'color' | 'redact'> & { readonly format: string },
  session: Session,
  detail: TextDetail = {},
): Promise<void> {
  const report = redact ? await withStandIns(found as Redactable) : found;
  if (format === 'json') await session.print(await renderJson(report));
  else {
    const style = { width: session.width(true), color: session.wantsColor(color, true) };
    await session.print(await renderText(report, { ...style, ...detail }));
  }
}

/** Of a report that can be passed on: loaded for those who ask for one. */
export async function withStandIns<T extends Redactable>(report: T): Promise<T> {
  return (await import('../../report/redact/redact.ts')).redacted(report);
}
