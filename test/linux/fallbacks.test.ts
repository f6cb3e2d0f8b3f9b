/** What is left when something is missing: no BTF, a module without it, no note, no kernel at all. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { PhysicalMemory } from '../../src/dump/memory.ts';
import { openDump } from '../../src/dump/open.ts';
import { findTables } from '../../src/linux/driver/table-scan.ts';
import { extractSnapshot, type KernelState } from '../../src/linux/kernel-state.ts';
import type { Progress } from '../../src/progress.ts';
import { found } from '../support/found-state.ts';
import { MadeMemory, madeDump } from '../support/made/made-memory.ts';
import { type MadeMachine, type MadeMachineOptions, madeMachine } from '../support/made/made-smmus.ts';
import { BARE, QEMU_A, whyNot } from '../support/outside/real-dumps.ts';

function expectRegisters(machine: MadeMachine, state: KernelState): void {
  for (const { name, registers } of found(state).snapshot.smmus) {
    const truth = machine.registers.get(name) ?? {};
    expect(Object.fromEntries(Object.keys(truth).map((register) => [register, registers.get(register)]))).toEqual(
      truth,
    );
  }
  expect(found(state).snapshot.smmus.map(({ name }) => name)).toEqual([...machine.registers.keys()]);
}

describe('no types of the driver: it shows itself', () => {
  const KERNELS: readonly (MadeMachineOptions & { readonly what: string })[] = [
    { what: 'no BTF, registers stored', driver: '6.1', btf: null },
    { what: 'no BTF, registers computed', driver: '7.3', btf: null },
    { what: 'no BTF, 64 KiB pages', driver: '7.3', btf: null, log2PageSize: 16, vaBits: 52, vaBitsInUse: 48 },
  ];

  test.each(KERNELS)('$what', (options) => {
    const machine = madeMachine({
      ...options,
      smmus: [{ gathered: 2 }, { linear: true, sidBits: 10 }, { nonCoherent: true }],
    });
    const { kernel } = machine;
    const state = extractSnapshot(madeDump(kernel.memory, kernel.vmcoreinfo));
    expectRegisters(machine, state);
    expect(found(state).types).toBe('offsets');
    const { smmus } = found(state).snapshot;
    expect(smmus.map(({ base, masters }) => [base, masters])).toEqual([
      [0x900_0000, undefined],
      [0x910_0000, undefined],
      [0x920_0000, undefined],
    ]);
  });

  test.each(['5.10', '7.3'] as const)("a module of %s without BTF: devices by the kernel's own types", (driver) => {
    const masters = [{ sid: 8, device: '0000:00:01.0', driver: 'nvme', group: 1, domainType: 3 }];
    const machine = madeMachine({ driver, module: 'stripped', smmus: [{ masters }, {}] });
    const { kernel } = machine;
    const state = extractSnapshot(madeDump(kernel.memory, kernel.vmcoreinfo));
    expectRegisters(machine, state);
    expect(found(state).types).toBe('offsets');
    expect(found(state).snapshot.smmus.map((smmu) => smmu.masters)).toEqual([
      [{ sid: 8, device: '0000:00:01.0', driver: 'nvme', group: 1, domain: 'DMA', asid: null }],
      [],
    ]);
  });

  test.each(['cmdq.q.q_base', 'evtq.q.cons_reg', 'strtab_cfg.strtab', 'dev', 'sid_bits', 'base'])(
    '%s changed by a bit: none',
    (path) => {
      const machine = madeMachine({ driver: '6.1', btf: null });
      const { kernel, places } = machine;
      const smmu = places.get('smmu 9000000.smmuv3') ?? 0n;
      const paddr = kernel.paddrOf(smmu) + kernel.offsetOf('arm_smmu_device', path);
      const page = kernel.memory.page(paddr);
      page[(paddr % 4096) + 1] = (page[(paddr % 4096) + 1] as number) ^ 0x10;
      const state = extractSnapshot(madeDump(kernel.memory, kernel.vmcoreinfo));
      expect(state).toMatchObject({ outcome: 'not-found', reason: { why: 'no-usable-smmu' } });
    },
  );
});

describe('no types, and no list of devices: the driver leads to its SMMUs', () => {
  /** The name of the variable that leads to the list is gone. */
  const withoutList = ({ kernel }: MadeMachine) => {
    for (const page of kernel.memory.pages.values()) {
      for (let at = page.indexOf('\0platform_bus\0'); at >= 0; at = page.indexOf('\0platform_bus\0'))
        page[at + 1] = 0x50;
    }
    return extractSnapshot(madeDump(kernel.memory, kernel.vmcoreinfo));
  };

  test.each(['6.1', '7.3'] as const)('%s', (driver) => {
    const machine = madeMachine({ driver, btf: null, smmus: [{}, { linear: true, sidBits: 9 }] });
    const state = withoutList(machine);
    expectRegisters(machine, state);
    const { smmus, types, isWhole } = found(state);
    expect({ types, isWhole }).toEqual({ types: 'offsets', isWhole: false });
    // Nothing tells whether the probe had come to its end: what it leaves in the control registers is not claimed.
    for (const { snapshot } of smmus) {
      expect(['CR0', 'CR1', 'CR2', 'IRQ_CTRL'].filter((name) => snapshot.registers.has(name))).toEqual([]);
    }
  });

  test('a structure that its device does not point back to is none', () => {
    const machine = madeMachine({ driver: '7.3', btf: null });
    const { kernel, places } = machine;
    kernel.object('device', { driver_data: 0 }, places.get('device 9000000.smmuv3'));
    expect(withoutList(machine)).toMatchObject({ outcome: 'not-found' });
  });
});

describe('no note: VMCOREINFO is searched for in memory', () => {
  const withText = (machine: MadeMachine, paddr: number, text = machine.kernel.vmcoreinfoText()) => {
    machine.kernel.memory.write(paddr, Buffer.from(text));
    return machine;
  };
  const at = ({ kernel }: MadeMachine, offset: number) => kernel.ramStart + offset;

  test.each([0x700_0000, 0x700_0000 + 24, 0x7ff_f000])('at 0x%x', (offset) => {
    const machine = madeMachine({ driver: '7.3' });
    const state = extractSnapshot(madeDump(withText(machine, at(machine, offset)).kernel.memory));
    expectRegisters(machine, state);
    expect(found(state).otherKernels).toBe(0);
  });

  test('one that does not fit the memory is passed over, however early it comes', () => {
    const machine = madeMachine({ driver: '7.3' });
    const guest = machine.kernel
      .vmcoreinfoText()
      .replace(/NUMBER\(kimage_voffset\)=.*/, 'NUMBER(kimage_voffset)=0xffff000000000000');
    withText(machine, at(machine, 0x1000), guest);
    withText(machine, at(machine, 0x2000), guest.slice(0, 40));
    expectRegisters(machine, extractSnapshot(madeDump(withText(machine, at(machine, 0x700_0000)).kernel.memory)));
  });

  test('the same kernel twice, once with the time of its crash', () => {
    const machine = madeMachine({ driver: '7.3' });
    withText(machine, at(machine, 0x700_0000));
    withText(machine, at(machine, 0x710_0000 + 24), `${machine.kernel.vmcoreinfoText()}CRASHTIME=1795362951\n`);
    expect(found(extractSnapshot(madeDump(machine.kernel.memory))).otherKernels).toBe(0);
  });

  describe('a kdump kernel in memory', () => {
    /** Its memory, with the variable that says so. */
    const kdumpKernel = (ramStart: number, value = 0x5c00_0000n) => {
      const machine = madeMachine({ driver: '7.3', release: '6.1.0-kdump', ramStart });
      const { kernel } = machine;
      const variable = kernel.data(8);
      kernel.memory.u64(kernel.paddrOf(variable), value);
      kernel.export('elfcorehdr_addr', variable);
      return withText(machine, at(machine, 0x1000));
    };
    const together = (...machines: MadeMachine[]) => {
      const memory = new MadeMemory(...machines.flatMap(({ kernel }) => kernel.memory.ranges));
      for (const { kernel } of machines) for (const [paddr, page] of kernel.memory.pages) memory.write(paddr, page);
      return extractSnapshot(madeDump(memory));
    };

    test.each([
      ['in the same stretch', 0x4800_0000],
      ['in another stretch, which is searched later', 0x8000_0000],
    ])('is not the one that crashed, %s', (_, ramStart) => {
      const crashed = madeMachine({ driver: '7.3', ramStart });
      const state = together(kdumpKernel(0x4000_0000), withText(crashed, at(crashed, 0x700_0000)));
      expectRegisters(crashed, state);
      expect(found(state).kernel.release).toBe('6.1.0-made');
      expect(found(state).otherKernels).toBe(0);
    });

    test('alone: no registers of it', () => {
      const state = together(kdumpKernel(0x4000_0000));
      expect(state).toMatchObject({ outcome: 'not-found', reason: { why: 'kdump-kernel' } });
    });

    test.each([2n ** 64n - 1n, 0n, 0x1234n])('which says %x of its core header is none', (value) => {
      expect(found(together(kdumpKernel(0x4000_0000, value))).kernel.release).toBe('6.1.0-kdump');
    });
  });

  test('two that fit: said', () => {
    const machine = madeMachine({ driver: '7.3' });
    const other = machine.kernel.vmcoreinfoText().replace('OSRELEASE=6.1.0-made', 'OSRELEASE=5.9.0-other');
    withText(machine, at(machine, 0x700_0000));
    const state = extractSnapshot(madeDump(withText(machine, at(machine, 0x710_0000), other).kernel.memory));
    expect(found(state).otherKernels).toBe(1);
    expect(found(state).kernel.release).toBe('6.1.0-made');
  });

  test.each([
    ['the end of all RAM', 2 ** 40 - 0x2000],
    ['the end of the range that the kernel is in', 0x8000_0000 - 0x1000],
    ['the start of RAM, between the ranges', 0x4000_3000],
  ])('in a machine with a terabyte, at %s', (_, paddr) => {
    const machine = madeMachine({ driver: '7.3' });
    const { memory } = withText(machine, paddr).kernel;
    const ranges = [
      { start: 0x4000_0000, end: 0x8000_0000 },
      { start: 2 ** 33, end: 2 ** 40 },
    ];
    const large: PhysicalMemory = {
      ranges,
      runs: (at, byteLength) => memory.runs(at, byteLength),
      read: (at, into) => memory.read(at, into),
    };
    const state = extractSnapshot(madeDump(large));
    expectRegisters(machine, state);
    expect(memory.readByteLength).toBeLessThan(2 ** 32);
  });

  test('none', () => {
    const state = extractSnapshot(madeDump(madeMachine().kernel.memory));
    expect(state).toMatchObject({
      outcome: 'not-found',
      kernel: null,
      reason: { why: 'no-vmcoreinfo', isWhole: true },
    });
  });

  describe('raw memory that is taken to begin elsewhere', () => {
    /** The same memory, so much below where it is. */
    const below = ({ kernel: { memory } }: MadeMachine, shift: number): PhysicalMemory => ({
      ranges: memory.ranges.map(({ start, end }) => ({ start: start - shift, end: end - shift })),
      runs: (at, byteLength) => memory.runs(at + shift, byteLength),
      read: (at, into) => memory.read(at + shift, into),
    });
    const machine = madeMachine({ driver: '7.3' });
    withText(machine, at(machine, 0x700_0000));
    const start = machine.kernel.memory.ranges[0]?.start ?? 0;

    test.each([start, 0x1000, -0x4000_0000])('by 0x%x: its page tables say where it is', (shift) => {
      const dump = { ...madeDump(below(machine, shift)), format: 'raw' };
      expect(extractSnapshot(dump)).toMatchObject({
        outcome: 'not-found',
        reason: { why: 'memory-elsewhere', release: '6.1.0-made', start: start - shift, fittingStart: start },
      });
    });

    test('not a core, which has addresses of its own', () => {
      const dump = { ...madeDump(below(machine, 0x4000_0000)), format: 'elf' };
      expect(extractSnapshot(dump)).toMatchObject({ reason: { why: 'no-vmcoreinfo' } });
    });
  });

  test('says how far it has come, of what it searches at most', () => {
    const MIB = 1 << 20;
    const heard: Parameters<Progress>[] = [];
    const progress: Progress = (...step) => heard.push(step);
    const small = new MadeMemory({ start: 0, end: 64 * MIB }, { start: 128 * MIB, end: 129 * MIB });
    extractSnapshot({ ...madeDump(small), progress });
    expect(heard).toEqual([0, 1, 2].map((done) => ['searching for VMCOREINFO', done, 3]));
    heard.length = 0;
    const nothing: PhysicalMemory = { ranges: [{ start: 0, end: 2 ** 40 }], runs: () => [], read: () => [] };
    extractSnapshot({ ...madeDump(nothing), progress });
    expect(heard.at(-1)).toEqual(['searching for VMCOREINFO', 127, 128]);
  });
});

describe('nothing of the kernel: stream tables by their look', () => {
  const RAM = 0x4000_0000;
  const memoryWith = (tables: (memory: MadeMemory) => void) => {
    const memory = new MadeMemory({ start: RAM, end: RAM + 0x100_0000 });
    tables(memory);
    return findTables(madeDump(memory));
  };
  /** 256 STEs as Linux makes them: valid, abort or bypass. */
  const level2 = (memory: MadeMemory, paddr: number, word = 0x1n) => {
    for (let i = 0; i < 256; i++) memory.u64(paddr + 64 * i, word);
  };

  test('the table, with what speaks for it', () => {
    const found = memoryWith((memory) => {
      for (const [i, target] of [0x40_0000, 0x40_4000, 0x40_8000].entries()) {
        level2(memory, RAM + target, i === 0 ? 0xbn : 0x1n);
        memory.u64(RAM + 0x1000 + 8 * ([0, 3, 75][i] as number), BigInt(RAM + target) | 9n);
      }
    });
    expect(found).toEqual([{ paddr: RAM + 0x1000, used: 3, good: 3, lastIndex: 75 }]);
  });

  test('one over two pages, and a second of somebody else', () => {
    const found = memoryWith((memory) => {
      level2(memory, RAM + 0x40_0000);
      for (const i of [0, 511, 512, 700]) memory.u64(RAM + 0x2000 + 8 * i, BigInt(RAM + 0x40_0000) | 9n);
      memory.u64(RAM + 0x9000, BigInt(RAM + 0x40_0000) | 9n);
    });
    expect(found).toEqual([
      { paddr: RAM + 0x2000, used: 4, good: 4, lastIndex: 700 },
      { paddr: RAM + 0x9000, used: 1, good: 1, lastIndex: 0 },
    ]);
  });

  test('what only resembles one', () => {
    const found = memoryWith((memory) => {
      level2(memory, RAM + 0x40_0000);
      level2(memory, RAM + 0x40_4000, 0x2n);
      memory.u64(RAM + 0x1000, BigInt(RAM + 0x40_0000) | 8n);
      memory.u64(RAM + 0x2000, BigInt(RAM + 0x40_1000) | 9n);
      memory.u64(RAM + 0x3000, BigInt(RAM + 0x40_4000) | 9n);
      memory.u64(RAM + 0x4000, BigInt(RAM + 0x40_0000) | 9n | (1n << 60n));
      memory.u64(RAM + 0x5000, BigInt(RAM + 0x40_0000) | 9n);
      memory.u64(RAM + 0x5008, 0x1234n);
      memory.u64(RAM + 0x6000, 0x9n);
    });
    expect(found).toEqual([]);
  });

  test('many descriptors that lead to one place: it is read once', () => {
    const memory = new MadeMemory({ start: RAM, end: RAM + 0x100_0000 });
    level2(memory, RAM + 0x40_0000);
    for (let i = 0; i < 512 * 100; i++) memory.u64(RAM + 0x10_0000 + 8 * i, BigInt(RAM + 0x40_0000) | 9n);
    expect(findTables(madeDump(memory))[0]).toMatchObject({ used: 51200, good: 51200 });
    expect(memory.readByteLength).toBeLessThan(0x100_0000);
  });
});

const REAL = [
  { name: '6.1', dump: join(QEMU_A, 'vmcore.d31.zlib'), registers: join(QEMU_A, 'regs-panic.json') },
  ...['b618', 'k64late', 'kmod'].map((name) => ({
    name,
    dump: join(BARE, `${name}.kdump`),
    registers: join(BARE, `${name}.regs.json`),
  })),
];

/** Memory in which the first bytes of every BTF are gone. */
function withoutBtf(memory: PhysicalMemory): PhysicalMemory {
  return {
    ranges: memory.ranges,
    runs: (paddr, byteLength) => memory.runs(paddr, byteLength),
    read(paddr, into) {
      const runs = memory.read(paddr, into);
      const bytes = Buffer.from(into.buffer, into.byteOffset, into.byteLength);
      for (let at = bytes.indexOf('9feb0100', 0, 'hex'); at >= 0; at = bytes.indexOf('9feb0100', at, 'hex'))
        bytes[at] = 0;
      return runs;
    },
  };
}

describe.each(REAL)(`$name without BTF${whyNot(BARE)}`, ({ dump: path, registers: truthPath }) => {
  test.runIf(existsSync(path))('the same registers, by signature', async () => {
    const dump = await openDump(path);
    const state = extractSnapshot({ ...dump, memory: withoutBtf(dump.memory) });
    dump.close();
    expect(found(state).types).toBe('offsets');
    const [truth] = JSON.parse(readFileSync(truthPath, 'utf8')).smmus;
    const [smmu] = found(state).snapshot.smmus;
    expect(smmu).toMatchObject({ name: '9050000.smmuv3', base: 0x905_0000 });
    expect(smmu?.registers.size).toBeGreaterThanOrEqual(11);
    for (const [register, value] of smmu?.registers ?? []) {
      expect(`${register} ${value}`).toBe(`${register} ${BigInt(truth.registers[register])}`);
    }
  });
});
