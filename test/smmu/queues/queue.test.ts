import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { queueGeometry, restStretches, usedStretches } from '../../../src/smmu/queues/queue.ts';
import { holds } from '../../support/holds.ts';

const geometry = (log2Size: number, prod: number | null, cons: number | null, maxLog2Size: number | null = 19) =>
  queueGeometry({ addr: 0x5a20_0000n, log2Size, maxLog2Size, prod, cons }, 32);

/** The indices of the entries, in the order of the stretches. */
const indices = (stretches: ReturnType<typeof usedStretches>) =>
  stretches.flatMap(({ first, count }) => Array.from({ length: count }, (_, i) => first + i));

describe('by example', () => {
  test('around the end of the queue', () => {
    const queue = geometry(15, 0x8003, 0x7ffe);
    expect(queue).toMatchObject({
      used: 5,
      corrupt: false,
      prod: { index: 3, wrap: 1 },
      cons: { index: 0x7ffe, wrap: 0 },
    });
    expect(indices(usedStretches(queue))).toEqual([0x7ffe, 0x7fff, 0, 1, 2]);
    expect(restStretches(queue)).toEqual([{ first: 3, count: 0x7ffb }]);
  });

  test('full, and empty', () => {
    expect(geometry(15, 0x8003, 3)).toMatchObject({ used: 32768, corrupt: false });
    expect(restStretches(geometry(15, 0x8003, 3))).toEqual([]);
    expect(geometry(15, 3, 3)).toMatchObject({ used: 0, corrupt: false });
    expect(usedStretches(geometry(15, 3, 3))).toEqual([]);
    expect(restStretches(geometry(15, 3, 3))).toEqual([
      { first: 3, count: 32765 },
      { first: 0, count: 3 },
    ]);
  });

  test('one entry', () => {
    expect(geometry(0, 1, 0)).toMatchObject({ size: 1, used: 1, corrupt: false });
    expect(geometry(0, 1, 1)).toMatchObject({ used: 0 });
  });

  test('indices that cannot belong together', () => {
    const queue = geometry(4, 0, 1);
    expect(queue).toMatchObject({ used: null, corrupt: true });
    expect(usedStretches(queue)).toEqual([]);
    expect(indices(restStretches(queue))).toHaveLength(16);
  });

  test('an index that was not captured', () => {
    expect(geometry(4, null, 3)).toMatchObject({ used: null, corrupt: null, prod: null });
    expect(indices(restStretches(geometry(4, null, 3)))).toEqual(Array.from({ length: 16 }, (_, i) => i));
    expect(indices(restStretches(geometry(2, 3, null)))).toEqual([3, 0, 1, 2]);
  });

  test('the size is capped, and the base aligned to the size that is left', () => {
    expect(geometry(31, 0, 0)).toMatchObject({ log2Size: 19 });
    expect(geometry(31, 0, 0, null)).toMatchObject({ log2Size: 19 });
    expect(geometry(31, 0, 0, 31)).toMatchObject({ log2Size: 19 });
    expect(geometry(9, 0, 0, 7)).toMatchObject({ log2Size: 7, size: 128 });
    const at = (addr: bigint, log2Size: number, entryByteLength: number) =>
      queueGeometry({ addr, log2Size, maxLog2Size: 19, prod: 0, cons: 0 }, entryByteLength).base;
    expect(at(0x5a20_0fe0n, 15, 32)).toBe(0x5a20_0000);
    expect(at(0x5a20_0fe0n, 0, 16)).toBe(0x5a20_0fe0);
    expect(at(0x5a20_0fe0n, 2, 16)).toBe(0x5a20_0fc0);
    expect(at(0xff_ffff_ffff_ffe0n, 0, 32)).toBe(0xff_ffff_ffff_ffe0);
  });
});

test('a queue as it is filled and read has in it what was filled and not read', () => {
  const steps = fc.array(fc.boolean(), { maxLength: 100 });
  holds(
    fc.property(fc.integer({ min: 0, max: 4 }), steps, (log2Size, produce) => {
      const size = 2 ** log2Size;
      let [produced, consumed] = [0, 0];
      for (const more of produce) {
        if (more && produced - consumed < size) produced += 1;
        if (!more && consumed < produced) consumed += 1;
      }
      const queue = geometry(log2Size, produced % (2 * size), consumed % (2 * size));
      const inUse = Array.from({ length: produced - consumed }, (_, i) => (consumed + i) % size);
      expect(indices(usedStretches(queue))).toEqual(inUse);
      const rest = Array.from({ length: size - inUse.length }, (_, i) => (produced + i) % size);
      expect(indices(restStretches(queue))).toEqual(rest);
    }),
  );
});

test('whatever the registers hold, a queue has every slot once', () => {
  const index = fc.option(fc.nat(0xf_ffff), { nil: null });
  const five = fc.nat(31);
  holds(
    fc.property(fc.bigInt(0n, 2n ** 56n - 1n), five, fc.option(five, { nil: null }), index, index, (bits, ...rest) => {
      const [log2Size, max, prod, cons] = rest;
      const addr = bits - (bits % 32n);
      const queue = queueGeometry({ addr, log2Size, maxLog2Size: max, prod, cons }, 16);
      expect(queue.base % Math.max(32, queue.size * 16)).toBe(0);
      const stretches = [...usedStretches(queue), ...restStretches(queue)];
      expect(stretches.reduce((sum, { count }) => sum + count, 0)).toBe(queue.size);
      for (const { first, count } of stretches) expect(first + count).toBeLessThanOrEqual(queue.size);
      expect((queue.used ?? 0) <= queue.size).toBe(true);
    }),
  );
});
