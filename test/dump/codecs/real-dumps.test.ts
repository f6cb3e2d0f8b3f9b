/**
 * Every page of the same dump as makedumpfile compressed it in four ways, compared with the one it did not compress.
 *
 * The dumps are too large for this repository. They are looked for in the folder that SMMU_ADOPT_DUMPS names, or in
 * `../shared/dumps` beside the repository; without them these tests are skipped.
 */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { CodecName } from '../../../src/dump/codecs/codec.ts';
import { loadCodecs } from '../../../src/dump/codecs/registry.ts';
import { QEMU_A, whyNot } from '../../support/outside/real-dumps.ts';

const DUMP = join(QEMU_A, 'vmcore-trim.d1');
const skipped = whyNot(QEMU_A, { xz: true });

interface Page {
  readonly flags: number;
  readonly data: Uint8Array;
}

/** All pages by frame number. Straight from the format, so that these tests do not lean on the reader of the dumps. */
function pagesOf(dump: Buffer): Map<number, Page> {
  const blockSize = dump.readInt32LE(428);
  const [subHeaderBlocks, bitmapBlocks] = [dump.readInt32LE(432), dump.readUInt32LE(436)];
  const bitmap2 = (1 + subHeaderBlocks) * blockSize + (bitmapBlocks * blockSize) / 2;
  const pages = new Map<number, Page>();
  let descriptor = (1 + subHeaderBlocks + bitmapBlocks) * blockSize;
  for (let pfn = 0; pfn < Number(dump.readBigUInt64LE(blockSize + 96)); pfn++) {
    if ((((dump[bitmap2 + (pfn >> 3)] as number) >> (pfn & 7)) & 1) === 0) continue;
    const offset = Number(dump.readBigInt64LE(descriptor));
    const data = dump.subarray(offset, offset + dump.readUInt32LE(descriptor + 8));
    pages.set(pfn, { flags: dump.readUInt32LE(descriptor + 12), data });
    descriptor += 24;
  }
  return pages;
}

describe.skipIf(skipped !== '')(`real kdump-compressed dumps${skipped}`, () => {
  let plain: Map<number, Page>;
  beforeAll(() => {
    const { stdout } = spawnSync('xz', ['-dc', `${DUMP}.none.xz`], { maxBuffer: 2 ** 31 });
    plain = pagesOf(stdout);
  });

  test.each<[CodecName, number]>([
    ['zlib', 1],
    ['lzo', 2],
    ['snappy', 4],
    ['zstd', 0x20],
  ])('every page compressed with %s', async (name, flag) => {
    const codec = (await loadCodecs())[name];
    const into = new Uint8Array(4096);
    let compressed = 0;
    const wrong: number[] = [];
    const pages = pagesOf(readFileSync(`${DUMP}.${name}`));
    for (const [pfn, { flags, data }] of pages) {
      if ((flags & flag) === 0) continue;
      compressed += 1;
      if (!codec(data, into) || Buffer.compare(into, plain.get(pfn)?.data ?? new Uint8Array(0)) !== 0) wrong.push(pfn);
    }
    expect(wrong).toEqual([]);
    expect(compressed).toBeGreaterThan(1000);
    expect([...pages.keys()]).toEqual([...plain.keys()]);
  });
});
