/** Memory made of page states, and what every list of state runs has to be. */

import { expect } from 'vitest';
import type { PageState, PhysicalMemory, StateRun } from '../../src/dump/memory.ts';

/** Runs as the shortest list that says the same, from one state for each byte. */
export function runsOfStates(states: readonly PageState[]): StateRun[] {
  const runs: { offset: number; byteLength: number; state: PageState }[] = [];
  for (const [offset, state] of states.entries()) {
    const last = runs.at(-1);
    if (last?.state === state) last.byteLength += 1;
    else runs.push({ offset, byteLength: 1, state });
  }
  return runs;
}

/** Memory given byte by byte from address 0 on: a state for each, and its content where there is one. Holes behind. */
export function memoryOfStates(states: readonly PageState[], content?: Uint8Array): PhysicalMemory {
  const stateAt = (paddr: number): PageState => states[paddr] ?? 'hole';
  const runs = (paddr: number, byteLength: number) =>
    runsOfStates(Array.from({ length: byteLength }, (_, i) => stateAt(paddr + i)));
  return {
    ranges: runsOfStates(states.map((state): PageState => (state === 'hole' ? 'hole' : 'present')))
      .filter(({ state }) => state === 'present')
      .map(({ offset, byteLength }) => ({ start: offset, end: offset + byteLength })),
    runs,
    read(paddr, into) {
      for (let i = 0; i < into.byteLength; i++) {
        into[i] = stateAt(paddr + i) === 'present' ? (content?.[paddr + i] ?? 0) : 0;
      }
      return runs(paddr, into.byteLength);
    },
  };
}

/** Memory given as stretches of pages, from address 0 on. For sizes where a list of bytes would be too long. */
export function memoryOfStretches(stretches: readonly (readonly [byteLength: number, state: PageState])[]) {
  const placed: { start: number; end: number; state: PageState }[] = [];
  let at = 0;
  for (const [byteLength, state] of stretches) {
    placed.push({ start: at, end: at + byteLength, state });
    at += byteLength;
  }
  const memory: PhysicalMemory = {
    ranges: [],
    runs(paddr, byteLength) {
      const end = paddr + byteLength;
      return [...placed, { start: at, end: Number.POSITIVE_INFINITY, state: 'hole' as const }]
        .map((one) => ({ state: one.state, start: Math.max(one.start, paddr), end: Math.min(one.end, end) }))
        .filter(({ start, end }) => end > start)
        .map(({ start, end, state }) => ({ offset: start - paddr, byteLength: end - start, state }));
    },
    read: () => {
      throw new Error('this memory has states only');
    },
  };
  return memory;
}

/** Runs must cover their range in order without gaps, and no run may be one that belongs to the one before it. */
export function expectPartition(runs: readonly StateRun[], byteLength: number): void {
  expect(partitionFlaw(runs, byteLength)).toBeNull();
}

function partitionFlaw(runs: readonly StateRun[], byteLength: number): string | null {
  let at = 0;
  for (const [i, run] of runs.entries()) {
    if (run.offset !== at) return `run ${i} begins at ${run.offset}, the one before it ends at ${at}`;
    if (run.byteLength <= 0) return `run ${i} has ${run.byteLength} bytes`;
    if (run.state === runs[i - 1]?.state) return `run ${i} is ${run.state} as is the one before it`;
    at += run.byteLength;
  }
  return at === byteLength ? null : `the runs cover ${at} of ${byteLength} bytes`;
}
