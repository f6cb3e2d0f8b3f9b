/** What is wrong with single entries, by the architecture's own rules and by those of later revisions. */

import { CD } from '../../smmu/structures/cd.ts';
import { reservedBitsSet } from '../../smmu/structures/reserved-bits.ts';
import { STE } from '../../smmu/structures/ste.ts';
import { stage1Halves, stage2Regime } from '../../smmu/translation/regime.ts';
import type { Location } from '../findings.ts';
import type { TableField } from '../prose/structures.ts';
import { type RiskContext, sidLocation } from './context.ts';
import { hasSubstreams, type SeenCd, type SeenSte, type StreamCheck } from './streams.ts';

export class EntryCheck implements StreamCheck {
  readonly #context: RiskContext;
  /** A CD that many streams share is judged for the first of them. */
  readonly #cds = new Set<number>();

  constructor(context: RiskContext) {
    this.#context = context;
  }

  ste(ste: SeenSte): void {
    const { hw, findings } = this.#context;
    const { sid, words, illegal } = ste;
    const location = sidLocation(sid, ste.paddr);
    for (const { observed, required } of illegal) {
      findings.add('ste-illegal', { sid, field: observed.field, observed, required }, location);
    }
    this.#reservedBits(null, STE, ste, sid, location);
    if (ste.config === 's1' && hasSubstreams(ste, this.#context) && ste.of('S1Fmt') === 3)
      findings.add('s1fmt-reserved', { sid }, location);
    if (illegal.length > 0 || (ste.config !== 's2' && ste.config !== 'nested') || ste.of('S2AA64') === 0) return;
    const regime = stage2Regime(words, hw);
    if (regime !== null) this.#firstTable('S2TTB', regime.base, sid, location);
  }

  cd(cd: SeenCd): void {
    if (this.#cds.has(cd.paddr)) return;
    this.#cds.add(cd.paddr);
    const { hw, findings } = this.#context;
    const { ssid, words, illegal, world } = cd;
    const { sid } = cd.ste;
    const location = sidLocation(sid, cd.paddr);
    for (const { observed, required } of illegal) {
      findings.add('cd-illegal', { sid, ssid, field: observed.field, observed, required }, location);
    }
    this.#reservedBits(ssid, CD, cd, sid, location);
    if (cd.of('ASID') === 0) findings.add('cd-asid-zero', { sid, ssid }, location);
    if (illegal.length > 0 || cd.of('AA64') === 0) return;
    const halves = stage1Halves(words, cd.ste.words, world, hw);
    for (const [half, { regime }] of halves.entries()) {
      if (regime !== null) this.#firstTable(half === 0 ? 'TTB0' : 'TTB1', regime.base, sid, location);
    }
  }

  #reservedBits(
    entry: number | null,
    layout: typeof STE,
    { words }: SeenSte | SeenCd,
    sid: number,
    location: Location,
  ): void {
    const bits = reservedBitsSet(layout, words);
    if (bits.length > 0) this.#context.findings.add('reserved-bits-set', { entry, sid, bits }, location);
  }

  #firstTable(table: TableField, paddr: number, sid: number, location: Location): void {
    const { memory, findings, kdumpRam } = this.#context;
    const address = paddr;
    if (kdumpRam.some(({ start, end }) => start <= paddr && paddr < end)) {
      findings.add('rewritten-after-adoption', { what: { kind: 'first-table', table, sid }, address }, location);
    } else if (memory.isWhollyRam(paddr, 8) === false) {
      findings.add('ttb-not-in-ram', { sid, table, address, state: memory.stateOf(paddr, 8) }, location);
    }
  }
}
