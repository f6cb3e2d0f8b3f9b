/**
 * AVML dumps: LiME's records with a compressed content. A file may mix both kinds, as AVML's own reader allows.
 *
 * Nothing is decompressed to open one. A read decompresses the chunks it touches, of 64 KiB at most, and no others.
 */

import type { DumpContents, PageCensus } from '../dump.ts';
import { countAllPages, type PhysicalMemory, type StateRun } from '../memory.ts';
import type { DumpProblem } from '../problem.ts';
import type { ByteSource } from '../sources/source.ts';
import { limeContents, plainSegment, walkRecords } from './lime.ts';
import { appendRun, SegmentMemory } from './segments.ts';
import { SnappyFrames } from './snappy-frames.ts';

/** Reads LiME dumps too. Throws InputError (`format`) for a file that begins with neither kind of record. */
export async function openAvml(source: ByteSource, givenPageSize?: number): Promise<DumpContents> {
  // Chunks turn out to be bad when they are read, and are added then: the list is live.
  const problems: DumpProblem[] = [];
  const frames = new SnappyFrames(source, problems);
  const walk = walkRecords(source, (fileOffset, byteLength) => frames.addStream(fileOffset, byteLength));
  problems.unshift(...walk.problems);
  const plain = walk.records.filter(({ compressed }) => !compressed);
  if (frames.streams > 0) {
    const { loadCodecs } = await import('../codecs/registry.ts');
    frames.useCodec((await loadCodecs()).snappy);
  }

  const segments = new SegmentMemory(
    walk.records.map((record) => plainSegment(record, record.compressed ? frames : source)),
  );
  const memory = new FramedMemory(segments, frames);
  const format = frames.streams > 0 ? 'avml' : 'lime';
  const contents = limeContents(format, { ...walk, problems }, memory, givenPageSize);
  const plainMemory = new SegmentMemory(plain.map((record) => plainSegment(record, source)));
  return { ...contents, census: () => censusOf(memory, plainMemory, contents.pageSize) };
}

/** A page in both kinds of record counts as plain; damage apart, both have the same bytes. */
function censusOf(memory: PhysicalMemory, plainMemory: PhysicalMemory, pageSize: number): PageCensus {
  const { pages } = countAllPages(memory, pageSize);
  const plain = Math.min(pages.present, countAllPages(plainMemory, pageSize).pages.present);
  const snappy = pages.present - plain;
  return { pages, codecs: { ...(plain > 0 ? { plain } : {}), ...(snappy > 0 ? { snappy } : {}) } };
}

/** The unit in which memory around a bad chunk is judged: no page of any kernel is smaller. */
const UNIT_BYTE_LENGTH = 4096;

/** Segments end a read at the first byte that their source lacks. Behind a bad chunk there may be good ones. */
class FramedMemory implements PhysicalMemory {
  readonly ranges: PhysicalMemory['ranges'];
  readonly #segments: SegmentMemory;
  readonly #frames: SnappyFrames;

  constructor(segments: SegmentMemory, frames: SnappyFrames) {
    this.ranges = segments.ranges;
    this.#segments = segments;
    this.#frames = frames;
  }

  runs(paddr: number, byteLength: number): StateRun[] {
    return this.#segments.runs(paddr, byteLength);
  }

  read(paddr: number, into: Uint8Array): StateRun[] {
    const failuresBefore = this.#frames.failures;
    const runs = this.#segments.read(paddr, into);
    if (this.#frames.failures === failuresBefore) return runs;
    const careful: StateRun[] = [];
    for (let at = 0; at < into.byteLength; ) {
      const end = Math.min(into.byteLength, at + UNIT_BYTE_LENGTH - ((paddr + at) % UNIT_BYTE_LENGTH));
      for (const { offset, byteLength, state } of this.#segments.read(paddr + at, into.subarray(at, end))) {
        appendRun(careful, at + offset, byteLength, state);
      }
      at = end;
    }
    return careful;
  }
}
