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
  const together = probesAtRegistration(plan.kernel);
  const owners = new Map<number, string>();
  const probes: Probe[] = [];
  let asked: boolean | null = true;
  let loss: Loss | null = null;
  let death: KernelDeath | null = null;

  const probe = (device: KernelDevice, hotplugged: boolean) => {
    const firstLine = smmu.log.lines.length;
    const streams = armSmmuInsertMaster(smmu, cfg, device, owners);
    const last = streams.at(-1);
    const failed = last !== undefined && last.ret !== 0 && last.ret !== null;
    if (asked === false) {
      smmu.log.lines.length = firstLine;
      probes.push({ device, hotplugged, asked, streams, ...NOT_ASKED });
      return;
    }
    if (hotplugged && failed && together) {
      // Once when the device appears, and once more when a driver is bound to it.
      probes.push({ device, hotplugged, asked, streams: twice(streams, tryAgain(device)), ...NOT_ASKED });
      return;
    }
    const answer = last?.ret === 0 ? survive(() => armSmmuIsAttachDeferred(smmu, cfg, device.sids)) : null;
    const deferral = answer !== null && 'result' in answer ? answer.result : NOT_ASKED;
    probes.push({ device, hotplugged, asked, streams, ...deferral });
    if (answer !== null && 'death' in answer) {
      death = answer.death;
      asked = false;
    } else if (!hotplugged && together && last !== undefined) {
      if (last.ret === null) asked = null;
      else if (failed && last.ret !== ENODEV && asked) {
        loss = { device, sid: last.sid, ret: last.ret };
        asked = false;
        failRegistration(smmu, last.ret);
      }
    }
  };
  const tryAgain = (device: KernelDevice) => armSmmuInsertMaster(smmu, cfg, device, owners);

  for (const device of plan.present) probe(device, false);
  for (const device of plan.hotplugged) probe(device, true);
  return { probes, loss, death };
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
