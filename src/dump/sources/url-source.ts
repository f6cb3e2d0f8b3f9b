/** A dump behind a URL as a source like any other. Of a large one only those parts are fetched that are read. */

import type { DumpAssumption } from '../dump.ts';
import { BLOCK_BYTE_LENGTH, type BlockRun, blocksOf, copyFromBlock, FetchPlan, FIRST_BLOCKS } from './blocks.ts';
import { LruCache } from './page-cache.ts';
import { RemoteFile, type UrlOptions } from './range-request.ts';
import type { ByteSource } from './source.ts';

/** 64 MiB: a bitmap of 1 TiB of pages twice over. */
const CACHED_BLOCKS = 1 << 10;
/** 4 MiB: little enough to be sent again when the connection is lost, and to come in time over a slow one. */
const MOST_BLOCKS = 1 << 6;

/** Of a server that says nothing by which a changed file would be noticed but its length. */
const UNCHANGED: DumpAssumption = { kind: 'unchanged-on-server' };

/**
 * Opens a file behind an http or https URL. Reading is synchronous, like everywhere: this thread sleeps meanwhile.
 * Throws InputError (`file`) when it is not there, is empty, or the server does not serve ranges.
 */
export function openUrlSource(url: string, options: UrlOptions = {}, now = () => performance.now()): ByteSource {
  const file = new RemoteFile(url, options, now);
  try {
    const blocks = new LruCache<Uint8Array>(CACHED_BLOCKS);
    const fetchBlocks = (run: BlockRun) => {
      const start = run.first * BLOCK_BYTE_LENGTH;
      for (const [index, block] of blocksOf(file.fetch(start, run.end * BLOCK_BYTE_LENGTH - start), run)) {
        if (blocks.get(index) === undefined) blocks.set(index, block);
      }
    };
    fetchBlocks({ first: 0, end: FIRST_BLOCKS });
    const { byteLength } = file;
    const plan = new FetchPlan(byteLength, (index) => blocks.get(index) !== undefined, MOST_BLOCKS);
    return {
      name: file.name,
      byteLength,
      assumptions: file.hasValidator ? [] : [UNCHANGED],
      read(offset, into) {
        const wanted = into.subarray(0, Math.max(0, byteLength - offset));
        const wantedEnd = Math.ceil((offset + wanted.byteLength) / BLOCK_BYTE_LENGTH);
        for (let done = 0; done < wanted.byteLength; ) {
          const index = Math.floor((offset + done) / BLOCK_BYTE_LENGTH);
          const block = blocks.get(index);
          if (block !== undefined) done = copyFromBlock(block, index, offset, wanted);
          else fetchBlocks(plan.next(index, wantedEnd));
        }
        return wanted.byteLength;
      },
      close: () => file.close(),
    };
  } catch (error) {
    file.close();
    throw error;
  }
}
