/** What is the kdump kernel to do? Which revision of the series in which kernel, with which devices, and what fails in it. */

import type { KernelDevice } from '../adopt/devices/master.ts';
import { type DevicePlan, type KernelVersion, NEWEST_KERNEL } from '../adopt/devices/registration.ts';
import type { KernelMemoryOptions, MemremapModel } from '../adopt/kernel-memory.ts';
import { type Failures, NO_FAILURES } from '../adopt/ledger.ts';
import type { Revision } from '../adopt/revisions/revision.ts';
import { DEFAULT_REVISION, REVISIONS } from '../adopt/revisions/revisions.ts';
import type { RegisterPage } from '../adopt/stream-table/cleanup.ts';
import { InputError } from '../errors.ts';
import { type SidList, sidsFor } from '../platform/asked-streams.ts';
import type { Evidence } from '../platform/evidence.ts';
import type { SmmuSnapshot } from '../snapshot/snapshot.ts';
import { devicesInOrder, versionOf } from './crashed-kernel.ts';

/** The streams and devices that the kdump kernel meets. */
export interface PlannedStreams {
  /**
   * StreamIDs to insert in this order, or `all` those with a valid, non-abort STE. Without it, and without `devices`,
   * those that the snapshot has behind each SMMU, if it says.
   */
  readonly insert?: SidList | 'all' | undefined;
  /** Devices of several streams, inserted after those of `insert`, each into the SMMUs that it has any of. */
  readonly devices?: readonly { readonly name: string; readonly sids: SidList }[] | undefined;
  /** StreamIDs of devices that are plugged in later. */
  readonly hotplug?: SidList | undefined;
  /** StreamIDs of firmware's reserved memory regions; those of `platform` when left out. */
  readonly rmr?: SidList | undefined;
}

/** The same for whoever writes them down; what is left out has a default. */
export interface PlanOptions extends PlannedStreams {
  /** Revision of the series to emulate, or `all` side by side; the snapshot's when left out, else v6. */
  readonly revision?: string | undefined;
  /**
   * The kernel that the series is applied to: what one refused device takes with it. When left out, the one that crashed,
   * if it is known, else the newest known.
   */
  readonly kernel?: KernelVersion | undefined;
  /** Which mappings succeed: `dump`, or `kernel`, which is the default with `iomem`. */
  readonly memremap?: MemremapModel | undefined;
  /** Physical address bits that the CPU can map; 48 when left out. */
  readonly paBits?: number | undefined;
  /** What the register page reads as when the SMMU is unbound: `live` when left out. */
  readonly poweredDown?: RegisterPage | undefined;
  /** Allocations and mappings that are made to fail. */
  readonly fail?: Partial<Failures> | undefined;
  /** False: attempt the adoption whatever the probe gate says. */
  readonly gate?: boolean | undefined;
}

/** By the names of the emulation's own input, which takes it as it is. */
export interface Plan {
  readonly revision: Revision;
  readonly kernel: KernelVersion;
  /** Whether nobody gave it, and it is the crashed one's. */
  readonly isCrashedKernel: boolean;
  readonly memremap: KernelMemoryOptions;
  readonly gate: boolean;
  readonly failures: Failures;
  readonly unbindPage: RegisterPage;
  readonly streams: PlannedStreams;
}

/** What the options ask for. Throws InputError for a revision that is not known. */
export function planOf(options: PlanOptions, evidence: Pick<Evidence, 'snapshot' | 'iomem' | 'kernel'>): Plan {
  const { snapshot, iomem, kernel } = evidence;
  const { paBits = 48, gate = true, fail, poweredDown = 'live' } = options;
  const crashed = versionOf(kernel.release);
  const { insert, devices, hotplug, rmr } = options;
  return {
    revision: revisionOf(options.revision, snapshot),
    kernel: options.kernel ?? crashed ?? NEWEST_KERNEL,
    isCrashedKernel: options.kernel === undefined && crashed !== null,
    memremap: { model: options.memremap ?? (iomem === null ? 'dump' : 'kernel'), paBits },
    gate,
    failures: { ...NO_FAILURES, ...fail },
    unbindPage: poweredDown,
    streams: { insert, devices, hotplug, rmr },
  };
}

function revisionOf(given: string | undefined, { name: file, kdump }: Evidence['snapshot']): Revision {
  const asked = given === 'all' ? undefined : given;
  const name = asked ?? kdump.revision ?? DEFAULT_REVISION;
  const revision = REVISIONS.get(name);
  if (revision !== undefined) return revision;
  const message = `revision ${JSON.stringify(name)} is not emulated; known: ${[...REVISIONS.keys()].join(', ')}`;
  if (asked !== undefined) throw new InputError('usage', message);
  throw new InputError('snapshot', message, { file, place: 'kdump.revision' });
}

/** Nobody says which devices there are to be. */
export function insertsCrashedDevices({ insert, devices = [] }: PlannedStreams): boolean {
  return insert === undefined && devices.length === 0;
}

/** The devices behind one SMMU that are named: those of `insert: 'all'` only its table tells. */
export function devicesBehind(smmu: SmmuSnapshot, { streams, kernel }: Plan): DevicePlan {
  const { insert, devices = [], hotplug = [] } = streams;
  const later = sidsFor(hotplug, smmu);
  const hotplugged = oneEach(later);
  if (insertsCrashedDevices(streams)) return { present: crashedDevicesOf(smmu, later), hotplugged, kernel };
  const named = devices
    .map(({ name, sids }) => ({ name, sids: sidsFor(sids, smmu) }))
    .filter(({ sids }) => sids.length > 0);
  return {
    present: [...(insert === 'all' || insert === undefined ? [] : oneEach(sidsFor(insert, smmu))), ...named],
    hotplugged,
    kernel,
  };
}

/** Those that are plugged in later are not there before. */
function crashedDevicesOf({ masters = [] }: SmmuSnapshot, later: readonly number[]): KernelDevice[] {
  const pluggedIn = new Set(later);
  return devicesInOrder(masters).filter(({ sids }) => !sids.some((sid) => pluggedIn.has(sid)));
}

function oneEach(sids: readonly number[]): KernelDevice[] {
  return sids.map((sid) => ({ name: null, sids: [sid] }));
}
