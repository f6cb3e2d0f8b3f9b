/** What real dumps give without a register snapshot, against what a monitor read from the hardware at that instant. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { PhysicalMemory } from '../../src/dump/memory.ts';
import { type OpenedDump, openDump } from '../../src/dump/open.ts';
import { extractSnapshot } from '../../src/linux/kernel-state.ts';
import { BARE, QEMU_A, whyNot } from '../support/outside/real-dumps.ts';

interface RealDump {
  readonly name: string;
  readonly dump: string;
  readonly registers: string;
  /** Those that the driver's state gives as they were. EVENTQ_PROD of k64late was read with events nobody had handled. */
  readonly later?: number;
}

const bare = (name: string, later?: number): RealDump => ({
  name,
  dump: join(BARE, `${name}.kdump`),
  registers: join(BARE, `${name}.regs.json`),
  ...(later === undefined ? {} : { later }),
});

const DUMPS: readonly RealDump[] = [
  { name: '6.1', dump: join(QEMU_A, 'vmcore.d31.zlib'), registers: join(QEMU_A, 'regs-panic.json') },
  bare('b618'),
  bare('b7316l'),
  bare('k64'),
  bare('k64late', 25),
  bare('kmod'),
];

/** Addresses and indexes, which must all be there and equal. */
const EXACT = [
  'STRTAB_BASE',
  'STRTAB_BASE_CFG',
  'CMDQ_BASE',
  'CMDQ_PROD',
  'CMDQ_CONS',
  'EVENTQ_BASE',
  'EVENTQ_PROD',
  'EVENTQ_CONS',
];

/** The budget: types, some symbols and tens of pages of objects, whatever the size of the dump. */
const MAX_READ_BYTES = 4000 * 4096;

function counted(dump: OpenedDump): { readonly dump: OpenedDump; readonly readByteLength: () => number } {
  let read = 0;
  const memory: PhysicalMemory = {
    get ranges() {
      return dump.memory.ranges;
    },
    runs: (paddr, byteLength) => dump.memory.runs(paddr, byteLength),
    read: (paddr, into) => {
      read += into.byteLength;
      return dump.memory.read(paddr, into);
    },
  };
  return { dump: { ...dump, memory }, readByteLength: () => read };
}

/** `@P 0000:01:00.0 nvme group=5` as the guest printed it; of a SID that is not that device's own, its alias. */
function printedDevices(dump: string): Map<string, { driver: string | null; group: number }> {
  const console = readFileSync(dump.replace('.kdump', '.console.txt'), 'utf8');
  return new Map(
    [...console.matchAll(/^@P (\S+) (\S+) group=(\d+)/gm)].map(([, device, driver, group]) => [
      device as string,
      { driver: driver === 'none' ? null : (driver as string), group: Number(group) },
    ]),
  );
}

describe.each(DUMPS)(`$name${whyNot(BARE)}`, ({ dump: path, registers: truthPath, later }) => {
  const there = existsSync(path);

  test.runIf(there)('registers, names and devices are those of the machine, within the budget', async () => {
    const opened = await openDump(path);
    const { dump, readByteLength } = counted(opened);
    const state = extractSnapshot(dump);
    const pages = readByteLength();
    opened.close();
    if (state.outcome !== 'found') throw new Error(`nothing found: ${JSON.stringify(state.reason)}`);
    const [truth] = JSON.parse(readFileSync(truthPath, 'utf8')).smmus;
    const [smmu, ...others] = state.smmus;
    expect(others).toEqual([]);
    const { registers, partial, base, name, masters } = (smmu as NonNullable<typeof smmu>).snapshot;
    expect({ base, name }).toEqual({ base: Number(truth.base), name: '9050000.smmuv3' });
    expect(EXACT.filter((register) => !registers.has(register))).toEqual([]);
    const hex = (register: string, bits: bigint) => `${register} 0x${bits.toString(16)}`;
    const was = (register: string) => BigInt(truth.registers[register]);
    for (const [register, value] of registers) expect(hex(register, value)).toBe(hex(register, was(register)));
    for (const [register, { value, known }] of partial ?? []) {
      expect(hex(register, value)).toBe(hex(register, was(register) & known));
    }
    expect(smmu?.queues.find(({ register }) => register === 'EVENTQ_PROD')?.recordsBehindCopy).toBe(later ?? 0);
    expect(smmu?.state.warnings).toEqual([]);
    expect(pages).toBeLessThanOrEqual(MAX_READ_BYTES);
    expect(smmu?.mastersAreWhole).toBe(true);
    if (path.endsWith('.kdump')) {
      const printed = printedDevices(path);
      expect(masters?.map(({ device, driver, group }) => ({ device, driver, group }))).toEqual(
        [...printed].map(([device, rest]) => ({ device, ...rest })),
      );
      for (const { sid, device } of masters ?? []) {
        const [, bus, slot, fn] = /^0000:(..):(..)\.(.)$/.exec(device ?? '') ?? [];
        expect(sid).toBe((Number.parseInt(bus ?? '', 16) << 8) | (Number.parseInt(slot ?? '', 16) << 3) | Number(fn));
      }
    } else {
      const known = JSON.parse(readFileSync(join(QEMU_A, 'kernel-structs-vmcore.json'), 'utf8')).smmus[0].streams;
      const domains: Record<string, string> = { '0x1': 'unmanaged', '0x3': 'DMA', '0x4': 'identity' };
      expect(
        masters?.map(({ sid, device, driver, group, domain }) => ({ sid, device, driver, group, domain })),
      ).toEqual(
        known.map((stream: Record<string, string | number>) => ({
          sid: Number(stream['sid']),
          device: stream['dev'],
          driver: stream['driver'],
          group: stream['iommu_group_id'],
          domain: domains[String(stream['group_domain_type'])],
        })),
      );
    }
  });
});
