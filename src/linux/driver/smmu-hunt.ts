/**
 * Which SMMUs did a kernel have whose layouts nothing tells? The name of the driver stands in the image, the driver
 * points to its name, and from the driver everything of its can be reached in a few steps. What is found proves itself:
 * a structure with queues as the driver makes them, which points to a device that points back.
 */

import type { Kernel } from '../kernel.ts';
import { findBackwards } from '../memory/image-search.ts';
import { nameAt } from '../types/kernel-object.ts';
import { isSmmu } from './smmu-signature.ts';

export interface HuntedSmmu {
  /** The driver's structure, and the device that it is of. */
  readonly va: bigint;
  readonly device: bigint;
  /** The first member of a device is its kobject, and of that its name. */
  readonly name: string | null;
}

/** Variables lie behind the page tables of the image, with the init section in between. */
const MAX_DATA_BYTE_LENGTH = 64 << 20;
const MAX_TEXTS = 4;
const MAX_DRIVERS = 32;
/** struct platform_driver around the pointer to the name. */
const DRIVER_BYTES_BEFORE = 200n;
const DRIVER_BYTE_LENGTH = 400;
const OBJECT_BYTE_LENGTH = 1024;
/** driver, its private part, a device's private part, device, SMMU. */
const MAX_DEPTH = 5;
const MAX_OBJECTS = 4096;

/** Reads the image and some thousand objects at most: much more than where layouts are known. */
export function huntSmmus(kernel: Kernel, driverName: string): readonly HuntedSmmu[] {
  const { memory } = kernel;
  const found = new Map<bigint, HuntedSmmu>();
  const seen = new Set<bigint>();
  let layer = driversNamed(kernel, driverName).map((va) => ({
    va: va - DRIVER_BYTES_BEFORE,
    length: DRIVER_BYTE_LENGTH,
  }));
  for (let depth = 0; depth < MAX_DEPTH && layer.length > 0; depth++) {
    const next: typeof layer = [];
    for (const { va, length } of layer) {
      if (seen.size >= MAX_OBJECTS) return [...found.values()];
      seen.add(va);
      const bytes = memory.bytesOrZeros(va, length);
      if (bytes === null) continue;
      const smmu = depth === 0 ? null : smmuAt(kernel, va, bytes);
      if (smmu !== null) found.set(va, smmu);
      for (const pointer of pointersIn(bytes)) {
        if (!seen.has(pointer) && memory.isLinear(pointer)) next.push({ va: pointer, length: OBJECT_BYTE_LENGTH });
      }
    }
    layer = [...new Map(next.map((one) => [one.va, one])).values()];
  }
  return [...found.values()];
}

function smmuAt({ memory }: Kernel, va: bigint, bytes: Buffer): HuntedSmmu | null {
  if (!isSmmu(memory, bytes)) return null;
  const device = bytes.readBigUInt64LE(0);
  const itself = memory.bytesOrZeros(device, OBJECT_BYTE_LENGTH);
  if (itself === null || !pointersIn(itself).includes(va)) return null;
  const name = itself.readBigUInt64LE(0);
  return { va, device, name: nameAt(memory, name) };
}

/** Addresses at which a variable of the image holds the address of this text. */
function driversNamed({ memory }: Kernel, name: string): bigint[] {
  const { physical, layout } = memory;
  const start = memory.imagePaddr(layout.stext) ?? 0;
  const end = memory.imagePaddr(layout.swapperPgDir) ?? 0;
  const texts: bigint[] = [];
  for (const paddr of findBackwards(physical, { start, end }, Buffer.from(`\0${name}\0`, 'latin1'))) {
    texts.push(memory.imageVa(paddr + 1));
    if (texts.length >= MAX_TEXTS) break;
  }
  const data = { start: end, end: end + MAX_DATA_BYTE_LENGTH };
  return texts.flatMap((text) => {
    const wanted = Buffer.alloc(8);
    wanted.writeBigUInt64LE(text);
    const drivers: bigint[] = [];
    for (const paddr of findBackwards(physical, data, wanted)) {
      if (paddr % 8 === 0) drivers.push(memory.imageVa(paddr));
      if (drivers.length >= MAX_DRIVERS) break;
    }
    return drivers;
  });
}

function pointersIn(bytes: Buffer): bigint[] {
  const pointers: bigint[] = [];
  for (let at = 0; at + 8 <= bytes.byteLength; at += 8) {
    // Of a kernel's address the top bits are set: nearly all other words are told apart without a bigint.
    if ((bytes[at + 6] as number) < 0xf0 || (bytes[at] as number) % 8 !== 0) continue;
    pointers.push(bytes.readBigUInt64LE(at));
  }
  return pointers;
}
