/** Where the cells of the L1 map lie. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { L1Layout } from '../../../src/report/html/browser/l1-layout.ts';
import { holds } from '../../support/holds.ts';

test('the map finds every cell in use where it is drawn, and steps over gaps', () => {
  const used = fc.uniqueArray(fc.nat(2 ** 17 - 1), { minLength: 1, maxLength: 60 });
  const size = fc.record({ log2: fc.integer({ min: 0, max: 17 }), width: fc.integer({ min: 40, max: 1400 }), used });
  holds(
    fc.property(size, ({ log2, width, used: cells }) => {
      const count = 2 ** log2;
      const inUse = new Set(cells.map((cell) => cell % count));
      const layout = new L1Layout(count, width, 420, (cell) => inUse.has(cell));
      const middle = layout.size / 2;
      expect(layout.columns * layout.size).toBeLessThanOrEqual(Math.max(width, layout.size));
      for (const cell of inUse) {
        expect(layout.at(layout.left(cell) + middle, layout.top(cell) + middle)).toBe(cell);
        for (const by of [1, -1, layout.columns, -layout.columns]) {
          const to = layout.step(cell, by);
          if (to === null) continue;
          expect(Math.sign(to - cell)).toBe(Math.sign(by));
          expect(layout.at(layout.left(to) + middle, layout.top(to) + middle)).toBe(to);
        }
      }
    }),
    { numRuns: 60 },
  );
});
