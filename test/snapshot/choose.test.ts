/** Which SMMUs of a snapshot are meant, and what a message says of them. */

import { expect, test } from 'vitest';
import { parseSnapshot } from '../../src/index.ts';
import { namesOf, onlySmmu } from '../../src/snapshot/choose.ts';

const REGISTERS = { CR0: '0x1', IDR0: '0x0c080010', IDR1: '0x8', STRTAB_BASE: '0x0', STRTAB_BASE_CFG: '0x0' };

const snapshotOf = (count: number) =>
  parseSnapshot(
    { smmus: Array.from({ length: count }, (_, i) => ({ name: `s${i}`, registers: REGISTERS })) },
    'regs.json',
  );

test('a message names as many SMMUs as machines have, and counts the rest', () => {
  expect(namesOf(snapshotOf(2))).toBe('s0, s1');
  expect(namesOf(snapshotOf(64))).toMatch(/, s63$/);
  expect(namesOf(snapshotOf(3000))).toMatch(/, s63 and 2936 more$/);
  expect(() => onlySmmu(snapshotOf(3000), undefined)).toThrow('has 3000 SMMUs; --smmu says which: s0, s1, ');
});
