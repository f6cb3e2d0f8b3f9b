/**
 * What did the crashed kernel know of its SMMUs? From the dump alone: their names and bases, their registers with how
 * each is known, the devices behind them.
 */

import type { Dump } from '../dump/dump.ts';
import type { SmmuSnapshot, Snapshot } from '../snapshot/snapshot.ts';
import type { NoDevices } from './devices.ts';
import { mastersOf } from './driver/masters.ts';
import { findPlaces, type NamedPlace } from './driver/places.ts';
import { comparedWithLog, type ProbeLine, probeLines } from './driver/probe-lines.ts';
import { type QueueMemory, queueMemory } from './driver/queue-memory.ts';
import { QUEUES, queueIndexes, registersOf } from './driver/registers.ts';
import { disabled, serviceFailures } from './driver/service-failures.ts';
import { featureOf, type QueueMember, type RejectedSmmu, type SmmuState } from './driver/smmu-state.ts';
import { isKernel, type Kernel, kernelOf, type NoKernel } from './kernel.ts';
import type { Types } from './types/types.ts';

export interface KernelIdentity {
  readonly release: string;
  /** GNU build id, lower-case hexadecimal. */
  readonly buildId: string | null;
}

/** Why there is no state of the crashed kernel's SMMUs. */
export type NoState =
  | NoKernel
  | NoDevices
  /** No device is one, and the log has that these were probed: that failed later, or they are gone, as in a reboot. */
  | { readonly why: 'smmus-gone'; readonly devices: number; readonly logged: readonly string[] }
  /** There are devices of the driver, and what it holds of each of them cannot be believed. */
  | { readonly why: 'no-usable-smmu'; readonly rejected: readonly RejectedSmmu[] };

/** What memory says of a queue beyond the driver's copies. */
export type QueueEvidence = { readonly register: string } & QueueMemory;

export interface FoundSmmu {
  readonly snapshot: SmmuSnapshot;
  /** As the driver had it, with what does not fit together in it. */
  readonly state: SmmuState;
  readonly queues: readonly QueueEvidence[];
  /** False when the list of devices behind it is not complete. */
  readonly mastersAreWhole: boolean;
}

export type KernelState =
  | {
      readonly outcome: 'found';
      readonly kernel: KernelIdentity;
      /** Where the layout of the driver's structures is from. */
      readonly types: Types['source'];
      readonly smmus: readonly FoundSmmu[];
      /** Devices of the driver that are left out. */
      readonly rejected: readonly RejectedSmmu[];
      /** False when the kernel's lists are damaged, so that there may be more SMMUs. */
      readonly isWhole: boolean;
      /** How many other kernels' VMCOREINFO is in memory and fits it. */
      readonly otherKernels: number;
      /** The registers as a snapshot that any command can take. */
      readonly snapshot: Snapshot;
    }
  | { readonly outcome: 'not-found'; readonly kernel: KernelIdentity | null; readonly reason: NoState };

/** A crashed kernel whose SMMUs were found in the dump. */
export type FoundState = Extract<KernelState, { outcome: 'found' }>;

/** What a result rests on that is the crashed kernel's own. */
export interface CrashedKernel {
  /** Of its SMMUs, or why there is none. */
  readonly state: KernelState;
  /** Whether the registers are its own, and not those of a snapshot that was given. */
  readonly givesRegisters: boolean;
  /** The same of the memory map. */
  readonly givesMap: boolean;
  /** Why its memory map is not used; null where it is, where there is none, and where another was given. */
  readonly mapLack: MapLack | null;
}

/** Why the memory map of a crashed kernel is of no use. */
export type MapLack =
  /** A part of the tree is not in the dump, or damaged; or none of it is memory. */
  | { readonly why: 'not-whole' | 'no-system-ram' }
  /** The dump has so much memory that the map does not list, from `first` on. */
  | {
      readonly why: 'memory-beyond';
      readonly first: number;
      readonly byteLength: number;
      /** What limited the kernel, as its command line has it (`mem=512M`); null where its log does not tell. */
      readonly limit: string | null;
    };

/** More names say no more. */
const MAX_LOGGED = 4;

/** Reads a few megabytes, whatever the size of the dump. Nothing is guessed: what does not fit together is not found. */
export function extractSnapshot(dump: Dump): KernelState {
  const kernel = kernelOf(dump);
  if (!isKernel(kernel)) return { outcome: 'not-found', kernel: null, reason: kernel };
  const identity: KernelIdentity = { release: kernel.release, buildId: kernel.buildId };
  const places = findPlaces(kernel);
  const probed = probeLines(kernel);
  if ('why' in places) {
    const logged = [...probed.keys()].slice(0, MAX_LOGGED);
    const isGone = places.why === 'no-such-device' && logged.length > 0;
    const reason: NoState = isGone ? { why: 'smmus-gone', devices: places.devices, logged } : places;
    return { outcome: 'not-found', kernel: identity, reason };
  }
  const log = { probeLines: probed, failed: serviceFailures(kernel) };
  const smmus: FoundSmmu[] = [];
  const rejected = [...places.rejected];
  for (const place of places.smmus) {
    const found = foundSmmu(kernel, place, log);
    if ('problem' in found) rejected.push(found);
    else smmus.push(found);
  }
  if (smmus.length === 0) {
    return { outcome: 'not-found', kernel: identity, reason: { why: 'no-usable-smmu', rejected } };
  }
  const snapshot: Snapshot = {
    name: dump.files[0] ?? '',
    captured: 'before-kdump-probe',
    memory: [],
    kdump: { revision: undefined, systemRam: [] },
    smmus: smmus.map((smmu) => smmu.snapshot),
    warnings: [],
  };
  const { types, isWhole } = places;
  const { otherKernels } = kernel;
  return { outcome: 'found', kernel: identity, types, smmus, rejected, isWhole, otherKernels, snapshot };
}

function foundSmmu(
  kernel: Kernel,
  place: NamedPlace,
  log: { readonly probeLines: ReadonlyMap<string, ProbeLine>; readonly failed: ReadonlySet<string> },
): FoundSmmu | RejectedSmmu {
  const { name } = place;
  if (name === null) return { name, problem: { why: 'unreadable', member: 'kobj.name', struct: 'device' } };
  const read = place.read(name);
  if ('why' in read) return { name, problem: read };
  const compared = comparedWithLog(read, log.probeLines.get(name) ?? null);
  const disabledBy = place.isShutDown ? 'shutdown' : log.failed.has(name) ? 'service-failure' : null;
  const state = disabledBy === null ? compared : disabled(compared, disabledBy);
  const memories: Record<QueueMember, QueueMemory | null> = { cmdq: null, evtq: null, priq: null };
  for (const [which] of QUEUES) {
    const queue = state[which];
    const indexes = queue === null ? null : queueIndexes(which, queue);
    if (queue === null || indexes === null) continue;
    const limit = which === 'cmdq' ? queue.prod : null;
    memories[which] = queueMemory(kernel.memory.physical, queue, indexes, limit);
  }
  const registers = registersOf(state, memories);
  const coherent = featureOf(state, 'coherent');
  const masters = mastersOf(kernel, place, state.sidBits);
  return {
    snapshot: {
      name,
      base: state.base,
      firmwareCoherent: coherent === null ? null : coherent === 1,
      ...registers,
      ...(masters === null ? {} : { masters: masters.masters }),
    },
    state,
    queues: QUEUES.flatMap(([which, register]) => {
      const memory = memories[which];
      return memory === null ? [] : [{ register: `${register}_PROD`, ...memory }];
    }),
    mastersAreWhole: masters?.isWhole === true,
  };
}
