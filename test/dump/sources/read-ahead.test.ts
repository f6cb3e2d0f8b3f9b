import { expect, test } from 'vitest';
import { ReadAhead } from '../../../src/dump/sources/read-ahead.ts';
import { InputError } from '../../../src/errors.ts';
import { MemorySource, patternBytes } from '../../support/sources.ts';

const content = patternBytes(1 << 18);
const PATIENCE = 8;

function expectBytes(bytes: Uint8Array, offset: number, byteLength: number): void {
  expect(Buffer.from(bytes), `${byteLength} bytes at ${offset}`).toEqual(
    Buffer.from(content.subarray(offset, offset + byteLength)),
  );
}

test('pieces here and there are read as they are, nothing else with them', () => {
  const source = new MemorySource(content);
  const pieces = new ReadAhead(source, PATIENCE);
  const places = [
    [70_000, 900],
    [10, 4096],
    [200_000, 1],
  ] as const;
  for (const [offset, byteLength] of places) expectBytes(pieces.read(offset, byteLength), offset, byteLength);
  expect(source.reads).toEqual(places.map(([offset, byteLength]) => ({ offset, byteLength })));
});

test.each([
  [PATIENCE, [...Array(8).fill(1000), 65536, 65536, 65536, 65536]],
  [1, [1000, ...Array(5).fill(65536)]],
])('pieces one behind the other are read many at a time, after %i', (patience, reads) => {
  const source = new MemorySource(content);
  const pieces = new ReadAhead(source, patience);
  for (let offset = 5; offset + 1000 <= content.length; offset += 1000) {
    expectBytes(pieces.read(offset, 1000), offset, 1000);
  }
  // Of the last of these there are fewer.
  expect(source.reads.map(({ byteLength }) => byteLength)).toEqual(reads);
});

test('pieces backwards, or far apart, are read one by one', () => {
  const source = new MemorySource(content);
  const pieces = new ReadAhead(source);
  const offsets = [200_000, 199_000, 198_000, 215_000, 232_000, 0];
  for (const offset of offsets) expectBytes(pieces.read(offset, 1000), offset, 1000);
  expect(source.reads).toEqual(offsets.map((offset) => ({ offset, byteLength: 1000 })));
});

test('a file that ends before them has what it has of them', () => {
  const source = new MemorySource(content.subarray(0, 1250));
  const pieces = new ReadAhead(source, PATIENCE);
  for (let at = 0; at < 1200; at += 100) expectBytes(pieces.read(at, 100), at, 100);
  expectBytes(pieces.read(1200, 100), 1200, 50);
  expectBytes(pieces.read(1200, 50), 1200, 50);
});

test('what cannot be read further on takes nothing from the piece that is asked for', () => {
  const source = new MemorySource(content);
  const read = source.read.bind(source);
  source.read = (offset, into) => {
    if (offset + into.byteLength > 20_000) throw new InputError('file', 'cannot be read', { file: 'dump' });
    return read(offset, into);
  };
  const pieces = new ReadAhead(source, PATIENCE);
  for (let at = 0; at < 20_000; at += 1000) expectBytes(pieces.read(at, 1000), at, 1000);
  expect(() => pieces.read(20_000, 1000)).toThrow('cannot be read');
  expectBytes(pieces.read(0, 1000), 0, 1000);
});
