/**
 * Looking for firmware's tables in a dump, on request only, because it reads much of it. Linux on arm64 keeps the device
 * tree where the boot loader put it, 8-byte aligned; the RSDP of ACPI is 16-byte aligned. Boot loaders put either close
 * to one end of a RAM range, or behind kernel and initrd at a multiple of 2 MiB: this is where is looked first, then
 * everywhere, until a table with a wanted SMMU is found or the budget is used up. What looks like a table counts only
 * when all of it parses and its checksums hold.
 */

import type { AddressRange, PhysicalMemory } from '../../dump/memory.ts';
import { type FindIn, findAlone, PART_BYTE_LENGTH } from '../../dump/part-search.ts';
import { isInputError } from '../../errors.ts';
import { noProgress, type Progress } from '../../progress.ts';
import { deviceTreeSize, FDT_HEADER_BYTE_LENGTH, FDT_MAGIC } from './device-tree.ts';
import { deviceTreeFirmware } from './device-tree-firmware.ts';
import type { Firmware } from './firmware.ts';
import { ACPI_HEADER_BYTE_LENGTH, hasAcpiChecksum } from './iort.ts';
import { iortFirmware } from './iort-firmware.ts';

export interface FirmwareSearch {
  /** The first table with a wanted SMMU, else the first one with any; null when there was none. */
  readonly found: Firmware | null;
  /** Bytes that were read and looked through. */
  readonly byteLength: number;
  /** Whether the search ended by itself: with a wanted table, or with all that the dump has of memory. */
  readonly complete: boolean;
}

/** What is looked through at most: some seconds of decompressing. */
const SEARCH_BYTE_LENGTH = 1 << 30;
const CHUNK_BYTE_LENGTH = 1 << 20;
/** The likely ends of a RAM range, and between them a page at each multiple of 2 MiB. */
const END_BYTE_LENGTH = 64 << 20;
const GRID_BYTE_LENGTH = 2 << 20;
const PROBE_BYTE_LENGTH = 4096;
/** Of a part: on the grid each is one page, which lies alone. */
const MAX_PIECES = 2048;
/** Linux maps no device tree that is larger: MAX_FDT_SIZE. */
const MAX_TREE_BYTE_LENGTH = 2 << 20;
const MAX_ACPI_BYTE_LENGTH = 1 << 20;
/** Tables that turn out to be none cost time; memory with more of them was filled with them on purpose. */
const MAX_CANDIDATES = 256;

/** The magic number of a device tree and "RSD ", as a little-endian load sees them. */
const FDT_WORD = swapped(FDT_MAGIC);
const RSDP_WORD = 0x20445352;
const RSDP_SIGNATURE = 'RSD PTR ';

/** `bases` are the SMMUs that a table should have; without any, every table with an SMMUv3 is as good. */
export function findFirmware(
  memory: PhysicalMemory,
  bases: readonly number[],
  progress: Progress = noProgress,
  findIn: FindIn = findAlone(progress),
): FirmwareSearch {
  let [byteLength, candidates] = [0, 0];
  let second: Firmware | null = null;
  const wanted = new Set<number | null>(bases);
  const isWanted = ({ smmus, disabled }: Firmware) =>
    wanted.size === 0
      ? smmus.length > 0
      : [...smmus, ...disabled].some(({ base }) => base !== null && wanted.has(base));
  const search = { name: 'firmware', what: 'looking for firmware tables', in: firmwareFinder(memory) } as const;
  const { parts, isAll } = partsOf(memory);
  for (const [i, part] of parts.entries()) {
    const found = findIn(search, parts, i);
    for (const [piece, { start, end }] of part.entries()) {
      byteLength += end - start;
      for (const { paddr, isTree } of found.filter((one) => one.piece === piece)) {
        candidates += 1;
        if (candidates > MAX_CANDIDATES) return { found: second, byteLength, complete: false };
        const table = isTree ? treeAt(memory, paddr) : iortBehind(memory, paddr);
        if (table === null) continue;
        if (isWanted(table)) return { found: table, byteLength, complete: true };
        second ??= table;
      }
    }
  }
  return { found: second, byteLength, complete: isAll };
}

/** What begins as a table does, in the piece with this index of a part. */
interface Beginning {
  readonly piece: number;
  readonly paddr: number;
  /** A device tree; else ACPI's RSDP. */
  readonly isTree: boolean;
}

/** Finds what begins as a table does in pieces of memory, and no more than are looked at. */
export function firmwareFinder(memory: PhysicalMemory): (part: readonly AddressRange[]) => readonly Beginning[] {
  const chunk = new Uint32Array(CHUNK_BYTE_LENGTH / 4);
  return (part) => {
    const found: Beginning[] = [];
    for (const [piece, { start, end }] of part.entries()) {
      const bytes = new Uint8Array(chunk.buffer, 0, end - start);
      memory.read(start, bytes);
      for (let at = 0; at + 8 <= bytes.length && found.length <= MAX_CANDIDATES; at += 8) {
        const word = chunk[at / 4];
        const isTree = word === FDT_WORD;
        if (isTree || (word === RSDP_WORD && (start + at) % 16 === 0)) found.push({ piece, paddr: start + at, isTree });
      }
    }
    return found;
  };
}

/** The pieces to look through, in parts, as far as the budget goes; and whether they are all. */
function partsOf(memory: PhysicalMemory): { readonly parts: readonly AddressRange[][]; readonly isAll: boolean } {
  const parts: AddressRange[][] = [];
  let [total, inPart, most] = [0, 0, 0];
  for (const piece of chunksOf(memory)) {
    if (total >= SEARCH_BYTE_LENGTH) return { parts, isAll: false };
    if (inPart >= most || parts.at(-1)?.length === MAX_PIECES) {
      // Small ones first: most tables are among the first pieces.
      most = Math.min(PART_BYTE_LENGTH, CHUNK_BYTE_LENGTH * 2 ** parts.length);
      parts.push([]);
      inPart = 0;
    }
    parts.at(-1)?.push(piece);
    total += piece.end - piece.start;
    inPart += piece.end - piece.start;
  }
  return { parts, isAll: true };
}

/** The pieces to look through, of bytes that the dump has, the likeliest first. */
function* chunksOf(memory: PhysicalMemory): Generator<AddressRange> {
  const parts = memory.ranges.map(({ start, end }) => {
    const head = Math.min(end, start + END_BYTE_LENGTH);
    const tail = Math.max(head, end - END_BYTE_LENGTH);
    return { head: { start, end: head }, middle: { start: head, end: tail }, tail: { start: tail, end } };
  });
  for (const { head } of parts) yield* piecesOf(memory, head, CHUNK_BYTE_LENGTH, CHUNK_BYTE_LENGTH);
  for (const { tail } of parts) yield* piecesOf(memory, tail, CHUNK_BYTE_LENGTH, CHUNK_BYTE_LENGTH);
  for (const { middle } of parts) yield* piecesOf(memory, middle, GRID_BYTE_LENGTH, PROBE_BYTE_LENGTH);
  for (const { middle } of parts) yield* piecesOf(memory, middle, CHUNK_BYTE_LENGTH, CHUNK_BYTE_LENGTH);
}

/** What the dump has of `byteLength` bytes at each multiple of `step` in a range. */
function* piecesOf(
  memory: PhysicalMemory,
  { start, end }: AddressRange,
  step: number,
  byteLength: number,
): Generator<AddressRange> {
  if (start >= end) return;
  for (const run of memory.runs(start, end - start)) {
    if (run.state !== 'present') continue;
    const [first, after] = [start + run.offset, start + run.offset + run.byteLength];
    for (let at = first - (first % step); at < after; at += step) {
      const piece = { start: Math.ceil(Math.max(at, first) / 16) * 16, end: Math.min(at + byteLength, after) };
      if (piece.start < piece.end) yield piece;
    }
  }
}

function treeAt(memory: PhysicalMemory, paddr: number): Firmware | null {
  const header = bytesAt(memory, paddr, FDT_HEADER_BYTE_LENGTH);
  const size = header === null ? null : deviceTreeSize(header);
  if (size === null || size > MAX_TREE_BYTE_LENGTH) return null;
  const tree = bytesAt(memory, paddr, size);
  return tree === null ? null : orNull(() => deviceTreeFirmware(tree, { kind: 'dump', paddr }));
}

/** From the RSDP by way of the XSDT: ACPI 6.5, 5.2.5.3 and 5.2.8. */
function iortBehind(memory: PhysicalMemory, rsdpPaddr: number): Firmware | null {
  const rsdp = bytesAt(memory, rsdpPaddr, 36);
  if (rsdp === null || rsdp.toString('latin1', 0, 8) !== RSDP_SIGNATURE) return null;
  // The second checksum covers the first one's bytes too, and whatever a later revision appends.
  if (!hasAcpiChecksum(rsdp.subarray(0, 20)) || !hasAcpiChecksum(rsdp)) return null;
  const xsdt = acpiTableAt(memory, addressIn(rsdp, 24), 'XSDT');
  if (xsdt === null) return null;
  for (let at = ACPI_HEADER_BYTE_LENGTH; at + 8 <= xsdt.length; at += 8) {
    const paddr = addressIn(xsdt, at);
    const iort = acpiTableAt(memory, paddr, 'IORT');
    if (iort !== null) return orNull(() => iortFirmware(iort, { kind: 'dump', paddr }));
  }
  return null;
}

/** A whole table with a checksum that holds, or null. */
function acpiTableAt(memory: PhysicalMemory, paddr: number, signature: string): Buffer | null {
  const header = bytesAt(memory, paddr, ACPI_HEADER_BYTE_LENGTH);
  if (header === null || header.toString('latin1', 0, 4) !== signature) return null;
  const byteLength = header.readUInt32LE(4);
  if (byteLength < ACPI_HEADER_BYTE_LENGTH || byteLength > MAX_ACPI_BYTE_LENGTH) return null;
  const table = bytesAt(memory, paddr, byteLength);
  return table !== null && hasAcpiChecksum(table) ? table : null;
}

function addressIn(table: Buffer, at: number): number {
  return Number(table.readBigUInt64LE(at));
}

/** Bytes that the dump has, all of them. */
function bytesAt(memory: PhysicalMemory, paddr: number, byteLength: number): Buffer | null {
  const bytes = Buffer.alloc(byteLength);
  if (paddr + byteLength > 2 ** 52) return null;
  return memory.read(paddr, bytes).every(({ state }) => state === 'present' || state === 'zero') ? bytes : null;
}

function orNull(parse: () => Firmware): Firmware | null {
  try {
    return parse();
  } catch (error) {
    if (isInputError(error)) return null;
    throw error;
  }
}

function swapped(word: number): number {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(word);
  return bytes.readUInt32LE();
}
