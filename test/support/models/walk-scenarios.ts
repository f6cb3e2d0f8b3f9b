/**
 * Random streams with tables that translate one access all the way, and then a few bits of them changed: whatever the
 * change breaks is broken deep inside a walk. A scenario is made from one number, which a failing test names.
 */

import { encodeFields, type FieldInputs } from '../../../src/smmu/fields.ts';
import type { HardwareFeatures } from '../../../src/smmu/registers/hardware-features.ts';
import { CD } from '../../../src/smmu/structures/cd.ts';
import { STE } from '../../../src/smmu/structures/ste.ts';
import { steIllegalities } from '../../../src/smmu/structures/ste-legality.ts';
import { NEWEST } from '../features.ts';
import {
  bit,
  firstTable,
  LSB,
  type ModelAccess,
  min,
  SIZES,
  STAGE1_START,
  STAGE2_START,
  Words,
} from './walk-model-formats.ts';

export interface Scenario {
  readonly hw: HardwareFeatures;
  readonly ste: readonly bigint[];
  readonly memory: Words;
  readonly access: ModelAccess;
}

/** Small and good enough: the same number always gives the same scenario (mulberry32). */
export class Dice {
  #state: number;
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }
  /** 0 to `sides` - 1. */
  roll(sides: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % sides;
  }
  /** True once in `times`. */
  once(times: number): boolean {
    return this.roll(times) === 0;
  }
  pick<T>(...from: readonly T[]): T {
    return from[this.roll(from.length)] as T;
  }
  between(first: number, last: number): number {
    return first + this.roll(last - first + 1);
  }
  bits(width: bigint): bigint {
    const word = [0, 0, 0, 0].reduce((value) => (value << 16n) | BigInt(this.roll(0x10000)), 0n);
    return BigInt.asUintN(Number(width), word);
  }
}

interface Format {
  readonly stage: 1 | 2;
  readonly granule: number;
  readonly ds: boolean;
  readonly inputBits: bigint;
  readonly level: number;
  readonly out: bigint;
  /** Bits of the addresses that its descriptors get. */
  readonly room: bigint;
  readonly bigEndian: boolean;
}

const swap = (word: bigint) =>
  Array.from({ length: 8 }, (_, i) => bit(word, 8 * i, 8) << BigInt(56 - 8 * i)).reduce((a, b) => a | b);
const upTo = (address: bigint, lsb: number) => (address >> BigInt(lsb)) << BigInt(lsb);

export function encodedAddress(address: bigint, granule: number, ds: boolean): bigint {
  const low = BigInt.asUintN(48, address);
  if (granule === 16) return low | (bit(address, 48, 4) << 12n);
  return low | (bit(address, 48, 2) << 48n) | (ds ? bit(address, 50, 2) << 8n : 0n);
}

export class TableBuilder {
  readonly memory: Words;
  readonly #dice: Dice;
  #next = 0x1000_0000n;

  constructor(memory: Words, dice: Dice) {
    this.memory = memory;
    this.#dice = dice;
  }

  /** An unused address with room for any table, often with bits set at the top of what is allowed. */
  room(bits: bigint): bigint {
    this.#next += 0x40_0000n;
    return this.#next | (this.#dice.once(2) ? (1n << (bits - 1n)) & ~0x7fff_ffffn : 0n);
  }

  /** Makes the way of `input` through the table at `base` exist, and tells where it comes out. */
  map(format: Format, base: bigint, input: bigint, place: (address: bigint) => bigint, target: () => bigint): bigint {
    const { granule, ds, inputBits, out, bigEndian } = format;
    let table = firstTable(base, inputBits, granule, format.level, out);
    for (let level = format.level; ; level++) {
      const lsb = (LSB[granule] as number[])[level + 1] as number;
      const index = level === format.level ? input >> BigInt(lsb) : bit(input, lsb, granule - 3);
      const at = place(table + 8n * index);
      const there = this.memory.at.get(at);
      let word = there === undefined ? this.#made(format, level, target) : bigEndian ? swap(there) : there;
      if (there === undefined) this.memory.write(at, bigEndian ? swap(word) : word);
      const [leaf, address] = [level === 3 || (word & 2n) === 0n, decoded(word, granule, ds)];
      if (leaf) return upTo(address, lsb) | (input & ((1n << BigInt(lsb)) - 1n));
      table = upTo(address, granule);
      word = 0n;
    }
  }

  #made({ stage, granule, ds, level: start, out, room }: Format, level: number, target: () => bigint): bigint {
    const dice = this.#dice;
    const blocks = granule === 12 ? (ds ? 0 : 1) : (granule === 14 ? ds : out === 52n) ? 1 : 2;
    const leaf = level === 3 || (level >= blocks && dice.once(6 + start));
    if (!leaf) {
      const limits = stage === 1 && dice.once(4) ? BigInt(dice.roll(16)) << 59n : 0n;
      return 3n | encodedAddress(this.room(room), granule, ds) | limits;
    }
    const address = encodedAddress(upTo(target(), (LSB[granule] as number[])[level + 1] as number), granule, ds);
    const attributes = BigInt(dice.roll(16)) << 2n;
    const shareability = ds ? 0n : BigInt(dice.roll(4)) << 8n;
    const rights = BigInt(stage === 1 ? dice.pick(1, 1, 0, 2, 3) : dice.pick(3, 3, 3, 3, 3, 3, 3, 1, 2, 0)) << 6n;
    const flags = (dice.once(12) ? 0n : 1n << 10n) | BigInt(dice.roll(2) << 11);
    const upper = (dice.once(2) ? BigInt(dice.roll(16)) : 0n) << 51n;
    return (level === 3 ? 3n : 1n) | address | attributes | shareability | rights | flags | upper;
  }
}

function decoded(word: bigint, granule: number, ds: boolean): bigint {
  if (granule === 16) return upTo(bit(word, 0, 48), 16) | (bit(word, 12, 4) << 48n);
  return upTo(bit(word, 0, 48), granule) | (bit(word, 48, 2) << 48n) | (ds ? bit(word, 8, 2) << 50n : 0n);
}

export function scenario(seed: number): Scenario {
  const dice = new Dice(seed);
  const hw = hardware(dice);
  const memory = new Words();
  const builder = new TableBuilder(memory, dice);
  const oas = SIZES[hw.OAS as number] as bigint;
  const config = dice.pick(5, 5, 5, 5, 6, 6, 7, 7, 7, 7, 4, 0);
  const second = config === 6 || config === 7 ? stage2Of(dice, hw, builder, oas, config === 7) : null;
  const place = (ipa: bigint) => second?.pa(ipa) ?? ipa;
  const ipaBits = second === null ? oas : min(second.format.inputBits, oas);
  const fields: Record<string, number | bigint> = {
    ...{ V: 1, Config: config, ...second?.fields },
    ...(dice.once(3) ? { PRIVCFG: dice.roll(4), INSTCFG: dice.roll(4) } : {}),
    ...(hw.Hyp === 1 && config === 5 && dice.once(3) ? { STRW: 2 } : {}),
  };
  let [iova, ssid]: [bigint, number | null] = [dice.bits(ipaBits), null];
  if (config === 5 || config === 7) {
    const cdAt = builder.room(ipaBits);
    ({ ssid } = substreams(dice, hw, builder, fields, cdAt, ipaBits, place));
    const el2 = fields['STRW'] === 2 && hw.E2H === 0;
    const first = stage1Of(dice, hw, builder, el2, min(ipaBits, 52n), place);
    iova = first.iova;
    const cd = encodeFields(CD, first.fields);
    for (const [i, word] of cd.entries()) memory.write(place(locateCd(fields, cdAt, ssid ?? 0) + 8n * BigInt(i)), word);
    if (second !== null) place(first.output);
  } else if (second !== null) {
    place(iova);
  }
  const ste = encodeFields(STE, fields);
  const access = { iova, ssid, kind: dice.pick('read', 'write', 'exec'), privileged: dice.once(2) } as const;
  return changed(dice, { hw, ste, memory, access });
}

function hardware(dice: Dice): HardwareFeatures {
  return {
    ...NEWEST,
    OAS: dice.pick(4, 5, 5, 6, 6),
    TTF: dice.pick(2, 3),
    DS: dice.pick(0, 1, 1),
    VAX: dice.pick(0, 1, 1),
    XNX: dice.roll(2),
    HAD: dice.roll(2),
    E0PD: dice.roll(2),
    EPAN: dice.roll(2),
    E2H: dice.roll(2),
    Hyp: dice.pick(0, 1, 1),
    SSIDSIZE: dice.pick(0, 20, 20, 20),
    ATTR_PERMS_OVR: dice.roll(2),
    ArchMinorRev: dice.pick(1, 4),
  };
}

function stage2Of(dice: Dice, hw: HardwareFeatures, builder: TableBuilder, oas: bigint, nested: boolean) {
  for (;;) {
    const granule = dice.pick(12, 12, 14, 16);
    const ds = granule !== 16 && dice.once(2);
    const minusOne = granule === 12 && ds && dice.once(2);
    const [sl0, t0sz] = [minusOne ? 0 : dice.roll(4), dice.between(12, nested ? 32 : 48)];
    const s2ps = dice.pick(4, 5, 6, 6, 6);
    const out = min(SIZES[s2ps] as bigint, oas);
    const carried = min(out, granule === 16 || (ds && hw.DS === 1) ? 52n : 48n);
    const base = builder.room(carried);
    const fields: FieldInputs = {
      ...{ S2AA64: 1, S2TG: { 12: 0, 14: 2, 16: 1 }[granule] as number, S2T0SZ: t0sz, S2SL0: sl0, S2PS: s2ps },
      ...{ S2DS: ds ? 1 : 0, S2SL0_2: minusOne ? 1 : 0, S2TTB: base, S2VMID: 7, S2ENDI: dice.once(4) ? 1 : 0 },
      ...{ S2AFFD: dice.once(4) ? 1 : 0, S2HA: dice.once(4) ? 1 : 0, S2HD: dice.once(4) ? 1 : 0 },
      ...{ S2PTW: dice.once(8) ? 1 : 0, S2S: 0, S2R: 1 },
    };
    if (steIllegalities(encodeFields(STE, { V: 1, Config: 6, ...fields }), hw).length > 0) continue;
    const level = minusOne && hw.DS === 1 ? -1 : ((STAGE2_START[granule] as number[])[sl0] as number);
    const effective = ds && hw.DS === 1;
    const bigEndian = fields['S2ENDI'] === 1;
    const inputBits = BigInt(64 - t0sz);
    const format: Format = { stage: 2, granule, ds: effective, inputBits, level, out, room: carried, bigEndian };
    const target = () => dice.bits(carried - 1n) | (dice.once(2) ? 1n << (carried - 1n) : 0n);
    // Two IPAs in one block share it; what is outside the input range is left unmapped.
    const pa = (ipa: bigint) => (ipa >> inputBits !== 0n ? ipa : builder.map(format, base, ipa, (at) => at, target));
    return { fields, format, pa };
  }
}

function stage1Of(
  dice: Dice,
  hw: HardwareFeatures,
  builder: TableBuilder,
  el2: boolean,
  ipaBits: bigint,
  place: (address: bigint) => bigint,
) {
  const granule = dice.pick(12, 12, 14, 16);
  const high = !el2 && dice.once(2);
  const ds = dice.once(2);
  const effective = ds && hw.DS === 1 && granule !== 16;
  const wide = (hw.VAX as number) >= 1 && (granule === 16 || effective);
  const tsz = dice.between(wide ? 12 : 16, granule === 16 ? 47 : 48);
  const inputBits = BigInt(64 - tsz);
  const start = STAGE1_START[granule] as readonly (readonly [number, number, number])[];
  const level = start.find(([, first, last]) => first <= tsz && tsz <= last)?.[0] as number;
  const out = min(SIZES[hw.OAS as number] as bigint, 52n);
  const carried = min(out, granule === 16 || effective ? 52n : 48n);
  const base = builder.room(min(carried, ipaBits));
  const flag = (times: number) => (dice.once(times) ? 1 : 0);
  const [x, y] = high ? [1, 0] : [0, 1];
  const tg = high ? { 12: 2, 14: 1, 16: 3 }[granule] : { 12: 0, 14: 2, 16: 1 }[granule];
  const tbi = flag(3);
  const fields: FieldInputs = {
    ...{ V: 1, AA64: 1, A: flag(2), R: flag(2), S: 0, ASID: 5, IPS: 6, MAIR0: 0xff44_0400, MAIR1: 0xbb4f_f400 },
    ...{ [`T${x}SZ`]: tsz, [`TG${x}`]: tg as number, [`TTB${x}`]: base, [`EPD${y}`]: 1, [`TBI${x}`]: tbi },
    ...{ DS: ds ? 1 : 0, WXN: flag(4), PAN: flag(4), EPAN: flag(3), AFFD: flag(5), HA: flag(5), HD: flag(5) },
    ...{ [`HAD${x}`]: flag(4), [`E0PD${x}`]: el2 ? 0 : flag(5), [`EPD${x}`]: flag(30), ENDI: flag(4) },
  };
  const bigEndian = fields['ENDI'] === 1;
  const limit = min(carried, ipaBits);
  const format: Format = { stage: 1, granule, ds: effective, inputBits, level, out, room: limit, bigEndian };
  const offset = dice.bits(inputBits);
  const output = builder.map(format, base, offset, place, () => dice.bits(limit));
  const sign = high ? ((1n << (64n - inputBits)) - 1n) << inputBits : 0n;
  const iova = BigInt.asUintN(tbi ? 56 : 64, sign | offset) | (tbi ? dice.bits(8n) << 56n : 0n);
  return { fields, iova, output };
}

/** Where the CD of a SubstreamID lies in what {@link substreams} made. */
function locateCd(fields: Readonly<Record<string, number | bigint>>, leaf: bigint, ssid: number): bigint {
  const [max, fmt] = [Number(fields['S1CDMax'] ?? 0), Number(fields['S1Fmt'] ?? 0)];
  if (max === 0) return leaf;
  const mask = fmt === 1 ? 0x3f : fmt === 2 ? 0x3ff : 2 ** max - 1;
  return leaf + 64n * BigInt(ssid & mask);
}

function substreams(
  dice: Dice,
  hw: HardwareFeatures,
  builder: TableBuilder,
  fields: Record<string, number | bigint>,
  leaf: bigint,
  ipaBits: bigint,
  place: (address: bigint) => bigint,
): { ssid: number | null } {
  const max = hw.SSIDSIZE === 0 ? 0 : dice.pick(0, dice.between(1, 12), 10);
  const fmt = dice.roll(4);
  const dss = dice.pick(0, 1, 2, 2, 3);
  Object.assign(fields, { S1CDMax: max, S1Fmt: fmt, S1DSS: dss, S1ContextPtr: leaf });
  if (max === 0) return { ssid: dice.once(20) ? 1 : null };
  const ssid = dice.once(20) ? 2 ** max : dice.roll(2 ** max);
  const chosen = dss === 2 && dice.once(2) ? null : dice.once(10) ? null : ssid;
  if (fmt === 1 || fmt === 2) {
    const table = builder.room(ipaBits);
    fields['S1ContextPtr'] = table;
    const index = BigInt(chosen ?? 0) >> (fmt === 1 ? 6n : 10n);
    builder.memory.write(place(table + 8n * index), leaf | (dice.once(30) ? 0n : 1n));
  }
  return { ssid: chosen };
}

/** The bits of a descriptor that decide where a walk ends, in either byte order: half of the changes are to these. */
const TELLING = [0, 0, 1, 10, 47, 48, 49, 50, 51].flatMap((lsb) => [lsb, lsb ^ 56]).flatMap((lsb) => [lsb, lsb, lsb]);

/** Often unchanged, so that most walks still end with an address; else up to three changes. */
function changed(dice: Dice, given: Scenario): Scenario {
  const ste = [...given.ste];
  const { memory } = given;
  let { access } = given;
  const words = [...memory.at.keys()];
  for (let left = dice.pick(0, 0, 1, 1, 2, 3); left > 0; left--) {
    const what = dice.roll(12);
    const address = words[dice.roll(Math.max(1, words.length))];
    if (what === 0) access = { ...access, iova: access.iova ^ (1n << BigInt(dice.roll(64))) };
    else if (what === 1) flip(ste, dice.roll(4), dice.roll(64));
    else if (address === undefined) continue;
    else if (what === 2) memory.at.delete(address);
    else
      memory.at.set(address, (memory.at.get(address) ?? 0n) ^ (1n << BigInt(TELLING[dice.roll(96)] ?? dice.roll(64))));
  }
  return { ...given, ste, access };
}

function flip(words: bigint[], index: number, lsb: number): void {
  words[index] = (words[index] as bigint) ^ (1n << BigInt(lsb));
}
