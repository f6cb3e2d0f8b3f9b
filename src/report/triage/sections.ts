/** What is there to show of a triage? Its causes, and each crash in one row. */

import { revisionsInWords } from '../../findings/prose/revisions.ts';
import type { CrashGroup, CrashRow, CrashSmmu, NotSearched, Status, TriageReport } from '../../triage/crash.ts';
import { decidingSmmu } from '../../triage/results/fingerprint.ts';
import { count, grouped } from '../prose/quantities.ts';
import type { Tone } from '../prose/tone.ts';
import { type Cell, type Column, notes, type Section, type Table } from '../sections/section.ts';

/** A column, and what it has of a row. */
export interface Shown<T> extends Column {
  readonly of: (row: T) => Cell;
}

/** How rows are shown: the columns of the causes and of the crashes, and how many crashes. */
export interface Showing {
  readonly causes: readonly Shown<CrashGroup>[];
  readonly crashes: readonly Shown<CrashRow>[];
  readonly mostRows: number;
}

/** `report` has been made safe to print. */
export function triageSections({ crashes, groups, notSearched }: TriageReport, showing: Showing): Section[] {
  const causes = tableOf('Causes', showing.causes, groups, ({ example }) => example.smmu);
  const rows = tableOf('Crashes', showing.crashes, crashes, ({ smmus }) => decidingSmmu(smmus));
  return [
    {
      id: 'causes',
      title: 'Causes',
      aside: `${count(groups.length, 'cause')}, the most frequent first`,
      blocks: [{ table: causes }],
    },
    { id: 'crashes', title: 'Crashes', blocks: [{ table: { ...rows, most: showing.mostRows } }] },
    ...left(notSearched),
  ];
}

function tableOf<T>(
  label: string,
  columns: readonly Shown<T>[],
  all: Iterable<T>,
  smmuOf: (row: T) => CrashSmmu | null,
): Table {
  const rows = function* () {
    for (const row of all) yield { tone: toneOf(smmuOf(row)), cells: columns.map((column) => column.of(row)) };
  };
  return { label, columns, rows: { [Symbol.iterator]: rows } };
}

/** One word for what became of a crash, by the SMMU that decides. */
export function outcomeOf(status: Status, smmu: CrashSmmu | null): string {
  if (status !== 'ok') return OUTCOMES[status];
  return smmu === null ? 'no SMMU' : OUTCOMES[smmu.fate];
}

const OUTCOMES: Readonly<Record<CrashSmmu['fate'] | Exclude<Status, 'ok'>, string>> = {
  adopted: 'adopted',
  'falls-back': 'falls back',
  'kernel-dies': 'KERNEL DIES',
  'smmu-lost': 'SMMU LOST',
  'not-attempted': 'not attempted',
  'probe-fails': 'probe fails',
  'never-programmed': 'never programmed',
  unknown: 'cannot be told',
  failed: 'failed',
  timeout: 'timed out',
  skipped: 'left out',
};

/** The same of a row, which says how many SMMUs there are. */
export function rowOutcome({ status, smmus }: CrashRow): string {
  const others = smmus.length > 1 ? ` (1 of ${smmus.length} SMMUs)` : '';
  return `${outcomeOf(status, decidingSmmu(smmus))}${others}`;
}

/** `v1 and v2: adopted; v3 to v10: falls back (two-level.l1-descriptors)`. */
export function revisionsOf(smmu: CrashSmmu | null): string | null {
  const all = (smmu?.revisions ?? []).map(({ revisions, fate, decidedBy }) => {
    const why = decidedBy === null ? '' : ` (${decidedBy})`;
    return `${revisionsInWords(revisions)}: ${OUTCOMES[fate]}${why}`;
  });
  return all.length === 0 ? null : all.join('; ');
}

/** `error l1-span-unsupported`. */
export function worstOf(smmu: CrashSmmu | null): string | null {
  const worst = smmu?.worst ?? null;
  return worst === null ? null : `${worst.severity} ${worst.rule}`;
}

/** `2026-11-02 03:04:05`, and the zone where it is known. */
export function shortTime(when: string): string {
  return when.replace('T', ' ');
}

/** From the first to the last. */
export function spanOf({ first, last }: CrashGroup): string | null {
  if (first === null || last === null) return null;
  return first === last ? shortTime(first) : `${shortTime(first)} to ${shortTime(last)}`;
}

/** How many. */
export const COUNT: Shown<CrashGroup> = { title: 'Count', kind: 'number', of: (group) => grouped(group.count) };

const TONES: Readonly<Record<CrashSmmu['fate'], Tone>> = {
  adopted: 'good',
  'falls-back': 'bad',
  'not-attempted': 'warn',
  'kernel-dies': 'bad',
  'smmu-lost': 'bad',
  'probe-fails': 'bad',
  'never-programmed': 'bad',
  unknown: 'unknown',
};

function toneOf(smmu: CrashSmmu | null): Tone {
  return smmu === null ? 'unknown' : TONES[smmu.fate];
}

function left(places: readonly NotSearched[]): Section[] {
  if (places.length === 0) return [];
  return [{ id: 'not-searched', title: 'Not searched', blocks: [notes(...places.map(notSearchedInWords))] }];
}

const NOT_SEARCHED: Readonly<Record<NotSearched['why'], string>> = {
  unreadable: 'cannot be read',
  'too-deep': 'what lies further below is too deep; name it itself',
  'too-many-folders': 'it and everything behind it, because there are more than a million folders; name them in parts',
  'too-many-files': 'only the first 65,536 entries were looked at',
  'no-end':
    'does not say that its run ended, so that what that did not come to is not known; with --resume, a run says it',
};

function notSearchedInWords({ path, why, code }: NotSearched): string {
  return `${path}: ${NOT_SEARCHED[why]}${code === null ? '' : ` (${code})`}`;
}
