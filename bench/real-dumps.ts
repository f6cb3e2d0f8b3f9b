/**
 * Budgets that only real dumps can show, of a folder that is named: what reading the kernel's own state takes longer than
 * taking registers from a file, and all pages against libkdumpfile, called from Python page by page.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type OpenedDump, openDump } from '../src/index.ts';

/** A vmcore, and the registers that were captured with it. */
export interface RealCrash {
  readonly dump: string;
  readonly regs: string;
}

/** All pages of one dump, in seconds. */
export interface PagesRead {
  readonly name: string;
  readonly codecs: string;
  readonly pages: number;
  readonly seconds: number;
  /** Null where libkdumpfile is not installed, or refuses the dump. */
  readonly libkdumpfileSeconds: number | null;
}

/** So much is read at once, as a search through a dump does it. */
const PIECE_BYTE_LENGTH = 1 << 20;
const ROUNDS = 5;
/** Python takes as long as we do for each. */
const MOST_DUMPS = 6;

/** The kdump-compressed files of a folder, the largest first. */
export async function* realDumps(folder: string): AsyncGenerator<{ readonly path: string; readonly dump: OpenedDump }> {
  const paths = readdirSync(folder).map((name) => join(folder, name));
  const bySize = paths.map((path) => ({ path, size: statSync(path).size })).sort((a, b) => b.size - a.size);
  let left = MOST_DUMPS;
  for (const { path } of bySize) {
    const dump = left > 0 && statSync(path).isFile() ? await openDump(path).catch(() => null) : null;
    if (dump?.format === 'kdump' && dump.wrapper === null) {
      left -= 1;
      yield { path, dump };
    }
    dump?.close();
  }
}

/** The largest that has registers beside it. */
export async function crashIn(folder: string): Promise<RealCrash | null> {
  for await (const { path } of realDumps(folder)) {
    const candidates = [path.replace(/\.[a-z]+$/, '.regs.json'), join(folder, 'regs.json')];
    const regs = candidates.find((one) => existsSync(one));
    if (regs !== undefined) return { dump: path, regs };
  }
  return null;
}

export async function readAllPages(path: string, dump: OpenedDump): Promise<PagesRead> {
  const present = dump.memory.ranges.flatMap(({ start, end }) =>
    dump.memory
      .runs(start, end - start)
      .filter(({ state }) => state === 'present')
      .map(({ offset, byteLength }) => [start + offset, start + offset + byteLength] as const),
  );
  const piece = new Uint8Array(PIECE_BYTE_LENGTH);
  let seconds = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now();
    for (const [start, end] of present) {
      for (let at = start; at < end; at += PIECE_BYTE_LENGTH) {
        dump.memory.read(at, piece.subarray(0, Math.min(PIECE_BYTE_LENGTH, end - at)));
      }
    }
    seconds = Math.min(seconds, (performance.now() - started) / 1000);
  }
  const pages = present.reduce((sum, [start, end]) => sum + (end - start) / dump.pageSize, 0);
  const codecs = Object.keys(dump.census().codecs).join(', ');
  return { name: path, codecs, pages, seconds, libkdumpfileSeconds: byLibkdumpfile(path, present, dump.pageSize) };
}

const PAGE_LOOP = `
import json, sys, time
from kdumpfile import kdumpfile, KDUMP_MACHPHYSADDR
ranges, page, rounds = json.load(sys.stdin)
best = float("inf")
for _ in range(rounds):
    # Anew, because it keeps a thousand pages.
    dump = kdumpfile(sys.argv[1])
    started = time.perf_counter()
    for start, end in ranges:
        for paddr in range(start, end, page):
            dump.read(KDUMP_MACHPHYSADDR, paddr, page)
    best = min(best, time.perf_counter() - started)
print(best)
`;

function byLibkdumpfile(path: string, ranges: readonly (readonly [number, number])[], pageSize: number): number | null {
  // Debian's Python is the one that has its bindings.
  const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';
  const input = JSON.stringify([ranges, pageSize, ROUNDS]);
  const { stdout, status } = spawnSync(python, ['-c', PAGE_LOOP, path], { input, encoding: 'utf8' });
  return status === 0 ? Number(stdout) : null;
}
