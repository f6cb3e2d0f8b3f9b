/** The state of SMMUs in made kernels: what no real dump shows, small ones of what real dumps show, and damage. */

import { describe, expect, test } from 'vitest';
import { openDump } from '../../src/dump/open.ts';
import { untilFetched } from '../../src/dump/sources/until-fetched.ts';
import { extractSnapshot, type KernelState } from '../../src/linux/kernel-state.ts';
import { stateNotes } from '../../src/report/crashed-kernel.ts';
import { found } from '../support/found-state.ts';
import { CORE_STRUCTS, moved, SMMUV2 } from '../support/made/kernel-structs.ts';
import { elfOf } from '../support/made/made-dump-file.ts';
import { LOG_STRUCTS, writeLog } from '../support/made/made-log.ts';
import { madeDump } from '../support/made/made-memory.ts';
import { type MadeMachine, type MadeMachineOptions, type MadeMaster, madeMachine } from '../support/made/made-smmus.ts';
import type { StructSpecs } from '../support/writers/btf-writer.ts';

const MASTERS: readonly MadeMaster[] = [
  { sid: 0x100, device: '0000:01:00.0', driver: 'nvme', group: 5, domainType: 3, asid: 7 },
  { sid: 0x8, device: '0000:00:01.0', group: 0, domainType: 11, asid: 1 },
  { sid: 0x120, device: '0000:01:00.0', driver: 'nvme', group: 5, domainType: 3, asid: 7 },
  { sid: 0x30, device: '0000:00:06.0', driver: 'vfio-pci', group: 6, domainType: 4 },
];
const KNOWN_MASTERS = [
  { sid: 0x8, device: '0000:00:01.0', driver: null, group: 0, domain: 'DMA-FQ', asid: 1 },
  { sid: 0x30, device: '0000:00:06.0', driver: 'vfio-pci', group: 6, domain: 'identity', asid: null },
  { sid: 0x100, device: '0000:01:00.0', driver: 'nvme', group: 5, domain: 'DMA', asid: 7 },
  { sid: 0x120, device: '0000:01:00.0', driver: 'nvme', group: 5, domain: 'DMA', asid: 7 },
];

function stateOf({ kernel }: MadeMachine): KernelState {
  return extractSnapshot(madeDump(kernel.memory, kernel.vmcoreinfo));
}

/** Every register that was given in the machine, and nothing wrong. */
function expectRegisters(machine: MadeMachine, state: KernelState): void {
  const { smmus } = found(state).snapshot;
  expect(smmus.map(({ name }) => name)).toEqual([...machine.registers.keys()]);
  for (const { name, registers } of smmus) {
    const truth = machine.registers.get(name) ?? {};
    expect(Object.fromEntries(Object.keys(truth).map((register) => [register, registers.get(register)]))).toEqual(
      truth,
    );
  }
}

const TABLES: readonly (MadeMachineOptions & { readonly what: string })[] = [
  { what: '5.10: no tree of streams', driver: '5.10', release: '5.10.0-made' },
  { what: '6.1: registers are stored', driver: '6.1' },
  { what: '7.3: registers are computed', driver: '7.3' },
  { what: 'a driver whose members have moved', driver: '7.3', change: (structs) => moved(structs, 40) },
  { what: '39 bits', vaBits: 39, driver: '7.3' },
  { what: '52 bits, LPA2', vaBits: 52, driver: '7.3' },
  { what: '16 KiB, 47 of 52 bits', log2PageSize: 14, vaBits: 52, vaBitsInUse: 47, driver: '7.3' },
  { what: '64 KiB, 48 bits', log2PageSize: 16, vaBits: 48, driver: '6.1' },
  { what: '64 KiB, 48 of 52 bits', log2PageSize: 16, vaBits: 52, vaBitsInUse: 48, driver: '7.3' },
  { what: '64 KiB, 52 bits', log2PageSize: 16, vaBits: 52, driver: '7.3' },
  { what: '64 KiB, memory above 48 bits', log2PageSize: 16, vaBits: 52, ramStart: 2 ** 50 + 2 ** 49, driver: '7.3' },
  { what: 'SMMUv2 first', structs: SMMUV2, driver: '7.3', change: (structs) => ({ ...SMMUV2, ...structs }) },
  { what: 'SMMUv2 last', driver: '7.3', change: (structs) => ({ ...structs, ...SMMUV2 }) },
  { what: 'BTF with a layout section', driver: '7.3', btf: { withLayout: true, withOtherKinds: true } },
  { what: 'a module, its BTF held as data', driver: '7.3', module: 'data' },
  { what: 'a module, its BTF held in a structure', driver: '6.1', module: 'struct' },
  { what: 'a module of a 64 KiB kernel', driver: '7.3', module: 'data', log2PageSize: 16, vaBits: 52 },
];

test.each(TABLES)('$what', (options) => {
  const machine = madeMachine({ ...options, smmus: [{ masters: MASTERS }] });
  const state = stateOf(machine);
  expectRegisters(machine, state);
  const { kernel, types, smmus, rejected } = found(state);
  expect({ types, rejected, warnings: smmus[0]?.state.warnings }).toEqual({ types: 'btf', rejected: [], warnings: [] });
  expect(kernel.release).toBe(options.release ?? '6.1.0-made');
  expect(smmus[0]?.snapshot).toMatchObject({ base: 0x900_0000, firmwareCoherent: true, masters: KNOWN_MASTERS });
  expect(smmus[0]?.mastersAreWhole).toBe(true);
});

test('a device structure that another configuration has moved: types decide, not habit', () => {
  const { device } = CORE_STRUCTS;
  if (device === undefined) throw new Error('no struct device');
  const members = device.members.map(([name, offset, type]) => [name, offset + 24, type] as const);
  const structs: StructSpecs = {
    device: { byteLength: device.byteLength + 24, members },
    platform_device: {
      byteLength: 1000,
      members: [
        ['dev', 16, 'device'],
        ['num_resources', 900, 'u32'],
        ['resource', 908, 'void*'],
      ],
    },
  };
  const machine = madeMachine({ structs, smmus: [{ masters: MASTERS }] });
  expectRegisters(machine, stateOf(machine));
});

test('several SMMUs: two-level, linear, non-coherent with addresses outside the linear map', () => {
  const machine = madeMachine({
    driver: '7.3',
    smmus: [
      { masters: MASTERS },
      { linear: true, sidBits: 10 },
      { nonCoherent: true, sidBits: 20 },
      { linear: true, sidBits: 6 },
    ],
  });
  const state = stateOf(machine);
  expectRegisters(machine, state);
  const { smmus } = found(state).snapshot;
  expect(smmus.map(({ base, firmwareCoherent }) => [base, firmwareCoherent])).toEqual([
    [0x900_0000, true],
    [0x910_0000, true],
    [0x920_0000, false],
    [0x930_0000, true],
  ]);
  // With so few StreamIDs nobody can tell whether the hardware has two-level tables.
  const stLevel = (i: number) => (smmus[i]?.partial?.get('IDR0')?.known ?? 0n) >> 27n;
  expect([stLevel(1), stLevel(3)]).toEqual([3n, 0n]);
});

describe('where the search for types begins', () => {
  /** Offsets from _stext: before the exported symbols, behind everything, and far away. */
  test.each([0x8000n, 0x100_0000n, -0x4000_0000n])('kallsyms %i bytes behind _stext', (offset) => {
    const machine = madeMachine({ driver: '7.3' });
    const { vmcoreinfo } = machine.kernel;
    const stext = BigInt(`0x${vmcoreinfo.get('SYMBOL(_stext)')}`);
    vmcoreinfo.set('SYMBOL(kallsyms_token_index)', BigInt.asUintN(64, stext + offset).toString(16));
    expectRegisters(machine, stateOf(machine));
  });
});

test('a dump whose bytes come later', async () => {
  const machine = madeMachine({ driver: '7.3', smmus: [{ masters: MASTERS }] });
  const bytes = elfOf(machine.kernel);
  const dump = await openDump({
    name: 'vmcore',
    byteLength: bytes.byteLength,
    read: async (offset, length) => bytes.subarray(offset, offset + length),
  });
  expect(dump.fetched).toBe(true);
  expectRegisters(machine, await untilFetched(() => extractSnapshot(dump)));
  dump.close();
});

describe('what is known of a register', () => {
  test('each has its provenance, and no bit outside its mask is set', () => {
    const { smmus } = found(stateOf(madeMachine())).snapshot;
    for (const { registers, partial, provenance } of smmus) {
      const all = [...registers.keys(), ...(partial?.keys() ?? [])];
      expect([...(provenance?.keys() ?? [])].sort()).toEqual(all.sort());
      for (const [register, { value, known }] of partial ?? []) expect(value & ~known, register).toBe(0n);
    }
  });

  test('GBPA, GERROR and what else nothing tells are absent; so is the PRI queue without page requests', () => {
    const registers = found(stateOf(madeMachine())).snapshot.smmus[0]?.registers;
    const absent = ['GBPA', 'GERROR', 'GERRORN', 'IDR2', 'IIDR', 'STATUSR', 'PRIQ_BASE', 'PRIQ_PROD'];
    expect(absent.filter((register) => registers?.has(register))).toEqual([]);
  });

  test('CR2.E2H: always in 5.10, by feature later', () => {
    const cr2 = (options: MadeMachineOptions) =>
      found(stateOf(madeMachine(options))).snapshot.smmus[0]?.registers.get('CR2');
    expect(cr2({ driver: '5.10', release: '5.10.0-made' })).toBe(7n);
    expect(cr2({ driver: '7.3' })).toBe(6n);
    expect(cr2({ driver: '7.3', smmus: [{ features: 0x4_8204 }] })).toBe(7n);
    // A driver as of 5.10 in a kernel that says it is newer: nobody knows which rule it has.
    const [smmu] = found(stateOf(madeMachine({ driver: '5.10' }))).snapshot.smmus;
    expect(smmu?.partial?.get('CR2')).toEqual({ value: 6n, known: 0xffff_fffen });
  });

  test('a flag of the driver in its copy of CMDQ_PROD, and commands not yet handed over', () => {
    const machine = madeMachine({ smmus: [{ gathered: 3 }] });
    expectRegisters(machine, stateOf(machine));
  });

  test('events that came after the driver last looked', () => {
    const machine = madeMachine({ smmus: [{ events: 9, eventsSeen: 4 }] });
    const state = stateOf(machine);
    expectRegisters(machine, state);
    const [smmu] = found(state).smmus;
    expect(smmu?.snapshot.provenance?.get('EVENTQ_PROD')).toBe('inferred');
    expect(smmu?.queues.find(({ register }) => register === 'EVENTQ_PROD')).toMatchObject({ recordsBehindCopy: 5 });
  });

  test('a queue that went round says nothing beyond the copy', () => {
    const machine = madeMachine({ smmus: [{ events: 128, eventsSeen: 5 }] });
    const [smmu] = found(stateOf(machine)).smmus;
    expect(smmu?.snapshot.registers.get('EVENTQ_PROD')).toBe(5n);
    expect(smmu?.snapshot.provenance?.get('EVENTQ_PROD')).toBe('driver-copy');
    expect(smmu?.queues.find(({ register }) => register === 'EVENTQ_PROD')).toMatchObject({ recordsBehindCopy: null });
  });

  test('an index that its queue contradicts is left out', () => {
    const machine = madeMachine({ smmus: [{ override: { 'evtq.q.llq.prod': 40, 'evtq.q.llq.cons': 40 } }] });
    const registers = found(stateOf(machine)).snapshot.smmus[0]?.registers;
    expect(['EVENTQ_BASE', 'EVENTQ_PROD', 'EVENTQ_CONS'].map((name) => registers?.has(name))).toEqual([
      true,
      false,
      false,
    ]);
  });

  test('a word far behind the events is none of them', () => {
    const machine = madeMachine({ smmus: [{ events: 9, eventsSeen: 4 }] });
    const { kernel, places } = machine;
    kernel.memory.u64(kernel.paddrOf(places.get('evtq 9000000.smmuv3') ?? 0n) + 65 * 32, 0x10n);
    const [smmu] = found(stateOf(machine)).smmus;
    expect(smmu?.snapshot.registers.get('EVENTQ_PROD')).toBe(9n);
  });

  test.each([0x80, 0x8000_0000])('CONS 0x%x of a queue that its producer has not filled once', (cons) => {
    const machine = madeMachine({ smmus: [{ events: 0, override: { 'evtq.q.llq.cons': cons } }] });
    const state = stateOf(machine);
    expect(found(state).snapshot.smmus[0]?.registers.has('EVENTQ_CONS')).toBe(false);
    expect(stateNotes(state)).toContain(
      "9000000.smmuv3: EVENTQ_PROD is left out: the driver's copy contradicts the queue's memory",
    );
  });

  test('copies that cannot be indexes are left out, and that is said', () => {
    const state = stateOf(madeMachine({ smmus: [{ override: { 'cmdq.q.llq.cons': 22 } }] }));
    const registers = found(state).snapshot.smmus[0]?.registers;
    expect(['CMDQ_PROD', 'CMDQ_CONS'].filter((name) => registers?.has(name))).toEqual([]);
    expect(stateNotes(state)).toEqual([
      "9000000.smmuv3: CMDQ_PROD and CMDQ_CONS are left out: the driver's copies cannot be indexes of this queue",
    ]);
  });

  test('a base that neither the resource nor the mapping tells is said to be unknown', () => {
    const base = 0xffff_8000_dead_0000n;
    const override = { base, 'cmdq.q.prod_reg': base + 0x98n, 'cmdq.q.cons_reg': base + 0x9cn };
    const machine = madeMachine({ smmus: [{ override }] });
    const { kernel, places } = machine;
    const platform = (places.get('device 9000000.smmuv3') ?? 0n) - BigInt(kernel.offsetOf('platform_device', 'dev'));
    kernel.object('platform_device', { resource: base }, platform);
    const state = stateOf(machine);
    expect(found(state).snapshot.smmus[0]?.base).toBeNull();
    expect(stateNotes(state)).toEqual([
      '9000000.smmuv3: its base is not known: neither its resource nor the mapping of its registers can be read',
    ]);
  });

  test('commands that go through further queues', () => {
    const [smmu] = found(stateOf(madeMachine({ smmus: [{ override: { options: 0x10 } }] }))).smmus;
    expect(smmu?.state.warnings).toEqual([{ what: 'further-command-queues' }]);
  });

  test('sizes that no driver stores', () => {
    const override = { oas: 47, asid_bits: 17, pgsize_bitmap: 0x4020_0000 };
    const [smmu] = found(stateOf(madeMachine({ smmus: [{ override }] }))).smmus;
    expect(smmu?.state.warnings.map((warning) => ('member' in warning ? warning.member : warning.what)).sort()).toEqual(
      ['asid_bits', 'oas', 'pgsize_bitmap'],
    );
    expect(smmu?.snapshot.partial?.get('IDR5')?.known).toBe(0xffff_0c00n);
  });
});

describe('no state, and why', () => {
  const reasonOf = (machine: MadeMachine) => {
    const state = stateOf(machine);
    return state.outcome === 'not-found' ? state.reason : state.snapshot.smmus.map(({ name }) => name);
  };

  test.each([
    ['running', 'probe-unfinished'],
    ['no-data', 'probe-unfinished'],
  ] as const)('a probe that is %s', (probe, why) => {
    expect(reasonOf(madeMachine({ smmus: [{ probe }] }))).toEqual({
      why: 'no-usable-smmu',
      rejected: [{ name: '9000000.smmuv3', problem: { why } }],
    });
  });

  test('one of two in its probe: the other is given, and this one said', () => {
    const { snapshot, rejected } = found(stateOf(madeMachine({ smmus: [{ probe: 'running' }, {}] })));
    expect(snapshot.smmus.map(({ name }) => name)).toEqual(['9010000.smmuv3']);
    expect(rejected).toEqual([{ name: '9000000.smmuv3', problem: { why: 'probe-unfinished' } }]);
  });

  test('no SMMU at all', () => {
    expect(reasonOf(madeMachine({ smmus: [] }))).toMatchObject({ why: 'no-such-device' });
  });

  test('no SMMU any more: the log has one', () => {
    const machine = madeMachine({ smmus: [], structs: LOG_STRUCTS });
    writeLog(machine.kernel, [{ text: 'arm-smmu-v3 9000000.smmuv3: oas 44-bit (features 0x00008305)' }]);
    expect(reasonOf(machine)).toEqual({ why: 'smmus-gone', devices: 3, logged: ['9000000.smmuv3'] });
  });

  test('VMCOREINFO that lacks what is needed, or that does not fit the memory', () => {
    const lacking = madeMachine();
    lacking.kernel.vmcoreinfo.delete('NUMBER(kimage_voffset)');
    expect(reasonOf(lacking)).toEqual({ why: 'vmcoreinfo-incomplete', key: 'NUMBER(kimage_voffset)' });
    const wrong = madeMachine();
    wrong.kernel.vmcoreinfo.set('NUMBER(TCR_EL1_T1SZ)', '0x19');
    expect(reasonOf(wrong)).toEqual({ why: 'translation-differs' });
    const { kernel } = wrong;
    kernel.vmcoreinfo.set('NUMBER(TCR_EL1_T1SZ)', '0x10');
    const root = kernel.paddrOf(BigInt(`0x${kernel.vmcoreinfo.get('SYMBOL(swapper_pg_dir)')}`));
    kernel.memory.states.set(root - (root % 4096), 'lost');
    expect(reasonOf(wrong), 'a page table is lost').toEqual({ why: 'tables-missing' });
  });

  test.each([
    ['dev', 'dev'],
    ['sid_bits', 'sid_bits'],
    ['strtab_cfg.num_l1_ents', 'strtab_cfg.num_l1_ents'],
    ['strtab_cfg.strtab_base', 'strtab_cfg.strtab_base'],
    ['strtab_cfg.strtab_dma', 'strtab_cfg.strtab_base'],
    ['strtab_cfg.strtab', 'base_dma'],
    ['cmdq.q.q_base', 'cmdq.q.q_base'],
    ['cmdq.q.base_dma', 'cmdq.q.q_base'],
    ['cmdq.q.base', 'base_dma'],
    ['cmdq.q.llq.max_n_shift', 'cmdq.q.q_base'],
    ['evtq.q.q_base', 'evtq.q.q_base'],
    ['evtq.q.ent_dwords', 'evtq.q.q_base'],
    ['evtq.q.cons_reg', 'evtq.q.prod_reg'],
  ])('%s changed by a bit', (path, member) => {
    const machine = madeMachine();
    const va =
      (machine.places.get('smmu 9000000.smmuv3') ?? 0n) + BigInt(machine.kernel.offsetOf('arm_smmu_device', path));
    const paddr = machine.kernel.paddrOf(va);
    const page = machine.kernel.memory.page(paddr);
    page[(paddr % 4096) + 1] = (page[(paddr % 4096) + 1] as number) ^ (path.endsWith('_dma') ? 0x20 : 0x10);
    expect(reasonOf(machine)).toEqual({
      why: 'no-usable-smmu',
      rejected: [{ name: '9000000.smmuv3', problem: { why: 'contradiction', member } }],
    });
  });

  test('addresses of a bus that does not begin where memory does', () => {
    const offset = 0x1_0000_0000n;
    const plain = madeMachine();
    const truth = plain.registers.get('9000000.smmuv3') ?? {};
    const shifted = (register: string) => (truth[register] ?? 0n) + offset;
    const dma = (register: string) => shifted(register) & 0xf_ffff_ffff_ffe0n;
    const machine = madeMachine({
      smmus: [
        {
          override: {
            'strtab_cfg.strtab_dma': dma('STRTAB_BASE'),
            'strtab_cfg.strtab_base': shifted('STRTAB_BASE'),
            'cmdq.q.base_dma': dma('CMDQ_BASE'),
            'cmdq.q.q_base': shifted('CMDQ_BASE'),
            'evtq.q.base_dma': dma('EVENTQ_BASE'),
            'evtq.q.q_base': shifted('EVENTQ_BASE'),
          },
        },
      ],
    });
    const [smmu] = found(stateOf(machine)).smmus;
    expect(smmu?.state.warnings).toEqual([{ what: 'dma-offset', offset }]);
    expect(smmu?.snapshot.registers.get('STRTAB_BASE')).toBe(shifted('STRTAB_BASE'));
  });
});

describe('lists that are torn', () => {
  const UNMAPPED = 0xffff_0000_dead_0000n;
  const wordAt = ({ kernel }: MadeMachine, va: bigint) =>
    kernel.memory.page(kernel.paddrOf(va)).readBigUInt64LE(kernel.paddrOf(va) % 4096);
  const entryOf = ({ kernel, places }: MadeMachine, device: string) =>
    (places.get(device) ?? 0n) + BigInt(kernel.offsetOf('device', 'kobj.entry'));
  const driverlessList = (machine: MadeMachine) => {
    const { kernel, places } = machine;
    const driver = places.get('driver arm-smmu-v3') ?? 0n;
    kernel.memory.u64(kernel.paddrOf(driver) + kernel.offsetOf('device_driver', 'p'), 0n);
  };

  /** An entry that leads nowhere, or to one that was met. Links to the one before it are as they were. */
  const tear = (machine: MadeMachine, target: 'itself' | 'nothing' | 'a loop') => {
    const { memory, paddrOf } = { memory: machine.kernel.memory, paddrOf: (va: bigint) => machine.kernel.paddrOf(va) };
    // The entry of platform_bus, the first on the list.
    const entry = entryOf(machine, 'platform_bus');
    const second = wordAt(machine, entry);
    if (target === 'itself') memory.u64(paddrOf(entry), entry);
    if (target === 'nothing') memory.u64(paddrOf(entry), UNMAPPED);
    if (target === 'a loop') memory.u64(paddrOf(second), entry);
  };

  describe.each(['itself', 'nothing', 'a loop'] as const)('an entry that leads to %s', (target) => {
    test('what lies behind it is reached from the other end', () => {
      const machine = madeMachine({ smmus: [{}, { linear: true, sidBits: 9 }] });
      tear(machine, target);
      driverlessList(machine);
      const { smmus, isWhole } = found(stateOf(machine));
      expect(smmus.map(({ snapshot }) => snapshot.name).sort()).toEqual([...machine.registers.keys()]);
      expect(isWhole).toBe(false);
    });

    const tornTwice = (options: MadeMachineOptions) => {
      const machine = madeMachine(options);
      tear(machine, target);
      const { kernel } = machine;
      const list = (machine.places.get('kset') ?? 0n) + BigInt(kernel.offsetOf('kset', 'list'));
      kernel.memory.u64(kernel.paddrOf(list) + 8, UNMAPPED);
      return machine;
    };

    test('with the other end torn too, the driver leads to its SMMUs', () => {
      const machine = tornTwice({ smmus: [{ masters: MASTERS }] });
      const state = stateOf(machine);
      expectRegisters(machine, state);
      const { smmus, isWhole, types } = found(state);
      expect({ isWhole, types }).toEqual({ isWhole: false, types: 'btf' });
      expect(smmus[0]?.snapshot.masters).toEqual(KNOWN_MASTERS);
      // Nobody can tell whether their probe had come to its end.
      expect(smmus[0]?.snapshot.registers.has('CR0')).toBe(false);
    });

    test('of a module, which cannot be hunted for: none', () => {
      expect(stateOf(tornTwice({ driver: '7.3', module: 'data' }))).toMatchObject({
        outcome: 'not-found',
        reason: { why: 'device-list-broken' },
      });
    });
  });

  test("where the driver's own list is torn, all devices are looked at", () => {
    const machine = madeMachine({ smmus: [{}, {}] });
    driverlessList(machine);
    const state = stateOf(machine);
    expectRegisters(machine, state);
    expect(found(state).isWhole).toBe(true);
  });

  test('where both are torn, what was found is given, and that there may be more', () => {
    const machine = madeMachine({ smmus: [{}, {}] });
    const { kernel } = machine;
    driverlessList(machine);
    kernel.memory.u64(kernel.paddrOf(entryOf(machine, 'device 9000000.smmuv3')), 0n);
    const last = entryOf(machine, 'device 9010000.smmuv3');
    kernel.memory.u64(kernel.paddrOf(wordAt(machine, last) + 8n), 0n);
    const { snapshot, isWhole } = found(stateOf(machine));
    expect([snapshot.smmus.map(({ name }) => name), isWhole]).toEqual([['9000000.smmuv3'], false]);
  });
});

describe('what is not in the dump is not taken for an answer', () => {
  const lost = (change: (machine: MadeMachine, device: bigint) => void) => {
    const machine = madeMachine();
    change(machine, machine.places.get('device 9000000.smmuv3') ?? 0n);
    const state = stateOf(machine);
    if (state.outcome === 'found') throw new Error('found');
    return state.reason;
  };
  const UNMAPPED = 0xffff_0000_dead_0000n;
  const rejected = (problem: object, name: string | null = '9000000.smmuv3') => ({
    why: 'no-usable-smmu',
    rejected: [{ name, problem }],
  });

  test('the name of a driver: which of the devices were its SMMUs is not known', () => {
    expect(
      lost(({ kernel, places }) =>
        kernel.object('device_driver', { name: UNMAPPED }, places.get('driver arm-smmu-v3') ?? 0n),
      ),
    ).toEqual({ why: 'drivers-unreadable', devices: 4, unreadable: 1 });
  });

  test.each([
    ['no private part', { p: 0 }, 'contradiction', 'p', 'device'],
    ["no driver's data, though its probe has ended", { driver_data: 0 }, 'contradiction', 'driver_data', 'device'],
    ['its name', { 'kobj.name': UNMAPPED }, 'unreadable', 'kobj.name', 'device'],
  ] as const)('%s', (_, fields, why, member, struct) => {
    expect(lost(({ kernel }, device) => kernel.object('device', fields, device))).toEqual(
      rejected({ why, member, struct }, member === 'kobj.name' ? null : '9000000.smmuv3'),
    );
  });

  test('whether the probe has come to its end: what it leaves in the control registers is not claimed', () => {
    const machine = madeMachine();
    machine.kernel.object('device', { p: UNMAPPED }, machine.places.get('device 9000000.smmuv3') ?? 0n);
    const state = stateOf(machine);
    expectRegisters(machine, state);
    const [smmu] = found(state).smmus;
    expect(['CR0', 'CR1', 'CR2', 'IRQ_CTRL'].filter((name) => smmu?.snapshot.registers.has(name))).toEqual([]);
    expect(stateNotes(state)).toContain(
      '9000000.smmuv3: its control registers are left out: nothing tells whether its probe had come to its end',
    );
  });

  test("the driver's structure: its first member does not contradict, it is missing", () => {
    expect(lost(({ kernel }, device) => kernel.object('device', { driver_data: UNMAPPED }, device))).toEqual(
      rejected({ why: 'unreadable', member: 'dev' }),
    );
  });

  test('an empty name is none', () => {
    expect(
      lost(({ kernel }, device) => kernel.object('device', { 'kobj.name': kernel.text('') }, device)),
    ).toMatchObject(rejected({ why: 'unreadable', member: 'kobj.name' }, null));
  });

  test("the name of a device's driver: the device is given without it, and the list is not whole", () => {
    const machine = madeMachine({ smmus: [{ masters: MASTERS }] });
    const { kernel, places } = machine;
    kernel.object('device_driver', { name: UNMAPPED }, places.get('driver nvme') ?? 0n);
    const [smmu] = found(stateOf(machine)).smmus;
    expect(smmu?.snapshot.masters?.map(({ driver }) => driver)).toEqual([null, 'vfio-pci', null, null]);
    expect(smmu?.mastersAreWhole).toBe(false);
  });

  test.each([
    ["a device's tie to its SMMU", 'iommu'],
    ['which StreamIDs it has', 'fwspec'],
  ] as const)('%s, where there is no tree of streams: the list is not whole', (_, member) => {
    const machine = madeMachine({ driver: '5.10', release: '5.10.0-made', smmus: [{ masters: MASTERS }] });
    const { kernel, places } = machine;
    const u64 = (va: bigint) => kernel.memory.page(kernel.paddrOf(va)).readBigUInt64LE(kernel.paddrOf(va) % 4096);
    const list = (places.get('kset') ?? 0n) + BigInt(kernel.offsetOf('kset', 'list'));
    // The last on the list is the last master.
    const device = u64(list + 8n) - BigInt(kernel.offsetOf('device', 'kobj.entry'));
    const tied = u64(device + BigInt(kernel.offsetOf('device', 'iommu')));
    if (member === 'iommu') kernel.object('device', { iommu: UNMAPPED }, device);
    else kernel.object('dev_iommu', { fwspec: UNMAPPED }, tied);
    const [smmu] = found(stateOf(machine)).smmus;
    expect(smmu?.snapshot.masters?.map(({ sid }) => sid)).toEqual([0x8, 0x100, 0x120]);
    expect(smmu?.mastersAreWhole).toBe(false);
  });

  test.each([
    ['a stream that is not where its StreamID would be searched for', { id: 0x200 }, [0x30, 0x100, 0x120, 0x200]],
    ["a stream that another device's master has not", { master: 0x100 }, [0x30, 0x100, 0x120]],
  ])('%s: the list is not whole', (_, fields, sids) => {
    const machine = madeMachine({ smmus: [{ masters: MASTERS }] });
    const { kernel, places } = machine;
    const stream = (sid: number) => places.get(`stream ${sid}`) ?? 0n;
    const other = kernel.paddrOf(stream(0x100)) + kernel.offsetOf('arm_smmu_stream', 'master');
    const master = kernel.memory.page(other).readBigUInt64LE(other % 4096);
    kernel.object('arm_smmu_stream', 'id' in fields ? fields : { master }, stream(0x8));
    const [smmu] = found(stateOf(machine)).smmus;
    expect(smmu?.snapshot.masters?.map(({ sid }) => sid)).toEqual(sids);
    expect(smmu?.mastersAreWhole).toBe(false);
  });

  test("a node on another driver's list", () => {
    expect(
      lost(({ kernel }, device) => {
        const priv = kernel.memory
          .page(kernel.paddrOf(device))
          .readBigUInt64LE((kernel.paddrOf(device) + kernel.offsetOf('device', 'p')) % 4096);
        kernel.object('device_private', { 'knode_driver.n_klist': UNMAPPED }, priv);
      }),
    ).toEqual(rejected({ why: 'contradiction', member: 'knode_driver.n_klist', struct: 'device_private' }));
  });
});

describe('an SMMU that its driver has disabled: CR0 is 0, and why', () => {
  test('taken off the list of devices, as a reboot does before it shuts a device down', () => {
    const machine = madeMachine({ smmus: [{}, {}] });
    const { kernel, places } = machine;
    const entry = (places.get('device 9010000.smmuv3') ?? 0n) + BigInt(kernel.offsetOf('device', 'kobj.entry'));
    const links = kernel.memory.page(kernel.paddrOf(entry)).subarray(kernel.paddrOf(entry) % 4096);
    const [next, prev] = [links.readBigUInt64LE(0), links.readBigUInt64LE(8)];
    kernel.memory.u64(kernel.paddrOf(prev), next);
    kernel.memory.u64(kernel.paddrOf(next) + 8, prev);
    for (const at of [0, 8]) kernel.memory.u64(kernel.paddrOf(entry) + at, entry);
    const { smmus } = found(stateOf(machine));
    expect(smmus.map(({ snapshot, state }) => [snapshot.name, snapshot.registers.get('CR0'), state.warnings])).toEqual([
      ['9000000.smmuv3', 0xdn, []],
      ['9010000.smmuv3', 0n, [{ what: 'disabled', by: 'shutdown' }]],
    ]);
  });

  test('in Service Failure Mode by its log, however much was logged since', () => {
    const machine = madeMachine({ smmus: [{}, {}], structs: LOG_STRUCTS });
    writeLog(machine.kernel, [
      { text: 'arm-smmu-v3 9010000.smmuv3: device has entered Service Failure Mode!' },
      { text: 'somebody else says that a device has entered Service Failure Mode!' },
      ...Array.from({ length: 17 }, () => ({ text: '' })),
    ]);
    const { smmus } = found(stateOf(machine));
    expect(smmus.map(({ snapshot, state }) => [snapshot.registers.get('CR0'), state.warnings])).toEqual([
      [0xdn, []],
      [0n, [{ what: 'disabled', by: 'service-failure' }]],
    ]);
  });
});
