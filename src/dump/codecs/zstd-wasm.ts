/**
 * The WebAssembly module of Zstandard's decoder in Base64. This module is for running out of the sources, in tests and
 * tools; the build puts the text itself in its place.
 */

import { createRequire } from 'node:module';

/**
 * The WebAssembly of the zstd decoder in base64. The build puts its text here; without one, it is read from the
 * package.
 */
export function zstdWasm(): string {
  return createRequire(import.meta.url)('../../../tools/zstd-wasm.cjs').zstdWasm();
}
