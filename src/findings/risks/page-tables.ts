/**
 * The translation tables behind every stream, gone through once each. With `--deep` whether they are sound, and what
 * devices can still write; wherever the kdump kernel's memory is known, whether any of it is that, as far as a small budget
 * goes.
 */

import type { PageState } from '../../dump/memory.ts';
import { oasBits } from '../../smmu/registers/hardware-features.ts';
import { type Regime, stage1Halves } from '../../smmu/translation/regime.ts';
import { streamContext } from '../../smmu/translation/stream-context.ts';
import { stage1Sets, type TableSet, type TableSets, tableSetsOf } from '../../smmu/translation/table-set.ts';
import { type RiskContext, sidLocation } from './context.ts';
import { hasSubstreams, type SeenCd, type SeenSte, type StreamCheck } from './streams.ts';
import { type Unmapped, type WalkBudget, type Walked, walkTables } from './table-walk.ts';

/** Each is a line of the report, and work; one for every device and process that shares its tables with it is enough. */
const MAX_SETS = 1 << 12;
const MAX_SIDS_LISTED = 16;
/** Streams that reach the kdump kernel's memory, which are marked one by one. */
const MAX_SIDS_MARKED = 1 << 10;

/** The streams behind one set of translation tables, and what they can reach. */
export interface ReachableReport {
  /** The first of them. */
  readonly sids: readonly number[];
  readonly streams: number;
  /** Null for streams in bypass, which reach everything. */
  readonly stage: 1 | 2 | null;
  readonly table: number | null;
  /** Null where there is none, and where the streams have several. */
  readonly asid: number | null;
  readonly vmid: number | null;
  readonly mappedBytes: number;
  readonly writableBytes: number;
  /** Blocks and pages. */
  readonly leaves: number;
  readonly tables: number;
  /** Stretches whose tables are not in the dump, and stretches that fault. */
  readonly missingTables: number;
  readonly faults: number;
  /** False: there were more tables than are ever walked. */
  readonly complete: boolean;
}

/** The active streams that can write the kdump kernel's memory. */
export interface KdumpReach {
  /** The first of them, ascending; by their tables. */
  readonly sids: readonly number[];
  readonly streams: number;
  /** The first of those in bypass, which reach everything. */
  readonly bypassSids: readonly number[];
  readonly bypassStreams: number;
  /** False: there are tables that were not walked, or are not in the dump, so there may be more. */
  readonly complete: boolean;
}

type Mutable = { -readonly [K in keyof ReachableReport]: ReachableReport[K] } & { sids: number[] };

interface Entry {
  readonly report: Mutable;
  readonly writesKdump: boolean;
  lastSid: number;
}

/** Streams, counted once each; they come ascending. */
class StreamCount {
  readonly sids: number[] = [];
  streams = 0;
  #last = -1;

  add(sid: number): void {
    if (sid === this.#last) return;
    this.#last = sid;
    this.streams += 1;
    if (this.sids.length < MAX_SIDS_MARKED) this.sids.push(sid);
  }
}

export class PageTableCheck implements StreamCheck {
  readonly reachable: ReachableReport[] = [];
  readonly #context: RiskContext;
  readonly #budget: WalkBudget;
  readonly #deep: boolean;
  readonly #byTables = new Map<string, Entry>();
  readonly #writers = new StreamCount();
  readonly #bypass = new StreamCount();
  /** Streams over whose STEs bypass STEs go, and which have not come yet. */
  readonly #rewritten: Set<number>;
  /** Of them, those that were not in use. */
  wakened = 0;
  #complete = true;
  #cut = false;

  /** `deep`: say of the tables what there is to say, not only whether they lead to the kdump kernel's memory. */
  constructor(context: RiskContext, budget: WalkBudget, deep: boolean) {
    this.#context = context;
    this.#budget = budget;
    this.#deep = deep;
    const { verdict, rmr } = context.emulation;
    this.#rewritten = new Set(verdict === 'adopted' ? rmr.bypassed : []);
  }

  /** Null where the kdump kernel's memory is not known. */
  get kdumpReach(): KdumpReach | null {
    if (this.#context.kdumpRam.length === 0) return null;
    const [{ sids, streams }, bypass] = [this.#writers, this.#bypass];
    return { sids, streams, bypassSids: bypass.sids, bypassStreams: bypass.streams, complete: this.#complete };
  }

  ste(ste: SeenSte): void {
    const { hw, memory } = this.#context;
    const isRewritten = ste.config !== 'reserved' && this.#rewritten.delete(ste.sid);
    if (isRewritten) this.#passes(ste.sid);
    if (ste.illegal.length > 0) return;
    const passes = ste.config === 's1' && hasSubstreams(ste, this.#context) && ste.of('S1DSS') === 1;
    if ((ste.config === 'bypass' || passes) && !isRewritten) this.#passes(ste.sid);
    if (ste.config !== 's2' && ste.config !== 'nested') return;
    // The CDs of a nested stream are found by walking, so it is taken without a SubstreamID alone.
    const context = streamContext<PageState>(ste.words, null, hw, memory, []);
    if (context.kind !== 'context' || context.stage2 === null) return;
    this.#sets(ste.sid, context.stage1?.asid ?? null, ste.of('S2VMID'), tableSetsOf(context));
  }

  cd({ ste, of, words, illegal, world }: SeenCd): void {
    if (illegal.length > 0 || of('AA64') === 0) return;
    this.#sets(ste.sid, of('ASID'), null, stage1Sets(stage1Halves(words, ste.words, world, this.#context.hw), null));
  }

  /** What had no entry in use until the driver wrote one. */
  done(): void {
    if (this.#rewritten.size === 0) return;
    this.wakened = this.#rewritten.size;
    for (const sid of this.#rewritten) this.#passes(sid);
    this.#bypass.sids.sort((a, b) => a - b);
  }

  /** Input addresses are physical ones. */
  #passes(sid: number): void {
    const bytes = 2 ** (oasBits(this.#context.hw) ?? 52);
    const everything = { ...NOTHING_REACHED, mappedBytes: bytes, writableBytes: bytes, writesKdump: true };
    this.#list(sid, 'bypass', null, () => everything);
  }

  #sets(sid: number, asid: number | null, vmid: number | null, sets: TableSets): void {
    for (const set of sets) {
      if (set !== null) this.#list(sid, keyOf(set), asid, () => ({ ...this.#walked(sid, set), asid, vmid }));
    }
  }

  /** Streams that share tables are one line. */
  #list(sid: number, key: string, asid: number | null, walk: () => Reached): void {
    let entry = this.#byTables.get(key);
    if (entry === undefined) {
      if (this.#byTables.size === MAX_SETS) {
        if (this.#deep && !this.#cut)
          this.#context.findings.add('risks-cut', { what: 'translation-tables', examined: MAX_SETS });
        this.#cut = true;
        this.#complete = false;
        return;
      }
      const { writesKdump, ...reached } = walk();
      if (!reached.complete || reached.missingTables > 0) this.#complete = false;
      entry = { report: { sids: [], streams: 0, ...reached }, writesKdump, lastSid: -1 };
      this.#byTables.set(key, entry);
      this.reachable.push(entry.report);
    }
    const { report, writesKdump } = entry;
    if (writesKdump) (report.stage === null ? this.#bypass : this.#writers).add(sid);
    if (report.asid !== asid) report.asid = null;
    if (entry.lastSid === sid) return;
    entry.lastSid = sid;
    report.streams += 1;
    if (report.sids.length < MAX_SIDS_LISTED) report.sids.push(sid);
  }

  #walked(sid: number, set: TableSet): Reached {
    const { memory, kdumpRam } = this.#context;
    const { regime } = set;
    const { damage, kdump, ...reached } = walkTables(set, memory, kdumpRam, this.#budget);
    this.#report(sid, regime.stage === 1 ? `TTB${regime.half}` : 'stage 2', damage, kdump);
    return { ...NOTHING_REACHED, ...reached, table: regime.base, stage: regime.stage, writesKdump: kdump !== null };
  }

  #report(sid: number, table: string, damage: Walked['damage'], kdump: Walked['kdump']): void {
    const { findings } = this.#context;
    for (const { kind, why, times, first } of this.#deep ? damage.values() : []) {
      if (!isDamage({ kind, why })) continue;
      findings.add('page-table-damaged', { sid, table, what: { kind, why }, times, first }, sidLocation(sid));
    }
    if (kdump === null) return;
    const args = { ...kdump, sid };
    findings.add('dma-into-kdump-memory', args, sidLocation(sid, kdump.pa));
  }
}

type Reached = Omit<ReachableReport, 'sids' | 'streams'> & Pick<Entry, 'writesKdump'>;

const NOTHING_REACHED = {
  stage: null,
  table: null,
  asid: null,
  vmid: null,
  mappedBytes: 0,
  writableBytes: 0,
  leaves: 0,
  tables: 0,
  missingTables: 0,
  faults: 0,
  complete: true,
  writesKdump: false,
};

/** Equal for sets that map the same. */
function keyOf({ regime, stage2, base, usable }: TableSet): string {
  return `${keyOfRegime(regime)} under ${stage2 === null ? '' : keyOfRegime(stage2)} ${base} ${usable}`;
}

function keyOfRegime(regime: Regime): string {
  const { stage, base, startLevel, inputBits, outputBits, granuleLog2, ds, bigEndian, accessFlagIgnored } = regime;
  const updates = regime.stage === 1 && regime.updatesAccessFlag;
  const format = [granuleLog2, ds, bigEndian, accessFlagIgnored, updates].join();
  return `${stage} ${base} ${startLevel} ${inputBits} ${outputBits} ${format} ${JSON.stringify(regime.rights)}`;
}

/** A table that the capture tool left out is not damaged, one where there is no RAM is; AF=0 is a state, not an error. */
function isDamage({ kind, why }: Pick<Unmapped, 'kind' | 'why'>): boolean {
  return kind === 'fault' ? why !== 'F_ACCESS' : why === 'hole';
}
