/**
 * Physical memory as a dump holds it: bytes, and for every byte which of five states it is in.
 * This is the interface that every container plugs into and that everything downstream reads through.
 */

/**
 * - `present`: the bytes are in the file
 * - `zero`: the container says they are all zero
 * - `excluded`: RAM, but the capture tool left it out
 * - `hole`: no RAM at this address, according to the dump
 * - `lost`: should be in the file, but the file is truncated or damaged there; or the file may end before it tells
 */
export const PAGE_STATES = ['present', 'zero', 'excluded', 'hole', 'lost'] as const;
export type PageState = (typeof PAGE_STATES)[number];

/** Number of pages in each state. */
export type PageCounts = Record<PageState, number>;

/** Physical addresses from `start` up to, not including, `end`. */
export interface AddressRange {
  readonly start: number;
  readonly end: number;
}

/** A maximal part of a range in one state; `offset` counts from the start of the range that was asked for. */
export interface StateRun {
  readonly offset: number;
  readonly byteLength: number;
  readonly state: PageState;
  /** Of what is lost: the memory map may end before it comes here, so not even whether there is RAM is known. */
  readonly uncharted?: true;
}

export interface PhysicalMemory {
  /** What the dump says is RAM: ascending, disjoint, touching ranges joined. */
  readonly ranges: readonly AddressRange[];
  /** The states of a range, in order and without gaps, reading no bytes. */
  runs(paddr: number, byteLength: number): StateRun[];
  /** The same, and the bytes: `into` is filled from `paddr` on, with zeros wherever the dump has no bytes. */
  read(paddr: number, into: Uint8Array): StateRun[];
}

/** Where two states meet in one unit, what can be said of the whole unit: the state furthest from evidence. */
const FROM_EVIDENCE_TO_NOTHING: readonly PageState[] = ['present', 'zero', 'excluded', 'lost', 'hole'];

/** Of two states the one that says less about the bytes. */
export function worstState(a: PageState, b: PageState): PageState {
  return FROM_EVIDENCE_TO_NOTHING.indexOf(a) >= FROM_EVIDENCE_TO_NOTHING.indexOf(b) ? a : b;
}

/**
 * The pages that a range touches, counted by state. A page counts by those of its bytes that lie in the range; where
 * they differ, by the worst.
 */
export function countPages(memory: PhysicalMemory, paddr: number, byteLength: number, pageSize: number): PageCounts {
  const counts: PageCounts = { present: 0, zero: 0, excluded: 0, hole: 0, lost: 0 };
  let lastPage = -1;
  let lastState: PageState = 'present';
  for (const run of memory.runs(paddr, byteLength)) {
    let firstPage = Math.floor((paddr + run.offset) / pageSize);
    if (firstPage === lastPage) {
      const state = worstState(lastState, run.state);
      counts[lastState] -= 1;
      counts[state] += 1;
      lastState = state;
      firstPage += 1;
    }
    const endPage = Math.ceil((paddr + run.offset + run.byteLength) / pageSize);
    if (endPage > firstPage) {
      counts[run.state] += endPage - firstPage;
      lastPage = endPage - 1;
      lastState = run.state;
    }
  }
  return counts;
}

/** Whether every byte of the range is RAM according to the dump, in the file or not; null when it does not say. */
export function isWhollyRam(memory: PhysicalMemory, paddr: number, byteLength: number): boolean | null {
  const runs = memory.runs(paddr, byteLength);
  if (runs.some((run) => run.state === 'hole')) return false;
  return runs.some((run) => run.uncharted) ? null : true;
}

/** The memory of a dump whose memory map may be short: it has no holes, only what is unknown. */
export class UnchartedMemory implements PhysicalMemory {
  readonly #charted: PhysicalMemory;

  constructor(charted: PhysicalMemory) {
    this.#charted = charted;
  }

  get ranges(): readonly AddressRange[] {
    return this.#charted.ranges;
  }

  runs(paddr: number, byteLength: number): StateRun[] {
    return this.#charted.runs(paddr, byteLength).map(holeIsUncharted);
  }

  read(paddr: number, into: Uint8Array): StateRun[] {
    return this.#charted.read(paddr, into).map(holeIsUncharted);
  }
}

function holeIsUncharted(run: StateRun): StateRun {
  return run.state === 'hole' ? { ...run, state: 'lost', uncharted: true } : run;
}

/** Counts the pages of all RAM, those that are in the file as plain. For containers that do not compress. */
export function countAllPages(
  memory: PhysicalMemory,
  pageSize: number,
): { pages: Omit<PageCounts, 'hole'>; codecs: Record<string, number> } {
  const total = { present: 0, zero: 0, excluded: 0, lost: 0 };
  for (const { start, end } of memory.ranges) {
    const { hole: _, ...counts } = countPages(memory, start, end - start, pageSize);
    for (const state of ['present', 'zero', 'excluded', 'lost'] as const) total[state] += counts[state];
  }
  return { pages: total, codecs: total.present > 0 ? { plain: total.present } : {} };
}
