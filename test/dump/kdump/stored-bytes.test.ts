import { expect, test } from 'vitest';
import { StoredBytes } from '../../../src/dump/kdump/stored-bytes.ts';
import { InputError } from '../../../src/errors.ts';
import { MemorySource, patternBytes } from '../../support/sources.ts';

const content = patternBytes(1 << 18);
const PAGE = 4096;

function expectBytes(bytes: Uint8Array | null, offset: number, byteLength: number): void {
  expect(bytes === null ? null : Buffer.from(bytes), `${byteLength} bytes at ${offset}`).toEqual(
    Buffer.from(content.subarray(offset, offset + byteLength)),
  );
}

test('pages here and there are read as they are, nothing else with them', () => {
  const source = new MemorySource(content);
  const stored = new StoredBytes(PAGE);
  const places = [
    [70_000, 900],
    [10, 4096],
    [200_000, 1],
  ] as const;
  for (const [offset, byteLength] of places) expectBytes(stored.read(source, offset, byteLength), offset, byteLength);
  expect(source.reads).toEqual(places.map(([offset, byteLength]) => ({ offset, byteLength })));
});

test('pages one behind the other are read many at a time', () => {
  const source = new MemorySource(content);
  const stored = new StoredBytes(PAGE);
  for (let offset = 5; offset + 1000 <= content.length; offset += 1000) {
    expectBytes(stored.read(source, offset, 1000), offset, 1000);
  }
  // Eight by themselves, and then 64 KiB each; of the last of these there are fewer.
  expect(source.reads.map(({ byteLength }) => byteLength)).toEqual([
    ...Array(8).fill(1000),
    65536,
    65536,
    65536,
    65536,
  ]);
});

test('another file is another file', () => {
  const [one, other] = [new MemorySource(content), new MemorySource(content.subarray(7))];
  const stored = new StoredBytes(PAGE);
  for (let at = 0; at < 2000; at += 100) expectBytes(stored.read(one, at, 100), at, 100);
  expectBytes(stored.read(other, 1993, 100), 2000, 100);
  expectBytes(stored.read(one, 2000, 100), 2000, 100);
});

test('a file that ends before them has none of them', () => {
  const source = new MemorySource(content.subarray(0, 1250));
  const stored = new StoredBytes(PAGE);
  for (let at = 0; at < 1200; at += 100) expectBytes(stored.read(source, at, 100), at, 100);
  expect(stored.read(source, 1200, 100)).toBeNull();
  expectBytes(stored.read(source, 1200, 50), 1200, 50);
});

test('what cannot be read further on takes nothing from the page that is asked for', () => {
  const source = new MemorySource(content);
  const read = source.read.bind(source);
  source.read = (offset, into) => {
    if (offset + into.byteLength > 20_000) throw new InputError('file', 'cannot be read', { file: 'dump' });
    return read(offset, into);
  };
  const stored = new StoredBytes(PAGE);
  for (let at = 0; at < 20_000; at += 1000) expectBytes(stored.read(source, at, 1000), at, 1000);
  expect(() => stored.read(source, 20_000, 1000)).toThrow('cannot be read');
  expectBytes(stored.read(source, 0, 1000), 0, 1000);
});
