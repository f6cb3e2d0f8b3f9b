/**
 * Which bytes stand at a virtual address of the crashed kernel? Addresses of the linear map follow from a formula, all
 * others from the page tables (arch/arm64/include/asm/memory.h).
 */

import { nameOfBytes } from '../../byte-names.ts';
import { PADDR_LIMIT } from '../../dump/dump.ts';
import { type Regime, walkPageTables } from './page-tables.ts';
import type { AssumedBytes, PhysicalReader } from './physical-reader.ts';
import type { KernelLayout } from './vmcoreinfo.ts';

/** Long enough for the name of anything in the kernel. */
const MAX_TEXT_BYTE_LENGTH = 256;

export class VirtualMemory {
  readonly layout: KernelLayout;
  readonly physical: PhysicalReader;
  readonly #regime: Regime;
  readonly #linearStart: bigint;
  readonly #linearEnd: bigint;
  /** What to add to an address of the linear map; null when it cannot be told, so that tables decide. */
  #linearToPhysical: bigint | null;
  #linearIsChecked = false;

  constructor(layout: KernelLayout, physical: PhysicalReader) {
    this.layout = layout;
    this.physical = physical;
    const { log2PageSize, vaBits, vaBitsInUse, physOffset } = layout;
    // With 64 KiB pages and 52 bits the table of the first level is indexed as for 52 bits, however many are in use: the
    // hardware then starts inside of it.
    const walkedBits = log2PageSize === 16 && vaBits === 52 ? 52 : vaBitsInUse;
    this.#regime = {
      root: this.imagePaddr(layout.swapperPgDir) ?? 0,
      log2PageSize,
      vaBits: walkedBits,
      lpa2: log2PageSize < 16 && walkedBits > 48,
    };
    const leastBits = vaBits <= 48 ? vaBits : log2PageSize === 14 ? 47 : 48;
    this.#linearStart = fromTop(vaBitsInUse);
    this.#linearEnd = fromTop(leastBits - 1);
    // The offset counts with the bits of the build, also where fewer are in use: the kernel shifts PHYS_OFFSET for that.
    this.#linearToPhysical = physOffset === null ? null : BigInt.asUintN(64, physOffset - fromTop(vaBits));
  }

  /**
   * Whether the page tables place the kernel image where VMCOREINFO does: without that, neither is to be believed. All
   * addresses are taken to be `shift` above those at which the dump has them.
   */
  isConsistent(shift = 0): boolean {
    const { stext } = this.layout;
    const paddr = this.imagePaddr(stext);
    return paddr !== null && this.walk(stext, shift) === paddr;
  }

  /** Whether a table on the way to the kernel image is not in the dump, so that nothing can be said of where it is. */
  lacksTables(): boolean {
    let lacks = false;
    walkPageTables(this.#regime, this.layout.stext, (paddr) => {
      const descriptor = this.physical.u64(paddr);
      lacks ||= descriptor === null;
      return descriptor;
    });
    return lacks;
  }

  /** The physical address of something that is known to lie in the kernel image, its unmapped parts included. */
  imagePaddr(va: bigint): number | null {
    return asPaddr(va - this.layout.kimageVoffset);
  }

  /** The virtual address of something in the kernel image. */
  imageVa(paddr: number): bigint {
    return BigInt.asUintN(64, BigInt(paddr) + this.layout.kimageVoffset);
  }

  /** What the page tables say alone: null for an address that they do not map. */
  walk(va: bigint, shift = 0): number | null {
    const address = untagged(va);
    return address === null ? null : walkPageTables(this.#regime, address, (paddr) => this.physical.u64(paddr - shift));
  }

  /** Whether a pointer leads into the linear map, where all that the kernel allocates object by object is. */
  isLinear(va: bigint): boolean {
    const address = untagged(va);
    return address !== null && address >= this.#linearStart && address < this.#linearEnd;
  }

  /** The physical address of a kernel pointer, or null when there is none: unmapped, of a user, or not an address. */
  translate(va: bigint): number | null {
    const address = untagged(va);
    if (address === null) return null;
    if (!this.isLinear(address) || this.#linearToPhysical === null) return this.walk(address);
    if (!this.#linearIsChecked) {
      // Where the tables map the address they must agree; a dump may lack these tables, and then the formula stands.
      const walked = this.walk(address);
      this.#linearIsChecked = true;
      if (walked !== null && walked !== asPaddr(address + this.#linearToPhysical)) {
        this.#linearToPhysical = null;
        return walked;
      }
    }
    return asPaddr(address + this.#linearToPhysical);
  }

  /** The bytes from an address on, or null when one of them is not mapped or not in the dump. */
  bytes(va: bigint, byteLength: number): Buffer | null {
    return this.#pieces(va, byteLength, (paddr, count) => {
      const bytes = this.physical.bytes(paddr, count);
      return bytes === null ? null : { bytes, assumed: false };
    });
  }

  /** The same, with pages that were left out because they held zeros as zeros. */
  bytesOrZeros(va: bigint, byteLength: number): Buffer | null {
    return this.#pieces(va, byteLength, (paddr, count) => this.physical.bytesOrZeros(paddr, count));
  }

  u32(va: bigint): number | null {
    return this.bytes(va, 4)?.readUInt32LE(0) ?? null;
  }

  u64(va: bigint): bigint | null {
    return this.bytes(va, 8)?.readBigUInt64LE(0) ?? null;
  }

  /** The NUL-terminated text at an address, as the bytes are; null when it has no end within reason. */
  text(va: bigint): string | null {
    if (va === 0n) return null;
    const units: Buffer[] = [];
    for (let length = 0; length < MAX_TEXT_BYTE_LENGTH; ) {
      // Up to the end of 64 bytes, so that text at the end of a page needs no page behind it.
      const count = 64 - Number((va + BigInt(length)) % 64n);
      const bytes = this.bytes(va + BigInt(length), count);
      if (bytes === null) return null;
      const end = bytes.indexOf(0);
      units.push(end < 0 ? bytes : bytes.subarray(0, end));
      if (end >= 0) return nameOfBytes(Buffer.concat(units));
      length += count;
    }
    return null;
  }

  #pieces(va: bigint, byteLength: number, read: (paddr: number, count: number) => AssumedBytes | null): Buffer | null {
    const pageSize = 2 ** this.layout.log2PageSize;
    const first = Number(BigInt.asUintN(this.layout.log2PageSize, va));
    if (byteLength > 0 && first + byteLength <= pageSize) {
      const paddr = this.translate(va);
      return paddr === null ? null : (read(paddr, byteLength)?.bytes ?? null);
    }
    const pieces: Buffer[] = [];
    for (let done = 0; done < byteLength; ) {
      const at = BigInt.asUintN(64, va + BigInt(done));
      const count = Math.min(byteLength - done, pageSize - Number(at % BigInt(pageSize)));
      const paddr = this.translate(at);
      const piece = paddr === null ? null : read(paddr, count);
      if (piece === null) return null;
      pieces.push(piece.bytes);
      done += count;
    }
    return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
  }
}

/** The address with so many bits below the top of the address space. */
function fromTop(bits: number): bigint {
  return BigInt.asUintN(64, -(1n << BigInt(bits)));
}

/** KASAN and memory tagging use the top byte of a pointer; bit 55 says whose address it is. */
function untagged(va: bigint): bigint | null {
  const address = BigInt.asUintN(64, va);
  return (address >> 55n) % 2n === 1n ? address | (0xffn << 56n) : null;
}

function asPaddr(value: bigint): number | null {
  const paddr = Number(BigInt.asUintN(64, value));
  return paddr < PADDR_LIMIT ? paddr : null;
}
