/** What is there to show of a triage? How many crashes, their causes, and each in one row. */

import type { CrashGroup, CrashRow, CrashSmmu, NotSearched, Status, TriageReport } from '../../triage/crash.ts';
import { decidingSmmu } from '../../triage/fingerprint.ts';
import { count, grouped } from '../prose/quantities.ts';
import type { Tone } from '../prose/tone.ts';
import { type Cell, notes, type Prose, type Row, type Section } from '../sections/section.ts';

/** Where the own report of a crash is, seen from this one; null where it cannot be linked to. */
export type Link = (report: string) => string | null;

/** `report` has been made safe to print. */
export function triageSections(report: TriageReport, link: Link, mostRows: number): Section[] {
  const { crashes, groups, notSearched } = report;
  return [
    causes(groups),
    {
      id: 'crashes',
      title: 'Crashes',
      blocks: [
        {
          table: {
            label: 'Crashes',
            columns: [
              { title: 'Crash', kind: 'code' },
              { title: 'Outcome', kind: 'code' },
              { title: 'Worst finding', kind: 'code', optional: true },
              { title: 'When', kind: 'code', yields: 'below', optional: true },
              { title: 'Device', kind: 'code', yields: 'below', optional: true },
              { title: 'Decided by', kind: 'code', yields: 'below', optional: true },
              { title: 'Host', kind: 'code', yields: 'below', optional: true },
              { title: 'Kernel', kind: 'code', yields: 'below', optional: true },
              { title: 'Why', yields: 'below', optional: true },
            ],
            rows: rowsOf(crashes, link),
            most: mostRows,
          },
        },
      ],
    },
    ...left(notSearched),
  ];
}

function causes(groups: readonly CrashGroup[]): Section {
  return {
    id: 'causes',
    title: 'Causes',
    aside: `${count(groups.length, 'cause')}, the most frequent first`,
    blocks: [
      {
        table: {
          label: 'Causes',
          columns: [
            { title: 'Count', kind: 'number' },
            { title: 'Outcome', kind: 'code' },
            { title: 'Worst finding', kind: 'code', optional: true },
            { title: 'Decided by', kind: 'code', yields: 'below', optional: true },
            { title: 'Driver', kind: 'code', yields: 'below', optional: true },
            { title: 'When', kind: 'code', yields: 'below', optional: true },
            { title: 'Example', kind: 'code', yields: 'below' },
            { title: 'Why', yields: 'below', optional: true },
          ],
          rows: groups.map(causeRow),
        },
      },
    ],
  };
}

function causeRow({ count: number, first, last, example }: CrashGroup): Row {
  const { smmu, status, why, path } = example;
  const from = first === null ? null : shortTime(first);
  const span = last === first ? from : `${from} to ${shortTime(last as string)}`;
  const cells = [grouped(number), outcomeOf(smmu, status), worstOf(smmu), smmu?.decidedBy ?? null];
  return { tone: toneOf(smmu), cells: [...cells, smmu?.driver ?? null, span, path, why] };
}

function* rowsOf(crashes: Iterable<CrashRow>, link: Link): Generator<Row> {
  for (const row of crashes) yield crashRow(row, link);
}

function crashRow({ crash, when, host, kernel, status, smmus, why, report }: CrashRow, link: Link): Row {
  const smmu = decidingSmmu(smmus);
  const others = smmus.length > 1 ? ` (1 of ${smmus.length} SMMUs)` : '';
  const href = report === null ? null : link(report);
  const name: Prose = href === null ? crash : { text: crash, href };
  const cells: Cell[] = [name, `${outcomeOf(smmu, status)}${others}`, worstOf(smmu), when && shortTime(when)];
  return { tone: toneOf(smmu), cells: [...cells, smmu?.device ?? null, smmu?.decidedBy ?? null, host, kernel, why] };
}

const OUTCOMES: Readonly<Record<CrashSmmu['fate'] | Exclude<Status, 'ok'>, string>> = {
  adopted: 'adopted',
  'falls-back': 'falls back',
  'kernel-dies': 'KERNEL DIES',
  'smmu-lost': 'SMMU LOST',
  'not-attempted': 'not attempted',
  unknown: 'cannot be told',
  failed: 'failed',
  timeout: 'timed out',
  skipped: 'left out',
};

function outcomeOf(smmu: CrashSmmu | null, status: Status): string {
  if (status !== 'ok') return OUTCOMES[status];
  return smmu === null ? 'no SMMU' : OUTCOMES[smmu.fate];
}

function worstOf(smmu: CrashSmmu | null): string | null {
  const worst = smmu?.worst ?? null;
  return worst === null ? null : `${worst.severity} ${worst.rule}`;
}

/** `2026-11-02 03:04:05`, and the zone where it is known. */
function shortTime(when: string): string {
  return when.replace('T', ' ');
}

const TONES: Readonly<Record<CrashSmmu['fate'], Tone>> = {
  adopted: 'good',
  'falls-back': 'bad',
  'not-attempted': 'warn',
  'kernel-dies': 'bad',
  'smmu-lost': 'bad',
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
};

/** `/var/crash/x: cannot be read (EACCES)`. */
export function notSearchedInWords({ path, why, code }: NotSearched): string {
  return `${path}: ${NOT_SEARCHED[why]}${code === null ? '' : ` (${code})`}`;
}
