/**
 * What the IOMMU core does around the insertions. From about 6.15 on, registering an SMMU probes every device that is
 * already there, and an error other than -ENODEV fails the registration, and with it the SMMU. Before that a device was
 * inserted when a driver was bound to it, and failed alone.
 */

import { armSmmuIsAttachDeferred, type Deferral, NOT_ASKED } from './deferral.ts';
import type { ArmSmmuDevice, FreshTable, StrtabCfg } from './device.ts';
import { ENODEV, ENXIO } from './errno.ts';
import { armSmmuInsertMaster, type KernelDevice, type StreamOutcome } from './master.ts';
import { type KernelDeath, survive } from './panic.ts';

/** A kernel version, as far as it decides here. */
export interface KernelVersion {
  readonly major: number;
  readonly minor: number;
}

/** The newest kernel whose core code is known. */
export const NEWEST_KERNEL: KernelVersion = { major: 7, minor: 2 };

/** From this version on registration probes the devices that are there. */
const REGISTRATION_PROBES: KernelVersion = { major: 6, minor: 15 };

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
  /**
   * False: the core never came to it, because the SMMU or the kernel was gone by then, and what `streams` say is what
   * would have become of each by itself. Null: that cannot be told.
   */
  readonly asked: boolean | null;
  readonly streams: readonly StreamOutcome[];
}

/** The SMMU goes down with a device that cannot be inserted while it registers. */
export interface Loss {
  readonly device: KernelDevice;
  readonly sid: number;
  readonly ret: number;
}

export interface Registration {
  readonly probes: readonly Probe[];
  readonly loss: Loss | null;
  readonly death: KernelDeath | null;
}

export function registerSmmu(smmu: ArmSmmuDevice, cfg: StrtabCfg | FreshTable, plan: DevicePlan): Registration {
  const core = new Core(smmu, cfg, probesAtRegistration(plan.kernel));
  for (const device of plan.present) core.probe(device, false);
  for (const device of plan.hotplugged) core.probe(device, true);
  return core;
}

/** The IOMMU core as it comes to one device after the other. */
class Core implements Registration {
  readonly probes: Probe[] = [];
  loss: Loss | null = null;
  death: KernelDeath | null = null;
  readonly #smmu: ArmSmmuDevice;
  readonly #cfg: StrtabCfg | FreshTable;
  /** Whether present devices are probed, and fail, as the SMMU registers. */
  readonly #together: boolean;
  readonly #owners = new Map<number, string>();
  /** Whether the core comes to the next device: see {@link Probe}. */
  #asked: boolean | null = true;

  constructor(smmu: ArmSmmuDevice, cfg: StrtabCfg | FreshTable, together: boolean) {
    this.#smmu = smmu;
    this.#cfg = cfg;
    this.#together = together;
  }

  probe(device: KernelDevice, hotplugged: boolean): void {
    const asked = this.#asked;
    const firstLine = this.#smmu.log.lines.length;
    let streams = this.#insert(device);
    const last = streams.at(-1);
    let deferral = NOT_ASKED;
    if (asked === false) {
      // What it would have said, nobody hears.
      this.#smmu.log.lines.length = firstLine;
    } else if (last?.ret === 0) {
      deferral = this.#askToDefer(device);
    } else if (last !== undefined && hotplugged) {
      // Once as the device appears, and on recent cores once more as a driver is bound to it.
      if (this.#together && last.ret !== null) streams = twice(streams, this.#insert(device));
    } else if (last !== undefined && this.#together) {
      this.#refuse(device, last);
    }
    this.probes.push({ device, hotplugged, asked, streams, ...deferral });
  }

  #insert(device: KernelDevice): StreamOutcome[] {
    return armSmmuInsertMaster(this.#smmu, this.#cfg, device, this.#owners);
  }

  /** The driver keeps a device's streams in ascending order. */
  #askToDefer({ sids }: KernelDevice): Deferral {
    const streams = [...sids].sort((a, b) => a - b);
    const answer = survive(() => armSmmuIsAttachDeferred(this.#smmu, this.#cfg, streams));
    if ('result' in answer) return answer.result;
    this.death = answer.death;
    this.#asked = false;
    return NOT_ASKED;
  }

  /** A device that is refused while the SMMU registers; after one that cannot be told, this cannot either. */
  #refuse(device: KernelDevice, { sid, ret }: StreamOutcome): void {
    if (ret === null) this.#asked = null;
    if (ret === null || ret === ENODEV || this.#asked !== true) return;
    this.loss = { device, sid, ret };
    this.#asked = false;
    failRegistration(this.#smmu, ret);
  }
}

/** The outcomes of a second attempt behind those of the first. */
function twice(first: readonly StreamOutcome[], second: readonly StreamOutcome[]): StreamOutcome[] {
  return first.map((outcome, i) => ({
    ...outcome,
    log: [...outcome.log, ...(second[i]?.log ?? [])],
    mappings: [...outcome.mappings, ...(second[i]?.mappings ?? [])],
  }));
}

/** The driver core prints nothing for -ENXIO and -ENODEV, which mean that there is no such device. */
function failRegistration({ log }: ArmSmmuDevice, ret: number): void {
  log.print('register', 'err', 'Failed to register iommu');
  if (ret !== ENXIO && ret !== ENODEV) {
    log.print('register', 'err', `probe with driver arm-smmu-v3 failed with error ${ret}`);
  }
}
