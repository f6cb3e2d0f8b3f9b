/** LiME dumps: what is refused, what damage leaves, and properties against naive models. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limeContents, plainSegment, walkRecords } from '../../../src/dump/formats/lime.ts';
import { SegmentMemory } from '../../../src/dump/formats/segments.ts';
import type { PageState } from '../../../src/dump/memory.ts';
import type { RecordHeaderFlaw } from '../../../src/dump/problem.ts';
import type { ByteSource } from '../../../src/dump/sources/source.ts';
import { InputError } from '../../../src/errors.ts';
import { holds } from '../../support/holds.ts';
import { refusalOf } from '../../support/refusal.ts';
import { slowTest } from '../../support/slow.ts';
import { MemorySource, patternBytes } from '../../support/sources.ts';
import { expectPartition } from '../../support/states.ts';
import { type LimeRecord, limeDump } from '../../support/writers/lime-writer.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);
/** LiME's own records; those of AVML come with a reader of their own, which has its own tests. */
function openLime(source: ByteSource, pageSize?: number) {
  const walk = walkRecords(source);
  const memory = new SegmentMemory(walk.records.map((record) => plainSegment(record, source)));
  return limeContents('lime', walk, memory, pageSize);
}

const open = (file: Uint8Array, pageSize?: number) => openLime(new MemorySource(file), pageSize);
const page = { paddr: 0x1000, bytes: bytes(1, 2, 3, 4) };
const behind = { paddr: 0x1006, bytes: bytes(6, 7) };

/** Memory as text, from `start` on: hex for the bytes that are there, a letter for those that are not. */
function show(file: Uint8Array, start: number, byteLength: number): string {
  const into = new Uint8Array(byteLength);
  const letters: Record<PageState, string> = { present: '', zero: 'zz', excluded: 'xx', hole: '--', lost: '??' };
  const runs = open(file).memory.read(start, into);
  expectPartition(runs, byteLength);
  return runs
    .flatMap(({ offset, byteLength: length, state }) =>
      Array.from(
        into.subarray(offset, offset + length),
        (byte) => letters[state] || byte.toString(16).padStart(2, '0'),
      ),
    )
    .join(' ');
}

describe('refusals', () => {
  test.each<[string, RecordHeaderFlaw, string, LimeRecord]>([
    ['another magic', { kind: 'no-record' }, 'no record begins here', { ...page, magic: 0x4c694d46 }],
    [
      'another version',
      { kind: 'version', of: 'LiME', version: 2, needed: 1 },
      'LiME version 2; 1 is needed',
      { ...page, version: 2 },
    ],
    ['an AVML record', { kind: 'avml-in-lime' }, 'an AVML record in a LiME dump', { ...page, compressed: true }],
    [
      'reserved bytes',
      { kind: 'reserved-set' },
      'the reserved bytes of a record header are not zero',
      { ...page, reserved: 1n << 63n },
    ],
    [
      'an end before the beginning',
      { kind: 'end-before-start' },
      'a record ends before it begins',
      { ...page, last: 0xfff },
    ],
  ])('%s', async (_, by, message, record) => {
    const file = limeDump([record]).bytes;
    expect(await refusalOf(() => open(file))).toEqual({ tag: 'format', message: `dump: offset 0x0: ${message}` });
    // The same behind a good record is damage.
    const image = limeDump([page, record]);
    expect(open(image.bytes)).toMatchObject({
      complete: false,
      problems: [{ file: 'dump', fileOffset: image.headersAt[1], what: { kind: 'walk-ends', by } }],
    });
    expect(show(image.bytes, 0xfff, 6)).toBe('-- 01 02 03 04 --');
  });

  test('any bit of the first address of a record turned over: no byte at the place of another', () => {
    const first = { paddr: 0x1000, bytes: patternBytes(0x400) };
    const image = limeDump([first, { paddr: 0x2000, bytes: patternBytes(0x100, 2) }]);
    for (let bit = 0; bit < 52; bit++) {
      const file = Uint8Array.from(image.bytes);
      file[8 + (bit >> 3)] = (file[8 + (bit >> 3)] as number) ^ (1 << (bit & 7));
      let dump: ReturnType<typeof open>;
      try {
        dump = open(file);
      } catch (error) {
        // Nothing is left of it.
        expect(error, `bit ${bit}`).toBeInstanceOf(InputError);
        continue;
      }
      expect(dump.complete, `bit ${bit}`).toBe(false);
      const cut = dump.problems.some(({ what }) => what.kind === 'record-cut');
      // A record that ends behind the file may be one that was cut, whose beginning is right.
      expect(cut || dump.memory.ranges.length === 0, `bit ${bit}`).toBe(true);
    }
  });

  test('the last record one byte too short: what is left is the beginning of no header', () => {
    const record = { paddr: 0x1000, bytes: bytes(1, 2, 3, 4, 5) };
    expect(open(limeDump([page, { ...record, paddr: 0x2001, last: 0x2004 }]).bytes)).toMatchObject({
      complete: false,
      problems: [{ what: { kind: 'record-doubtful', paddr: 0x2001 } }, { what: { kind: 'walk-ends' } }],
    });
    const cut = Buffer.concat([limeDump([page]).bytes, Buffer.from('EMi')]);
    expect(open(cut).memory.ranges).toEqual(open(limeDump([page]).bytes).memory.ranges);
  });

  test('any bit of the last address of a record turned over: the records behind it are not its memory', () => {
    const image = limeDump([
      { paddr: 0x4000, bytes: patternBytes(0x400) },
      { paddr: 0x9000, bytes: patternBytes(0x100, 2) },
    ]);
    for (let bit = 0; bit < 64; bit++) {
      const file = Uint8Array.from(image.bytes);
      file[16 + (bit >> 3)] = (file[16 + (bit >> 3)] as number) ^ (1 << (bit & 7));
      try {
        expect(open(file).memory.ranges, `bit ${bit}`).toEqual([]);
      } catch (error) {
        expect(error, `bit ${bit}`).toBeInstanceOf(InputError);
      }
    }
  });

  test('zeros that fill a block behind the last record are no memory, and cast no doubt on it', () => {
    const { bytes } = limeDump([page]);
    const dump = open(Buffer.concat([bytes, Buffer.alloc(4096)]));
    expect(dump.problems.map(({ what }) => what.kind)).toEqual(['walk-ends']);
    expect(dump.memory.ranges).toEqual(open(bytes).memory.ranges);
  });

  test('a header cut off at any length', async () => {
    const file = limeDump([page]).bytes;
    for (let length = 1; length < 32; length++) {
      expect(await refusalOf(() => open(file.subarray(0, length)))).toEqual({
        tag: 'format',
        message: 'dump: offset 0x0: a record header is cut off',
      });
    }
  });

  slowTest('too many records', async () => {
    const one = limeDump([{ paddr: 0, bytes: bytes(1) }]).bytes;
    const file = Buffer.alloc((2 ** 18 + 1) * one.length, one);
    for (let i = 0; i <= 2 ** 18; i++) {
      for (const at of [8, 16]) file.writeUInt32LE(i, i * one.length + at);
    }
    expect(await refusalOf(() => open(file))).toEqual({ tag: 'format', message: 'dump: more than 262144 records' });
  });
});

describe('memory', () => {
  test('records in any order', () => {
    const dump = open(limeDump([behind, page]).bytes);
    expect(dump).toMatchObject({
      format: 'lime',
      wrapper: null,
      complete: null,
      mapComplete: false,
      zeroPagesFiltered: null,
      problems: [],
    });
    expect(dump.memory.ranges).toEqual([
      { start: 0x1000, end: 0x1004 },
      { start: 0x1006, end: 0x1008 },
    ]);
    expect(show(limeDump([behind, page]).bytes, 0xfff, 10)).toBe('-- 01 02 03 04 -- -- 06 07 --');
  });

  test('page size: assumed, or given', () => {
    const file = limeDump([page]).bytes;
    expect(open(file).pageSize).toBe(4096);
    expect(open(file).assumptions).toEqual([{ kind: 'page-size', byteLength: 4096, unsaidBy: 'lime' }]);
    expect(open(file, 65536)).toMatchObject({ pageSize: 65536, assumptions: [] });
  });

  test('pages are counted', () => {
    const file = limeDump([{ paddr: 0x1000, bytes: patternBytes(0x3000) }]).bytes;
    const { census } = open(file);
    expect(census()).toEqual({ pages: { present: 3, zero: 0, excluded: 0, lost: 0 }, codecs: { plain: 3 } });
    expect(open(file.subarray(0, 32 + 0x1800)).census()).toEqual({
      pages: { present: 1, zero: 0, excluded: 0, lost: 2 },
      codecs: { plain: 1 },
    });
  });

  test('only headers are read when it is opened', () => {
    const source = new MemorySource(
      limeDump(Array.from({ length: 8 }, (_, i) => ({ paddr: i << 20, bytes: patternBytes(1 << 20) }))).bytes,
    );
    const { memory } = openLime(source);
    expect(source.bytesRead).toBe(8 * 32);
    memory.read(0x345678, new Uint8Array(100));
    expect(source.bytesRead).toBe(8 * 32 + 100);
  });
});

describe('damage', () => {
  test('the last record is cut off', () => {
    const file = limeDump([behind, page]).bytes;
    expect(show(file.subarray(0, -3), 0xfff, 10)).toBe('-- 01 ?? ?? ?? -- -- 06 07 --');
    const what = { kind: 'record-cut', neededEnd: 0x46, fileEnd: 0x43 };
    expect(open(file.subarray(0, -3))).toMatchObject({ complete: false, problems: [{ fileOffset: 34, what }] });
  });

  test('memory in two records, in whatever order they come', () => {
    const again = { paddr: 0x1003, bytes: bytes(9, 9) };
    const what = { kind: 'records-overlap', paddr: 0x1003 };
    expect(open(limeDump([page, again]).bytes)).toMatchObject({
      complete: false,
      problems: [{ fileOffset: 36, what }],
    });
    expect(open(limeDump([again, page]).bytes)).toMatchObject({ complete: false, problems: [{ fileOffset: 0, what }] });
    const far = { paddr: 0x9000, bytes: bytes(7) };
    expect(open(limeDump([page, again, far]).bytes).memory.ranges, 'neither is relied on').toEqual([
      { start: 0x9000, end: 0x9001 },
    ]);
    expect(open(limeDump([behind, page]).bytes)).toMatchObject({ complete: null, problems: [] });
  });

  test('memory beyond 52 bits is left out, and what follows is read', () => {
    const image = limeDump([{ paddr: 2n ** 52n - 1n, bytes: bytes(8, 9) }, { ...page }]);
    const what = { kind: 'record-beyond', paddr: 2n ** 52n };
    expect(open(image.bytes)).toMatchObject({ complete: false, problems: [{ file: 'dump', fileOffset: 0, what }] });
    expect(show(image.bytes, 0xfff, 6)).toBe('-- 01 02 03 04 --');
    const highest = { paddr: 2n ** 52n - 1n, bytes: bytes(8) };
    expect(open(limeDump([highest]).bytes).memory.ranges).toEqual([{ start: 2 ** 52 - 1, end: 2 ** 52 }]);
  });

  test('all of the address space', () => {
    const file = limeDump([page, { paddr: 0, bytes: bytes(1), last: 2n ** 64n - 1n }]).bytes;
    expect(open(file)).toMatchObject({ complete: false });
    expect(open(file).problems).toHaveLength(2);
    expect(open(file).memory.ranges).toEqual([{ start: 0x1000, end: 0x1004 }]);
  });

  test('ranges, and nothing else, whatever is cut off or changed', () => {
    const records = [page, behind, { paddr: 0x100a, bytes: bytes(0xa, 0xb, 0xc, 0xd, 0xe) }];
    const { bytes: file, headersAt } = limeDump(records);
    const honest = (damaged: Uint8Array) => {
      try {
        const { memory, complete } = open(damaged);
        const into = new Uint8Array(32);
        for (const { offset, byteLength, state } of memory.read(0xff8, into)) {
          const part = into.subarray(offset, offset + byteLength);
          if (state !== 'present') expect(part.every((byte) => byte === 0)).toBe(true);
          else expect(damaged.includes(part[0] as number)).toBe(true);
        }
        return complete;
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        return false;
      }
    };
    expect(honest(file)).toBeNull();
    for (let length = 1; length < file.length; length++) {
      // A file of whole records cannot be told from a whole file: there is no mark at the end.
      expect([length, honest(file.subarray(0, length))]).toEqual([length, headersAt.includes(length) ? null : false]);
    }
    for (const at of headersAt.flatMap((start) => Array.from({ length: 32 }, (_, i) => start + i))) {
      for (let bit = 0; bit < 8; bit++) {
        const damaged = Buffer.from(file);
        damaged[at] = (damaged[at] as number) ^ (1 << bit);
        honest(damaged);
      }
    }
  });

  test('any records without overlap, as a naive model has them', () => {
    const lengths = fc.array(fc.tuple(fc.nat(20), fc.integer({ min: 1, max: 40 })), { minLength: 1, maxLength: 12 });
    holds(
      fc.property(lengths, fc.integer(), fc.nat(300), fc.nat(200), (parts, seed, start, byteLength) => {
        const content = new Map<number, number>();
        let paddr = 0;
        const records = parts.map(([gap, length], i) => {
          paddr += gap;
          const record = { paddr, bytes: patternBytes(length, seed + i) };
          for (const byte of record.bytes) content.set(paddr++, byte);
          return record;
        });
        const order = records.map((record, i) => ({ record, key: Math.imul(seed + i, 40503) & 0xffff }));
        order.sort((a, b) => a.key - b.key);
        const { memory } = open(limeDump(order.map(({ record }) => record)).bytes);
        const into = new Uint8Array(byteLength).fill(0xee);
        const runs = memory.read(start, into);
        expectPartition(runs, byteLength);
        expect([...into]).toEqual(Array.from({ length: byteLength }, (_, i) => content.get(start + i) ?? 0));
        for (const { offset, byteLength: length, state } of runs) {
          for (let i = offset; i < offset + length; i++) expect(content.has(start + i)).toBe(state === 'present');
        }
        expect(memory.runs(start, byteLength)).toEqual(runs);
      }),
    );
  });
});
