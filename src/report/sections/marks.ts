/** Which StreamIDs has a reader to see first? Marks on the rows, and on the map, of the tables that have them. */

import type { Finding } from '../../findings/findings.ts';
import { isRisk } from '../../findings/rules.ts';
import type { SmmuReport } from '../../inspect/inspection.ts';
import type { Tone } from './section.ts';

/** What is to be said of some StreamIDs, in a word or two. */
export interface Mark {
  readonly firstSid: number;
  readonly lastSid: number;
  readonly tone: Tone;
  readonly text: string;
}

/** `own`: the findings about this SMMU. The gravest mark comes first. */
export function marksOf(smmu: SmmuReport, own: readonly Finding[]): Mark[] {
  return deciding(smmu, own).map(([firstSid, lastSid]) => ({ firstSid, lastSid, tone: 'bad', text: 'decides' }));
}

/** The streams whose entries make the SMMU end as it does; none where no single one does. */
function deciding(
  { fate, devices, lost, adoption }: SmmuReport,
  own: readonly Finding[],
): (readonly [first: number, last: number])[] {
  if (fate.kind === 'kernel-dies') {
    return devices.filter((device) => device.fate === 'kernel-dies').flatMap(({ sids }) => sids.map(one));
  }
  if (lost !== null) return [one(lost.sid)];
  if (fate.kind !== 'falls-back') return [];
  const failure = adoption.idScan?.failures.find(({ stopsHere }) => stopsHere);
  if (failure !== undefined) return [one(failure.sid)];
  for (const { severity, rule, location } of own) {
    const { firstSid, lastSid } = location;
    if (severity !== 'error' || isRisk(rule) || firstSid === undefined || lastSid === undefined) continue;
    return [[firstSid, lastSid]];
  }
  return [];
}

const one = (sid: number) => [sid, sid] as const;

/** What is to be said of these StreamIDs. */
export function marksWithin(marks: readonly Mark[], first: number, last: number): readonly Mark[] {
  return marks.filter(({ firstSid, lastSid }) => firstSid <= last && lastSid >= first);
}
