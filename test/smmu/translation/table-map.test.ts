/** Everything that tables map: the same as walking every page by itself, and cut where the budget ends. */

import { describe, expect, test } from 'vitest';
import type { Regime, Stage2Regime } from '../../../src/smmu/translation/regime.ts';
import { Budget, joinedStretches, type Stretch, TableMap } from '../../../src/smmu/translation/table-map.ts';
import { pageByWalk, pagesOfStretches } from '../../support/made/mapped-pages.ts';
import { filled, forSeeds, guestOf, PAGE, smallStage1, smallStage2, table } from '../../support/made/small-tables.ts';
import { Words } from '../../support/models/walk-model-formats.ts';
import type { Dice } from '../../support/models/walk-scenarios.ts';
import { walkMemory } from '../../support/models/walked-words.ts';
import { runs } from '../../support/slow.ts';

const SEEDS = runs(12, 4);

function agree(memory: Words, regime: Regime, stage2: Stage2Regime | null, from: number, to: number): void {
  const view = walkMemory(memory);
  const stretches = [...joinedStretches(new TableMap(view, stage2).stretches(regime, from, to))];
  const expected = Array.from({ length: (to - from) / PAGE }, (_, i) =>
    pageByWalk(view, regime, stage2, from + i * PAGE),
  );
  expect(pagesOfStretches(stretches, from, to, PAGE)).toEqual(expected);
  const seams = stretches.filter((one, i) => i > 0 && touches(stretches[i - 1] as Stretch<unknown>, one));
  expect(seams, 'stretches that ought to be one').toEqual([]);
}

function touches(last: Stretch<unknown>, next: Stretch<unknown>): boolean {
  const said = ({ kind, rights, attributes, why }: Stretch<unknown>) => JSON.stringify([kind, rights, attributes, why]);
  const follows = last.start + last.byteLength === next.start && said(last) === said(next);
  return follows && (last.kind !== 'mapped' || last.output + last.byteLength === next.output);
}

describe('the same as walking every page', () => {
  const range = (dice: Dice, end: number) => {
    const from = dice.once(2) ? 0 : dice.roll(end / PAGE) * PAGE;
    return [from, dice.once(2) ? end : from + (1 + dice.roll((end - from) / PAGE)) * PAGE] as const;
  };
  test('stage 1', () => {
    forSeeds(SEEDS, (dice, memory) => {
      const regime = smallStage1({ bigEndian: dice.once(3), accessFlagIgnored: dice.once(3) });
      filled(dice, regime, memory);
      agree(memory, regime, null, ...range(dice, 2 ** 22));
    });
  });

  test('stage 2 alone', () => {
    forSeeds(SEEDS, (dice, memory) => {
      const regime = smallStage2({ inputBits: 23, bigEndian: dice.once(3), base: 0x10_0000 });
      filled(dice, regime, memory);
      agree(memory, regime, null, ...range(dice, 2 ** 23));
    });
  });

  test('stage 1 in the address space of a guest', () => {
    let seen = 0;
    forSeeds(SEEDS, (dice, memory) => {
      const { regime, stage2 } = guestOf(dice, memory);
      agree(memory, regime, stage2, ...range(dice, 2 ** 22));
      const all = [...new TableMap(walkMemory(memory), stage2).stretches(regime)];
      if (all.some(({ kind }) => kind === 'mapped')) seen += 1;
    });
    expect(seen, 'guests of which something is mapped').toBeGreaterThan(SEEDS / 6);
  });
});

describe('stage 1 tables in stage 2 Device memory', () => {
  const NORMAL = 0x7ffn;
  const DEVICE = 0x7c3n;

  test.each([
    ['S2PTW is 1', true, DEVICE, { kind: 'fault', why: 'F_PERMISSION' }],
    ['S2PTW is 0', false, DEVICE, { kind: 'mapped', output: 0x200_3000 }],
    ['S2PTW is 1, and it is Normal memory', true, NORMAL, { kind: 'mapped', output: 0x200_3000 }],
  ])('%s', (_, protectedWalks, attributes, expected) => {
    const [regime, stage2] = [smallStage1({ outputBits: 25 }), smallStage2({ protectedWalks })];
    const memory = new Words();
    // The guest's pages 1 to 3: its first table, its last one, and what that maps at 0.
    memory.write(BigInt(stage2.base), table(0x18_0000));
    for (const [page, word] of [NORMAL, attributes, NORMAL].entries()) {
      memory.write(0x18_0008n + 8n * BigInt(page), BigInt(0x200_1000 + page * PAGE) | word);
    }
    memory.write(0x200_1000n, table(0x2000));
    memory.write(0x200_2000n, 0x3743n);
    expect([...new TableMap(walkMemory(memory), stage2).stretches(regime, 0, PAGE)]).toMatchObject([expected]);
  });
});

describe('a budget', () => {
  const kinds: readonly (readonly [string, (dice: Dice, memory: Words) => [Regime, Stage2Regime | null]])[] = [
    ['stage 1', (dice, memory) => alone(dice, memory, smallStage1())],
    ['stage 2 alone', (dice, memory) => alone(dice, memory, smallStage2({ inputBits: 22 }))],
    [
      'stage 1 in the address space of a guest',
      (dice, memory) => {
        const { regime, stage2 } = guestOf(dice, memory);
        return [regime, stage2];
      },
    ],
  ];
  const alone = (dice: Dice, memory: Words, regime: Regime): [Regime, null] => {
    filled(dice, regime, memory);
    return [regime, null];
  };

  test.each(kinds)('ends the list once, and what stands before it is whole: %s', (_, make) => {
    let cuts = 0;
    forSeeds(SEEDS, (dice, memory, seed) => {
      const [regime, stage2] = make(dice, memory);
      const view = walkMemory(memory);
      const pages = (stretches: readonly Stretch<unknown>[]) => pagesOfStretches(stretches, 0, 2 ** 22, PAGE);
      const whole = pages([...new TableMap(view, stage2).stretches(regime)]);
      for (const descriptors of [1, 3, 100, 515, 600, 1500, 2500, 10_000]) {
        const about = `scenario ${seed}, ${descriptors} descriptors`;
        const found = [...joinedStretches(new TableMap(view, stage2, new Budget(descriptors)).stretches(regime))];
        const at = found.findIndex(({ kind }) => kind === 'cut');
        const [before, cut] = at === -1 ? [found, null] : [found.slice(0, at), found[at]];
        if (cut !== null) cuts += 1;
        expect(at === -1 ? [] : found.slice(at + 1), `${about}: behind the cut`).toEqual([]);
        const end = Math.floor((cut?.start ?? 2 ** 22) / PAGE);
        expect(pages(before).slice(0, end), `${about}: before the cut at ${cut?.start}`).toEqual(whole.slice(0, end));
        const later = before.filter(({ start, byteLength }) => start + byteLength > (cut?.start ?? 2 ** 22));
        expect(later, `${about}: stretches that reach beyond the cut`).toEqual([]);
      }
    });
    expect(cuts, 'lists that were cut').toBeGreaterThan(SEEDS);
  });
});
