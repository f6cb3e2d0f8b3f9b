/** What does a member of one object in the kernel's memory hold? The layout says where, the memory what. */

import type { VirtualMemory } from '../memory/virtual-memory.ts';
import type { Member, StructLayout } from './types.ts';

/** No member that is read as a number is longer. */
const MAX_NUMBER_BYTE_LENGTH = 8;

export class KernelObject {
  readonly memory: VirtualMemory;
  readonly layout: StructLayout;
  readonly va: bigint;

  constructor(memory: VirtualMemory, layout: StructLayout, va: bigint) {
    this.memory = memory;
    this.layout = layout;
    this.va = va;
  }

  /** The address of a member, or null when the structure has none of that name. */
  addressOf(path: string): bigint | null {
    const member = this.layout.member(path);
    return member === null ? null : BigInt.asUintN(64, this.va + BigInt(member.offset));
  }

  /** The bits of a member; null when there is no such member or its bytes are not in the dump. */
  bits(path: string): bigint | null {
    const member = this.layout.member(path);
    if (member === null || member.byteLength === 0 || member.byteLength > MAX_NUMBER_BYTE_LENGTH) return null;
    const bytes = this.memory.bytes(this.va + BigInt(member.offset), member.byteLength);
    return bytes === null ? null : numberIn(bytes, 0, member);
  }

  /** The same as a number, for members of at most 32 bits. */
  number(path: string): number | null {
    const bits = this.bits(path);
    return bits === null ? null : Number(bits);
  }

  /** The text that a member points to. */
  text(path: string): string | null {
    const pointer = this.bits(path);
    return pointer === null || pointer === 0n ? null : this.memory.text(pointer);
  }

  /** The object of another type in which this address is a member: what the kernel calls container_of. */
  containedIn(layout: StructLayout, path: string): KernelObject | null {
    return containerOf(this.memory, layout, path, this.va);
  }
}

/** Nobody's name is empty or has such characters: that is what memory is when the name is gone. */
const NO_NAME = /^$|[\p{Cc}\ufffd]/u;

/** The name that a member points to; null for none, and where it is not in the dump. */
export function nameIn(object: KernelObject, path: string): string | null {
  return nameAt(object.memory, object.bits(path) ?? 0n);
}

/** The name at an address; null where there is none. */
export function nameAt(memory: VirtualMemory, va: bigint): string | null {
  const text = memory.text(va);
  return text === null || NO_NAME.test(text) ? null : text;
}

/** The object in which `va` is the address of the member `path`. */
export function containerOf(
  memory: VirtualMemory,
  layout: StructLayout,
  path: string,
  va: bigint,
): KernelObject | null {
  const member = layout.member(path);
  return member === null ? null : new KernelObject(memory, layout, BigInt.asUintN(64, va - BigInt(member.offset)));
}

/** A member in bytes that hold its structure from `at` on. */
function numberIn(bytes: Buffer, at: number, { byteLength, bits }: Member): bigint {
  const value =
    byteLength === 8
      ? bytes.readBigUInt64LE(at)
      : byteLength <= 6
        ? BigInt(bytes.readUIntLE(at, byteLength))
        : BigInt(bytes.readUIntLE(at, 6)) | (BigInt(bytes[at + 6] as number) << 48n);
  return bits === null ? value : BigInt.asUintN(bits.width, value >> BigInt(bits.lsb));
}
