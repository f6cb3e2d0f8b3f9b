/** Holes of the physical map behind a table: mapping them succeeds, and the first read kills the kdump kernel. */

import { describe, expect, test } from 'vitest';
import { Image } from '../../samples/image.ts';
import { CDS, HOLE, type Inspected, L1, L2_BUS0, logOf } from '../support/made/machine.ts';
import {
  ADOPTED,
  ADOPTING,
  deathOf,
  endOf,
  FALLING_BACK,
  onMachine,
  RESETTING,
  RETAINING,
  withL1At,
  withL2At,
  withLinearAt,
} from '../support/made/placed-tables.ts';

const RAM_END = 0x9000_0000;

describe('in a hole: maps silently, and the first read is an external abort', () => {
  test('an L2 table: dies in the deferral question, not in the insertion', async () => {
    const inspected = await onMachine(withL2At(HOLE), { insert: [0x8, 0x101, 0x10] });
    expect(endOf(inspected)).toEqual({ verdict: 'adopted', ret: 0, dies: 'arm_smmu_is_attach_deferred' });
    expect(deathOf(inspected)).toBe('arm_smmu_is_attach_deferred at 0x170000040');
    expect(inspected.smmu.panic?.why).toContain('external abort');
    expect(logOf(inspected)).toEqual([ADOPTING, RETAINING]);
    expect(inspected.smmu.inserts[1]).toMatchObject({ sid: 0x101, ret: 0, deferred: null });
    expect(inspected.smmu.lost).toBeNull();
  });

  test('an L2 table that no device uses harms nobody before v10', async () => {
    for (const revision of ['v6', 'v7']) {
      expect(endOf(await onMachine(withL2At(HOLE), { insert: [0x8], revision }))).toEqual(ADOPTED);
    }
  });

  test.each([
    ['v6', 'arm_smmu_device_probe'],
    ['v7', 'arm_smmu_device_probe'],
    ['v10', 'arm_smmu_kdump_adopt_strtab'],
  ])('the L1 table: %s dies in %s, before SMMUEN is said to be retained', async (revision, where) => {
    const inspected = await withL1At(HOLE, { revision, insert: [0x8] });
    expect(endOf(inspected)).toEqual({ verdict: 'panic', ret: null, dies: where });
    expect(deathOf(inspected)).toBe(`${where} at 0x170000000`);
    expect(logOf(inspected)).toEqual([ADOPTING]);
    const { reset, devices, lost, adoption } = inspected.smmu;
    expect({ reset, devices, lost, option: adoption.optionAfter }).toEqual({
      reset: null,
      devices: [],
      lost: null,
      option: null,
    });
    expect(inspected.summary.exitCode).toBe(1);
  });

  test.each([
    ['v5', true],
    ['v6', false],
    ['v7', true],
    ['v8', true],
    ['v10', false],
    ['next', true],
  ])('whether %s dies there by that name is inferred, but where a real kernel has: %s', async (revision, inferred) => {
    const { smmu, findings } = await withL1At(HOLE, { revision, insert: [0x8] });
    expect(smmu.panic?.inferred).toBe(inferred);
    const said = findings.find(({ rule }) => rule === 'kernel-panic')?.message;
    expect(said?.includes('(a name that is inferred)')).toBe(inferred);
  });

  test('a level 1 descriptor of a CD table: v10 has not been seen to die of one', async () => {
    const cds = { V: 1, Config: 5, S1Fmt: 2, S1CDMax: 11, S1ContextPtr: BigInt(HOLE) };
    const { smmu } = await onMachine(withL2At(L2_BUS0).ste(L2_BUS0, 9, cds), { revision: 'v10' });
    expect(smmu.panic).toMatchObject({ where: 'arm_smmu_kexec_resv_ste_ids', inferred: true });
  });

  test('the L1 table, at the later moment only: who has read it once survives that again', async () => {
    // /proc/iomem knows nothing of where the tables are; the first dump has bytes there, the later one has not.
    const iomem = ['40000000-5fffffff : System RAM'];
    const later = new Image().reserve(L2_BUS0, 0x4000);
    const inspected = await onMachine(withL2At(0), { iomem, later, insert: [0x8] });
    expect(endOf(inspected)).toEqual(ADOPTED);
    expect(inspected.smmu.inserts).toMatchObject([{ ret: null }]);
  });

  test.each(['v6', 'v7'])('a linear table: %s does not look at it before the deferral question', async (revision) => {
    expect(endOf(await withLinearAt(HOLE, { revision }))).toEqual(ADOPTED);
    const inspected = await withLinearAt(HOLE, { revision, insert: [8] });
    expect(deathOf(inspected)).toBe('arm_smmu_is_attach_deferred at 0x170000200');
    expect(logOf(inspected)).toEqual([ADOPTING, RETAINING]);
  });

  const stage1 = { V: 1, Config: 5, S1ContextPtr: CDS };
  const [ofStes, ofCds] = ['arm_smmu_kexec_scan_and_resv_ids', 'arm_smmu_kexec_resv_cd_asids'];
  test.each<[string, string, () => Promise<Inspected>, string]>([
    ['an L2 table', ofStes, () => onMachine(withL2At(HOLE), { revision: 'v10' }), '0x170000000'],
    ['a linear table', ofStes, () => withLinearAt(HOLE, { revision: 'v10' }), '0x170000000'],
    [
      'a CD table',
      ofCds,
      () =>
        onMachine(
          withL2At(0)
            .l1(L1, 1, 0, 0)
            .ste(L2_BUS0, 9, { ...stage1, S1ContextPtr: HOLE + 64 }),
          { revision: 'v10' },
        ),
      '0x170000040',
    ],
    [
      'the first level of a CD table',
      'arm_smmu_kexec_resv_ste_ids',
      () => {
        const memory = withL2At(0).l1(L1, 1, 0, 0);
        return onMachine(memory.ste(L2_BUS0, 9, { ...stage1, S1ContextPtr: HOLE, S1Fmt: 2, S1CDMax: 11 }), {
          revision: 'v10',
        });
      },
      '0x170000000',
    ],
    [
      'a CD leaf',
      ofCds,
      () => {
        const memory = withL2At(0)
          .l1(L1, 1, 0, 0)
          .ste(L2_BUS0, 9, { ...stage1, S1Fmt: 2, S1CDMax: 11 });
        return onMachine(memory.write(CDS, [0n, BigInt(HOLE) | 1n]), { revision: 'v10' });
      },
      '0x170000000',
    ],
  ])('%s: v10 dies in its scan, in %s', async (_, where, inspected, address) => {
    const one = await inspected();
    expect(endOf(one)).toEqual({ verdict: 'panic', ret: null, dies: where });
    expect(one.smmu.fate).toEqual({ kind: 'kernel-dies', after: null });
    expect(one.smmu.panic?.address).toBe(address);
    expect(logOf(one)).toEqual([ADOPTING]);
  });
});

describe('a broken rule before a hole: the kernel never comes to the hole', () => {
  const l1 = RAM_END - 64;

  test('the L1 table runs out of RAM', async () => {
    expect(deathOf(await withL1At(l1, {}, new Image().reserve(l1, 64)))).toBe('arm_smmu_device_probe at 0x90000000');
  });

  test('what is not known before the end of RAM may end the adoption instead', async () => {
    const inspected = await withL1At(l1, {}, new Image().reserve(L2_BUS0, 64));
    expect(endOf(inspected)).toEqual({ verdict: 'indeterminate', ret: null, dies: null });
    expect(inspected.smmu.fate.kind).toBe('unknown');
    expect(inspected.summary.exitCode).toBe(3);
  });

  test('a bad descriptor in the part that is RAM tosses the adoption', async () => {
    const inspected = await withL1At(l1, {}, new Image().l1(l1, 7, 3, L2_BUS0));
    expect(endOf(inspected)).toEqual({ verdict: 'fallback', ret: -22, dies: null });
    expect(logOf(inspected)).toEqual([ADOPTING, 'kdump: L1[7] unsupported span 3 (vs 9)', FALLING_BACK, RESETTING]);
  });

  const reserved = { V: 1, Config: 2 };
  test('the scan of v10 ends at a reserved Config, and the L2 table of the next bus is not mapped', async () => {
    const inspected = await onMachine(withL2At(HOLE).ste(L2_BUS0, 0x80, reserved), { revision: 'v10' });
    expect(endOf(inspected)).toEqual({ verdict: 'fallback', ret: -22, dies: null });
    const mapped = inspected.smmu.adoption.mappings.map(({ purpose, address }) => `${purpose} ${address}`);
    expect(mapped).toEqual(['l1-table 0x88000000', 'l2-table 0x88010000']);
  });

  test('what is not known before the hole may end the scan instead', async () => {
    // RAM that the dump lacks.
    const memory = withL2At(HOLE).l1(L1, 0, 9, 0x8a00_0000);
    const inspected = await onMachine(memory, { revision: 'v10' });
    expect(endOf(inspected)).toEqual({ verdict: 'indeterminate', ret: null, dies: null });
  });

  test('behind the hole it comes too late', async () => {
    const memory = withL2At(L2_BUS0).l1(L1, 0, 9, HOLE).ste(L2_BUS0, 0x80, reserved);
    expect(endOf(await onMachine(memory, { revision: 'v10' })).dies).toBe('arm_smmu_kexec_scan_and_resv_ids');
  });
});
