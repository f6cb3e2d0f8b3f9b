/**
 * What a kdump kernel maps behind a table's address: its own memory, devices, addresses that no CPU has, RAM that the
 * dump lacks. Each is put under the L1 table, an L2 table, a linear table, and what the ID scan reads.
 */

import { describe, expect, test } from 'vitest';
import { Image } from '../../samples/image.ts';
import {
  HOLE,
  type Inspected,
  IOMEM,
  inspectMachine,
  KDUMP_END,
  KDUMP_START,
  L2_BUS0,
  logOf,
  type MachineOptions,
  UART,
} from '../support/made/machine.ts';
import {
  ADOPTED,
  ADOPTING,
  deathOf,
  endOf,
  FALLING_BACK,
  INDETERMINATE,
  onMachine,
  RESETTING,
  RETAINING,
  withL1At,
  withL2At,
  withLinearAt,
} from '../support/made/placed-tables.ts';

const BEYOND_48_BITS = 2 ** 48;
const ABOVE = 'the CPU has 48 address bits; what lies above cannot be mapped';
const bypass = { V: 1, Config: 4 };

const inserts = ({ smmu }: Inspected) => smmu.inserts.map(({ sid, ret, deferred }) => ({ sid, ret, deferred }));
const misplaced = ({ findings }: Inspected) =>
  findings.flatMap(({ rule, args }) => (rule === 'mapping-misplaced' ? [args] : []));

describe("wholly in the kdump kernel's own memory: maps silently, and what is read is not known", () => {
  const inside = KDUMP_START + 0x10_0000;

  test('an L2 table', async () => {
    const inspected = await onMachine(withL2At(inside), { insert: [0x8, 0x100] });
    expect(endOf(inspected)).toEqual(ADOPTED);
    expect(inserts(inspected)).toEqual([
      { sid: 0x8, ret: 0, deferred: true },
      { sid: 0x100, ret: 0, deferred: null },
    ]);
    expect(inspected.smmu.devices[1]).toMatchObject({ accepted: true, deferred: null, deferredBy: 0x100 });
    expect(inspected.smmu.inserts[1]?.mappings).toMatchObject([
      { ok: true, why: "maps the kdump kernel's own memory" },
    ]);
    expect(misplaced(inspected)).toContainEqual({
      table: 'L2 table',
      address: '0x8c100000',
      where: "the kdump kernel's own memory",
    });
    expect(logOf(inspected)).toEqual([ADOPTING, RETAINING]);
  });

  test('the L1 table', async () => {
    const inspected = await withL1At(inside);
    expect(endOf(inspected)).toEqual(INDETERMINATE);
    expect(inspected.smmu.adoption.mappings).toMatchObject([{ purpose: 'l1-table', ok: true }]);
    expect(logOf(inspected)).toEqual([ADOPTING]);
    expect(inspected.summary.exitCode).toBe(3);
  });

  test('a linear table: v6 looks at it only to ask whether to defer, v10 in its scan', async () => {
    const v6 = await withLinearAt(inside, { insert: [8] });
    expect(endOf(v6)).toEqual(ADOPTED);
    expect(inserts(v6)).toEqual([{ sid: 8, ret: 0, deferred: null }]);
    expect(endOf(await withLinearAt(inside, { revision: 'v10' }))).toEqual(INDETERMINATE);
  });
});

describe('across the start of the reservation: maps silently', () => {
  test('an L2 table: the first half is read from the dump', async () => {
    const l2 = KDUMP_START - 0x2000;
    const memory = withL2At(l2).reserve(l2, 0x2000).ste(l2, 0x7f, bypass);
    const inspected = await onMachine(memory, { insert: [0x17e, 0x17f, 0x180] });
    expect(inserts(inspected)).toEqual([
      { sid: 0x17e, ret: 0, deferred: false },
      { sid: 0x17f, ret: 0, deferred: true },
      { sid: 0x180, ret: 0, deferred: null },
    ]);
    expect(inspected.smmu.panic).toBeNull();
  });

  test('the L1 table: eight descriptors are known', async () => {
    const l1 = KDUMP_START - 64;
    const inspected = await withL1At(l1, {}, new Image().l1(l1, 0, 9, L2_BUS0));
    expect(endOf(inspected)).toEqual(INDETERMINATE);
    expect(inspected.smmu.adoption.checks.find(({ id }) => id === 'two-level.l1-descriptors')).toMatchObject({
      result: 'not-reached',
      observed: "8 of 16 descriptors cannot be known: the kdump kernel's own memory",
    });
  });
});

describe('across the end of the reservation: an oops at the first read beyond', () => {
  const l2 = KDUMP_END - 0x2000;
  const memory = () => withL2At(l2).reserve(KDUMP_END, 0x2000);

  test('an L2 table, in its second half', async () => {
    const inspected = await onMachine(memory(), { insert: [0x17f, 0x182, 0x8] });
    expect(deathOf(inspected)).toBe('arm_smmu_is_attach_deferred at 0x8e000080');
    expect(inspected.smmu.panic?.why).toContain('the first read is an oops');
    expect(inspected.smmu.devices).toMatchObject([
      { sids: [0x17f], asked: true, accepted: true, deferred: null },
      { sids: [0x182], asked: true, accepted: false, deferred: null },
      { sids: [0x8], asked: false, accepted: false, deferred: null },
    ]);
    expect(inspected.smmu.adoption.verdict).toBe('adopted');
    expect(inspected.summary.exitCode).toBe(1);
  });

  test('an L2 table that is asked for in its first half only', async () => {
    expect(deathOf(await onMachine(memory(), { insert: [0x100, 0x17f] }))).toBeNull();
  });

  test('the L1 table', async () => {
    const memory = new Image().reserve(KDUMP_END, 64);
    // What the kdump kernel's own memory holds may end the adoption before.
    expect(endOf(await withL1At(KDUMP_END - 64, {}, memory))).toEqual(INDETERMINATE);
    const oops = 'Internal error: Oops: 0000000096000007 [#1] SMP\npc : arm_smmu_device_probe+0x9d8/0x1420\n';
    const inspected = await withL1At(KDUMP_END - 64, { dmesg: { file: 'log', text: oops } }, memory);
    expect(deathOf(inspected)).toBe('arm_smmu_device_probe at 0x8e000000');
    expect(logOf(inspected)).toEqual([ADOPTING]);
    expect(inspected.smmu.adoption.settledByLog).toBe(true);
  });
});

describe('in the registers of a device: maps silently, and reads whatever the device answers', () => {
  test('an L2 table', async () => {
    const inspected = await onMachine(withL2At(UART), { insert: [0x100] });
    expect(inserts(inspected)).toEqual([{ sid: 0x100, ret: 0, deferred: null }]);
    expect(inspected.smmu.panic).toBeNull();
    const where = 'device registers (pl011@9000000)';
    expect(misplaced(inspected)).toContainEqual({ table: 'L2 table', address: '0x9000000', where });
  });

  test('the L1 table', async () => {
    const inspected = await withL1At(UART);
    expect(endOf(inspected)).toEqual(INDETERMINATE);
    expect(inspected.smmu.adoption.mappings).toMatchObject([{ ok: true, why: 'maps device registers' }]);
  });

  test('an L2 table in the scan of v10', async () => {
    // One page of the L2 table is the device's; its other three are a hole.
    const machine = ['09000000-09003fff : pl011@9000000', ...IOMEM.slice(1)];
    expect(endOf(await onMachine(withL2At(UART), { iomem: machine, revision: 'v10' }))).toEqual(INDETERMINATE);
  });
});

describe('beyond what the CPU can address: the only address that does not map', () => {
  test('an L2 table: devm_memremap() fails, -ENXIO', async () => {
    const inspected = await onMachine(withL2At(BEYOND_48_BITS), { insert: [0x100], kernel: { major: 6, minor: 12 } });
    expect(inspected.smmu.inserts).toMatchObject([{ sid: 0x100, ret: -6, errno: 'ENXIO', deferred: null }]);
    expect(inspected.smmu.inserts[0]?.mappings).toMatchObject([{ kind: 'devm_memremap', ok: false, why: ABOVE }]);
    expect(logOf(inspected)).toEqual([ADOPTING, RETAINING, 'kdump: failed to adopt l2 stream table for SID 256']);
  });

  test.each([
    ['the L1 table', withL1At],
    ['a linear table', withLinearAt],
  ])('%s: memremap() fails, -ENOMEM, without a message of its own', async (_, at) => {
    const inspected = await at(BEYOND_48_BITS);
    expect(endOf(inspected)).toEqual({ verdict: 'fallback', ret: -12, dies: null });
    expect(inspected.smmu.adoption.mappings).toMatchObject([{ kind: 'memremap', ok: false, why: ABOVE }]);
    expect(logOf(inspected)).toEqual([ADOPTING, FALLING_BACK, RESETTING]);
  });

  test('an L2 table in the scan of v10: the whole adoption is tossed, -ENOMEM', async () => {
    const inspected = await onMachine(withL2At(BEYOND_48_BITS), { revision: 'v10' });
    expect(endOf(inspected)).toEqual({ verdict: 'fallback', ret: -12, dies: null });
    const failed = 'kdump: failed to reserve in-use ASIDs/VMIDs';
    expect(logOf(inspected)).toEqual([ADOPTING, failed, FALLING_BACK, RESETTING]);
  });

  test('the last table below the limit maps, and is a hole like any other', async () => {
    const inspected = await onMachine(withL2At(BEYOND_48_BITS - 0x4000), { insert: [0x100] });
    expect(deathOf(inspected)).toBe('arm_smmu_is_attach_deferred at 0xffffffffc000');
  });

  test('--pa-bits moves the limit', async () => {
    const l2 = 2 ** 40;
    const [narrow, wide] = await Promise.all([
      onMachine(withL2At(l2), { insert: [0x100], paBits: 40 }),
      onMachine(withL2At(BEYOND_48_BITS), { insert: [0x100], paBits: 52 }),
    ]);
    expect(inserts(narrow)).toMatchObject([{ ret: -6 }]);
    expect(deathOf(wide)).toBe('arm_smmu_is_attach_deferred at 0x1000000000000');
  });
});

describe('memory of the kdump kernel and a device in one range: fails with a warning', () => {
  const machine = [
    '80000000-8dffffff : System RAM',
    '  8c000000-8dffffff : Crash kernel',
    '8e000000-8e000fff : pl011@8e000000',
  ];
  const why = "memory of the kdump kernel and a device's in one range";

  test('the L1 table', async () => {
    const inspected = await withL1At(KDUMP_END - 64, { iomem: machine });
    expect(endOf(inspected)).toEqual({ verdict: 'fallback', ret: -12, dies: null });
    expect(inspected.smmu.adoption).toMatchObject({ warnOn: 1, mappings: [{ ok: false, why }] });
  });

  test('an L2 table', async () => {
    const inspected = await onMachine(withL2At(KDUMP_END - 0x2000), { iomem: machine, insert: [0x100] });
    expect(inserts(inspected)).toEqual([{ sid: 0x100, ret: -6, deferred: null }]);
    expect(inspected.smmu.adoption.warnOn).toBe(1);
  });

  test('RAM that the kdump kernel does not know and a device are no mixture', async () => {
    const l1 = KDUMP_END - 64;
    const plain = [machine[0] as string, machine[2] as string];
    const inspected = await withL1At(l1, { iomem: plain }, new Image().reserve(l1, 64));
    expect(endOf(inspected)).toEqual(INDETERMINATE);
    expect(inspected.smmu.adoption.warnOn).toBe(0);
  });
});

describe('RAM that the dump lacks: maps, and what is read is not known', () => {
  const lacking = 0x8a00_0000;

  test('the L1 table', async () => {
    const inspected = await withL1At(lacking);
    expect(endOf(inspected)).toEqual(INDETERMINATE);
    expect(inspected.smmu.adoption.mappings).toMatchObject([{ ok: true, why: null }]);
  });

  test('an L2 table: accepted, and the deferral cannot be told', async () => {
    const inspected = await onMachine(withL2At(lacking), { insert: [0x100] });
    expect(inserts(inspected)).toEqual([{ sid: 0x100, ret: 0, deferred: null }]);
    expect(inspected.findings.map(({ rule }) => rule)).toContain('insert-deferral-unknown');
    expect(misplaced(inspected)).toEqual([]);
  });

  test('an L2 table in the scan of v10', async () => {
    expect(endOf(await onMachine(withL2At(lacking), { revision: 'v10' }))).toEqual(INDETERMINATE);
  });
});

describe('the other model, and what it does not know', () => {
  test('--memremap dump: what is not RAM in the dump does not map, and nobody dies', async () => {
    const inspected = await onMachine(withL2At(HOLE), { memremap: 'dump', insert: [0x100] });
    expect(inspected.smmu.inserts[0]).toMatchObject({
      ret: -6,
      mappings: [{ ok: false, why: 'not RAM in this dump' }],
    });
    expect(inspected.smmu.panic).toBeNull();
  });

  test('--memremap kernel without /proc/iomem: it maps, but whether it is a hole cannot be told', async () => {
    const options: MachineOptions = { memremap: 'kernel', insert: [0x100] };
    const inspected = await inspectMachine(withL2At(HOLE), options);
    expect(inserts(inspected)).toEqual([{ sid: 0x100, ret: 0, deferred: null }]);
    expect(inspected.smmu.panic).toBeNull();
  });
});
