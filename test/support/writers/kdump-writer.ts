/**
 * Writes kdump-compressed files in memory: correct ones, and ones that lie wherever a test wants them to. Everything
 * that is not asked for is what makedumpfile writes; the same arguments always give the same bytes.
 *
 * Layout: header, sub header, VMCOREINFO and notes, bitmaps, descriptors, then pages, not aligned.
 */

import type { CodecName } from '../../../src/dump/codecs/codec.ts';
import { COMPRESSORS } from './compress.ts';
import { note } from './elf-writer.ts';

const FLAGS: Readonly<Record<'plain' | CodecName, number>> = { plain: 0, zlib: 1, lzo: 2, snappy: 4, zstd: 32 };
const DESCRIPTOR_BYTE_LENGTH = 24;
const UTSNAME = ['sysname', 'nodename', 'release', 'version', 'machine', 'domainname'] as const;

/** A page of RAM. Pages that are in no list are holes. A compressed page that would not shrink is stored plain. */
export interface KdumpPage {
  readonly pfn: number;
  readonly as: 'plain' | CodecName | 'excluded';
  /** Content; zeros when left out. */
  readonly bytes?: Uint8Array | undefined;
  /** Store the content once, in front of all others, for all pages that share, as makedumpfile does with zeros. */
  readonly shared?: boolean | undefined;
  /** What the descriptor claims, where that is not the truth. */
  readonly descriptor?: { offset?: bigint; size?: number; flags?: number } | undefined;
}

export interface KdumpOptions {
  readonly version?: number | undefined;
  readonly blockSize?: number | undefined;
  /** One more than the highest page when left out. */
  readonly maxMapnr?: number | undefined;
  /** Only these pages are stored, though the bitmaps know them all. */
  readonly split?: { readonly startPfn: number; readonly endPfn: number } | undefined;
  /** One bitmap for both purposes: excluded pages are holes then. */
  readonly oneBitmap?: boolean | undefined;
  readonly status?: number | undefined;
  readonly dumpLevel?: number | undefined;
  readonly seconds?: number | undefined;
  readonly utsname?: Partial<Record<(typeof UTSNAME)[number], string>> | undefined;
  /** Text that the sub header points to (version 3 and later). */
  readonly vmcoreinfo?: string | undefined;
  /** Text of the VMCOREINFO note (version 4 and later). */
  readonly notedVmcoreinfo?: string | undefined;
  readonly subHeaderBlocks?: number | undefined;
  /** Numbers to write over the finished file. */
  readonly patches?: readonly { readonly at: number; readonly value: number | bigint; readonly width: 4 | 8 }[];
}

export interface KdumpImage {
  readonly bytes: Buffer;
  readonly ramBitmapAt: number;
  readonly storedBitmapAt: number;
  readonly descriptorsAt: number;
  /** Behind the last descriptor. */
  readonly descriptorsEnd: number;
  /** Of each stored page: its descriptor, its bytes, and how they are stored. */
  readonly stored: ReadonlyMap<number, { descriptorAt: number; at: number; size: number; as: 'plain' | CodecName }>;
}

export function kdump(pages: readonly KdumpPage[], options: KdumpOptions = {}): KdumpImage {
  const { blockSize = 4096, version = 6, oneBitmap = false, subHeaderBlocks = 1, split } = options;
  const sorted = [...pages].sort((a, b) => a.pfn - b.pfn);
  const maxMapnr = options.maxMapnr ?? (sorted.at(-1)?.pfn ?? 0) + 1;
  const bitmapByteLength = Math.ceil(Math.ceil(maxMapnr / 8) / blockSize) * blockSize;
  const bitmapBlocks = (bitmapByteLength / blockSize) * (oneBitmap ? 1 : 2);
  const ramBitmapAt = (1 + subHeaderBlocks) * blockSize;
  const storedBitmapAt = ramBitmapAt + (oneBitmap ? 0 : bitmapByteLength);
  const descriptorsAt = ramBitmapAt + bitmapBlocks * blockSize;
  const here = sorted.filter(
    ({ pfn, as }) => as !== 'excluded' && (split === undefined || (pfn >= split.startPfn && pfn < split.endPfn)),
  );
  const descriptorsEnd = descriptorsAt + here.length * DESCRIPTOR_BYTE_LENGTH;

  const sharing = here.find(({ shared }) => shared);
  const contents: Uint8Array[] = sharing === undefined ? [] : [pack(sharing, blockSize).content];
  let end = descriptorsEnd + (contents[0]?.byteLength ?? 0);
  const stored = new Map<number, { descriptorAt: number; at: number; size: number; as: 'plain' | CodecName }>();
  for (const [i, page] of here.entries()) {
    const descriptorAt = descriptorsAt + i * DESCRIPTOR_BYTE_LENGTH;
    const { as, content } = pack(page, blockSize);
    const at = page.shared ? descriptorsEnd : end;
    if (at === end) {
      contents.push(content);
      end += content.byteLength;
    }
    stored.set(page.pfn, { descriptorAt, at, size: content.byteLength, as });
  }

  const file = Buffer.alloc(end);
  writeHeader(file, { version, blockSize, subHeaderBlocks, bitmapBlocks, maxMapnr }, options);
  writeSubHeader(file, blockSize, version, maxMapnr, options);
  for (const { pfn, as } of sorted) {
    if (as !== 'excluded' || !oneBitmap) setBit(file, ramBitmapAt, pfn);
    if (as !== 'excluded') setBit(file, storedBitmapAt, pfn);
  }
  for (const { pfn, descriptor } of here) {
    const one = stored.get(pfn);
    if (one === undefined) continue;
    file.writeBigInt64LE(BigInt.asIntN(64, descriptor?.offset ?? BigInt(one.at)), one.descriptorAt);
    file.writeUInt32LE(descriptor?.size ?? one.size, one.descriptorAt + 8);
    file.writeUInt32LE(descriptor?.flags ?? FLAGS[one.as], one.descriptorAt + 12);
  }
  file.set(Buffer.concat(contents), descriptorsEnd);
  for (const { at, value, width } of options.patches ?? []) {
    if (width === 4) file.writeUInt32LE(Number(value) >>> 0, at);
    else file.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), at);
  }
  return { bytes: file, ramBitmapAt, storedBitmapAt, descriptorsAt, descriptorsEnd, stored };
}

function pack({ as, bytes }: KdumpPage, blockSize: number): { as: 'plain' | CodecName; content: Uint8Array } {
  const plain = bytes ?? new Uint8Array(blockSize);
  if (plain.byteLength !== blockSize) throw new Error(`a page of ${plain.byteLength} bytes; ${blockSize} are a page`);
  if (as === 'plain' || as === 'excluded') return { as: 'plain', content: plain };
  const content = COMPRESSORS[as](plain);
  return content.byteLength < blockSize ? { as, content } : { as: 'plain', content: plain };
}

function setBit(file: Buffer, bitmapAt: number, bit: number): void {
  const at = bitmapAt + Math.floor(bit / 8);
  file[at] = (file[at] as number) | (1 << (bit % 8));
}

function writeHeader(
  file: Buffer,
  numbers: Record<'version' | 'blockSize' | 'subHeaderBlocks' | 'bitmapBlocks' | 'maxMapnr', number>,
  { utsname = {}, seconds = 1_700_000_000, status = 1 }: KdumpOptions,
): void {
  const names = { sysname: 'Linux', release: '6.12.0-test', machine: 'aarch64', ...utsname };
  file.write('KDUMP   ', 0, 'latin1');
  file.writeInt32LE(numbers.version, 8);
  for (const [i, name] of UTSNAME.entries()) file.write(names[name as keyof typeof names] ?? '', 12 + 65 * i, 'latin1');
  file.writeBigInt64LE(BigInt(seconds), 408);
  file.writeUInt32LE(status, 424);
  file.writeInt32LE(numbers.blockSize, 428);
  file.writeInt32LE(numbers.subHeaderBlocks, 432);
  file.writeUInt32LE(numbers.bitmapBlocks, 436);
  file.writeUInt32LE(Math.min(numbers.maxMapnr, 0xffff_ffff), 440);
}

/** Only what the version knows: a reader that looks further finds zeros. */
function writeSubHeader(file: Buffer, at: number, version: number, maxMapnr: number, options: KdumpOptions): void {
  const u64 = (offset: number, value: number) => file.writeBigUInt64LE(BigInt(value), at + offset);
  const { split, vmcoreinfo, notedVmcoreinfo } = options;
  file.writeInt32LE(options.dumpLevel ?? 31, at + 8);
  if (version >= 2 && split !== undefined) {
    file.writeInt32LE(1, at + 12);
    u64(16, version < 6 ? split.startPfn : 0);
    u64(24, version < 6 ? split.endPfn : 0);
  }
  let textAt = at + 104;
  const place = (field: number, bytes: Buffer) => {
    u64(field, textAt);
    u64(field + 8, bytes.length);
    file.set(bytes, textAt);
    textAt += bytes.length;
  };
  if (version >= 3 && vmcoreinfo !== undefined) place(32, Buffer.from(vmcoreinfo, 'latin1'));
  if (version >= 4 && notedVmcoreinfo !== undefined) place(48, note('VMCOREINFO', notedVmcoreinfo));
  if (version < 6) return;
  if (split !== undefined) {
    u64(80, split.startPfn);
    u64(88, split.endPfn);
  }
  u64(96, maxMapnr);
}
