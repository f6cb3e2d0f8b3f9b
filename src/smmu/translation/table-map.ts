/**
 * Everything that a set of translation tables maps, in the order of input addresses. Memory is taken for one table of
 * each level at a time. Tables that lead to themselves end with their last level; how much is looked at altogether is
 * limited by a {@link Budget}, because a few pages of garbage can describe more than anyone can wait for.
 */

import { type LeafAttributes, sameAttributes } from './attributes.ts';
import { AF, descriptorKind, indexLsb, isStage2Device, leafAddress, tableAddress } from './descriptors.ts';
import { attributeIndex, leafAttributes, leafRights } from './leaf.ts';
import { firstTableEntries, type Regime, type Stage2Regime } from './regime.ts';
import { ALL_RIGHTS, ANY_WRITE, limitsBelow, NO_LIMITS, PRIV_READ, rightsOfUpdate, UNPRIV_READ } from './rights.ts';
import { type FaultEvent, swapped, type WalkMemory } from './walk.ts';

/** How many descriptors may be read. What a real device has is hundreds of times less than the default. */
export class Budget {
  #left: number;
  readonly #ofAll: Budget | null;

  /** `ofAll` is what several have together. */
  constructor(descriptors = 2 ** 28, ofAll: Budget | null = null) {
    this.#left = descriptors;
    this.#ofAll = ofAll;
  }

  get exhausted(): boolean {
    return this.#left <= 0 || this.#ofAll?.exhausted === true;
  }

  spend(descriptors: number): void {
    this.#left -= descriptors;
    this.#ofAll?.spend(descriptors);
  }
}

/** A stretch of input addresses that are treated alike. What is not mapped at all has no stretch. */
export interface Stretch<S> {
  /** `cut`: the budget ended here, and what follows is not known to this list. */
  readonly kind: 'mapped' | 'fault' | 'unknown' | 'cut';
  /** Counted from the start of the half. */
  readonly start: number;
  readonly byteLength: number;
  /** Where `start` comes out; 0 for what is not mapped. */
  readonly output: number;
  readonly rights: number;
  /** By stage; none where nothing is translated. */
  readonly attributes: readonly LeafAttributes[];
  /** Mapped by stage 2 as Device memory. */
  readonly isStage2Device: boolean;
  /** Blocks and pages, as far as they lie in the stretch. */
  readonly leaves: number;
  /** The event of a fault; where it is unknown, the state of the table that is missing; null otherwise. */
  readonly why: FaultEvent | S | null;
}

/** A table that is about to be read. */
export interface VisitedTable {
  readonly stage: 1 | 2;
  readonly level: number;
  /** An IPA for stage 1 under stage 2. */
  readonly address: number;
  readonly byteLength: number;
  /** Rights that tables above have taken away. */
  readonly limits: number;
}

/** Asked before each table is read; false passes it over. */
export type Visitor = (table: VisitedTable) => boolean;

/** Entries in a row of one table. */
interface Part<S> {
  readonly first: number;
  readonly words: Uint32Array | null;
  readonly count: number;
  /** False where stage 2 keeps hardware from updating them. */
  readonly writable: boolean;
  /** As a {@link Stretch} has it. */
  readonly why: FaultEvent | S | null;
  /** `cut`: the budget ended while the table was looked for; it has no entries. */
  readonly kind: 'known' | 'fault' | 'unknown' | 'cut';
}

export class TableMap<S> {
  readonly #memory: WalkMemory<S>;
  readonly #stage2: Stage2Regime | null;
  readonly #budget: Budget;
  readonly #visit: Visitor;
  #cut = false;

  /** `stage2` stands under stage 1 tables and their output; null without. */
  constructor(memory: WalkMemory<S>, stage2: Stage2Regime | null, budget = new Budget(), visit: Visitor = () => true) {
    this.#memory = memory;
    this.#stage2 = stage2;
    this.#budget = budget;
    this.#visit = visit;
  }

  /** What is mapped of the input addresses from `from` up to, not including, `to`. */
  *stretches(regime: Regime, from = 0, to = 2 ** regime.inputBits): Generator<Stretch<S>> {
    const end = Math.min(to, 2 ** regime.inputBits);
    for (const stretch of this.#table(regime, regime.startLevel, regime.base, 0, NO_LIMITS, from, end)) {
      if (regime.stage === 2 || this.#stage2 === null || stretch.kind !== 'mapped') yield stretch;
      else yield* this.#throughStage2(this.#stage2, stretch);
      // Stage 2 may have been cut while it had more of stage 1 to be asked for.
      if (this.#cut) return;
    }
    const beyond = Math.max(from, end);
    if (to > beyond) yield plain('fault', beyond, to - beyond, 'F_TRANSLATION');
  }

  *#throughStage2(stage2: Stage2Regime, first: Stretch<S>): Generator<Stretch<S>> {
    const end = first.output + first.byteLength;
    let next = first.output;
    for (const second of this.stretches(stage2, first.output, end)) {
      const start = first.start + (second.start - first.output);
      if (second.kind === 'cut') {
        yield { ...second, start };
        return;
      }
      if (second.start > next)
        yield plain('fault', first.start + (next - first.output), second.start - next, 'F_TRANSLATION');
      next = second.start + second.byteLength;
      yield second.kind === 'mapped'
        ? {
            ...second,
            start,
            rights: first.rights & second.rights,
            attributes: [...first.attributes, ...second.attributes],
          }
        : { ...second, start };
    }
    if (next < end) yield plain('fault', first.start + (next - first.output), end - next, 'F_TRANSLATION');
  }

  *#table(
    regime: Regime,
    level: number,
    address: number,
    start: number,
    limits: number,
    from: number,
    to: number,
  ): Generator<Stretch<S>> {
    const { granuleLog2 } = regime;
    const entries = level === regime.startLevel ? firstTableEntries(regime) : 2 ** (granuleLog2 - 3);
    const lsb = indexLsb(granuleLog2, level);
    const entryBytes = 2 ** lsb;
    if (!this.#visit({ stage: regime.stage, level, address, byteLength: entries * 8, limits })) return;
    const firstEntry = Math.max(0, Math.floor((from - start) / entryBytes));
    const endEntry = Math.min(entries, Math.ceil((to - start) / entryBytes));
    for (const part of this.#entries(regime, address + firstEntry * 8, endEntry - firstEntry)) {
      const partStart = start + (firstEntry + part.first) * entryBytes;
      if (part.kind === 'cut') {
        yield plain('cut', Math.max(from, partStart), 0, null);
        return;
      }
      if (part.words === null) {
        const kind = part.kind === 'fault' ? 'fault' : 'unknown';
        yield clipped({ ...plain(kind, partStart, part.count * entryBytes, null), why: part.why }, from, to);
        continue;
      }
      let run: { -readonly [K in keyof Stretch<S>]: Stretch<S>[K] } | null = null;
      let runKey = -1;
      for (let i = 0; i < part.count; i++) {
        let low = part.words[2 * i] as number;
        let high = part.words[2 * i + 1] as number;
        if (regime.bigEndian) [low, high] = [swapped(high), swapped(low)];
        const kind = descriptorKind(low, level, regime.minBlockLevel);
        if (kind === 'none') continue;
        const at = partStart + i * entryBytes;
        const target = kind === 'table' ? tableAddress(regime, low, high) : leafAddress(regime, low, high, lsb);
        if (kind === 'table' && target < 2 ** regime.outputBits) {
          if (run !== null) yield clipped(run, from, to);
          run = null;
          const below = regime.stage === 1 ? limitsBelow(limits, high, regime.rights) : limits;
          yield* this.#table(regime, level + 1, target, at, below, from, to);
          if (this.#cut) return;
          continue;
        }
        const tooLarge = target >= 2 ** regime.outputBits;
        if (tooLarge || ((low & AF) === 0 && !regime.accessFlagIgnored)) {
          if (run !== null) yield clipped(run, from, to);
          run = null;
          yield clipped(plain('fault', at, entryBytes, tooLarge ? 'F_ADDR_SIZE' : 'F_ACCESS'), from, to);
          continue;
        }
        let rights = leafRights(regime, low, high, limits);
        if (!part.writable && regime.stage === 1) {
          const updating = rightsOfUpdate(low, high, limits, regime.rights, regime.updatesAccessFlag);
          rights &= ~updating;
          if (updating === ALL_RIGHTS) {
            if (run !== null) yield clipped(run, from, to);
            run = null;
            yield clipped(plain('fault', at, entryBytes, 'F_PERMISSION'), from, to);
            continue;
          }
        }
        // Rights and the bits of the attributes, which together say all that a stretch has in common.
        const extended = regime.stage === 1 && attributeIndex(regime, low, high) > 7 ? 0x100 : 0;
        const key = rights * 0x200 + extended + ((low >>> 2) & 0xff & (regime.ds ? 0x0f : 0xcf));
        if (
          run !== null &&
          key === runKey &&
          at === run.start + run.byteLength &&
          target === run.output + run.byteLength
        ) {
          run.byteLength += entryBytes;
          run.leaves += 1;
          continue;
        }
        if (run !== null) yield clipped(run, from, to);
        run = {
          kind: 'mapped',
          start: at,
          byteLength: entryBytes,
          output: target,
          rights,
          attributes: [leafAttributes(regime, low, high)],
          isStage2Device: regime.stage === 2 && isStage2Device(low, regime.fwb),
          leaves: 1,
          why: null,
        };
        runKey = key;
      }
      if (run !== null) yield clipped(run, from, to);
      if (this.#budget.exhausted && !this.#cut) {
        this.#cut = true;
        yield plain('cut', Math.min(to, partStart + part.count * entryBytes), 0, null);
      }
      if (this.#cut) return;
    }
  }

  /** The entries of a table that may stand in a guest's address space. */
  *#entries(regime: Regime, address: number, count: number): Generator<Part<S>> {
    if (count <= 0) return;
    this.#budget.spend(count);
    if (regime.stage === 2 || this.#stage2 === null) {
      for (const { first, count: entries, known, words, state } of this.#memory.slices(address, 8, count)) {
        yield {
          first,
          count: entries,
          writable: true,
          words: known ? words : null,
          kind: known ? 'known' : 'unknown',
          why: state,
        };
      }
      return;
    }
    let next = address;
    const faulting = (end: number): Part<S> => ({
      first: (next - address) / 8,
      count: (end - next) / 8,
      writable: true,
      words: null,
      kind: 'fault',
      why: 'F_TRANSLATION',
    });
    for (const piece of this.#ownStretches(this.#stage2, address, address + count * 8)) {
      if (piece.kind === 'cut') {
        yield { first: (next - address) / 8, count: 0, writable: true, words: null, kind: 'cut', why: null };
        return;
      }
      if (piece.start > next) yield faulting(piece.start);
      const first = (piece.start - address) / 8;
      next = piece.start + piece.byteLength;
      if (piece.kind !== 'mapped') {
        yield {
          first,
          count: piece.byteLength / 8,
          writable: true,
          words: null,
          kind: piece.kind === 'fault' ? 'fault' : 'unknown',
          why: piece.why,
        };
      } else {
        for (const slice of this.#memory.slices(piece.output, 8, piece.byteLength / 8)) {
          yield {
            first: first + slice.first,
            count: slice.count,
            writable: (piece.rights & ANY_WRITE) !== 0,
            words: slice.known ? slice.words : null,
            kind: slice.known ? 'known' : 'unknown',
            why: slice.state,
          };
        }
      }
    }
    if (next < address + count * 8) yield faulting(address + count * 8);
  }

  /** Stage 2 under a stage 1 table, where a read that it refuses is a fault. */
  *#ownStretches(stage2: Stage2Regime, from: number, to: number): Generator<Stretch<S>> {
    for (const stretch of this.stretches(stage2, from, to)) {
      const refused =
        stretch.kind === 'mapped' &&
        ((stretch.rights & (PRIV_READ | UNPRIV_READ)) === 0 || (stage2.protectedWalks && stretch.isStage2Device));
      yield refused ? plain('fault', stretch.start, stretch.byteLength, 'F_PERMISSION') : stretch;
    }
  }
}

function plain(
  kind: Stretch<never>['kind'],
  start: number,
  byteLength: number,
  why: FaultEvent | null,
): Stretch<never> {
  return {
    kind,
    start,
    byteLength,
    output: 0,
    rights: kind === 'mapped' ? ALL_RIGHTS : 0,
    attributes: [],
    isStage2Device: false,
    leaves: 0,
    why,
  };
}

/** The part of a stretch that was asked for. */
function clipped<S>(stretch: Stretch<S>, from: number, to: number): Stretch<S> {
  const start = Math.max(stretch.start, from);
  const end = Math.min(stretch.start + stretch.byteLength, to);
  if (start === stretch.start && end === stretch.start + stretch.byteLength) return stretch;
  const output = stretch.kind === 'mapped' ? stretch.output + (start - stretch.start) : 0;
  return { ...stretch, start, byteLength: end - start, output };
}

/** Stretches that follow one another without a seam, joined. */
export function* joinedStretches<S>(stretches: Iterable<Stretch<S>>): Generator<Stretch<S>> {
  let last: Stretch<S> | null = null;
  for (const next of stretches) {
    if (last !== null && follows(last, next)) {
      last = {
        ...(last as Stretch<S>),
        byteLength: last.byteLength + next.byteLength,
        leaves: last.leaves + next.leaves,
      };
      continue;
    }
    if (last !== null) yield last;
    last = next;
  }
  if (last !== null) yield last;
}

function follows<S>(last: Stretch<S>, next: Stretch<S>): boolean {
  return (
    last.kind === next.kind &&
    last.kind !== 'cut' &&
    last.start + last.byteLength === next.start &&
    (last.kind !== 'mapped' || last.output + last.byteLength === next.output) &&
    last.rights === next.rights &&
    sameAttributes(last.attributes, next.attributes) &&
    last.why === next.why
  );
}
