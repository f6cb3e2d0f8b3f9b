/** What is wrong with a dump, in words: one of each kind. */

import { expect, test } from 'vitest';
import type { DumpFlaw, PageFlaw, RecordHeaderFlaw, StreamFlaw } from '../../src/dump/problem.ts';
import { dumpFlawInWords } from '../../src/findings/prose/dump-problems.ts';

const memory = { start: 0xb000, end: 0x14000 };

const FLAWS: readonly [DumpFlaw, string][] = [
  [
    { kind: 'raw-part-cut', part: 'memory[0]', neededEnd: 0x104 },
    'memory[0] should reach offset 0x104, but the file ends here',
  ],
  [
    { kind: 'raw-ends-within-page', part: 'ddr0.bin@0x80000000', end: 0x8000_0064 },
    'ddr0.bin@0x80000000 ends within a page, at 0x80000064; memory is whole pages, so it was cut off, and what was behind ' +
      'is lost',
  ],
  [{ kind: 'phdr-type', index: 3, type: 0x15 }, 'program header 3 has type 0x15, which no dump has; it is left out'],
  [
    { kind: 'phdr-beyond', index: 1, paddr: 2n ** 52n - 3n },
    'program header 1 places memory at 0xffffffffffffd, beyond 52 address bits; it is left out',
  ],
  [
    { kind: 'phdr-memsz', index: 0, filesz: 16n, memsz: 0n },
    'program header 0 has 0x10 bytes in the file, but p_memsz 0x0 in memory',
  ],
  [
    { kind: 'phdr-displaced', index: 3, paddr: 0x8000_0000n, linear: { paddr: 0x4000_0000n }, count: 2 },
    'program header 3 places memory at 0x80000000, but its p_vaddr is that of 0x40000000, by the linear map of 2 others: ' +
      'one of its two addresses is damaged, and what it holds may be other memory',
  ],
  [
    { kind: 'phdr-cut', index: 0, neededEnd: 2n ** 64n, fileEnd: 0xb2 },
    'program header 0 needs the file to reach offset 0x10000000000000000; it ends at 0xb2',
  ],
  [
    { kind: 'phdr-misplaced', index: 2, why: 'shared', other: 1 },
    'program header 2 claims bytes of the file that program header 1 has for other memory; its memory is lost',
  ],
  [
    { kind: 'phdr-misplaced', index: 2, why: 'among-headers' },
    'program header 2 has its bytes where the headers of the file are; its memory is lost',
  ],
  [
    { kind: 'phdr-misplaced', index: 2, why: 'addresses-part' },
    'program header 2 has p_vaddr and p_paddr at different places of a page, which no kernel does; its memory is lost',
  ],
  [
    { kind: 'phdrs-go-on', count: 2 },
    'behind the 2 program headers is another one: their number is wrong, and memory is missing',
  ],
  [{ kind: 'more-phdrs', count: 984 }, '984 more program headers are damaged or point beyond the file'],
  [
    { kind: 'phdrs-empty', count: 2, of: 3 },
    '2 of 3 program headers are empty, as all are until makedumpfile has written what they describe: ' +
      'it was stopped, and which memory is missing is not known',
  ],
  [{ kind: 'flattened-no-end' }, 'the flattened dump ends without its end mark; what had not come by then is unknown'],
  [
    { kind: 'flattened-damaged', fileOffset: -2, size: 1 },
    'a record of the flattened dump is damaged (offset -2 and size 1); what comes behind it is unknown',
  ],
  [
    { kind: 'flattened-cut', byteLength: 30, fileEnd: 0x1040 },
    'a record of the flattened dump claims 0x1e bytes; the file ends before, at 0x1040',
  ],
  [
    { kind: 'record-beyond', paddr: 2n ** 52n },
    'a record places memory at 0x10000000000000, beyond 52 address bits; it is left out',
  ],
  [
    { kind: 'records-overlap', paddr: 0x4000_0000 },
    'memory at 0x40000000 is in two records, of which one has wrong addresses; both are left out',
  ],
  [
    { kind: 'record-cut', neededEnd: 0x46, fileEnd: 0x43 },
    'a record needs the file to reach offset 0x46; it ends at 0x43',
  ],
  [{ kind: 'trailer-cut' }, 'the file ends within a compressed record'],
  [{ kind: 'trailer-differs', claimedBytes: 128n, byteLength: 60 }, 'a compressed record claims 128 bytes; it has 60'],
  [{ kind: 'chunk-lost', why: 'cut' }, 'a snappy chunk cannot be read whole; its memory is lost'],
  [{ kind: 'chunk-lost', why: 'compressed-data' }, 'a snappy chunk cannot be decompressed; its memory is lost'],
  [{ kind: 'chunk-lost', why: 'checksum' }, 'a snappy chunk does not have its checksum; its memory is lost'],
  [{ kind: 'ram-ranges', limit: 65536 }, 'the bitmap of RAM has more than 65536 ranges; the others are not listed'],
  [
    { kind: 'max-mapnr', pages: 2 ** 40, notRead: { start: 2 ** 46, end: 2 ** 52 } },
    'claims 1099511627776 pages; those from 0x400000000000 to 0xfffffffffffff are not looked at, and lost',
  ],
  [{ kind: 'part-missing', memory }, 'no part holds the memory from 0xb000 to 0x13fff; it is lost'],
  [{ kind: 'part-again', memory, file: 'a' }, 'holds 0xb000 to 0x13fff again; a is used'],
  [
    { kind: 'part-alone', memory },
    'is one part of a split dump and holds memory from 0xb000 to 0x13fff; the memory of other parts is lost',
  ],
  [
    { kind: 'part-alone', memory: null },
    'is one part of a split dump and holds no memory; the memory of other parts is lost',
  ],
  [
    { kind: 'descriptors-cut', count: 20, neededEnd: 0x51e0, fileEnd: 0x5000 },
    '20 page descriptors should reach offset 0x51e0; the file ends at 0x5000',
  ],
  [
    { kind: 'last-pages-cut', fileEnd: 0x5200 },
    'the bytes of the last pages are not there: the file ends at offset 0x5200',
  ],
  [{ kind: 'last-descriptors-unwritten' }, 'the last page descriptors are empty: the dump was not written to its end'],
  [
    { kind: 'notes-cut', of: 'VMCOREINFO', byteLength: 4n, fileOffset: 0x100000n },
    'VMCOREINFO of 4 bytes at offset 0x100000 would lie beyond the end of the file',
  ],
  [
    { kind: 'page-size-differs', blockByteLength: 4096, pageByteLength: 65536 },
    'blocks of 4096 bytes, but VMCOREINFO says PAGESIZE=65536; pages are located by blocks',
  ],
  [
    { kind: 'dump-level', dumpLevel: -1, highest: 31 },
    'dump level -1; 0 to 31 are known, so which pages were left out is not',
  ],
  [
    { kind: 'bitmap-unfinished', stored: 3, described: 9, lostFrom: 0x10000 },
    'the bitmap of stored pages was not written to its end: it has 3 of 9 pages; all memory from 0x10000 on is lost',
  ],
  [
    { kind: 'record-doubtful', paddr: 0x4000_0000 },
    'no record begins behind the one that places memory at 0x40000000, so that its addresses may be wrong; it is left out',
  ],
  [{ kind: 'bitmaps-empty' }, 'the bitmaps have no page, so nothing is known of any'],
  [
    { kind: 'pages-left-out', count: 1, paddr: 0xc000 },
    'dump level 0 leaves no page out, yet 1 of RAM are not in the file, the first at 0xc000',
  ],
  [
    { kind: 'bitmap-damaged', stored: 19, described: 20, lostFrom: 0x10000 },
    'the bitmap of stored pages is damaged: it has 19 pages, but page data begins behind 20 descriptors; ' +
      'all memory from 0x10000 on is lost',
  ],
  ...[null, 19].map((described): [DumpFlaw, string] => [
    { kind: 'bitmap-damaged', stored: 19, described, lostFrom: null },
    'the bitmap of stored pages is damaged: it contradicts the bitmap of RAM; ' +
      'which descriptor is whose cannot be told, and all memory is lost',
  ]),
  [
    { kind: 'descriptors-untold', stored: 19 },
    'the bitmap of stored pages has 19 pages, but by the first page descriptors page data begins where none of them ends: ' +
      'how many there are, and which is whose, cannot be told, and all memory is lost',
  ],
  [{ kind: 'more-pages-lost' }, 'more pages are damaged; they are not listed'],
];

test.each(FLAWS.map(([flaw, text]) => ({ flaw, text })))('$text', ({ flaw, text }) => {
  expect(dumpFlawInWords(flaw)).toBe(text);
});

const WALK_ENDS: readonly [RecordHeaderFlaw | StreamFlaw, string][] = [
  [{ kind: 'header-cut' }, 'a record header is cut off'],
  [{ kind: 'no-record' }, 'no record begins here'],
  [{ kind: 'reserved-set' }, 'the reserved bytes of a record header are not zero'],
  [{ kind: 'end-before-start' }, 'a record ends before it begins'],
  [{ kind: 'avml-in-lime' }, 'an AVML record in a LiME dump'],
  [{ kind: 'version', of: 'AVML', version: 3, needed: 2 }, 'AVML version 3; 2 is needed'],
  [{ kind: 'stream-cut' }, 'the file ends within a compressed record'],
  [{ kind: 'no-stream' }, 'no snappy stream begins here'],
  [{ kind: 'chunk-length' }, 'a snappy chunk has an impossible length'],
  [
    { kind: 'stream-too-long' },
    'a compressed record has more bytes than its range, so that its addresses may be wrong; it is left out',
  ],
  [
    { kind: 'stream-too-short' },
    'a compressed record has fewer bytes than its range, so that its addresses may be wrong; it is left out',
  ],
  [{ kind: 'chunk-type', type: 0x7f }, 'a snappy chunk of the unknown type 0x7f'],
];

test.each(WALK_ENDS.map(([by, text]) => ({ by, text })))('the walk over records ends: $text', ({ by, text }) => {
  expect(dumpFlawInWords({ kind: 'walk-ends', by })).toBe(`${text}; what comes behind is not read`);
});

const PAGES: readonly [PageFlaw, string][] = [
  [{ kind: 'cut' }, 'is not in the file, which ends before it or has a gap there'],
  [{ kind: 'unwritten' }, 'has an empty descriptor'],
  [{ kind: 'misplaced' }, 'has a descriptor that points into the headers'],
  [{ kind: 'bad-flags', flags: 0x18 }, 'has a descriptor with flags 0x18, which name no codec'],
  [
    { kind: 'bad-size', size: 4097, flags: 1, pageByteLength: 4096 },
    'has a descriptor with size 4097 and flags 0x1; a page has 4096 bytes',
  ],
  [{ kind: 'displaced' }, 'has a descriptor that points to where other pages are'],
  [{ kind: 'bytes-missing' }, 'cannot be read: the file does not have all of its bytes'],
  [
    { kind: 'compressed-data', byteLength: 77, codec: 'zstd', pageByteLength: 4096 },
    'does not unpack: 77 bytes of zstd data do not give 4096',
  ],
];

test.each(PAGES.map(([why, text]) => ({ why, text })))('a page $text', ({ why, text }) => {
  expect(dumpFlawInWords({ kind: 'page-lost', paddr: 0x2000, why })).toBe(`the page at 0x2000 ${text}`);
});
