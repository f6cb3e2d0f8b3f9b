/** Dumps that the caller of the library reads: from object storage, an archive, another process. */

import { InputError } from '../../errors.ts';
import { BLOCK_BYTE_LENGTH, blocksOf, copyFromBlock, FetchPlan, FIRST_BLOCKS } from './blocks.ts';
import type { ByteSource } from './source.ts';
import { NotFetchedYet } from './until-fetched.ts';

/** A file that is read by its owner. */
export interface DumpSource {
  /** For reports and messages. */
  readonly name?: string | undefined;
  readonly byteLength: number;
  /** Physical address of the first byte, where it is raw memory. */
  readonly paddr?: number | undefined;
  /** `length` bytes from `offset` on, at once or later; fewer only where the file has none. */
  read(offset: number, length: number): Uint8Array | PromiseLike<Uint8Array>;
}

/** 256 MiB: what is kept of a source that answers later, because reading goes back to what it has read before. */
const MAX_KEPT_BLOCKS = 1 << 12;
/** 32 MiB: work begins anew with each request, so that a long walk must not need many. */
const MOST_BLOCKS = 1 << 9;

/**
 * Hands reads on to a {@link DumpSource}. One that answers at once is asked for exactly what is read. Of one that
 * answers later whole blocks are kept, and a read of a block that has not come throws {@link NotFetchedYet}.
 */
export class ObjectSource implements ByteSource {
  readonly name: string;
  readonly byteLength: number;
  readonly #source: DumpSource;
  readonly #plan: FetchPlan;
  readonly #blocks = new Map<number, Uint8Array>();
  readonly #coming = new Map<number, Promise<void>>();
  #answersLater: boolean | undefined;

  /** Throws InputError (`usage`) for an object that is no such source, and (`file`) for an empty one. */
  constructor(source: DumpSource, name: string) {
    const { byteLength } = source;
    if (typeof source.read !== 'function') {
      throw new InputError('usage', 'has no read(offset, length)', { file: name });
    }
    if (!Number.isSafeInteger(byteLength) || byteLength < 0) {
      throw new InputError('usage', `has a byteLength of ${String(byteLength)}`, { file: name });
    }
    if (byteLength === 0) throw new InputError('file', 'is empty', { file: name });
    this.name = name;
    this.byteLength = byteLength;
    this.#source = source;
    this.#plan = new FetchPlan(byteLength, (index) => this.#blocks.has(index), MOST_BLOCKS);
  }

  /** Whether its bytes come later; known from the first read on. */
  get answersLater(): boolean {
    return this.#answersLater === true;
  }

  read(offset: number, into: Uint8Array): number {
    const wanted = into.subarray(0, Math.max(0, this.byteLength - offset));
    if (wanted.byteLength === 0) return 0;
    if (this.#answersLater === undefined) this.#firstRead();
    return this.#answersLater ? this.#readBlocks(offset, wanted) : this.#readNow(offset, wanted);
  }

  /** Asks for as much as is fetched at a time, so that the answer is of use whichever way it comes. */
  #firstRead(): void {
    const end = Math.min(FIRST_BLOCKS, Math.ceil(this.byteLength / BLOCK_BYTE_LENGTH));
    const answer = this.#ask(0, this.#lengthOf(0, end));
    this.#answersLater = isLater(answer);
    if (isLater(answer)) this.#expect(0, end, answer);
  }

  #readNow(offset: number, into: Uint8Array): number {
    const answer = this.#ask(offset, into.byteLength);
    if (isLater(answer)) {
      // It used to answer at once, from a cache of its own perhaps.
      this.#answersLater = true;
      answer.then(undefined, () => {});
      return this.#readBlocks(offset, into);
    }
    const bytes = this.#checked(answer, offset, into.byteLength);
    into.set(bytes);
    return bytes.byteLength;
  }

  #readBlocks(offset: number, into: Uint8Array): number {
    const wantedEnd = Math.ceil((offset + into.byteLength) / BLOCK_BYTE_LENGTH);
    for (let done = 0; done < into.byteLength; ) {
      const index = Math.floor((offset + done) / BLOCK_BYTE_LENGTH);
      const block = this.#blocks.get(index);
      if (block === undefined) throw new NotFetchedYet(this.name, () => this.#fetch(index, wantedEnd));
      const before = done;
      done = copyFromBlock(block, index, offset, into);
      if (done <= before) return before;
    }
    return into.byteLength;
  }

  #fetch(index: number, wantedEnd: number): Promise<void> {
    if (this.#blocks.has(index)) return Promise.resolve();
    const coming = this.#coming.get(index);
    if (coming !== undefined) return coming;
    const room = MAX_KEPT_BLOCKS - this.#blocks.size;
    if (room <= 0) {
      const limit = `${(MAX_KEPT_BLOCKS * BLOCK_BYTE_LENGTH) >> 20} MiB`;
      const message = `more than ${limit} of it would have to be kept; read it synchronously, or from a file`;
      return Promise.reject(new InputError('file', message, { file: this.name }));
    }
    const { first, end } = this.#plan.next(index, wantedEnd);
    const cut = Math.min(end, first + room);
    return this.#expect(first, cut, this.#ask(first * BLOCK_BYTE_LENGTH, this.#lengthOf(first, cut)));
  }

  /** Keeps the blocks when they come. Until then nobody else has to ask for them. */
  #expect(first: number, end: number, answer: unknown): Promise<void> {
    const arrival = this.#keep(first, end, answer).finally(() => {
      for (let index = first; index < end; index++) this.#coming.delete(index);
    });
    // Whoever waits for it hears of a failure; if nobody does, it is none of the process.
    arrival.catch(() => {});
    for (let index = first; index < end; index++) this.#coming.set(index, arrival);
    return arrival;
  }

  async #keep(first: number, end: number, answer: unknown): Promise<void> {
    const offset = first * BLOCK_BYTE_LENGTH;
    let bytes: unknown;
    try {
      bytes = await answer;
    } catch (cause) {
      throw this.#unreadable(offset, cause);
    }
    const checked = this.#checked(bytes, offset, this.#lengthOf(first, end));
    for (const [index, block] of blocksOf(checked, { first, end })) this.#blocks.set(index, block);
  }

  #lengthOf(first: number, end: number): number {
    return Math.min(this.byteLength, end * BLOCK_BYTE_LENGTH) - first * BLOCK_BYTE_LENGTH;
  }

  #ask(offset: number, length: number): unknown {
    try {
      return this.#source.read(offset, length);
    } catch (cause) {
      throw this.#unreadable(offset, cause);
    }
  }

  #checked(answer: unknown, offset: number, length: number): Uint8Array {
    if (!(answer instanceof Uint8Array)) {
      throw this.#misread(offset, 'read() answered something else than a Uint8Array');
    }
    if (answer.byteLength > length) {
      throw this.#misread(offset, `read() answered ${answer.byteLength} bytes when asked for ${length}`);
    }
    return answer;
  }

  #misread(offset: number, message: string): InputError {
    return new InputError('usage', message, { file: this.name, place: `offset 0x${offset.toString(16)}` });
  }

  #unreadable(offset: number, cause: unknown): InputError {
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `cannot be read at offset 0x${offset.toString(16)} (${why})`;
    return new InputError('file', message, { file: this.name, cause });
  }

  close(): void {}
}

function isLater(answer: unknown): answer is PromiseLike<unknown> {
  return typeof (answer as PromiseLike<unknown> | null)?.then === 'function';
}
