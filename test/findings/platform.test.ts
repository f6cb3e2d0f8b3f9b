/** What firmware's tables change in an inspection: names, coherency, reserved memory, and what is found. */

import { describe, expect, test } from 'vitest';
import { Image } from '../../samples/image.ts';
import { deviceTreeFirmware } from '../../src/platform/firmware/device-tree-firmware.ts';
import { iortFirmware } from '../../src/platform/firmware/iort-firmware.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { type Inspected, inspectMachine, L1, L2_BUS0, type MachineOptions } from '../support/made/machine.ts';
import { deviceTree, type WrittenNode } from '../support/writers/device-tree-writer.ts';
import { iort, type WrittenIortNode } from '../support/writers/iort-writer.ts';

const BASE = 0x905_0000;

/** Bus 0 with streams 8 and 0x30, as an adoption finds them. */
function memory(): Image {
  return new Image()
    .l1(L1, 0, 9, L2_BUS0)
    .abortTable(L2_BUS0, 256)
    .ste(L2_BUS0, 8, { V: 1, Config: 4 })
    .ste(L2_BUS0, 0x30, { V: 1, Config: 4 });
}

const treePlatform = (nodes: WrittenNode, smmu: WrittenNode = {}): Platform => {
  const node = { compatible: 'arm,smmu-v3', reg: [0, BASE, 2], '#iommu-cells': [1], phandle: [1], ...smmu };
  return {
    tables: [deviceTreeFirmware(deviceTree({ smmu: node, ...nodes }), { kind: 'file', file: 'a.dtb' })],
    search: null,
  };
};
const iortPlatform = (...nodes: WrittenIortNode[]): Platform => {
  return {
    tables: [iortFirmware(iort([{ smmuV3: BASE, coherent: true }, ...nodes]), { kind: 'file', file: 'iort.bin' })],
    search: null,
  };
};
const PCI = { pcie: { device_type: 'pci', 'iommu-map': [0, 1, 0, 0x1000] } };

const inspected = (platform: Platform, options: MachineOptions = {}) =>
  inspectMachine(memory(), { base: '0x9050000', platform, ...options });

function found({ findings }: Inspected): [string, unknown][] {
  return findings.filter(({ rule }) => rule.startsWith('platform-')).map(({ rule, args }) => [rule, args]);
}

test('without a table there is no word of one', async () => {
  const { smmu } = await inspectMachine(memory());
  expect(smmu).not.toHaveProperty('platform');
  expect([...smmu.stes].map(({ device }) => device)).toEqual([null, null]);
});

test('STEs have the names of their devices', async () => {
  const inspection = await inspected(treePlatform({ ...PCI }));
  expect([...inspection.smmu.stes].map(({ sid, bdf, device }) => [sid, bdf, device])).toEqual([
    [8, '00:01.0', '0000:00:01.0'],
    [0x30, '00:06.0', '0000:00:06.0'],
  ]);
  expect(inspection.smmu.platform).toMatchObject({ source: 'a.dtb', kind: 'device-tree', instance: '/smmu' });
  expect(found(inspection)).toEqual([]);
});

describe('coherency', () => {
  test("is the table's where the snapshot is silent", async () => {
    const { smmu } = await inspected(treePlatform(PCI));
    expect(smmu.adoption.verdict).toBe('not-attempted');
    const why = 'not in the snapshot; taken from a.dtb';
    expect(smmu.assumptions).toContainEqual({ what: 'firmware.coherent', value: 'false', why });
    const other = await inspected(treePlatform(PCI, { 'dma-coherent': true }));
    expect(other.smmu.adoption.verdict).toBe('adopted');
  });

  test("is the snapshot's where it says otherwise, and that is found", async () => {
    const inspection = await inspected(treePlatform(PCI), { firmwareCoherent: true });
    expect(inspection.smmu.adoption.verdict).toBe('adopted');
    expect(found(inspection)).toEqual([
      ['platform-coherency', { source: 'a.dtb', table: 'not coherent', snapshot: 'coherent' }],
    ]);
  });
});

test('StreamIDs beyond the table, and those of nobody', async () => {
  const nodes = { pcie: { device_type: 'pci', 'iommu-map': [0, 1, 0, 0x10, 0x100, 1, 0xfff, 2] } };
  const inspection = await inspected(treePlatform(nodes, { 'dma-coherent': true }));
  expect(found(inspection)).toEqual([
    ['platform-sids-beyond', { name: '/pcie', ids: '0000:01:00.1', entries: 4096 }],
    ['platform-sid-unclaimed', { sids: 'SID 0x30', source: 'a.dtb' }],
  ]);
  const ofPlatform = inspection.findings.filter(({ rule }) => rule.startsWith('platform-'));
  expect(ofPlatform.map(({ location }) => location)).toEqual([
    { firstSid: 4096, lastSid: 4096 },
    { firstSid: 0x30, lastSid: 0x30 },
  ]);
});

describe('reserved memory', () => {
  const rmr: WrittenIortNode = { rmr: [[0x1000, 0x1000]], mappings: [{ firstSid: 0x30, to: 0, single: true }] };

  test('of RMR nodes is looked up, unless other StreamIDs were asked for', async () => {
    const inspection = await inspected(iortPlatform(rmr));
    expect(inspection.smmu.rmr).toEqual([{ sid: 0x30, kept: true, failed: false, config: 'bypass', valid: true }]);
    expect(found(inspection)[0]).toEqual(['platform-sid-unclaimed', { sids: 'SID 0x8', source: 'iort.bin' }]);
    expect(found(inspection).at(-1)).toEqual([
      'platform-rmr',
      { source: 'iort.bin', name: '', sids: 'SID 0x30', memory: '0x1000-0x1fff', bypassed: true },
    ]);
    expect((await inspected(iortPlatform(rmr), { rmr: [8] })).smmu.rmr.map(({ sid }) => sid)).toEqual([8]);
  });

  test('of a device tree gets no bypass STE, so there is nothing to look up', async () => {
    const nodes = {
      '#address-cells': [2],
      display: { iommus: [1, 0x30], phandle: [2] },
      fb: { 'iommu-addresses': [2, 0, 0x1000, 0x1000] },
    };
    const { smmu, ...rest } = await inspected(treePlatform(nodes));
    expect(smmu.rmr).toEqual([]);
    expect(found({ smmu, ...rest }).map(([rule]) => rule)).toContain('platform-rmr');
  });
});

test('an SMMU that no table has', async () => {
  const elsewhere = await inspected(treePlatform(PCI), { base: '0x1000' });
  expect(found(elsewhere)).toEqual([['platform-smmu-unknown', { why: 'there is no SMMUv3 at 0x1000 in a.dtb' }]]);
  expect(elsewhere.smmu.platform).toMatchObject({ source: null, instance: null, ranges: [], searched: null });
  const nowhere = await inspected(treePlatform(PCI), { base: null });
  expect(found(nowhere)).toEqual([['platform-smmu-unknown', { why: 'the snapshot has no base for it' }]]);
});

test('the first table with the SMMU is used, and what is wrong with any of them is said', async () => {
  const [tree] = treePlatform(PCI, { reg: [0, 0x1000, 2] }).tables;
  const [other] = iortPlatform({ segment: 0, mappings: [{ firstSid: 0, count: 0x1000, to: 77 }] }).tables;
  const inspection = await inspected({ tables: [tree, other].filter((one) => one !== undefined), search: null });
  expect(inspection.smmu.platform?.source).toBe('iort.bin');
  expect(found(inspection)[0]).toEqual([
    'platform-table-damaged',
    { source: 'iort.bin', what: 'the node at offset 0x74 maps IDs to offset 0x4d, where no node begins' },
  ]);
});

test('a search that found nothing', async () => {
  const search = { found: null, byteLength: 4096, complete: true };
  const inspection = await inspected({ tables: [], search });
  expect(found(inspection)).toEqual([['platform-not-in-dump', { searched: 4096, complete: true }]]);
  expect(inspection.smmu.platform?.searched).toBe(4096);
});
