/** LZO1X instruction by instruction: the writer of the tests uses all of them, and each has bounds to check. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decompressLzo } from '../../../src/dump/codecs/lzo.ts';
import { holds } from '../../support/holds.ts';
import { SLOW } from '../../support/slow.ts';
import { patternBytes } from '../../support/sources.ts';
import { compressLzo, LZO_INSTRUCTIONS, type LzoInstruction } from '../../support/writers/lzo-writer.ts';
import { decompressGuarded } from './guarded.ts';

const END = [0x11, 0, 0] as const;

/** What a stream gives, as text, or false. */
function decompress(stream: readonly number[], byteLength: number): string | false {
  const { isSound, output } = decompressGuarded(decompressLzo, Uint8Array.from(stream), byteLength);
  return isSound && Buffer.from(output).toString('latin1');
}
const ascii = (text: string) => [...Buffer.from(text, 'latin1')];

describe('every instruction', () => {
  /** Few different bytes, so that there is a match nearly everywhere, and stretches that come again much later. */
  const bytes = patternBytes(65536, 9).map((byte, i) => (i % 50000 < 6000 ? byte : byte & 3));
  const used = new Map<LzoInstruction, number>();
  const onInstruction = (kind: LzoInstruction) => used.set(kind, (used.get(kind) ?? 0) + 1);

  test('is written and read', () => {
    for (let seed = 1; seed <= (SLOW ? 20 : 5); seed++) {
      const page = bytes.subarray(seed <= 4 ? seed : 0);
      const stream = compressLzo(page, { seed, onInstruction });
      const { isSound, output } = decompressGuarded(decompressLzo, stream, page.byteLength);
      expect(isSound && Buffer.compare(output, page) === 0, `seed ${seed}`).toBe(true);
    }
    for (const page of [Uint8Array.of(1, 2), Uint8Array.of(1, 2, 1, 2), patternBytes(100), new Uint8Array(65536)]) {
      const stream = compressLzo(page, { onInstruction });
      expect(decompressGuarded(decompressLzo, stream, page.byteLength)).toEqual({ isSound: true, output: page });
    }
    expect([...used.keys()].sort()).toEqual([...LZO_INSTRUCTIONS].sort());
  });

  test.each([
    ['m2', 1000],
    ['m3', 1000],
    ['m3-long', 3000],
    ['m4', 20000],
    ['m4-far', 40000],
    ['m4-long', 40000],
    ['m1-far', 2500],
  ] as const)('only %s matches, in what comes again after %d bytes', (kind, period) => {
    const counted: LzoInstruction[] = [];
    const page = patternBytes(65536, 3).map((_, i, random) => random[i % period] as number);
    const stream = compressLzo(page, { only: [kind], onInstruction: (one) => counted.push(one) });
    expect(counted).toContain(kind);
    expect(decompressGuarded(decompressLzo, stream, page.byteLength)).toEqual({ isSound: true, output: page });
  });

  test('any bytes with any choice of instructions', () => {
    const input = fc.array(fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constant(new Uint8Array(700))), {
      minLength: 1,
      maxLength: 30,
    });
    holds(
      fc.property(input, fc.integer(), (parts, seed) => {
        const page = new Uint8Array(Buffer.concat([...parts, ...parts, Uint8Array.of(1)]));
        const { isSound, output } = decompressGuarded(decompressLzo, compressLzo(page, { seed }), page.byteLength);
        return isSound && Buffer.compare(output, page) === 0;
      }),
    );
  });
});

describe('by hand', () => {
  test.each<[string, number[], string]>([
    ['literals of the first byte', [17 + 4, ...ascii('abcd'), ...END], 'abcd'],
    ['a run', [1, ...ascii('abcd'), ...END], 'abcd'],
    ['a run with a longer length', [0, 1, ...ascii('a'.repeat(19)), ...END], 'a'.repeat(19)],
    ['a run with a length of two bytes', [0, 0, 1, ...ascii('a'.repeat(274)), ...END], 'a'.repeat(274)],
    ['a match of 8 that overlaps itself', [17 + 4, ...ascii('abcd'), 0xe0, 0, ...END], 'abcdddddddddd'.slice(0, 12)],
    ['literals with a match', [17 + 4, ...ascii('abcd'), 0x4e, 0, ...ascii('xy'), ...END], 'abcdabcxy'],
    ['a match of 2 after them', [17 + 2, ...ascii('ab'), 0x04, 0, ...END], 'abab'],
    // What liblzo2 2.10 takes for an end, too.
    ['an end marker of another length', [17 + 4, ...ascii('abcd'), 0x12, 0, 0], 'abcd'],
    ['an end marker of an extended length', [17 + 4, ...ascii('abcd'), 0x10, 9, 0, 0], 'abcd'],
    ['an end marker with bits for literals', [17 + 4, ...ascii('abcd'), 0x11, 3, 0], 'abcd'],
    ['nothing', [...END], ''],
  ])('%s', (_, stream, expected) => {
    expect(decompress(stream, expected.length)).toBe(expected);
  });

  test.each<[string, number[], number]>([
    ['a match before anything is there', [0x40, 0, ...END], 3],
    ['a match from before the beginning', [17 + 4, ...ascii('abcd'), 0xf0, 0, ...END], 12],
    ['a far match from before the beginning', [17 + 4, ...ascii('abcd'), 0x13, 4, 0, ...END], 9],
    ['a match beyond the end of the output', [17 + 4, ...ascii('abcd'), 0xe0, 0, ...END], 11],
    ['a long match beyond the end of the output', [17 + 4, ...ascii('abcd'), 0x20, 0, 0, 0, 9, 0, 0, ...END], 64],
    ['literals beyond the end of the output', [17 + 4, ...ascii('abcd'), ...END], 3],
    ['a run beyond the end of the output', [1, ...ascii('abcd'), ...END], 3],
    ['literals with a match beyond the end', [17 + 4, ...ascii('abcd'), 0x4e, 0, ...ascii('xy'), ...END], 8],
    ['literals beyond the end of the input', [17 + 9, ...ascii('abcd')], 9],
    ['a run beyond the end of the input', [0, 0, 0, 0, 1, ...ascii('abcd')], 784],
    ['a length without an end', [0, ...new Array(1000).fill(0)], 65536],
    ['a match length without an end', [17 + 4, ...ascii('abcd'), 0x20, ...new Array(1000).fill(0)], 65536],
    ['a match without its distance', [17 + 4, ...ascii('abcd'), 0x21, 0], 7],
    ['a later bitstream version', [0x11, 1, 17 + 4, ...ascii('abcd'), ...END], 4],
    ['no end marker', [17 + 4, ...ascii('abcd')], 4],
    ['an end marker with literals behind it', [17 + 4, ...ascii('abcd'), 0x11, 1, 0, 65], 5],
    ['an end marker before the end of the output', [17 + 4, ...ascii('abcd'), ...END], 5],
    ['bytes behind the end marker', [17 + 4, ...ascii('abcd'), ...END, 0], 4],
  ])('refuses %s', (_, stream, byteLength) => {
    expect(decompress(stream, byteLength)).toBe(false);
  });
});
