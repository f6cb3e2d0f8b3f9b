/**
 * What the IOMMU core does around the insertions. From about 6.15 on, registering an SMMU probes every device that is
 * already there, and an error other than -ENODEV fails the registration, and with it the SMMU. Before that a device was
 * inserted when a driver was bound to it, and failed alone.
 */

import type { ArmSmmuDevice, FreshTable, StrtabCfg } from '../device.ts';
import { ENODEV } from '../errno.ts';
import { type KernelDeath, survive } from '../panic.ts';
import { dangerOf } from './danger.ts';
import { armSmmuIsAttachDeferred, type Deferral, NOT_ASKED } from './deferral.ts';
import type { DeviceFate, Loss } from './fate.ts';
import { armSmmuInsertMaster, type KernelDevice, type StreamOutcome } from './master.ts';

/** A kernel version, as far as it decides here. */
export interface KernelVersion {
  readonly major: number;
  readonly minor: number;
}

/** The newest kernel whose core code is known. */
export const NEWEST_KERNEL: KernelVersion = { major: 7, minor: 3 };

/** From this version on registration probes the devices that are there. */
const REGISTRATION_PROBES: KernelVersion = { major: 6, minor: 15 };

/** Whether registering an SMMU probes the devices that are there already (from about 6.15 on). */
export function probesAtRegistration({ major, minor }: KernelVersion): boolean {
  const since = REGISTRATION_PROBES;
  return major > since.major || (major === since.major && minor >= since.minor);
}

export interface DevicePlan {
  /** There when the SMMU registers, in the order in which the core comes to them. */
  readonly present: readonly KernelDevice[];
  /** Plugged in later, one after the other. */
  readonly hotplugged: readonly KernelDevice[];
  readonly kernel: KernelVersion;
}

/** One device and what became of it. */
export interface Probe extends Deferral {
  readonly device: KernelDevice;
  readonly hotplugged: boolean;
  readonly fate: DeviceFate;
  /** Of a device to which the core never came, what would have become of each stream by itself. */
  readonly streams: readonly StreamOutcome[];
}

/** How the registration goes on, or why it does not. */
export type RegistrationEnd =
  | { readonly kind: 'goes-on' }
  | { readonly kind: 'kernel-dies'; readonly death: KernelDeath }
  | { readonly kind: 'smmu-lost'; readonly loss: Loss }
  /** Whether the stream is refused, and everything after it with the SMMU, cannot be told. */
  | { readonly kind: 'unknown'; readonly sid: number };

export interface Registration {
  readonly probes: readonly Probe[];
  readonly end: RegistrationEnd;
}

/** iommu_device_register() and the insertions of all planned devices, in their order, into the table `cfg`. */
export function registerSmmu(smmu: ArmSmmuDevice, cfg: StrtabCfg | FreshTable, plan: DevicePlan): Registration {
  const core = new Core(smmu, cfg, probesAtRegistration(plan.kernel));
  for (const device of plan.present) core.probe(device, false);
  for (const device of plan.hotplugged) core.probe(device, true);
  return core;
}

/** The IOMMU core as it comes to one device after the other. */
class Core implements Registration {
  readonly probes: Probe[] = [];
  end: RegistrationEnd = { kind: 'goes-on' };
  readonly #smmu: ArmSmmuDevice;
  readonly #cfg: StrtabCfg | FreshTable;
  /** Whether present devices are probed, and fail, as the SMMU registers. */
  readonly #together: boolean;
  readonly #owners = new Map<number, string>();

  constructor(smmu: ArmSmmuDevice, cfg: StrtabCfg | FreshTable, together: boolean) {
    this.#smmu = smmu;
    this.#cfg = cfg;
    this.#together = together;
  }

  probe(device: KernelDevice, hotplugged: boolean): void {
    if (device.presumed === true) {
      this.#presume(device);
      return;
    }
    const firstLine = this.#smmu.log.lines.length;
    const first = this.#insert(device);
    const { end } = this;
    if (end.kind === 'kernel-dies' || end.kind === 'smmu-lost') {
      // What it would have said, nobody hears.
      this.#smmu.log.lines.length = firstLine;
      const fate: DeviceFate = { kind: 'never-asked', after: end.kind };
      this.#add(device, hotplugged, fate, first, NOT_ASKED);
      return;
    }
    const last = first.at(-1);
    const deferral = last?.ret === 0 ? this.#askToDefer(device) : NOT_ASKED;
    // Present devices and the SMMU register together, or not at all.
    const registered = this.#together && !hotplugged && this.#smmu.told?.registered === true;
    const fate: DeviceFate =
      end.kind === 'unknown' ? { ...end, of: 'device-before' } : fateOf(last, deferral, registered);
    if (fate.kind === 'kernel-dies') this.end = fate;
    // Once as the device appears, and on recent cores once more as a driver is bound to it.
    const again = hotplugged && this.#together && last !== undefined && last.ret !== 0 && last.ret !== null;
    const streams = again ? twice(first, this.#insert(device)) : first;
    if (!hotplugged && this.#together) this.#failRegistration(device, fate);
    this.#add(device, hotplugged, fate, streams, 'death' in deferral ? NOT_ASKED : deferral);
  }

  #add(
    device: KernelDevice,
    hotplugged: boolean,
    fate: DeviceFate,
    streams: readonly StreamOutcome[],
    { deferred, sid }: Deferral,
  ): void {
    this.probes.push({ device, hotplugged, fate, streams, deferred, sid });
  }

  /** A device that may be there: nothing is to be said of it where it would be accepted, nor after the end. */
  #presume(device: KernelDevice): void {
    const [sid] = device.sids;
    if (sid === undefined || this.end.kind !== 'goes-on' || this.#smmu.told?.registered === true) return;
    const danger = dangerOf(this.#smmu, this.#cfg, sid);
    if (danger === null) return;
    const fate: DeviceFate = { kind: 'unknown', of: 'unseen', sid, danger };
    this.#add(device, false, fate, [], NOT_ASKED);
    if (this.#together || danger === 'kernel-dies') this.end = { kind: 'unknown', sid };
  }

  #insert(device: KernelDevice): StreamOutcome[] {
    return armSmmuInsertMaster(this.#smmu, this.#cfg, device, this.#owners);
  }

  /** The driver keeps a device's streams in ascending order. */
  #askToDefer({ sids }: KernelDevice): Deferral | { readonly death: KernelDeath } {
    const streams = [...sids].sort((a, b) => a - b);
    const answer = survive(() => armSmmuIsAttachDeferred(this.#smmu, this.#cfg, streams));
    return 'result' in answer ? answer.result : answer;
  }

  /** An error other than -ENODEV of a device that is there fails the registration; one that may be there may fail it. */
  #failRegistration(device: KernelDevice, fate: DeviceFate): void {
    if (fate.kind === 'unknown' && fate.of === 'stream') this.end = { kind: 'unknown', sid: fate.sid };
    if (fate.kind !== 'refused' || fate.ret === ENODEV) return;
    const { sid, ret } = fate;
    this.end = { kind: 'smmu-lost', loss: { device, sid, ret } };
    this.#smmu.log.print('register', 'err', 'Failed to register iommu');
    this.#smmu.printProbeFailure('register', ret);
  }
}

/**
 * `last` is the stream at which the insertion ended, or the device's last. `registered`: a log tells that no device that
 * was there was refused.
 */
function fateOf(
  last: StreamOutcome | undefined,
  deferral: Deferral | { readonly death: KernelDeath },
  registered: boolean,
): DeviceFate {
  if (last?.ret === null && registered) return ACCEPTED;
  if (last !== undefined && last.refusal !== null) {
    const { sid, ret, refusal } = last;
    return ret === null ? { kind: 'unknown', of: 'stream', sid } : { kind: 'refused', sid, ret, refusal };
  }
  return 'death' in deferral ? { kind: 'kernel-dies', death: deferral.death } : ACCEPTED;
}

/** Tens of thousands fare like that. */
const ACCEPTED: DeviceFate = { kind: 'accepted' };

/** The outcomes of a second attempt behind those of the first. */
function twice(first: readonly StreamOutcome[], second: readonly StreamOutcome[]): StreamOutcome[] {
  return first.map((outcome, i) => ({
    ...outcome,
    log: [...outcome.log, ...(second[i]?.log ?? [])],
    mappings: [...outcome.mappings, ...(second[i]?.mappings ?? [])],
  }));
}
