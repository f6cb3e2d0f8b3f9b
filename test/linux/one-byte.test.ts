/**
 * One bit changed anywhere in what is read: the registers are the same, or they are not given. Never others, never an
 * exception. Bits are chosen by a generator with a fixed seed, so that every run tries the same.
 */

import { describe, expect, test } from 'vitest';
import { extractSnapshot, type KernelState } from '../../src/linux/kernel-state.ts';
import type { SmmuSnapshot } from '../../src/snapshot/snapshot.ts';
import { LOG_STRUCTS, writeLog } from '../support/made/made-log.ts';
import { type MadeMemory, madeDump } from '../support/made/made-memory.ts';
import { type MadeMachineOptions, madeMachine } from '../support/made/made-smmus.ts';
import { generator } from '../support/random.ts';
import { runs } from '../support/slow.ts';

const SEED = 20_261_129;
/** Enough to meet every structure on the way. */
const TRIALS = runs(240, 16);

function snapshotsOf(state: KernelState): readonly SmmuSnapshot[] {
  return state.outcome === 'found' ? state.snapshot.smmus : [];
}

/** What of one snapshot contradicts the true one. */
function wrong(given: SmmuSnapshot, truth: SmmuSnapshot): string[] {
  const trueBits = (register: string) => truth.registers.get(register) ?? truth.partial?.get(register)?.value;
  const trueMask = (register: string) => truth.partial?.get(register)?.known ?? -1n;
  return [
    ...(given.base === null || given.base === truth.base ? [] : ['base']),
    ...[...given.registers].flatMap(([register, value]) =>
      (value & trueMask(register)) === trueBits(register) ? [] : [register],
    ),
    ...[...(given.partial ?? [])].flatMap(([register, { value, known }]) =>
      (value & trueMask(register)) === ((trueBits(register) ?? 0n) & known) ? [] : [register],
    ),
  ];
}

/** The bytes that are not zero in the pages that a reading touches. */
function bytesRead(memory: MadeMemory, read: () => void): { readonly page: Buffer; readonly at: number }[] {
  const touched = new Set<number>();
  const original = memory.read;
  memory.read = (paddr, into) => {
    for (let at = paddr; at < paddr + into.byteLength; at += 4096) touched.add(at - (at % 4096));
    return original.call(memory, paddr, into);
  };
  read();
  memory.read = original;
  return [...touched].flatMap((paddr) => {
    const page = memory.pages.get(paddr);
    return page === undefined ? [] : [...page.keys()].filter((at) => page[at] !== 0).map((at) => ({ page, at }));
  });
}

const KERNELS: readonly (MadeMachineOptions & { readonly what: string })[] = [
  { what: 'registers stored', driver: '6.1', structs: LOG_STRUCTS },
  { what: 'registers computed, 64 KiB pages', driver: '7.3', structs: LOG_STRUCTS, log2PageSize: 16, vaBits: 52 },
  { what: 'a module', driver: '7.3', module: 'data', release: '7.3.4', structs: LOG_STRUCTS },
];

describe.each(KERNELS)('$what', (options) => {
  test(`${TRIALS} bits, seed ${SEED}`, () => {
    const { kernel } = madeMachine({ ...options, smmus: [{ events: 5, eventsSeen: 3 }] });
    // The only other witness of the word of features.
    writeLog(kernel, [{ text: 'arm-smmu-v3 9000000.smmuv3: oas 44-bit (features 0x00008305)' }]);
    const read = () => extractSnapshot(madeDump(kernel.memory, kernel.vmcoreinfo));
    const [truth] = snapshotsOf(read());
    if (truth === undefined) throw new Error('nothing found');
    const bytes = bytesRead(kernel.memory, read);
    const random = generator(SEED);
    let same = 0;
    for (let trial = 0; trial < TRIALS; trial++) {
      const { page, at } = bytes[random(bytes.length)] as (typeof bytes)[number];
      const before = page[at] as number;
      page[at] = before ^ (1 << random(8));
      const [given] = snapshotsOf(read());
      page[at] = before;
      if (given === undefined) continue;
      same++;
      expect(wrong(given, truth), `trial ${trial}: byte ${at} of a page, 0x${before.toString(16)} changed`).toEqual([]);
    }
    // Most bytes do not matter.
    expect(same).toBeGreaterThan(TRIALS / 2);
  });
});
