/** `info --find-tables` by several processes: the same tables, whoever of them is at work and whatever ends one. Needs a build. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { COMMAND } from '../../../samples/make.ts';
import { findTablesIn } from '../../../src/cli/processes/table-search.ts';
import { type OpenedDump, openDump } from '../../../src/dump/open.ts';
import { stretchesOf } from '../../../src/dump/search-stretches.ts';
import { findTables } from '../../../src/linux/driver/table-scan.ts';
import { MadeMemory } from '../../support/made/made-memory.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { kdump } from '../../support/writers/kdump-writer.ts';

const PAGE = 4096;
const STRETCH = 1 << 16;
const RAM = 0x4000_0000;
const { path: folder } = temporaryFolder();
const path = join(folder, 'vmcore');
const WORKER = [process.execPath, COMMAND, 'info', '--search-worker'];
let dump: OpenedDump;

beforeAll(async () => {
  const memory = new MadeMemory({ start: RAM, end: RAM + 0x20_0000 });
  const target = RAM + 0x10_0000;
  for (let i = 0; i < 256; i++) memory.u64(target + 64 * i, 1n);
  // One table over the end of the first stretch, and one in another that is no better than one before it.
  for (const i of [0, 511, 512, 700]) memory.u64(RAM + STRETCH - PAGE + 8 * i, BigInt(target) | 9n);
  for (const at of [0x4_0000, 0x9_0000]) memory.u64(RAM + at, BigInt(target) | 9n);
  const pages = Array.from({ length: 0x12_0000 / PAGE }, (_, i) => ({
    pfn: RAM / PAGE + i,
    as: 'zlib' as const,
    bytes: memory.page(RAM + i * PAGE),
  }));
  writeFileSync(path, kdump(pages, { dumpLevel: 31, vmcoreinfo: 'PAGESIZE=4096\n' }).bytes);
  dump = await openDump(path);
});

afterAll(() => dump.close());

/** By two processes, of a dump that is named so. */
async function searched(command: readonly string[], name = path) {
  const stretches = stretchesOf(dump.memory, STRETCH);
  const progress: string[] = [];
  const tables = await findTablesIn(stretches, dump, {
    command,
    opening: { names: [name], flags: {}, loadMap: [] },
    jobs: 2,
    progress: (what, done, total) => progress.push(`${what} ${done}/${total}`),
  });
  expect(stretches.length).toBe(0x12_0000 / STRETCH);
  expect(progress).toEqual(stretches.map((_, i) => `searching for stream tables ${i + 1}/${stretches.length}`));
  return tables;
}

test('the tables that one process finds', async () => {
  const alone = findTables(dump);
  expect(alone).toEqual([
    { paddr: RAM + STRETCH - PAGE, used: 4, good: 4, lastIndex: 700 },
    { paddr: RAM + 0x4_0000, used: 1, good: 1, lastIndex: 0 },
    { paddr: RAM + 0x9_0000, used: 1, good: 1, lastIndex: 0 },
  ]);
  expect(await searched(WORKER)).toEqual(alone);
});

/** Opening, stretch, and at the next one it ends. */
const AFTER_ONE = `
  const lines = require('readline').createInterface({ input: process.stdin });
  let heard = 0;
  lines.on('line', () => { heard += 1; if (heard === 2) console.log('[]'); if (heard === 3) process.exit(); });`;
const node = (script: string) => [process.execPath, '-e', script];

test.each([
  ['cannot be started', [join(folder, 'missing')]],
  ['ends at once', node('process.exit(1)')],
  ['says what is no answer', node("console.log('Segmentation fault'); setInterval(() => {}, 1000)")],
  ['ends after one answer', node(AFTER_ONE)],
])('a process that %s: its part is searched here', async (what, command) => {
  const tables = await searched(command);
  // Who answers that there is nothing is believed: the first two stretches are asked for first.
  expect(tables).toEqual(what.includes('one answer') ? findTables(dump).slice(1) : findTables(dump));
});

test('a process that cannot open the dump', async () => {
  expect(await searched(WORKER, join(folder, 'missing'))).toEqual(findTables(dump));
});
