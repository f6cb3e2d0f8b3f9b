/**
 * Everything the driver maps and allocates: whether it succeeds, how the dump backs it, who releases it and when. On
 * request one of them is made to fail, to show what the driver's error paths leave behind.
 */

import type { PageCounts } from '../dump/memory.ts';
import type { Granted } from './contiguous-memory.ts';
import type { KernelMemory, Remap } from './kernel-memory.ts';

export type MappingKind = 'memremap' | 'devm_memremap';
export type MappingPurpose = 'l1-table' | 'l2-table' | 'linear-table' | 'cd-table' | 'cd-leaf';

/** What can be made to fail: the array of L2 pointers, the registration of the clean-up, the n-th mapping (from 1). */
export interface Failures {
  readonly kcalloc: boolean;
  readonly devmAction: boolean;
  readonly memremaps: ReadonlySet<number>;
}

export const NO_FAILURES: Failures = { kcalloc: false, devmAction: false, memremaps: new Set() };

/** Something that has to be given back exactly once. */
abstract class Holding {
  readonly byteLength: number;
  abstract readonly ok: boolean;
  releases = 0;

  constructor(byteLength: number) {
    this.byteLength = byteLength;
  }

  get inPlace(): boolean {
    return this.ok && this.releases === 0;
  }

  release(): void {
    if (this.ok) this.releases += 1;
  }
}

export class Mapping extends Holding {
  readonly kind: MappingKind;
  readonly purpose: MappingPurpose;
  readonly remap: Remap;
  readonly pages: PageCounts;
  /** Still in place when the function that was asked for (the adoption, or one insertion) returned. */
  held = false;
  /** Unmapped by the function that mapped it, as the ID scan does with every table. */
  readonly transient: boolean;

  constructor(kind: MappingKind, purpose: MappingPurpose, remap: Remap, pages: PageCounts, transient: boolean) {
    super(remap.byteLength);
    this.kind = kind;
    this.purpose = purpose;
    this.remap = remap;
    this.pages = pages;
    this.transient = transient;
    if (transient) this.release();
  }

  get ok(): boolean {
    return this.remap.through !== null;
  }

  get paddr(): number {
    return this.remap.paddr;
  }
}

/** The array of L2 pointers, or the new L2 table of one L1 descriptor. */
export type Allocated = { readonly kind: 'l2ptrs' } | { readonly kind: 'l2-table'; readonly l1Index: number };

/** `kcalloc` is released by the clean-up, the others with the device. */
export class Allocation extends Holding {
  readonly call: 'kcalloc' | 'devm_kcalloc' | 'dmam_alloc_coherent';
  readonly what: Allocated;
  readonly granted: Granted | 'made-to-fail';

  constructor(call: Allocation['call'], what: Allocated, byteLength: number, granted: Allocation['granted']) {
    super(byteLength);
    this.call = call;
    this.what = what;
    this.granted = granted;
  }

  get ok(): boolean {
    return this.granted === 'granted';
  }
}

/** How much a ledger holds at some moment. */
export interface LedgerMark {
  readonly mappings: number;
  readonly allocations: number;
  readonly bulk: number;
  readonly bulkNotListed: number;
}

/** What came into a ledger in one stage. */
export interface LedgerPart extends Pick<LedgerMark, 'bulk' | 'bulkNotListed'> {
  readonly mappings: readonly Mapping[];
  readonly allocations: readonly Allocation[];
}

/**
 * A real table needs a few dozen mappings for the ID scan, or of its L2 tables where all are mapped at once; a hostile one
 * makes the driver map for ever.
 */
const MAX_BULK_LISTED = 1 << 12;

/** Nobody sees them. */
const NOT_COUNTED: PageCounts = { present: 0, zero: 0, excluded: 0, hole: 0, lost: 0 };

/** Tens of thousands of streams make no mapping of their own. */
const NONE_MADE: readonly Mapping[] = [];

export class Ledger {
  readonly allocations: Allocation[] = [];
  /** Mappings of many at once beyond those that are listed: made and released like the others. */
  bulkNotListed = 0;
  readonly #mappings: Mapping[] = [];
  readonly #failures: Failures;
  #settled = 0;
  #attempts = 0;
  #bulk = 0;

  constructor(failures: Failures) {
    this.#failures = failures;
  }

  /** Whether one is to fail for being the n-th. */
  get countsMappings(): boolean {
    return this.#failures.memremaps.size > 0;
  }

  /** How much there is by now. */
  mark(): LedgerMark {
    const { length } = this.#mappings;
    const { bulkNotListed } = this;
    return { mappings: length, allocations: this.allocations.length, bulk: this.#bulk, bulkNotListed };
  }

  /** What has come since. */
  since(mark: LedgerMark): LedgerPart {
    return {
      mappings: this.#mappings.slice(mark.mappings),
      allocations: this.allocations.slice(mark.allocations),
      bulk: this.#bulk - mark.bulk,
      bulkNotListed: this.bulkNotListed - mark.bulkNotListed,
    };
  }

  /** The same once more: whatever another ledger has released by now stays released. */
  repeat({ mappings, allocations, bulk, bulkNotListed }: LedgerPart): void {
    this.#mappings.push(...mappings);
    this.allocations.push(...allocations);
    this.#bulk += bulk;
    this.bulkNotListed += bulkNotListed;
  }

  /** One call of memremap() or devm_memremap(). A transient mapping is released before the caller goes on. */
  map(
    kind: MappingKind,
    purpose: MappingPurpose,
    { paddr, byteLength }: { readonly paddr: number; readonly byteLength: number },
    memory: KernelMemory,
    transient = false,
  ): Mapping {
    this.#attempts += 1;
    const attempt = memory.remap(paddr, byteLength);
    const fails = this.#failures.memremaps.has(this.#attempts);
    const remap: Remap = fails ? { ...attempt, through: null, why: { kind: 'made-to-fail' } } : attempt;
    // All L2 tables at once are mapped before anything has settled.
    if (transient || (purpose === 'l2-table' && this.#settled === 0)) this.#bulk += 1;
    const listed = this.#bulk <= MAX_BULK_LISTED || remap.through === null || this.#settled > 0;
    const pages = listed ? memory.view.countPages(paddr, byteLength) : NOT_COUNTED;
    const mapping = new Mapping(kind, purpose, remap, pages, transient);
    if (listed) this.#mappings.push(mapping);
    else this.bulkNotListed += 1;
    return mapping;
  }

  /** `granted`: whether the kernel can have so much at all. */
  allocate(call: Allocation['call'], what: Allocated, byteLength: number, granted: Granted = 'granted'): Allocation {
    const made = granted === 'granted' && what.kind === 'l2ptrs' && this.#failures.kcalloc ? 'made-to-fail' : granted;
    const allocation = new Allocation(call, what, byteLength, made);
    this.allocations.push(allocation);
    return allocation;
  }

  /** devm_add_action_or_reset(): false when it fails, and then the action has run already. */
  addAction(action: () => void): boolean {
    if (this.#failures.devmAction) action();
    return !this.#failures.devmAction;
  }

  /** Closes one stage: the mappings made since the last call, with `held` decided. */
  settle(): readonly Mapping[] {
    if (this.#settled === this.#mappings.length) return NONE_MADE;
    const made = this.#mappings.slice(this.#settled);
    for (const mapping of made) mapping.held ||= mapping.inPlace;
    this.#settled = this.#mappings.length;
    return made;
  }

  /** devres_release_all() as the SMMU goes away: what is managed, in reverse order. */
  releaseManaged(): void {
    const managed = [
      ...this.#mappings.toReversed().filter(({ kind }) => kind === 'devm_memremap'),
      ...this.allocations.filter(({ call }) => call !== 'kcalloc'),
    ];
    for (const holding of managed) if (holding.inPlace) holding.release();
  }

  /** The balance: what nobody released, and releases of what was released already. */
  balance(): { leaked: number; doubleReleased: number } {
    const made = [...this.#mappings, ...this.allocations].filter(({ ok }) => ok);
    return {
      leaked: made.filter(({ releases }) => releases === 0).length,
      doubleReleased: made.reduce((sum, { releases }) => sum + Math.max(0, releases - 1), 0),
    };
  }
}
