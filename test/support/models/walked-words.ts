/** The memory of the model as the walk under test reads it. */

import type { EntrySlice } from '../../../src/smmu/structures/ste-reader.ts';
import type { WalkMemory } from '../../../src/smmu/translation/walk.ts';
import type { Words } from './walk-model-formats.ts';

export type Known = 'present' | 'hole';

export function walkMemory({ at }: Words): WalkMemory<Known> {
  const word = (paddr: number) => at.get(BigInt(paddr));
  const stateOf = (paddr: number, byteLength: number): Known => {
    for (let i = 0; i < byteLength; i += 8) if (word(paddr + i) === undefined) return 'hole';
    return 'present';
  };
  return {
    readWords: (paddr, byteLength) =>
      stateOf(paddr, byteLength) === 'hole'
        ? null
        : Array.from({ length: byteLength / 8 }, (_, i) => word(paddr + 8 * i) as bigint),
    stateOf,
    *slices(paddr, entryByteLength, count): Generator<EntrySlice<Known>> {
      if (entryByteLength !== 8) throw new Error('only descriptors are read in slices');
      for (let first = 0; first < count; ) {
        const state = stateOf(paddr + 8 * first, 8);
        const words: number[] = [];
        let entries = 0;
        for (; first + entries < count && stateOf(paddr + 8 * (first + entries), 8) === state; entries++) {
          const value = word(paddr + 8 * (first + entries)) ?? 0n;
          words.push(Number(value & 0xffff_ffffn), Number(value >> 32n));
        }
        const known = state === 'present';
        yield { first, count: entries, state, known, words: known ? Uint32Array.from(words) : new Uint32Array(0) };
        first += entries;
      }
    },
  };
}
