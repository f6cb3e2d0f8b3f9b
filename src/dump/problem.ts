/** Damage to a dump as facts. `findings/prose/dump-problems.ts` puts them into words. */

import type { CodecName } from './codecs/codec.ts';
import type { Misplaced } from './formats/elf-layout.ts';
import type { Displaced } from './formats/elf-linear-map.ts';
import type { AddressRange } from './memory.ts';

/** Damage in one place: the dump stays readable, but not all of it. */
export interface DumpProblem {
  readonly file: string;
  readonly fileOffset: number;
  readonly what: DumpFlaw;
}

/** Whether memory is lost there that nothing else tells of: a dump that looked whole when it was opened is not. */
export function losesMemory({ what: { kind } }: DumpProblem): boolean {
  return kind === 'page-lost' || kind === 'chunk-lost';
}

/** What is wrong there. `fileEnd` is the offset at which the file ends, `neededEnd` the one that it should reach. */
export type DumpFlaw = RawFlaw | ElfFlaw | FlattenedFlaw | RecordFlaw | KdumpFlaw;

type RawFlaw =
  /** `part` is where the user placed it: `memory[1]`, `ddr0.bin@0x80000000`. */
  | { readonly kind: 'raw-part-cut'; readonly part: string; readonly neededEnd: number }
  /** `end` is the address that its memory reaches. */
  | { readonly kind: 'raw-ends-within-page'; readonly part: string; readonly end: number };

type ElfFlaw =
  /** `index` is which program header; it is left out where its type is wrong, or its memory beyond all addresses. */
  | { readonly kind: 'phdr-type'; readonly index: number; readonly type: number }
  | { readonly kind: 'phdr-beyond'; readonly index: number; readonly paddr: bigint }
  | { readonly kind: 'phdr-memsz'; readonly index: number; readonly filesz: bigint; readonly memsz: bigint }
  /** Its p_vaddr has it elsewhere, by the linear map of the `count` others. It is used as p_paddr says. */
  | ({ readonly kind: 'phdr-displaced' } & Displaced)
  | { readonly kind: 'phdr-cut'; readonly index: number; readonly neededEnd: bigint; readonly fileEnd: number }
  /** Its bytes are not relied on. */
  | ({ readonly kind: 'phdr-misplaced'; readonly index: number } & Misplaced)
  /** Behind the last of `count` is another one. */
  | { readonly kind: 'phdrs-go-on'; readonly count: number }
  | { readonly kind: 'more-phdrs'; readonly count: number }
  /** As makedumpfile leaves them when it is stopped. */
  | { readonly kind: 'phdrs-empty'; readonly count: number; readonly of: number };

/** What ends the walk over the records of a flattened dump. */
export type FlattenedFlaw =
  | { readonly kind: 'flattened-no-end' }
  /** Offset and size as the header of the record has them. */
  | { readonly kind: 'flattened-damaged'; readonly fileOffset: number; readonly size: number }
  | { readonly kind: 'flattened-cut'; readonly byteLength: number; readonly fileEnd: number };

type RecordFlaw =
  /** Nothing behind it can be found. */
  | { readonly kind: 'walk-ends'; readonly by: RecordHeaderFlaw | StreamFlaw }
  | { readonly kind: 'record-beyond'; readonly paddr: bigint }
  /** What follows the record is no other, so that its addresses may be wrong; it is left out. */
  | { readonly kind: 'record-doubtful'; readonly paddr: number }
  /** Memory at `paddr` is in two records, of which one has wrong addresses. */
  | { readonly kind: 'records-overlap'; readonly paddr: number }
  | { readonly kind: 'record-cut'; readonly neededEnd: number; readonly fileEnd: number }
  | { readonly kind: 'trailer-cut' }
  /** The trailer of a compressed record disagrees with its chunks, which are used. */
  | { readonly kind: 'trailer-differs'; readonly claimedBytes: bigint; readonly byteLength: number }
  | { readonly kind: 'chunk-lost'; readonly why: 'cut' | 'compressed-data' | 'checksum' };

/** What is wrong with the header of a LiME or AVML record. */
export type RecordHeaderFlaw =
  | { readonly kind: 'header-cut' | 'no-record' | 'reserved-set' | 'end-before-start' | 'avml-in-lime' }
  | { readonly kind: 'version'; readonly of: 'LiME' | 'AVML'; readonly version: number; readonly needed: number };

/** What is wrong with the snappy stream of an AVML record. */
export type StreamFlaw =
  | { readonly kind: 'stream-cut' | 'no-stream' | 'chunk-length' | 'stream-too-long' | 'stream-too-short' }
  | { readonly kind: 'chunk-type'; readonly type: number };

type KdumpFlaw =
  /** More ranges of RAM than are listed. */
  | { readonly kind: 'ram-ranges'; readonly limit: number }
  | { readonly kind: 'max-mapnr'; readonly pages: number; readonly notRead: AddressRange }
  | { readonly kind: 'part-missing'; readonly memory: AddressRange }
  /** Of two parts that hold the same memory, `file` is used. */
  | { readonly kind: 'part-again'; readonly memory: AddressRange; readonly file: string }
  /** `memory` is null for a part without pages. */
  | { readonly kind: 'part-alone'; readonly memory: AddressRange | null }
  | { readonly kind: 'descriptors-cut'; readonly count: number; readonly neededEnd: number; readonly fileEnd: number }
  | { readonly kind: 'last-pages-cut'; readonly fileEnd: number }
  | { readonly kind: 'last-descriptors-unwritten' }
  | {
      readonly kind: 'notes-cut';
      readonly of: 'VMCOREINFO' | 'notes';
      readonly byteLength: bigint;
      readonly fileOffset: bigint;
    }
  | { readonly kind: 'page-size-differs'; readonly blockByteLength: number; readonly pageByteLength: number }
  | { readonly kind: 'dump-level'; readonly dumpLevel: number; readonly highest: number }
  | { readonly kind: 'bitmaps-empty' }
  /** Level 0 leaves no page out, yet `count` of RAM are not stored, the first one at `paddr`. */
  | { readonly kind: 'pages-left-out'; readonly count: number; readonly paddr: number }
  /**
   * `described` is how many pages there should be by where page data begins; null where that does not tell. Memory is
   * lost from `lostFrom` on; null where all of it is.
   */
  | {
      readonly kind: 'bitmap-damaged';
      readonly stored: number;
      readonly described: number | null;
      readonly lostFrom: number | null;
    }
  /** The writer was stopped; `described` is null where no descriptor was written. */
  | {
      readonly kind: 'bitmap-unfinished';
      readonly stored: number;
      readonly described: number | null;
      readonly lostFrom: number;
    }
  /** The first descriptors place page data where no descriptor ends: nothing tells whether there are `stored` of them. */
  | { readonly kind: 'descriptors-untold'; readonly stored: number }
  | { readonly kind: 'page-lost'; readonly paddr: number; readonly why: PageFlaw }
  | { readonly kind: 'more-pages-lost' };

/** Why a stored page of a kdump-compressed dump cannot be read. */
export type PageFlaw =
  | DescriptorFlaw
  /** The bytes of other pages are where its own should be. */
  | { readonly kind: 'displaced' }
  | { readonly kind: 'bytes-missing' }
  | {
      readonly kind: 'compressed-data';
      readonly byteLength: number;
      readonly codec: CodecName;
      readonly pageByteLength: number;
    };

/**
 * What is wrong with the descriptor of a page:
 * - `cut`: it or its bytes lie beyond the end of the file, or in a gap of it
 * - `unwritten`: it is empty, as those are that makedumpfile did not get to
 * - `misplaced`: the bytes would lie in front of the descriptors, among the headers
 * - `bad-size`, `bad-flags`: what no writer writes
 */
export type DescriptorFlaw =
  | { readonly kind: 'cut' | 'unwritten' | 'misplaced' }
  | { readonly kind: 'bad-flags'; readonly flags: number }
  | { readonly kind: 'bad-size'; readonly size: number; readonly flags: number; readonly pageByteLength: number };
