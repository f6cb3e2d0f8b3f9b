/** Files with tables of firmware: those that have to be unpacked first are called what they are. */

import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { loadDeviceTree, loadIort } from '../../../src/platform/firmware/load.ts';
import { refused } from '../../support/refusal.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { deviceTree } from '../../support/writers/device-tree-writer.ts';
import { iort } from '../../support/writers/iort-writer.ts';

const folder = temporaryFolder();

test.each([
  ['an IORT', loadIort, iort([{ smmuV3: 0x905_0000 }])],
  ['a device tree', loadDeviceTree, deviceTree({ smmu: { compatible: 'arm,smmu-v3' } })],
])('%s in gzip is refused, with what to do', async (_, load, bytes) => {
  const file = folder.write('table.gz', gzipSync(bytes));
  const { tag, what } = await refused(() => load(file));
  expect({ tag, what }).toEqual({ tag: 'format', what: 'is a gzip file; unpack it first: gzip -d' });
});
