/**
 * kdump-compressed dumps: what makedumpfile writes by default and QEMU with `dump-guest-memory -z`, whole or split
 * into parts. How pages are found in them is described in makedumpfile's IMPLEMENTATION.
 */

import { InputError } from '../../errors.ts';
import { noProgress } from '../../progress.ts';
import { type DumpAssumption, type DumpContents, PAGE_SIZES } from '../dump.ts';
import { detailsFrom, findVmcoreinfo, parseVmcoreinfo } from '../formats/notes.ts';
import type { DumpFlaw, DumpProblem } from '../problem.ts';
import type { ByteSource } from '../sources/source.ts';
import { DescriptorTable, noDescriptors } from './descriptors.ts';
import { type FitPart, findMisfit, type Misfit, misfitFlaw } from './fit.ts';
import { type FileRange, type KdumpHeader, readKdumpHeader, STATUS_INCOMPLETE } from './header.ts';
import { type Damage, KdumpMemory, type KdumpWindow } from './memory.ts';
import { Bitmap, RankIndex } from './rank-index.ts';

/** Damage tends to come in heaps; a few pages are enough to see it. */
const MAX_DAMAGED_PAGES = 16;
/** Notes hold a few KiB for each CPU; VMCOREINFO is a page. */
const MAX_NOTE_BYTES = 1 << 24;
/** makedumpfile's levels are five bits. */
const MAX_DUMP_LEVEL = 31;
/** QEMU knows only the largest page size that the processor could use. */
const QEMU_BLOCK_SIZE = 65536;
/** Descriptors at the end that are looked at to see whether the file is all there. */
const TAIL_DESCRIPTORS = 1 << 12;
/** Pages that are looked at: 64 TiB at 4 KiB, whose two bitmaps have 2 GiB each. No machine has memory beyond. */
const MAX_PAGES = 2 ** 34;

/** One file of a dump with what finds its pages. */
interface Part extends FitPart {
  readonly header: KdumpHeader;
}

/**
 * Several sources are the parts of one split dump, in any order; a single one may be such a part, too. `givenPageSize`
 * is for a dump that does not say its own.
 * Throws InputError (`format`) for files that are not such dumps of 64-bit Arm, lack what finds their pages, or do not
 * belong together.
 */
export async function openKdump(sources: readonly ByteSource[], givenPageSize?: number): Promise<DumpContents> {
  const headers = sources.map(readKdumpHeader);
  const [first] = headers;
  if (first === undefined) throw new InputError('usage', 'no dump was named');
  refuseForeign(headers);
  const { loadCodecs } = await import('../codecs/registry.ts');
  const codecs = await loadCodecs();

  const problems: DumpProblem[] = [];
  const parts = headers.map(toPart).sort((a, b) => a.startPfn - b.startPfn);
  const arranged = arrange(parts, first, problems);
  const truncated = new Set<DescriptorTable>();
  const unfit = new Map<DescriptorTable, Misfit>();
  for (const part of parts) {
    const misfit = findMisfit(part);
    if (misfit === null) {
      if (isTruncated(part, problems)) truncated.add(part.descriptors);
      continue;
    }
    unfit.set(part.descriptors, misfit);
    const { header, stored, blockSize } = part;
    const what = misfitFlaw(misfit, blockSize);
    problems.push({ file: header.source.name, fileOffset: stored.bitmap.fileOffset, what });
    if ('fromPfn' in misfit && 'described' in misfit) part.descriptors.count = misfit.described ?? misfit.stored;
  }
  const windows = arranged.flatMap((window) => knownPart(window, unfit));
  const incomplete = headers.some(({ status }) => (status & STATUS_INCOMPLETE) !== 0);
  const finished = !incomplete && truncated.size === 0;

  const vmcoreinfo = findInfo(headers, problems);
  const { pageSize, assumptions } = pageSizeOf(first, vmcoreinfo, givenPageSize, problems);
  if (first.shiftedUtsname) {
    // As makedumpfile before 1.6.9 writes it of Linux 5.11 and newer.
    assumptions.push({ kind: 'machine', machine: first.machine });
  }
  const dumpLevel = dumpLevelOf(first, problems);
  const memory = new KdumpMemory(windows, {
    blockSize: first.blockSize,
    codecs,
    onDamage: damageReporter(problems, (descriptors) => incomplete || truncated.has(descriptors)),
    onTooManyRanges: (limit) => {
      const what = { kind: 'ram-ranges', limit } as const;
      problems.push({ file: first.source.name, fileOffset: first.ramBitmapAt, what });
    },
  });
  return {
    format: 'kdump',
    wrapper: null,
    pageSize,
    complete:
      finished && truncated.size === 0 && unfit.size === 0 && windows.every(({ descriptors }) => descriptors !== null),
    // Every part has the bitmap of all RAM; but a writer that was stopped may not have come to the end of it, and where
    // there is none but the one of stored pages, what has no bit may as well be RAM that was left out.
    mapComplete: finished && unfit.size === 0 && (dumpLevel === 0 || headers.every(hasBitmapOfRam)),
    memory,
    zeroPagesFiltered: dumpLevel === null ? null : (dumpLevel & 1) !== 0,
    details: {
      ...detailsFrom(vmcoreinfo),
      kernelRelease: vmcoreinfo.get('OSRELEASE') ?? (first.release || null),
      machine: first.machine === 'Unknown' ? null : first.machine || null,
      dumpLevel,
    },
    census: (progress = noProgress) => memory.census(pageSize, progress),
    assumptions,
    problems,
  };
}

function toPart(header: KdumpHeader): Part {
  const { source, blockSize, maxMapnr, ramBitmapAt, storedBitmapAt, split } = header;
  const ram = new Bitmap(source, ramBitmapAt, maxMapnr);
  const startPfn = Math.min(split?.startPfn ?? 0, MAX_PAGES);
  const endPfn = Math.min(split?.endPfn ?? maxMapnr, MAX_PAGES);
  const bitmap = storedBitmapAt === ramBitmapAt ? ram : new Bitmap(source, storedBitmapAt, maxMapnr);
  const stored = new RankIndex(bitmap, startPfn);
  const descriptors = new DescriptorTable(source, header.descriptorsAt, blockSize);
  if ((split?.endPfn ?? maxMapnr) <= MAX_PAGES) descriptors.count = stored.before(endPfn);
  return {
    header,
    startPfn,
    endPfn,
    ram,
    stored,
    descriptors,
    blockSize,
    leavesNothingOut: header.dumpLevel.value === 0,
    isWhole: split === null,
    isIncomplete: (header.status & STATUS_INCOMPLETE) !== 0,
  };
}

/** What of a window can be read in spite of damage in its file, and what is lost. */
function knownPart(window: KdumpWindow, unfit: ReadonlyMap<DescriptorTable, Misfit>): KdumpWindow[] {
  const misfit = window.descriptors === null ? undefined : unfit.get(window.descriptors);
  if (misfit === undefined || misfit.kind === 'left out') return [window];
  if (misfit.kind !== 'placed' && misfit.kind !== 'unfinished') return [{ ...window, ram: null, descriptors: null }];
  const { startPfn, endPfn, ram, stored } = window;
  const cut = Math.max(startPfn, Math.min(misfit.fromPfn, endPfn));
  // Behind the damage or the end of what was written, a page that seems to be left out may as well be in the file: all
  // RAM is lost there.
  const behind = { startPfn: cut, endPfn, ram, stored: ram === null ? stored : new RankIndex(ram), descriptors: null };
  return [{ ...window, endPfn: cut }, behind].filter((part) => part.endPfn > part.startPfn);
}

/** Parts of one dump agree in everything but the pages they hold. */
function refuseForeign(headers: readonly KdumpHeader[]): void {
  const [first, ...others] = headers;
  if (first === undefined || others.length === 0) return;
  for (const { source, split } of headers) {
    if (split !== null) continue;
    throw new InputError('format', 'is a whole kdump-compressed dump; give it alone', { file: source.name });
  }
  for (const { source, identity } of others) {
    for (const [name, value] of identity) {
      const expected = first.identity.get(name);
      if (value === expected) continue;
      const message = `is not a part of the same dump as ${first.source.name}: ${name} ${value}, there ${expected}`;
      throw new InputError('format', message, { file: source.name });
    }
  }
}

/** Which part answers for which pages. Where parts overlap, the first one does; where none is, pages are lost. */
function arrange(
  parts: readonly Part[],
  { source, maxMapnr, blockSize }: KdumpHeader,
  problems: DumpProblem[],
): KdumpWindow[] {
  const windows: KdumpWindow[] = [];
  const [first] = parts as [Part];
  const span = (from: number, to: number) => ({ start: from * blockSize, end: to * blockSize });
  const problem = ({ header }: Part, what: DumpFlaw) =>
    problems.push({ file: header.source.name, fileOffset: header.split?.where ?? 0, what });
  let coveredTo = 0;
  let before = first;
  const gap = (to: number, beside: Part) => {
    if (to <= coveredTo) return;
    windows.push({ startPfn: coveredTo, endPfn: to, ram: first.ram, stored: first.stored, descriptors: null });
    const memory = span(coveredTo, to);
    coveredTo = to;
    if (parts.length > 1) problem(beside, { kind: 'part-missing', memory });
  };
  for (const part of parts) {
    gap(part.startPfn, part);
    const startPfn = Math.max(part.startPfn, coveredTo);
    if (startPfn > part.startPfn) {
      const memory = span(part.startPfn, Math.min(part.endPfn, coveredTo));
      const file = before.header.source.name;
      if (part.endPfn > part.startPfn) problem(part, { kind: 'part-again', memory, file });
    }
    if (startPfn >= part.endPfn) continue;
    windows.push({ ...part, startPfn });
    coveredTo = part.endPfn;
    before = part;
  }
  gap(Math.min(maxMapnr, MAX_PAGES), before);
  if (parts.length === 1 && windows.some(({ descriptors }) => descriptors === null)) {
    const memory = first.endPfn > first.startPfn ? span(first.startPfn, first.endPfn) : null;
    problem(first, { kind: 'part-alone', memory });
  }
  if (maxMapnr > MAX_PAGES) {
    windows.push({ startPfn: MAX_PAGES, endPfn: maxMapnr, ram: null, stored: first.stored, descriptors: null });
    const what = { kind: 'max-mapnr', pages: maxMapnr, notRead: span(MAX_PAGES, maxMapnr) } as const;
    problems.push({ file: source.name, fileOffset: first.header.maxMapnrAt, what });
  }
  return windows;
}

function hasBitmapOfRam({ ramBitmapAt, storedBitmapAt }: KdumpHeader): boolean {
  return ramBitmapAt !== storedBitmapAt;
}

/** Whether descriptors or the bytes of the last pages lie beyond the end of the file, or were never written. */
function isTruncated({ header, descriptors }: Part, problems: DumpProblem[]): boolean {
  const total = descriptors.count;
  if (total === null) return false;
  const tail = Math.min(total, TAIL_DESCRIPTORS);
  const counts = noDescriptors();
  descriptors.countKinds(total - tail, tail, counts);
  // An empty one before others that were written is damage, of that page alone.
  const isUnwritten = counts.unwritten > 0 && descriptors.kindOf(total - 1) === 'unwritten';
  if (counts.cut === 0 && (!isUnwritten || (header.status & STATUS_INCOMPLETE) !== 0)) return false;
  const { name: file, byteLength: fileEnd } = header.source;
  const neededEnd = descriptors.offsetOf(total);
  let what: DumpFlaw = { kind: 'last-descriptors-unwritten' };
  if (counts.cut > 0) what = { kind: 'last-pages-cut', fileEnd };
  if (neededEnd > fileEnd) what = { kind: 'descriptors-cut', count: total, neededEnd, fileEnd };
  problems.push({ file, fileOffset: header.descriptorsAt, what });
  return true;
}

/** VMCOREINFO by itself or among the notes; of a split dump, any part's. */
function findInfo(headers: readonly KdumpHeader[], problems: DumpProblem[]): ReadonlyMap<string, string> {
  for (const { source, vmcoreinfo, notes } of headers) {
    const text = readRange(source, vmcoreinfo, 'VMCOREINFO', problems);
    if (text !== null) return parseVmcoreinfo(text.toString('latin1'));
    const noteBytes = readRange(source, notes, 'notes', problems);
    const found = noteBytes === null ? undefined : findVmcoreinfo(noteBytes);
    if (found !== undefined) return found;
  }
  return new Map();
}

function readRange(
  source: ByteSource,
  range: FileRange | null,
  of: 'VMCOREINFO' | 'notes',
  problems: DumpProblem[],
): Buffer | null {
  if (range === null) return null;
  const { offset, byteLength, where } = range;
  if (offset + byteLength <= BigInt(source.byteLength)) {
    const bytes = Buffer.alloc(Math.min(Number(byteLength), MAX_NOTE_BYTES));
    return bytes.subarray(0, source.read(Number(offset), bytes));
  }
  const what = { kind: 'notes-cut', of, byteLength, fileOffset: offset } as const;
  problems.push({ file: source.name, fileOffset: where, what });
  return null;
}

/** The crashed kernel's page size, which is that of the blocks unless QEMU made the dump. */
function pageSizeOf(
  { source, blockSize, release }: KdumpHeader,
  vmcoreinfo: ReadonlyMap<string, string>,
  given: number | undefined,
  problems: DumpProblem[],
): { pageSize: number; assumptions: DumpAssumption[] } {
  const byQemu = release === '' && blockSize === QEMU_BLOCK_SIZE;
  const own = Number(vmcoreinfo.get('PAGESIZE'));
  if (PAGE_SIZES.includes(own)) {
    if (own !== blockSize && !byQemu) {
      const what = { kind: 'page-size-differs', blockByteLength: blockSize, pageByteLength: own } as const;
      problems.push({ file: source.name, fileOffset: 428, what });
    }
    return { pageSize: own, assumptions: [] };
  }
  if (!byQemu) return { pageSize: blockSize, assumptions: [] };
  if (given !== undefined) return { pageSize: given, assumptions: [] };
  return { pageSize: 4096, assumptions: [{ kind: 'page-size', byteLength: 4096, unsaidBy: 'qemu' }] };
}

function dumpLevelOf({ source, dumpLevel: { value, where } }: KdumpHeader, problems: DumpProblem[]): number | null {
  if (value >= 0 && value <= MAX_DUMP_LEVEL) return value;
  const what = { kind: 'dump-level', dumpLevel: value, highest: MAX_DUMP_LEVEL } as const;
  problems.push({ file: source.name, fileOffset: where, what });
  return null;
}

/** Adds each damaged page once, and of many only the first. What a cut file lacks has been said already. */
function damageReporter(problems: DumpProblem[], isCut: (descriptors: DescriptorTable) => boolean) {
  const seen = new Set<number>();
  return ({ paddr, descriptors, fileOffset, why }: Damage): void => {
    if (seen.size > MAX_DAMAGED_PAGES || seen.has(paddr)) return;
    if ((why.kind === 'cut' || why.kind === 'unwritten') && isCut(descriptors)) return;
    seen.add(paddr);
    const what: DumpFlaw =
      seen.size > MAX_DAMAGED_PAGES ? { kind: 'more-pages-lost' } : { kind: 'page-lost', paddr, why };
    problems.push({ file: descriptors.source.name, fileOffset, what });
  };
}
