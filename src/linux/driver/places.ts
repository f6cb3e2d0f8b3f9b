/** Where in the kernel's memory are its SMMUs, and by which types are they read? */

import { type DrivenDevice, deviceName, devicesOfDriver, type NoDevices } from '../devices.ts';
import type { Kernel } from '../kernel.ts';
import { moduleTypes } from '../types/module-types.ts';
import type { Types } from '../types/types.ts';
import type { SmmuPlace } from './masters.ts';
import { readSmmu, smmuObject } from './smmu-device.ts';
import { type HuntedSmmu, huntSmmus } from './smmu-hunt.ts';
import { readSmmuBySignature } from './smmu-signature.ts';
import type { RejectedSmmu, SmmuProblem, SmmuState } from './smmu-state.ts';

const DRIVER = 'arm-smmu-v3';
/** What the module is called when the driver is none of the kernel's own. */
const MODULE = 'arm_smmu_v3';

/** An SMMU of the driver's, and how its state is read. */
export interface NamedPlace extends SmmuPlace {
  readonly name: string | null;
  readonly isShutDown: boolean;
  readonly read: (name: string) => SmmuState | SmmuProblem;
}

export interface Places {
  readonly smmus: readonly NamedPlace[];
  readonly rejected: readonly RejectedSmmu[];
  readonly types: Types['source'];
  readonly isWhole: boolean;
}

/** Through the driver core's lists; where these are not to be found, or lead to none, by a hunt. */
export function findPlaces(kernel: Kernel): Places | NoDevices {
  const devices = devicesOfDriver(kernel, DRIVER);
  const types = driverTypes(kernel);
  if ('why' in devices) {
    const hunted = devices.why === 'no-such-device' ? [] : huntSmmus(kernel, DRIVER);
    if (hunted.length === 0) return devices;
    const smmus = hunted.map((one) => huntedPlace(kernel, types, one));
    return { smmus, rejected: [], types: types?.source ?? 'offsets', isWhole: false };
  }
  const smmus: NamedPlace[] = [];
  const rejected: RejectedSmmu[] = [];
  for (const one of devices.devices) {
    const place = devicePlace(kernel, types, one);
    if ('problem' in place) rejected.push(place);
    else smmus.push(place);
  }
  return { smmus, rejected, types: types?.source ?? 'offsets', isWhole: devices.isWhole };
}

function devicePlace(
  kernel: Kernel,
  types: Types | null,
  { device, binding }: DrivenDevice,
): NamedPlace | RejectedSmmu {
  const name = deviceName(device);
  const rejected = (problem: SmmuProblem): RejectedSmmu => ({ name, problem });
  if (typeof binding === 'object' && binding.why === 'contradiction') return rejected(binding);
  if (binding === 'unfinished') return rejected({ why: 'probe-unfinished' });
  const va = device.bits('driver_data');
  // The driver sets it before its probe ends, and leaves it.
  if (va === null || va === 0n) {
    return rejected({ why: va === null ? 'unreadable' : 'contradiction', member: 'driver_data', struct: 'device' });
  }
  const control = typeof binding === 'object' ? null : 'probed';
  return { ...placeAt(kernel, types, { va, device: device.va, control }), name, isShutDown: binding === 'shut-down' };
}

/** Of a device that was not come to by a list nothing tells whether its probe has come to its end. */
function huntedPlace(kernel: Kernel, types: Types | null, { va, device, name }: HuntedSmmu): NamedPlace {
  return { ...placeAt(kernel, types, { va, device, control: null }), name, isShutDown: false };
}

function placeAt(
  kernel: Kernel,
  types: Types | null,
  at: { readonly va: bigint; readonly device: bigint; readonly control: SmmuState['control'] },
): Omit<NamedPlace, 'name' | 'isShutDown'> {
  const object = types === null ? null : smmuObject(kernel, types, at.va);
  const device = kernel.object('device', at.device);
  const read = (name: string): SmmuState | SmmuProblem => {
    if (object === null || device === null) return readSmmuBySignature(kernel, at, name);
    const state = readSmmu(kernel, device, object, name);
    return 'why' in state ? state : { ...state, control: at.control };
  };
  return { va: at.va, types, layout: object?.layout ?? null, read };
}

/** The types that describe the driver's structures: the kernel's own, those of the module that it is, or none. */
function driverTypes(kernel: Kernel): Types | null {
  const describes = (types: Types | null) => types !== null && types.struct('arm_smmu_device', 'strtab_cfg') !== null;
  if (describes(kernel.types)) return kernel.types;
  const types = moduleTypes(kernel, MODULE);
  return describes(types) ? types : null;
}
