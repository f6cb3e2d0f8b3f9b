/** SMMUs of a device tree: who is behind them, with masks, domains, disabled nodes, and what is not understood. */

import { describe, expect, test } from 'vitest';
import { DeviceNames } from '../../../src/platform/device-names.ts';
import { deviceTreeFirmware } from '../../../src/platform/firmware/device-tree-firmware.ts';
import type { Firmware, FirmwareSmmu } from '../../../src/platform/firmware/firmware.ts';
import type { FirmwareProblem } from '../../../src/platform/firmware/problem.ts';
import { firmwareProblemInWords } from '../../../src/platform/firmware/problem-words.ts';
import { refused } from '../../support/refusal.ts';
import { deviceTree, type Value, type WrittenNode } from '../../support/writers/device-tree-writer.ts';
import { HEX_DUMPS, hexdumpC, xxd } from '../../support/writers/hexdump-writer.ts';

const said = (problems: readonly FirmwareProblem[]) => problems.map(firmwareProblemInWords);

const SMMU = { compatible: 'arm,smmu-v3', reg: [0, 0x905_0000, 2], '#iommu-cells': [1], phandle: [1] };

const read = (nodes: WrittenNode): Firmware => deviceTreeFirmware(deviceTree(nodes), { kind: 'file', file: 'a.dtb' });

function smmuOf(nodes: WrittenNode, smmu: WrittenNode = SMMU): FirmwareSmmu {
  return read({ 'smmu@9050000': smmu, ...nodes }).smmus[0] as FirmwareSmmu;
}

function names(nodes: WrittenNode, ...sids: number[]): (string | null)[] {
  const devices = new DeviceNames(smmuOf(nodes).ranges);
  return sids.map((sid) => devices.deviceOf(sid));
}

test.each(Object.entries({ xxd, 'hexdump -C': hexdumpC, ...HEX_DUMPS }))('out of a hex dump: %s', (_, print) => {
  const tree = deviceTree({ 'smmu@9050000': SMMU });
  const source = { kind: 'file', file: 'a.txt' } as const;
  expect(deviceTreeFirmware(Buffer.from(print(tree)), source)).toEqual(deviceTreeFirmware(tree, source));
});

describe('the SMMU', () => {
  test('has its base, its path and its coherency', () => {
    expect(smmuOf({})).toEqual({
      name: '/smmu@9050000',
      base: 0x905_0000,
      coherent: false,
      ranges: [],
      reserved: [],
    });
  });

  test('is coherent by its own word or that of a bus above, the nearest first', () => {
    const inside = (bus: WrittenNode, own: WrittenNode) =>
      read({ soc: { ranges: true, ...bus, 'smmu@9050000': { ...SMMU, ...own } } }).smmus[0]?.coherent;
    expect(inside({}, { 'dma-coherent': true })).toBe(true);
    expect(inside({ 'dma-coherent': true }, {})).toBe(true);
    expect(inside({ 'dma-coherent': true }, { 'dma-noncoherent': true })).toBe(false);
    expect(inside({}, {})).toBe(false);
  });

  test('is one of several, in the order of the tree', () => {
    const { smmus } = read({ a: { ...SMMU, phandle: [1] }, b: { ...SMMU, phandle: [2], reg: [0, 0x1000, 1] } });
    expect(smmus.map(({ name, base }) => [name, base])).toEqual([
      ['/a', 0x905_0000],
      ['/b', 0x1000],
    ]);
  });

  test.each([
    ['missing', {}, ''],
    [
      'of another kind',
      { smmu: { ...SMMU, compatible: 'arm,mmu-500' }, b: { compatible: ['qcom,sm8550-smmu-500', 'qcom,smmu-500'] } },
      '; it has 2 of SMMUv1 or SMMUv2, which another driver runs',
    ],
  ])('%s, there is nothing to say', async (_, nodes, more) => {
    const { what } = await refused(() => read(nodes));
    expect(what).toBe(`has no node that is compatible with "arm,smmu-v3"${more}`);
  });

  test.each<[string, Value, string | null]>([
    ['okay', 'okay', null],
    ['ok', 'ok', null],
    ['a list that begins with okay', ['okay', 'disabled'], null],
    ['disabled', 'disabled', 'disabled'],
    ['reserved', 'reserved', 'reserved'],
    ['fail-sss', 'fail-sss', 'fail-sss'],
    ['a beginning of okay', 'oka', 'oka'],
    ['an empty text', '', ''],
    ['a property without a value', true, ''],
  ])('of status %s', (_, status, refusal) => {
    const { smmus, disabled } = read({ smmu: { ...SMMU, status } });
    const by = { name: '/smmu', status: refusal };
    expect({ smmus: smmus.length, disabled }).toEqual(
      refusal === null ? { smmus: 1, disabled: [] } : { smmus: 0, disabled: [{ name: '/smmu', base: 0x905_0000, by }] },
    );
  });

  test('below a disabled node, which is said; the root says nothing', () => {
    const bus = { ranges: true, status: 'disabled', inner: { ranges: true, 'smmu@9050000': SMMU } } as const;
    const { smmus, disabled } = read({ status: 'disabled', smmu: { ...SMMU, reg: [0, 0x1000, 1] }, bus });
    expect(smmus.map(({ name }) => name)).toEqual(['/smmu']);
    expect(disabled.map(({ name, by }) => [name, by])).toEqual([
      ['/bus/inner/smmu@9050000', { name: '/bus', status: 'disabled' }],
    ]);
  });

  test('without a translatable reg has no base, and that is said', () => {
    const { smmus, problems } = read({ bus: { 'smmu@0': SMMU } });
    expect(smmus[0]?.base).toBeNull();
    expect(said(problems)).toEqual(['/bus/smmu@0: its reg does not lead to a physical address']);
  });
});

describe('PCI devices', () => {
  const bridge = (map: readonly number[], more: WrittenNode = {}): WrittenNode => ({
    'pcie@0': { device_type: 'pci', 'linux,pci-domain': [0], 'iommu-map': map, ...more },
  });

  test('the requester ID itself', () => {
    expect(names(bridge([0, 1, 0, 0x10000]), 0, 8, 0x100, 0x4020, 0xffff, 0x10000)).toEqual([
      '0000:00:00.0',
      '0000:00:01.0',
      '0000:01:00.0',
      '0000:40:04.0',
      '0000:ff:1f.7',
      null,
    ]);
  });

  test('moved, in several rows, with gaps', () => {
    const map = [0, 1, 0x2_0000, 0x100, 0x100, 1, 0x8, 0x10];
    expect(names(bridge(map), 0x2_0008, 0x2_00ff, 0x2_0100, 7, 8, 0x17, 0x18)).toEqual([
      '0000:00:01.0',
      '0000:00:1f.7',
      null,
      null,
      '0000:01:00.0',
      '0000:01:01.7',
      null,
    ]);
  });

  test('masked: a function stands for all of its device, and IDs outside of the mask for nobody', () => {
    expect(names(bridge([0, 1, 0, 0x1000], { 'iommu-map-mask': [0xfff8] }), 0x100, 0x101, 0x108)).toEqual([
      '0000:01:00.*',
      null,
      '0000:01:01.*',
    ]);
    expect(names(bridge([0, 1, 7, 1], { 'iommu-map-mask': [0] }), 7, 8)).toEqual(['0000:*:*.*', null]);
    expect(names(bridge([0, 1, 0, 0x1000], { 'iommu-map-mask': [0xff00] }), 0x300)).toEqual(['0000:03:*.*']);
  });

  test('segments: given ones as they are, the others by number, none twice', () => {
    const at = (sid: number, more: WrittenNode = {}) => ({ device_type: 'pci', 'iommu-map': [0, 1, sid, 8], ...more });
    const nodes = { a: at(0), b: at(0x100, { 'linux,pci-domain': [0] }), c: at(0x200), d: { device_type: 'pci' } };
    expect(names(nodes, 1, 0x101, 0x201)).toEqual(['0001:00:00.1', '0000:00:00.1', '0002:00:00.1']);
  });

  const at = (sid: number, more: WrittenNode = {}) => ({ device_type: 'pci', 'iommu-map': [0, 1, sid, 8], ...more });
  const off = { status: 'disabled' } as const;

  test('only bridges that are there are numbered, and a number that any node gives is given to no other', () => {
    const nodes = {
      gone: { ...off, inner: { a: at(0x100) } },
      b: at(0x200),
      c: { ...at(0x300), ...off, 'linux,pci-domain': [1] },
      d: at(0x400, { 'pci@0,0': { device_type: 'pci', 'linux,pci-domain': [2] } }),
      e: at(0x500, { 'linux,pci-domain': [0x1_0003] }),
      f: at(0x600),
    };
    expect(names(nodes, 0x100, 0x200, 0x300, 0x400, 0x500, 0x600)).toEqual([
      null,
      '0000:00:00.0',
      null,
      '0004:00:00.0',
      '0003:00:00.0',
      '0005:00:00.0',
    ]);
  });

  test('of two bridges that give one number Linux registers the first', () => {
    const { smmus, problems } = read({
      smmu: SMMU,
      a: at(0, { 'linux,pci-domain': [5] }),
      b: at(0x100, { 'linux,pci-domain': [5] }),
    });
    expect(smmus[0]?.ranges.map(({ name, segment }) => [name, segment])).toEqual([['/a', 5]]);
    expect(said(problems)).toEqual(['/b: another host bridge has its linux,pci-domain; Linux does not register it']);
  });

  test("the map of a bridge below a host bridge is nobody's", () => {
    expect(smmuOf(bridge([0, 1, 0, 8], { 'pci@1,0': at(0x100) })).ranges.map(({ firstSid }) => firstSid)).toEqual([0]);
  });

  test('where rows overlap, the first has an ID, whatever it leads to', () => {
    const { smmus } = read({
      smmu: SMMU,
      other: { phandle: [9] },
      ...bridge([8, 9, 0, 8, 0, 1, 0x100, 0x20, 0x10, 1, 0x200, 0x20]),
    });
    const ranges = smmus[0]?.ranges.map(({ firstId, count, firstSid }) => [firstId, count, firstSid]);
    expect(ranges).toEqual([
      [0, 8, 0x100],
      [0x10, 0x10, 0x110],
      [0x20, 0x10, 0x210],
    ]);
  });

  test('a row whose ID has bits that the mask takes away ends the map, and that is said', () => {
    const map = bridge([0, 1, 0, 8, 0x101, 1, 0x100, 8, 0x200, 1, 0x200, 8], { 'iommu-map-mask': [0xff00] });
    const { smmus, problems } = read({ smmu: SMMU, ...map });
    expect(smmus[0]?.ranges.map(({ firstId }) => firstId)).toEqual([0]);
    expect(said(problems)).toEqual(['/pcie@0: its iommu-map-mask takes bits of an ID of iommu-map; Linux stops there']);
  });

  test('a mask that looks at one bit of the bus: two buses', () => {
    const map = bridge([0, 1, 0x10, 1, 0x100, 1, 0x11, 7], { 'iommu-map-mask': [0x1ff] });
    expect(names(map, 0x10, 0x11, 0x12)).toEqual(['0000:00:00.0', '0000:01:00.0', '0000:01:00.1']);
  });

  test('a disabled bridge has nobody', () => {
    expect(smmuOf(bridge([0, 1, 0, 8], { status: 'disabled' })).ranges).toEqual([]);
  });

  describe('beside an IOMMU of another kind, whose StreamIDs take two cells', () => {
    const mmu500 = { compatible: 'arm,mmu-500', phandle: [2], '#iommu-cells': [2] };
    const rangesOf = (map: readonly number[]) => smmuOf({ mmu500, ...bridge(map) }).ranges;

    test('every row has the cells that its own IOMMU asks for', () => {
      expect(rangesOf([0, 2, 0x400, 0, 0x100, 0x100, 1, 0x80, 0x10])).toMatchObject([
        { firstId: 0x100, count: 0x10, firstSid: 0x80 },
      ]);
      // Four rows of five cells are as long as five of four.
      const four = [0, 1, 2, 3].flatMap((i) => [i * 0x100, 2, 0x400, 0, 1]);
      expect(rangesOf(four)).toEqual([]);
    });

    test('rows made for kernels that know one cell alone are read as these do', () => {
      expect(rangesOf([0, 2, 0x400, 0x100, 0x100, 1, 0x80, 0x10])).toMatchObject([
        { firstId: 0x100, count: 0x10, firstSid: 0x80 },
      ]);
    });
  });

  test('a mapping into another kind of IOMMU is not this one', () => {
    const { smmus, problems } = read({ smmu: SMMU, its: { phandle: [9] }, ...bridge([0, 9, 0, 8]) });
    expect(smmus[0]?.ranges).toEqual([]);
    expect(problems).toEqual([]);
  });
});

describe('platform devices', () => {
  test('one StreamID, several, and several IOMMUs', () => {
    const nodes = {
      other: { phandle: [2], '#iommu-cells': [2] },
      'usb@1': { iommus: [1, 0x10] },
      'gpu@2': { iommus: [2, 7, 7, 1, 0x11, 1, 0x13] },
      'off@3': { iommus: [1, 0x14], status: 'disabled' },
    };
    expect(names(nodes, 0x10, 0x11, 0x12, 0x13, 0x14)).toEqual(['/usb@1', '/gpu@2', null, '/gpu@2', null]);
  });

  test('below a disabled bus is not there', () => {
    expect(names({ bus: { status: 'disabled', 'usb@1': { iommus: [1, 0x10] } } }, 0x10)).toEqual([null]);
  });

  test('IDs on a bus that is not PCI', () => {
    expect(names({ 'fsl-mc@0': { 'iommu-map': [0x10, 1, 0x40, 4] } }, 0x42)).toEqual(['/fsl-mc@0 (ID 0x12)']);
  });
});

describe('what is not understood is said, once, and the rest used', () => {
  test.each<[string, WrittenNode, string]>([
    ['a phandle of nobody', { x: { iommus: [7, 1] } }, '/x: its iommus name 0x7, which is no IOMMU of the tree'],
    [
      'a map to nobody',
      { x: { 'iommu-map': [0, 7, 0, 1, 1, 7, 1, 1] } },
      '/x: its iommu-map names 0x7, which no node of the tree has as its phandle',
    ],
    ['half a row', { x: { 'iommu-map': [0, 1, 0] } }, '/x: its iommu-map is not made of whole rows'],
    [
      'IDs that cannot be',
      { x: { device_type: 'pci', 'iommu-map': [0x10000, 1, 0, 1] } },
      '/x: a mapping of IDs that no device can have',
    ],
    [
      'addresses for nobody',
      { m: { 'iommu-addresses': [9, 0, 0, 0] } },
      '/m: its iommu-addresses name a device that is not in the tree',
    ],
  ])('%s', (_, nodes, problem) => {
    const { problems, smmus } = read({ smmu: SMMU, ...nodes, 'usb@1': { iommus: [1, 0x10] } });
    expect(said(problems)).toEqual([problem]);
    expect(smmus[0]?.ranges.map(({ name }) => name)).toEqual(['/usb@1']);
  });

  test('an SMMU whose references have another form', () => {
    const { problems, smmus } = read({ smmu: { ...SMMU, '#iommu-cells': [2] }, x: { iommus: [1, 0, 5] } });
    expect(said(problems)).toEqual(['/smmu: has #iommu-cells 2 instead of 1; its users are unknown']);
    expect(smmus[0]?.ranges).toEqual([]);
  });
});

test('a device of many StreamIDs in many reserved regions takes its part once', () => {
  const many = Array.from({ length: 20_000 }, (_, i) => i);
  const { smmus, problems } = read({
    smmu: SMMU,
    'display@0': { iommus: many.flatMap((sid) => [1, sid]), phandle: [3] },
    fb: { 'iommu-addresses': many.flatMap((page) => [3, 0, page * 4096, 4096]) },
  });
  expect(smmus[0]?.reserved.map(({ sids }) => sids.length)).toEqual([4096]);
  expect(said(problems)).toContain('/smmu: only the first 4096 SIDs of reserved memory are used');
});

test('reserved memory is that of the device it names, and gets no bypass STE', () => {
  const nodes = {
    '#address-cells': [2],
    '#size-cells': [2],
    'display@0': { iommus: [1, 4], phandle: [3] },
    'reserved-memory': { 'fb@88000000': { 'iommu-addresses': [3, 0, 0x8800_0000, 0, 0x10_0000] } },
  };
  expect(smmuOf(nodes, { ...SMMU, reg: [0, 0x905_0000, 0, 2] }).reserved).toEqual([
    { name: '/display@0', sids: [4], ranges: [{ start: 0x8800_0000, end: 0x8810_0000 }], bypassed: false },
  ]);
});
