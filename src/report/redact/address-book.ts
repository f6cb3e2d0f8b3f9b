/**
 * Stand-ins for addresses. Pages that follow one another, and what is known to be one structure, are a run; the runs of a
 * report get places of their own in the order of their addresses, close together. So a stand-in keeps what says
 * something (the place in the page, alignment, order, what is equal and what adjoins) and nothing of where it was: it is
 * no function of the address, and cannot be undone by trying all of them.
 */

import { firstIndex } from '../../lists.ts';

/** What stays: the place in the page. */
const PAGE_BITS = 12;
const PAGE = 2 ** PAGE_BITS;

/** Where stand-ins are, in pages: what is `below` a page goes to the first of them that says so. All begin with fade. */
const WINDOWS = [
  // Physical addresses have at most 52 bits, and so have their stand-ins: 0xfade000010000.
  { below: 2 ** 40, first: 0xfade_000_000, pages: 2 ** 24 },
  // Addresses of 56 bits, and what is none: 0xfade0000010000.
  { below: 2 ** 51, first: 0xfade_0000_000, pages: 2 ** 28 },
  // The upper half of 64 bits, which stays there: 0xffffade000010000.
  { below: 2 ** 52, first: 0xffffade_000_000, pages: 2 ** 24 },
] as const;

/** Pages of the largest granule, 64 KiB: runs begin as far behind such an address as they did. */
const ALIGNMENT = 16;
/** A structure is aligned to its size; nothing of an SMMU is larger than 1 GiB. */
const MAX_EXTENT = 2 ** 18;

/** Pages from the first to the last; both included. */
interface Run {
  readonly first: number;
  last: number;
  standIn: number;
}

export class AddressBook {
  readonly #pages = new Set<number>();
  readonly #extents = new Map<number, number>();
  #runs: readonly Run[] | null = null;

  /** An address that a report has, or the first of `byteLength` bytes that belong together. */
  note(address: number | bigint, byteLength = 1): void {
    const first = pageOf(address);
    const last = first + Math.floor((Number(BigInt(address) % BigInt(PAGE)) + Math.max(1, byteLength) - 1) / PAGE);
    this.#runs = null;
    this.#pages.add(first);
    // What begins at 0 is told by its size alone, and would tell where all else in it is.
    if (first === 0 || last === first || last - first >= MAX_EXTENT) return;
    this.#extents.set(first, Math.max(last, this.#extents.get(first) ?? 0));
  }

  /** Whether the page of the address has been noted. */
  has(address: number | bigint): boolean {
    return this.#runOf(pageOf(address)) !== null;
  }

  /** What stands in for the address. On page 0 it is the address: a null pointer tells nothing. */
  standIn<A extends number | bigint>(address: A): A {
    const page = pageOf(address);
    if (page === 0) return address;
    const run = this.#runOf(page);
    // What nobody has noted gets the place that no run has.
    const standIn = run === null ? (windowOf(page)?.first ?? 0) : run.standIn + page - run.first;
    return (
      typeof address === 'number'
        ? standIn * PAGE + (address % PAGE)
        : BigInt(standIn) * BigInt(PAGE) + (BigInt(address) % BigInt(PAGE))
    ) as A;
  }

  #runOf(page: number): Run | null {
    this.#runs ??= this.#placed();
    const run = this.#runs[firstIndex(this.#runs, ({ last }) => last >= page)];
    return run !== undefined && run.first <= page ? run : null;
  }

  /** A hostile report may have more structures than there is room for; then only the pages keep theirs. */
  #placed(): readonly Run[] {
    const runs = this.#joined(this.#extents);
    if (place(runs, ALIGNMENT)) return runs;
    const bare = this.#joined(new Map());
    if (!place(bare, 1)) throw new Error('more addresses in a report than there are stand-ins');
    return bare;
  }

  #joined(extents: ReadonlyMap<number, number>): Run[] {
    const runs: Run[] = [];
    for (const first of [...this.#pages].sort((a, b) => a - b)) {
      if (first === 0) continue;
      const last = extents.get(first) ?? first;
      const before = runs.at(-1);
      if (before !== undefined && first <= before.last + 1 && windowOf(first) === windowOf(before.first)) {
        before.last = Math.max(before.last, last);
      } else runs.push({ first, last, standIn: 0 });
    }
    return runs;
  }
}

/** Gives each run its place; false where there is no room for all of them. */
function place(runs: readonly Run[], alignment: number): boolean {
  for (const window of WINDOWS) {
    let at = window.first + alignment;
    for (const run of runs) {
      if (windowOf(run.first) !== window) continue;
      const pages = run.last - run.first + 1;
      const aligned = Math.max(alignment, alignment === 1 ? 1 : 2 ** Math.ceil(Math.log2(pages)));
      run.standIn = at + ((((run.first - at) % aligned) + aligned) % aligned);
      // A page in between, so that what did not adjoin does not seem to.
      at = run.standIn + pages + 1;
    }
    if (at > window.first + window.pages) return false;
  }
  return true;
}

function windowOf(page: number) {
  return WINDOWS.find(({ below }) => page < below);
}

function pageOf(address: number | bigint): number {
  return typeof address === 'number' ? Math.floor(address / PAGE) : Number(BigInt.asUintN(64, address) / BigInt(PAGE));
}
