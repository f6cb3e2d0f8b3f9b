/**
 * Dumps that real makedumpfiles wrote, compared with the ELF core that they were made from. They are looked for where
 * test/inspect/qemu-a.test.ts says; without them these tests are skipped.
 */

import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DumpContents } from '../../../src/dump/dump.ts';
import { openElf } from '../../../src/dump/formats/elf.ts';
import { openKdump } from '../../../src/dump/kdump/kdump.ts';
import { type ByteSource, openFileSource } from '../../../src/dump/sources/source.ts';
import { QEMU_A, whyNot } from '../../support/outside/real-dumps.ts';
import { SLOW } from '../../support/slow.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const PAGE = 4096;
const skipped = whyNot(QEMU_A, { xz: true });

const folder = temporaryFolder();
const sources: ByteSource[] = [];
function source(path: string): ByteSource {
  const one = openFileSource(path);
  sources.push(one);
  return one;
}

function unpack(name: string): string {
  const target = join(folder.path, name);
  const descriptor = openSync(target, 'w');
  try {
    const { status } = spawnSync('xz', ['-dc', join(QEMU_A, `${name}.xz`)], {
      stdio: ['ignore', descriptor, 'inherit'],
    });
    if (status !== 0) throw new Error(`xz -dc ${name}.xz ended with status ${status}`);
  } finally {
    closeSync(descriptor);
  }
  return target;
}

/** Pages that the SMMU reads: the stream table, its second level, and the context descriptors. */
function smmuPages(): number[] {
  const truth = JSON.parse(readFileSync(join(QEMU_A, 'groundtruth-vmcore.json'), 'utf8')) as {
    strtab: { l1_pa: string };
    l1: { l2ptr: string; l2_entries: number }[];
    stes: { pa: string; cd_pa?: string }[];
  };
  const addresses = [
    Number(truth.strtab.l1_pa),
    ...truth.l1.flatMap(({ l2ptr, l2_entries: entries }) =>
      Array.from({ length: (entries * 64) / PAGE }, (_, i) => Number(l2ptr) + i * PAGE),
    ),
    ...truth.stes.flatMap(({ pa, cd_pa: context }) => [Number(pa), Number(context ?? pa)]),
  ];
  return [...new Set(addresses.map((paddr) => paddr - (paddr % PAGE)))];
}

describe.skipIf(skipped !== '')(`dumps of a real kernel${skipped}`, () => {
  let elf: DumpContents;
  /** All pages of the ELF core that hold something. The core was trimmed: its zeros mean nothing. */
  const nonZero: number[] = [];
  beforeAll(() => {
    elf = openElf(source(unpack('vmcore-trim.elf')));
    const chunk = Buffer.alloc(256 * PAGE);
    const zeros = Buffer.alloc(PAGE);
    for (const { start, end } of elf.memory.ranges) {
      for (let at = start; at < end; at += chunk.length) {
        elf.memory.read(at, chunk);
        for (let i = 0; i < 256 && at + i * PAGE < end; i++) {
          if (!chunk.subarray(i * PAGE, (i + 1) * PAGE).equals(zeros)) nonZero.push(at + i * PAGE);
        }
      }
    }
    expect(nonZero.length).toBeGreaterThan(1000);
  }, 120_000);
  afterAll(() => {
    for (const one of sources) one.close();
  });

  const ranges = [
    { start: 0x4000_0000, end: 0x4e80_0000 },
    { start: 0x5680_0000, end: 0x5800_0000 },
  ];
  const dumps: [string, number, Record<string, number>][] = [
    ['vmcore.d31.zlib', 31, { plain: 2691, zlib: 14209 }],
    ['vmcore-trim.d1.lzo', 1, { plain: 64471, lzo: 1065 }],
    ['vmcore-trim.d1.snappy', 1, { plain: 64469, snappy: 1067 }],
    ['vmcore-trim.d1.zlib', 1, { plain: 64462, zlib: 1074 }],
    ['vmcore-trim.d1.zstd', 1, { plain: 64462, zstd: 1074 }],
    ['vmcore-trim.d1.none', 1, { plain: 65536 }],
  ];
  // Of each codec one, and where time is no matter the pages as they are, which have to be unpacked.
  test.each(SLOW ? dumps : dumps.filter(([name]) => !name.endsWith('.none')))('%s', async (name, dumpLevel, codecs) => {
    const path = name.endsWith('.none') ? unpack(name) : join(QEMU_A, name);
    const dump = await openKdump([source(path)]);
    expect(dump).toMatchObject({
      pageSize: 4096,
      complete: true,
      details: { kernelRelease: '6.1.0-56-arm64', machine: 'aarch64', dumpLevel },
      assumptions: [],
      problems: [],
    });
    expect([...dump.details.vmcoreinfo]).toEqual([...elf.details.vmcoreinfo]);
    expect(dump.memory.ranges).toEqual(ranges);
    const present = Object.values(codecs).reduce((sum, count) => sum + count, 0);
    expect(dump.census()).toEqual({ pages: { present, zero: 0, excluded: 65536 - present, lost: 0 }, codecs });

    const smmu = smmuPages();
    expect(smmu.length).toBeGreaterThan(40);
    const [mine, theirs] = [Buffer.alloc(PAGE), Buffer.alloc(PAGE)];
    let compared = 0;
    for (const paddr of new Set([...smmu, ...nonZero])) {
      const [run] = dump.memory.read(paddr, mine);
      elf.memory.read(paddr, theirs);
      // makedumpfile left out free and user pages; what the SMMU reads is none of these.
      if (run?.state === 'excluded' && dumpLevel === 31 && !smmu.includes(paddr)) continue;
      expect(run).toEqual({ offset: 0, byteLength: PAGE, state: 'present' });
      if (!mine.equals(theirs)) expect.fail(`the page at 0x${paddr.toString(16)} differs`);
      compared += 1;
    }
    expect(compared).toBeGreaterThan(dumpLevel === 31 ? smmu.length : 1000);
    expect(dump.problems).toEqual([]);
  });
});
