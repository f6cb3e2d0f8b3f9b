/**
 * `--deep`: the mappings of every stream that does something at either moment. Streams that share tables are compared
 * once; how much is looked at altogether is limited, because a few pages of garbage describe more than anyone can wait
 * for.
 */

import { Budget } from '../../smmu/translation/table-map.ts';
import type { BeforeAfter } from '../before-after.ts';
import { DiffBudget, MAX_DESCRIPTORS, MAX_FOR_CONTEXTS } from '../limits.ts';
import type { MappingSetDiff, MappingsDiff } from '../mapping-report.ts';
import type { DiffMoment } from '../moment.ts';
import { contextsOf } from './contexts.ts';
import { differingRanges, readAlike } from './differing.ts';
import { stretchPairs } from './pairs.ts';
import { addCounts, hasChanges, MappingRanges, noChanges } from './ranges.ts';
import { type Source, sourceReport, sourcesOf, stretchesOf } from './source.ts';

/** What judging a range costs, in descriptors that are only read. */
const RANGE_COST = 16;
/** Beginning two walks anew for one range costs as much as reading some tables. */
const WALK_COST = 1024;
/** Sets remembered, each with its streams: more contexts than any server has. */
const MAX_SETS = 1 << 14;
const MAX_SIDS_LISTED = 16;
/** Ranges listed in one report. */
const MAX_RANGES = 1 << 16;

export interface MappingLimits {
  readonly ranges: number;
  readonly sets: number;
  readonly descriptors?: number | undefined;
}

interface Compared {
  readonly sids: number[];
  streams: number;
  lastSid: number;
  readonly changed: boolean;
}

export class MappingComparison {
  readonly #moments: BeforeAfter<DiffMoment>;
  readonly #limits: MappingLimits;
  readonly #budget: Budget;
  /** Of its own, so that tables without end do not hide which streams share those that were compared. */
  readonly #contexts: Budget;
  readonly #compared = new Map<string, Compared>();
  readonly #sets: (() => MappingSetDiff)[] = [];
  readonly #counts = noChanges();
  #room = MAX_RANGES;
  #changed = 0;
  #streams = 0;
  #lastChanged = -1;
  #notListed = 0;
  #undecided = 0;
  #notCompared = 0;
  #complete = true;

  constructor(moments: BeforeAfter<DiffMoment>, limits: MappingLimits, ofAll: DiffBudget = new DiffBudget()) {
    this.#moments = moments;
    this.#limits = limits;
    this.#budget = new Budget(limits.descriptors ?? MAX_DESCRIPTORS, ofAll.descriptors);
    this.#contexts = new Budget(MAX_FOR_CONTEXTS, ofAll.contexts);
  }

  /** The words of its STEs; null at a moment without an entry. StreamIDs ascend. */
  stream(sid: number, stes: BeforeAfter<readonly bigint[] | null>): void {
    if (this.#contexts.exhausted) {
      this.#complete = false;
      return;
    }
    const missing = () => {
      this.#complete = false;
    };
    for (const { ssid, substreams } of contextsOf(stes, this.#moments, this.#contexts, missing)) {
      const { before, after } = this.#moments;
      const left = sourcesOf(stes.before, substreams.before, before);
      const right = sourcesOf(stes.after, substreams.after, after);
      if (left[0].kind === 'unknown' || right[0].kind === 'unknown') this.#undecided += 1;
      this.#context(sid, ssid, { before: left[0], after: right[0] });
      this.#context(sid, ssid, { before: left[1], after: right[1] });
    }
    if (this.#contexts.exhausted) this.#complete = false;
  }

  report(): MappingsDiff {
    return {
      complete: this.#complete && this.#undecided + this.#notCompared === 0,
      compared: this.#compared.size,
      changed: this.#changed,
      streams: this.#streams,
      counts: this.#counts,
      sets: this.#sets.map((make) => make()),
      notListed: this.#notListed,
      undecided: this.#undecided,
      notCompared: this.#notCompared,
    };
  }

  #context(sid: number, ssid: number, sources: BeforeAfter<Source>): void {
    if (sources.before.set === null && sources.after.set === null) return;
    const key = `${sources.before.key}\n${sources.after.key}`;
    let entry = this.#compared.get(key);
    if (entry === undefined) {
      if (this.#budget.exhausted || this.#compared.size === MAX_SETS) {
        this.#notCompared += 1;
        return;
      }
      entry = this.#compare(ssid, sources);
      this.#compared.set(key, entry);
    }
    if (entry.changed && this.#lastChanged !== sid) {
      this.#lastChanged = sid;
      this.#streams += 1;
    }
    if (entry.lastSid === sid) return;
    entry.lastSid = sid;
    entry.streams += 1;
    if (entry.sids.length < MAX_SIDS_LISTED) entry.sids.push(sid);
  }

  #compare(ssid: number, sources: BeforeAfter<Source>): Compared {
    const base = lowerBase(sources);
    const ranges = new MappingRanges(sources, base, Math.min(this.#limits.ranges, this.#room));
    const cut = !this.#walk(sources, base, ranges);
    const { counts, items, notListed } = ranges;
    const complete = !cut && counts.unknown.ranges === 0;
    if (!complete) this.#complete = false;
    const entry: Compared = { sids: [], streams: 0, lastSid: -1, changed: hasChanges(counts) };
    addCounts(this.#counts, counts);
    if (entry.changed) this.#changed += 1;
    if (complete && !entry.changed) return entry;
    if (this.#sets.length === this.#limits.sets) {
      this.#notListed += 1;
      return entry;
    }
    this.#room -= items.length;
    const [before, after] = [sourceReport(sources.before), sourceReport(sources.after)];
    // Streams may still join.
    this.#sets.push(() => {
      const { sids, streams } = entry;
      const deviceNames = sids.map((sid) => this.#moments.before.names?.deviceOf(sid) ?? null);
      return { sids, deviceNames, streams, ssid, before, after, complete, cut, counts, ranges: items, notListed };
    });
    return entry;
  }

  /** Returns whether the budget sufficed. */
  #walk(sources: BeforeAfter<Source>, base: bigint, ranges: MappingRanges): boolean {
    const { before, after } = this.#moments;
    const [left, right] = [sources.before.set, sources.after.set];
    const alike = left !== null && right !== null && left.stage2 === null && right.stage2 === null;
    if (!alike || left.usable !== right.usable || !readAlike(left.regime, right.regime))
      return this.#walkRange(sources, base, ranges);
    const memory = { before: before.memory, after: after.memory };
    const regimes = { before: left.regime, after: right.regime };
    for (const range of differingRanges(memory, regimes, this.#budget)) {
      this.#budget.spend(WALK_COST);
      if (!this.#walkRange(sources, base, ranges, range)) return false;
    }
    return !this.#budget.exhausted;
  }

  #walkRange(
    sources: BeforeAfter<Source>,
    base: bigint,
    ranges: MappingRanges,
    range?: { readonly from: number; readonly to: number },
  ): boolean {
    const stretches = (at: 'before' | 'after') =>
      stretchesOf(sources[at], this.#moments[at], this.#budget, base, range);
    const pairs = stretchPairs(stretches('before'), stretches('after'));
    for (;;) {
      const { value, done } = pairs.next();
      if (done === true) return value;
      ranges.add(value);
      this.#budget.spend(RANGE_COST);
    }
  }
}

/** High halves of different sizes begin at different addresses. */
function lowerBase({ before, after }: BeforeAfter<Source>): bigint {
  const bases = [before, after].flatMap(({ set }) => (set === null ? [] : [set.base]));
  return bases.reduce((lowest, base) => (base < lowest ? base : lowest));
}
