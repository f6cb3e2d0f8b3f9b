/** Containers by their first bytes. Taking one for raw memory would give plausible garbage; so would the reverse. */

import { describe, expect, test } from 'vitest';
import { recognise } from '../../src/dump/recognise.ts';
import { MemorySource } from '../support/sources.ts';

const ascii = (text: string) => [...Buffer.from(text, 'latin1')];

/** What a source that begins with these bytes is taken for; `behind` is what follows them. */
function formatOf(head: readonly number[], behind: readonly number[] = new Array(64).fill(0xa5)): string | null {
  return recognise(new MemorySource(Uint8Array.from([...head, ...behind])))?.format ?? null;
}

const LONG: [string, number[]][] = [
  ['elf', [0x7f, ...ascii('ELF')]],
  ['kdump', ascii('KDUMP   ')],
  ['diskdump', ascii('DISKDUMP')],
  ['flattened', ascii('makedumpfile')],
  ['lime', ascii('EMiL')],
  ['avml', ascii('AVML')],
  ['lkcd', [0xed, 0x23, 0x8f, 0x61, 0x73, 0x01, 0x19, 0xa8]],
  ['hyperv', [0x14, 0x20, 0x28, 0x01]],
  ['vmware', [0xd0, 0xbe, 0xd2, 0xbe]],
  ['vmware', [0xd1, 0xba, 0xd1, 0xba]],
  ['vmware', [0xd2, 0xbe, 0xd2, 0xbe]],
  ['vmware', [0xd3, 0xbe, 0xd3, 0xbe]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['xz', [0xfd, ...ascii('7zXZ'), 0]],
];

describe('magics of four bytes and more', () => {
  test.each(LONG)('%s', (format, magic) => {
    expect(formatOf(magic)).toBe(format);
    expect(formatOf(magic, []), 'a file of nothing else').toBe(format);
    expect(formatOf(magic.slice(0, -1), []), 'a file that ends inside the magic').toBeNull();
    for (let i = 0; i < magic.length; i++) {
      expect(formatOf(magic.with(i, (magic[i] as number) ^ 0x20)), `byte ${i} is another`).toBeNull();
    }
    expect(formatOf([0, ...magic]), 'the magic not at the start').toBeNull();
  });

  test('what is not read comes with advice', () => {
    for (const [format, magic] of LONG) {
      const container = recognise(new MemorySource(Uint8Array.from(magic)));
      const isRead = ['elf', 'kdump', 'flattened', 'lime', 'avml'].includes(format);
      expect(container?.advice === undefined, format).toBe(isRead);
    }
  });
});

describe('magics of two bytes, which raw memory may begin with as well', () => {
  test.each([
    ['gzip as gzip(1) writes it', [0x1f, 0x8b, 8, 0], 'gzip'],
    ['gzip with a name', [0x1f, 0x8b, 8, 8], 'gzip'],
    ['gzip with every flag there is', [0x1f, 0x8b, 8, 0x1f], 'gzip'],
    ['another method', [0x1f, 0x8b, 7, 0], null],
    ['method 0', [0x1f, 0x8b, 0, 0], null],
    ['a reserved flag', [0x1f, 0x8b, 8, 0x20], null],
    ['all reserved flags', [0x1f, 0x8b, 8, 0xe0], null],
    ['compress with 9 bits', [0x1f, 0x9d, 0x89], 'compress'],
    ['compress with 16 bits', [0x1f, 0x9d, 0x90], 'compress'],
    ['8 bits, which no compress uses', [0x1f, 0x9d, 0x88], null],
    ['17 bits', [0x1f, 0x9d, 0x91], null],
    ['a reserved bit', [0x1f, 0x9d, 0xb0], null],
    ['no block mode', [0x1f, 0x9d, 0x10], null],
    ['another second byte', [0x1f, 0x8c, 8, 0], null],
  ])('%s: %j is %s', (_, head, format) => expect(formatOf(head)).toBe(format));

  test('a file that ends inside the bytes that decide is raw', () => {
    expect(formatOf([0x1f, 0x8b], [])).toBeNull();
    expect(formatOf([0x1f, 0x8b, 8], [])).toBeNull();
    expect(formatOf([0x1f, 0x9d], [])).toBeNull();
  });
});

describe('raw memory', () => {
  test.each([
    ['zeros', new Array(16).fill(0)],
    ['ones', new Array(16).fill(0xff)],
    // An arm64 Image begins with a branch or "MZ", a device tree with its own magic.
    ['a kernel image', [0x4d, 0x5a, 0x40, 0xfa]],
    ['a device tree', [0xd0, 0x0d, 0xfe, 0xed]],
  ])('%s', (_, head) => expect(formatOf(head)).toBeNull());

  test('one read of a few bytes decides', () => {
    const source = new MemorySource(new Uint8Array(4096));
    recognise(source);
    expect(source.reads).toEqual([{ offset: 0, byteLength: 16 }]);
  });
});
