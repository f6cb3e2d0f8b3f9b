/** ASIDs and VMIDs that translations in use are tagged with, and that a new kernel hands out again. */

import { streamWorld } from '../../smmu/structures/stream-world.ts';
import { listOf, type RiskContext } from './context.ts';
import type { SeenCd, SeenSte, StreamCheck } from './streams.ts';

export class IdCheck implements StreamCheck {
  /** Those that a revision with an ID scan reserves: of every valid CD. */
  readonly asids = new Set<number>();
  readonly #live = new Set<number>();
  readonly #vmids = new Set<number>();
  readonly #context: RiskContext;
  #el1 = 0;
  #el2 = 0;

  constructor(context: RiskContext) {
    this.#context = context;
  }

  ste(ste: SeenSte): void {
    if (ste.illegal.length > 0) return;
    if (ste.config === 's2' || ste.config === 'nested') this.#vmids.add(ste.of('S2VMID'));
    if (ste.config !== 's1') return;
    const world = streamWorld(ste.words, this.#context.hw);
    if (world === 'el1') this.#el1 += 1;
    else if (world !== null) this.#el2 += 1;
  }

  cd(cd: SeenCd): void {
    const asid = cd.of('ASID');
    this.asids.add(asid);
    if (cd.illegal.length === 0) this.#live.add(asid);
  }

  done(): void {
    const { findings, emulation } = this.#context;
    if (this.#el2 > 0) findings.add('asid-tag-space', { el1: this.#el1, el2: this.#el2 });
    // A reset flushes the old translations, and a revision that scans the tables keeps off their tags.
    if (emulation.verdict !== 'adopted' || emulation.revision.reservesIds) return;
    const [asids, vmids] = [ascending(this.#live), ascending(this.#vmids)];
    if (asids.length > 0) findings.add('asid-reuse', { asids: listOf(asids), count: asids.length });
    if (vmids.length > 0) findings.add('vmid-reuse', { vmids: listOf(vmids), count: vmids.length });
  }
}

/** 0 is never handed out. */
function ascending(ids: ReadonlySet<number>): number[] {
  return [...ids].filter((id) => id !== 0).sort((a, b) => a - b);
}
