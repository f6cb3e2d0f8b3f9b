/** What the rules of both structures share, and the entries of real kernels. */

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { inspect, loadSnapshot, openDump, type SmmuReport } from '../../../src/index.ts';
import { encodeFields } from '../../../src/smmu/fields.ts';
import { hardwareFeatures } from '../../../src/smmu/registers/hardware-features.ts';
import { CD } from '../../../src/smmu/structures/cd.ts';
import { cdIllegalities } from '../../../src/smmu/structures/cd-legality.ts';
import { L1STD } from '../../../src/smmu/structures/l1std.ts';
import { reservedBitsSet } from '../../../src/smmu/structures/reserved-bits.ts';
import { STE } from '../../../src/smmu/structures/ste.ts';
import { steIllegalities } from '../../../src/smmu/structures/ste-legality.ts';
import { ADOPT_V6, QEMU_A, whyNot } from '../../support/outside/real-dumps.ts';

describe('bits that no field names', () => {
  test('none in what is made of fields', () => {
    expect(reservedBitsSet(STE, encodeFields(STE, { V: 1, Config: 7, S2TTB: 2n ** 55n, S2POI15: 15 }))).toEqual([]);
  });

  test('in place, word by word', () => {
    const words = encodeFields(STE, { V: 1 });
    words[0] = (words[0] ?? 0n) | (1n << 56n);
    words[3] = 1n << 63n;
    expect(reservedBitsSet(STE, words)).toEqual([
      { word: 0, bits: 1n << 56n },
      { word: 3, bits: 1n << 63n },
    ]);
  });

  test('of all ones, those of the layout', () => {
    expect(reservedBitsSet(L1STD, [2n ** 64n - 1n])).toEqual([{ word: 0, bits: 0xff00_0000_0000_0020n }]);
    expect(
      reservedBitsSet(
        CD,
        Array.from({ length: 8 }, () => 2n ** 64n - 1n),
      ).map(({ word }) => word),
    ).toEqual([1, 2, 5, 6, 7]);
  });
});

/** Runs whose tables nobody damaged. */
const HEALTHY = ['dt-healthy', 'acpi-healthy', 'dt-noncoherent', 'dt-linear-10'];
const cases = [
  ...(existsSync(ADOPT_V6) ? readdirSync(ADOPT_V6) : [])
    .filter((name) => HEALTHY.includes(name))
    .map((name) => ({ name, dump: join(ADOPT_V6, name, 'dump.elf'), regs: join(ADOPT_V6, name, 'regs.json') })),
  { name: 'qemu-a', dump: join(QEMU_A, 'vmcore-trim.d1.zlib'), regs: join(QEMU_A, 'regs-panic.json') },
];
const reason = whyNot(ADOPT_V6) || whyNot(QEMU_A);

describe.skipIf(reason !== '')(`what real kernels wrote is legal${reason}`, () => {
  test.each(cases)('$name', async ({ dump: path, regs }) => {
    const snapshot = await loadSnapshot(regs);
    const dump = await openDump(path, { loadMap: snapshot.memory });
    try {
      const { smmus } = await inspect(dump, snapshot);
      const [{ stes, registers }] = smmus as readonly [SmmuReport];
      const hw = hardwareFeatures(new Map(Object.entries(registers).map(([name, { value }]) => [name, BigInt(value)])));
      let [active, cds] = [0, 0];
      for (const row of stes) {
        const ste = row.words.map(BigInt);
        expect(steIllegalities(ste, hw), `SID ${row.sid}`).toEqual([]);
        expect(reservedBitsSet(STE, ste), `SID ${row.sid}`).toEqual([]);
        active += 1;
        for (const { ssid, words } of row.cds) {
          expect(cdIllegalities(words.map(BigInt), ste, hw), `SID ${row.sid}, SSID ${ssid}`).toEqual([]);
          cds += 1;
        }
      }
      expect(active).toBeGreaterThan(0);
      expect(cds).toBeGreaterThan(0);
    } finally {
      dump.close();
    }
  });
});
