/** The row of a crash: whatever text is in it is written here. */

import { hex } from '../../hex.ts';
import type { Inspection, SmmuReport } from '../../inspect/inspection.ts';
import {
  type Analysis,
  COMPANIONS,
  type Companion,
  type Crash,
  type CrashRow,
  type CrashSmmu,
  type Failure,
  type PaddrRange,
  type Status,
  type Unused,
} from '../../triage/crash.ts';
import { causeOf, fingerprintOfRow, revisionsOf } from '../../triage/results/fingerprint.ts';
import type { RowFrame } from '../../triage/triage.ts';
import type { Limits } from '../../triage/worker-process.ts';
import { limitInWords } from '../prose/limits.ts';
import { headline } from '../sections/adoption/verdict.ts';
import type { Prose } from '../sections/section.ts';
import { findingsAbout } from '../sections/smmu.ts';
import { paintedProse } from '../text/prose.ts';
import { plainStyle } from '../text/style.ts';
import { meantInWords } from './taken.ts';

/** What became of each SMMU, as the text report says it. */
export function smmuRows(inspection: Inspection): CrashSmmu[] {
  return inspection.smmus.map((smmu) => smmuRow(smmu, inspection));
}

function smmuRow(smmu: SmmuReport, inspection: Inspection): CrashSmmu {
  const { worst, decidedBy, device, driver, fingerprint } = causeOf(smmu, inspection);
  const about = findingsAbout(smmu, inspection);
  const revisions = revisionsOf(smmu);
  const count = (wanted: string) => about.filter(({ severity }) => severity === wanted).length;
  return {
    name: smmu.name,
    verdict: smmu.adoption.verdict,
    fate: smmu.fate.kind,
    decidedBy,
    outcome: spoken(headline(smmu).answer),
    errors: count('error'),
    warnings: count('warning'),
    notes: count('note'),
    worst: worst && { rule: worst.rule, severity: worst.severity, message: worst.message },
    device,
    driver,
    fingerprint,
    ...(revisions === undefined ? {} : { revisions }),
  };
}

/** As it stands in a text without colours. */
function spoken(prose: Prose): string {
  return paintedProse(PLAIN, prose)
    .map(({ text }) => text)
    .join('');
}

const PLAIN = plainStyle(100);

/** How rows are made under these limits; where files are not to be named, by what is said without their names. */
export function rowMaker(
  limits: Limits,
  nameless = false,
): (crash: Crash, analysis: Analysis, frame: RowFrame) => CrashRow {
  return (crash, analysis, frame) => {
    const { name, path, dump, when, host } = crash;
    const unused = analysis.status === 'ok' ? analysis.unused : [];
    const companions = Object.fromEntries(
      COMPANIONS.map((one) => [one, unused.some(({ companion }) => companion === one) ? null : crash[one]]),
    ) as Record<Companion, string | null>;
    const isOk = analysis.status === 'ok';
    const failure = isOk ? null : analysis.failure;
    const smmus = isOk ? analysis.smmus : [];
    return {
      crash: name,
      path,
      when: (isOk ? analysis.when : null) ?? when,
      host,
      kernel: isOk ? analysis.kernel : null,
      dump,
      ...companions,
      status: failure === null ? 'ok' : (STATUS[failure] ?? 'failed'),
      exitCode: isOk ? analysis.exitCode : 2,
      failure,
      why: whyOf(crash, analysis, limits, nameless),
      fingerprint: fingerprintOfRow(smmus, isOk ? null : analysis),
      smmus,
      ...frame,
    };
  };
}

/** Why there is no result; and what of the files beside the dump was not used for it, or might have helped. */
function whyOf(crash: Crash, analysis: Analysis, limits: Limits, nameless: boolean): string | null {
  const limited = analysis.status === 'ok' ? undefined : limitInWords(analysis.failure, limits);
  const unused = analysis.status === 'ok' ? unusedInWords(analysis.unused, nameless) : [];
  const couldHelp = crash.problem === null && limited === undefined;
  const whys = [
    couldHelp ? missingInWords(crash.missing ?? []) : null,
    analysis.status === 'ok' ? null : ((nameless ? analysis.reason : analysis.why) ?? limited ?? analysis.failure),
    couldHelp ? notUsed([...unused, ...meantInWords(crash, nameless)]) : null,
    analysis.status === 'ok' ? unwrittenInWords(analysis.unwritten) : null,
  ].filter((why) => why !== null);
  return whys.length === 0 ? null : whys.join('; ');
}

function missingInWords(ranges: readonly PaddrRange[]): string | null {
  const words = ranges.slice(0, MAX_RANGES).map(({ from, to }) => `${hex(from)} to ${hex(to - 1)}`);
  const more = ranges.length > MAX_RANGES ? ', and more' : '';
  return words.length === 0
    ? null
    : `parts of the dump are missing: no file has the memory from ${words.join(', ')}${more}`;
}

const MAX_RANGES = 4;

function notUsed(whys: readonly string[]): string | null {
  return whys.length === 0 ? null : `not used: ${whys.join('; ')}`;
}

function unusedInWords(unused: readonly Unused[], nameless: boolean): string[] {
  return unused.map(({ companion, why, reason }) => (nameless ? `${companion} ${reason ?? ''}`.trim() : why));
}

function unwrittenInWords(reason: string | null): string | null {
  return reason === null ? null : `its report ${reason}`;
}

const STATUS: Partial<Readonly<Record<Failure, Status>>> = { time: 'timeout', link: 'skipped' };
