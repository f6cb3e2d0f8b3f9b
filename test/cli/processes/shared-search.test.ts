/** Searches by several processes: what one alone finds, whoever of them is at work and whatever ends one. Needs a build. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { COMMAND } from '../../../samples/make.ts';
import { SharedSearch } from '../../../src/cli/processes/shared-search.ts';
import type { AddressRange } from '../../../src/dump/memory.ts';
import { type OpenedDump, openDump } from '../../../src/dump/open.ts';
import { findAlone, type PartSearch } from '../../../src/dump/part-search.ts';
import { stretchesOf } from '../../../src/dump/search-stretches.ts';
import { untilFetched } from '../../../src/dump/sources/until-fetched.ts';
import { tablePageFinder } from '../../../src/linux/driver/table-scan.ts';
import { textFinder } from '../../../src/linux/memory/vmcoreinfo-search.ts';
import { firmwareFinder } from '../../../src/platform/firmware/firmware-in-dump.ts';
import { noProgress, type Progress } from '../../../src/progress.ts';
import { runProcess } from '../../support/command.ts';
import { MadeMemory } from '../../support/made/made-memory.ts';
import { slowTest, someOf } from '../../support/slow.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { kdump } from '../../support/writers/kdump-writer.ts';
import { limeDump } from '../../support/writers/lime-writer.ts';

const PAGE = 4096;
const PART = 1 << 16;
const RAM = 0x4000_0000;
const VMCOREINFO = Buffer.from('OSRELEASE=6.1.0-made\nPAGESIZE=4096\n');
const { path: folder } = temporaryFolder();
const path = join(folder, 'vmcore');
const SELF = [process.execPath, COMMAND];
let dump: OpenedDump;
let parts: readonly AddressRange[];
let shared: SharedSearch | null = null;

beforeAll(async () => {
  const memory = new MadeMemory({ start: RAM, end: RAM + 0x20_0000 });
  const target = RAM + 0x10_0000;
  for (let i = 0; i < 256; i++) memory.u64(target + 64 * i, 1n);
  // A table over the end of a part, and one in another.
  for (const i of [0, 511, 512, 700]) memory.u64(RAM + 3 * PART - PAGE + 8 * i, BigInt(target) | 9n);
  memory.u64(RAM + 0x9_0000, BigInt(target) | 9n);
  for (const at of [0, 0x5_0018, 0x5_1000]) memory.write(RAM + at, VMCOREINFO);
  memory.u32(RAM + 0x6_1008, 0xedfe0dd0);
  memory.write(RAM + 0xa_0010, Buffer.from('RSD PTR '));
  const pages = Array.from({ length: 0x12_0000 / PAGE }, (_, i) => ({
    pfn: RAM / PAGE + i,
    as: 'zlib' as const,
    bytes: memory.page(RAM + i * PAGE),
  }));
  writeFileSync(path, kdump(pages, { dumpLevel: 31, vmcoreinfo: 'PAGESIZE=4096\n' }).bytes);
  dump = await openDump(path);
  parts = stretchesOf(dump.memory, PART);
  expect(parts.length).toBe(0x12_0000 / PART);
});

afterEach(() => shared?.close());
afterAll(() => dump.close());

const SEARCHES = {
  tables: (): PartSearch<AddressRange, unknown> => ({ name: 'tables', what: 'tables', in: tablePageFinder(dump) }),
  vmcoreinfo: (): PartSearch<AddressRange, unknown> => ({
    name: 'vmcoreinfo',
    what: 'text',
    in: textFinder(dump.memory),
  }),
  firmware: (): PartSearch<readonly AddressRange[], unknown> => ({
    name: 'firmware',
    what: 'firmware',
    in: firmwareFinder(dump.memory),
  }),
};

/** In all parts by two processes that `command` starts, of a dump that is named so; and the parts that were searched here. */
async function searched<Part>(
  command: readonly string[] | null,
  { in: find, ...about }: PartSearch<Part, unknown>,
  parts: readonly Part[],
  named = path,
) {
  const here: number[] = [];
  const search: PartSearch<Part, unknown> = {
    ...about,
    in: (part) => {
      here.push(parts.indexOf(part));
      return find(part);
    },
  };
  const heard: number[] = [];
  const progress: Progress = (what, done, total) => {
    expect({ what, total }).toEqual({ what: about.what, total: parts.length });
    heard.push(done);
  };
  const one = new SharedSearch({ names: [named], how: {} }, { command: async () => command, jobs: 2, progress });
  shared = one;
  const found = await untilFetched(() => parts.map((_, at) => one.findIn(search, parts, at)));
  return { found, here, heard };
}

const alone = <Part>(search: PartSearch<Part, unknown>, parts: readonly Part[]) =>
  parts.map((_, at) => findAlone(noProgress)(search, parts, at));

describe('two processes find what one finds', () => {
  test.each(['tables', 'vmcoreinfo'] as const)('%s', async (name) => {
    const expected = alone(SEARCHES[name](), parts);
    expect(expected.filter((found) => (found as unknown[]).length > 0).length).toBeGreaterThan(1);
    // The first two are searched before anybody is started.
    expect(await searched(SELF, SEARCHES[name](), parts)).toEqual({
      found: expected,
      here: [0, 1],
      heard: parts.map((_, at) => (at < 2 ? at : at + 1)),
    });
  });

  test('firmware, of which a part is several pieces', async () => {
    const pieces = parts.map(({ end }) => [
      { start: end - PART, end: end - PART + PAGE },
      { start: end - PART + PAGE, end },
    ]);
    const expected = alone(SEARCHES.firmware(), pieces);
    expect(expected.flat()).toEqual([
      { piece: 1, paddr: RAM + 0x6_1008, isTree: true },
      { piece: 0, paddr: RAM + 0xa_0010, isTree: false },
    ]);
    expect(await searched(SELF, SEARCHES.firmware(), pieces)).toEqual({
      found: expected,
      here: [0, 1],
      heard: parts.map((_, at) => (at < 2 ? at : at + 1)),
    });
  });
});

/** Opening, part, and at the next one it ends. */
const AFTER_ONE = `
  const lines = require('readline').createInterface({ input: process.stdin });
  let heard = 0;
  lines.on('line', () => { heard += 1; if (heard === 2) console.log('{"found":[]}'); if (heard === 3) process.exit(); });`;
const node = (script: string) => [process.execPath, '-e', script];

const UNFIT: readonly (readonly [what: string, command: readonly string[] | null])[] = [
  ['cannot be started', [join(folder, 'missing')]],
  ['ends at once', node('process.exit(1)')],
  ['says what is no answer', node("console.log('Segmentation fault'); setInterval(() => {}, 1000)")],
  ['says JSON that is no answer', node("console.log('[]'); console.log('null'); setInterval(() => {}, 1000)")],
  ['ends after one answer', node(AFTER_ONE)],
  ['cannot be started as this is no process of its own', null],
];

test.each(someOf(UNFIT, 4))('a process that %s: its part is searched here', async (what, command) => {
  const expected = alone(SEARCHES.tables(), parts);
  // Who answers that there is nothing is believed: those two are asked for first.
  if (what.includes('one answer')) expected.splice(2, 2, [], []);
  expect((await searched(command, SEARCHES.tables(), parts)).found).toEqual(expected);
});

test('a process that cannot open the dump', async () => {
  const { found, here } = await searched(SELF, SEARCHES.tables(), parts, join(folder, 'missing'));
  expect(found).toEqual(alone(SEARCHES.tables(), parts));
  expect(here).toEqual(parts.map((_, i) => i));
});

test('who searches alone, starts nobody', () => {
  const start = () => {
    throw new Error('started');
  };
  const few = parts.slice(0, 7);
  const opening = { names: [path], how: {} };
  const one = new SharedSearch(opening, { command: start, jobs: 2, progress: noProgress });
  expect(few.map((_, at) => one.findIn(SEARCHES.tables(), few, at))).toEqual(alone(SEARCHES.tables(), few));
  const single = new SharedSearch(opening, { command: start, jobs: 1, progress: noProgress });
  expect(parts.map((_, at) => single.findIn(SEARCHES.tables(), parts, at))).toEqual(alone(SEARCHES.tables(), parts));
});

slowTest('whole commands say of a dump of many parts what they say of one part', () => {
  const bytes = Buffer.alloc(1 << 20);
  const { bytes: record } = limeDump([{ paddr: RAM, bytes, compressed: true }]);
  const records = Array.from({ length: 8 * 32 }, (_, i) => {
    const one = Buffer.from(record);
    one.writeBigUInt64LE(BigInt(RAM + i * bytes.length), 8);
    one.writeBigUInt64LE(BigInt(RAM + (i + 1) * bytes.length - 1), 16);
    return one;
  });
  writeFileSync(join(folder, 'many.avml'), Buffer.concat(records));
  const { stdout, status } = runProcess(['info', 'many.avml', '--find-tables', '--format', 'json'], { cwd: folder });
  expect({ tables: JSON.parse(stdout).tables, status }).toEqual({ tables: [], status: 0 });
  for (const command of ['regs extract many.avml', 'info many.avml --log']) {
    expect(runProcess(command.split(' '), { cwd: folder }), command).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('there is no VMCOREINFO that fits the memory'),
    });
  }
});
