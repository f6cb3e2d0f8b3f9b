/** Flattened device trees: what is in them, every blob that is none, and no blob that is more than refused. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../../src/errors.ts';
import { deviceTreeSize, parseDeviceTree, type TreeNode } from '../../../src/platform/firmware/device-tree.ts';
import { deviceTreeFirmware } from '../../../src/platform/firmware/device-tree-firmware.ts';
import { pathOf, physicalBase, textsOf } from '../../../src/platform/firmware/tree-reading.ts';
import { holds } from '../../support/holds.ts';
import { refused } from '../../support/refusal.ts';
import { runs } from '../../support/slow.ts';
import { deviceTree, type WrittenNode } from '../../support/writers/device-tree-writer.ts';

/** The least that there is, a root with nothing in it, byte by byte; and "model" as a text that nobody uses. */
const LEAST = [
  ['d00dfeed', '00000052', '00000038', '0000004c', '00000028', '00000011', '00000010', '00000000'],
  ['00000006', '00000014', '0000000000000000', '0000000000000000'],
  // BEGIN_NODE with an empty name, NOP, END_NODE, END.
  ['00000001', '00000000', '00000004', '00000002', '00000009'],
  ['6d6f64656c00'],
];
const least = Buffer.from(LEAST.flat().join(''), 'hex');

function changed(at: number, word: number): Buffer {
  const bytes = Buffer.from(least);
  bytes.writeUInt32BE(word, at);
  return bytes;
}

test('a tree of one node, of literal bytes', () => {
  const { nodes, byteLength } = parseDeviceTree(least, 'a.dtb');
  expect(byteLength).toBe(0x52);
  expect(nodes).toEqual([{ name: '', parent: null, properties: new Map() }]);
  expect(deviceTreeSize(least)).toBe(0x52);
});

test.each([
  ['nothing of a tree', Buffer.from('/dts-v1/;\n'), /^does not begin with the magic number/],
  ['fewer bytes than a header', least.subarray(0, 35), /^is 35 bytes long, too short for a device tree/],
  ['a truncated blob', least.subarray(0, 0x50), /^is 80 bytes long, but its header says 82; it is truncated$/],
  ['an old version', changed(20, 3), /^is of version 3 \(compatible with 16\)/],
  ['a version to come', changed(24, 18), /^is of version 17 \(compatible with 18\)/],
  ['a structure block beyond the end', changed(36, 0x1b), /^has its structure block at offset 0x38, 27 bytes: beyond/],
  ['a structure block in the header', changed(8, 0x10), /^has its structure block at offset 0x10/],
  ['a structure block off its alignment', changed(8, 0x39), /which is no word$/],
  ['strings beyond the end', changed(12, 0x4d), /^has its strings block at offset 0x4d, 6 bytes: beyond the blob$/],
  ['a token that is none', changed(0x40, 7), /^is no sound device tree: 0x7, which is no token$/],
  ['no end', changed(0x48, 4), /^is no sound device tree: the structure block ends without an end token$/],
  ['an end inside a node', changed(0x44, 9), /the end of the tree inside a node$/],
  ['an end without a beginning', changed(0x38, 2), /the end of a node that was not begun$/],
  ['a property outside', changed(0x38, 3), /^is no sound device tree: a property outside of any node$/],
  [
    'a property beyond its block',
    changed(0x40, 3),
    /^is no sound device tree: a property of 2 bytes, which go beyond its block$/,
  ],
])('%s is refused', async (_, bytes, message) => {
  const { tag, file, what } = await refused(() => parseDeviceTree(bytes, 'a.dtb'));
  expect({ tag, file }).toEqual({ tag: 'format', file: 'a.dtb' });
  expect(what).toMatch(message);
});

test('a refusal says where in the blob', async () => {
  expect((await refused(() => parseDeviceTree(changed(0x40, 7), 'a.dtb'))).place).toBe('offset 0x40');
});

test('nodes deeper than Linux goes are refused', async () => {
  let tree: WrittenNode = {};
  for (let depth = 1; depth < 64; depth++) tree = { n: tree };
  expect(parseDeviceTree(deviceTree(tree), 'a').nodes).toHaveLength(64);
  const { what } = await refused(() => parseDeviceTree(deviceTree({ n: tree }), 'a'));
  expect(what).toBe('is no sound device tree: nodes nested deeper than 64');
});

test('nodes, names, texts and order', () => {
  const { nodes } = parseDeviceTree(
    deviceTree({ compatible: ['b', 'a'], 'soc@1': { 'uart@2': { reg: [1, 2] } }, cpus: {} }),
    'a',
  );
  expect(nodes.map(pathOf)).toEqual(['/', '/soc@1', '/soc@1/uart@2', '/cpus']);
  expect(textsOf(nodes[0]?.properties.get('compatible'))).toEqual(['b', 'a']);
});

describe('addresses seen from the CPU', () => {
  const base = (bus: WrittenNode, reg: readonly number[]): number | null => {
    const { nodes } = parseDeviceTree(
      deviceTree({ '#address-cells': [2], '#size-cells': [2], bus: { ...bus, 'x@0': { reg } } }),
      'a',
    );
    const node = nodes.find(({ name }) => name === 'x@0');
    return node === undefined ? null : physicalBase(node);
  };
  const ONE = { '#address-cells': [1], '#size-cells': [1] };

  test.each<[string, WrittenNode, readonly number[], number | null]>([
    ['empty ranges: as they are', { ...ONE, ranges: true }, [0x1000, 0x100], 0x1000],
    ['translated', { ...ONE, ranges: [0, 0x10, 0x4000_0000, 0x10000] }, [0x1000, 0x100], 0x10_4000_1000],
    ['the second range', { ...ONE, ranges: [0, 0, 0, 0x1000, 0x1000, 0, 0x9000, 0x1000] }, [0x1010, 1], 0x9010],
    ['outside of every range', { ...ONE, ranges: [0, 0, 0, 0x1000] }, [0x1000, 0x100], null],
    ['no ranges: not visible', ONE, [0x1000, 0x100], null],
    ['cells that a bus does not say: those above it', { ranges: true }, [1, 0, 0, 8], 0x1_0000_0000],
    ['cells of the one kind alone', { '#size-cells': [1], ranges: [0, 0, 1, 0, 0x1000] }, [0, 0x20, 8], 0x1_0000_0020],
    ['a reg that is too short', { ...ONE, ranges: true }, [0x1000], null],
    ['beyond 52 bits', { '#address-cells': [2], '#size-cells': [1], ranges: true }, [0x10_0000, 0, 1], null],
    ['cells without end', { '#address-cells': [0xffff_ffff], ranges: true }, [1, 2, 3], null],
  ])('%s', (_, bus, reg, expected) => {
    expect(base(bus, reg)).toBe(expected);
  });
});

test('without any count of cells in the tree there is one of each', () => {
  const root = { '#address-cells': [], '#size-cells': [], 'x@0': { reg: [0x1000, 0x100] } };
  const { nodes } = parseDeviceTree(deviceTree(root), 'a');
  expect(physicalBase(nodes[1] as TreeNode)).toBe(0x1000);
});

describe('whatever the bytes are', () => {
  const whole = deviceTree({
    'smmu@0': { compatible: 'arm,smmu-v3', reg: [0, 1, 2], '#iommu-cells': [1], phandle: [1] },
    'pci@0': { device_type: 'pci', 'iommu-map': [0, 1, 0, 0x10000] },
    'usb@0': { iommus: [1, 5] },
  });
  const readsOrRefuses = (bytes: Buffer) => {
    try {
      deviceTreeFirmware(bytes, { kind: 'file', file: 'a' });
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
    }
  };

  test('cut off anywhere, it is refused', () => {
    for (let length = 0; length < whole.length; length++) {
      expect(() => deviceTreeFirmware(whole.subarray(0, length), { kind: 'file', file: 'a' })).toThrow(InputError);
    }
  });

  test('with words overwritten, it is read or refused', () => {
    const change = fc.tuple(
      fc.nat({ max: Math.floor(whole.length / 4) - 1 }),
      fc.oneof(fc.nat({ max: 64 }), fc.integer()),
    );
    holds(
      fc.property(fc.array(change, { minLength: 1, maxLength: 5 }), (changes) => {
        const bytes = Buffer.from(whole);
        for (const [word, value] of changes) bytes.writeInt32BE(value, word * 4);
        readsOrRefuses(bytes);
      }),
      { numRuns: runs(2000) },
    );
  });

  test('garbage behind a header is read or refused', () => {
    holds(
      fc.property(fc.uint8Array({ maxLength: 300 }), (garbage) => {
        const bytes = Buffer.concat([whole.subarray(0, 56), garbage, Buffer.alloc(whole.length)]);
        bytes.writeUInt32BE(bytes.length, 4);
        readsOrRefuses(bytes);
      }),
      { numRuns: runs(1000) },
    );
  });
});
