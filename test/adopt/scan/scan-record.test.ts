/** What a scan for IDs comes to when some entries cannot be read, before or behind the one that breaks a rule. */

import { describe, expect, test } from 'vitest';
import type { ArmSmmuDevice } from '../../../src/adopt/device.ts';
import { AsidSpace } from '../../../src/adopt/scan/asid-space.ts';
import { ScanRecord } from '../../../src/adopt/scan/scan-record.ts';

/** A record of a scan whose memory maps as `model` says. */
const scan = (model: 'dump' | 'kernel', asids = new AsidSpace()) =>
  new ScanRecord({ memory: { model }, asids } as unknown as ArmSmmuDevice);
const EINVAL = -22;
const breakRule = (record: ScanRecord) =>
  record.fail({
    rule: 'asid-zero',
    ret: EINVAL,
    ...{ sid: 8, stePaddr: 0x1000, cd: null },
    observed: { kind: 'field', field: 'ASID', value: 0 },
    required: { kind: 'range', first: 1, last: 255 },
  });

describe.each(['dump', 'kernel'] as const)('where memory maps as the %s has it', (model) => {
  test('all is read: the errno is that of the broken rule', () => {
    const record = scan(model);
    breakRule(record);
    expect(record.result()).toMatchObject({ outcome: 'failed', ret: EINVAL, unknownEntries: 0 });
  });

  test('something behind the broken rule is not read: the scan had ended by then', () => {
    const record = scan(model);
    breakRule(record);
    record.unknown(3);
    expect(record.result()).toMatchObject({ outcome: 'failed', ret: EINVAL, unknownEntries: 3 });
  });

  test('something in front of it is not read: it may have ended the scan with another errno', () => {
    const record = scan(model);
    record.asid(5);
    record.unknown(1);
    breakRule(record);
    expect(record.result()).toMatchObject({ ret: null, asids: [], unknownEntries: 1 });
  });

  test('no rule is broken, and something is not read', () => {
    const record = scan(model);
    record.asid(5);
    record.unknown(1);
    expect(record.result()).toMatchObject({ outcome: 'unknown', ret: null, asids: [] });
  });
});

test('only a kernel that reads what it maps may die of an entry that nobody knows', () => {
  const outcomes = (['dump', 'kernel'] as const).map((model) => {
    const record = scan(model);
    record.unknown(1);
    breakRule(record);
    return record.result().outcome;
  });
  expect(outcomes).toEqual(['failed', 'unknown']);
});

test('an ASID that a domain of another SMMU may have leaves open how the scan ends', () => {
  const asids = new AsidSpace();
  asids.uncertain = true;
  const record = scan('dump', asids);
  record.asid(5);
  record.asid(5);
  expect(record.result()).toMatchObject({ outcome: 'unknown', ret: null, contestedAsids: 1 });
});

describe('CDs that several STEs lead to', () => {
  test('are read once where nothing is wrong with them', () => {
    const record = scan('dump');
    const read: string[] = [];
    record.readOnce(0x1000, 4, () => read.push('first'));
    record.readOnce(0x1000, 4, () => read.push('the same'));
    record.readOnce(0x1000, 2, () => read.push('fewer of them'));
    record.readOnce(0x1000, 8, () => read.push('more of them'));
    record.readOnce(0x2000, 4, () => read.push('others'));
    expect(read).toEqual(['first', 'more of them', 'others']);
  });

  test.each([
    ['a broken rule', breakRule],
    ['something unknown', (record: ScanRecord) => record.unknown(1)],
  ])('are read each time for %s', (_, meet) => {
    const record = scan('dump');
    let reads = 0;
    for (let i = 0; i < 3; i++) {
      record.readOnce(0x1000, 4, () => {
        reads += 1;
        meet(record);
      });
    }
    expect(reads).toBe(3);
  });
});

test('a scan is given up after more STEs than any machine has', () => {
  const record = scan('dump');
  let admitted = 0;
  while (record.admitsSte()) admitted += 1;
  expect(admitted).toBe(2 ** 22);
  expect(record.result()).toMatchObject({ outcome: 'unknown', gaveUp: { after: 2 ** 22, of: 'stes' } });
});
