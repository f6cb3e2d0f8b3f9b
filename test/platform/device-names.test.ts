/** Device names from ranges of IDs: overlaps, what lies beyond a table, what nobody claims, and a real machine's. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { idsInWords } from '../../src/findings/prose/firmware.ts';
import { DeviceNames, rangesBeyond, unclaimedSids } from '../../src/platform/device-names.ts';
import type { IdRange } from '../../src/platform/firmware/firmware.ts';
import { loadDeviceTree } from '../../src/platform/firmware/load.ts';
import { holds } from '../support/holds.ts';
import { QEMU_A, whyNot } from '../support/outside/real-dumps.ts';

const pci = (firstSid: number, count: number, firstId = 0, mask = 0xffff): IdRange => {
  return { kind: 'pci', name: 'bridge', segment: 0, firstId, count, firstSid, mask };
};
const device = (name: string, firstSid: number, count = 1): IdRange => {
  return { kind: 'platform', name, segment: null, firstId: 0, count, firstSid, mask: 0 };
};

test('where ranges overlap, the one that begins first has the StreamIDs', () => {
  const names = new DeviceNames([device('b', 4), pci(0, 8), device('a', 8), device('a again', 8)]);
  expect([4, 7, 8, 9].map((sid) => names.deviceOf(sid))).toEqual(['0000:00:00.4', '0000:00:00.7', 'a', null]);
});

test('one PCI function has a StreamID unless a mask makes others share it, even where the name does not show it', () => {
  const functionOf = (mask: number) => {
    const names = new DeviceNames([pci(0, 0x200, 0, mask)]);
    return [names.deviceOf(0x108), names.onlyPciFunctionOf(0x108)];
  };
  expect(functionOf(0xffff_ffff)).toEqual(['0000:01:01.0', '0000:01:01.0']);
  expect(functionOf(0xfff8)).toEqual(['0000:01:01.*', null]);
  expect(functionOf(0x01ff)).toEqual(['0000:01:01.0', null]);
  expect(new DeviceNames([device('a', 4)]).onlyPciFunctionOf(4)).toBeNull();
});

test('a range that is one too long gives way to the one that begins at its end', () => {
  const names = new DeviceNames([pci(0, 0x101), pci(0x100, 0x101, 0x800)]);
  expect([0xff, 0x100, 0x200, 0x201].map((sid) => names.deviceOf(sid))).toEqual([
    '0000:00:1f.7',
    '0000:08:00.0',
    '0000:09:00.0',
    null,
  ]);
});

test('every StreamID of a range has the ID that maps to it', () => {
  const word = fc.nat({ max: 0xffff });
  holds(
    fc.property(word, word, word, word, (firstId, length, firstSid, mask) => {
      const count = Math.min(length + 1, 0x10000 - firstId);
      const names = new DeviceNames([pci(firstSid, count, firstId, mask)]);
      for (const id of [0, firstId, firstId + count - 1, 0xffff, mask]) {
        const masked = id & mask;
        if (masked < firstId || masked >= firstId + count) continue;
        const said = names.deviceOf(masked - firstId + firstSid) ?? '';
        const bus = /^0000:(..|\*):(..|\*)\.(.)$/.exec(said) ?? [];
        const parts = [masked >>> 8, (masked >>> 3) & 0x1f, masked & 7];
        for (const [i, part] of parts.entries()) {
          if (bus[i + 1] !== '*') expect(Number.parseInt(bus[i + 1] ?? '', 16)).toBe(part);
        }
      }
    }),
    { seed: 5 },
  );
});

test('what lies beyond a table', () => {
  const ranges = [pci(0, 0x100), pci(0xf0, 0x20, 0x800), device('usb', 0x200)];
  expect(rangesBeyond(ranges, 0x1000)).toEqual([]);
  const beyond = rangesBeyond(ranges, 0x100);
  expect(beyond.map(({ firstId, firstSid, count }) => [firstId, firstSid, count])).toEqual([
    [0x810, 0x100, 0x10],
    [0, 0x200, 1],
  ]);
  expect(beyond.map(idsInWords)).toEqual(['0000:08:02.0-0000:08:03.7', '0x0']);
});

test('what nobody claims, in runs', () => {
  const names = new DeviceNames([pci(0x10, 0x10)]);
  const sids = [1, 2, 3, 0x10, 0x1f, 0x20, 0x22];
  expect([...unclaimedSids(names, sids)]).toEqual([
    { first: 1, last: 3 },
    { first: 0x20, last: 0x20 },
    { first: 0x22, last: 0x22 },
  ]);
  expect([...unclaimedSids(names, [])]).toEqual([]);
});

const whyNotQemuA = whyNot(QEMU_A);

describe.skipIf(whyNotQemuA !== '')(`a real machine${whyNotQemuA}`, () => {
  test('every device has the address that the kernel gave it', async () => {
    const { smmus, problems } = await loadDeviceTree(join(QEMU_A, 'guest.dtb'));
    expect(problems).toEqual([]);
    expect(smmus).toHaveLength(1);
    expect(smmus[0]).toMatchObject({ name: '/smmuv3@9050000', base: 0x905_0000, coherent: true, reserved: [] });
    const names = new DeviceNames(smmus[0]?.ranges ?? []);
    const { devices } = JSON.parse(readFileSync(join(QEMU_A, 'groundtruth.json'), 'utf8')) as {
      devices: { bdf: string; sid: string }[];
    };
    expect(devices).toHaveLength(22);
    for (const { bdf, sid } of devices) expect(names.deviceOf(Number(sid))).toBe(bdf);
    // The alias of the bridge that 40:04.0 is behind: no device has this address, its DMA does.
    expect(names.deviceOf(0x4000)).toBe('0000:40:00.0');
  });
});
