/**
 * The WebAssembly module of Zstandard's decoder in Base64. This module is for running out of the sources, in tests and
 * tools; the build puts the text itself in its place.
 */

import { createRequire } from 'node:module';

export function zstdWasm(): string {
  return createRequire(import.meta.url)('../../../tools/zstd-wasm.cjs').zstdWasm();
}
