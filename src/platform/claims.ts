/** Whose is each number where ranges overlap? The first range of the list has it, as wherever a table is gone through. */

export interface Claim<Owner> {
  readonly first: number;
  /** Inclusive. */
  readonly last: number;
  readonly owner: Owner;
}

/**
 * What is left to each claim of a list, ascending and disjoint, pieces that touch and have one owner joined. Takes
 * n log n, because tables of garbage have as many ranges as fit; numbers up to 2^53.
 */
export function firstClaims<Owner>(claims: readonly Claim<Owner>[]): Claim<Owner>[] {
  const edges = [...new Set(claims.flatMap(({ first, last }) => [first, last + 1]))].sort((a, b) => a - b);
  const indexOf = new Map(edges.map((edge, i) => [edge, i]));
  const winners = new Array<Claim<Owner> | undefined>(edges.length);
  // For each stretch between two edges the next one that nobody has: a union-find with paths halved.
  const next = Int32Array.from({ length: edges.length + 1 }, (_, i) => i);
  const free = (stretch: number): number => {
    let at = stretch;
    for (let to = next[at] as number; to !== at; to = next[at] as number) {
      next[at] = next[to] as number;
      at = next[at] as number;
    }
    return at;
  };
  for (const claim of claims) {
    const end = indexOf.get(claim.last + 1) ?? 0;
    for (let at = free(indexOf.get(claim.first) ?? 0); at < end; at = free(at)) {
      winners[at] = claim;
      next[at] = at + 1;
    }
  }
  const pieces: { first: number; last: number; owner: Owner }[] = [];
  for (const [i, winner] of winners.entries()) {
    if (winner === undefined) continue;
    const [first, last] = [edges[i] as number, (edges[i + 1] as number) - 1];
    const before = pieces.at(-1);
    if (before?.owner === winner.owner && before.last === first - 1) before.last = last;
    else pieces.push({ first, last, owner: winner.owner });
  }
  return pieces;
}

/** Where in pieces that are ascending and disjoint the first is that does not end before a number. */
export function pieceIndex<Owner>(pieces: readonly Claim<Owner>[], number: number): number {
  let [low, high] = [0, pieces.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((pieces[middle] as Claim<Owner>).last < number) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The piece that has a number. */
export function pieceAt<Owner>(pieces: readonly Claim<Owner>[], number: number): Claim<Owner> | undefined {
  const piece = pieces[pieceIndex(pieces, number)];
  return piece !== undefined && piece.first <= number ? piece : undefined;
}
