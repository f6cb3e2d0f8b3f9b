/** Device trees out of FIT images: with their bytes inside and outside, packed, of several trees, and damaged. */

import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { deviceTreeFirmware } from '../../../src/platform/firmware/device-tree-firmware.ts';
import type { Firmware } from '../../../src/platform/firmware/firmware.ts';
import { loadDeviceTree } from '../../../src/platform/firmware/load.ts';
import { firmwareProblemInWords } from '../../../src/platform/firmware/problem-words.ts';
import { refused } from '../../support/refusal.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { deviceTree, type WrittenNode } from '../../support/writers/device-tree-writer.ts';

const folder = temporaryFolder();
const smmuAt = (base: number) =>
  deviceTree({ 'iommu@0': { compatible: 'arm,smmu-v3', reg: [0, base, 2], '#iommu-cells': [1], phandle: [1] } });
const TREE = smmuAt(0x905_0000);
const KERNEL = Buffer.alloc(1001, 0x4b);

/** A FIT image whose images have, by name, what is written of them. `outside` lies behind it. */
function fitImage(images: WrittenNode, more: WrittenNode = {}, outside = Buffer.alloc(0)): Buffer {
  const head = deviceTree({ description: 'image', images, ...more });
  return Buffer.concat([head, Buffer.alloc(-head.length & 3), outside]);
}
const kernel = { type: 'kernel', data: KERNEL, 'hash-1': { algo: 'crc32' } };
const tree = (data: Buffer, more: WrittenNode = {}) => ({ type: 'flat_dt', compression: 'none', data, ...more });
const outside = (place: WrittenNode, length = TREE.length) => ({ type: 'flat_dt', 'data-size': [length], ...place });

const read = (image: Buffer): Firmware => deviceTreeFirmware(image, { kind: 'file', file: 'image.fit' });
const bases = ({ smmus }: Firmware) => smmus.map(({ base }) => base);
const said = ({ problems }: Firmware) => problems.map(firmwareProblemInWords);

const BEHIND = Buffer.concat([KERNEL, Buffer.alloc(3), TREE]);
const OUTSIDE_KERNEL = { type: 'kernel', 'data-size': [KERNEL.length], 'data-offset': [0] };
const withOffset = (offset: number, length?: number) =>
  fitImage({ 'kernel-1': OUTSIDE_KERNEL, 'fdt-1': outside({ 'data-offset': [offset] }, length) }, {}, BEHIND);

describe('the only tree', () => {
  test.each<[string, Buffer]>([
    ['inside', fitImage({ 'kernel-1': kernel, 'fdt-1': tree(TREE) })],
    ['inside, packed', fitImage({ 'fdt-1': tree(gzipSync(TREE), { compression: 'gzip' }) })],
    ['at an offset from the end of the image', withOffset(1004)],
    [
      'at a position in the file',
      fitImage({ 'fdt-1': outside({ 'data-position': [0x1000] }) }, {}, Buffer.alloc(0x4000)),
    ],
  ])('%s', (where, image) => {
    if (where.startsWith('at a position')) TREE.copy(image, 0x1000);
    const firmware = read(image);
    expect([bases(firmware), said(firmware)]).toEqual([[0x905_0000], []]);
  });

  test('out of a file that is larger than any tree', async () => {
    const file = folder.write(
      'image.fit',
      fitImage(
        { 'fdt-1': outside({ 'data-offset': [0x110_0000] }) },
        {},
        Buffer.concat([Buffer.alloc(0x110_0000), TREE]),
      ),
    );
    expect(bases(await loadDeviceTree(file))).toEqual([0x905_0000]);
    const large = folder.write('large.bin', Buffer.alloc(0x110_0000));
    expect((await refused(() => loadDeviceTree(large))).what).toBe(
      'is 17825792 bytes long, too long for a device tree',
    );
  });
});

describe('several trees', () => {
  const images = { 'fdt-1': tree(smmuAt(0x1000_0000)), 'fdt-2': tree(TREE), 'fdt-o': tree(deviceTree({})) };
  const conf = (fdt: string | readonly string[]) => ({
    configurations: { default: 'conf-2', 'conf-1': { fdt: 'fdt-1' }, 'conf-2': { kernel: 'kernel-1', fdt } },
  });

  test('that of the default configuration is read, and that is said', () => {
    const firmware = read(fitImage(images, conf('fdt-2')));
    expect([bases(firmware), said(firmware)]).toEqual([
      [0x905_0000],
      ['it has 3 device trees; that of its default configuration, fdt-2, is read'],
    ]);
  });

  test('its overlays are not applied, and that is said', () => {
    expect(said(read(fitImage(images, conf(['fdt-2', 'fdt-o']))))).toContain(
      'the overlays of its configuration conf-2 are not applied',
    );
  });

  test.each<[string, WrittenNode]>([
    ['no configurations', {}],
    ['no default', { configurations: { 'conf-1': { fdt: 'fdt-1' } } }],
    ['a default without a tree', conf('fdt-9')],
  ])('refused, with what to do: %s', async (_, more) => {
    const { tag, file, what } = await refused(() => read(fitImage({ 'kernel-1': kernel, ...images }, more)));
    expect({ tag, file }).toEqual({ tag: 'format', file: 'image.fit' });
    expect(what).toBe(
      'is a FIT image of 3 device trees, fdt-1, fdt-2, fdt-o, and no default configuration says which; find out which one ' +
        'the machine boots with, and take it out: dumpimage -T flat_dt -p 1 -o machine.dtb FILE',
    );
  });
});

describe('refused', () => {
  test.each<[string, Buffer, string]>([
    ['without a tree', fitImage({ 'kernel-1': kernel }), 'is a FIT image without a device tree; it has kernel-1'],
    [
      'of which the tree is cut off',
      withOffset(1008),
      `is a FIT image that is cut off: image fdt-1 has ${TREE.length} bytes at offset 0x`,
    ],
    ['beyond any file', withOffset(0xffff_fff0, 0xffff_ffff), 'image fdt-1 has 4294967295 bytes at offset 0x1000'],
    [
      'without a place',
      fitImage({ 'fdt-1': { type: 'flat_dt', 'data-size': [4] } }),
      'is a FIT image whose image fdt-1 has neither data nor their place and size',
    ],
    [
      'packed otherwise',
      fitImage({ 'kernel-1': kernel, 'fdt-1': tree(TREE, { compression: 'lzma' }) }),
      'is a FIT image whose image fdt-1 is packed with lzma; take it out: dumpimage -T flat_dt -p 1 -o machine.dtb FILE, ' +
        'and unpack it',
    ],
    [
      'packed, and damaged',
      fitImage({ 'fdt-1': tree(TREE, { compression: 'gzip' }) }),
      'is a FIT image whose image fdt-1 cannot be unpacked by gzip',
    ],
    [
      'too long when it is unpacked',
      fitImage({ 'fdt-1': tree(gzipSync(Buffer.alloc(1 << 25)), { compression: 'gzip' }) }),
      'cannot be unpacked by gzip',
    ],
    [
      'with another kind of bytes',
      fitImage({ 'fdt-1': tree(KERNEL) }),
      'does not begin with the magic number of a device tree',
    ],
  ])('%s', async (_, image, message) => {
    const { tag, what } = await refused(() => read(image));
    expect(tag).toBe('format');
    expect(what).toContain(message);
  });
});

test('a device tree that has a node called images is one like any other', () => {
  const firmware = read(
    deviceTree({
      images: { a: { reg: [1] } },
      'iommu@9050000': { compatible: 'arm,smmu-v3', reg: [0, 0x905_0000, 2] },
    }),
  );
  expect(bases(firmware)).toEqual([0x905_0000]);
});
