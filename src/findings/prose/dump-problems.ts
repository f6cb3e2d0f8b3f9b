/** What is wrong with a dump, in words. */

import type { Misplaced } from '../../dump/formats/elf-layout.ts';
import { flattenedFlawInWords, recordHeaderFlawInWords } from '../../dump/formats/refusal-words.ts';
import type { AddressRange } from '../../dump/memory.ts';
import type { DumpFlaw, PageFlaw, RecordHeaderFlaw, StreamFlaw } from '../../dump/problem.ts';
import { hex } from '../../hex.ts';

function misplacedInWords(flaw: Misplaced): string {
  switch (flaw.why) {
    case 'among-headers':
      return 'has its bytes where the headers of the file are';
    case 'addresses-part':
      return 'has p_vaddr and p_paddr at different places of a page, which no kernel does';
    case 'shared':
      return `claims bytes of the file that program header ${flaw.other} has for other memory`;
  }
}

type Words = { readonly [K in DumpFlaw['kind']]: (flaw: Extract<DumpFlaw, { readonly kind: K }>) => string };

const BEYOND = 'beyond 52 address bits; it is left out';

const WORDS: Words = {
  'raw-part-cut': ({ part, neededEnd }) => `${part} should reach offset ${hex(neededEnd)}, but the file ends here`,
  'raw-ends-within-page': ({ part, end }) =>
    `${part} ends within a page, at ${hex(end)}; memory is whole pages, so it was cut off, and what was behind is lost`,

  'phdr-type': ({ index, type }) => `program header ${index} has type ${hex(type)}, which no dump has; it is left out`,
  'phdr-beyond': ({ index, paddr }) => `program header ${index} places memory at ${hex(paddr)}, ${BEYOND}`,
  'phdr-memsz': ({ index, filesz, memsz }) =>
    `program header ${index} has ${hex(filesz)} bytes in the file, but p_memsz ${hex(memsz)} in memory`,
  'phdr-displaced': ({ index, paddr, linear, count }) =>
    `program header ${index} places memory at ${hex(paddr)}, but its p_vaddr is that of ${hex(linear.paddr)}, by the linear ` +
    `map of ${count} others: one of its two addresses is damaged, and what it holds may be other memory`,
  'phdr-cut': ({ index, neededEnd, fileEnd }) =>
    `program header ${index} needs the file to reach offset ${hex(neededEnd)}; it ends at ${hex(fileEnd)}`,
  'phdr-misplaced': (flaw) => `program header ${flaw.index} ${misplacedInWords(flaw)}; its memory is lost`,
  'phdrs-go-on': ({ count }) =>
    `behind the ${count} program headers is another one: their number is wrong, and memory is missing`,
  'more-phdrs': ({ count }) => `${count} more program headers are damaged or point beyond the file`,
  'phdrs-empty': ({ count, of }) =>
    `${count} of ${of} program headers are empty, as all are until makedumpfile has written what they describe: ` +
    'it was stopped, and which memory is missing is not known',

  'flattened-no-end': flattenedFlawInWords,
  'flattened-damaged': flattenedFlawInWords,
  'flattened-cut': flattenedFlawInWords,

  'walk-ends': ({ by }) => `${walkEndInWords(by)}; what comes behind is not read`,
  'record-beyond': ({ paddr }) => `a record places memory at ${hex(paddr)}, ${BEYOND}`,
  'records-overlap': ({ paddr }) =>
    `memory at ${hex(paddr)} is in two records, of which one has wrong addresses; both are left out`,
  'record-cut': ({ neededEnd, fileEnd }) =>
    `a record needs the file to reach offset ${hex(neededEnd)}; it ends at ${hex(fileEnd)}`,
  'record-doubtful': ({ paddr }) =>
    `no record begins behind the one that places memory at ${hex(paddr)}, so that its addresses may be wrong; it is left out`,
  'trailer-cut': () => ENDS_WITHIN_RECORD,
  'trailer-differs': ({ claimedBytes, byteLength }) =>
    `a compressed record claims ${claimedBytes} bytes; it has ${byteLength}`,
  'chunk-lost': ({ why }) => `a snappy chunk ${CHUNKS[why]}; its memory is lost`,

  'ram-ranges': ({ limit }) => `the bitmap of RAM has more than ${limit} ranges; the others are not listed`,
  'max-mapnr': ({ pages, notRead }) =>
    `claims ${pages} pages; those from ${rangeInWords(notRead)} are not looked at, and lost`,
  'part-missing': ({ memory }) => `no part holds the memory from ${rangeInWords(memory)}; it is lost`,
  'part-again': ({ memory, file }) => `holds ${rangeInWords(memory)} again; ${file} is used`,
  'part-alone': ({ memory }) => {
    const held = memory === null ? 'no memory' : `memory from ${rangeInWords(memory)}`;
    return `is one part of a split dump and holds ${held}; the memory of other parts is lost`;
  },
  'descriptors-cut': ({ count, neededEnd, fileEnd }) =>
    `${count} page descriptors should reach offset ${hex(neededEnd)}; the file ends at ${hex(fileEnd)}`,
  'last-pages-cut': ({ fileEnd }) =>
    `the bytes of the last pages are not there: the file ends at offset ${hex(fileEnd)}`,
  'last-descriptors-unwritten': () => 'the last page descriptors are empty: the dump was not written to its end',
  'notes-cut': ({ of, byteLength, fileOffset }) =>
    `${of} of ${byteLength} bytes at offset ${hex(fileOffset)} would lie beyond the end of the file`,
  'page-size-differs': ({ blockByteLength, pageByteLength }) =>
    `blocks of ${blockByteLength} bytes, but VMCOREINFO says PAGESIZE=${pageByteLength}; pages are located by blocks`,
  'dump-level': ({ dumpLevel, highest }) =>
    `dump level ${dumpLevel}; 0 to ${highest} are known, so which pages were left out is not`,
  'bitmaps-empty': () => 'the bitmaps have no page, so nothing is known of any',
  'pages-left-out': ({ count, paddr }) =>
    `dump level 0 leaves no page out, yet ${count} of RAM are not in the file, the first at ${hex(paddr)}`,
  'bitmap-damaged': ({ stored, described, lostFrom }) => {
    const counts =
      described === null || described === stored
        ? 'contradicts the bitmap of RAM'
        : `has ${stored} pages, but page data begins behind ${described} descriptors`;
    const lost =
      lostFrom === null
        ? 'which descriptor is whose cannot be told, and all memory is lost'
        : `all memory from ${hex(lostFrom)} on is lost`;
    return `the bitmap of stored pages is damaged: it ${counts}; ${lost}`;
  },
  'bitmap-unfinished': ({ stored, described, lostFrom }) => {
    const of = described === null ? 'no page descriptor was written' : `it has ${stored} of ${described} pages`;
    return `the bitmap of stored pages was not written to its end: ${of}; all memory from ${hex(lostFrom)} on is lost`;
  },
  'descriptors-untold': ({ stored }) =>
    `the bitmap of stored pages has ${stored} pages, but by the first page descriptors page data begins where none of them ` +
    'ends: how many there are, and which is whose, cannot be told, and all memory is lost',
  'page-lost': ({ paddr, why }) => `the page at ${hex(paddr)} ${pageFlawInWords(why)}`,
  'more-pages-lost': () => 'more pages are damaged; they are not listed',
};

/** `program header 3 has type 0x5, which no dump has; it is left out`. */
export function dumpFlawInWords(flaw: DumpFlaw): string {
  return (WORDS[flaw.kind] as (flaw: DumpFlaw) => string)(flaw);
}

const ENDS_WITHIN_RECORD = 'the file ends within a compressed record';

const STREAMS: Readonly<Record<Exclude<StreamFlaw['kind'], 'chunk-type'>, string>> = {
  'stream-cut': ENDS_WITHIN_RECORD,
  'no-stream': 'no snappy stream begins here',
  'chunk-length': 'a snappy chunk has an impossible length',
  'stream-too-long':
    'a compressed record has more bytes than its range, so that its addresses may be wrong; it is left out',
  'stream-too-short':
    'a compressed record has fewer bytes than its range, so that its addresses may be wrong; it is left out',
};

function walkEndInWords(by: RecordHeaderFlaw | StreamFlaw): string {
  switch (by.kind) {
    case 'stream-cut':
    case 'no-stream':
    case 'chunk-length':
    case 'stream-too-long':
    case 'stream-too-short':
      return STREAMS[by.kind];
    case 'chunk-type':
      return `a snappy chunk of the unknown type ${hex(by.type)}`;
    default:
      return recordHeaderFlawInWords(by);
  }
}

const CHUNKS: Readonly<Record<Extract<DumpFlaw, { readonly kind: 'chunk-lost' }>['why'], string>> = {
  cut: 'cannot be read whole',
  'compressed-data': 'cannot be decompressed',
  checksum: 'does not have its checksum',
};

function pageFlawInWords(flaw: PageFlaw): string {
  switch (flaw.kind) {
    case 'cut':
      return 'is not in the file, which ends before it or has a gap there';
    case 'unwritten':
      return 'has an empty descriptor';
    case 'misplaced':
      return 'has a descriptor that points into the headers';
    case 'bad-flags':
      return `has a descriptor with flags ${hex(flaw.flags)}, which name no codec`;
    case 'bad-size': {
      const { size, flags, pageByteLength } = flaw;
      return `has a descriptor with size ${size} and flags ${hex(flags)}; a page has ${pageByteLength} bytes`;
    }
    case 'displaced':
      return 'has a descriptor that points to where other pages are';
    case 'bytes-missing':
      return 'cannot be read: the file does not have all of its bytes';
    case 'compressed-data': {
      const { byteLength, codec, pageByteLength } = flaw;
      return `does not unpack: ${byteLength} bytes of ${codec} data do not give ${pageByteLength}`;
    }
  }
}

/** Both ends included. */
function rangeInWords({ start, end }: AddressRange): string {
  return `${hex(start)} to ${hex(end - 1)}`;
}
