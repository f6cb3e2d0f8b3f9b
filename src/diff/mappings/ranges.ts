/** Judges what became of ranges of input addresses: counts all of them, and lists the first. */

import type { PageState } from '../../dump/memory.ts';
import { sameAttributes } from '../../smmu/translation/attributes.ts';
import type { Stretch } from '../../smmu/translation/table-map.ts';
import type { BeforeAfter } from '../before-after.ts';
import type { MappingChange, MappingCounts, MappingRange, MappingState, RangeCount } from '../mapping-report.ts';
import type { StretchPair } from './pairs.ts';
import type { Source } from './source.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Counting = Record<keyof MappingCounts, Mutable<RangeCount>>;

export class MappingRanges {
  readonly items: MappingRange[] = [];
  readonly counts: Counting = noChanges();
  readonly notListed = { changes: 0, unknown: 0 };
  readonly #base: bigint;
  readonly #sources: BeforeAfter<Source>;
  readonly #room: { changes: number; unknown: number };

  /** Lists `limit` changes, and as many ranges that are not known; `base` is where the pairs count from. */
  constructor(sources: BeforeAfter<Source>, base: bigint, limit: number) {
    this.#sources = sources;
    this.#base = base;
    this.#room = { changes: limit, unknown: limit };
  }

  /** Ascending. */
  add(pair: StretchPair): void {
    const before = sideOf(pair.before, pair.start, this.#sources.before);
    const after = sideOf(pair.after, pair.start, this.#sources.after);
    const kind = changeOf(before, after);
    if (kind === null) return;
    const count = this.counts[kind];
    count.ranges += 1;
    count.byteLength += pair.byteLength;
    const list = kind === 'unknown' ? 'unknown' : 'changes';
    if (this.#room[list] === 0) {
      this.notListed[list] += 1;
      return;
    }
    this.#room[list] -= 1;
    const start = this.#base + BigInt(pair.start);
    this.items.push({
      kind,
      start,
      byteLength: pair.byteLength,
      before: stateOf(before),
      after: stateOf(after),
    });
  }
}

/** Counts of changed ranges before any was seen. */
export function noChanges(): Counting {
  const none = () => ({ ranges: 0, byteLength: 0 });
  return {
    ...{ mapped: none(), unmapped: none(), moved: none(), rights: none(), attributes: none(), faults: none() },
    unknown: none(),
  };
}

/** Adds the counts of one set to those of all. */
export function addCounts(sum: Counting, more: MappingCounts): void {
  for (const kind of Object.keys(sum) as (keyof MappingCounts)[]) {
    sum[kind].ranges += more[kind].ranges;
    sum[kind].byteLength += more[kind].byteLength;
  }
}

/** Whether anything changed; what is unknown is no change. */
export function hasChanges({ unknown: _, ...changes }: MappingCounts): boolean {
  return Object.values(changes).some(({ ranges }) => ranges > 0);
}

/** One side of a pair. `output` is that of its first address. */
interface Side {
  readonly kind: MappingState['kind'];
  readonly output: number;
  readonly rights: number;
  readonly attributes: Stretch<PageState>['attributes'];
  readonly why: MappingState['why'];
}

function sideOf(stretch: Stretch<PageState> | null, start: number, { kind, why }: Source): Side {
  if (stretch === null) {
    const nothing = kind === 'fault' || kind === 'unknown' ? kind : 'unmapped';
    return { kind: nothing, output: 0, rights: 0, attributes: [], why };
  }
  const { output, rights, attributes } = stretch;
  const mapped = stretch.kind === 'mapped';
  return {
    kind: stretch.kind === 'cut' ? 'unknown' : stretch.kind,
    output: mapped ? output + (start - stretch.start) : 0,
    ...{ rights, attributes, why: stretch.why },
  };
}

/** Null where nothing changed. What is not known never did. */
function changeOf(before: Side, after: Side): MappingChange | 'unknown' | null {
  if (before.kind === 'unknown' || after.kind === 'unknown') return 'unknown';
  if (before.kind !== 'mapped' || after.kind !== 'mapped') {
    if (after.kind === 'mapped') return 'mapped';
    if (before.kind === 'mapped') return 'unmapped';
    return before.kind === after.kind && before.why === after.why ? null : 'faults';
  }
  if (before.output !== after.output) return 'moved';
  if (before.rights !== after.rights) return 'rights';
  return sameAttributes(before.attributes, after.attributes) ? null : 'attributes';
}

function stateOf({ kind, output, rights, attributes, why }: Side): MappingState {
  const mapped = kind === 'mapped';
  return {
    kind,
    pa: mapped ? output : null,
    rights: mapped ? rights : null,
    attributes: mapped ? attributes : null,
    why,
  };
}
