/** Tables that lead to themselves or describe more than anyone can wait for: the list ends, in bounded memory. */

import { describe, expect, test } from 'vitest';
import { Budget, joinedStretches, TableMap } from '../../../src/smmu/translation/table-map.ts';
import { smallStage1, smallStage2 } from '../../support/made/small-tables.ts';
import { Words } from '../../support/models/walk-model-formats.ts';
import { walkMemory } from '../../support/models/walked-words.ts';
import { SLOW } from '../../support/slow.ts';

/** Every entry of each level's one table leads to the next; those of the last map the same page. */
function aliased(levels: number): Words {
  const memory = new Words();
  for (let level = 0; level < levels; level++) {
    const entry = level === levels - 1 ? 0x5000_0743n : BigInt(0x1000 * (level + 2)) | 3n;
    for (let i = 0; i < 512; i++) memory.write(BigInt(0x1000 * (level + 1) + 8 * i), entry);
  }
  return memory;
}

function countStretches(map: TableMap<unknown>, regime: Parameters<TableMap<unknown>['stretches']>[0]) {
  let [stretches, leaves, cut, heap] = [0, 0, null as number | null, 0];
  for (const { kind, start, leaves: more } of joinedStretches(map.stretches(regime))) {
    stretches += 1;
    leaves += more;
    if (kind === 'cut') cut = start;
    if (stretches % 0x4000 === 0) heap = Math.max(heap, process.memoryUsage().heapUsed);
  }
  return { stretches, leaves, cut, heap };
}

describe('a table that leads to itself', () => {
  test('ends with its last level, where it is a page', () => {
    const memory = new Words();
    memory.write(0x1000n, 0x1003n);
    for (let i = 1; i < 512; i++) memory.write(BigInt(0x1000 + 8 * i), 0n);
    const regime = smallStage1({ inputBits: 48, startLevel: 0, accessFlagIgnored: true });
    const found = [...new TableMap(walkMemory(memory), null).stretches(regime)];
    expect(found).toMatchObject([{ kind: 'mapped', start: 0, byteLength: 4096, output: 0x1000, leaves: 1 }]);
  });

  test('with all its entries ends within the budget', () => {
    const memory = new Words();
    for (let i = 0; i < 512; i++) memory.write(BigInt(0x1000 + 8 * i), 0x1003n);
    const regime = smallStage1({ inputBits: 48, startLevel: 0, accessFlagIgnored: true });
    const map = new TableMap(walkMemory(memory), null, new Budget(30_000));
    const { cut, leaves } = countStretches(map, regime);
    expect(cut, 'where it ends').not.toBeNull();
    expect(leaves).toBeLessThanOrEqual(30_000);
  });

  test('two that lead to each other, too', () => {
    const memory = new Words();
    for (let i = 0; i < 512; i++) memory.write(BigInt(0x1000 + 8 * i), i % 2 === 0 ? 0x2003n : 0n);
    for (let i = 0; i < 512; i++) memory.write(BigInt(0x2000 + 8 * i), i % 2 === 0 ? 0x1003n : 0n);
    const regime = smallStage1({ inputBits: 48, startLevel: 0, accessFlagIgnored: true });
    const { cut } = countStretches(new TableMap(walkMemory(memory), null, new Budget(30_000)), regime);
    expect(cut).not.toBeNull();
  });

  test('in stage 2 under stage 1', () => {
    const memory = aliased(4);
    for (let i = 0; i < 512; i++) memory.write(BigInt(0x10_0000 + 8 * i), 0x10_00c3n);
    const stage2 = smallStage2({ inputBits: 39, startLevel: 1, accessFlagIgnored: true, outputBits: 48 });
    const stage1 = smallStage1({ inputBits: 48, startLevel: 0, accessFlagIgnored: true });
    const { cut } = countStretches(new TableMap(walkMemory(memory), stage2, new Budget(30_000)), stage1);
    expect(cut).not.toBeNull();
  });
});

describe('tables that are full and all the same', () => {
  test('end within the budget and in bounded memory', () => {
    const memory = aliased(4);
    const before = process.memoryUsage().heapUsed;
    const budget = SLOW ? 300_000 : 100_000;
    const map = new TableMap(walkMemory(memory), null, new Budget(budget));
    const { stretches, leaves, cut, heap } = countStretches(map, smallStage1({ inputBits: 48, startLevel: 0 }));
    // No page follows its neighbour, so that nothing can be joined.
    expect({ stretches, cut }).toEqual({ stretches: leaves + 1, cut: leaves * 4096 });
    expect(leaves).toBeGreaterThan(budget - 5_000);
    expect(leaves).toBeLessThanOrEqual(budget);
    expect(heap - before, 'growth of the heap in bytes').toBeLessThan(200e6);
  });

  test('are complete when the budget allows', () => {
    const { stretches, leaves, cut } = countStretches(
      new TableMap(walkMemory(aliased(2)), null),
      smallStage1({ inputBits: 30, startLevel: 2 }),
    );
    expect({ stretches, leaves, cut }).toEqual({ stretches: 2 ** 18, leaves: 2 ** 18, cut: null });
  });

  test('whose tables are all missing cost a look at each', () => {
    const memory = new Words();
    for (let i = 0; i < 512; i++) memory.write(BigInt(0x1000 + 8 * i), BigInt(0x30_0000 + 0x1000 * i) | 3n);
    const found = [
      ...joinedStretches(new TableMap(walkMemory(memory), null).stretches(smallStage1({ inputBits: 30 }))),
    ];
    expect(found).toMatchObject([{ kind: 'unknown', start: 0, byteLength: 2 ** 30 }]);
  });
});

describe('what is visited', () => {
  test('is told before it is read, and left out on request', () => {
    const seen: string[] = [];
    const map = new TableMap(walkMemory(aliased(2)), null, new Budget(), ({ stage, level, address, byteLength }) => {
      seen.push(`${stage} ${level} 0x${address.toString(16)} ${byteLength}`);
      return level < 3;
    });
    expect([...map.stretches(smallStage1())]).toEqual([]);
    expect(seen).toEqual(['1 2 0x1000 16', '1 3 0x2000 4096', '1 3 0x2000 4096']);
  });
});
