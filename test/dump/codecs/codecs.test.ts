/** What every codec has to do: round trips, real pages, and nothing but `false` for what is damaged or hostile. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Codec, CodecName } from '../../../src/dump/codecs/codec.ts';
import { loadCodecs } from '../../../src/dump/codecs/registry.ts';
import { holds } from '../../support/holds.ts';
import { runs, SLOW } from '../../support/slow.ts';
import { patternBytes } from '../../support/sources.ts';
import { COMPRESSORS } from '../../support/writers/compress.ts';
import { decompressGuarded } from './guarded.ts';

const NAMES: readonly CodecName[] = ['zlib', 'lzo', 'snappy', 'zstd'];
const codecs = await loadCodecs();

interface Fixtures {
  readonly pages: readonly (Readonly<Record<CodecName, string>> & {
    readonly paddr: string;
    readonly sha256: string;
  })[];
  readonly frames: readonly { options: string; byteLength: number; sha256: string; zstd: string }[];
}
const fixtures: Fixtures = JSON.parse(readFileSync(new URL('../../data/codecs/pages.json', import.meta.url), 'utf8'));
const fromBase64 = (text: string) => new Uint8Array(Buffer.from(text, 'base64'));
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Runs and repetitions of all lengths, the same for the same seed: what pages of a kernel look like. */
function repetitiveBytes(byteLength: number, seed: number): Uint8Array {
  const random = patternBytes(byteLength, seed);
  const bytes = new Uint8Array(byteLength);
  for (let at = 0, i = 0; at < byteLength; i += 4) {
    const [kind = 0, a = 0, b = 0, c = 1] = random.subarray(i % byteLength, (i % byteLength) + 4);
    const length = Math.min(1 + (kind & 0x80 ? a * 8 : a >> 3), byteLength - at);
    const distance = (b << 8) | (c + 1);
    for (const end = at + length; at < end; at++) {
      bytes[at] = kind % 4 === 0 ? 0 : distance <= at && kind % 4 < 3 ? (bytes[at - distance] as number) : b ^ (at * c);
    }
  }
  return bytes;
}

const content = fc.record({
  byteLength: fc.constantFrom(4096, 16384, 65536),
  kind: fc.constantFrom('zeros', 'random', 'repetitive'),
  seed: fc.integer({ min: 1, max: 2 ** 31 }),
});
function bytesOf({ byteLength, kind, seed }: { byteLength: number; kind: string; seed: number }): Uint8Array {
  if (kind === 'zeros') return new Uint8Array(byteLength);
  return kind === 'random' ? patternBytes(byteLength, seed) : repetitiveBytes(byteLength, seed);
}

describe.each(NAMES)('%s', (name) => {
  const codec: Codec = codecs[name];
  const compress = COMPRESSORS[name];

  test('gives back what was compressed', () => {
    holds(
      fc.property(content, (of) => {
        const bytes = bytesOf(of);
        const { isSound, output } = decompressGuarded(codec, compress(bytes), bytes.byteLength);
        return isSound && Buffer.compare(output, bytes) === 0;
      }),
      { numRuns: runs(80) },
    );
  });

  test.each([1, 2, 3, 4, 5, 17, 255, 256, 257])('gives back %d bytes', (byteLength) => {
    for (const bytes of [new Uint8Array(byteLength), patternBytes(byteLength)]) {
      expect(decompressGuarded(codec, compress(bytes), byteLength)).toEqual({ isSound: true, output: bytes });
    }
  });

  test('reads an input that is part of a larger buffer, and only that', () => {
    const bytes = repetitiveBytes(4096, 7);
    const compressed = compress(bytes);
    const around = new Uint8Array(compressed.byteLength + 64).fill(0x11);
    around.set(compressed, 32);
    const part = around.subarray(32, 32 + compressed.byteLength);
    expect(decompressGuarded(codec, part, 4096)).toEqual({ isSound: true, output: bytes });
    const cut = around.subarray(32, 32 + compressed.byteLength - 1);
    expect(decompressGuarded(codec, cut, 4096).isSound).toBe(false);
  });

  test('refuses any other length of output', () => {
    const compressed = compress(repetitiveBytes(4096, 3));
    for (const byteLength of [0, 1, 2048, 4095, 4097, 65536]) {
      expect(decompressGuarded(codec, compressed, byteLength).isSound, `${byteLength} bytes`).toBe(false);
    }
  });

  test('refuses bytes behind the end, and no bytes at all', () => {
    const compressed = compress(repetitiveBytes(4096, 3));
    for (const extra of [[0], [0x11, 0, 0], [...compressed]]) {
      expect(decompressGuarded(codec, Uint8Array.of(...compressed, ...extra), 4096).isSound).toBe(false);
    }
    expect(decompressGuarded(codec, new Uint8Array(0), 4096).isSound).toBe(false);
  });

  test.each(fixtures.pages)('a page as makedumpfile wrote it: $paddr', (page) => {
    const { isSound, output } = decompressGuarded(codec, fromBase64(page[name]), 4096);
    expect(isSound).toBe(true);
    expect(sha256(output)).toBe(page.sha256);
  });

  const smallest = fixtures.pages.filter((page) => page[name].length > 100).map((page) => fromBase64(page[name]));

  test('a real page cut anywhere is refused', () => {
    for (const compressed of smallest) {
      for (let length = 0; length < compressed.byteLength; length += SLOW ? 1 : 3) {
        const { isSound } = decompressGuarded(codec, compressed.subarray(0, length), 4096);
        expect(isSound, `${length} of ${compressed.byteLength} bytes`).toBe(false);
      }
    }
  });

  test('a real page with any byte changed neither throws nor writes elsewhere', () => {
    const FLIPS = [0x01, 0x80, 0xff];
    const into = new Uint8Array(4096);
    const thrown: string[] = [];
    for (const compressed of smallest) {
      for (let at = 0; at < compressed.byteLength; at++) {
        for (const flip of SLOW ? FLIPS : [FLIPS[at % FLIPS.length] as number]) {
          const damaged = compressed.slice();
          damaged[at] = (damaged[at] as number) ^ flip;
          try {
            if (at % 64 === 0) decompressGuarded(codec, damaged, 4096);
            else codec(damaged, into);
          } catch (error) {
            thrown.push(`byte ${at} with ${flip}: ${error}`);
          }
        }
      }
    }
    expect(thrown).toEqual([]);
  });

  test('random bytes, with and without the beginning of a real page', () => {
    holds(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(200), (random, keep) => {
        const begin = (smallest[keep % smallest.length] as Uint8Array).subarray(0, keep);
        decompressGuarded(codec, Uint8Array.of(...begin, ...random), 4096);
      }),
      { numRuns: runs(1000) },
    );
  });

  test('pages of random damage end', () => {
    const bytes = patternBytes(65536, 5);
    const begin = compress(repetitiveBytes(65536, 11)).subarray(0, 64);
    bytes.set(begin);
    for (let i = 0; i < 100; i++) {
      bytes[begin.byteLength + i] = i;
      expect(decompressGuarded(codec, bytes, 65536).isSound).toBe(false);
    }
  });
});

test.each(fixtures.frames)('a frame of $byteLength bytes as the zstd command wrote it with $options', (frame) => {
  const { isSound, output } = decompressGuarded(codecs.zstd, fromBase64(frame.zstd), frame.byteLength);
  expect(isSound).toBe(true);
  expect(sha256(output)).toBe(frame.sha256);
});

test.each(fixtures.frames)('the same frame cut or changed anywhere: $byteLength bytes with $options', (frame) => {
  const compressed = fromBase64(frame.zstd);
  const step = Math.ceil(compressed.byteLength / (SLOW ? 600 : 100));
  for (let at = 0; at < compressed.byteLength; at += step) {
    expect(decompressGuarded(codecs.zstd, compressed.subarray(0, at), frame.byteLength).isSound).toBe(false);
    const damaged = compressed.slice();
    damaged[at] = (damaged[at] as number) ^ 0x5a;
    decompressGuarded(codecs.zstd, damaged, frame.byteLength);
  }
});
