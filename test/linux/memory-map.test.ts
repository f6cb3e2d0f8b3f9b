/** The memory map of a crashed kernel: as /proc/iomem printed it, and trees that lead in circles. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openDump } from '../../src/dump/open.ts';
import { type MemoryMap, memoryMap } from '../../src/linux/memory-map.ts';
import { iomemOf, parseIomem } from '../../src/platform/iomem.ts';
import { iomemLines } from '../../src/report/crashed-kernel.ts';
import { MadeKernel } from '../support/made/made-kernel.ts';
import { madeDump } from '../support/made/made-memory.ts';
import { QEMU_A, whyNot } from '../support/outside/real-dumps.ts';

interface Node {
  readonly start: number;
  readonly last: number;
  readonly name: string | null;
  readonly children?: readonly Node[];
}

const TREE: readonly Node[] = [
  { start: 0x905_0000, last: 0x905_0dff, name: '9050000.smmuv3' },
  {
    start: 0x4000_0000,
    last: 0x7fff_ffff,
    name: 'System RAM',
    children: [
      { start: 0x4021_0000, last: 0x4100_ffff, name: 'Kernel code' },
      { start: 0x7000_0000, last: 0x77ff_ffff, name: 'Crash kernel' },
    ],
  },
  { start: 0x80_0000_0000, last: 0xff_ffff_ffff, name: null },
];

function withTree(tree: readonly Node[], options: ConstructorParameters<typeof MadeKernel>[0] = {}) {
  const kernel = new MadeKernel(options);
  const places = new Map<string, bigint>();
  const write = (nodes: readonly Node[], parent: bigint): bigint => {
    let sibling = 0n;
    for (const { start, last, name, children = [] } of nodes.toReversed()) {
      const va = kernel.object('resource', {
        start,
        end: last,
        name: name === null ? 0n : kernel.text(name),
        parent,
        sibling,
      });
      kernel.object('resource', { child: write(children, va) }, va);
      places.set(name ?? '', va);
      sibling = va;
    }
    return sibling;
  };
  const root = kernel.object('resource', { end: 2n ** 52n - 1n, name: kernel.text('PCI mem') }, kernel.data(64));
  kernel.object('resource', { child: write(tree, root) }, root);
  kernel.export('iomem_resource', root);
  return { kernel, places, map: () => memoryMap(madeDump(kernel.memory, kernel.vmcoreinfo)) };
}

function textOf(map: MemoryMap): string {
  if (map.outcome !== 'found') throw new Error(`no map: ${JSON.stringify(map.reason)}`);
  return [...iomemLines(map.entries)].join('');
}

const TEXT = `09050000-09050dff : 9050000.smmuv3
40000000-7fffffff : System RAM
  40210000-4100ffff : Kernel code
  70000000-77ffffff : Crash kernel
8000000000-ffffffffff : <BAD>
`;

test.each([{}, { btf: null }, { log2PageSize: 16, vaBits: 52, vaBitsInUse: 48 } as const])(
  'the tree, with %j',
  (options) => {
    const map = withTree(TREE, options).map();
    expect(textOf(map)).toBe(TEXT);
    expect(map).toMatchObject({ isWhole: true });
  },
);

test('is what a copy of /proc/iomem is', () => {
  const map = withTree(TREE).map();
  expect(iomemOf(map.outcome === 'found' ? map.entries : [], 'made')).toEqual(parseIomem(TEXT, 'made'));
});

test('no deeper than the kernel indents', () => {
  let tree: Node = { start: 0x4000_0000, last: 0x4000_0fff, name: 'innermost' };
  for (let i = 0; i < 8; i++) tree = { start: 0x4000_0000, last: 0x4fff_ffff, name: `level ${i}`, children: [tree] };
  const lines = textOf(withTree([tree]).map()).split('\n');
  expect(lines.slice(0, 9).map((line) => line.search(/\S/) / 2)).toEqual([0, 1, 2, 3, 4, 5, 5, 5, 5]);
});

describe('damage', () => {
  test.each([
    ['a sibling of itself', 'Kernel code', 'sibling', 'Kernel code'],
    ['its parent as a child', 'Crash kernel', 'child', 'System RAM'],
    ['its elder as a sibling', 'Crash kernel', 'sibling', 'Kernel code'],
  ])('%s', (_, name, member, target) => {
    const { kernel, places, map } = withTree(TREE);
    kernel.object('resource', { [member]: places.get(target) ?? 0n }, places.get(name));
    const found = map();
    expect(found).toMatchObject({ outcome: 'found', isWhole: false });
    expect(textOf(found).split('\n').length).toBeLessThanOrEqual(TEXT.split('\n').length);
  });

  test.each([
    ['end', 0],
    ['end', 2n ** 60n],
    ['child', 0xffff_0000_dead_0000n],
  ])('%s of a resource is %i', (member, value) => {
    const { kernel, places, map } = withTree(TREE);
    kernel.object('resource', { [member]: value }, places.get('System RAM'));
    expect(map()).toMatchObject({ outcome: 'found', isWhole: false });
  });

  test.each([
    ['that is not in memory', () => 0xffff_0000_dead_0000n],
    ['that is empty', (kernel: MadeKernel) => kernel.text('')],
    ['that is no text', (kernel: MadeKernel) => kernel.text('\u0001')],
  ])('a name %s', (_, nameOf) => {
    const { kernel, places, map } = withTree(TREE);
    kernel.object('resource', { name: nameOf(kernel) }, places.get('9050000.smmuv3'));
    expect(textOf(map())).toContain('09050000-09050dff : <BAD>\n');
    expect(map()).toMatchObject({ isWhole: true, unnamed: 1 });
  });

  test('a name that is not in memory, of memory: it may be the crash kernel that is not to be seen', () => {
    const { kernel, places, map } = withTree(TREE);
    kernel.object('resource', { flags: 0x0100_0200 }, places.get('System RAM'));
    kernel.object('resource', { name: 0xffff_0000_dead_0000n }, places.get('Crash kernel'));
    expect(map()).toMatchObject({ isWhole: false, unnamed: 1 });
  });

  test.each([
    ['outside its parent', 'Crash kernel', { start: 0x7000_0000, end: 0x8000_0fff }],
    ['before its parent', 'Kernel code', { start: 0x3000_0000, end: 0x4100_ffff }],
    ['before its elder sibling', 'Crash kernel', { start: 0x4100_f000, end: 0x77ff_ffff }],
  ])('a resource that lies %s', (_, name, fields) => {
    const { kernel, places, map } = withTree(TREE);
    kernel.object('resource', fields, places.get(name));
    expect(map()).toMatchObject({ outcome: 'found', isWhole: false });
  });

  test('no tree', () => {
    const kernel = new MadeKernel();
    const map = memoryMap(madeDump(kernel.memory, kernel.vmcoreinfo));
    expect(map).toEqual({ outcome: 'not-found', reason: { why: 'no-resource-tree' } });
  });
});

const VMCORE = join(QEMU_A, 'vmcore.d31.zlib');
describe(`a real map${whyNot(QEMU_A)}`, () => {
  test.runIf(existsSync(VMCORE))('is what the guest read from /proc/iomem', async () => {
    const dump = await openDump(VMCORE);
    const text = textOf(memoryMap(dump));
    dump.close();
    const console = readFileSync(join(QEMU_A, 'console.log'), 'utf8').replaceAll('\r', '');
    const lines = console.split('\n').filter((line) => /^ *[0-9a-f]{8,}-[0-9a-f]{8,} : /.test(line));
    expect(lines.length).toBeGreaterThan(50);
    const shown = text.trimEnd().split('\n');
    expect(shown).toEqual(lines.slice(0, shown.length));
  });
});
