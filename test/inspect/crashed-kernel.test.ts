/** What stands in for what was not given, how much of a dump is read for it, and what damage on the way comes to. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { PhysicalMemory } from '../../src/dump/memory.ts';
import { type OpenedDump, openDump } from '../../src/dump/open.ts';
import { completedFromDump, devicesInOrder, logOfCrash, versionOf } from '../../src/inspect/crashed-kernel.ts';
import { inspect } from '../../src/inspect/inspect.ts';
import { namesakeOf } from '../../src/inspect/own-word.ts';
import type { Master, SmmuSnapshot, Snapshot } from '../../src/snapshot/snapshot.ts';
import { CRASH_KERNEL, type MadeCrashOptions, type MadeResource, madeCrash } from '../support/made/made-crash.ts';
import { elfOf } from '../support/made/made-dump-file.ts';
import { type MadeMachine, type MadeSmmu, madeMachine } from '../support/made/made-smmus.ts';
import { BARE, QEMU_A, whyNot } from '../support/outside/real-dumps.ts';
import { generator } from '../support/random.ts';
import { runs, someOf } from '../support/slow.ts';
import { temporaryFolder } from '../support/temporary.ts';

const folder = temporaryFolder();

async function opened(bytes: Buffer, name = 'vmcore'): Promise<OpenedDump> {
  folder.write(name, bytes);
  return openDump([join(folder.path, name)]);
}

const NOTHING = { snapshot: null, iomem: undefined };

/** The whole of `inspect`, rows and all. */
async function inspected(dump: OpenedDump) {
  const evidence = await completedFromDump(dump, NOTHING);
  if (evidence.outcome === 'not-found') return evidence;
  const { snapshot, iomem, crashedKernel } = evidence;
  const crashedLog = await logOfCrash(dump, snapshot);
  const inspection = await inspect(dump, snapshot, { iomem, crashedKernel, crashedLog, deep: true });
  for (const { l1, stes } of inspection.smmus) expect([...l1, ...stes].length).toBeGreaterThanOrEqual(0);
  return { ...evidence, inspection };
}

async function ofCrash(options: MadeCrashOptions = {}) {
  const dump = await opened(elfOf(madeCrash(options).kernel));
  const found = await inspected(dump);
  dump.close();
  if (found.outcome === 'not-found') throw new Error(JSON.stringify(found.reason));
  return found;
}

describe('what the kernel leaves open is a finding, and no firm answer', () => {
  const answers = async (machine: MadeMachine, smmus?: readonly string[]) => {
    const dump = await opened(elfOf(machine.kernel));
    const evidence = await completedFromDump(dump, NOTHING);
    if (evidence.outcome === 'not-found') throw new Error(JSON.stringify(evidence.reason));
    const { crashedKernel, snapshot } = evidence;
    const { findings, summary } = await inspect(dump, snapshot, { crashedKernel, smmus });
    dump.close();
    const rules = findings.filter(({ smmu }) => smmu === null).map(({ rule }) => rule);
    return { rules, exitCode: summary.exitCode };
  };

  test.each<[string, MadeSmmu]>([
    ['whose state contradicts itself', { override: { 'cmdq.q.base_dma': 0x123_4000 } }],
    ['that was being probed', { probe: 'running' }],
  ])('an SMMU %s', async (_, second) => {
    const machine = madeMachine({ smmus: [{}, second] });
    expect(await answers(machine)).toEqual({ rules: ['smmu-left-out'], exitCode: 3 });
    expect(await answers(machine, ['9000000.smmuv3']), 'who asks about another').toEqual({ rules: [], exitCode: 0 });
  });

  test('lists that end too early', async () => {
    const machine = madeMachine({ smmus: [{}, {}, {}] });
    const { kernel, places } = machine;
    const second = kernel.paddrOf(places.get('device 9010000.smmuv3') as bigint);
    kernel.memory.u64(second + kernel.offsetOf('device', 'kobj.entry'), 0x1234n);
    kernel.object('device_driver', { p: 0 }, places.get('driver arm-smmu-v3'));
    expect(await answers(machine)).toEqual({ rules: ['smmu-list-broken'], exitCode: 0 });
  });
});

describe('devices of the driver that are not in its table', () => {
  const missing = async (change: (memory: MadeMachine['kernel']['memory']) => void) => {
    const { kernel } = madeCrash();
    change(kernel.memory);
    const dump = await opened(elfOf(kernel));
    const found = await inspected(dump);
    dump.close();
    if (found.outcome === 'not-found') throw new Error(JSON.stringify(found.reason));
    return found.inspection.findings.flatMap(({ rule, args }) => (rule === 'devices-not-in-table' ? [args] : []));
  };
  // Of the drive on bus 1: its L1 descriptor, and the first of its STEs.
  const [L1, STE] = [0x4200_4008, 0x4601_4000];

  test('none', async () => expect(await missing(() => {})).toEqual([]));

  test('the L1 descriptor says that there are no STEs', async () => {
    const sids = { listed: [0x100, 0x101], total: 2 };
    expect(await missing((memory) => memory.u64(L1, 0n))).toEqual([{ streams: 2, sids }]);
  });

  test('an STE is not valid', async () => {
    const sids = { listed: [0x100], total: 1 };
    expect(await missing((memory) => memory.u64(STE, 0n))).toEqual([{ streams: 1, sids }]);
  });

  test('STEs that are not in the dump contradict nothing', async () => {
    expect(await missing((memory) => memory.pages.delete(STE))).toEqual([]);
  });
});

describe('the memory map', () => {
  test('judges mappings, and tells where in-flight DMA must not go', async () => {
    const { iomem, inspection } = await ofCrash();
    expect(iomem?.crashKernel).toEqual([CRASH_KERNEL]);
    expect(inspection.kernel?.taken).toContain('memory-map');
    expect(inspection.findings.map(({ rule }) => rule)).toContain('dma-into-kdump-memory');
  });

  const ram = (last: number): readonly MadeResource[] => [{ start: 0x4000_0000, last, name: 'System RAM' }];
  // The made memory begins at 0x40210000 and ends with tables from 0x46000000 on.
  const beyond = { why: 'memory-beyond', first: 0x4600_0000, byteLength: expect.any(Number) };
  const commandLine = (text: string) => [`Kernel command line: ${text}`, 'Linux version 6.1.0-made'];
  test.each<[string, MadeCrashOptions, object]>([
    ['lacks memory that the dump has', { map: ram(0x45ff_ffff) }, { ...beyond, limit: null }],
    [
      'lacks what the kernel was not to use',
      { map: ram(0x45ff_ffff), log: commandLine('root=/dev/sda mem=96M quiet -- mem=1M') },
      { ...beyond, limit: 'mem=96M' },
    ],
    [
      'lacks memory, and nobody limited it',
      { map: ram(0x45ff_ffff), log: commandLine('crashkernel=8M hugemem=1 quiet -- mem=1M') },
      { ...beyond, limit: null },
    ],
    [
      'begins behind the memory of the dump',
      { map: [{ start: 0x4200_0000, last: 0x47ff_ffff, name: 'System RAM' }] },
      { ...beyond, first: 0x4021_0000, limit: null },
    ],
    [
      'has no memory at all',
      { map: [{ start: 0x4000_0000, last: 0x47ff_ffff, name: 'PCI Bus 0000:00' }] },
      { why: 'no-system-ram' },
    ],
    [
      'lacks a part of itself',
      { map: [...ram(0x47ff_ffff), { start: 0x10, last: 0, name: 'backwards' }] },
      { why: 'not-whole' },
    ],
  ])('is not used when it %s, which is said', async (_, options, lack) => {
    const { iomem, inspection, crashedKernel } = await ofCrash(options);
    expect(iomem).toBeUndefined();
    expect(crashedKernel?.mapLack).toEqual(lack);
    expect(inspection.kernel?.taken).not.toContain('memory-map');
    expect(inspection.findings.filter(({ rule }) => rule === 'kernel-map-unused')).toMatchObject([
      { severity: 'note', smmu: null, args: { release: '6.1.0-made', lack } },
    ]);
  });

  test('that is used is not said to be unused', async () => {
    const { inspection } = await ofCrash();
    expect(inspection.findings.map(({ rule }) => rule)).not.toContain('kernel-map-unused');
  });

  test('that is given goes before it', async () => {
    const dump = await opened(elfOf(madeCrash().kernel));
    const given = { file: 'iomem.txt', ranges: [], systemRam: [], crashKernel: [], devices: [] };
    const evidence = await completedFromDump(dump, { snapshot: null, iomem: given });
    dump.close();
    expect(evidence).toMatchObject({
      outcome: 'found',
      iomem: given,
      crashedKernel: { givesMap: false, mapLack: null },
    });
  });
});

describe('one of several', () => {
  const smmu = (name: string, base: number | null): SmmuSnapshot => ({
    name,
    base,
    firmwareCoherent: null,
    registers: new Map(),
  });
  const snapshot = (...smmus: SmmuSnapshot[]) => ({ smmus }) as unknown as Snapshot;
  const own = snapshot(smmu('a', 0x900_0000), smmu('b', 0xa00_0000));

  test.each([
    [smmu('x', 0xa00_0000), 'b'],
    [smmu('a', 0xa00_0000), 'b'],
    [smmu('a', null), 'a'],
    [smmu('a', 0xb00_0000), null],
    [smmu('x', null), null],
  ])('SMMU %# is the namesake', (given, expected) => {
    expect(namesakeOf(given, snapshot(given), own)?.name ?? null).toBe(expected);
  });

  test('a lone one without a base is the only one that the kernel has', () => {
    const given = smmu('smmu0', null);
    expect(namesakeOf(given, snapshot(given), snapshot(smmu('a', 0x900_0000)))?.name).toBe('a');
    expect(namesakeOf(given, snapshot(given, smmu('smmu1', null)), snapshot(smmu('a', 0x900_0000)))).toBeNull();
  });
});

test('devices come by their groups, those without one last, each with all of its StreamIDs', () => {
  const master = (sid: number, device: string | null, group: number | null): Master => ({
    ...{ sid, device, group, driver: null, domain: null, asid: null },
  });
  const masters = [
    master(8, 'b', 1),
    master(9, 'a', 0),
    master(16, null, null),
    master(17, 'c', 0),
    master(20, 'b', 1),
  ];
  expect(devicesInOrder(masters)).toEqual([
    { name: 'a', sids: [9] },
    { name: 'c', sids: [17] },
    { name: 'b', sids: [8, 20] },
    { name: '0x10', sids: [16] },
  ]);
});

test.each([
  ['6.12.107+deb13-arm64', { major: 6, minor: 12 }],
  ['7.3.0', { major: 7, minor: 3 }],
  ['next-20260101', null],
])('the version of %s', (release, version) => {
  expect(versionOf(release)).toEqual(version);
});

/** The budget of a whole inspection, whatever the size of the dump. */
const MAX_READ_BYTES = 4000 * 4096;

const DUMPS = [
  join(QEMU_A, 'vmcore.d31.zlib'),
  ...['b618', 'b7316l', 'k64', 'k64late', 'kmod'].map((name) => join(BARE, `${name}.kdump`)),
];

describe(`pages that are read${whyNot(BARE)}`, () => {
  test.runIf(existsSync(BARE)).each(someOf(DUMPS, 2))('%s', async (path) => {
    const file = await openDump([path]);
    const pages = new Set<number>();
    let byteLength = 0;
    const memory: PhysicalMemory = {
      get ranges() {
        return file.memory.ranges;
      },
      runs: (paddr, length) => file.memory.runs(paddr, length),
      read: (paddr, into) => {
        byteLength += into.byteLength;
        for (let at = paddr - (paddr % 4096); at < paddr + into.byteLength; at += 4096) pages.add(at);
        return file.memory.read(paddr, into);
      },
    };
    const found = await inspected({ ...file, memory });
    file.close();
    expect(found.outcome).toBe('found');
    expect(byteLength).toBeLessThanOrEqual(MAX_READ_BYTES);
  });
});

const SEED = 20_261_130;
const TRIALS = runs(60, 4);

test(`one bit changed anywhere, ${TRIALS} times, seed ${SEED}: the same registers, or none, and always an answer`, async () => {
  const { kernel } = madeCrash();
  const truth = await ofCrash();
  const registersOf = ({ snapshot }: { readonly snapshot: Snapshot }) => snapshot.smmus[0]?.registers ?? new Map();
  const bytes = [...kernel.memory.pages.values()].flatMap((page) =>
    [...page.keys()].filter((at) => page[at] !== 0).map((at) => ({ page, at })),
  );
  const random = generator(SEED);
  for (let trial = 0; trial < TRIALS; trial++) {
    const { page, at } = bytes[random(bytes.length)] as (typeof bytes)[number];
    const before = page[at] as number;
    page[at] = before ^ (1 << random(8));
    const dump = await opened(elfOf(kernel), `vmcore-${trial % 2}`);
    const found = await inspected(dump);
    dump.close();
    page[at] = before;
    if (found.outcome === 'not-found') continue;
    for (const [register, value] of registersOf(found)) {
      expect({ trial, register, value }).toEqual({ trial, register, value: registersOf(truth).get(register) });
    }
  }
});
