/**
 * Which blocks of a distant file to fetch. A request costs about as much as a hundred kilobytes, so what is asked for
 * is fetched in whole blocks and with what lies behind it, and the more so the longer somebody reads straight on.
 */

export const BLOCK_BYTE_LENGTH = 1 << 16;
/** What opening a dump reads lies at its beginning; of a small dump this is all. */
export const FIRST_BLOCKS = 4;
/** Two tables that lie this close together come with one request. */
const LEAST_BLOCKS = 2;

/** Blocks `first` up to, not including, `end`. */
export interface BlockRun {
  readonly first: number;
  readonly end: number;
}

export class FetchPlan {
  readonly #blockCount: number;
  readonly #isHere: (block: number) => boolean;
  readonly #mostBlocks: number;
  #last: BlockRun = { first: 0, end: FIRST_BLOCKS };

  /** No request has more than `mostBlocks`. */
  constructor(byteLength: number, isHere: (block: number) => boolean, mostBlocks: number) {
    this.#blockCount = Math.ceil(byteLength / BLOCK_BYTE_LENGTH);
    this.#isHere = isHere;
    this.#mostBlocks = mostBlocks;
  }

  /** What to fetch for a read that needs block `first`, which is not here, and those up to `wantedEnd`. */
  next(first: number, wantedEnd: number): BlockRun {
    const before = this.#last.end - this.#last.first;
    const skipped = first - this.#last.end;
    // Small steps over what is not needed, as from one record header to the next, are reading straight on, too.
    const straightOn = skipped >= 0 && skipped <= before / 2;
    const ahead = first === 0 ? FIRST_BLOCKS : straightOn ? 2 * before : LEAST_BLOCKS;
    const goal = Math.min(this.#blockCount, first + this.#mostBlocks, Math.max(first + ahead, wantedEnd));
    let end = first + 1;
    // A single block that is here already is fetched again rather than asked around.
    while (end < goal && (!this.#isHere(end) || (end + 1 < goal && !this.#isHere(end + 1)))) end += 1;
    this.#last = { first, end };
    return this.#last;
  }
}

/** Copies from a block whatever of it a read at `offset` wants; answers how far the read has come. */
export function copyFromBlock(block: Uint8Array, index: number, offset: number, into: Uint8Array): number {
  const start = index * BLOCK_BYTE_LENGTH;
  const from = Math.max(0, offset - start);
  const at = start + from - offset;
  const part = block.subarray(from, from + into.byteLength - at);
  into.set(part, at);
  return at + part.byteLength;
}

/** Cuts what was fetched into its blocks, each of its own memory, so that one that is kept keeps no others. */
export function* blocksOf(bytes: Uint8Array, { first, end }: BlockRun): Generator<[number, Uint8Array]> {
  for (let index = first; index < end; index++) {
    const at = (index - first) * BLOCK_BYTE_LENGTH;
    yield [index, bytes.slice(at, at + BLOCK_BYTE_LENGTH)];
  }
}
