/** Writes LZO1X streams with every instruction there is, more of them than any compressor in use. */

const MATCH_KINDS = ['m1-near', 'm1-far', 'm2', 'm3', 'm3-long', 'm4', 'm4-far', 'm4-long'] as const;
export const LZO_INSTRUCTIONS = [
  ...['first-few', 'first-run', 'run', 'run-long', 'literals-with-match'],
  ...MATCH_KINDS,
] as readonly LzoInstruction[];
type MatchKind = (typeof MATCH_KINDS)[number];
export type LzoInstruction = MatchKind | 'first-few' | 'first-run' | 'run' | 'run-long' | 'literals-with-match';

export interface LzoOptions {
  /** Choose matches and their encoding at random from what is possible; without it, the longest and shortest. */
  readonly seed?: number;
  /** Only these matches. */
  readonly only?: readonly MatchKind[];
  /** Is told every instruction that is written. */
  readonly onInstruction?: (kind: LzoInstruction) => void;
}

/** The kinds a match can have, with the longest and shortest match each can write. */
const KINDS: readonly {
  readonly kind: MatchKind;
  readonly distances: readonly [number, number];
  readonly lengths: readonly [number, number];
  /** Whether it can follow so many literals. */
  readonly follows: (literals: number) => boolean;
}[] = [
  { kind: 'm2', distances: [1, 2048], lengths: [3, 8], follows: () => true },
  { kind: 'm3', distances: [1, 16384], lengths: [3, 33], follows: () => true },
  { kind: 'm3-long', distances: [1, 16384], lengths: [34, Number.POSITIVE_INFINITY], follows: () => true },
  { kind: 'm4', distances: [16385, 32767], lengths: [3, 9], follows: () => true },
  { kind: 'm4-far', distances: [32768, 49151], lengths: [3, 9], follows: () => true },
  { kind: 'm4-long', distances: [16385, 49151], lengths: [10, Number.POSITIVE_INFINITY], follows: () => true },
  { kind: 'm1-near', distances: [1, 1024], lengths: [2, 2], follows: (literals) => literals > 0 && literals < 4 },
  { kind: 'm1-far', distances: [2049, 3072], lengths: [3, 3], follows: (literals) => literals > 3 },
];

interface Match {
  readonly kind: MatchKind;
  readonly distance: number;
  readonly length: number;
}

export function compressLzo(bytes: Uint8Array, options: LzoOptions = {}): Uint8Array {
  const out: number[] = [];
  const positions = new Map<number, number[]>();
  const random = options.seed === undefined ? () => 0 : randomNumbers(options.seed);
  /** Where the two bits are that say how many literals a match brings along; -1 before the first match. */
  let literalBitsAt = -1;
  let literalsFrom = 0;
  for (let at = 0; at < bytes.byteLength; ) {
    const match = findMatch(bytes, at, at - literalsFrom, positions, random, options);
    const end = at + (match?.length ?? 1);
    if (match !== null) {
      writeLiterals(out, bytes.subarray(literalsFrom, at), literalBitsAt, options);
      writeMatch(out, match);
      options.onInstruction?.(match.kind);
      literalBitsAt = out.length - 2;
      literalsFrom = end;
    }
    for (; at < end; at++) {
      const pair = pairAt(bytes, at);
      const known = positions.get(pair);
      if (known === undefined) positions.set(pair, [at]);
      else known.push(at);
    }
  }
  writeLiterals(out, bytes.subarray(literalsFrom), literalBitsAt, options);
  out.push(0x11, 0, 0);
  return Uint8Array.from(out);
}

const pairAt = (bytes: Uint8Array, at: number) => ((bytes[at] as number) << 8) | (bytes[at + 1] ?? 0);

/** Tries a few earlier places with the same two bytes: the last ones, or with a seed any. */
function findMatch(
  bytes: Uint8Array,
  at: number,
  literals: number,
  positions: ReadonlyMap<number, readonly number[]>,
  random: () => number,
  { seed, only }: LzoOptions,
): Match | null {
  const candidates = positions.get(pairAt(bytes, at)) ?? [];
  const found: Match[] = [];
  for (let i = 0; i < Math.min(8, candidates.length); i++) {
    const index = seed === undefined ? candidates.length - 1 - i : Math.floor(random() * candidates.length);
    const distance = at - (candidates[index] as number);
    const possible = KINDS.filter(
      ({ kind, distances, follows }) =>
        distance >= distances[0] && distance <= distances[1] && follows(literals) && (only?.includes(kind) ?? true),
    );
    // Now and then a short match although a long one is possible, so that every length is met.
    const most = seed !== undefined && random() < 0.5 ? 2 + Math.floor(random() ** 3 * 600) : Number.POSITIVE_INFINITY;
    const limit = Math.min(most, bytes.byteLength - at, Math.max(0, ...possible.map(({ lengths }) => lengths[1])));
    let longest = 0;
    while (longest < limit && bytes[at + longest] === bytes[at + longest - distance]) longest += 1;
    for (const { kind, lengths } of possible) {
      if (longest >= lengths[0]) found.push({ kind, distance, length: Math.min(longest, lengths[1]) });
    }
  }
  if (seed !== undefined) return random() < 0.05 ? null : (found[Math.floor(random() * found.length)] ?? null);
  return found.reduce<Match | null>((best, one) => (best !== null && best.length >= one.length ? best : one), null);
}

function writeLiterals(out: number[], literals: Uint8Array, literalBitsAt: number, { onInstruction }: LzoOptions) {
  const { byteLength } = literals;
  if (byteLength === 0) return;
  if (out.length === 0 && byteLength <= 238) {
    out.push(17 + byteLength);
    onInstruction?.(byteLength < 4 ? 'first-few' : 'first-run');
  } else if (byteLength < 4) {
    out[literalBitsAt] = (out[literalBitsAt] as number) | byteLength;
    onInstruction?.('literals-with-match');
  } else {
    writeLength(out, 0, byteLength - 3, 15);
    onInstruction?.(byteLength <= 18 ? 'run' : 'run-long');
  }
  for (const byte of literals) out.push(byte);
}

function writeMatch(out: number[], { kind, distance, length }: Match): void {
  switch (kind) {
    case 'm1-near':
      out.push(((distance - 1) & 3) << 2, (distance - 1) >> 2);
      break;
    case 'm1-far':
      out.push(((distance - 2049) & 3) << 2, (distance - 2049) >> 2);
      break;
    case 'm2':
      out.push(((length - 1) << 5) | (((distance - 1) & 7) << 2), (distance - 1) >> 3);
      break;
    case 'm3':
    case 'm3-long':
      writeLength(out, 0x20, length - 2, 31);
      out.push(((distance - 1) << 2) & 0xff, (distance - 1) >> 6);
      break;
    default: {
      const operand = (distance - 0x4000) & 0x3fff;
      writeLength(out, 0x10 | (distance >= 0x8000 ? 8 : 0), length - 2, 7);
      out.push((operand << 2) & 0xff, operand >> 6);
    }
  }
}

/** A length in the low bits of `code`, or, where they cannot hold it, zero there and the rest in bytes behind. */
function writeLength(out: number[], code: number, length: number, most: number): void {
  if (length <= most) {
    out.push(code | length);
    return;
  }
  out.push(code);
  let rest = length - most;
  for (; rest > 255; rest -= 255) out.push(0);
  out.push(rest);
}

/** From 0 up to 1, the same for the same seed: a Weyl sequence, mixed (as in splitmix32). */
function randomNumbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}
