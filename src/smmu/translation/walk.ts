/**
 * One walk through translation tables, each step with what was read where (IHI 0070, "Translation table walks";
 * DDI 0487, "Translation table walk process"). Stage 1 under stage 2 translates every address that it reads.
 */

import type { TableMemory } from '../ste-reader.ts';
import {
  AF,
  AP_READ_ONLY,
  CONTIGUOUS,
  contiguousEntries,
  descriptorKind,
  indexLsb,
  isStage2Device,
  leafAddress,
  mairMeaning,
  memAttrMeaning,
  tableAddress,
} from './descriptors.ts';
import { firstTableEntries, type Regime, type Stage2Regime } from './regime.ts';
import { limitsBelow, NO_LIMITS, PRIV_READ, rightsText, stage1Rights, stage2Rights, UNPRIV_READ } from './rights.ts';

/** Memory in which tables are walked; `S` is the state of what was read. */
export interface WalkMemory<S> extends TableMemory<S> {
  /** The 64-bit words of one structure, or null when any of its bytes is not known. */
  readWords(paddr: number, byteLength: number): bigint[] | null;
  stateOf(paddr: number, byteLength: number): S;
}

/** Something that was read on the way, or worked out. */
export interface Step<S> {
  readonly what: string;
  readonly index: number | null;
  readonly address: number | null;
  /** Its first word; null when its bytes are not known, or when nothing was read. */
  readonly value: bigint | null;
  readonly meaning: string;
  readonly state: S | null;
}

/** Events of the architecture that end a transaction (IHI 0070, "Event records"). */
export type FaultEvent =
  | 'C_BAD_STREAMID'
  | 'C_BAD_STE'
  | 'C_BAD_SUBSTREAMID'
  | 'F_STREAM_DISABLED'
  | 'C_BAD_CD'
  | 'F_TRANSLATION'
  | 'F_ADDR_SIZE'
  | 'F_ACCESS'
  | 'F_PERMISSION';

/** What was being fetched as a stage faulted: a CD, a table descriptor, or the data itself. */
export type FaultClass = 'CD' | 'TT' | 'IN';

export interface Fault {
  readonly kind: 'fault';
  readonly event: FaultEvent;
  /** Null for a fault of configuration. */
  readonly stage: 1 | 2 | null;
  readonly class: FaultClass | null;
  /** What stage 2 could not translate. */
  readonly ipa: number | null;
  readonly why: string;
}

/** The dump does not hold what decides. */
export interface Unknown {
  readonly kind: 'unknown';
  readonly why: string;
}

/** A block or page. */
export interface Leaf {
  readonly kind: 'leaf';
  readonly level: number;
  readonly low: number;
  readonly high: number;
  /** Where the input address comes out. */
  readonly output: number;
  /** Of the block or page. */
  readonly byteLength: number;
  readonly rights: number;
  /** Memory type and shareability. */
  readonly attributes: string;
}

export type WalkEnd = Leaf | Fault | Unknown;

export class Walk<S> {
  readonly steps: Step<S>[];
  readonly #memory: WalkMemory<S>;
  readonly #stage2: Stage2Regime | null;

  /** `stage2` is what stands under stage 1, if anything does; `steps` are those that led here. */
  constructor(memory: WalkMemory<S>, stage2: Stage2Regime | null, steps: Step<S>[] = []) {
    this.#memory = memory;
    this.#stage2 = stage2;
    this.steps = steps;
  }

  /** Reads a structure of configuration or a descriptor at an IPA, or at a physical address without stage 2. */
  fetch(
    what: string,
    index: number,
    address: number,
    byteLength: number,
    klass: FaultClass,
    says: Says,
  ): bigint[] | Fault | Unknown {
    const physical = this.#physical(address, klass, what);
    if (typeof physical !== 'number') return physical;
    return this.#read(what, index, physical, byteLength, says);
  }

  /** Stage 2 for something that the SMMU reads by itself, or identity without stage 2. */
  #physical(address: number, klass: FaultClass, what: string): number | Fault | Unknown {
    const stage2 = this.#stage2;
    if (stage2 === null) return address;
    const end = this.walkStage2(stage2, address, klass, `, for the ${what}`);
    if (end.kind !== 'leaf') return end;
    const refused = (why: string) => fault('F_PERMISSION', 2, klass, why, address);
    if ((end.rights & (PRIV_READ | UNPRIV_READ)) === 0) return refused(`stage 2 lets nobody read the ${what}`);
    if (stage2.protectedWalks && isStage2Device(end.low)) {
      return refused(`S2PTW is 1 and the ${what} lies in Device memory`);
    }
    return end.output;
  }

  /** An IPA of any size through stage 2. */
  walkStage2(regime: Stage2Regime, ipa: number, klass: FaultClass, purpose = ''): WalkEnd {
    if (ipa >= 2 ** regime.inputBits) {
      return fault('F_TRANSLATION', 2, klass, `IPA ${hex(ipa)} needs more than ${regime.inputBits} bits`, ipa);
    }
    return this.walk(regime, ipa, klass, purpose);
  }

  /** `offset` is the input address counted from the start of its half, below 2^inputBits. */
  walk(regime: Regime, offset: number, klass: FaultClass, purpose = ''): WalkEnd {
    const { stage, granuleLog2, startLevel, outputBits } = regime;
    const ipa = stage === 2 ? offset : null;
    const failed = (event: FaultEvent, why: string) => fault(event, stage, klass, why, ipa);
    let table = regime.base;
    let limits = NO_LIMITS;
    for (let level = startLevel; ; level++) {
      const lsb = indexLsb(granuleLog2, level);
      const whole = Math.floor(offset / 2 ** lsb);
      const index = level === startLevel ? whole : whole % 2 ** (granuleLog2 - 3);
      const what = `stage ${stage} level ${level} descriptor${purpose}`;
      const address = table + index * 8;
      const physical = stage === 1 ? this.#physical(address, 'TT', what) : address;
      if (typeof physical !== 'number') return physical;
      const words = this.#read(what, index, physical, 8, ([value]) => {
        const [low, high] = halves(value as bigint, regime.bigEndian);
        return this.#meaning(regime, level, low, high, limits, physical, index);
      });
      if (!Array.isArray(words)) return words;
      const [low, high] = halves(words[0] as bigint, regime.bigEndian);
      const kind = descriptorKind(low, level, regime.minBlockLevel);
      if (kind === 'none') return failed('F_TRANSLATION', `the ${what} is ${invalidity(low, level)}`);
      const target = kind === 'table' ? tableAddress(regime, low, high) : leafAddress(regime, low, high, lsb);
      if (target >= 2 ** outputBits) {
        return failed('F_ADDR_SIZE', `${hex(target)} in the ${what} needs more than ${outputBits} bits`);
      }
      if (kind === 'leaf') {
        if ((low & AF) === 0 && !regime.accessFlagIgnored) return failed('F_ACCESS', `the ${what} has AF 0`);
        const byteLength = 2 ** lsb;
        const output = target + (offset % byteLength);
        const rights = leafRights(regime, low, high, limits);
        return { kind, level, low, high, output, byteLength, rights, attributes: leafAttributes(regime, low) };
      }
      if (regime.stage === 1) limits = limitsBelow(limits, high, regime.rights);
      table = target;
    }
  }

  #read(what: string, index: number, paddr: number, byteLength: number, says: Says): bigint[] | Unknown {
    const words = this.#memory.readWords(paddr, byteLength);
    const state = this.#memory.stateOf(paddr, byteLength);
    const meaning = words === null ? 'not in the dump' : says(words);
    this.steps.push({ what, index, address: paddr, value: words?.[0] ?? null, meaning, state });
    if (words !== null) return words;
    return { kind: 'unknown', why: `the ${what} at ${hex(paddr)} is not in the dump (${state})` };
  }

  #meaning(
    regime: Regime,
    level: number,
    low: number,
    high: number,
    limits: number,
    paddr: number,
    index: number,
  ): string {
    const kind = descriptorKind(low, level, regime.minBlockLevel);
    if (kind === 'none') return invalidity(low, level);
    if (kind === 'table') {
      const below = regime.stage === 1 ? limitsInWords(limitsBelow(NO_LIMITS, high, regime.rights)) : '';
      return `table ${hex(tableAddress(regime, low, high))}${below}`;
    }
    const target = leafAddress(regime, low, high, indexLsb(regime.granuleLog2, level));
    const rights = leafRights(regime, low, high, limits);
    const parts = [
      `${level === 3 ? 'page' : 'block'} ${hex(target)}`,
      `privileged ${rightsText(rights, true)}`,
      `unprivileged ${rightsText(rights, false)}`,
      `AF ${(low >>> 10) & 1}`,
      leafAttributes(regime, low),
    ];
    if ((high & CONTIGUOUS) !== 0) parts.push(this.#run(regime, level, paddr, index));
    return parts.join(', ');
  }

  /** Whether the run that the Contiguous bit marks is one. Software that mixes them up gets either translation. */
  #run(regime: Regime, level: number, paddr: number, index: number): string {
    const usual = contiguousEntries(regime.granuleLog2, level);
    // A first table may be smaller than a run.
    const entries = level === regime.startLevel ? Math.min(usual, firstTableEntries(regime)) : usual;
    if (entries === 1) return 'contiguous, which this level does not have';
    const first = paddr - (index % entries) * 8;
    const words = this.#memory.readWords(first, entries * 8);
    if (words === null) return `one of ${entries} contiguous entries, not all in the dump`;
    const step = 2 ** indexLsb(regime.granuleLog2, level);
    const [start, ...rest] = words.map((value) => contiguousPart(regime, level, value));
    const odd = rest.findIndex(
      (one, i) => one.attributes !== start?.attributes || one.target !== start.target + (i + 1) * step,
    );
    const aligned = start !== undefined && start.target % (step * entries) === 0;
    if (odd === -1 && aligned) return `one of ${entries} contiguous entries that agree`;
    return `one of ${entries} contiguous entries that do NOT agree: ${odd === -1 ? 'unaligned' : `entry ${odd + 1} differs`}`;
  }
}

type Says = (words: readonly bigint[]) => string;

/** What the entries of a contiguous run have in common: all but the address, AF, and what hardware marks as dirty. */
function contiguousPart(regime: Regime, level: number, value: bigint): { target: number; attributes: string } {
  const [low, high] = halves(value, regime.bigEndian);
  const attributes = `${low & 0xfff & ~AF & ~(regime.rights.dirtyState ? AP_READ_ONLY : 0)} ${high & 0xfff8_0000}`;
  return { target: leafAddress(regime, low, high, indexLsb(regime.granuleLog2, level)), attributes };
}

/** A fault of a walk; `stage` and class are null where the event has none, the IPA where stage 2 is not at fault. */
export function fault(
  event: FaultEvent,
  stage: Fault['stage'],
  klass: FaultClass | null,
  why: string,
  ipa: number | null = null,
): Fault {
  return { kind: 'fault', event, stage, class: klass, ipa, why };
}

/** The low and the high half of a descriptor, which tables may hold big-endian. */
export function halves(value: bigint, bigEndian: boolean): [low: number, high: number] {
  const [low, high] = [Number(value & 0xffff_ffffn), Number(value >> 32n)];
  return bigEndian ? [swapped(high), swapped(low)] : [low, high];
}

/** A 32-bit word with its bytes in the other order. */
export function swapped(half: number): number {
  return ((half << 24) | ((half & 0xff00) << 8) | ((half >>> 8) & 0xff00) | (half >>> 24)) >>> 0;
}

/** What a block or page descriptor allows, within the `limits` that tables above it set (VMSAv8-64 permissions). */
export function leafRights(regime: Regime, low: number, high: number, limits: number): number {
  return regime.stage === 1 ? stage1Rights(low, high, limits, regime.rights) : stage2Rights(low, high, regime.rights);
}

const SHAREABILITIES = ['non-shareable', 'reserved shareability', 'outer shareable', 'inner shareable'] as const;

/** Memory type, and shareability where the descriptor has it. */
export function leafAttributes(regime: Regime, low: number): string {
  const type =
    regime.stage === 1
      ? mairMeaning(regime.mair[(low >>> 2) & 7] as number)
      : memAttrMeaning((low >>> 2) & 0xf, regime.fwb);
  return regime.ds ? type : `${type}, ${SHAREABILITIES[(low >>> 8) & 3]}`;
}

function invalidity(low: number, level: number): string {
  if ((low & 1) === 0) return 'invalid (bit 0 is 0)';
  return level === 3 ? 'reserved (bits 1:0 are 1)' : 'a block, which this level does not have';
}

function limitsInWords(limits: number): string {
  const words = ['no privileged execution', 'no unprivileged execution', 'no unprivileged access', 'no writes'];
  const set = words.filter((_, bit) => (limits & (1 << bit)) !== 0);
  return set.length === 0 ? '' : `; below it ${set.join(', ')}`;
}

/** A number as hex text, for messages. */
export function hex(value: number | bigint): string {
  return `0x${value.toString(16)}`;
}
