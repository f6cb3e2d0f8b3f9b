/** Sources of bytes in memory that remember how they were used. */

import type { DumpSource } from '../../src/dump/sources/object-source.ts';
import type { ByteSource } from '../../src/dump/sources/source.ts';

export class MemorySource implements ByteSource {
  readonly name: string;
  readonly byteLength: number;
  /** Every read that asked for at least one byte. */
  readonly reads: { readonly offset: number; readonly byteLength: number }[] = [];
  readonly #bytes: Uint8Array;

  /** `byteLength` other than that of `bytes` makes a file that has become shorter since it was opened. */
  constructor(bytes: Uint8Array, name = 'dump', byteLength: number = bytes.byteLength) {
    this.name = name;
    this.byteLength = byteLength;
    this.#bytes = bytes;
  }

  get bytesRead(): number {
    return this.reads.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  read(offset: number, into: Uint8Array): number {
    if (into.byteLength > 0) this.reads.push({ offset, byteLength: into.byteLength });
    const held = this.#bytes.subarray(offset, offset + into.byteLength);
    into.set(held);
    return held.byteLength;
  }

  close(): void {}
}

/** Bytes that differ from their neighbours and depend on nothing but `seed`. */
export function patternBytes(byteLength: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(byteLength);
  let state = seed >>> 0;
  for (let i = 0; i < byteLength; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** A file in memory, as the library takes it. */
export function inputOf(bytes: Uint8Array, name = 'dump'): DumpSource {
  return { name, byteLength: bytes.byteLength, read: (at, byteLength) => bytes.subarray(at, at + byteLength) };
}
