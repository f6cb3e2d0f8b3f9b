/** StreamIDs in every form that reports print them in, read by firmware's tables, and what is said where these differ. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseOneStream, parseStreams } from '../../src/cli/options/arguments.ts';
import { type AskedSmmu, AskedStreams } from '../../src/platform/asked-streams.ts';
import { DeviceNames } from '../../src/platform/device-names.ts';
import { deviceTreeFirmware } from '../../src/platform/firmware/device-tree-firmware.ts';
import { iortFirmware } from '../../src/platform/firmware/iort-firmware.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { holds } from '../support/holds.ts';
import { refused } from '../support/refusal.ts';
import { runs } from '../support/slow.ts';
import { deviceTree } from '../support/writers/device-tree-writer.ts';
import { iort } from '../support/writers/iort-writer.ts';

const A = { name: 'a', base: 0x1000 };
const B = { name: 'b', base: 0x2000 };
const ELSEWHERE = { name: 'c', base: 0x9000 };

const smmu = (phandle: number, base: number) => {
  return { compatible: 'arm,smmu-v3', reg: [0, base, 1], '#iommu-cells': [1], phandle: [phandle] };
};
const bridge = (domain: number, map: readonly number[], mask = 0xffff) => {
  return { device_type: 'pci', 'linux,pci-domain': [domain], 'iommu-map': map, 'iommu-map-mask': [mask] };
};

/** Two SMMUs; segment 0 is behind the first with other StreamIDs, 1 behind both, 2 masked. */
const TREE = deviceTreeFirmware(
  deviceTree({
    a: smmu(1, 0x1000),
    b: smmu(2, 0x2000),
    'pcie@0': bridge(0, [0, 1, 0x10, 1, 0x100, 1, 0x11, 7]),
    'pcie@1': bridge(1, [0, 1, 0x1000, 0x100, 0x200, 2, 0x200, 0x100]),
    'pcie@2': bridge(2, [0, 2, 0x4000, 0x1000], 0xfff8),
    soc: {
      'usb@7': { iommus: [1, 0x31] },
      'gpu@8,0': { iommus: [1, 0x40, 1, 0x48] },
      'fsl-mc@9': { 'iommu-map': [2, 2, 0x60, 2] },
      'dma@5': { iommus: [1, 0x70] },
    },
    bus: { 'dma@5': { iommus: [2, 0x70] } },
  }),
  { kind: 'file', file: 'a.dtb' },
);
const TABLE = iortFirmware(
  iort([
    { smmuV3: 0x1000 },
    { segment: 3, mappings: [{ count: 0x1_0000, firstSid: 0x3_0000, to: 0 }] },
    { component: '\\_SB_.USB0', mappings: [{ firstSid: 0x55, to: 0, single: true }] },
  ]),
  { kind: 'file', file: 'iort.bin' },
);
const PLATFORM: Platform = { tables: [TREE, TABLE], search: null };

function read(text: string, smmus: readonly AskedSmmu[] = [A, B], platform: Platform | undefined = PLATFORM) {
  const asked = new AskedStreams(platform, smmus);
  const sidsOf = asked.read(parseStreams(text));
  return { sids: smmus.map((one) => sidsOf(one)), remarks: asked.remarks.map(({ kind, text: of }) => `${kind} ${of}`) };
}

describe('a device has the StreamIDs that firmware gives it, of the SMMU that it is behind', () => {
  test.each<[string, number[], number[]]>([
    ['0000:01:00.0', [0x11], []],
    ['0000:01:00.0,0001:02:00.0', [0x11], [0x200]],
    ['0001:00:01.0', [0x1008], []],
    ['0002:01:00.*', [], [0x4100]],
    ['0002:01:00.3', [], [0x4100]],
    ['0003:01:00.0', [0x3_0100], []],
    ['0000:01:00.0-0000:01:00.6', [0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17], []],
    ['/soc/usb@7', [0x31], []],
    ['usb@7', [0x31], []],
    ['/soc/gpu@8,0', [0x40, 0x48], []],
    ['0x5,/soc/gpu@8,0,7', [5, 0x40, 0x48, 7], [5, 7]],
    ['/bus/dma@5', [], [0x70]],
    ['/soc/fsl-mc@9 (ID 0x3)', [], [0x61]],
    ['fsl-mc@9', [], [0x60, 0x61]],
    ['\\_SB_.USB0', [0x55], []],
    ['\\_SB.USB0', [0x55], []],
    ['_SB_.USB0', [0x55], []],
    ['USB0', [0x55], []],
    ['17,0x12-0x13', [17, 0x12, 0x13], [17, 0x12, 0x13]],
  ])('%s', (text, ofA, ofB) => expect(read(text)).toEqual({ sids: [ofA, ofB], remarks: [] }));

  test('with a base that the snapshot does not have, of whichever it is', () => {
    expect(read('0001:02:00.0,/soc/usb@7', [{ name: 'x', base: null }]).sids).toEqual([[0x200, 0x31]]);
  });
});

describe('a reading that may surprise is pointed out', () => {
  test.each<[string, readonly AskedSmmu[], number[][], string]>([
    ['an address without its segment that is another StreamID', [A], [[0x11]], 'differs 01:00.0'],
    ['an address that firmware does not have', [A], [[0x900]], 'requester-id 09:00.0'],
    ['an address that firmware has behind another SMMU', [A], [[0x210]], 'requester-id 02:02.0'],
    ['an address of a segment that is all there is', [ELSEWHERE], [[0x100]], 'requester-id 0000:01:00.0'],
    ['a range of which some are there', [A], [[0x16, 0x17]], 'partly 0000:01:00.5-0000:01:00.7'],
  ])('%s', (_, smmus, sids, remark) => {
    const text = remark.slice(remark.indexOf(' ') + 1);
    expect(read(text, smmus)).toEqual({ sids, remarks: [remark] });
  });

  const map = { a: smmu(1, 0x1000), p: bridge(0, [0, 1, 0, 0x1_0000]), q: bridge(1, [0, 1, 0x1_0000, 0x1_0000]) };
  const plain = { tables: [deviceTreeFirmware(deviceTree(map), { kind: 'file', file: 'plain.dtb' })], search: null };

  test('not where it is the requester ID by firmware too, once for each text otherwise', () => {
    expect(read('01:00.0', [A], { tables: [TABLE], search: null }).remarks).toEqual(['differs 01:00.0']);
    expect(read('03:00.0', [A], { tables: [TABLE, TREE], search: null }).sids).toEqual([[0x3_0300]]);
    expect(read('00:08.0-00:08.3', [A], plain).remarks).toEqual([]);
    expect(read('01:00.0,01:00.0,01:00.1', [A]).remarks).toEqual(['differs 01:00.0', 'differs 01:00.1']);
  });

  test('with what firmware has', () => {
    const asked = new AskedStreams(PLATFORM, [A]);
    asked.read(parseStreams('01:00.0'));
    const stream = {
      base: 0x1000,
      sid: 0x11,
      segment: 0,
      device: '0000:01:00.0',
      source: { kind: 'file', file: 'a.dtb' },
    };
    expect(asked.remarks).toEqual([{ kind: 'differs', text: '01:00.0', requesterId: 0x100, stream }]);
  });
});

describe('what is meant has to be clear', () => {
  test.each<[string, readonly AskedSmmu[], string]>([
    ['02:00.0', [B], '"02:00.0" may be 0001:02:00.0 (StreamID 0x200) or 0002:02:00.* (StreamID 0x4200); say which'],
    ['0000:09:00.0', [A, B], 'firmware\'s tables have no "0000:09:00.0" behind a, b'],
    ['0000:01:00.*', [A], /^"0000:01:00\.\*" may be 0000:01:00\.0 \(StreamID 0x11\) or 0000:01:00\.1/.source],
    ['0001:02:00.0', [A], '"0001:02:00.0" is StreamID 0x200 of the SMMU at 0x2000 by a.dtb, not of a'],
    ['/bus/dma@5', [A], '"/bus/dma@5" is StreamID 0x70 of the SMMU at 0x2000 by a.dtb, not of a'],
    [
      '0001:01:00.0',
      [ELSEWHERE],
      '"0001:01:00.0": only firmware\'s tables, of this SMMU\'s machine, tell its StreamID',
    ],
    ['dma@5', [A], '"dma@5" is not a StreamID: no number, no PCI address, no name of a device in firmware\'s tables'],
    ['pcie@0', [A], '"pcie@0" is not a StreamID: no number, no PCI address, no name of a device in firmware\'s tables'],
  ])('%s', async (text, smmus, message) => {
    const { tag, what } = await refused(() => read(text, smmus));
    expect(tag).toBe('usage');
    expect(what).toMatch(message.startsWith('^') ? new RegExp(message) : message);
  });

  test('where one StreamID is wanted, a device with several is refused with them', async () => {
    const one = (text: string) => new AskedStreams(PLATFORM, [A]).readOne(parseOneStream(text), A);
    expect(one('/soc/usb@7')).toBe(0x31);
    const { what } = await refused(() => one('/soc/gpu@8,0'));
    expect(what).toBe('"/soc/gpu@8,0" has 2 StreamIDs: 0x40, 0x48; say which');
  });

  test('a list stays bounded, however many StreamIDs a name stands for', async () => {
    const tree = { a: smmu(1, 0x1000), 'mc@1': { 'iommu-map': [0, 1, 0, 0x4000_0000] } };
    const platform = { tables: [deviceTreeFirmware(deviceTree(tree), { kind: 'file', file: 'a.dtb' })], search: null };
    expect(read('mc@1', [A], platform).sids[0]).toHaveLength(65_536);
    expect((await refused(() => read('mc@1,7', [A], platform))).what).toBe('a list of more than 65536 SIDs');
  });
});

test('every name that is given to a StreamID is read as that StreamID', () => {
  const row = fc.record({
    firstId: fc.nat({ max: 0x3ff }),
    firstSid: fc.nat({ max: 0x3ff }),
    count: fc.nat({ max: 0x80 }),
  });
  const mask = fc.constantFrom(0xffff, 0xfff8, 0xff00, 0x1ff, 0xff, 0);
  holds(
    fc.property(fc.array(row, { minLength: 1, maxLength: 4 }), mask, (rows, cut) => {
      const map = rows.flatMap(({ firstId, firstSid, count }) => [firstId & cut, 1, firstSid, count]);
      const table = deviceTreeFirmware(deviceTree({ a: smmu(1, 0x1000), p: bridge(0, map, cut) }), {
        kind: 'file',
        file: 'a.dtb',
      });
      const platform = { tables: [table], search: null };
      const names = new DeviceNames(table.smmus[0]?.ranges ?? []);
      const said = new Map<string, number[]>();
      for (let sid = 0; sid < 0x500; sid++) {
        const name = names.deviceOf(sid);
        if (name !== null) said.set(name, [...(said.get(name) ?? []), sid]);
      }
      for (const [name, sids] of said) expect(sids).toContain(read(name, [A], platform).sids[0]?.[0]);
    }),
    { seed: 19, numRuns: runs(60, 4) },
  );
});
