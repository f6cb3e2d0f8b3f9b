/** Streams that nobody sees may be there: with `--insert all`, what would become of a device there decides what is known. */

import { describe, expect, test } from 'vitest';
import { Image } from '../../samples/image.ts';
import {
  HOLE,
  type Inspected,
  IOMEM,
  inspectMachine,
  L1,
  L2_BUS0,
  type MachineOptions,
} from '../support/made/machine.ts';

/** RAM of the machine that the dump lacks. */
const NOT_IN_DUMP = 0x8a00_0000;
const bypass = { V: 1, Config: 4 };

/** Bus 0 with one active stream, and bus 1 whose table is at `l2`. */
const machine = (l2: number, span = 9) =>
  new Image().l1(L1, 0, 9, L2_BUS0).l1(L1, 1, span, l2).abortTable(L2_BUS0, 256).ste(L2_BUS0, 8, bypass);

const insertAll = (memory: Image, options: MachineOptions = {}) =>
  inspectMachine(memory, { iomem: IOMEM, insert: 'all', ...options });

const fates = ({ smmu }: Inspected) => smmu.devices.map(({ sids, fate }) => [sids[0], fate]);
const unseen = ({ findings }: Inspected) =>
  findings.flatMap(({ rule, args }) => (rule === 'insert-unseen' ? [args] : []));

test('whoever is behind a good descriptor is accepted, seen or not', async () => {
  const inspected = await insertAll(machine(NOT_IN_DUMP));
  expect(fates(inspected)).toEqual([[0x8, 'accepted']]);
  expect(inspected.smmu.fate.kind).toBe('adopted');
  expect(unseen(inspected)).toEqual([]);
  // Nothing was mapped for those that nobody sees.
  expect(inspected.smmu.inserts.flatMap(({ mappings }) => mappings)).toHaveLength(1);
  expect(inspected.summary.exitCode).toBe(0);
});

describe.each<[string, number, Image | undefined, string]>([
  ['a table that cannot be mapped', 2 ** 48, undefined, 'refused'],
  ['a table in a hole', HOLE, undefined, 'kernel-dies'],
  ['a span that changed', NOT_IN_DUMP, machine(NOT_IN_DUMP, 3), 'refused'],
  ['a descriptor that is not known later', NOT_IN_DUMP, new Image().reserve(L2_BUS0, 0x4000), 'cannot-be-told'],
])('behind %s', (_, l2, later, danger) => {
  const options = later === undefined ? {} : { later };

  test('there may be a device, so that the end is not known', async () => {
    const inspected = await insertAll(machine(l2), options);
    expect(inspected.smmu.fate).toEqual({ kind: 'unknown', after: 'adopted' });
    expect(fates(inspected).at(-1)).toEqual([danger === 'cannot-be-told' ? 0x8 : 0x100, 'unknown']);
    expect(inspected.summary.exitCode).toBe(3);
    // Where bus 0 is not known either, its own stream has ended what can be told.
    expect(unseen(inspected)).toEqual(danger === 'cannot-be-told' ? [] : [{ sid: 0x100, danger }]);
  });

  test('devices that are named are all that there are', async () => {
    const inspected = await inspectMachine(machine(l2), { iomem: IOMEM, insert: [0x8], ...options });
    expect(unseen(inspected)).toEqual([]);
    expect(fates(inspected)).toHaveLength(1);
  });

  test('on an old core a refused one is lost alone', async () => {
    const inspected = await insertAll(machine(l2), { ...options, kernel: { major: 6, minor: 12 } });
    expect(inspected.smmu.fate.kind).toBe(danger === 'kernel-dies' ? 'unknown' : 'adopted');
  });
});

test('an L2 table outside a dump of which nothing more is known cannot be mapped, whoever is behind it', async () => {
  const inspected = await inspectMachine(machine(HOLE), { insert: 'all' });
  expect(unseen(inspected)).toEqual([{ sid: 0x100, danger: 'refused' }]);
  expect(inspected.smmu.fate.kind).toBe('unknown');
});

test('after the SMMU is lost for certain nothing is left open', async () => {
  const memory = machine(2 ** 48).l1(L1, 0, 9, L2_BUS0);
  const later = machine(2 ** 48).l1(L1, 0, 3, L2_BUS0);
  const inspected = await insertAll(memory, { later });
  expect(inspected.smmu.fate.kind).toBe('smmu-lost');
  expect(inspected.summary.exitCode).toBe(1);
});
