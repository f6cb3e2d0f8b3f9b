/** The shape of `triage`: a row for each crash, crashes of one cause together, and how many there are. */

import { verdict } from '../../findings/rules/vocabulary.ts';
import {
  choice,
  count,
  define,
  flag,
  list,
  mapOf,
  matching,
  nullable,
  numeric,
  object,
  optional,
  type Shape,
  text,
  words,
} from '../../shape.ts';
import type {
  CrashGroup,
  CrashRow,
  CrashSmmu,
  NotSearched,
  RevisionsFate,
  Totals,
  TriageReport,
} from '../../triage/crash.ts';
import { fateKind } from './parts/adoption.ts';
import { preamble, redacted } from './parts/common.ts';

const STATUSES = ['ok', 'failed', 'timeout', 'skipped'] as const;
const FAILURES = ['usage', 'file', 'format', 'snapshot', 'internal', 'time', 'memory', 'died', 'link'] as const;

const status = choice(...STATUSES);
const when = matching(/^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}Z?)?$/);
const file = (what: string) => [`${what}, below its folder`, nullable(text)] as const;

const revisionsFate = define(
  'revisionsFate',
  'What revisions that were posted one after the other make of an SMMU, where it is the same for all of them',
  object<RevisionsFate>()({
    revisions: ['Their names', list(matching(/^(v[0-9]+|next)$/))],
    verdict: ['How the adoption ends', verdict],
    fate: ['What becomes of the SMMU in the end', fateKind],
    decidedBy: ['What decided, as for the SMMU itself', nullable(words)],
  }),
);

const smmu = define(
  'smmu',
  'What became of one SMMU, and why',
  object<CrashSmmu>()({
    name: ['Its name', text],
    verdict: ['How the adoption ends', verdict],
    fate: ['What becomes of the SMMU in the end', fateKind],
    decidedBy: [
      'The check that decided, or why the registers cannot be believed; null where none did',
      nullable(words),
    ],
    outcome: ['The same in words: the headline of the text report', words],
    errors: ['Findings of this severity', count],
    warnings: ['Findings of this severity', count],
    notes: ['Findings of this severity', count],
    worst: [
      'The gravest finding of the widest reach',
      nullable(
        object<NonNullable<CrashSmmu['worst']>>()({
          rule: ['Its rule', words],
          severity: ['How grave it is', choice('error', 'warning', 'note')],
          message: ['What it says', text],
        }),
      ),
    ],
    device: ['The device that the worst finding is about, or that was refused, or that faulted', nullable(text)],
    driver: ['Its driver', nullable(text)],
    fingerprint: ['The cause, without addresses: verdict, check, rule, driver', words],
    revisions: [
      'What every revision makes of it, in their order; there only where all were asked for',
      optional(list(revisionsFate)),
    ],
  }),
);

const crash = define(
  'crash',
  'One crash',
  object<CrashRow>()({
    crash: ['What it is called', text],
    path: ['Where it is, as it was named', text],
    when: ['Day, or day and time; with Z in UTC, without in the time of whoever named the folder', nullable(when)],
    host: ['The machine', nullable(text)],
    kernel: ['Release of the kernel that crashed', nullable(text)],
    dump: ['Files of the dump, below its folder', list(text)],
    regs: file('The register snapshot, or capture'),
    dmesg: file('The log of the kdump kernel'),
    log: file('The log of the crashed kernel'),
    iomem: file('The copy of /proc/iomem'),
    iort: file('The IORT'),
    dtb: file('The device tree'),
    status: ['Whether it was analysed', status],
    exitCode: ['What inspect ends with', choice(0, 1, 2, 3)],
    seconds: ['How long that took', numeric],
    failure: ['What kind of failure it is; null where it was analysed', nullable(choice(...FAILURES))],
    why: ['Why it was not analysed', nullable(text)],
    fingerprint: ['That of its group', words],
    smmus: ['Its SMMUs', list(smmu)],
    report: ['The file of its own report', nullable(text)],
    shard: ['The part of the whole that it is in', nullable(matching(/^[0-9]+\/[0-9]+$/))],
    identity: ['Of its files and of what was asked: while it is the same, so is the row', text],
    redacted,
  }),
);

const group = define(
  'group',
  'Crashes of one cause',
  object<CrashGroup>()({
    fingerprint: ['The cause', words],
    count: ['How many crashes', count],
    first: ['When the first of them was, of those that say when', nullable(when)],
    last: ['When the last of them was', nullable(when)],
    kernels: ['Releases of their kernels, the first few', list(text)],
    devices: ['Devices that they are about, the first few', list(text)],
    example: [
      'One of them',
      object<CrashGroup['example']>()({
        path: ['Where it is', text],
        status: ['Whether it was analysed', status],
        why: ['Why it was not', nullable(text)],
        smmu: ['The SMMU that decides', nullable(smmu)],
      }),
    ],
  }),
);

const notSearched = define(
  'notSearched',
  'A place that was not searched, or not to its end',
  object<NotSearched>()({
    path: ['Where', text],
    why: ['Why', choice('unreadable', 'too-deep', 'too-many-folders', 'too-many-files', 'no-end')],
    code: ['What the system said', nullable(text)],
  }),
);

export const TRIAGE: Shape<TriageReport> = object<TriageReport>()({
  ...preamble,
  crashes: ['The crashes, in the order of their paths', list(crash)],
  groups: ['Crashes of one cause, the most frequent first', list(group)],
  totals: [
    'How many there are',
    object<Totals>()({
      crashes: ['Crashes', count],
      ok: ['Those that were analysed', count],
      failed: ['Those that could not be', count],
      timeout: ['Those that took too long', count],
      skipped: ['Those that were left out', count],
      exitCodes: ['By what inspect ends with', mapOf(/^[0-3]$/, count)],
      resumed: ['Those that an earlier run had done', count],
      complete: ['False where the run was ended before all were looked at', flag],
      exitCode: ['Exit status of the command', choice(0, 1, 2, 3)],
    }),
  ],
  notSearched: ['Places that were not searched, the first few', list(notSearched)],
  redacted,
});

/** One row, as a line of `--format ndjson` has it. */
export const CRASH = crash;
