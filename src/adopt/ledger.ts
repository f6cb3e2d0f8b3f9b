/**
 * The memremap emulation: every mapping the driver makes, whether it succeeds, how the dump backs its pages, who
 * releases it and when. A mapping succeeds here when its whole range is RAM according to the dump.
 */

import type { PageCounts } from '../dump/memory.ts';
import type { MemoryView } from '../dump/view.ts';

export type MappingKind = 'memremap' | 'devm_memremap';
export type MappingPurpose = 'l1-table' | 'l2-table' | 'linear-table';

/** Who undoes a mapping and when, as the ledger says it. */
export const RELEASED_BY = {
  memremap: 'arm_smmu_kdump_adopt_cleanup',
  devm_memremap: 'devres, when the SMMU is unbound',
} as const;

export class Mapping {
  readonly kind: MappingKind;
  readonly purpose: MappingPurpose;
  readonly paddr: number;
  readonly byteLength: number;
  readonly ok: boolean;
  readonly pages: PageCounts;
  /** Still in place when the function that was asked for (the adoption, or one insertion) returned. */
  held = false;
  releases = 0;

  constructor(kind: MappingKind, purpose: MappingPurpose, paddr: number, byteLength: number, memory: MemoryView) {
    this.kind = kind;
    this.purpose = purpose;
    this.paddr = paddr;
    this.byteLength = byteLength;
    this.ok = memory.isWhollyRam(paddr, byteLength);
    this.pages = memory.countPages(paddr, byteLength);
  }

  get inPlace(): boolean {
    return this.ok && this.releases === 0;
  }
}

export class Ledger {
  readonly #mappings: Mapping[] = [];
  #settled = 0;

  map(kind: MappingKind, purpose: MappingPurpose, paddr: number, byteLength: number, memory: MemoryView): Mapping {
    const mapping = new Mapping(kind, purpose, paddr, byteLength, memory);
    this.#mappings.push(mapping);
    return mapping;
  }

  /** Closes one stage: the mappings made since the last call, with `held` decided. */
  settle(): readonly Mapping[] {
    const made = this.#mappings.slice(this.#settled);
    for (const mapping of made) mapping.held = mapping.inPlace;
    this.#settled = this.#mappings.length;
    return made;
  }

  /** What devres does when the device goes away: the managed mappings, in reverse order. */
  releaseManaged(): void {
    for (const mapping of this.#mappings.toReversed()) {
      if (mapping.kind === 'devm_memremap' && mapping.ok) mapping.releases += 1;
    }
  }

  /** The balance: mappings that nobody released, and releases of what was released already. */
  balance(): { leaked: number; doubleReleased: number } {
    const made = this.#mappings.filter((mapping) => mapping.ok);
    return {
      leaked: made.filter((mapping) => mapping.releases === 0).length,
      doubleReleased: made.reduce((sum, mapping) => sum + Math.max(0, mapping.releases - 1), 0),
    };
  }
}
