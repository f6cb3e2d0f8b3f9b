/**
 * Zstandard (RFC 8878) by its reference library, compiled to WebAssembly: ZSTD_decompress(), the call that makedumpfile
 * and crash make for a page. It takes several frames and skippable ones, and no memory by what they claim.
 *
 * Not by Node's own, where there is one: it is no faster for pages, ends at the first frame, and, being a 64-bit build,
 * does not look whether a stream of literals ends where it should. Of damaged pages that have no checksum it lets through
 * one in forty, with bytes that are others in the next version of the library. This build refuses them, on every Node.
 */

import { zstdWasm } from './zstd-wasm.ts';

/** What the module exports. Pointers and lengths are numbers in its memory; errors are lengths below zero. */
interface ZstdModule {
  readonly memory: { readonly buffer: ArrayBuffer };
  malloc(byteLength: number): number;
  free(pointer: number): void;
  ZSTD_decompress(into: number, capacity: number, from: number, byteLength: number): number;
}

/** What is used of WebAssembly: its declarations come with those of browsers only. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: Readonly<Record<string, Readonly<Record<string, () => void>>>>,
  ) => { readonly exports: unknown };
};

/** Made for the first page: a millisecond. */
let instance: ZstdModule | undefined;

/** Decompresses zstd frames into a buffer of exactly the page's size. False for anything that does not fill it. */
export function decompressZstd(input: Uint8Array, into: Uint8Array): boolean {
  instance ??= instantiate();
  const { memory, malloc, free, ZSTD_decompress } = instance;
  const from = malloc(input.byteLength);
  const to = malloc(into.byteLength);
  try {
    // Memory that has grown is another buffer.
    new Uint8Array(memory.buffer).set(input, from);
    const isSound = ZSTD_decompress(to, into.byteLength, from, input.byteLength) === into.byteLength;
    if (isSound) into.set(new Uint8Array(memory.buffer, to, into.byteLength));
    return isSound;
  } catch {
    // A trap: nothing is known of the memory behind it.
    instance = undefined;
    return false;
  } finally {
    free(to);
    free(from);
  }
}

function instantiate(): ZstdModule {
  const module = new WebAssembly.Module(Buffer.from(zstdWasm(), 'base64'));
  return new WebAssembly.Instance(module, { env: { emscripten_notify_memory_growth() {} } }).exports as ZstdModule;
}
