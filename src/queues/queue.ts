/**
 * One queue of an SMMU as the dump holds it: which entries were pending when the registers were read, which older ones
 * are still in memory behind them, and what each says. Entries are read as they are asked for.
 */

import type { PageState } from '../dump/memory.ts';
import type { MemoryView } from '../dump/view.ts';
import { decodeFields, type FieldValue, wideWords } from '../smmu/fields.ts';
import type { CommandKind, SidRange } from '../smmu/queues/commands.ts';
import {
  cappedLog2Size,
  type QueueGeometry,
  type QueueName,
  type QueueStretch,
  queueGeometry,
  restStretches,
  usedStretches,
} from '../smmu/queues/queue.ts';
import { lackOf, type RegisterLack } from '../snapshot/register-file.ts';
import type { SmmuSnapshot } from '../snapshot/snapshot.ts';
import { fieldValue } from '../snapshot/validate/facts.ts';
import { type EntryType, QUEUE_KINDS, type QueueKind } from './queue-kinds.ts';
import { type QueuePlace, queuePlace } from './queue-place.ts';

/** An entry as it lies in memory. */
export interface RawEntry {
  readonly index: number;
  readonly address: number;
  /** Null when PROD and CONS do not say. */
  readonly pending: boolean | null;
  readonly pageState: PageState;
  /** The entry's 32-bit words begin at `at`, and stay until the next entry is asked for; null when not in the dump. */
  readonly words: Uint32Array | null;
  readonly at: number;
}

/** An entry decoded. What is not known because the dump lacks the entry is null. */
export interface QueueEntry {
  readonly index: number;
  readonly address: number;
  readonly pending: boolean | null;
  readonly code: number | null;
  readonly type: string | null;
  /** What a command is about. */
  readonly kind: CommandKind | null;
  /** Null for an entry that names no stream, or several. */
  readonly sid: number | null;
  readonly firstSid: number | null;
  readonly lastSid: number | null;
  readonly words: readonly bigint[] | null;
  readonly fields: Readonly<Record<string, FieldValue>>;
  readonly pageState: PageState;
}

/** IHI 0070, "Event queue": what the SMMU had to report, as `smmu` and `view` have it. Never throws. */
export function eventQueueOf(smmu: SmmuSnapshot, view: MemoryView): Queue {
  return new Queue('event', smmu, view);
}

/** IHI 0070, "Command queue": what software had told the SMMU to do. */
export function commandQueueOf(smmu: SmmuSnapshot, view: MemoryView): Queue {
  return new Queue('command', smmu, view);
}

/** IHI 0070, "PRI queue": pages that PCIe devices had asked for. */
export function pageRequestQueueOf(smmu: SmmuSnapshot, view: MemoryView): Queue {
  return new Queue('pri', smmu, view);
}

/** Why there is nothing to read, or why it is not known what is pending. */
export type QueueGap =
  /** Of X_BASE, IDR0 or CR0. */
  | { readonly kind: Exclude<ReturnType<typeof queuePlace>, QueuePlace | 'not-captured'> }
  | { readonly kind: 'not-captured'; readonly lack: RegisterLack }
  | {
      readonly kind: 'indices-not-captured';
      readonly missing: readonly ('PROD' | 'CONS')[];
      readonly lack: RegisterLack;
    }
  /** They cannot belong to one moment of a queue of `size` entries. */
  | { readonly kind: 'indices-apart'; readonly prod: number; readonly cons: number; readonly size: number };

export class Queue {
  readonly name: QueueName;
  /** Null when there is no queue, or when the snapshot does not say where it is. */
  readonly geometry: QueueGeometry | null;
  /** The SMMU has no such queue, or it was never set up. */
  readonly absent: boolean;
  /**
   * CMDQ_CONS is what the driver last read of it, which it does when it waits for a CMD_SYNC: the hardware may have
   * executed what follows. Of the other queues CONS is the driver's own to write.
   */
  readonly consMayLag: boolean;
  /** LOG2SIZE as written, where the hardware takes less. */
  readonly cappedFrom: number | null;
  /** Null when all is known. */
  readonly why: QueueGap | null;
  /** Entries were lost; null when the toggles were not captured. Commands never are. */
  readonly overflow: boolean | null;
  /** X_PROD.WR and X_CONS.RD as they stand. */
  readonly prod: number | null;
  readonly cons: number | null;
  readonly #kind: QueueKind;
  readonly #view: MemoryView;
  readonly #lack: RegisterLack;

  constructor(name: QueueName, smmu: SmmuSnapshot, view: MemoryView) {
    const { registers, provenance } = smmu;
    const kind = QUEUE_KINDS[name];
    const { prefix } = kind;
    const of = (register: string, field: string) => fieldValue(registers, `${prefix}_${register}`, field) ?? null;
    const place = queuePlace(name, smmu);
    this.name = name;
    this.#kind = kind;
    this.#view = view;
    this.#lack = lackOf(smmu);
    this.consMayLag = name === 'command' && provenance?.get('CMDQ_CONS') === 'driver-copy';
    this.prod = of('PROD', 'WR');
    this.cons = of('CONS', 'RD');
    const [raised, acknowledged] = [of('PROD', 'OVFLG'), of('CONS', 'OVACKFLG')];
    this.overflow =
      name === 'command' ? false : raised === null || acknowledged === null ? null : raised !== acknowledged;
    this.absent = typeof place === 'string' && place !== 'not-captured';
    if (typeof place === 'string') {
      this.geometry = null;
      this.cappedFrom = null;
      this.why = place === 'not-captured' ? { kind: place, lack: this.#lack } : { kind: place };
      return;
    }
    this.cappedFrom = cappedLog2Size(place) === place.log2Size ? null : place.log2Size;
    const { prod, cons } = this;
    this.geometry = queueGeometry({ ...place, prod, cons }, kind.entryByteLength);
    this.why = this.#whyUnknown(this.geometry);
  }

  #whyUnknown({ size, used }: QueueGeometry): QueueGap | null {
    const { prod, cons } = this;
    if (prod === null || cons === null) {
      const missing = (['PROD', 'CONS'] as const).filter((index) => (index === 'PROD' ? prod : cons) === null);
      return { kind: 'indices-not-captured', missing, lack: this.#lack };
    }
    return used === null ? { kind: 'indices-apart', prod, cons, size } : null;
  }

  /**
   * What was not consumed when the registers were read, oldest first, also those entries that the dump lacks. Where CONS
   * may lag, what need not have been consumed.
   */
  *pending(): Generator<RawEntry> {
    const pending = this.consMayLag ? null : true;
    if (this.geometry !== null) yield* this.#entries(this.geometry, usedStretches(this.geometry), pending);
  }

  /**
   * What is still in memory besides, oldest first: history, not state. Slots of zeros were never written; slots that
   * the dump lacks are given to `missing`, in numbers. When the indices do not say what is pending, all entries are here.
   */
  *older(missing: (entries: number) => void = () => {}): Generator<RawEntry> {
    const { geometry } = this;
    if (geometry === null) return;
    const pending = geometry.used === null ? null : false;
    const halves = geometry.entryByteLength / 4;
    for (const entry of this.#entries(geometry, restStretches(geometry), pending)) {
      const { words, at } = entry;
      if (words === null) missing(1);
      else if (!isZero(words, at, halves)) yield entry;
    }
  }

  /** The entry that CONS points to, pending or not; null where that is not known. */
  atCons(): RawEntry | null {
    const { geometry } = this;
    const index = geometry?.cons?.index;
    if (geometry === null || index === undefined) return null;
    const pending = usedStretches(geometry).some(({ first, count }) => first <= index && index < first + count);
    const [entry = null] = this.#entries(
      geometry,
      [{ first: index, count: 1 }],
      geometry.used === null || (pending && this.consMayLag) ? null : pending,
    );
    return entry;
  }

  *#entries(
    { base, entryByteLength }: QueueGeometry,
    stretches: readonly QueueStretch[],
    pending: boolean | null,
  ): Generator<RawEntry> {
    for (const { first, count } of stretches) {
      const start = base + first * entryByteLength;
      for (const slice of this.#view.slices(start, entryByteLength, count)) {
        // No entry is all zeros, so to take a page that was left out for zeros would invent entries.
        const known = slice.known && !this.#view.isAssumed(slice.state);
        for (let i = 0; i < slice.count; i++) {
          const offset = slice.first + i;
          yield {
            index: first + offset,
            address: start + offset * entryByteLength,
            pending,
            pageState: slice.state,
            words: known ? slice.words : null,
            at: (i * entryByteLength) / 4,
          };
        }
      }
    }
  }

  /** What an entry is; null when the dump lacks it. */
  typeOf({ words, at }: RawEntry): EntryType | null {
    return words === null ? null : this.#kind.typeOf(words[at] as number);
  }

  /** The streams that an entry names, or null for none. */
  sidsOf(entry: RawEntry): SidRange | null {
    const type = this.typeOf(entry);
    return type === null || entry.words === null ? null : this.#kind.sidsOf(type, entry.words, entry.at);
  }

  decode(entry: RawEntry): QueueEntry {
    const { index, address, pending, pageState, words, at } = entry;
    const type = this.typeOf(entry);
    const sids = this.sidsOf(entry);
    const wide = words === null ? null : wideWords(words, at, this.#kind.entryByteLength);
    return {
      index,
      address,
      pending,
      code: type?.code ?? null,
      type: type?.name ?? null,
      kind: type?.kind ?? null,
      sid: sids !== null && sids.first === sids.last ? sids.first : null,
      firstSid: sids?.first ?? null,
      lastSid: sids?.last ?? null,
      words: wide,
      fields: type === null || wide === null ? {} : decodeFields(type, wide),
      pageState,
    };
  }

  /**
   * Pending entries that concern a stream, oldest first, those for all streams included. Invalidations of a TLB name no
   * stream: they are not among them.
   */
  *concerning(sid: number): Generator<QueueEntry> {
    for (const entry of this.pending()) {
      const sids = this.sidsOf(entry);
      if (sids !== null && sids.first <= sid && sid <= sids.last) yield this.decode(entry);
    }
  }
}

function isZero(words: Uint32Array, at: number, count: number): boolean {
  for (let i = at; i < at + count; i++) if (words[i] !== 0) return false;
  return true;
}
