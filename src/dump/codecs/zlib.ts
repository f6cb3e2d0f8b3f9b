/** zlib streams (RFC 1950), by Node's own zlib. Its Adler-32 makes this the one codec that knows a damaged page. */

import type { Codec } from './codec.ts';

type NodeZlib = typeof import('node:zlib');

/** For inflateSync() with `info`: what it answers then is missing from its declaration. */
interface Inflated {
  readonly buffer: Uint8Array;
  readonly engine: { readonly bytesWritten: number };
}

/** Loading node:zlib takes longer than reading a small dump, hence `nodeZlib` is called at the first page. */
export function zlibCodec(nodeZlib: () => NodeZlib): Codec {
  return (input, into) => {
    const { byteLength } = into;
    try {
      const { buffer, engine } = nodeZlib().inflateSync(input, {
        maxOutputLength: byteLength,
        // One chunk that is never quite full: with a full one Node would allocate the next, to find it empty.
        chunkSize: byteLength + 64,
        info: true,
      }) as unknown as Inflated;
      // inflateSync() takes no offence at bytes behind the end of the stream; `bytesWritten` are those it used.
      if (buffer.byteLength !== byteLength || engine.bytesWritten !== input.byteLength) return false;
      into.set(buffer);
      return true;
    } catch {
      return false;
    }
  };
}
