/**
 * What changes come to in the kdump kernel. The adoption is emulated on the table as it was; then the changed streams
 * are inserted once with the memory as it was and once with the memory as it is, each as a device that is plugged in, so
 * that none decides for another.
 */

import { failed } from '../adopt/checks.ts';
import { ExaminationBudget } from '../findings/risks/examination.ts';
import { inspectEvidence } from '../inspect/inspect.ts';
import type { AdoptionReport, SmmuReport } from '../inspect/inspection.ts';
import type { Listing } from '../inspect/listing.ts';
import type { Plan } from '../inspect/plan.ts';
import type { Evidence } from '../platform/evidence.ts';
import type { SmmuSnapshot } from '../snapshot/snapshot.ts';
import type { BeforeAfter } from './before-after.ts';
import type { DeviceDiff, DeviceOutcome, KernelDiff, Turn } from './report.ts';

/** Streams that are tried; what becomes of more than these nobody reads. */
const MAX_TRIED = 512;
/** A stream whose STE cannot be read without dying ends a run; the others are tried anew without it. */
const MAX_RUNS = 8;

export interface KernelQuestion {
  readonly evidence: BeforeAfter<Evidence>;
  readonly smmus: BeforeAfter<SmmuSnapshot>;
  readonly plan: Plan;
  readonly sids: readonly number[];
}

export interface KernelAnswer {
  readonly kernel: KernelDiff;
  readonly devices: ReadonlyMap<number, DeviceDiff>;
}

/** Emulates the adoption at both moments, and the insertion of the first of `sids` with the memory of either. */
export async function askKernel({ evidence, smmus, plan, sids }: KernelQuestion): Promise<KernelAnswer> {
  const { before, after } = evidence;
  const distinct = [...new Set(sids)];
  const asked = distinct.slice(0, MAX_TRIED);
  const then = await tryStreams(asked, before, smmus.before, plan);
  // A table that is not adopted is left for an empty one, in which no change is met.
  const adopted = then.adoption.verdict === 'adopted';
  const now = await tryStreams(adopted ? asked : [], { ...before, later: after.now }, smmus.before, plan);
  const anew = await tryStreams([], after, smmus.after, plan);
  const devices = new Map<number, DeviceDiff>();
  for (const sid of asked) {
    const [left, right] = [then.outcomes.get(sid), now.outcomes.get(sid)];
    if (left === undefined || right === undefined) continue;
    devices.set(sid, { sid, before: left, after: right, turn: turnOf(left, right) });
  }
  return {
    kernel: {
      revision: then.adoption.revision,
      verdict: { before: then.adoption.verdict, after: anew.adoption.verdict },
      decidedBy: { before: failed(then.adoption.decidedBy), after: failed(anew.adoption.decidedBy) },
      tried: devices.size,
      notTried: distinct.length - devices.size,
    },
    devices,
  };
}

const NOTHING_MORE = { named: true, sids: null, all: false, deep: false, revisions: null, failOn: 'error' } as const;

/** The adoption, and what becomes of each stream that is plugged in after it. */
async function tryStreams(
  sids: readonly number[],
  evidence: Evidence,
  smmu: SmmuSnapshot,
  plan: Plan,
): Promise<{ adoption: AdoptionReport; outcomes: ReadonlyMap<number, DeviceOutcome> }> {
  const outcomes = new Map<number, DeviceOutcome>();
  const listing: Listing = { smmus: [smmu], ...NOTHING_MORE };
  for (let run = 1, pending = sids; ; run++) {
    const streams = { insert: [], hotplug: pending };
    const nothing = ExaminationBudget.nothing();
    const { smmus } = await inspectEvidence(evidence, { ...plan, streams }, listing, null, nothing);
    const report = smmus[0] as SmmuReport;
    noteOutcomes(report, outcomes);
    pending = pending.filter((sid) => !outcomes.has(sid));
    if (report.fate.kind !== 'kernel-dies' || pending.length === 0 || run === MAX_RUNS)
      return { adoption: report.adoption, outcomes };
  }
}

function noteOutcomes({ devices, inserts }: SmmuReport, outcomes: Map<number, DeviceOutcome>): void {
  for (const device of devices) {
    if (device.fate === 'never-asked') continue;
    const sid = device.sids[0] as number;
    const insert = inserts.find((one) => one.sid === sid);
    outcomes.set(sid, {
      accepted: device.accepted,
      errno: insert?.errno ?? null,
      deferred: device.deferred,
      dies: device.fate === 'kernel-dies',
      message: insert?.log.at(-1)?.text ?? null,
    });
  }
}

/** What is different for the device, the gravest first. What was not known before turns nothing around. */
function turnOf(before: DeviceOutcome, after: DeviceOutcome): Turn {
  const rules: readonly [Exclude<Turn, null>, boolean][] = [
    ['dies', after.dies && !before.dies],
    ['lives', before.dies && !after.dies],
    ['refused', before.accepted === true && after.accepted === false],
    ['accepted', before.accepted === false && after.accepted === true],
    ['cannot-be-told', isKnown(before) && !isKnown(after)],
    ['deferred', before.deferred === false && after.deferred === true],
    ['not-deferred', before.deferred === true && after.deferred === false],
  ];
  return rules.find(([, holds]) => holds)?.[0] ?? null;
}

function isKnown({ accepted, deferred }: DeviceOutcome): boolean {
  return accepted === false || (accepted === true && deferred !== null);
}
