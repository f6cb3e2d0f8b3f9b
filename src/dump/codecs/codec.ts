/** What every decompressor of this folder is, and what two of them share. */

export type CodecName = 'zlib' | 'lzo' | 'snappy' | 'zstd';

/**
 * Decompresses `input` into the whole of `into`. True only when the input is sound from its first byte to its last and
 * gives exactly `into.byteLength` bytes; after false the content of `into` is unspecified.
 *
 * Dumps are damaged, and may be hostile: a codec never throws for what it is given, writes nowhere but into `into`,
 * takes no memory by what the input claims, and takes time by the sizes of its two arrays only.
 */
export type Codec = (input: Uint8Array, into: Uint8Array) => boolean;

/** From here on one call into the engine costs less than a loop over the bytes. */
const LONG_COPY = 32;

/** `length` bytes from `from` at `at` to `into` at `to`. The caller has checked that both have them. */
export function copyLiterals(from: Uint8Array, at: number, into: Uint8Array, to: number, length: number): void {
  if (length >= LONG_COPY) into.set(from.subarray(at, at + length), to);
  else for (let i = 0; i < length; i++) into[to + i] = from[at + i] as number;
}

/**
 * Repeats what `into` holds `distance` bytes before `to`. A match longer than its distance goes on with the bytes it
 * has just written: that is how all these formats write runs. The caller has checked both ends.
 */
export function copyMatch(into: Uint8Array, to: number, distance: number, length: number): void {
  if (length < LONG_COPY) {
    for (let i = to, end = to + length; i < end; i++) into[i] = into[i - distance] as number;
    return;
  }
  let done = Math.min(distance, length);
  into.copyWithin(to, to - distance, to - distance + done);
  // What is there is a whole number of periods, so it can be doubled.
  while (done < length) {
    const more = Math.min(done, length - done);
    into.copyWithin(to + done, to, to + more);
    done += more;
  }
}
