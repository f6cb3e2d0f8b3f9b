/**
 * A kdump-compressed dump of a machine of any size, as large as its maps have to be and sparse everywhere else, with the
 * pages of one real stream table near the top of memory. Of 1 TiB: two bitmaps of 32 MiB, and 1.5 GiB of descriptors.
 */

import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { Image } from '../samples/image.ts';
import { kdump } from '../test/support/writers/kdump-writer.ts';

const PAGE = 4096;
/** Every fourth page is in the file: bits 0 and 4 of each byte. */
const STORED_BYTE = 0x11;
const DESCRIPTOR_BYTE_LENGTH = 24;
/** Descriptors at either end that are written, more than are looked at to see whether a file is whole: of pages of zeros. */
const ENDS = 1 << 13;

/** Writes it, and answers the registers that lead to the table. `byteLength` is that of memory, a power of two. */
export function writeSparseKdump(path: string, byteLength: number): Record<string, string> {
  const maxMapnr = byteLength / PAGE;
  const L1 = byteLength - 0x20_0000;
  const L2 = byteLength - 0x10_0000;
  const extents = new Image()
    .l1(L1, 1, 9, L2)
    .abortTable(L2, 256)
    .ste(L2, 0, { V: 1, Config: 5, S1ContextPtr: 0x1000 })
    .extents();
  const pages = extents.flatMap(({ paddr, bytes }) =>
    Array.from({ length: bytes.length / PAGE }, (_, i) => ({
      pfn: paddr / PAGE + i,
      bytes: bytes.subarray(i * PAGE, (i + 1) * PAGE),
      as: 'zlib' as const,
    })),
  );
  const small = kdump(pages, { maxMapnr, dumpLevel: 31, vmcoreinfo: 'PAGESIZE=4096\n' });
  const ram = Buffer.alloc(maxMapnr / 8, 0xff);
  const stored = Buffer.alloc(maxMapnr / 8, STORED_BYTE);
  for (const { pfn } of pages) stored[pfn >> 3] = (stored[pfn >> 3] as number) | (1 << (pfn & 7));

  const file = openSync(path, 'w');
  writeSync(file, small.bytes, 0, small.ramBitmapAt, 0);
  writeSync(file, ram, 0, ram.length, small.ramBitmapAt);
  writeSync(file, stored, 0, stored.length, small.storedBitmapAt);
  // Behind the descriptors of all pages: what the pages of the table are stored as.
  const count = maxMapnr / 4 + pages.filter(({ pfn }) => (pfn & 3) !== 0).length;
  const dataAt = small.descriptorsAt + count * DESCRIPTOR_BYTE_LENGTH;
  const descriptorOfZeros = Buffer.alloc(DESCRIPTOR_BYTE_LENGTH);
  descriptorOfZeros.writeBigInt64LE(BigInt(dataAt), 0);
  descriptorOfZeros.writeUInt32LE(PAGE, 8);
  const descriptorsOfZeros = Buffer.alloc(ENDS * DESCRIPTOR_BYTE_LENGTH, descriptorOfZeros);
  writeSync(file, descriptorsOfZeros, 0, descriptorsOfZeros.length, small.descriptorsAt);
  writeSync(file, descriptorsOfZeros, 0, descriptorsOfZeros.length, dataAt - descriptorsOfZeros.length);
  let end = dataAt + PAGE;
  ftruncateSync(file, end);
  let added = 0;
  for (const { pfn } of pages) {
    const page = small.stored.get(pfn);
    if (page === undefined) throw new Error('a page was not written');
    const rank = Math.ceil(pfn / 4) + added;
    if ((pfn & 3) !== 0) added += 1;
    const descriptor = Buffer.from(small.bytes.subarray(page.descriptorAt, page.descriptorAt + DESCRIPTOR_BYTE_LENGTH));
    descriptor.writeBigInt64LE(BigInt(end), 0);
    writeSync(file, descriptor, 0, descriptor.length, small.descriptorsAt + rank * DESCRIPTOR_BYTE_LENGTH);
    writeSync(file, small.bytes, page.at, page.size, end);
    end += page.size;
  }
  closeSync(file);
  return { STRTAB_BASE: `0x${L1.toString(16)}`, STRTAB_BASE_CFG: '0x10210', IDR1: '0x10' };
}
