/**
 * What do the known revisions of the series do, and where does each part from the one reported? There are many of them,
 * and most do as their neighbours do: those share a column, and what all of them do alike is said once.
 */

import { failed } from '../../../adopt/checks.ts';
import type { Verdict } from '../../../adopt/emulate.ts';
import { isCommandQueueStuck, type Reset } from '../../../adopt/reset.ts';
import { REVISIONS } from '../../../adopt/revisions/revisions.ts';
import { neighbours, revisionsInWords, unreadInWords } from '../../../findings/prose/revisions.ts';
import { splitInWords } from '../../../findings/prose/split.ts';
import { hex } from '../../../hex.ts';
import type { DeviceReport, RevisionOutcome, RevisionSplit, SmmuReport } from '../../../inspect/inspection.ts';
import { count } from '../../prose/quantities.ts';
import { logLines } from '../log.ts';
import { type Block, code, type Fact, facts, notes, type Row, type Section } from '../section.ts';

/** A hostile dump can have every device refused; a cell is for a handful. */
const MAX_REFUSED_NAMED = 16;

/** More do not fit side by side. */
const MAX_COLUMNS = 4;

/** In a word or two. */
const VERDICTS: Readonly<Record<Verdict, string>> = {
  adopted: 'adopted',
  fallback: 'falls back',
  'never-programmed': 'never programmed',
  'probe-fails': 'probe fails',
  'not-attempted': 'not attempted',
  indeterminate: 'cannot be told',
  panic: 'kernel dies',
};

/** What is compared. Null where there is nothing to say. */
const ROWS: readonly [label: string, cell: (outcome: RevisionOutcome, smmu: SmmuReport) => string | null][] = [
  ['Adoption', ({ verdict, errno }) => VERDICTS[verdict] + (errno === null ? '' : ` (-${errno})`)],
  ['Decided by', ({ decidedBy }) => failed(decidedBy)?.id ?? null],
  ['Devices refused', devicesRefused],
  [
    'RMR entries',
    ({ verdict, revision }, { rmr }) => {
      if (verdict !== 'adopted' || rmr.length === 0) return null;
      return REVISIONS.get(revision)?.skipsRmr === true ? 'kept' : 'become bypass';
    },
  ],
  ['Attaches deferred', attachesDeferred],
  ['Ends in', endsIn],
  ['CR0 after the reset', (outcome) => afterReset(outcome, ({ cr0 }) => cr0.after, hex)],
  ['ATSCHK after it', (outcome) => afterReset(outcome, ({ atschk }) => atschk.after, String)],
  ['Caches', ({ reset }) => (reset !== null && isCommandQueueStuck(reset) ? 'not flushed: CMDQ_ERR' : null)],
  ['IDs reserved', idsReserved],
];

const UNKNOWN = 'unknown';

/** Whether anybody comes to the devices: null where that cannot be told. A kernel that dies on the way answers for none. */
function comesToDevices({ fate, reset }: RevisionOutcome): boolean | null {
  if (fate.kind === 'unknown' && reset === null) return null;
  return fate.kind !== 'probe-fails' && fate.kind !== 'kernel-dies';
}

function devicesRefused(outcome: RevisionOutcome): string | null {
  const { devices } = outcome;
  const refused = devices.filter(({ fate }) => fate === 'refused').flatMap(({ sids }) => sids);
  if (refused.length === 0 && comesToDevices(outcome) !== true)
    return comesToDevices(outcome) === null ? UNKNOWN : null;
  const more = refused.length - MAX_REFUSED_NAMED;
  const named = refused.slice(0, MAX_REFUSED_NAMED).map(hex).join(', ') || 'none';
  return withUnknown(
    more > 0 ? `${named} and ${more} more` : named,
    devices.filter(({ fate }) => fate === 'unknown').length,
  );
}

function attachesDeferred(outcome: RevisionOutcome): string | null {
  if (comesToDevices(outcome) !== true) return comesToDevices(outcome) === null ? UNKNOWN : null;
  const { devices } = outcome;
  const open = ({ fate, deferred }: DeviceReport) => deferred === null && (fate === 'unknown' || fate === 'accepted');
  return withUnknown(String(devices.filter(({ deferred }) => deferred === true).length), devices.filter(open).length);
}

function withUnknown(shown: string, unknown: number): string {
  return unknown === 0 ? shown : `${shown}, ${unknown} unknown`;
}

function afterReset(
  { reset, fate }: RevisionOutcome,
  of: (reset: Reset) => number | null,
  shown: (value: number) => string,
): string {
  if (reset === null) return fate.kind === 'unknown' ? UNKNOWN : 'no reset';
  const value = of(reset);
  return value === null ? UNKNOWN : shown(value);
}

/** An adoption that fails before its scan reserves nothing, as one by a revision that makes none. */
function idsReserved({ revision, verdict, reserved, idScan }: RevisionOutcome): string | null {
  if (REVISIONS.get(revision)?.reservesIds !== true) return 'no scan';
  if (verdict === 'panic') return null;
  if (verdict === 'indeterminate' || idScan?.outcome === 'unknown') return UNKNOWN;
  if (idScan === null) return 'no scan';
  return `${count(reserved.asids.length, 'ASID')}, ${count(reserved.vmids.length, 'VMID')}`;
}

function endsIn({ fate, panic }: RevisionOutcome): string | null {
  if (fate.kind === 'kernel-dies') return `panic in ${panic?.where}`;
  if (fate.kind === 'probe-fails' && fate.after !== null) return 'probe fails: no memory';
  return fate.kind === 'smmu-lost' ? 'SMMU lost' : null;
}

/** A revision with its cells. */
type Told = readonly [revision: string, cells: readonly (string | null)[]];

/** Null unless all revisions were asked for. */
export function revisions(smmu: SmmuReport): Section | null {
  const { adoptions, splits, adoption, name } = smmu;
  if (adoptions === null || splits === null) return null;
  const outcomes = Object.entries(adoptions);
  const told = outcomes.map(([revision, outcome]): Told => [revision, ROWS.map(([, cell]) => cell(outcome, smmu))]);
  const groups = neighbours(told, ([, cells]) => JSON.stringify(cells)).map(([, list]) => list);
  const logs = neighbours(outcomes, ([, { kernelLog }]) => JSON.stringify(kernelLog)).map(([, list]) => {
    const [, { kernelLog }] = list[0] as (typeof outcomes)[number];
    return {
      cells: [equal(list.map(([revision]) => revision)), count(kernelLog.length, 'line')],
      inside: () => [logLines(name, kernelLog)],
    };
  });
  return {
    id: 'revisions',
    title: 'Revisions side by side',
    short: 'Revisions',
    ...(groups.length > 1 ? { aside: 'where they differ' } : {}),
    blocks: [
      ...tables(groups, adoption.revision),
      notes(inAll(groups), splits.length === 0 && `No other parts from ${adoption.revision}.`),
      facts(partings(splits)),
      notes(...caveats(outcomes)),
      { table: { label: 'The log of each', columns: [{ title: 'Revision' }, { title: 'Prints' }], rows: logs } },
    ],
  };
}

/** `v6 = v7`; of more neighbours the first and the last. */
function equal(names: readonly string[]): string {
  return names.length < 3 ? names.join(' = ') : revisionsInWords(names);
}

/** As many as it takes, of as many columns as fit; none where all revisions do the same. */
function tables(groups: readonly (readonly Told[])[], reported: string): Block[] {
  if (groups.length < 2) return [];
  const tablesNeeded = Math.ceil(groups.length / MAX_COLUMNS);
  const columnsEach = Math.ceil(groups.length / tablesNeeded);
  const parts = Array.from({ length: tablesNeeded }, (_, i) => groups.slice(i * columnsEach, (i + 1) * columnsEach));
  return parts.map((part) => {
    const columns = part.map((list) => {
      const names = list.map(([revision]) => revision);
      return { title: names.includes(reported) ? `${equal(names)}, as above` : equal(names) };
    });
    const rows = ROWS.flatMap(([label], i): Row[] => {
      if (!differs(groups, i)) return [];
      return [{ tone: 'warn', cells: [label, ...part.map((list) => list[0]?.[1][i] ?? null)] }];
    });
    return { table: { label: 'Revisions', columns: [{ title: '' }, ...columns], rows } };
  });
}

function differs(groups: readonly (readonly Told[])[], row: number): boolean {
  return new Set(groups.map((list) => list[0]?.[1][row])).size > 1;
}

/** What is the same whichever it is. */
function inAll(groups: readonly (readonly Told[])[]): string | null {
  const same = ROWS.flatMap(([label], i) => {
    const cell = groups[0]?.[0]?.[1][i] ?? null;
    return cell === null || differs(groups, i) ? [] : [`${label}: ${cell}`];
  });
  return same.length === 0 ? null : `In all of them: ${same.join('; ')}.`;
}

/** What of them could not be read as posted. */
function caveats(outcomes: readonly (readonly [string, RevisionOutcome])[]): string[] {
  return (['adopt', 'reset'] as const).flatMap((part) => {
    const names = outcomes.filter(([, { unread }]) => unread === part).map(([revision]) => revision);
    return names.length === 0 ? [] : [`Mind that ${unreadInWords(part, names)}.`];
  });
}

/** Where the others part, those that do it alike in one line. */
function partings(splits: readonly RevisionSplit[]): Fact[] {
  return groupedSplits(splits).map((list) => {
    const { from, check, aspect, why } = list[0] as RevisionSplit;
    const verb = list.length > 1 ? 'part' : 'parts';
    return [
      revisionsInWords(list.map(({ revision }) => revision)),
      [`${verb} from ${from} at `, code(check ?? aspect), `: ${splitInWords(why)}`],
    ];
  });
}

/** Neighbours that part at the same thing in the same way, but for their names. */
export function groupedSplits(splits: readonly RevisionSplit[]): RevisionSplit[][] {
  return neighbours(splits, ({ check, aspect, why, revision }) => {
    const sentence = splitInWords(why).replaceAll(new RegExp(`\\b${revision}\\b`, 'g'), '');
    return JSON.stringify([check, aspect, sentence]);
  }).map(([, list]) => list);
}
