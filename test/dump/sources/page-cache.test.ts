import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LruCache } from '../../../src/dump/sources/page-cache.ts';

/** The same by a list, the most recently used last. */
class Plain {
  entries: (readonly [number, string])[] = [];

  get(key: number): string | undefined {
    const found = this.entries.find(([one]) => one === key);
    if (found !== undefined) this.entries = [...this.entries.filter((one) => one !== found), found];
    return found?.[1];
  }

  makeRoom(capacity: number): string | undefined {
    return this.entries.length < capacity ? undefined : this.entries.shift()?.[1];
  }
}

test('it keeps what was used last, and hands out what was not, as a list does', () => {
  const steps = fc.array(fc.tuple(fc.constantFrom('get', 'add', 'room'), fc.nat(5)), { maxLength: 60 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), steps, (capacity, sequence) => {
      const [cache, plain] = [new LruCache<string>(capacity), new Plain()];
      for (const [i, [step, key]] of sequence.entries()) {
        if (step === 'room') expect(cache.makeRoom(), `room at step ${i}`).toBe(plain.makeRoom(capacity));
        else expect(cache.get(key), `${key} at step ${i}`).toBe(plain.get(key));
        if (step !== 'add' || plain.get(key) !== undefined) continue;
        plain.makeRoom(capacity);
        plain.entries.push([key, `${key} of ${i}`]);
        cache.set(key, `${key} of ${i}`);
      }
    }),
  );
});
