/** Dumps that the caller reads, at once or later: the same results as from a file, and few requests. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { Image } from '../../../samples/image.ts';
import { SAMPLES_FOLDER } from '../../../samples/make.ts';
import { BLOCK_BYTE_LENGTH } from '../../../src/dump/sources/blocks.ts';
import { type DumpSource, ObjectSource } from '../../../src/dump/sources/object-source.ts';
import { inspect, loadSnapshot, openDump, parseSnapshot, untilFetched } from '../../../src/index.ts';
import { inspectJson, publishedInspection } from '../../support/published.ts';
import { refusalOf, refused } from '../../support/refusal.ts';
import { slowTest } from '../../support/slow.ts';
import { patternBytes } from '../../support/sources.ts';
import { type KdumpPage, kdump } from '../../support/writers/kdump-writer.ts';

const PAGE = 4096;
const bytesOf = (sample: string, file = 'dump.raw') => readFileSync(join(SAMPLES_FOLDER, sample, file));
const snapshotOf = (sample: string) => loadSnapshot(join(SAMPLES_FOLDER, sample, 'regs.json'));

interface Asked {
  readonly offset: number;
  readonly length: number;
}

/** A source of these bytes that writes down what it is asked for. */
function sourceOf(bytes: Uint8Array, { later = false, name = 'dump.raw' } = {}): DumpSource & { asked: Asked[] } {
  const asked: Asked[] = [];
  return {
    name,
    byteLength: bytes.byteLength,
    asked,
    read(offset, length) {
      asked.push({ offset, length });
      const held = bytes.subarray(offset, offset + length);
      return later ? after(asked.length % 3, held) : held;
    },
  };
}

describe.each([
  ['at once', false],
  ['later', true],
])('a source that answers %s', (_, later) => {
  test.each(['healthy-two-level', 'linear-on-two-level', 'bad-span'])('%s gives what the file gives', async (name) => {
    const source = sourceOf(bytesOf(name), { later });
    const snapshot = await snapshotOf(name);
    const dump = await openDump(source, { loadMap: snapshot.memory });
    expect(dump).toMatchObject({ files: ['dump.raw'], paths: [], fetched: later });
    const insert = name === 'bad-span' ? undefined : 'all';
    const inspection = await inspect(dump, snapshot, { insert });
    const expected = JSON.parse(bytesOf(name, 'expected.json').toString());
    // Rows are read now, outside of any waiting.
    expect(publishedInspection(inspection)).toEqual(expected);
    dump.close();
    if (later) expect(source.asked).toEqual([{ offset: 0, length: source.byteLength }]);
  });

  test('a compressed dump in two parts, far apart in their files', async () => {
    const pages = Array.from(
      { length: 600 },
      (__, i): KdumpPage => ({ pfn: 0x80000 + i, bytes: patternBytes(PAGE, i), as: 'plain' }),
    );
    const parts = [
      { startPfn: 0, endPfn: 0x80100 },
      { startPfn: 0x80100, endPfn: 0x80258 },
    ].map(({ startPfn, endPfn }) => {
      const own = pages.filter(({ pfn }) => pfn >= startPfn && pfn < endPfn);
      const options = { maxMapnr: 0x80258, split: { startPfn, endPfn }, utsname: { machine: 'aarch64' } };
      return sourceOf(kdump(own, options).bytes, { later, name: `part ${startPfn}` });
    });
    const dump = await openDump(parts);
    const into = new Uint8Array(2 * PAGE);
    await untilFetched(() => dump.memory.read(0x800ff000, into));
    expect(Buffer.compare(into, Buffer.concat([patternBytes(PAGE, 0xff), patternBytes(PAGE, 0x100)]))).toBe(0);
    const census = await untilFetched(() => dump.census());
    expect(census.pages.present).toBe(600);
    if (later) for (const { asked } of parts) expect(asked.length).toBeLessThan(6);
    dump.close();
  });

  test('raw memory in several sources, each with its address', async () => {
    const bytes = bytesOf('bad-span');
    const snapshot = await snapshotOf('bad-span');
    const [first, second] = snapshot.memory;
    const banks = [first, second].map((entry) => ({
      ...sourceOf(bytes.subarray(entry?.fileOffset, (entry?.fileOffset ?? 0) + (entry?.byteLength ?? 0)), { later }),
      paddr: entry?.paddr,
    }));
    const dump = await openDump(banks);
    const { smmus } = await inspect(dump, snapshot);
    expect(smmus[0]?.adoption.verdict).toBe('fallback');
    dump.close();
  });
});

describe('sources that answer later', () => {
  const sparse = (byteLength: number): DumpSource & { asked: Asked[] } => {
    const asked: Asked[] = [];
    return {
      byteLength,
      asked,
      read: async (offset, length) => {
        asked.push({ offset, length });
        return new Uint8Array(length);
      },
    };
  };

  test('reading without waiting says what to do', async () => {
    const dump = await openDump(sourceOf(patternBytes(1 << 20), { later: true }), { base: 0 });
    const into = new Uint8Array(16);
    const read = () => dump.memory.read(0x80000, into);
    expect(read).toThrow(
      'dump.raw: these bytes have not been fetched; read inside untilFetched(), which waits for them',
    );
    await untilFetched(read);
    expect(read()).toEqual([{ offset: 0, byteLength: 16, state: 'present' }]);
    expect(Buffer.compare(into, patternBytes(1 << 20).subarray(0x80000, 0x80010))).toBe(0);
  });

  test('several who wait for the same bytes ask for them once', async () => {
    const source = sparse(1 << 30);
    const dump = await openDump(source, { base: 0 });
    await Promise.all(
      Array.from({ length: 5 }, () => untilFetched(() => dump.memory.read(1 << 29, new Uint8Array(200_000)))),
    );
    expect(source.asked).toEqual([
      { offset: 0, length: 4 * BLOCK_BYTE_LENGTH },
      { offset: 1 << 29, length: 4 * BLOCK_BYTE_LENGTH },
    ]);
  });

  test('tables all over a large memory: inspections at once are what one of a source that answers at once is', async () => {
    const [l1, apart, tables] = [0x8000_0000, 0x100_0000, 20];
    const image = new Image();
    for (let i = 0; i < tables; i++) {
      const l2 = l1 + (i + 1) * apart;
      image.l1(l1, i, 9, l2).abortTable(l2, 256).ste(l2, i, { V: 1, Config: 4 });
    }
    const extents = image.extents();
    const read = (offset: number, length: number) => {
      const bytes = new Uint8Array(length);
      for (const { paddr, bytes: held } of extents) {
        const from = Math.max(0, offset - (paddr - l1));
        const at = paddr - l1 + from - offset;
        if (at < length) bytes.set(held.subarray(from, from + Math.max(0, length - at)), Math.max(0, at));
      }
      return bytes;
    };
    const registers = {
      STRTAB_BASE: '0x80000000',
      STRTAB_BASE_CFG: '0x10210',
      CR0: '0x1',
      IDR0: '0x0c080010',
      IDR1: '0x10',
    };
    const snapshot = parseSnapshot({ registers }, 'regs.json');
    const byteLength = (tables + 2) * apart;
    const now = await openDump({ byteLength, paddr: l1, read });
    const expected = JSON.stringify(await inspectJson(now, snapshot, { insert: 'all' }));
    expect(JSON.parse(expected).smmus[0].stes).toHaveLength(tables);

    let requests = 0;
    const later = await openDump({
      byteLength,
      paddr: l1,
      read: (offset, length) => {
        requests += 1;
        return after(requests % 3, read(offset, length));
      },
    });
    const inspections = await Promise.all(Array.from({ length: 3 }, () => inspect(later, snapshot, { insert: 'all' })));
    for (const inspection of inspections) expect(JSON.stringify(publishedInspection(inspection))).toBe(expected);
    expect(requests).toBe(tables + 1);
  });

  slowTest('a long walk needs few requests, and ends where too much would have to be kept', async () => {
    const source = new ObjectSource(sparse(1 << 30), 'huge');
    let reached = 0;
    const walk = () => {
      for (reached = 0; reached < 1 << 30; reached += BLOCK_BYTE_LENGTH) source.read(reached, new Uint8Array(1));
    };
    expect(await refusalOf(() => untilFetched(walk))).toEqual({
      tag: 'file',
      message: 'huge: more than 256 MiB of it would have to be kept; read it synchronously, or from a file',
    });
    expect(reached).toBe(256 << 20);
  });

  test('an answer that is too short is a file that has become shorter', async () => {
    const dump = await openDump(
      { byteLength: 1 << 20, read: async (offset, length) => new Uint8Array(offset === 0 ? length : 100) },
      { base: 0 },
    );
    const read = () => dump.memory.read(0x80000, new Uint8Array(300));
    expect(await untilFetched(read)).toEqual([
      { offset: 0, byteLength: 100, state: 'present' },
      { offset: 100, byteLength: 200, state: 'lost' },
    ]);
  });

  test('a failure is told to all who wait, and may pass', async () => {
    let failing = true;
    const dump = await openDump(
      {
        name: 'bucket/vmcore',
        byteLength: 1 << 20,
        read: async (offset, length) => {
          if (offset > 0 && failing) throw new Error('503 Slow Down');
          return new Uint8Array(length);
        },
      },
      { base: 0 },
    );
    const read = () => untilFetched(() => dump.memory.read(0x80000, new Uint8Array(10)));
    const expected = { tag: 'file', message: 'bucket/vmcore: cannot be read at offset 0x80000 (503 Slow Down)' };
    expect(await Promise.all([refusalOf(read), refusalOf(read)])).toEqual([expected, expected]);
    failing = false;
    expect(await read()).toHaveLength(1);
  });

  test('at once for a while, and later from then on', async () => {
    const bytes = patternBytes(1 << 20);
    let now = true;
    const dump = await openDump(
      {
        byteLength: bytes.byteLength,
        read: (offset, length) => {
          const held = bytes.subarray(offset, offset + length);
          return now ? held : Promise.resolve(held);
        },
      },
      { base: 0 },
    );
    const into = new Uint8Array(100);
    dump.memory.read(0, into);
    now = false;
    await untilFetched(() => dump.memory.read(500_000, into));
    expect(Buffer.compare(into, bytes.subarray(500_000, 500_100))).toBe(0);
  });
});

describe('refusals', () => {
  const read = () => new Uint8Array(0);
  test.each<[string, unknown, string, string]>([
    ['without read', { byteLength: 5 }, 'usage', 'has no read(offset, length)'],
    ['without a length', { read }, 'usage', 'has a byteLength of undefined'],
    ['with half a byte', { byteLength: 1.5, read }, 'usage', 'has a byteLength of 1.5'],
    ['with a negative length', { byteLength: -1, read }, 'usage', 'has a byteLength of -1'],
    ['at no address', { byteLength: 1, paddr: -1, read }, 'usage', 'has a paddr of -1'],
    ['at half an address', { byteLength: 1, paddr: 0.5, read }, 'usage', 'has a paddr of 0.5'],
    ['that is empty', { byteLength: 0, read }, 'file', 'is empty'],
    [
      'that answers text',
      { byteLength: 5, read: () => 'hello' },
      'usage',
      'read() answered something else than a Uint8Array',
    ],
    [
      'that answers text later',
      { byteLength: 5, read: async () => 'hello' },
      'usage',
      'read() answered something else than a Uint8Array',
    ],
    [
      'that answers too much',
      { byteLength: 5, read: () => new Uint8Array(100) },
      'usage',
      'read() answered 100 bytes when asked for 5',
    ],
    [
      'that throws',
      {
        byteLength: 5,
        read: () => {
          throw new Error('no');
        },
      },
      'file',
      'cannot be read at offset 0x0 (no)',
    ],
    ['that rejects', { byteLength: 5, read: () => Promise.reject('no') }, 'file', 'cannot be read at offset 0x0 (no)'],
  ])('a source %s', async (_, source, tag, what) => {
    expect(await refused(() => openDump(source as DumpSource))).toMatchObject({ tag, file: 'source 1', what });
  });

  test('several raw ones without addresses', async () => {
    const source = sourceOf(bytesOf('bad-span'));
    expect(await refused(() => openDump([source, source]))).toMatchObject({ tag: 'usage', file: 'dump.raw' });
  });
});
