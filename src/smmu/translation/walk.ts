/**
 * One walk through translation tables, each step with what was read where (IHI 0070, "Translation table walks";
 * DDI 0487, "Translation table walk process"). Stage 1 under stage 2 translates every address that it reads.
 */

import type { TableMemory } from '../structures/ste-reader.ts';
import type { LeafAttributes } from './attributes.ts';
import {
  AF,
  AP_READ_ONLY,
  CONTIGUOUS,
  contiguousEntries,
  descriptorKind,
  indexLsb,
  isStage2Device,
  leafAddress,
  tableAddress,
} from './descriptors.ts';
import { leafAttributes, leafRights } from './leaf.ts';
import type { ContiguousRun, FaultReason, Fetched, Invalidity, Purpose, Says, UnknownReason } from './reasons.ts';
import { firstTableEntries, type Regime, type Stage2Regime } from './regime.ts';
import { ALL_RIGHTS, ANY_WRITE, limitsBelow, NO_LIMITS, PRIV_READ, rightsOfUpdate, UNPRIV_READ } from './rights.ts';

/** Memory in which tables are walked; `S` is the state of what was read. */
export interface WalkMemory<S> extends TableMemory<S> {
  /** The 64-bit words of one structure, or null when any of its bytes is not known. */
  readWords(paddr: number, byteLength: number): bigint[] | null;
  stateOf(paddr: number, byteLength: number): S;
}

/** Something that was read on the way. */
export interface Step<S> {
  readonly what: Fetched;
  readonly index: number;
  readonly address: number;
  /** Its first word, and what it says; null when its bytes are not known. */
  readonly value: bigint | null;
  readonly says: Says | null;
  readonly state: S;
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

export interface Fault<Why = FaultReason> {
  readonly kind: 'fault';
  readonly event: FaultEvent;
  /** Null for a fault of configuration. */
  readonly stage: 1 | 2 | null;
  readonly class: FaultClass | null;
  /** What stage 2 could not translate. */
  readonly ipa: number | null;
  readonly why: Why;
}

/** The dump does not hold what decides, or this program does not know its format. */
export interface Unknown<S> {
  readonly kind: 'unknown';
  readonly why: UnknownReason<S>;
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
  /** What would write to a descriptor that stage 2 keeps from being written; null where nothing does. */
  readonly unmarkable: Unmarkable | null;
  /** Memory type and shareability. */
  readonly attributes: LeafAttributes;
}

/** Accesses that need these rights have hardware update the descriptor at this IPA. */
interface Unmarkable {
  readonly rights: number;
  readonly what: Fetched;
  readonly ipa: number;
}

export type WalkEnd<S> = Leaf | Fault | Unknown<S>;

export class Walk<S> {
  readonly steps: Step<S>[];
  readonly #memory: WalkMemory<S>;
  /** What stands under stage 1, if anything does. */
  readonly stage2: Stage2Regime | null;
  /** What stage 2 grants where the last structure was read. */
  #granted = ALL_RIGHTS;

  /** `steps` are those that led here. */
  constructor(memory: WalkMemory<S>, stage2: Stage2Regime | null, steps: Step<S>[] = []) {
    this.#memory = memory;
    this.stage2 = stage2;
    this.steps = steps;
  }

  /** Reads a structure of configuration or a descriptor at an IPA, or at a physical address without stage 2. */
  fetch(
    what: Fetched,
    index: number,
    address: number,
    byteLength: number,
    klass: FaultClass,
    read: Reading,
  ): bigint[] | Fault | Unknown<S> {
    const physical = this.#physical(address, klass, what);
    if (typeof physical !== 'number') return physical;
    return this.#read(what, index, physical, byteLength, read);
  }

  /** Stage 2 for something that the SMMU reads by itself, or identity without stage 2. */
  #physical(address: number, klass: FaultClass, what: Fetched): number | Fault | Unknown<S> {
    const stage2 = this.stage2;
    if (stage2 === null) return address;
    const end = this.walkStage2(stage2, address, klass, what);
    if (end.kind !== 'leaf') return end;
    const refused = (kind: 'unreadable' | 'device-memory') =>
      fault<FaultReason>('F_PERMISSION', 2, klass, { kind, what }, address);
    this.#granted = end.rights;
    if ((end.rights & (PRIV_READ | UNPRIV_READ)) === 0) return refused('unreadable');
    return stage2.protectedWalks && isStage2Device(end.low, stage2.fwb) ? refused('device-memory') : end.output;
  }

  /** An IPA of any size through stage 2. */
  walkStage2(regime: Stage2Regime, ipa: number, klass: FaultClass, purpose: Purpose = null): WalkEnd<S> {
    if (ipa >= 2 ** regime.inputBits) {
      return fault('F_TRANSLATION', 2, klass, { kind: 'ipa-too-large', ipa, bits: regime.inputBits }, ipa);
    }
    return this.walk(regime, ipa, klass, purpose);
  }

  /** `offset` is the input address counted from the start of its half, below 2^inputBits. */
  walk(regime: Regime, offset: number, klass: FaultClass, purpose: Purpose = null): WalkEnd<S> {
    const { stage, granuleLog2, startLevel, outputBits } = regime;
    const ipa = stage === 2 ? offset : null;
    const failed = (event: FaultEvent, why: FaultReason) => fault(event, stage, klass, why, ipa);
    let table = regime.base;
    let limits = NO_LIMITS;
    for (let level = startLevel; ; level++) {
      const lsb = indexLsb(granuleLog2, level);
      const whole = Math.floor(offset / 2 ** lsb);
      const index = level === startLevel ? whole : whole % 2 ** (granuleLog2 - 3);
      const what: Fetched = { kind: 'descriptor', stage, level, purpose };
      const address = table + index * 8;
      const physical = stage === 1 ? this.#physical(address, 'TT', what) : address;
      if (typeof physical !== 'number') return physical;
      const words = this.#read(what, index, physical, 8, ([value]) => {
        const [low, high] = halves(value as bigint, regime.bigEndian);
        return this.#says(regime, level, low, high, limits, physical, index);
      });
      if (!Array.isArray(words)) return words;
      const [low, high] = halves(words[0] as bigint, regime.bigEndian);
      const kind = descriptorKind(low, level, regime.minBlockLevel);
      if (kind === 'none') {
        return failed('F_TRANSLATION', { kind: 'leads-nowhere', what, invalidity: invalidity(low, level) });
      }
      const target = kind === 'table' ? tableAddress(regime, low, high) : leafAddress(regime, low, high, lsb);
      if (target >= 2 ** outputBits) {
        return failed('F_ADDR_SIZE', { kind: 'output-too-large', what, paddr: target, bits: outputBits });
      }
      if (kind === 'leaf') {
        if ((low & AF) === 0 && !regime.accessFlagIgnored) return failed('F_ACCESS', { kind: 'no-access-flag', what });
        const byteLength = 2 ** lsb;
        const output = target + (offset % byteLength);
        const rights = leafRights(regime, low, high, limits);
        const attributes = leafAttributes(regime, low, high);
        let unmarkable: Unmarkable | null = null;
        if (regime.stage === 1 && (this.#granted & ANY_WRITE) === 0) {
          const updating = rightsOfUpdate(low, high, limits, regime.rights, regime.updatesAccessFlag);
          unmarkable = { rights: updating, what, ipa: address };
        }
        return { kind, level, low, high, output, byteLength, rights, unmarkable, attributes };
      }
      if (regime.stage === 1) limits = limitsBelow(limits, high, regime.rights);
      table = target;
    }
  }

  #read(what: Fetched, index: number, paddr: number, byteLength: number, read: Reading): bigint[] | Unknown<S> {
    const words = this.#memory.readWords(paddr, byteLength);
    const state = this.#memory.stateOf(paddr, byteLength);
    const says = words === null ? null : read(words);
    this.steps.push({ what, index, address: paddr, value: words?.[0] ?? null, says, state });
    return words ?? { kind: 'unknown', why: { kind: 'not-in-dump', what, paddr, state } };
  }

  #says(regime: Regime, level: number, low: number, high: number, limits: number, paddr: number, index: number): Says {
    const kind = descriptorKind(low, level, regime.minBlockLevel);
    if (kind === 'none') return { kind, invalidity: invalidity(low, level) };
    if (kind === 'table') {
      const below = regime.stage === 1 ? limitsBelow(NO_LIMITS, high, regime.rights) : NO_LIMITS;
      return { kind, paddr: tableAddress(regime, low, high), limits: below };
    }
    return {
      kind,
      isPage: level === 3,
      paddr: leafAddress(regime, low, high, indexLsb(regime.granuleLog2, level)),
      rights: leafRights(regime, low, high, limits),
      accessFlag: (low & AF) === 0 ? 0 : 1,
      attributes: leafAttributes(regime, low, high),
      run: (high & CONTIGUOUS) === 0 ? null : this.#run(regime, level, paddr, index),
    };
  }

  /** Whether the run that the Contiguous bit marks is one. Software that mixes them up gets either translation. */
  #run(regime: Regime, level: number, paddr: number, index: number): ContiguousRun {
    const usual = contiguousEntries(regime.granuleLog2, level);
    // A first table may be smaller than a run.
    const entries = level === regime.startLevel ? Math.min(usual, firstTableEntries(regime)) : usual;
    if (entries === 1) return { kind: 'no-runs-here' };
    const first = paddr - (index % entries) * 8;
    const words = this.#memory.readWords(first, entries * 8);
    if (words === null) return { kind: 'not-in-dump', entries };
    const step = 2 ** indexLsb(regime.granuleLog2, level);
    const [start, ...rest] = words.map((value) => contiguousPart(regime, level, value));
    const odd = rest.findIndex(
      (one, i) => one.attributes !== start?.attributes || one.target !== start.target + (i + 1) * step,
    );
    if (odd !== -1) return { kind: 'differs', entries, entry: odd + 1 };
    const aligned = start !== undefined && start.target % (step * entries) === 0;
    return { kind: aligned ? 'agrees' : 'unaligned', entries };
  }
}

/** What the words of a structure say. */
type Reading = (words: readonly bigint[]) => Says;

/**
 * What the entries of a contiguous run have in common: all but the address, AF, what hardware marks as dirty, and the bits
 * that are left to software, of which Linux uses bit 55 for pages that were written to.
 */
function contiguousPart(regime: Regime, level: number, value: bigint): { target: number; attributes: string } {
  const [low, high] = halves(value, regime.bigEndian);
  const attributes = `${low & 0xfff & ~AF & ~(regime.rights.dirtyState ? AP_READ_ONLY : 0)} ${high & CONTIGUOUS_HIGH}`;
  return { target: leafAddress(regime, low, high, indexLsb(regime.granuleLog2, level)), attributes };
}

/** DBM to XN, and what hardware may use of bits 62:59. */
const CONTIGUOUS_HIGH = 0x7878_0000;

/** A fault of a walk; `stage` and class are null where the event has none, the IPA where stage 2 is not at fault. */
export function fault<Why = FaultReason>(
  event: FaultEvent,
  stage: Fault['stage'],
  klass: FaultClass | null,
  why: Why,
  ipa: number | null = null,
): Fault<Why> {
  return { kind: 'fault', event, stage, class: klass, ipa, why };
}

/** The low and the high half of a descriptor, which tables may hold big-endian. */
function halves(value: bigint, bigEndian: boolean): [low: number, high: number] {
  const [low, high] = [Number(value & 0xffff_ffffn), Number(value >> 32n)];
  return bigEndian ? [swapped(high), swapped(low)] : [low, high];
}

/** A 32-bit word with its bytes in the other order. */
export function swapped(half: number): number {
  return ((half << 24) | ((half & 0xff00) << 8) | ((half >>> 8) & 0xff00) | (half >>> 24)) >>> 0;
}

function invalidity(low: number, level: number): Invalidity {
  if ((low & 1) === 0) return 'invalid';
  return level === 3 ? 'reserved' : 'no-block';
}
