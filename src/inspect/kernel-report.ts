/** What does a report say of the crashed kernel: what was taken from it, what it has of an SMMU, and what it logged of it? */

import type { Evidence } from '../platform/evidence.ts';
import type { SmmuSnapshot, Snapshot } from '../snapshot/snapshot.ts';
import type { CrashedFault, KernelReport, SmmuReport, TakenFromKernel } from './inspection.ts';
import type { LogReport } from './log/log-report.ts';
import { insertsCrashedDevices, type Plan } from './plan.ts';

/** What a report says of the crashed kernel; null where the dump says nothing of it. */
export function kernelReport(
  { kernel, crashedKernel: crashed }: Evidence,
  { streams, isCrashedKernel }: Plan,
  smmus: readonly SmmuReport[],
): KernelReport | null {
  if (kernel.release === null && kernel.buildId === null) return null;
  const gives: readonly (readonly [TakenFromKernel, boolean])[] = [
    ['registers', crashed?.givesRegisters === true],
    ['memory-map', crashed?.givesMap === true],
    ['devices', insertsCrashedDevices(streams) && smmus.some(({ masters }) => masters.length > 0)],
    ['version', isCrashedKernel],
  ];
  const taken = gives.flatMap(([what, isTaken]) => (isTaken ? [what] : []));
  const state = crashed?.state;
  const types = state?.outcome === 'found' ? state.types : 'none';
  return { ...kernel, types, taken, ...(state === undefined ? {} : { state }) };
}

/** The faults of an SMMU in the crashed kernel's `log`; undefined where that was not found. */
export function faultsOf(
  { name, base }: SmmuSnapshot,
  { smmus }: Snapshot,
  log: LogReport | null,
): readonly CrashedFault[] | undefined {
  if (log === null) return undefined;
  const isAlone = smmus.length === 1 && log.smmus.length === 1;
  const own = log.smmus.filter((one) => isAlone || one.name === name || (base !== null && one.base === base));
  return own.flatMap(({ events }) =>
    events.map((event) => ({
      what: event.name,
      sid: event.sid,
      address: event.address,
      count: event.count,
      device: event.device,
      inDump: event.inDump,
    })),
  );
}
