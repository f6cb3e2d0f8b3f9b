/** Tables of firmware in the memory of a dump: where they are found, and what only looks like one. */

import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { PhysicalMemory } from '../../../src/dump/memory.ts';
import { openDump } from '../../../src/index.ts';
import { findFirmware } from '../../../src/platform/firmware/firmware-in-dump.ts';
import { QEMU_A, whyNot } from '../../support/outside/real-dumps.ts';
import { someOf } from '../../support/slow.ts';
import { deviceTree } from '../../support/writers/device-tree-writer.ts';
import { acpiTable, iort, rsdp } from '../../support/writers/iort-writer.ts';

const START = 0x8000_0000;

const tree = (base: number) => deviceTree({ smmu: { compatible: 'arm,smmu-v3', reg: [0, base, 2] } });
const words = (...paddrs: number[]) => {
  const bytes = Buffer.alloc(paddrs.length * 8);
  for (const [i, paddr] of paddrs.entries()) bytes.writeBigUInt64LE(BigInt(paddr), i * 8);
  return bytes;
};

/** RAM of `byteLength` that holds these pieces, and zeros that the dump has too; `lost` are bytes that it has not. */
function ram(byteLength: number, pieces: Readonly<Record<number, Buffer>>, lost?: number): PhysicalMemory {
  const end = START + byteLength;
  const states = (paddr: number, length: number) => {
    const last = paddr + length;
    if (paddr < START || last > end) return [{ offset: 0, byteLength: length, state: 'hole' as const }];
    if (lost === undefined || lost < paddr || lost >= last) {
      return [{ offset: 0, byteLength: length, state: 'present' as const }];
    }
    return [
      { offset: 0, byteLength: lost - paddr, state: 'present' as const },
      { offset: lost - paddr, byteLength: last - lost, state: 'lost' as const },
    ].filter((run) => run.byteLength > 0);
  };
  return {
    ranges: [{ start: START, end }],
    runs: states,
    read(paddr, into) {
      into.fill(0);
      for (const [at, bytes] of Object.entries(pieces)) {
        const from = START + Number(at) - paddr;
        for (let i = Math.max(0, -from); i < bytes.length && from + i < into.length; i++)
          into[from + i] = bytes[i] ?? 0;
      }
      return states(paddr, into.length);
    },
  };
}

const MIB = 1 << 20;

describe('a device tree', () => {
  test.each([
    ['at the start of RAM', 0],
    ['anywhere near it, 8-byte aligned', 0x12_3458],
    ['at the end of RAM', 300 * MIB - 4096],
    ['at a multiple of 2 MiB', 134 * MIB],
    ['somewhere in between, when all of it is looked through', 100 * MIB + 8],
  ])('%s', (_, at) => {
    const { found, complete } = findFirmware(ram(300 * MIB, { [at]: tree(0x905_0000) }), [0x905_0000]);
    expect(found).toMatchObject({ kind: 'device-tree', source: { kind: 'dump', paddr: START + at } });
    expect(complete).toBe(true);
  });

  test('a likely place costs little', () => {
    const { byteLength } = findFirmware(ram(300 * MIB, { [134 * MIB]: tree(1) }), []);
    expect(byteLength).toBeLessThan(130 * MIB);
  });

  test('with the SMMU of the snapshot goes before one without, which is better than none', () => {
    const memory = ram(4 * MIB, { 0: tree(0x1000), 65536: tree(0x2000) });
    expect(findFirmware(memory, [0x2000]).found?.source).toEqual({ kind: 'dump', paddr: 0x80010000 });
    expect(findFirmware(memory, [0x3000]).found?.source).toEqual({ kind: 'dump', paddr: 0x80000000 });
    expect(findFirmware(memory, []).found?.source).toEqual({ kind: 'dump', paddr: 0x80000000 });
  });

  test.each([
    ['off its alignment', { 4: tree(1) }],
    ['without an SMMUv3', { 0: deviceTree({ model: 'x' }) }],
    ['cut off', { 0: tree(1).subarray(0, 100) }],
    [
      'that says it is huge',
      { 0: Buffer.concat([tree(1).subarray(0, 4), Buffer.from('40000000', 'hex'), tree(1).subarray(8)]) },
    ],
    ['a magic number alone', { 0: Buffer.from('d00dfeed', 'hex') }],
  ])('%s is none', (_, pieces) => {
    const { found, complete, byteLength } = findFirmware(ram(MIB, pieces), []);
    expect({ found, complete, byteLength }).toEqual({ found: null, complete: true, byteLength: MIB });
  });

  test('that the dump has in part is none', () => {
    expect(findFirmware(ram(MIB, { 0: tree(1) }, START + 64), []).found).toBeNull();
  });
});

describe('an IORT', () => {
  const table = iort([{ smmuV3: 0x905_0000 }]);
  const xsdt = acpiTable('XSDT', 1, words(START + 0x3000, START + 0x2000));
  const whole = { 64: rsdp(START + 0x1000), 4096: xsdt, 8192: table, 12288: acpiTable('APIC', 4, words(0)) };

  test('by way of RSDP and XSDT', () => {
    expect(findFirmware(ram(MIB, whole), [0x905_0000]).found).toMatchObject({
      kind: 'iort',
      source: { kind: 'dump', paddr: 0x80002000 },
      smmus: [{ base: 0x905_0000, coherent: false }],
    });
  });

  const damaged = (bytes: Buffer, at: number) => {
    const copy = Buffer.from(bytes);
    copy.writeUInt8((copy.readUInt8(at) + 1) & 0xff, at);
    return copy;
  };
  test.each([
    ['an RSDP off its alignment', { ...whole, 64: Buffer.alloc(0), 72: rsdp(START + 0x1000) }],
    ['an RSDP with a wrong checksum', { ...whole, 64: damaged(rsdp(START + 0x1000), 10) }],
    ['an RSDP with a wrong second checksum', { ...whole, 64: damaged(rsdp(START + 0x1000), 33) }],
    ['an XSDT with a wrong checksum', { ...whole, 4096: damaged(xsdt, 20) }],
    ['an IORT with a wrong checksum', { ...whole, 8192: damaged(table, 60) }],
    ['an XSDT outside of memory', { 64: rsdp(0xffff_ffff_f000) }],
    ['no IORT', { ...whole, 4096: acpiTable('XSDT', 1, words(START + 0x3000)) }],
  ])('%s: none', (_, pieces) => {
    expect(findFirmware(ram(MIB, pieces), []).found).toBeNull();
  });
});

test('memory full of beginnings is given up', () => {
  const beginnings = Buffer.alloc(MIB, Buffer.from('d00dfeed00000038', 'hex'));
  const { found, complete, byteLength } = findFirmware(ram(64 * MIB, { 0: beginnings }), []);
  expect({ found, complete }).toEqual({ found: null, complete: false });
  expect(byteLength).toBeLessThan(3 * MIB);
});

const whyNotQemuA = whyNot(QEMU_A);

describe.skipIf(whyNotQemuA !== '')(`dumps of a real machine${whyNotQemuA}`, () => {
  test.each(someOf(['vmcore.d31.zlib', 'live.kdump-zlib.flat'], 2))(
    '%s has its device tree behind the initrd',
    async (name) => {
      const dump = await openDump(join(QEMU_A, name));
      try {
        const { found } = findFirmware(dump.memory, [0x905_0000]);
        expect(found).toMatchObject({
          kind: 'device-tree',
          source: { kind: 'dump', paddr: 0x48600000 },
          smmus: [{ name: '/smmuv3@9050000', base: 0x905_0000, coherent: true }],
        });
      } finally {
        dump.close();
      }
    },
  );

  // The tree there is that of an emulator without an SMMU.
  test('live-trim.kdump-zlib.flat has a device tree, but none with an SMMUv3', async () => {
    const dump = await openDump(join(QEMU_A, 'live-trim.kdump-zlib.flat'));
    try {
      expect(findFirmware(dump.memory, [0x905_0000])).toMatchObject({ found: null, complete: true });
    } finally {
      dump.close();
    }
  });
});
