/** A tree of crashes as a fleet leaves it: every layout, container and kernel, with what goes wrong among them. */

import { spawnSync } from 'node:child_process';
import { linkSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SAMPLES_FOLDER } from '../../../samples/make.ts';
import { flatten } from '../writers/flatten.ts';
import { madeCrash } from './made-crash.ts';
import { elfOf } from './made-dump-file.ts';

/** What a crash is made of: files by name, each a file that is there already. */
type Files = Readonly<Record<string, string>>;

/** How many of each there are in a hundred, by what becomes of them. */
const SHARES = {
  adopted: 60,
  fallsBack: 20,
  cut: 8,
  bare: 4,
  otherKernel: 2,
  flattened: 2,
  empty: 2,
  page: 1,
  pipe: 1,
} as const;
export type TreeKind = keyof typeof SHARES;

/** Makes `count` crashes in `folder`; says how many there are of each kind, where `count` is a multiple of 100. */
export function makeCrashTree(folder: string, count: number): Readonly<Record<TreeKind, number>> {
  const store = join(folder, '.store');
  mkdirSync(store, { recursive: true });
  const kept = (name: string, bytes: Uint8Array | string) => {
    const path = join(store, name);
    writeFileSync(path, bytes);
    return path;
  };
  const sample = (name: string, ...files: string[]): Files =>
    Object.fromEntries(files.map((file) => [file, join(SAMPLES_FOLDER, name, file)]));
  const copied = (files: Files, as: string): Files =>
    Object.fromEntries(Object.entries(files).map(([name, from]) => [name, copyInto(kept, from, `${as}-${name}`)]));
  const vmcore = elfOf(madeCrash().kernel);
  const kinds: Readonly<Record<Exclude<TreeKind, 'pipe'>, Files>> = {
    adopted: copied(sample('healthy-two-level', 'dump.raw', 'regs.json'), 'adopted'),
    fallsBack: copied(sample('bad-span', 'dump.raw', 'regs.json'), 'falls-back'),
    cut: copied(sample('truncated', 'dump.elf', 'regs.json'), 'cut'),
    bare: { vmcore: kept('bare', vmcore) },
    otherKernel: { vmcore: kept('other', elfOf(madeCrash({ release: '6.12.107-made' }).kernel)) },
    flattened: { 'vmcore.flat': kept('flat', flatten([{ offset: 0, bytes: vmcore }]).bytes) },
    empty: { vmcore: kept('empty', '') },
    page: { vmcore: kept('page', '<html>502 Bad Gateway</html>\n') },
  };
  const order = Object.entries(SHARES).flatMap(([kind, share]) => Array<TreeKind>(share).fill(kind as TreeKind));
  const pipes: string[] = [];
  for (let i = 0; i < count; i++) {
    // 37 and 100 have no common divisor, so that every hundred has all, mixed.
    const kind = order[(i * 37) % order.length] as TreeKind;
    const place = join(folder, layoutOf(i));
    mkdirSync(place, { recursive: true });
    if (kind === 'pipe') pipes.push(join(place, 'vmcore'));
    else for (const [name, from] of Object.entries(kinds[kind])) linkSync(from, join(place, name));
  }
  spawnSync('mkfifo', pipes);
  return Object.fromEntries(Object.entries(SHARES).map(([kind, share]) => [kind, (share * count) / 100])) as Record<
    TreeKind,
    number
  >;
}

function copyInto(kept: (name: string, bytes: Uint8Array) => string, from: string, name: string): string {
  return kept(name, readFileSync(from));
}

/** As kdump-utils, kdump-tools, and people name folders. */
function layoutOf(i: number): string {
  const two = (number: number) => String(number).padStart(2, '0');
  const [day, minute, second] = [two(1 + (i % 28)), two(Math.floor(i / 60) % 60), two(i % 60)];
  if (i % 3 === 0) return `10.0.0.${i % 250}-2026-11-${day}-03:${minute}:${second}`;
  if (i % 3 === 1) return `node${i % 40}/202611${day}${two(3)}${minute}${second}`;
  return `rack${i % 7}/2026-11-${day}-node${i}`;
}
