/**
 * `--deep`: the translation tables behind every stream, gone through once each. Whether they are sound, what devices can
 * still write, and whether any of it is the kdump kernel's memory.
 */

import type { AddressRange, PageState } from '../../dump/memory.ts';
import { oasBits } from '../../smmu/hardware-features.ts';
import type { Regime, Stage2Regime } from '../../smmu/translation/regime.ts';
import { ANY_WRITE } from '../../smmu/translation/rights.ts';
import { streamContext } from '../../smmu/translation/stream-context.ts';
import { Budget, type Stretch, TableMap, type VisitedTable } from '../../smmu/translation/table-map.ts';
import { tableSetsOf } from '../../smmu/translation/table-set.ts';
import { hex } from '../hex.ts';
import type { ReachableReport } from '../inspection.ts';
import { type RiskContext, sidLocation } from './context.ts';
import type { SeenCd, SeenSte, StreamCheck } from './streams.ts';

/** Descriptors looked at for one SMMU: four times those of 64 GiB in pages of 4 KiB. */
const MAX_DESCRIPTORS = 2 ** 26;
/** Distinct tables remembered: 4 GiB of them. */
const MAX_TABLES = 1 << 20;
const MAX_SIDS_LISTED = 16;

type Mutable = { -readonly [K in keyof ReachableReport]: ReachableReport[K] } & { sids: number[] };

export class PageTableCheck implements StreamCheck {
  readonly reachable: ReachableReport[] = [];
  readonly #context: RiskContext;
  readonly #budget = new Budget(MAX_DESCRIPTORS);
  readonly #byTables = new Map<string, Mutable>();
  #tablesLeft = MAX_TABLES;

  constructor(context: RiskContext) {
    this.#context = context;
  }

  ste(ste: SeenSte): void {
    if (ste.config === 'bypass') {
      const bits = oasBits(this.#context.hw) ?? 52;
      this.#list(ste.sid, 'bypass', () => ({
        ...NOTHING_REACHED,
        table: null,
        stage: null,
        mappedBytes: 2 ** bits,
        writableBytes: 2 ** bits,
      }));
    }
    // The CDs of a nested stream are found by walking, so it is taken without a SubstreamID alone.
    if (ste.config === 's2' || ste.config === 'nested') this.#stream(ste, null, null);
  }

  cd({ ste, ssid, of, words }: SeenCd): void {
    const substreams = ste.of('S1CDMax') > 0 && this.#context.hw.SSIDSIZE !== 0;
    // CD 0 serves traffic without a SubstreamID, if S1DSS says so; its tables are the same either way.
    this.#stream(ste, substreams && ssid > 0 ? ssid : null, { asid: of('ASID'), words });
  }

  #stream(ste: SeenSte, ssid: number | null, cd: { asid: number; words: readonly bigint[] } | null): void {
    const { hw, memory } = this.#context;
    const context = streamContext<PageState>(ste.words, ssid, hw, memory, []);
    if (context.kind !== 'context') return;
    for (const { regime, stage2, base } of tableSetsOf(context).filter((set) => set !== null)) {
      const key = `${regime.stage} ${regime.base} ${regime.startLevel} ${stage2?.base ?? ''} ${regime.granuleLog2}`;
      const about = { asid: cd?.asid ?? null, vmid: context.stage2 === null ? null : ste.of('S2VMID') };
      this.#list(ste.sid, key, () => ({ ...this.#walk(ste.sid, regime, stage2, base), ...about }));
    }
  }

  /** Streams that share tables are one line. */
  #list(sid: number, key: string, walk: () => Omit<ReachableReport, 'sids' | 'streams'>): void {
    let entry = this.#byTables.get(key);
    if (entry === undefined) {
      entry = { sids: [], streams: 0, ...walk() };
      this.#byTables.set(key, entry);
      this.reachable.push(entry);
    }
    if (entry.sids.at(-1) === sid) return;
    entry.streams += 1;
    if (entry.sids.length < MAX_SIDS_LISTED) entry.sids.push(sid);
  }

  #walk(
    sid: number,
    regime: Regime,
    stage2: Stage2Regime | null,
    base: bigint,
  ): Omit<ReachableReport, 'sids' | 'streams'> {
    const { memory, kdumpRam, findings } = this.#context;
    const result = { ...NOTHING_REACHED, table: hex(regime.base), stage: regime.stage as 1 | 2 };
    const seen = new Set<number>();
    const visit = ({ stage, level, address, limits }: VisitedTable): boolean => {
      // The same table at the same level with the same limits maps the same memory again.
      const key = ((address * 5 + level + 1) * 16 + limits) * 2 + stage - 1;
      if (seen.has(key)) return false;
      if (this.#tablesLeft <= 0) {
        result.complete = false;
        return false;
      }
      this.#tablesLeft -= 1;
      seen.add(key);
      result.tables += 1;
      return true;
    };
    const damage = new Map<string, { times: number; first: bigint }>();
    let kdump: { iova: bigint; pa: number; byteLength: number; ranges: number } | null = null;
    for (const stretch of new TableMap(memory, stage2, this.#budget, visit).stretches(regime)) {
      const at = base + BigInt(stretch.start);
      if (stretch.kind === 'cut') result.complete = false;
      else if (stretch.kind !== 'mapped') {
        if (stretch.kind === 'unknown') result.missingTables += 1;
        else result.faults += 1;
        const once = damage.get(stretch.why) ?? { times: 0, first: at };
        damage.set(stretch.why, { ...once, times: once.times + 1 });
      } else {
        result.leaves += stretch.leaves;
        result.mappedBytes += stretch.byteLength;
        if ((stretch.rights & ANY_WRITE) === 0) continue;
        result.writableBytes += stretch.byteLength;
        for (const hit of hits(stretch, kdumpRam)) {
          kdump ??= { iova: at + BigInt(hit.start - stretch.output), pa: hit.start, byteLength: 0, ranges: 0 };
          kdump.byteLength += hit.end - hit.start;
          kdump.ranges += 1;
        }
      }
    }
    const table = regime.stage === 1 ? `TTB${regime.half}` : 'stage 2';
    for (const [why, { times, first }] of damage) {
      if (isDamage(why))
        findings.add('page-table-damaged', { sid, table, what: why, times, first: hex(first) }, sidLocation(sid));
    }
    if (kdump !== null) {
      const args = { ...kdump, sid, iova: hex(kdump.iova), pa: hex(kdump.pa) };
      findings.add('dma-into-kdump-memory', args, sidLocation(sid, hex(kdump.pa)));
    }
    return result;
  }
}

const NOTHING_REACHED = {
  asid: null,
  vmid: null,
  mappedBytes: 0,
  writableBytes: 0,
  leaves: 0,
  tables: 0,
  missingTables: 0,
  faults: 0,
  complete: true,
};

function hits({ output, byteLength }: Stretch, ranges: readonly AddressRange[]): AddressRange[] {
  return ranges
    .map(({ start, end }) => ({ start: Math.max(start, output), end: Math.min(end, output + byteLength) }))
    .filter(({ start, end }) => start < end);
}

/** A table that the capture tool left out is not damaged, one where there is no RAM is; AF=0 is a state, not an error. */
function isDamage(why: string): boolean {
  return why !== 'F_ACCESS' && (!why.startsWith('table not in the dump') || why.endsWith('(hole)'));
}
