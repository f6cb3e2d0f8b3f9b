/**
 * Where the members of the driver core's structures are in a kernel without BTF: offsets that are the same in Debian's
 * kernels 5.10, 6.1, 6.12, 6.18, 7.0 and 7.3 for arm64. Options such as lockdep or a randomised layout move them; each
 * step from object to object is verified by what it finds, so that wrong ones end the search instead of misleading it.
 */

import type { StructLayout, Types } from './types.ts';

/** Offset and size of each member by its path. */
type Offsets = Readonly<Record<string, readonly [offset: number, byteLength: number]>>;

const STRUCTS: Readonly<Record<string, Offsets>> = {
  device: {
    'kobj.name': [0, 8],
    'kobj.entry': [8, 16],
    'kobj.kset': [32, 8],
    parent: [64, 8],
    p: [72, 8],
    init_name: [80, 8],
    bus: [96, 8],
    driver: [104, 8],
    driver_data: [120, 8],
  },
  device_driver: { name: [0, 8], bus: [8, 8], owner: [16, 8], p: [136, 8] },
  kset: { list: [0, 16] },
  driver_private: { klist_devices: [64, 40], 'klist_devices.k_list': [72, 16], driver: [144, 8] },
  klist_node: { n_klist: [0, 8], n_node: [8, 16] },
  device_private: { knode_driver: [72, 32], 'knode_driver.n_klist': [72, 8], device: [200, 8] },
  resource: {
    start: [0, 8],
    end: [8, 8],
    name: [16, 8],
    flags: [24, 8],
    desc: [32, 8],
    parent: [40, 8],
    sibling: [48, 8],
    child: [56, 8],
  },
  kobject: { name: [0, 8], entry: [8, 16], kset: [32, 8] },
};

export class FixedTypes implements Types {
  readonly source = 'offsets';

  struct(name: string): StructLayout | null {
    const offsets = STRUCTS[name];
    if (offsets === undefined) return null;
    return {
      byteLength: Math.max(...Object.values(offsets).map(([offset, byteLength]) => offset + byteLength)),
      member(path) {
        const [offset, byteLength] = offsets[path] ?? [];
        return offset === undefined || byteLength === undefined ? null : { offset, byteLength, bits: null };
      },
    };
  }
}
