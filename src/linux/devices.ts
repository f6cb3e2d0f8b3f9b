/**
 * Which devices did the crashed kernel have, and which of them did a driver drive? Every registered device is on the
 * list of the kset `devices` (drivers/base/core.c), in the order of registration; `platform_bus`, which is exported, is
 * one of them.
 */

import type { Kernel } from './kernel.ts';
import { collected, listEntries } from './types/collections.ts';
import { containerOf, type KernelObject, nameIn } from './types/kernel-object.ts';

/** Why there is no device of a driver. */
export type NoDevices =
  /** The variable that leads to the list is not where exported symbols are. */
  | { readonly why: 'no-device-list' }
  /** The list ends in a bad pointer or a loop, and what could be reached of it from either end is no such device. */
  | { readonly why: 'device-list-broken'; readonly devices: number }
  /** Of so many of them the driver, or its name, is not in the dump; of the others none was such a device. */
  | { readonly why: 'drivers-unreadable'; readonly devices: number; readonly unreadable: number }
  /** Every device was looked at. */
  | { readonly why: 'no-such-device'; readonly devices: number };

/** What the driver core says of the tie between a device and its driver. */
export type Binding =
  /** The probe has come to its end. */
  | 'bound'
  /** The same, and the device has been shut down since: it is on no list of devices any more (device_shutdown). */
  | 'shut-down'
  /** The probe was under way, or had failed and was being undone. */
  | 'unfinished'
  /** A member that would tell is not in the dump, or holds what it cannot. */
  | { readonly why: 'unreadable' | 'contradiction'; readonly member: string; readonly struct: string };

export interface DrivenDevice {
  readonly device: KernelObject;
  readonly binding: Binding;
}

export interface DrivenDevices {
  readonly devices: readonly DrivenDevice[];
  /** False when lists ended before their end, or some drivers have no name, so that there may be more. */
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
  // By driver; null where its name is not in the dump.
  const isWanted = new Map<bigint, boolean | null>([[0n, false]]);
  const found = new Map<bigint, KernelObject>();
  let devices = 0;
  let unreadable = 0;
  let isComplete = false;
  const result = (isWhole: boolean): DrivenDevices => ({
    devices: Array.from(found.values(), (device) => ({ device, binding: bindingOf(kernel, device) })),
    isWhole,
  });
  for (;;) {
    if (isComplete && devices >= ALWAYS_WALKED) return result(true);
    const step = walk.next();
    if (step.done === true) {
      if (found.size > 0) return result(isComplete || (step.value && unreadable === 0));
      if (!step.value) return { why: 'device-list-broken', devices };
      return unreadable > 0 ? { why: 'drivers-unreadable', devices, unreadable } : { why: 'no-such-device', devices };
    }
    devices++;
    const device = step.value;
    const driver = device.bits('driver');
    const known = driver === null ? null : isWanted.get(driver);
    const wanted = known === undefined ? isNamed(kernel, driver as bigint, driverName) : known;
    if (wanted === null) unreadable++;
    if (wanted === true) found.set(device.va, device);
    if (known !== undefined || driver === null) continue;
    isWanted.set(driver, wanted);
    // Once for each driver: a torn list stays torn.
    const listed = wanted === true ? (devicesOnDriver(kernel, driver, device) ?? []) : [];
    isComplete ||= listed.length > 0;
    for (const one of listed) found.set(one.va, one);
  }
}

/** Null where the name is not in the dump. */
function isNamed(kernel: Kernel, driver: bigint, name: string): boolean | null {
  const own = driverNameAt(kernel, driver);
  return own === null ? null : own === name;
}

function driverNameAt(kernel: Kernel, driver: bigint): string | null {
  const object = kernel.object('device_driver', driver);
  return object === null ? null : nameIn(object, 'name');
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
function bindingOf(kernel: Kernel, device: KernelObject): Binding {
  const priv = device.bits('p');
  if (priv === null) return { why: 'unreadable', member: 'p', struct: 'device' };
  // A device without it is not registered, and cannot be found.
  if (priv === 0n) return { why: 'contradiction', member: 'p', struct: 'device' };
  const [member, struct] = ['knode_driver.n_klist', 'device_private'];
  const klist = kernel.object(struct, priv)?.bits(member) ?? null;
  if (klist === null) return { why: 'unreadable', member, struct };
  if (klist === 0n || (klist & 1n) === 1n) return 'unfinished';
  const owner = kernel.object(
    'driver_private',
    kernel.object('device_driver', device.bits('driver') ?? 0n)?.bits('p') ?? 0n,
  );
  const own = owner?.bits('driver') === device.bits('driver') ? owner?.addressOf('klist_devices') : null;
  if (typeof own === 'bigint' && own !== klist) return { why: 'contradiction', member, struct };
  const entry = device.addressOf('kobj.entry');
  return entry !== null && kernel.memory.u64(entry) === entry ? 'shut-down' : 'bound';
}

/** The name that sysfs and the log have; null where it is not in the dump. */
export function deviceName(device: KernelObject): string | null {
  return nameIn(device, 'kobj.name') ?? nameIn(device, 'init_name');
}

/** The name of the driver that a device has, bound or being bound; null for none, and where it is not in the dump. */
export function driverNameOf(kernel: Kernel, device: KernelObject): string | null {
  const driver = device.bits('driver');
  return driver === null || driver === 0n ? null : driverNameAt(kernel, driver);
}
