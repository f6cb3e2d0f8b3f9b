/** What does the kdump kernel do with this SMMU, what decided it, and what follows? The answer, first. */

import { isUnknown } from '../../../adopt/checks.ts';
import type { InFlight } from '../../../adopt/reset.ts';
import type { Finding } from '../../../findings/findings.ts';
import { foundAndRequired, observedOrUnknown } from '../../../findings/prose/evidence.ts';
import { deathInWords } from '../../../findings/prose/memory.ts';
import { revisionsInWords, unreadInWords } from '../../../findings/prose/revisions.ts';
import { doubtInWords } from '../../../findings/rules/words.ts';
import { GRAVEST_FIRST } from '../../../findings/worst.ts';
import { hex } from '../../../hex.ts';
import type { FateReport, RevisionSplit, RmrReport, SmmuReport } from '../../../inspect/inspection.ts';
import { deviceCountsInWords, fateInWords, fateTone } from '../../prose/adoption/fate.ts';
import { comparisonInWords } from '../../prose/adoption/log-comparison.ts';
import { lossInWords } from '../../prose/adoption/loss.ts';
import { count } from '../../prose/quantities.ts';
import { SEVERITY_TONES } from '../findings.ts';
import { alarm, code, type Fact, facts, joined, type Prose, type Section, type Tone, toned } from '../section.ts';
import { groupedSplits } from './revisions.ts';

/** The answer in one line: what becomes of the SMMU, and by which revision. */
export interface Headline {
  readonly tone: Tone;
  readonly name: string;
  readonly answer: Prose;
  readonly revision: string;
}

export function headline(smmu: SmmuReport): Headline {
  const words = fateInWords(smmu);
  const { adoption, errno, next, assuming } = words;
  const answer: Prose[] = [{ ...adoption, kind: 'answer' }];
  if (errno !== null) answer.push(` (-${errno})`);
  if (next !== null) answer.push(', ', { ...next, kind: 'answer' });
  if (assuming !== null) answer.push(`, assuming ${assuming}`);
  return { tone: fateTone(words), name: smmu.name, answer, revision: smmu.adoption.revision };
}

/** `about`: all findings that concern the SMMU, those about the input among them. */
export function verdict(smmu: SmmuReport, about: readonly Finding[]): Section {
  const { panic, lost, devices } = smmu;
  return {
    id: 'verdict',
    title: 'Verdict',
    blocks: [
      facts([
        decidedBy(smmu),
        [
          'Then',
          panic && [
            'the kernel dies in ',
            code(panic.where),
            panic.inferred ? ' (inferred) reading ' : ' reading ',
            code(hex(panic.address)),
            ': ',
            deathInWords(panic.why),
          ],
        ],
        ['Lost', lost && lossInWords(lost)],
        ['In-flight DMA', inFlight(smmu)],
        ['Table', keptTable(smmu)],
        ['Devices', devices.length === 0 ? null : deviceCountsInWords(devices)],
        ['Revisions', partings(smmu)],
        ['Caveat', caveat(smmu)],
        ['Captured log', againstLog(smmu)],
        ['Findings', findingCounts(about)],
      ]),
    ],
  };
}

function decidedBy({ adoption, dmesg }: SmmuReport): Fact | readonly [string, null] {
  const { decidedBy: check, doubt } = adoption;
  if (doubt !== null) return ['Registers', doubtInWords(doubt)];
  if (check === null) return ['Decided by', null];
  const { id, observed } = check;
  if (!isUnknown(check)) return ['Decided by', [code(id), `: ${foundAndRequired(check)}`]];
  const settled = adoption.settledByLog ? ['; ', code(dmesg?.file ?? 'the log'), ' tells what comes of it'] : '';
  return ['Not known', [code(id), `: ${observedOrUnknown(observed)}`, settled]];
}

export const IN_FLIGHT: Readonly<Record<InFlight, { readonly tone: Tone; readonly text: string }>> = {
  translated: { tone: 'good', text: 'translated' },
  aborted: { tone: 'warn', text: 'aborted' },
  bypassed: { tone: 'bad', text: 'bypassed: IOVAs are used as physical addresses' },
  unknown: { tone: 'unknown', text: 'bypassed or aborted, as GBPA.ABORT says, which is not in the snapshot' },
};

/** Without a kind: nothing goes on that could be said in short. */
const IN_FLIGHT_BY_FATE: Readonly<Partial<Record<FateReport['kind'], string>>> = {
  adopted: 'goes on translating',
  'falls-back': "is aborted; the crashed kernel's table is replaced by an empty one",
  'never-programmed': "goes on translating; so does new DMA, by the crashed kernel's STEs instead of its own",
  'probe-fails': 'goes on translating: the SMMU stays as the crashed kernel left it, and no device gets a domain',
};

/** What meets the DMA of devices that nobody has stopped, in the end; the reset's section has every phase. */
function inFlight({ fate, lost, rmr }: SmmuReport): Prose | null {
  if (lost !== null) return `is ${IN_FLIGHT[lost.inFlight].text}`;
  const whole = IN_FLIGHT_BY_FATE[fate.kind] ?? null;
  if (whole === null || fate.kind !== 'adopted') return whole;
  // Through v5: their STEs are replaced before the reset.
  const named = (kept: boolean | null) => sidsInWords(rmr.filter((one) => one.kept === kept));
  const [bypassed, open] = [named(false), named(null)];
  return (
    whole +
    (bypassed === null
      ? ''
      : `, but for ${bypassed} of reserved regions, bypassed from now on: IOVAs become physical`) +
    (open === null ? '' : `; what becomes of ${open} of reserved regions cannot be told`)
  );
}

function sidsInWords(entries: readonly RmrReport[]): string | null {
  const [first] = entries;
  if (first === undefined) return null;
  return entries.length === 1 ? `SID ${hex(first.sid)}` : `${entries.length} SIDs (${hex(first.sid)} first)`;
}

function keptTable({ adoption, fate }: SmmuReport): Prose | null {
  const { verdict: result, format, entries } = adoption;
  if (result !== 'adopted' || entries === null) return null;
  const what = format === '2lvl' ? `two-level, ${count(entries, 'L1 descriptor')}` : `linear, ${count(entries, 'STE')}`;
  return `${what}: ${fate.kind === 'adopted' ? 'stays in use' : 'was taken over'}`;
}

function partings({ splits }: SmmuReport): Prose | null {
  if (splits === null) return null;
  if (splits.length === 0) return 'all known ones do the same';
  return joined(
    groupedSplits(splits).map((list) => {
      const { from, check, aspect } = list[0] as RevisionSplit;
      const names = revisionsInWords(list.map(({ revision }) => revision));
      return [`${names} ${list.length > 1 ? 'part' : 'parts'} from ${from} at `, code(check ?? aspect)];
    }),
    '; ',
  );
}

/** Where all revisions are shown, this stands beside them. */
function caveat({ adoption: { revision, unread }, splits }: SmmuReport): Prose | null {
  return unread === null || splits !== null ? null : unreadInWords(unread, [revision]);
}

function againstLog(smmu: SmmuReport): Prose | null {
  const compared = comparisonInWords(smmu);
  if (compared === null) return null;
  const judged = {
    'as predicted': ' is as predicted',
    'not as predicted': [' is ', alarm('not as predicted')],
    open: '',
  }[compared.how];
  return [code(smmu.dmesg?.file ?? ''), judged, `: ${compared.rest}`];
}

/** `1 error, 2 notes`, or `none`. */
export function findingCounts(findings: readonly Finding[]): Prose {
  const parts = GRAVEST_FIRST.flatMap((severity) => {
    const number = findings.filter((finding) => finding.severity === severity).length;
    return number === 0 ? [] : [toned(SEVERITY_TONES[severity], count(number, severity))];
  });
  return parts.length === 0 ? 'none' : joined(parts, ', ');
}
