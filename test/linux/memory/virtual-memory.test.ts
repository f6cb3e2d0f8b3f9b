/** Which physical address a kernel's virtual one has: every granule, size and width, tags, and tables that lead nowhere. */

import { describe, expect, test } from 'vitest';
import { walkPageTables } from '../../../src/linux/memory/page-tables.ts';
import { PhysicalReader } from '../../../src/linux/memory/physical-reader.ts';
import { VirtualMemory } from '../../../src/linux/memory/virtual-memory.ts';
import { isLayout, type KernelLayout, kernelLayout } from '../../../src/linux/memory/vmcoreinfo.ts';
import { MadeKernel, type MadeKernelOptions } from '../../support/made/made-kernel.ts';
import { madeDump } from '../../support/made/made-memory.ts';

function memoryOf(kernel: MadeKernel): VirtualMemory {
  const layout = kernelLayout(kernel.vmcoreinfo);
  expect(isLayout(layout)).toBe(true);
  return new VirtualMemory(layout as KernelLayout, new PhysicalReader(madeDump(kernel.memory)));
}

const HIGH = 2 ** 51 + 2 ** 50 + 2 ** 49 + 0x4000_0000;
const CONFIGURATIONS: readonly MadeKernelOptions[] = [
  { log2PageSize: 12, vaBits: 39 },
  { log2PageSize: 12, vaBits: 48 },
  { log2PageSize: 12, vaBits: 52, vaBitsInUse: 48 },
  { log2PageSize: 12, vaBits: 52 },
  { log2PageSize: 12, vaBits: 52, ramStart: HIGH },
  { log2PageSize: 14, vaBits: 36 },
  { log2PageSize: 14, vaBits: 47 },
  { log2PageSize: 14, vaBits: 48 },
  { log2PageSize: 14, vaBits: 52, vaBitsInUse: 47 },
  { log2PageSize: 14, vaBits: 52, ramStart: HIGH },
  { log2PageSize: 16, vaBits: 42 },
  { log2PageSize: 16, vaBits: 48 },
  { log2PageSize: 16, vaBits: 52, vaBitsInUse: 48 },
  { log2PageSize: 16, vaBits: 52 },
  { log2PageSize: 16, vaBits: 52, ramStart: HIGH },
  { log2PageSize: 16, vaBits: 52, vaBitsInUse: 48, ramStart: HIGH },
];

describe.each(CONFIGURATIONS)(
  '$log2PageSize page bits, $vaBits built, $vaBitsInUse in use, RAM at $ramStart',
  (options) => {
    const kernel = new MadeKernel({ ...options, btf: null });
    const object = kernel.allocate(4096, 4096);
    const paddr = kernel.paddrOf(object);
    const again = kernel.vmap(paddr, 4096);
    const registers = kernel.vmap(0x905_0000, 0x1000);
    const memory = memoryOf(kernel);

    test('the image is where VMCOREINFO has it', () => {
      expect(memory.isConsistent()).toBe(true);
    });

    test('the linear map: formula and tables agree', () => {
      expect(memory.walk(object)).toBe(paddr);
      expect(memory.translate(object + 5n)).toBe(paddr + 5);
    });

    test('other mappings, of memory and of device registers', () => {
      expect(memory.translate(again + 0x123n)).toBe(paddr + 0x123);
      expect(memory.translate(registers)).toBe(0x905_0000);
    });

    test('a pointer with a tag', () => {
      expect(memory.translate((object & ~(0xffn << 56n)) | (0xf3n << 56n))).toBe(paddr);
    });

    test("nothing for a user's address, for NULL, and for what is not mapped", () => {
      const nowhere = [0n, 0x40_0000n, registers + 0x1000_0000n];
      expect(nowhere.map((va) => memory.translate(va))).toEqual([null, null, null]);
    });
  },
);

test('bytes across two pages that do not follow each other in memory', () => {
  const kernel = new MadeKernel({ btf: null });
  const pages = kernel.paddrOf(kernel.allocate(16384, 8192));
  // Mapped in the opposite order.
  const va = kernel.vmap(pages + 4096, 4096);
  kernel.mapPage(va + 4096n, pages);
  kernel.memory.write(pages + 8192 - 2, Buffer.from('Te'));
  kernel.memory.write(pages, Buffer.from('xt\0'));
  const memory = memoryOf(kernel);
  expect(memory.text(va + 4094n)).toBe('Text');
  expect(memory.bytes(va + 8190n, 2)?.byteLength).toBe(2);
  expect(memory.bytes(va + 8190n, 3)).toBeNull();
});

test('blocks', () => {
  const table = new Map<number, bigint>([
    [0x1000 + 8 * 511, 0x2003n],
    [0x2000 + 8 * 511, 0x3003n],
    [0x3000 + 8 * 3, (1n << 54n) | 0x4_c060_0701n],
    [0x2000, 0xc000_0705n],
  ]);
  const walk = (va: bigint) =>
    walkPageTables({ root: 0x1000, log2PageSize: 12, vaBits: 48, lpa2: false }, va, (paddr) => table.get(paddr) ?? 0n);
  expect(walk(0xffff_ffff_c061_2345n)).toBe(0x4_c061_2345);
  expect(walk(0xffff_ff80_3ff1_2345n)).toBe(0xfff1_2345);
  expect(walk(0xffff_ffff_c081_2345n)).toBeNull();
});

test('tables that point at themselves, and words that are no descriptors', () => {
  for (const word of [0x1003n, 0xffff_ffff_ffff_ffffn, 2n, 1n]) {
    let reads = 0;
    const walked = walkPageTables(
      { root: 0x1000, log2PageSize: 12, vaBits: 52, lpa2: true },
      0xffff_0000_1234_5678n,
      () => {
        reads++;
        return word;
      },
    );
    expect(reads, `words ${word}`).toBeLessThanOrEqual(5);
    // Of a table that is its own last level, the address is that of the table.
    expect(walked, `words ${word}`).toBe(word === 0x1003n ? 0x1678 : word === 2n || word === 1n ? null : walked);
  }
});

test('where linear formula and page tables differ, the tables are right', () => {
  const kernel = new MadeKernel({ btf: null });
  const va = kernel.allocate(64);
  kernel.vmcoreinfo.set('NUMBER(PHYS_OFFSET)', '0x80000000');
  const memory = memoryOf(kernel);
  expect(memory.translate(va)).toBe(kernel.paddrOf(va));
  expect(memory.translate(va + 8n)).toBe(kernel.paddrOf(va) + 8);
});

describe('VMCOREINFO', () => {
  const info = new MadeKernel({ btf: null }).vmcoreinfo;
  test.each([
    ['PAGESIZE', '8192'],
    ['NUMBER(VA_BITS)', '64'],
    ['NUMBER(VA_BITS)', 'many'],
    ['NUMBER(TCR_EL1_T1SZ)', '0x40'],
    ['SYMBOL(_stext)', '0xffff800080010000'],
    ['SYMBOL(swapper_pg_dir)', ''],
    ['NUMBER(kimage_voffset)', '99999999999999999999999999'],
  ])('%s is %j', (key, value) => {
    expect(kernelLayout(new Map([...info, [key, value]]))).toEqual({ key });
  });

  test('a number below zero is one modulo 2^64', () => {
    expect(kernelLayout(new Map([...info, ['NUMBER(PHYS_OFFSET)', '-4096']]))).toMatchObject({
      physOffset: 2n ** 64n - 4096n,
      vaBits: 48,
      vaBitsInUse: 48,
    });
  });
});
