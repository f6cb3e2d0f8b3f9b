/**
 * Small dumps of one memory, cut everywhere and with single bytes of their headers changed: whatever is left, the
 * answer is a refusal, or a result that fits the schema and in which no byte of a table is made up.
 */

import { describe, expect, test } from 'vitest';
import { SAMPLES } from '../../samples/cases.ts';
import type { Sample } from '../../samples/machine.ts';
import { dumpInfo, InputError, openDump, parseSnapshot } from '../../src/index.ts';
import { inspectJson } from '../support/published.ts';
import { expectStrictlyValid } from '../support/schema.ts';
import { SLOW } from '../support/slow.ts';
import { inputOf } from '../support/sources.ts';
import { compressSnappyFramed } from '../support/writers/compress.ts';
import { elfCore } from '../support/writers/elf-writer.ts';
import { cutIntoRecords, flatten } from '../support/writers/flatten.ts';
import { type KdumpPage, kdump } from '../support/writers/kdump-writer.ts';
import { limeDump } from '../support/writers/lime-writer.ts';

const PAGE = 4096;
const CUTS = SLOW ? 200 : 16;
const FLIPS = SLOW ? 300 : 18;
const VMCOREINFO = 'OSRELEASE=7.1.0-test\nPAGESIZE=4096\n';

const sample = SAMPLES.find(({ name }) => name === 'healthy-two-level') as Sample;
const extents = sample.memory.extents();
const memory = Buffer.concat(extents.map(({ bytes }) => bytes));
const snapshot = parseSnapshot({ version: 1, captured: 'before-kdump-probe', smmus: sample.smmus }, 'regs.json');

interface Range {
  readonly from: number;
  readonly to: number;
}

interface Target {
  readonly name: string;
  readonly bytes: Buffer;
  /** Where content begins. */
  readonly contentAt: number;
  /** What to change byte by byte: nothing in it is content of an uncompressed page. */
  readonly headers: readonly Range[];
  /**
   * Of these, what says which bytes of the file belong to which address. Another value there is as good as the true one,
   * so the dump is taken at its word: bytes come from another place, and yet from the dump.
   */
  readonly placing: readonly Range[];
}

const range = (from: number, byteLength: number): Range => ({ from, to: from + byteLength });

function elfTarget(): Target {
  const { bytes, phoff, contentAt } = elfCore(extents, { vmcoreinfo: VMCOREINFO });
  const programHeaders = Array.from({ length: extents.length + 1 }, (_, i) => phoff + i * 56);
  return {
    name: 'ELF',
    bytes,
    contentAt: contentAt[0] as number,
    headers: [range(0, contentAt[0] as number)],
    // e_phoff, e_phentsize, e_phnum and of each segment p_offset and p_paddr.
    placing: [range(32, 8), range(54, 4), ...programHeaders.flatMap((at) => [range(at + 8, 8), range(at + 24, 8)])],
  };
}

const CODECS = ['plain', 'zlib', 'lzo', 'snappy', 'zstd'] as const;
const pages: KdumpPage[] = extents
  .flatMap(({ paddr, bytes }) =>
    Array.from({ length: bytes.length / PAGE }, (_, i) => ({
      pfn: paddr / PAGE + i,
      bytes: bytes.subarray(i * PAGE, (i + 1) * PAGE),
    })),
  )
  .map((page, i) => ({ ...page, as: CODECS[i % CODECS.length] as KdumpPage['as'] }));

function kdumpTarget(): Target {
  const { bytes, ramBitmapAt, storedBitmapAt, descriptorsAt, descriptorsEnd, stored } = kdump(pages, {
    vmcoreinfo: VMCOREINFO,
  });
  // The bytes of the bitmaps that have to do with these pages, and some beside them.
  const first = Math.floor((pages[0] as KdumpPage).pfn / 8) - 2;
  const bitmaps = [ramBitmapAt, storedBitmapAt].map((at) => range(at + first, 9));
  const header = [range(0, 12), range(272, 12), range(404, 60)];
  const subHeader = [range(PAGE, 104)];
  return {
    name: 'kdump',
    bytes,
    contentAt: descriptorsEnd,
    headers: [
      ...header,
      ...subHeader,
      range(descriptorsAt - 4, 4),
      ...bitmaps,
      range(descriptorsAt, descriptorsEnd - descriptorsAt),
    ],
    // Sizes of blocks, the sub header and bitmaps; split and its ends; bitmaps; and of each page the offset.
    placing: [
      range(428, 16),
      range(PAGE + 12, 20),
      range(PAGE + 80, 24),
      ...bitmaps,
      ...[...stored.values()].map(({ descriptorAt }) => range(descriptorAt, 8)),
    ],
  };
}

function flattenedTarget(): Target {
  const inner = kdumpTarget();
  const { bytes, headersAt } = flatten(cutIntoRecords(inner.bytes, [4096, 1000, 4096]));
  return {
    name: 'flattened kdump',
    bytes,
    contentAt: inner.contentAt,
    headers: [range(0, 40), ...headersAt.map((at) => range(at, 16))],
    placing: headersAt.map((at) => range(at, 16)),
  };
}

function limeTarget(): Target {
  const { bytes, headersAt } = limeDump(extents);
  return {
    name: 'LiME',
    bytes,
    contentAt: 32,
    headers: headersAt.map((at) => range(at, 32)),
    // First and last address.
    placing: headersAt.map((at) => range(at + 8, 16)),
  };
}

/** Every byte of content is below a checksum. */
function avmlTarget(): Target {
  const { bytes, headersAt } = limeDump(
    extents.map((extent) => ({ ...extent, compressed: [compressSnappyFramed(extent.bytes)] })),
  );
  return {
    name: 'AVML',
    bytes,
    contentAt: 32,
    headers: [range(0, bytes.length)],
    placing: headersAt.map((at) => range(at + 8, 16)),
  };
}

const TARGETS = [elfTarget(), kdumpTarget(), flattenedTarget(), limeTarget(), avmlTarget()];

/** What is made of a dump: nothing, or the STEs that are printed. */
type Outcome = 'refused' | { readonly address: number; readonly content: Buffer }[];

async function outcomeOf(bytes: Uint8Array): Promise<Outcome> {
  let dump: Awaited<ReturnType<typeof openDump>> | undefined;
  try {
    dump = await openDump(inputOf(bytes));
    const json = await inspectJson(dump, snapshot, { insert: 'all' });
    expectStrictlyValid(json);
    return json.smmus.flatMap(({ stes }) =>
      stes.map(({ address, words }) => {
        const content = Buffer.alloc(64);
        for (const [i, word] of words.entries()) content.writeBigUInt64LE(BigInt(word), i * 8);
        return { address: Number(address), content };
      }),
    );
  } catch (error) {
    if (error instanceof InputError) return 'refused';
    throw error;
  } finally {
    dump?.close();
  }
}

/** The undamaged bytes of an STE; none outside the memory. */
function trueBytes(address: number): Buffer | undefined {
  const extent = extents.find(({ paddr, bytes }) => address >= paddr && address + 64 <= paddr + bytes.length);
  return extent && Buffer.from(extent.bytes.subarray(address - extent.paddr, address - extent.paddr + 64));
}

/** The addresses of STEs that are not what the memory held; with `fromAnywhere`, that are not in the dump at all. */
function inventedIn(outcome: Outcome, fromAnywhere: Buffer | null): string[] {
  if (outcome === 'refused') return [];
  return outcome
    .filter(({ address, content }) => {
      if (trueBytes(address)?.equals(content)) return false;
      return fromAnywhere === null || !(memory.includes(content) || fromAnywhere.includes(content));
    })
    .map(({ address }) => `0x${address.toString(16)}`);
}

const isIn = (ranges: readonly Range[], at: number) => ranges.some(({ from, to }) => at >= from && at < to);
const MASKS = [0xff, 0x01, 0x80, 0x10];

/** Fixed places and changes: every byte of short headers, as many as are needed to make about 300 otherwise. */
function flipsOf({ headers }: Target): { at: number; mask: number }[] {
  const offsets = headers.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i));
  const step = Math.max(1, offsets.length / FLIPS);
  const times = Math.max(1, Math.floor(FLIPS / offsets.length));
  return Array.from({ length: Math.floor(offsets.length / step) * times }, (_, i) => ({
    at: offsets[Math.floor(i * step) % offsets.length] as number,
    mask: MASKS[(i + Math.floor(i / offsets.length)) % MASKS.length] as number,
  }));
}

/** Fixed places: half of them all over the file, half where the content is. */
function cutsOf({ bytes, contentAt }: Target): number[] {
  return Array.from({ length: CUTS }, (_, i) => {
    const from = i % 2 === 0 ? 0 : contentAt;
    return from + Math.floor((i * (bytes.length - from)) / CUTS);
  });
}

describe.each(TARGETS)('$name', (target) => {
  test('undamaged', async () => {
    const outcome = await outcomeOf(target.bytes);
    expect(outcome).toHaveLength(4);
    expect(inventedIn(outcome, null)).toEqual([]);
  });

  test('cut anywhere', async () => {
    const wrong: unknown[] = [];
    let read = 0;
    for (const cutAt of cutsOf(target)) {
      const outcome = await outcomeOf(target.bytes.subarray(0, cutAt));
      if (outcome !== 'refused' && outcome.length > 0) read += 1;
      const invented = inventedIn(outcome, null);
      if (invented.length > 0) wrong.push({ cutAt, invented });
    }
    expect(wrong).toEqual([]);
    // Much of a dump that was cut short can be read.
    expect(read).toBeGreaterThan(CUTS / 20);
  });

  test('with one byte of its headers changed', async () => {
    const wrong: unknown[] = [];
    let read = 0;
    for (const { at, mask } of flipsOf(target)) {
      const bytes = Buffer.from(target.bytes);
      bytes[at] = (bytes[at] as number) ^ mask;
      const outcome = await outcomeOf(bytes);
      if (outcome !== 'refused' && outcome.length > 0) read += 1;
      const invented = inventedIn(outcome, isIn(target.placing, at) ? bytes : null);
      if (invented.length > 0) wrong.push({ at: `0x${at.toString(16)}`, mask, invented });
    }
    expect(wrong).toEqual([]);
    expect(read).toBeGreaterThan(0);
  });
});

describe('damage that shows only when pages are counted or read', () => {
  const pages = Array.from(
    { length: 9 },
    (_, pfn): KdumpPage => ({ pfn, as: 'plain', bytes: memory.subarray(0, PAGE) }),
  );
  const first = kdump(pages, { vmcoreinfo: VMCOREINFO });

  test.each([
    ['flags that name no codec', { flags: 8 }, 'bad-flags'],
    ['an offset among the headers', { offset: 64n }, 'misplaced'],
    ['an offset beyond the file', { offset: 1n << 40n }, 'cut'],
  ])('%s: counted as lost, said where, and not complete', async (_, descriptor, kind) => {
    const damaged = pages.map((page) => (page.pfn === 4 ? { ...page, descriptor } : page));
    // Of many descriptors only the last ones are looked at when a dump is opened.
    const more = Array.from({ length: 4200 }, (_, i): KdumpPage => ({ pfn: 9 + i, as: 'plain', shared: true }));
    const dump = await openDump(inputOf(kdump([...damaged, ...more], { vmcoreinfo: VMCOREINFO }).bytes));
    expect(dump).toMatchObject({ complete: true, problems: [] });
    const { dump: told } = dumpInfo(dump);
    expect(told).toMatchObject({ complete: false, completeness: 'short', pages: { lost: 1 } });
    expect(told.problems).toMatchObject([{ what: { kind: 'page-lost', paddr: 4 * PAGE, why: { kind } } }]);
  });

  test('a whole dump stays one', async () => {
    const dump = await openDump(inputOf(first.bytes));
    expect(dumpInfo(dump).dump).toMatchObject({ complete: true, problems: [] });
  });

  test('a chunk of AVML that does not unpack: not a dump of which nobody can tell', async () => {
    const { bytes } = limeDump([{ paddr: 0x1000, bytes: memory.subarray(0, PAGE), compressed: true }]);
    bytes[bytes.length - 20] = (bytes[bytes.length - 20] as number) ^ 1;
    const dump = await openDump(inputOf(bytes));
    expect(dump.complete).toBe(null);
    dump.memory.read(0x1000, new Uint8Array(PAGE));
    expect(dump.complete).toBe(false);
  });
});
