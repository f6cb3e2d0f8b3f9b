/** Flattened dumps: the rearranged file against naive models of it, damage, and what the walk costs. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openFlattened } from '../../../src/dump/formats/flattened.ts';
import { type ByteSource, openFileSource } from '../../../src/dump/sources/source.ts';
import { InputError } from '../../../src/errors.ts';
import { holds } from '../../support/holds.ts';
import { QEMU_A, whyNot } from '../../support/outside/real-dumps.ts';
import { refusalOf } from '../../support/refusal.ts';
import { runs, SLOW, slowTest } from '../../support/slow.ts';
import { MemorySource, patternBytes } from '../../support/sources.ts';
import { cutIntoRecords, type FlatRecord, type FlattenOptions, flatten } from '../../support/writers/flatten.ts';

const KIB = 1024;
const bytes = (...values: number[]) => Uint8Array.from(values);
const open = (file: Uint8Array) => openFlattened(new MemorySource(file, 'flat'));

/** The rearranged file as text, byte by byte: `??` where a read stops short. */
function show(file: Uint8Array): string {
  const { source } = open(file);
  return Array.from({ length: source.byteLength }, (_, offset) => {
    const one = new Uint8Array(1);
    return source.read(offset, one) === 1 ? (one[0] as number).toString(16).padStart(2, '0') : '??';
  }).join(' ');
}

/** What a flattened file says, found the slow way: bytes by their offset, and whether the end mark is there. */
function naive(file: Uint8Array): { held: Map<number, number>; complete: boolean } {
  const buffer = Buffer.from(file);
  const held = new Map<number, number>();
  let last: readonly number[] = [];
  for (let at = 4096; ; ) {
    const leads = [buffer[at], buffer[at + 8]];
    // The record before these leads into the middle of another.
    if (leads.every((byte) => byte !== undefined && byte !== 0 && byte !== 0xff))
      for (const key of last) held.delete(key);
    if (at + 16 > buffer.length) break;
    const offset = buffer.readBigInt64BE(at);
    const size = buffer.readBigInt64BE(at + 8);
    if (offset === -1n && size === -1n) return { held, complete: true };
    if (offset < 0n || size <= 0n || offset + size > BigInt(Number.MAX_SAFE_INTEGER)) break;
    const from = Number(offset);
    if (BigInt(at) + 16n + size > BigInt(buffer.length)) {
      for (const key of [...held.keys()]) if (key >= from && BigInt(key) < offset + size) held.delete(key);
      break;
    }
    last = Array.from({ length: Number(size) }, (_, i) => from + i);
    for (const [i, key] of last.entries()) held.set(key, buffer[at + 16 + i] as number);
    at += 16 + Number(size);
  }
  return { held, complete: false };
}

/** Reads here and there, and wants exactly the bytes of the model, and a short read at its first unknown one. */
function expectAsModel(file: Uint8Array, reads: readonly (readonly [offset: number, byteLength: number])[]): void {
  const { held, complete } = naive(file);
  const { source, complete: saysComplete, problems } = open(file);
  expect(saysComplete).toBe(complete);
  expect(problems).toHaveLength(complete ? 0 : 1);
  const end = [...held.keys()].reduce((most, key) => Math.max(most, key + 1), 0);
  expect(source.byteLength).toBe(end);
  for (const [offset, byteLength] of reads) {
    const expected: number[] = [];
    for (let at = offset; at < Math.min(end, offset + byteLength); at++) {
      const byte = held.get(at) ?? (complete ? 0 : undefined);
      if (byte === undefined) break;
      expected.push(byte);
    }
    const into = new Uint8Array(byteLength).fill(0xee);
    const got = source.read(offset, into);
    expect([offset, ...into.subarray(0, got)]).toEqual([offset, ...expected]);
    expect(
      into.subarray(got).every((byte) => byte === 0xee),
      'nothing is written behind',
    ).toBe(true);
  }
}

describe('refusals', () => {
  const record = { offset: 0, bytes: bytes(1) };
  const cases: [string, string, readonly FlatRecord[], FlattenOptions][] = [
    ['another beginning', 'offset 0x0: does not begin as a flattened dump', [record], { signature: 'makedumpfill' }],
    ['a longer beginning', 'offset 0x0: does not begin as a flattened dump', [record], { signature: 'makedumpfiles' }],
    ['another type', 'offset 0x10: flattened type 2; 1 is needed', [record], { type: 2 }],
    ['another version', 'offset 0x18: flattened version -1; 1 is needed', [record], { version: -1 }],
    ['no records', 'a flattened dump without content', [], {}],
    [
      'nothing that came',
      'a flattened dump without content: the flattened dump ends without its end mark; what had not come by then is unknown',
      [],
      { endMark: false },
    ],
  ];
  test.each(cases)('%s', async (_, message, records, options) => {
    const file = flatten(records, options).bytes;
    expect(await refusalOf(() => open(file))).toEqual({ tag: 'format', message: `flat: ${message}` });
  });

  test('a header cut off at any length', async () => {
    const file = flatten([record]).bytes;
    for (let length = 0; length < 4096; length++) {
      const { tag, message } = await refusalOf(() => open(file.subarray(0, length)));
      expect(tag).toBe('format');
      expect(message).toBe(
        `flat: offset 0x0: ${length < 16 ? 'does not begin as a flattened dump' : 'the flattened header is cut off'}`,
      );
    }
  });

  slowTest('too many records, in bounded time', async () => {
    // As many records of one byte as it takes, made while they are read: the whole file would be 285 MB.
    const period = flatten([{ offset: 0, bytes: bytes(7) }]).bytes.subarray(4096, 4096 + 17);
    const tile = Buffer.concat(Array.from({ length: 4096 }, () => period));
    const head = flatten([]).bytes.subarray(0, 4096);
    const source: ByteSource = {
      name: 'flat',
      byteLength: 4096 + 17 * 2 ** 25,
      read(offset, into) {
        if (offset < 4096) {
          into.set(head.subarray(offset, offset + into.byteLength));
        } else {
          const phase = (offset - 4096) % 17;
          into.set(tile.subarray(phase, phase + into.byteLength));
        }
        return into.byteLength;
      },
      close() {},
    };
    expect(await refusalOf(() => openFlattened(source))).toEqual({
      tag: 'format',
      message: 'flat: more than 16777216 records; rearrange it first: makedumpfile -R plain.dump < flat.dump',
    });
  });
});

describe('the rearranged file', () => {
  test('is named as the flattened one, and complete', () => {
    const { source, complete, problems } = open(flatten([{ offset: 0, bytes: bytes(1, 2) }]).bytes);
    expect({ name: source.name, byteLength: source.byteLength, complete, problems }).toEqual({
      name: 'flat',
      byteLength: 2,
      complete: true,
      problems: [],
    });
  });

  test('records out of order, with gaps that are zero', () => {
    const file = flatten([
      { offset: 6, bytes: bytes(6, 7) },
      { offset: 1, bytes: bytes(1, 2) },
    ]).bytes;
    expect(show(file)).toBe('00 01 02 00 00 00 06 07');
  });

  test('later records lie over earlier ones', () => {
    const under = { offset: 0, bytes: bytes(1, 1, 1, 1, 1, 1) };
    expect(show(flatten([under, { offset: 2, bytes: bytes(2, 2) }]).bytes)).toBe('01 01 02 02 01 01');
    expect(show(flatten([{ offset: 2, bytes: bytes(2, 2) }, under]).bytes)).toBe('01 01 01 01 01 01');
    expect(show(flatten([under, { offset: 5, bytes: bytes(2, 2) }]).bytes)).toBe('01 01 01 01 01 02 02');
  });

  test('closing it closes the file', () => {
    let closed = 0;
    const inner = new MemorySource(flatten([{ offset: 0, bytes: bytes(1) }]).bytes);
    inner.close = () => {
      closed += 1;
    };
    openFlattened(inner).source.close();
    expect(closed).toBe(1);
  });

  test('bytes behind the end mark do not matter', () => {
    const file = flatten([{ offset: 0, bytes: bytes(1) }]).bytes;
    expect(open(Buffer.concat([file, patternBytes(100)]))).toMatchObject({ complete: true, problems: [] });
  });

  test('offsets beyond 32 bits', () => {
    const far = 2 ** 40 + 1;
    const { source } = open(
      flatten([
        { offset: far, bytes: bytes(5, 6) },
        { offset: 0, bytes: bytes(1) },
      ]).bytes,
    );
    expect(source.byteLength).toBe(far + 2);
    const into = new Uint8Array(4).fill(0xee);
    expect(source.read(far - 1, into)).toBe(3);
    expect([...into]).toEqual([0, 5, 6, 0xee]);
    expect(source.read(far + 2, into)).toBe(0);
  });

  test('any records in any order, read anywhere, as a naive model has them', () => {
    const record = fc.record({ offset: fc.nat(60), bytes: fc.uint8Array({ minLength: 1, maxLength: 30 }) });
    const reads = fc.array(fc.tuple(fc.nat(100), fc.nat(100)), { maxLength: 8 });
    holds(
      fc.property(fc.array(record, { minLength: 1, maxLength: 25 }), fc.boolean(), reads, (records, endMark, some) => {
        expectAsModel(flatten(records, { endMark }).bytes, [[0, 200], ...some]);
      }),
      { numRuns: runs(500) },
    );
  });

  test('a file that has become shorter since it was opened gives short reads', () => {
    const { bytes: file } = flatten([{ offset: 0, bytes: patternBytes(100) }]);
    const { source } = openFlattened(new MemorySource(file, 'flat'));
    expect(source.read(0, new Uint8Array(100))).toBe(100);
    let cut = file.length;
    const shrinking: ByteSource = {
      ...new MemorySource(file),
      name: 'flat',
      byteLength: file.length,
      read: (offset, into) => new MemorySource(file.subarray(0, cut)).read(offset, into),
      close() {},
    };
    const opened = openFlattened(shrinking);
    cut = 4096 + 16 + 40;
    expect(opened.source.read(0, new Uint8Array(100))).toBe(40);
    expect(opened.source.read(50, new Uint8Array(10))).toBe(0);
  });
});

describe('damage', () => {
  const records = [
    { offset: 4, bytes: bytes(4, 5, 6) },
    { offset: 0, bytes: bytes(1, 2) },
    { offset: 9, bytes: bytes(9) },
  ];

  test('without the end mark, what no record covers is unknown', () => {
    const file = flatten(records, { endMark: false }).bytes;
    expect(show(file)).toBe('01 02 ?? ?? 04 05 06 ?? ?? 09');
    const { source, complete, problems } = open(file);
    expect(source.read(0, new Uint8Array(10))).toBe(2);
    expect(complete).toBe(false);
    expect(problems).toEqual([{ file: 'flat', fileOffset: file.length, what: { kind: 'flattened-no-end' } }]);
  });

  test.each([
    ['a negative offset', { offset: -2, bytes: bytes(9) }, [-2, 1]],
    ['the offset of the end mark alone', { offset: -1, bytes: bytes(9) }, [-1, 1]],
    ['no bytes', { offset: 9, bytes: bytes() }, [9, 0]],
    ['a negative size', { offset: 9, bytes: bytes(9), byteLength: -1 }, [9, -1]],
    ['an absurd offset', { offset: 2n ** 62n, bytes: bytes(9) }, [2 ** 62, 1]],
  ])('%s', (_, record, [fileOffset, size]) => {
    const image = flatten([...records.slice(0, 2), record, { offset: 20, bytes: bytes(20) }]);
    expect(show(image.bytes)).toBe('01 02 ?? ?? 04 05 06');
    const what = { kind: 'flattened-damaged', fileOffset, size };
    expect(open(image.bytes)).toMatchObject({
      complete: false,
      problems: [{ file: 'flat', fileOffset: image.headersAt[2], what }],
    });
  });

  test('a size that leads into the middle of another record: what it covers is not that of this one', () => {
    const content = Uint8Array.from({ length: 64 }, (_, i) => 0x40 + i);
    const image = flatten([
      ...records,
      { offset: 20, bytes: bytes(20), byteLength: 1 + 16 + 8 },
      { offset: 21, bytes: content },
    ]);
    expect(show(image.bytes)).toBe('01 02 ?? ?? 04 05 06 ?? ?? 09');
    expect(open(image.bytes)).toMatchObject({ complete: false, problems: [{ what: { kind: 'flattened-damaged' } }] });
  });

  test('a record that is cut off is left out, and so is what it may have replaced', () => {
    const image = flatten([...records, { offset: 5, bytes: bytes(0xa, 0xb, 0xc) }]);
    const file = image.bytes.subarray(0, (image.headersAt[3] as number) + 16 + 2);
    expect(show(file)).toBe('01 02 ?? ?? 04 ?? ?? ?? ?? 09');
    const what = { kind: 'flattened-cut', byteLength: 3, fileEnd: file.length };
    expect(open(file)).toMatchObject({ complete: false, problems: [{ fileOffset: image.headersAt[3], what }] });
  });

  test('a file cut off anywhere is never taken for another', () => {
    const content = patternBytes(120);
    const { bytes: file } = flatten([
      ...cutIntoRecords(content, [7, 20, 1]),
      { offset: 3, bytes: patternBytes(30, 2) },
      { offset: 200, bytes: bytes(1) },
    ]);
    for (let length = 4096 + 16 + 7; length < file.length; length++) {
      expectAsModel(file.subarray(0, length), [
        [0, 300],
        [30, 100],
        [119, 90],
      ]);
    }
  });

  test('any byte of the container changed: a refusal, or what the changed file says', () => {
    const { bytes: file, headersAt } = flatten([
      ...cutIntoRecords(patternBytes(60), [13, 30]),
      { offset: 10, bytes: patternBytes(20, 3) },
    ]);
    const places = [...Array(32).keys(), ...headersAt.flatMap((at) => Array.from({ length: 16 }, (_, i) => at + i))];
    for (const place of places) {
      for (const flip of [0x01, 0x04, 0x10, 0x80, 0xff]) {
        const damaged = Buffer.from(file);
        damaged[place] = (damaged[place] as number) ^ flip;
        try {
          expectAsModel(damaged, [
            [0, 100],
            [25, 40],
          ]);
        } catch (error) {
          if (!(error instanceof InputError)) throw error;
        }
      }
    }
  });
});

describe('what it costs', () => {
  test('small records share reads; the content of large ones is passed over', () => {
    const small = new MemorySource(flatten(cutIntoRecords(patternBytes(200 * KIB), [100])).bytes);
    openFlattened(small);
    expect(small.reads.length).toBeLessThan(8);

    const large = new MemorySource(flatten(cutIntoRecords(patternBytes(8192 * KIB), [256 * KIB])).bytes);
    openFlattened(large);
    expect(large.reads.length).toBeLessThanOrEqual(34);
    expect(large.bytesRead).toBeLessThan(2 * KIB);
  });

  test('a read is one read of the file for each record that it touches', () => {
    const file = patternBytes(4096 * KIB);
    const inner = new MemorySource(flatten(cutIntoRecords(file, [64 * KIB]).reverse()).bytes);
    const { source } = openFlattened(inner);
    const before = inner.reads.length;
    const into = new Uint8Array(100);
    source.read(3_000_000, into);
    expect(inner.reads.length - before).toBe(1);
    source.read(64 * KIB - 50, into);
    expect(inner.reads.length - before).toBe(3);
    expect(Buffer.from(into).equals(file.subarray(64 * KIB - 50, 64 * KIB + 50))).toBe(true);
  });

  /** Counts that a quadratic way of any kind would take minutes for. */
  const count = SLOW ? 200_000 : 20_000;
  test.each([
    ['random order', (i: number) => ({ offset: ((i * 77_777) % count) * 3, length: 3 })],
    ['each around the one before', (i: number) => ({ offset: count - i, length: 2 })],
    ['all at one place', () => ({ offset: 5, length: 3 })],
  ])('%s', (_, record) => {
    const file = flatten(
      Array.from({ length: count }, (_, i) => {
        const { offset, length } = record(i);
        return { offset, bytes: Uint8Array.from({ length }, (_, k) => (i + k) & 0xff) };
      }),
    ).bytes;
    const { source } = open(file);
    const { held } = naive(file);
    const into = Buffer.alloc(1000);
    for (const offset of [0, 1234, Math.max(0, source.byteLength - 1000)]) {
      const got = source.read(offset, into);
      expect([...into.subarray(0, got)]).toEqual(Array.from({ length: got }, (_, i) => held.get(offset + i) ?? 0));
    }
  });

  test('records of which many lie above each other everywhere', () => {
    const depth = 20_000;
    const body = patternBytes(64);
    const records = Array.from({ length: depth }, (_, i) => ({ offset: i, bytes: body }));
    const { source } = open(flatten(records).bytes);
    expect(source.byteLength).toBe(depth + 63);
    const into = new Uint8Array(depth);
    expect(source.read(0, into)).toBe(depth);
    expect(into.every((byte) => byte === body[0])).toBe(true);
  });

  test('progress runs up to the length of the file', () => {
    const file = flatten(cutIntoRecords(patternBytes(50_000), [10])).bytes;
    const calls: (readonly [number, number])[] = [];
    openFlattened(new MemorySource(file), (done, total) => calls.push([done, total]));
    expect(calls.length).toBeGreaterThan(3);
    expect(calls.every(([done, total], i) => total === file.length && done >= (calls[i - 1]?.[0] ?? 0))).toBe(true);
    expect(calls.at(-1)).toEqual([file.length, file.length]);
  });
});

const skipped = whyNot(QEMU_A);

describe.skipIf(skipped !== '')(`real flattened dumps${skipped}`, () => {
  const rearranged = (name: string) => {
    const file = openFileSource(join(QEMU_A, name));
    try {
      const { source, complete, problems } = openFlattened(file);
      expect({ complete, problems }).toEqual({ complete: true, problems: [] });
      const into = Buffer.alloc(source.byteLength);
      expect(source.read(0, into)).toBe(source.byteLength);
      return into;
    } finally {
      file.close();
    }
  };

  test('makedumpfile -F gives, byte for byte, what the same makedumpfile writes without it', () => {
    const whole = readFileSync(join(QEMU_A, 'vmcore-trim.d1.lzo'));
    expect(rearranged('vmcore-trim.d1.lzo.flat').equals(whole)).toBe(true);
  });

  test.each([
    ['live.kdump-zlib.flat', 20_794_335],
    ['live-trim.kdump-zlib.flat', 496_037],
  ])('%s by QEMU', (name, byteLength) => {
    const file = rearranged(name);
    expect(file.length).toBe(byteLength);
    expect(file.toString('latin1', 0, 8)).toBe('KDUMP   ');
    // The model keeps every byte in a map, which is too much for the large one.
    if (byteLength > 1_000_000) return;
    const { held } = naive(readFileSync(join(QEMU_A, name)));
    expect(file.every((byte, i) => byte === (held.get(i) ?? 0))).toBe(true);
  });
});
