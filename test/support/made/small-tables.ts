/** Small sets of tables, filled at random, for tests of what lists everything that they map. */

import fc from 'fast-check';
import { encodeFields } from '../../../src/smmu/fields.ts';
import { STE } from '../../../src/smmu/structures/ste.ts';
import {
  type Regime,
  type Stage1Regime,
  type Stage2Regime,
  stage2Regime,
} from '../../../src/smmu/translation/regime.ts';
import { NEWEST } from '../features.ts';
import { holds } from '../holds.ts';
import { Words } from '../models/walk-model-formats.ts';
import { Dice, encodedAddress } from '../models/walk-scenarios.ts';

export const PAGE = 4096;
const RW = 0x743n;
export const table = (address: number) => BigInt(address) | 3n;

/** A stage 1 with 4 KiB pages and 22 bits of input: two tables of pages, at level 3, under two entries of level 2. */
export function smallStage1(changes: Partial<Stage1Regime> = {}): Stage1Regime {
  const off = { wxn: false, pan: false, epan: false, privilegedOnly: false, ignoreTables: false, dirtyState: false };
  const rights = { twoPrivileges: true, ...off };
  return {
    ...{ stage: 1, half: 0, granuleLog2: 12, ds: false, inputBits: 22, startLevel: 2, base: 0x1000, outputBits: 48 },
    ...{
      minBlockLevel: 1,
      bigEndian: false,
      shareability: 3,
      accessFlagIgnored: false,
      mair: [0, 4, 8, 0x44, 0xbb, 0xff, 0xf4, 0x4f],
    },
    ...{ updatesAccessFlag: false, rights: { ...rights, indirect: null } },
    ...changes,
  };
}

/** 4 KiB pages from level 2 on, for IPAs of 25 bits at most, which S2T0SZ cannot say below 39 without small tables. */
export function smallStage2(changes: Partial<Stage2Regime> = {}): Stage2Regime {
  const fields = { V: 1, Config: 6, S2AA64: 1, S2T0SZ: 39, S2SL0: 0, S2PS: 5, S2TTB: 0x10_0000 };
  const made = stage2Regime(encodeFields(STE, fields), NEWEST);
  if (made === null) throw new Error('no stage 2');
  return { ...made, ...changes };
}

/** Random tables that often go on where the one before ended, so that there is something to join. */
export function filled(dice: Dice, regime: Regime, memory: Words): void {
  const swap = (word: bigint) => (regime.bigEndian ? Buffer.from(hexOf(word), 'hex').readBigUInt64LE() : word);
  const level2 = 2 ** Math.max(0, regime.inputBits - 21);
  let output = BigInt(dice.roll(0x100)) << 12n;
  const leaf = (bytes: number) => {
    if (dice.once(6)) output = BigInt(dice.roll(0x2000)) << 12n;
    output = output - (output % BigInt(bytes));
    const word = output | (dice.once(12) ? BigInt(dice.roll(0x1000)) : RW | BigInt(dice.pick(0, 0, 0, 4, 0x80)));
    output += BigInt(bytes);
    return (word & ~3n) | (bytes === PAGE ? 3n : 1n) | (dice.once(40) ? BigInt(dice.roll(64)) << 48n : 0n);
  };
  for (let entry = 0; entry < level2; entry++) {
    const at = BigInt(regime.base + 8 * entry);
    if (dice.once(8)) continue;
    if (dice.once(5)) memory.write(at, swap(dice.once(3) ? 0n : leaf(2 ** 21)));
    else {
      const pages = regime.base + 0x1000 * (1 + dice.roll(level2 + 1));
      const limits = dice.once(3) ? BigInt(dice.roll(16)) << 59n : 0n;
      memory.write(at, swap(encodedAddress(BigInt(pages), 12, regime.ds) | 3n | limits));
      for (let i = 0; i < 512; i++) {
        const missing = dice.once(60);
        if (!missing) memory.write(BigInt(pages + 8 * i), swap(dice.once(10) ? 0n : leaf(PAGE)));
      }
    }
  }
}

const hexOf = (word: bigint) => word.toString(16).padStart(16, '0');

/** A guest: stage 1 tables whose pages lie anywhere in memory, where stage 2 says. */
export function guestOf(dice: Dice, memory: Words): { regime: Stage1Regime; stage2: Stage2Regime } {
  const guest = new Words();
  const plain = smallStage1({ bigEndian: dice.once(3), outputBits: 25 });
  // Where hardware updates descriptors, stage 2 has to let them be written.
  const updating = { updatesAccessFlag: true, accessFlagIgnored: true, rights: { ...plain.rights, dirtyState: true } };
  const regime = dice.once(2) ? { ...plain, ...updating } : plain;
  filled(dice, regime, guest);
  const stage2 = smallStage2({ protectedWalks: dice.once(3) });
  filled(dice, stage2, memory);
  memory.write(BigInt(stage2.base), table(0x18_0000));
  for (let page = 0; page < 16; page++) {
    const to = 0x200_0000 + dice.roll(64) * PAGE;
    memory.write(
      BigInt(0x18_0000 + 8 * page),
      BigInt(to) |
        (dice.once(12) ? (dice.once(2) ? 0x7c3n : 0x703n) : dice.once(9) ? 0n : dice.once(4) ? 0x77fn : 0x7ffn),
    );
  }
  for (const [address, word] of guest.at) {
    const entry = memory.at.get(0x18_0000n + 8n * (address >> 12n)) ?? 0n;
    memory.write((entry & 0xffff_f000n) + (address & 0xfffn), word);
  }
  return { regime, stage2 };
}

export function forSeeds(numRuns: number, check: (dice: Dice, memory: Words, seed: number) => void): void {
  const property = fc.property(fc.integer(), (seed) => check(new Dice(seed), new Words(), seed));
  holds(property, { numRuns, endOnFailure: true });
}
