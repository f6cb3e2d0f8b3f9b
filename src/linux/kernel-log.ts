/**
 * What did the crashed kernel log last? Its ring buffer (kernel/printk/printk_ringbuffer.c, since 5.10): descriptors by
 * number, the text of each in a ring of bytes, and when it was said in an array beside. VMCOREINFO describes it well
 * enough to do without types.
 */

import type { Dump } from '../dump/dump.ts';
import { onceFor } from '../remembered.ts';
import { isKernel, type Kernel, kernelOf, type NoKernel } from './kernel.ts';
import type { VirtualMemory } from './memory/virtual-memory.ts';
import { numberOf, symbolOf } from './memory/vmcoreinfo.ts';
import { KernelObject } from './types/kernel-object.ts';
import type { StructLayout } from './types/types.ts';

/** One record. The text may have several lines, and is untrusted. */
export interface LogRecord {
  /** The kernel's own count, from 0 at boot. */
  readonly sequence: number;
  /** Nanoseconds since boot. */
  readonly nanoseconds: bigint;
  /** As in `<6>`: 0 emergency to 7 debug; null when it is not known. */
  readonly level: number | null;
  readonly text: string;
}

/** Why there is no log. */
export type NoLog =
  /** Nothing names it or describes it: a kernel before 5.10, or no VMCOREINFO. */
  | { readonly why: 'no-log-buffer' }
  /** A member of its head that cannot be. */
  | { readonly why: 'log-buffer-broken'; readonly member: string };

export interface FoundLog {
  readonly outcome: 'found';
  /** Oldest first. */
  readonly records: readonly LogRecord[];
  /** Records that the dump does not have whole. */
  readonly unreadable: number;
}

export type KernelLog = FoundLog | { readonly outcome: 'not-found'; readonly reason: NoKernel | NoLog };

/** Of 2 GiB, the most that a boot option may ask for: one record for each 32 bytes. */
const MAX_LOG2_RECORDS = 26;
const MAX_LOG2_TEXT = 31;
/** More than that, and the ring is not where it is said to be. */
const MAX_UNREADABLE = 1 << 18;
/** So many of the oldest are kept: those of the boot, which are asked for twice. */
export const MAX_KEPT_RECORDS = 4096;
const PIECE_BYTE_LENGTH = 1 << 20;
const ID_MASK = (1n << 62n) - 1n;
const COMMITTED = 1n;
const FINALIZED = 2n;
/** Every block of text begins with the number of its record. */
const BLOCK_ID_BYTE_LENGTH = 8n;
const LEVEL_LSB = 5;

/** The crashed kernel's log, oldest record first, from the dump alone; or why there is none. */
export function kernelLog(dump: Dump): KernelLog {
  const kernel = kernelOf(dump);
  if (!isKernel(kernel)) return { outcome: 'not-found', reason: kernel };
  const ring = openRing(kernel);
  if ('why' in ring) return { outcome: 'not-found', reason: ring };
  const records: LogRecord[] = [];
  let unreadable = 0;
  for (const record of ring.records()) {
    if (record !== null) records.push(record);
    else if (++unreadable >= MAX_UNREADABLE) break;
  }
  return { outcome: 'found', records, unreadable };
}

export interface LogRing {
  /** Oldest first, read as they are asked for; null for one that the dump does not have whole. */
  records(): Generator<LogRecord | null>;
  /**
   * The bytes of its text as they lie in memory, what is left of overwritten records among them, in pieces that overlap by
   * so many; with zeros for what the dump lacks.
   */
  textPieces(overlap: number): Generator<Buffer>;
}

/**
 * The ring buffer of a kernel, to be read record by record; or why it cannot be. Whoever asks for its records after
 * somebody else gets the oldest ones without their being read again.
 */
export const openRing = onceFor(foundRing);

function foundRing(kernel: Kernel): LogRing | NoLog {
  const found = placedRing(kernel);
  return 'why' in found ? found : ringIn(found);
}

/** The arrays of a ring, and which of its records there are: those of `span` steps from `tail` on. */
interface PlacedRing {
  readonly memory: VirtualMemory;
  readonly layouts: { readonly desc: StructLayout; readonly info: StructLayout; readonly positions: StructLayout };
  readonly descs: bigint;
  readonly infos: bigint;
  readonly data: bigint;
  /** Records that there is room for, a power of two. */
  readonly count: bigint;
  /** Bytes of text, a power of two. */
  readonly size: bigint;
  readonly tail: bigint;
  readonly span: bigint;
}

function placedRing({ memory, types }: Kernel): PlacedRing | NoLog {
  const { info: vmcoreinfo } = memory.layout;
  const symbol = symbolOf(vmcoreinfo, 'prb');
  const va = symbol === null ? null : memory.u64(symbol);
  // Types know more, above all the level; what VMCOREINFO has of the layout is enough to do without.
  const layout = (struct: string) => types.struct(struct) ?? described(vmcoreinfo, struct);
  const object = (struct: string, at: bigint | null) => {
    const type = layout(struct);
    return type === null || at === null || at === 0n ? null : new KernelObject(memory, type, at);
  };
  const ring = object('printk_ringbuffer', va);
  if (ring === null) return { why: 'no-log-buffer' };
  const descRing = object('prb_desc_ring', ring.addressOf('desc_ring'));
  const textRing = object('prb_data_ring', ring.addressOf('text_data_ring'));
  const [desc, info, positions] = [layout('prb_desc'), layout('printk_info'), layout('prb_data_blk_lpos')];
  if (descRing === null || textRing === null || desc === null || info === null || positions === null) {
    return { why: 'no-log-buffer' };
  }
  const broken = (member: string): NoLog => ({ why: 'log-buffer-broken', member });
  const log2Count = descRing.number('count_bits');
  const log2Text = textRing.number('size_bits');
  if (log2Count === null || log2Count > MAX_LOG2_RECORDS) return broken('prb_desc_ring.count_bits');
  if (log2Text === null || log2Text > MAX_LOG2_TEXT) return broken('prb_data_ring.size_bits');
  const [descs, infos, data] = [descRing.bits('descs'), descRing.bits('infos'), textRing.bits('data')];
  if (descs === null || infos === null || data === null) return broken('prb_desc_ring.descs');
  const [head, tail] = [counter(descRing, 'head_id'), counter(descRing, 'tail_id')];
  if (head === null || tail === null) return broken('prb_desc_ring.head_id');
  const count = 1n << BigInt(log2Count);
  const span = ((head - tail) & ID_MASK) + 1n;
  if (span > count) return broken('prb_desc_ring.tail_id');
  const size = 1n << BigInt(log2Text);
  return { memory, layouts: { desc, info, positions }, descs, infos, data, count, size, tail, span };
}

function ringIn(ring: PlacedRing): LogRing {
  const oldest: SeenRecord[] = [];
  return {
    *records() {
      // Blocks do not overlap: all of them together are no longer than the ring.
      let [next, room] = [0n, Number(ring.size)];
      for (let at = 0; ; at++) {
        const seen = oldest[at] ?? recordFrom(ring, next, room);
        if (seen === null) return;
        if (at === oldest.length && at < MAX_KEPT_RECORDS) oldest.push(seen);
        ({ next, room } = seen);
        yield seen.record;
      }
    },
    *textPieces(overlap) {
      const { memory, data } = ring;
      const size = Number(ring.size);
      for (let at = 0; at < size; at += PIECE_BYTE_LENGTH) {
        const start = Math.max(0, at - overlap);
        // It is a variable of the image, or allocated at boot: its pages follow each other.
        const paddr = memory.translate(data + BigInt(start));
        const end = Math.min(size, at + PIECE_BYTE_LENGTH);
        const bytes = paddr === null ? null : memory.physical.forSearch(paddr, end - start);
        if (bytes !== null) yield bytes;
      }
    },
  };
}

/** The first record from a step on, when its text may have so many bytes; null where there is none. */
function recordFrom(ring: PlacedRing, from: bigint, room: number): SeenRecord | null {
  const { memory, layouts, descs, infos, count, tail, span } = ring;
  const { desc, info, positions } = layouts;
  for (let step = from; step < span; step++) {
    const next = step + 1n;
    const id = (tail + step) & ID_MASK;
    const index = id & (count - 1n);
    const one = new KernelObject(memory, desc, descs + index * BigInt(desc.byteLength));
    const state = counter(one, 'state_var');
    if (state === null) return { record: null, next, room };
    // Reserved ones are not written yet, reusable ones are gone.
    const isSaid = state >> 62n === COMMITTED || state >> 62n === FINALIZED;
    if (!isSaid || (state & ID_MASK) !== id) continue;
    const said = new KernelObject(memory, info, infos + index * BigInt(info.byteLength));
    const block = new KernelObject(memory, positions, one.addressOf('text_blk_lpos') ?? 0n);
    const text = textOf(ring, block, said, id);
    const [sequence, nanoseconds] = [said.bits('seq'), said.bits('ts_nsec')];
    const left = room - (text?.byteLength ?? 0);
    const isWhole = text !== null && left >= 0 && sequence !== null && nanoseconds !== null;
    const record = isWhole
      ? { sequence: Number(sequence), nanoseconds, level: levelOf(said), text: text.toString('utf8') }
      : null;
    return { record, next, room: left };
  }
  return null;
}

/** A record, the step behind it, and how many bytes of text may follow. */
interface SeenRecord {
  readonly record: LogRecord | null;
  readonly next: bigint;
  readonly room: number;
}

function counter(object: KernelObject, member: string): bigint | null {
  const va = object.addressOf(member);
  return va === null ? null : object.memory.u64(va);
}

/** Positions count on for ever; the ring has them modulo its size. */
function textOf(
  { memory, data, size }: PlacedRing,
  block: KernelObject,
  info: KernelObject,
  id: bigint,
): Buffer | null {
  const begin = block.bits('begin');
  const next = block.bits('next');
  const textLength = info.number('text_len');
  if (begin === null || next === null || textLength === null) return null;
  // The lowest bit says that there is no text: an empty line, or one that did not fit.
  if ((begin & 1n) !== 0n || textLength === 0) return Buffer.alloc(0);
  // A block that would go over the end of the ring begins at its start instead.
  const wraps = begin / size !== next / size && next % size !== 0n;
  const start = wraps ? 0n : begin % size;
  const end = next % size === 0n ? size : next % size;
  const available = end - start - BLOCK_ID_BYTE_LENGTH;
  if (available < 0n || memory.u64(data + start) !== id) return null;
  const byteLength = Math.min(textLength, Number(available));
  return memory.bytes(data + start + BLOCK_ID_BYTE_LENGTH, byteLength);
}

/** Three bits, above five of flags in one byte; VMCOREINFO has only the place of the length two bytes before. */
function levelOf(info: KernelObject): number | null {
  if (info.layout.member('level') !== null) return info.number('level');
  const at = info.addressOf('text_len');
  const byte = at === null ? null : info.memory.bytes(at + 3n, 1);
  return byte === null ? null : (byte[0] as number) >> LEVEL_LSB;
}

/** A structure by what VMCOREINFO says of it: SIZE(name), and OFFSET(name.member) of each member. */
function described(info: ReadonlyMap<string, string>, struct: string): StructLayout | null {
  const byteLength = numberOf(info, `SIZE(${struct})`);
  if (byteLength === null || byteLength === 0n || byteLength > 4096n) return null;
  return {
    byteLength: Number(byteLength),
    member(path) {
      const offset = numberOf(info, `OFFSET(${struct}.${path})`);
      const size = SIZES[path] ?? 8;
      return offset === null || offset + BigInt(size) > byteLength
        ? null
        : { offset: Number(offset), byteLength: size, bits: null };
    },
  };
}

/** Members that are no 64-bit words. */
const SIZES: Readonly<Record<string, number>> = { count_bits: 4, size_bits: 4, text_len: 2, facility: 1 };
