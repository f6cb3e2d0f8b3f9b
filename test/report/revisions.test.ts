/** A revision of which nothing can be told, or that does not come as far, has no number in its column. */

import { expect, test } from 'vitest';
import { Image } from '../../samples/image.ts';
import { revisions } from '../../src/report/sections/adoption/revisions.ts';
import { HOLE, IOMEM, inspectMachine, L1, L2_BUS0, L2_BUS1, type MachineOptions } from '../support/made/machine.ts';

const machine = () =>
  new Image()
    .l1(L1, 0, 9, L2_BUS0)
    .l1(L1, 15, 0, 0)
    .abortTable(L2_BUS0, 256)
    .abortTable(L2_BUS1, 256)
    .ste(L2_BUS0, 8, { V: 1, Config: 4 });

/** The cells of the column whose title begins so, by the label of their row. */
async function column(memory: Image, title: string, options: MachineOptions): Promise<Record<string, unknown>> {
  const { facts } = await inspectMachine(memory, { revision: 'all', ...options });
  const section = revisions(facts.smmus[0] as (typeof facts.smmus)[number]);
  for (const block of section?.blocks ?? []) {
    if (block === null || typeof block !== 'object' || !('table' in block)) continue;
    const { columns, rows } = block.table;
    const at = columns.findIndex((one) => one.title.startsWith(title));
    if (at > 0) return Object.fromEntries([...rows].map(({ cells }) => [String(cells[0]), cells[at]]));
  }
  return {};
}

test('nothing can be told without a memory map', async () => {
  expect(await column(machine(), 'v3', { insert: [8] })).toMatchObject({
    Adoption: 'cannot be told',
    'Devices refused': 'unknown',
    'Attaches deferred': 'unknown',
    'CR0 after the reset': 'unknown',
  });
});

test('where the probe fails there is no reset, and no device', async () => {
  const options = { registers: { IDR0: '0x054c101b' }, iomem: IOMEM, insert: [8] };
  expect(await column(machine(), 'v2', options)).toMatchObject({
    Adoption: 'probe fails (-EINVAL)',
    'Devices refused': null,
    'Attaches deferred': null,
    'CR0 after the reset': 'no reset',
  });
});

test('where the kernel dies nobody counts', async () => {
  const dying = await column(machine().l1(L1, 1, 9, HOLE), 'v8', { iomem: IOMEM, insert: [8] });
  expect(dying).toMatchObject({
    Adoption: 'kernel dies',
    'Devices refused': null,
    'Attaches deferred': null,
    'CR0 after the reset': 'no reset',
    'IDs reserved': null,
  });
});

test('a scan that does not come to an end has no count', async () => {
  const cutShort = new Image().l1(L1, 0, 9, L2_BUS0).l1(L1, 15, 0, 0);
  const unseen = await column(cutShort, 'v8', { iomem: IOMEM, insert: [8] });
  expect(unseen).toMatchObject({ Adoption: 'cannot be told', 'IDs reserved': 'unknown' });
});
