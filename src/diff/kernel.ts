/**
 * What changes come to in the kdump kernel. The adoption is emulated on the table as it was; then the changed streams
 * are inserted once with the memory as it was and once with the memory as it is, each as a device that is plugged in, so
 * that none decides for another.
 */

import { failed } from '../adopt/checks.ts';
import type { OpenedDump } from '../dump/open.ts';
import { type InspectOptions, inspect } from '../inspect/inspect.ts';
import type { AdoptionReport, SmmuReport } from '../inspect/inspection.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { BeforeAfter, DeviceDiff, DeviceOutcome, KernelDiff, Turn } from './report.ts';

/** Streams that are tried; what becomes of more than these nobody reads. */
const MAX_TRIED = 512;
/** A stream whose STE cannot be read without dying ends a run; the others are tried anew without it. */
const MAX_RUNS = 8;

/** How the kernel is meant, and how excluded pages are read. */
export type KernelChoice = Pick<
  InspectOptions,
  'revision' | 'kernel' | 'iomem' | 'memremap' | 'paBits' | 'excluded' | 'progress'
>;

export interface KernelQuestion {
  readonly dumps: BeforeAfter<OpenedDump>;
  readonly snapshots: BeforeAfter<Snapshot>;
  readonly names: BeforeAfter<string>;
  readonly sids: readonly number[];
  readonly choice: KernelChoice;
}

export interface KernelAnswer {
  readonly kernel: KernelDiff;
  readonly devices: ReadonlyMap<number, DeviceDiff>;
}

export async function askKernel({ dumps, snapshots, names, sids, choice }: KernelQuestion): Promise<KernelAnswer> {
  const distinct = [...new Set(sids)];
  const asked = distinct.slice(0, MAX_TRIED);
  const options = { ...choice, smmus: [names.before] };
  const then = await tryStreams(asked, dumps.before, snapshots.before, options);
  // A table that is not adopted is left for an empty one, in which no change is met.
  const adopted = then.adoption.verdict === 'adopted';
  const now = await tryStreams(adopted ? asked : [], dumps.before, snapshots.before, {
    ...options,
    later: dumps.after,
  });
  const after = await tryStreams([], dumps.after, snapshots.after, { ...choice, smmus: [names.after] });
  const devices = new Map<number, DeviceDiff>();
  for (const sid of asked) {
    const [left, right] = [then.outcomes.get(sid), now.outcomes.get(sid)];
    if (left === undefined || right === undefined) continue;
    devices.set(sid, { sid, before: left, after: right, turn: turnOf(left, right) });
  }
  return {
    kernel: {
      revision: then.adoption.revision,
      verdict: { before: then.adoption.verdict, after: after.adoption.verdict },
      decidedBy: { before: failed(then.adoption.decidedBy), after: failed(after.adoption.decidedBy) },
      tried: devices.size,
      notTried: distinct.length - devices.size,
    },
    devices,
  };
}

/** The adoption, and what becomes of each stream that is plugged in after it. */
async function tryStreams(
  sids: readonly number[],
  dump: OpenedDump,
  snapshot: Snapshot,
  options: InspectOptions,
): Promise<{ adoption: AdoptionReport; outcomes: ReadonlyMap<number, DeviceOutcome> }> {
  const outcomes = new Map<number, DeviceOutcome>();
  for (let run = 1, pending = sids; ; run++) {
    const { smmus } = await inspect(dump, snapshot, { ...options, insert: [], hotplug: pending });
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
