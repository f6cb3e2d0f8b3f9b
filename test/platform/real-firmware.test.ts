/**
 * Tables of real machines, with facts that were read off them by hand: how many SMMUs, who is behind them, and what a
 * device's StreamID is. They are not this repository's to keep; without them these tests are skipped.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DeviceNames } from '../../src/platform/device-names.ts';
import { deviceTreeFirmware } from '../../src/platform/firmware/device-tree-firmware.ts';
import type { Firmware } from '../../src/platform/firmware/firmware.ts';
import { iortFirmware } from '../../src/platform/firmware/iort-firmware.ts';
import { StreamDirectory } from '../../src/platform/stream-ids.ts';
import { REAL_FIRMWARE, whyNot } from '../support/outside/real-dumps.ts';
import { refused } from '../support/refusal.ts';

const parse = (file: string): Firmware => {
  const bytes = readFileSync(join(REAL_FIRMWARE, file));
  return file.endsWith('.dtb')
    ? deviceTreeFirmware(bytes, { kind: 'file', file })
    : iortFirmware(bytes, { kind: 'file', file });
};

interface Facts {
  readonly smmus: readonly (readonly [base: number, coherent: boolean])[];
  readonly disabled?: readonly number[];
  /** Segment and requester ID, or a name, with the SMMU's base and the StreamID; null for nobody's. */
  readonly streams: readonly (readonly [
    device: readonly [number, number] | string,
    base: number,
    sid: number | null,
  ])[];
  /** Base, StreamID and its name; null for nobody. */
  readonly names: readonly (readonly [base: number, sid: number, device: string | null])[];
}

const MACHINES: readonly (readonly [file: string, facts: Facts])[] = [
  [
    'kunpeng920-d06-iort.bin',
    {
      smmus: [0x1_4800_0000, 0x1_0000_0000, 0x1_4000_0000, 0x4001_4800_0000, 0x4001_0000_0000, 0x4001_4000_0000].map(
        (base) => [base, true] as const,
      ),
      streams: [
        [[0, 0x7bff], 0x1_4800_0000, 0x7bff],
        // One too many in the range before it, which is of another SMMU.
        [[0, 0x7c00], 0x1_0000_0000, 0x7c00],
        [[0, 0xbc00], 0x4001_0000_0000, 0xbc00],
        [[0, 0x7400], 0x1_4000_0000, 0x7400],
        // To the ITS, without an SMMU.
        [[0, 0x7a00], 0, null],
        [[0, 0xb800], 0, null],
        [[1, 0], 0, null],
        ['\\_SB_.SEC0', 0x1_4000_0000, 0x100],
        ['\\_SB_.MB30', 0, null],
      ],
      names: [
        [0x1_4800_0000, 0x7c00, null],
        [0x1_0000_0000, 0x7c00, '0000:7c:00.0'],
        [0x1_4000_0000, 0x100, '\\_SB_.SEC0'],
        [0x4001_4800_0000, 0xbb08, '0000:bb:01.0'],
      ],
    },
  ],
  [
    'ampere-altra-iort.bin',
    {
      smmus: [
        0x33ff_e000_0000, 0x37ff_e000_0000, 0x3fff_e000_0000, 0x23ff_e000_0000, 0x2bff_e000_0000, 0x2fff_e000_0000,
      ].map((base) => [base, false] as const),
      streams: [
        [[0, 0x100], 0x3fff_e000_0000, 0x100],
        [[12, 0x100], 0x33ff_e000_0000, 0x100],
        [[13, 0xffff], 0x37ff_e000_0000, 0xffff],
        [[1, 0x100], 0, null],
      ],
      names: [
        [0x2bff_e000_0000, 0x100, '0004:01:00.0'],
        [0x2fff_e000_0000, 0x1_0000, null],
      ],
    },
  ],
  [
    'arm-n1sdp-iort.bin',
    { smmus: [[0x4f40_0000, true]], streams: [[[0, 8], 0x4f40_0000, 8]], names: [[0x4f40_0000, 8, '0000:00:01.0']] },
  ],
  [
    'qemu10-two-smmuv3-iort.bin',
    {
      smmus: [
        [0xc00_0000, true],
        [0xc02_0000, true],
      ],
      streams: [
        [[0, 0x1ff], 0xc00_0000, 0x1ff],
        [[0, 0x200], 0, null],
        [[0, 0x1000], 0xc02_0000, 0x1000],
        [[0, 0x1100], 0, null],
      ],
      names: [
        [0xc00_0000, 0x1000, null],
        [0xc02_0000, 0x1000, '0000:10:00.0'],
      ],
    },
  ],
  [
    'x1e80100-dell-xps-9345-iort.bin',
    {
      smmus: [[0x1540_0000, true]],
      streams: [
        [[0, 0x100], 0x1540_0000, 0x100],
        [[6, 0x100], 0x1540_0000, 0x6_0100],
        [[8, 0], 0, null],
        ['\\_SB.USB3', 0, null],
      ],
      names: [
        [0x1540_0000, 0x4_0100, '0004:01:00.0'],
        [0x1540_0000, 0x8_0000, null],
      ],
    },
  ],
  [
    'sc8280xp-thinkpad-x13s-iort.bin',
    {
      smmus: [[0x14f8_0000, true]],
      streams: [
        [[2, 0x100], 0x14f8_0000, 0x2_0100],
        [[7, 0], 0, null],
      ],
      names: [[0x14f8_0000, 0x6_0008, '0006:00:01.0']],
    },
  ],
  [
    'fvp-base-revc.dtb',
    {
      smmus: [[0x2b40_0000, true]],
      streams: [[[0, 0xffff], 0x2b40_0000, 0xffff]],
      names: [[0x2b40_0000, 0x1f, '0000:00:03.7']],
    },
  ],
  [
    'morello-sdp.dtb',
    {
      smmus: [
        [0x2ce0_0000, false],
        [0x4f00_0000, true],
        [0x4f40_0000, true],
      ],
      streams: [
        [[0, 0x100], 0x4f40_0000, 0x100],
        [[1, 0x100], 0x4f00_0000, 0x100],
        ['/display@2cc00000', 0x2ce0_0000, 0],
      ],
      names: [
        [0x2ce0_0000, 3, '/display@2cc00000'],
        [0x2ce0_0000, 4, null],
        [0x2ce0_0000, 8, '/display@2cc00000'],
      ],
    },
  ],
  [
    'rk3588-rock-5b-plus.dtb',
    {
      smmus: [[0xfc90_0000, false]],
      disabled: [0xfcb0_0000],
      streams: [
        [[0, 0x100], 0xfc90_0000, 0x100],
        [[4, 0x4100], 0xfc90_0000, 0x4100],
        [[4, 0x100], 0, null],
        // Its bridge is disabled.
        [[3, 0x3100], 0, null],
      ],
      names: [
        [0xfc90_0000, 0x2100, '0002:21:00.0'],
        [0xfc90_0000, 0x3100, null],
      ],
    },
  ],
  [
    'imx95-19x19-evk-sof-smmu-enabled.dtb',
    {
      smmus: [[0x490d_0000, false]],
      streams: [
        [[0, 0], 0x490d_0000, 0x10],
        [[0, 0x100], 0x490d_0000, 0x11],
        [[1, 0x100], 0x490d_0000, 0x19],
        // Numbered by Linux: 0 and 1 are given.
        [[2, 0x90], 0x490d_0000, 0x25],
        [[2, 0x08], 0, null],
        ['/soc/usb@4c200000', 0x490d_0000, 0xf],
        ['usb@4c100000', 0x490d_0000, 0xe],
      ],
      names: [
        [0x490d_0000, 0x17, '0000:01:00.6'],
        [0x490d_0000, 0x18, '0001:00:00.0'],
        [0x490d_0000, 0x22, '0002:00:04.0'],
        [0x490d_0000, 0xd, null],
      ],
    },
  ],
];

const skipped = whyNot(REAL_FIRMWARE);

describe.skipIf(skipped !== '')(`tables of real machines${skipped}`, () => {
  describe.each(MACHINES)('%s', (file, facts) => {
    const table = skipped === '' ? parse(file) : null;
    const smmus = table?.smmus ?? [];

    test('its SMMUs', () => {
      expect(smmus.map(({ base, coherent }) => [base, coherent])).toEqual(facts.smmus);
      expect(table?.disabled.map(({ base }) => base)).toEqual(facts.disabled ?? []);
      expect(table?.problems).toEqual([]);
    });

    test.each(facts.streams)('device %s', (device, base, sid) => {
      const directory = new StreamDirectory({ tables: table === null ? [] : [table], search: null });
      const found =
        typeof device === 'string'
          ? directory.named(device)
          : directory.pci({ segment: device[0], id: device[1], anyBits: 0 });
      const [first] = found.map((stream) => [stream.base, stream.sid]);
      expect(first ?? null).toEqual(sid === null ? null : [base, sid]);
    });

    test.each(facts.names)('SMMU at %i, StreamID %i: %s', (base, sid, device) => {
      const smmu = smmus.find((one) => one.base === base);
      expect(new DeviceNames(smmu?.ranges ?? []).deviceOf(sid)).toBe(device);
    });
  });

  test('one without an SMMUv3 is refused, with what it has', async () => {
    const { what } = await refused(() => parse('smmuv2-only-iort.bin'));
    expect(what).toBe('has no SMMUv3 node; it has 2 of SMMUv1 or SMMUv2, which another driver runs');
  });
});
