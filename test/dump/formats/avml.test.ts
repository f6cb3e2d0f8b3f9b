/** AVML dumps: mixes with LiME records, random access, and what damage to a chunk leaves of the memory around it. */

import { describe, expect, test } from 'vitest';
import { openAvml } from '../../../src/dump/formats/avml.ts';
import { crc32c } from '../../../src/dump/formats/crc32c.ts';
import type { StreamFlaw } from '../../../src/dump/problem.ts';
import { InputError } from '../../../src/errors.ts';
import { refusalOf } from '../../support/refusal.ts';
import { SLOW, slowTest } from '../../support/slow.ts';
import { MemorySource, patternBytes } from '../../support/sources.ts';
import { expectPartition } from '../../support/states.ts';
import {
  compressedChunk,
  frame,
  type LimeRecord,
  limeDump,
  maskedCrc32c,
  plainChunk,
  STREAM_IDENTIFIER,
  snappyStream,
} from '../../support/writers/lime-writer.ts';

const KIB = 1024;
const open = (file: Uint8Array) => openAvml(new MemorySource(file));

/** Bytes and states of a range, each state as often as it has bytes. */
async function read(file: Uint8Array, paddr: number, byteLength: number) {
  const dump = await open(file);
  const into = Buffer.alloc(byteLength, 0xee);
  const runs = dump.memory.read(paddr, into);
  expectPartition(runs, byteLength);
  return { dump, into, runs };
}

describe('sound dumps', () => {
  const first = patternBytes(200 * KIB);
  const second = new Uint8Array(128 * KIB).fill(0x5a);
  const third = patternBytes(5000, 3);
  const image = limeDump([
    { paddr: 0x10_0000, bytes: first, compressed: true },
    { paddr: 0x80_0000, bytes: third },
    { paddr: 0x40_0000, bytes: second, compressed: true },
  ]);

  test('both kinds of records in one file', async () => {
    const { dump } = await read(image.bytes, 0, 0);
    expect(dump).toMatchObject({ format: 'avml', wrapper: null, pageSize: 4096, complete: null, problems: [] });
    expect(dump).toMatchObject({ zeroPagesFiltered: null });
    expect(dump.assumptions).toEqual([{ kind: 'page-size', byteLength: 4096, unsaidBy: 'avml' }]);
    expect(dump.memory.ranges).toEqual([
      { start: 0x10_0000, end: 0x10_0000 + 200 * KIB },
      { start: 0x40_0000, end: 0x40_0000 + 128 * KIB },
      { start: 0x80_0000, end: 0x80_0000 + 5000 },
    ]);
    for (const [paddr, content] of [
      [0x10_0000, first],
      [0x40_0000, second],
      [0x80_0000, third],
    ] as const) {
      const { into, runs } = await read(image.bytes, paddr - 5, content.length + 10);
      expect(runs.map(({ state }) => state)).toEqual(['hole', 'present', 'hole']);
      expect(into.subarray(5, -5).equals(content)).toBe(true);
    }
    expect(dump.census()).toEqual({
      pages: { present: 84, zero: 0, excluded: 0, lost: 0 },
      codecs: { plain: 2, snappy: 82 },
    });
  });

  test('either kind may come first, or be alone', async () => {
    const plain = { paddr: 0x1000, bytes: third };
    const compressed = { paddr: 0x9000, bytes: third, compressed: true };
    for (const [records, format] of [
      [[plain, compressed], 'avml'],
      [[compressed, plain], 'avml'],
      [[compressed], 'avml'],
      [[plain], 'lime'],
    ] as [LimeRecord[], string][]) {
      const dump = await open(limeDump(records).bytes);
      expect(dump).toMatchObject({ format, complete: null, mapComplete: false, problems: [] });
      for (const { paddr } of records) {
        const into = Buffer.alloc(third.length);
        dump.memory.read(Number(paddr), into);
        expect(into.equals(third)).toBe(true);
      }
    }
  });

  test('opening decompresses nothing, and a read only the chunks it touches', async () => {
    const source = new MemorySource(image.bytes);
    const { memory } = await openAvml(source);
    const ahead = source.bytesRead;
    const into = Buffer.alloc(8);
    memory.read(0x10_0000 + 64 * KIB - 4, into);
    expect(into.equals(first.subarray(64 * KIB - 4, 64 * KIB + 4))).toBe(true);
    expect(source.bytesRead - ahead).toBeGreaterThan(128 * KIB);
    expect(source.bytesRead - ahead).toBeLessThan(129 * KIB);
    const after = source.reads.length;
    for (let i = 0; i < 1000; i++) memory.read(0x10_0000 + 64 * i, into);
    expect(source.reads.length, 'chunks are kept').toBe(after);
    for (let i = 0; i < 200 * KIB; i += 500) memory.read(0x10_0000 + i, into);
    expect(source.reads.length - after).toBe(2);
  });

  test('any range of any chunks', async () => {
    for (const chunkByteLength of [1, 3, 1000, 4096, 65536]) {
      const content = patternBytes(Math.min(100_000, chunkByteLength * 40), chunkByteLength);
      const stream = snappyStream(content, chunkByteLength);
      const { memory } = await open(limeDump([{ paddr: 0x1234, bytes: content, compressed: stream }]).bytes);
      for (let i = 0; i < 60; i++) {
        const at = (i * 7919) % content.length;
        const into = Buffer.alloc(Math.min(content.length - at, (i * 331) % 9000));
        memory.read(0x1234 + at, into);
        expect(into.equals(content.subarray(at, at + into.length))).toBe(true);
      }
    }
  });

  test('chunks to skip, and stream identifiers anywhere', async () => {
    const content = patternBytes(3000);
    const skipped = frame(0xfe, patternBytes(70_000));
    const stream = [
      STREAM_IDENTIFIER,
      skipped,
      compressedChunk(content.subarray(0, 1000)),
      frame(0x80, new Uint8Array(0)),
      STREAM_IDENTIFIER,
      compressedChunk(new Uint8Array(0)),
      plainChunk(content.subarray(1000)),
      skipped,
    ];
    const file = limeDump([
      { paddr: 0, bytes: content, compressed: stream },
      { paddr: 0x1_0000, bytes: content, compressed: true },
    ]).bytes;
    for (const paddr of [0, 0x1_0000]) {
      const { dump, into } = await read(file, paddr, 3000);
      expect(dump).toMatchObject({ complete: null, problems: [] });
      expect(into.equals(content)).toBe(true);
    }
  });

  test('the checksum is CRC-32C', () => {
    // The check value of the CRC catalogues, and RFC 3720 appendix B.4.
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  });
});

describe('damage', () => {
  const content = patternBytes(40 * KIB);
  const chunks = () => snappyStream(content, 8 * KIB);
  const dumpOf = (stream: readonly Uint8Array[]) => limeDump([{ paddr: 0x1_0000, bytes: content, compressed: stream }]);

  test('a bad chunk loses its own range, and only that', async () => {
    for (const index of [1, 2, 3, 4, 5]) {
      const stream = chunks();
      const chunk = stream[index] as Buffer;
      chunk[chunk.length - 1] = (chunk[chunk.length - 1] as number) ^ 1;
      const { dump, into, runs } = await read(dumpOf(stream).bytes, 0x1_0000, content.length);
      const start = (index - 1) * 8 * KIB;
      expect(runs.filter(({ state }) => state !== 'present')).toEqual([
        { offset: start, byteLength: 8 * KIB, state: 'lost' },
      ]);
      const expected = Buffer.from(content).fill(0, start, start + 8 * KIB);
      expect(into.equals(expected)).toBe(true);
      const fileOffset = 32 + stream.slice(0, index).reduce((sum, { length }) => sum + length, 0);
      const what = { kind: 'chunk-lost', why: 'checksum' };
      expect(dump.problems).toEqual([{ file: 'dump', fileOffset, what }]);
      dump.memory.read(0x1_0000, into);
      expect(dump.problems, 'said once').toHaveLength(1);
    }
  });

  test('a chunk that cannot be decompressed', async () => {
    const stream = chunks();
    const chunk = stream[1] as Buffer;
    // The literal now claims to be longer than its chunk.
    chunk[4 + 4 + 2 + 2] = 0xff;
    const { dump, runs } = await read(dumpOf(stream).bytes, 0x1_0000, content.length);
    expect(runs[0]).toEqual({ offset: 0, byteLength: 8 * KIB, state: 'lost' });
    expect(dump.problems).toMatchObject([{ what: { kind: 'chunk-lost', why: 'compressed-data' } }]);
  });

  test.each<[string, StreamFlaw, () => Uint8Array[]]>([
    ['no identifier', { kind: 'no-stream' }, () => chunks().slice(1)],
    ['another identifier', { kind: 'no-stream' }, () => [...chunks().slice(0, 2), frame(0xff, Buffer.from('sNaPpy'))]],
    ['an unknown type', { kind: 'chunk-type', type: 0x7f }, () => [...chunks().slice(0, 2), frame(0x7f, content)]],
    ['no checksum', { kind: 'chunk-length' }, () => [...chunks().slice(0, 2), frame(1, Buffer.alloc(3))]],
    ['no length', { kind: 'chunk-length' }, () => [...chunks().slice(0, 2), frame(0, Buffer.alloc(4))]],
    [
      'a chunk of more than 64 KiB',
      { kind: 'chunk-length' },
      () => [...chunks().slice(0, 2), frame(1, Buffer.alloc(65541))],
    ],
    [
      'a length that never ends',
      { kind: 'chunk-length' },
      () => [...chunks().slice(0, 2), frame(0, Buffer.alloc(40, 0xff))],
    ],
    ['more than its range', { kind: 'stream-too-long' }, () => [...chunks().slice(0, 2), plainChunk(content)]],
  ])('%s ends the walk', async (_, by, stream) => {
    // With more bytes than its range, the whole record may belong elsewhere.
    const good = stream().length === 3 && by.kind !== 'stream-too-long' ? 8 * KIB : 0;
    const image = limeDump([
      { paddr: 0x8000, bytes: content.subarray(0, 100), compressed: true },
      { paddr: 0x1_0000, bytes: content, compressed: stream() },
    ]);
    const { dump, into, runs } = await read(image.bytes, 0x1_0000, content.length);
    expect(dump).toMatchObject({ complete: false, problems: [{ what: { kind: 'walk-ends', by } }] });
    expect(runs.filter(({ state }) => state === 'lost')).toEqual([
      { offset: good, byteLength: content.length - good, state: 'lost' },
    ]);
    expect(into.subarray(0, good).equals(content.subarray(0, good))).toBe(true);
    dump.memory.read(0x8000, into.subarray(0, 100));
    expect(into.subarray(0, 100).equals(content.subarray(0, 100))).toBe(true);
  });

  test.each([
    ['longer at its beginning', 0x1_0000 - 1, 0x1_0000 + 40 * KIB - 1],
    ['shorter at its beginning', 0x1_0000 + 1, 0x1_0000 + 40 * KIB - 1],
    ['longer at its end', 0x1_0000, 0x1_0000 + 48 * KIB - 1],
  ])('a range that is %s than what it holds: none of it is taken for memory', async (_, paddr, last) => {
    const { bytes } = limeDump([{ paddr, last, bytes: content, compressed: chunks() }]);
    const { dump, runs } = await read(bytes, 0x1_0000, content.length);
    expect(dump.complete).toBe(false);
    expect(runs.map(({ state }) => state)).not.toContain('present');
  });

  test('content that one wrong bit makes a chunk to skip does not move what follows', async () => {
    const stream = chunks();
    (stream[2] as Buffer)[0] = 0x80;
    const { dump, into, runs } = await read(dumpOf(stream).bytes, 0x1_0000, content.length);
    expect(dump.complete).toBe(false);
    expect(runs).toEqual([
      { offset: 0, byteLength: 8 * KIB, state: 'present' },
      { offset: 8 * KIB, byteLength: 32 * KIB, state: 'lost' },
    ]);
    expect(into.subarray(0, 8 * KIB).equals(content.subarray(0, 8 * KIB))).toBe(true);
  });

  test('a wrong length behind a record is said, and the next record read', async () => {
    const records: LimeRecord[] = [
      { paddr: 0x1000, bytes: content.subarray(0, 50), compressed: true, trailer: 0x80 },
      { paddr: 0x2000, bytes: content.subarray(50, 90), compressed: true },
    ];
    const length = Buffer.concat(snappyStream(content.subarray(0, 50))).length;
    const { dump, into } = await read(limeDump(records).bytes, 0x2000, 40);
    expect(into.equals(content.subarray(50, 90))).toBe(true);
    expect(dump).toMatchObject({
      complete: null,
      problems: [
        { fileOffset: 32 + length, what: { kind: 'trailer-differs', claimedBytes: 128n, byteLength: length } },
      ],
    });
  });

  test('the length is missing', async () => {
    const file = limeDump([{ paddr: 0, bytes: content, compressed: true, trailer: null }]).bytes;
    const { dump, into } = await read(file, 0, content.length);
    expect(into.equals(content)).toBe(true);
    expect(dump).toMatchObject({ complete: false, problems: [{ what: { kind: 'trailer-cut' } }] });
  });

  test('memory beyond 52 bits is left out, and what follows is read', async () => {
    const file = limeDump([
      { paddr: 2n ** 60n, bytes: content, compressed: true },
      { paddr: 0, bytes: content, compressed: true },
    ]).bytes;
    const { dump, into } = await read(file, 0, content.length);
    expect(into.equals(content)).toBe(true);
    expect(dump.complete).toBe(false);
    expect(dump.memory.ranges).toEqual([{ start: 0, end: content.length }]);
  });

  slowTest('chunks to skip behind many records do not make the walk quadratic', async () => {
    const tail = Array.from({ length: 300_000 }, () => frame(0xfe, new Uint8Array(0)));
    const record = { paddr: 0, bytes: content.subarray(0, 1), compressed: true, trailer: 0xfe };
    const file = Buffer.concat([limeDump(Array.from({ length: 5000 }, () => record)).bytes, ...tail]);
    const { dump } = await read(file, 0, 1);
    expect(dump.complete).toBe(false);
    expect(dump.problems.length).toBeLessThan(40);
  });

  test('cut off anywhere, or changed anywhere: only true bytes', async () => {
    const small = patternBytes(60);
    const records = [
      { paddr: 0x1000, bytes: small, compressed: snappyStream(small, 25) },
      { paddr: 0x2000, bytes: small.subarray(0, 20) },
      { paddr: 0x3000, bytes: new Uint8Array(64).fill(9), compressed: true },
    ];
    const { bytes: file, headersAt } = limeDump(records);
    const check = async (damaged: Uint8Array) => {
      try {
        const { memory, complete } = await open(damaged);
        for (const { paddr, bytes: truth } of records) {
          const into = Buffer.alloc(truth.length);
          for (const { offset, byteLength, state } of memory.read(paddr, into)) {
            const part = into.subarray(offset, offset + byteLength);
            const expected =
              state === 'present' ? truth.subarray(offset, offset + byteLength) : Buffer.alloc(byteLength);
            expect(part.equals(expected)).toBe(true);
          }
        }
        return complete;
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        return false;
      }
    };
    expect(await check(file)).toBeNull();
    for (let length = 1; length < file.length; length++) {
      expect([length, await check(file.subarray(0, length))]).toEqual([
        length,
        headersAt.includes(length) ? null : false,
      ]);
    }
    const plainAt = headersAt[1] as number;
    for (let at = 0; at < file.length; at++) {
      // An address is taken at its word; and the content of a plain record has no checksum.
      const inHeader = headersAt.some((start) => at >= start + 8 && at < start + 24);
      if (inHeader || (at >= plainAt && at < (headersAt[2] as number))) continue;
      for (const bit of SLOW ? [0, 1, 2, 3, 4, 5, 6, 7] : [at % 8]) {
        const damaged = Buffer.from(file);
        damaged[at] = (damaged[at] as number) ^ (1 << bit);
        await check(damaged);
      }
    }
  });

  test('no first record', async () => {
    expect(await refusalOf(() => open(patternBytes(100)))).toEqual({
      tag: 'format',
      message: 'dump: offset 0x0: no record begins here',
    });
    const wrong = limeDump([{ paddr: 0, bytes: content, compressed: true, version: 1 }]).bytes;
    expect(await refusalOf(() => open(wrong))).toMatchObject({
      message: 'dump: offset 0x0: AVML version 1; 2 is needed',
    });
  });

  test('the checksum of the writer is not the one of the reader', () => {
    const crc = crc32c(content);
    expect(maskedCrc32c(content)).toBe((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0);
  });
});
