/** What is the cause, in words that two crashes of one cause share? No address, no StreamID, no name of a machine. */

import { findingsOf } from '../../findings/by-smmu.ts';
import type { Finding } from '../../findings/findings.ts';
import { neighbours } from '../../findings/prose/revisions.ts';
import { isGraver, worstOf } from '../../findings/worst.ts';
import type { Inspection, SmmuReport } from '../../inspect/inspection.ts';
import { compareNumbers } from '../../lists.ts';
import type { CrashSmmu, Failed, RevisionsFate } from '../crash.ts';

/** What decides about an SMMU, and whom it is about. */
export interface Cause {
  readonly decidedBy: string | null;
  readonly worst: Finding | null;
  readonly device: string | null;
  readonly driver: string | null;
  readonly fingerprint: string;
}

/** By the facts of the inspection that the SMMU is of. */
export function causeOf(smmu: SmmuReport, { findings }: Inspection): Cause {
  const { adoption, fate } = smmu;
  const decidedBy = deciding(adoption);
  const worst = gravest(worstOf(findingsOf(findings, smmu.name)), worstOf(findingsOf(findings, null)));
  const { device, driver } = concerned(smmu, worst);
  const verdict =
    FATE_OF_VERDICT[adoption.verdict] === fate.kind ? adoption.verdict : `${adoption.verdict}>${fate.kind}`;
  return { decidedBy, worst, device, driver, fingerprint: fingerprintOf(verdict, decidedBy, worst?.rule, driver) };
}

/** Why the registers cannot be believed, or else the check that decides; null where none does. */
function deciding({ doubt, decidedBy }: SmmuReport['adoption']): string | null {
  return doubt ?? decidedBy?.id ?? null;
}

/** What each revision makes of the SMMU, neighbours that agree together; undefined unless all were asked for. */
export function revisionsOf({ adoptions }: SmmuReport): RevisionsFate[] | undefined {
  if (adoptions === null) return undefined;
  const all = Object.entries(adoptions).map(([revision, outcome]) => {
    const { verdict, fate } = outcome;
    return { revision, what: { verdict, fate: fate.kind, decidedBy: deciding(outcome) } };
  });
  return neighbours(all, ({ what }) => JSON.stringify(what)).map(([, list]) => ({
    revisions: list.map(({ revision }) => revision),
    ...(list[0] as (typeof all)[number]).what,
  }));
}

/** What is wrong with the input is no cause as long as the SMMU itself has one that is as grave. */
function gravest(own: Finding | null, ofInput: Finding | null): Finding | null {
  if (own === null || ofInput === null) return own ?? ofInput;
  return isGraver(ofInput, own) ? ofInput : own;
}

/** What becomes of an SMMU as long as nothing happens behind the adoption. */
const FATE_OF_VERDICT: Readonly<Record<SmmuReport['adoption']['verdict'], SmmuReport['fate']['kind']>> = {
  adopted: 'adopted',
  fallback: 'falls-back',
  'not-attempted': 'not-attempted',
  indeterminate: 'unknown',
  panic: 'kernel-dies',
  'probe-fails': 'probe-fails',
  'never-programmed': 'never-programmed',
};

/** Every one that a row may have. */
export const VERDICTS = Object.keys(FATE_OF_VERDICT);

/** Of a crash without a result: numbers differ from one to the next, and say nothing of the cause. */
function fingerprintOfFailure({ failure, reason }: Failed): string {
  const general = reason?.replace(/0x[0-9a-f]+|[0-9]+/gi, '#').slice(0, MAX_REASON_LENGTH);
  return [failure === 'time' ? 'timeout' : 'failed', failure, ...(general === undefined ? [] : [general])].join('/');
}

const MAX_REASON_LENGTH = 120;

function fingerprintOf(...parts: readonly (string | null | undefined)[]): string {
  return parts.map((part) => part ?? '-').join('/');
}

type Concerned = Pick<Cause, 'device' | 'driver'>;

/** The worst finding's device; else the one that is refused, else the one that faulted first. */
function concerned(smmu: SmmuReport, worst: Finding | null): Concerned {
  const { firstSid, lastSid = firstSid } = worst?.location ?? {};
  const inRange = ({ sid }: { readonly sid: number }) =>
    firstSid !== undefined && firstSid <= sid && sid <= (lastSid ?? 0);
  return (
    theOne(smmu.masters.filter(inRange)) ??
    ofName(smmu, smmu.devices.find(({ fate }) => fate === 'refused' || fate === 'kernel-dies')?.name) ??
    ofName(smmu, smmu.faults?.find(({ device }) => device !== null)?.device) ?? { device: null, driver: null }
  );
}

/** Several streams of one device; of several devices none is the one. */
function theOne(masters: SmmuReport['masters']): Concerned | null {
  const [first, ...others] = masters;
  if (first === undefined || others.some(({ device }) => device !== first.device)) return null;
  return first.device === null ? null : { device: first.device, driver: first.driver };
}

function ofName({ masters }: SmmuReport, device: string | null | undefined): Concerned | null {
  if (device === null || device === undefined) return null;
  return { device, driver: masters.find((master) => master.device === device)?.driver ?? null };
}

/** The worst that can become of an SMMU has the lowest rank. */
const RANKS: Readonly<Record<CrashSmmu['fate'], number>> = {
  'kernel-dies': 0,
  'smmu-lost': 1,
  'probe-fails': 2,
  'never-programmed': 3,
  'falls-back': 4,
  unknown: 5,
  'not-attempted': 6,
  adopted: 7,
};

/** Every one that a row may have. */
export const FATES = Object.keys(RANKS);

/** The SMMU that decides what is said of the crash; null where there is none. */
export function decidingSmmu(smmus: readonly CrashSmmu[]): CrashSmmu | null {
  const rank = ({ fate, errors, warnings }: CrashSmmu) => [RANKS[fate], -errors, -warnings] as const;
  return smmus.toSorted((a, b) => compareNumbers(rank(a), rank(b)))[0] ?? null;
}

/** By what a row is grouped. */
export function fingerprintOfRow(smmus: readonly CrashSmmu[], failed: Failed | null): string {
  return failed === null ? (decidingSmmu(smmus)?.fingerprint ?? 'no-smmu') : fingerprintOfFailure(failed);
}
