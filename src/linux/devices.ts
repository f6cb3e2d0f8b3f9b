/**
 * Which devices did the crashed kernel have, and which of them did a driver drive? Every registered device is on the
 * list of the kset `devices` (drivers/base/core.c), in the order of registration; `platform_bus`, which is exported, is
 * one of them.
 */

import type { Kernel } from './kernel.ts';
import { collected, listEntries } from './types/collections.ts';
import { containerOf, type KernelObject } from './types/kernel-object.ts';

/** Why there is no device of a driver. */
export type NoDevices =
  /** The variable that leads to the list is not where exported symbols are. */
  | { readonly why: 'no-device-list' }
  /** The list ends in a bad pointer or a loop before such a device. */
  | { readonly why: 'device-list-broken'; readonly devices: number }
  /** Every device was looked at. */
  | { readonly why: 'no-such-device'; readonly devices: number };

export interface DrivenDevices {
  /** Those whose probe has come to its end. */
  readonly bound: readonly KernelObject[];
  /** Those whose probe was under way, or had failed and was being undone. */
  readonly unbound: readonly KernelObject[];
  /** False when lists ended before their end, so that there may be more. */
  readonly isWhole: boolean;
}

/**
 * The driver's own list spares the walk over thousands of devices, but those whose probe is under way are not on it.
 * SMMUs are registered early: they were among the first 60 devices on every machine looked at.
 */
const ALWAYS_WALKED = 512;

/** All registered devices in the order of registration; null when the list cannot be found. */
export function registeredDevices(kernel: Kernel): Generator<KernelObject, boolean> | null {
  for (const va of kernel.exported('platform_bus')) {
    const bus = kernel.object('device', va);
    if (bus === null) return null;
    if (deviceName(bus) !== 'platform') continue;
    const kset = bus.bits('kobj.kset');
    const list = kset === null ? null : (kernel.object('kset', kset)?.addressOf('list') ?? null);
    if (list !== null) return devicesOn(kernel, list, bus);
  }
  return null;
}

function* devicesOn(kernel: Kernel, list: bigint, { layout }: KernelObject): Generator<KernelObject, boolean> {
  const walk = listEntries(kernel.memory, list);
  for (;;) {
    const step = walk.next();
    if (step.done === true) return step.value;
    const device = containerOf(kernel.memory, layout, 'kobj.entry', step.value);
    if (device !== null) yield device;
  }
}

/** The devices of the driver with exactly this name. */
export function devicesOfDriver(kernel: Kernel, driverName: string): DrivenDevices | NoDevices {
  const walk = registeredDevices(kernel);
  if (walk === null) return { why: 'no-device-list' };
  const isWanted = new Map<bigint, boolean>([[0n, false]]);
  const found = new Map<bigint, KernelObject>();
  let devices = 0;
  let isComplete = false;
  for (;;) {
    if (isComplete && devices >= ALWAYS_WALKED) return byProbe(kernel, found.values(), true);
    const step = walk.next();
    if (step.done === true) {
      if (found.size > 0) return byProbe(kernel, found.values(), isComplete || step.value);
      return step.value ? { why: 'no-such-device', devices } : { why: 'device-list-broken', devices };
    }
    devices++;
    const device = step.value;
    const driver = device.bits('driver') ?? 0n;
    const known = isWanted.get(driver);
    const wanted = known ?? kernel.object('device_driver', driver)?.text('name') === driverName;
    if (wanted) found.set(device.va, device);
    if (known !== undefined) continue;
    isWanted.set(driver, wanted);
    // Once for each driver: a torn list stays torn.
    const listed = wanted ? (devicesOnDriver(kernel, driver, device) ?? []) : [];
    isComplete ||= listed.length > 0;
    for (const one of listed) found.set(one.va, one);
  }
}

/** The list of a driver's devices, or null when it does not come to its end or has something else on it. */
function devicesOnDriver(kernel: Kernel, driver: bigint, { layout }: KernelObject): KernelObject[] | null {
  const priv = kernel.object('device_driver', driver)?.bits('p') ?? null;
  const list =
    priv === null ? null : (kernel.object('driver_private', priv)?.addressOf('klist_devices.k_list') ?? null);
  const node = kernel.types.struct('klist_node');
  const privateLayout = kernel.types.struct('device_private');
  if (list === null || node === null || privateLayout === null) return null;
  const { entries, isWhole } = collected(listEntries(kernel.memory, list));
  if (!isWhole) return null;
  const devices = entries.map((entry) => {
    const knode = containerOf(kernel.memory, node, 'n_node', entry);
    const va = knode?.containedIn(privateLayout, 'knode_driver')?.bits('device') ?? null;
    return va === null ? null : containerOf(kernel.memory, layout, 'kobj.name', va);
  });
  const known = devices.flatMap((device) => (device?.bits('driver') === driver ? [device] : []));
  return known.length === devices.length ? known : null;
}

/** A device gets onto its driver's list when its probe has succeeded (driver_bound). The lowest bit says that it left. */
function byProbe(kernel: Kernel, devices: Iterable<KernelObject>, isWhole: boolean): DrivenDevices {
  const bound: KernelObject[] = [];
  const unbound: KernelObject[] = [];
  for (const device of devices) {
    const priv = device.bits('p') ?? 0n;
    const klist = priv === 0n ? null : (kernel.object('device_private', priv)?.bits('knode_driver.n_klist') ?? null);
    (klist !== null && klist !== 0n && (klist & 1n) === 0n ? bound : unbound).push(device);
  }
  return { bound, unbound, isWhole };
}

/** The name that sysfs and the log have. */
export function deviceName(device: KernelObject): string | null {
  return device.text('kobj.name') ?? device.text('init_name');
}

/** The name of the driver that a device has, bound or being bound; null for none. */
export function driverNameOf(kernel: Kernel, device: KernelObject): string | null {
  const driver = device.bits('driver');
  if (driver === null || driver === 0n) return null;
  return kernel.object('device_driver', driver)?.text('name') ?? null;
}
