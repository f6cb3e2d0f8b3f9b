/**
 * All decompressors. Import this file dynamically, and only for a dump that is compressed.
 *
 * Loading it runs no code worth measuring; what a codec needs is made when its first page is.
 */

import type { Codec, CodecName } from './codec.ts';
import { decompressLzo } from './lzo.ts';
import { decompressSnappy } from './snappy.ts';
import { zlibCodec } from './zlib.ts';
import { decompressZstd } from './zstd.ts';

/** The codecs by name, each loaded as soon as this Node can. */
export async function loadCodecs(): Promise<Readonly<Record<CodecName, Codec>>> {
  // Node 20.16 can load its own modules synchronously, and so at the first page that needs them; before that it is now.
  const loaded = process.getBuiltinModule === undefined ? await import('node:zlib') : undefined;
  const zlib = zlibCodec(() => loaded ?? process.getBuiltinModule('node:zlib'));
  return { zlib, lzo: decompressLzo, snappy: decompressSnappy, zstd: decompressZstd };
}
