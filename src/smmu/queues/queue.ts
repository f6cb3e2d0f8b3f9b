/**
 * Where a queue is and what of it is in use. Arm IHI 0070 issue G.b, "SMMU circular queues": the indices count through
 * twice the size, so that the bit above an index, its wrap bit, tells a full queue from an empty one.
 */

export const QUEUE_NAMES = ['event', 'command', 'pri'] as const;
export type QueueName = (typeof QUEUE_NAMES)[number];

/** The registers of a queue begin with `prefix`. Apart from what entries say, which few need. */
export const QUEUE_FORMATS = {
  event: { prefix: 'EVENTQ', entryByteLength: 32 },
  command: { prefix: 'CMDQ', entryByteLength: 16 },
  pri: { prefix: 'PRIQ', entryByteLength: 16 },
} as const;

/** No queue has more entries than 2 to this; IDR1 may permit less. */
const MAX_LOG2SIZE = 19;

/** What the registers say; null for what was not captured. */
export interface QueueRegisters {
  /** X_BASE.ADDR. */
  readonly addr: bigint;
  /** X_BASE.LOG2SIZE. */
  readonly log2Size: number;
  /** IDR1.CMDQS, EVENTQS or PRIQS. */
  readonly maxLog2Size: number | null;
  /** X_PROD.WR and X_CONS.RD with their wrap bits. */
  readonly prod: number | null;
  readonly cons: number | null;
}

export interface QueueGeometry {
  /** As the hardware has it: aligned to the size of the queue, and to 32 bytes at least. */
  readonly base: number;
  readonly log2Size: number;
  /** Number of entries there is room for. */
  readonly size: number;
  readonly entryByteLength: number;
  readonly prod: QueueIndex | null;
  readonly cons: QueueIndex | null;
  /** Entries in use; null when an index is not known, or when the two cannot belong together. */
  readonly used: number | null;
  /** Null when an index is not known. */
  readonly corrupt: boolean | null;
}

/** One of the indices, taken apart. */
export interface QueueIndex {
  readonly index: number;
  readonly wrap: 0 | 1;
}

/** Entries `first` to `first + count - 1`, which do not go around the end. */
export interface QueueStretch {
  readonly first: number;
  readonly count: number;
}

const MIN_ALIGNMENT = 32n;

/** LOG2SIZE as the hardware takes it: capped by IDR1. */
export function cappedLog2Size({ log2Size, maxLog2Size }: Pick<QueueRegisters, 'log2Size' | 'maxLog2Size'>): number {
  return Math.min(log2Size, maxLog2Size ?? MAX_LOG2SIZE, MAX_LOG2SIZE);
}

/** Addresses of entries are exact as numbers, up to the 56 bits of the registers: they are multiples of 16. */
export function queueGeometry(registers: QueueRegisters, entryByteLength: number): QueueGeometry {
  const log2Size = cappedLog2Size(registers);
  const size = 2 ** log2Size;
  const byteLength = BigInt(size * entryByteLength);
  const alignment = byteLength > MIN_ALIGNMENT ? byteLength : MIN_ALIGNMENT;
  const base = Number(registers.addr - (registers.addr % alignment));
  const { prod, cons } = registers;
  const difference = prod === null || cons === null ? null : (prod - cons) & (2 * size - 1);
  const corrupt = difference === null ? null : difference > size;
  return {
    base,
    log2Size,
    size,
    entryByteLength,
    prod: prod === null ? null : queueIndex(prod, size),
    cons: cons === null ? null : queueIndex(cons, size),
    used: corrupt === false ? difference : null,
    corrupt,
  };
}

function queueIndex(value: number, size: number): QueueIndex {
  return { index: value & (size - 1), wrap: (value & size) === 0 ? 0 : 1 };
}

/** The entries between CONS and PROD, oldest first; none when the indices do not say. */
export function usedStretches({ size, cons, used }: QueueGeometry): QueueStretch[] {
  return cons === null || used === null ? [] : around(cons.index, used, size);
}

/**
 * The entries behind CONS, oldest first: what has been read but not written over yet, as long as it was ever written.
 * Without both indices, the whole queue, from PROD on where that is known.
 */
export function restStretches({ size, prod, used }: QueueGeometry): QueueStretch[] {
  return around(prod?.index ?? 0, size - (used ?? 0), size);
}

function around(first: number, count: number, size: number): QueueStretch[] {
  const beforeEnd = Math.min(count, size - first);
  return [
    { first, count: beforeEnd },
    { first: 0, count: count - beforeEnd },
  ].filter((stretch) => stretch.count > 0);
}
