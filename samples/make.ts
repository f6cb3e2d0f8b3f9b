/** Makes the files of a sample, byte for byte the same every time, and runs the command on them. */

import { fileURLToPath } from 'node:url';
import { type Outcome, run } from '../test/support/command.ts';
import { elfCore } from '../test/support/writers/elf-writer.ts';
import { BARE_CASES } from './bare-cases.ts';
import { CAPTURED, SAMPLES } from './cases.ts';
import type { Extent, Image } from './image.ts';
import type { Sample } from './machine.ts';

export const SAMPLES_FOLDER = fileURLToPath(new URL('.', import.meta.url));
export const COMMAND = fileURLToPath(new URL('../bin/smmu-adopt.cjs', import.meta.url));

/** What `sample.json` holds: how to run a sample, and what it shows. */
export interface SampleRun {
  readonly description: string;
  /** Arguments of `smmu-adopt inspect`, run in the sample's folder. */
  readonly args: readonly string[];
}

/** Every sample, in the order in which they are best read. */
export const RUNS: ReadonlyMap<string, SampleRun> = new Map([
  ...BARE_CASES.map(({ name, description, args }): [string, SampleRun] => [name, { description, args }]),
  ...SAMPLES.map((sample): [string, SampleRun] => [sample.name, runOf(sample)]),
  ...CAPTURED.map(({ name, description, args }): [string, SampleRun] => [name, { description, args }]),
]);

/** The files that are made for each sample, by its name. */
export const FILES: ReadonlyMap<string, () => Map<string, Buffer>> = new Map([
  ...BARE_CASES.map(({ name, dump }) => [name, () => new Map([['vmcore', dump()]])] as const),
  ...SAMPLES.map((sample) => [sample.name, () => makeFiles(sample)] as const),
]);

function dumpName({ format = 'raw' }: Sample): string {
  return `dump.${format}`;
}

function runOf(sample: Sample): SampleRun {
  const args = [dumpName(sample), '--regs', 'regs.json', ...(sample.args ?? [])];
  return { description: sample.description, args };
}

function makeFiles(sample: Sample): Map<string, Buffer> {
  const extents = sample.memory.extents();
  const dump = sample.format === 'elf' ? elfOf(extents, sample) : rawOf(extents);
  const files = new Map([
    [dumpName(sample), dump],
    ['regs.json', jsonFile(snapshotOf(sample, extents))],
  ]);
  for (const [name, text] of Object.entries(sample.files ?? {})) files.set(name, Buffer.from(text));
  if (sample.later !== undefined) files.set('later.raw', rawOf(sameLayout(sample.later, extents)));
  return files;
}

export function jsonFile(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
}

function rawOf(extents: readonly Extent[]): Buffer {
  return Buffer.concat(extents.map(({ bytes }) => bytes));
}

function elfOf(extents: readonly Extent[], { pageSize = 4096, cutAfter }: Sample): Buffer {
  const vmcoreinfo = `OSRELEASE=7.1.0-sample\nPAGESIZE=${pageSize}\n`;
  const { bytes, contentAt } = elfCore(extents, { vmcoreinfo });
  return cutAfter === undefined ? bytes : bytes.subarray(0, (contentAt[0] ?? 0) + cutAfter);
}

/** A later dump is read through the same load map, so it has to cover the same pages. */
function sameLayout(later: Image, extents: readonly Extent[]): readonly Extent[] {
  const laterExtents = later.extents();
  const layout = (list: readonly Extent[]) => list.map(({ paddr, bytes }) => `${paddr}+${bytes.length}`).join();
  if (layout(laterExtents) !== layout(extents)) throw new Error('the later image covers other pages');
  return laterExtents;
}

function snapshotOf({ format, smmus }: Sample, extents: readonly Extent[]): unknown {
  const hex = (value: number) => `0x${value.toString(16)}`;
  let offset = 0;
  const memory = extents.map(({ paddr, bytes }) => {
    const entry = { base: hex(paddr), size: hex(bytes.length), offset: hex(offset) };
    offset += bytes.length;
    return entry;
  });
  return {
    version: 1,
    source: 'made for this sample',
    captured: 'before-kdump-probe',
    ...(format === 'elf' ? {} : { memory }),
    smmus,
  };
}

/** Runs the command in the sample's folder, as a user would. */
export function runSample(name: string, extraArgs: readonly string[] = []): Promise<Outcome> {
  const { args } = RUNS.get(name) as SampleRun;
  return run(['inspect', ...args, ...extraArgs], { cwd: `${SAMPLES_FOLDER}${name}` });
}
