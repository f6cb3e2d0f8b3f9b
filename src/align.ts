/** Two lists side by side: what both have, in the same order, and what only one has, where it stands. */

export type Pair<L, R> =
  | { readonly left: L; readonly right: R }
  | { readonly left: L; readonly right: null }
  | { readonly left: null; readonly right: R };

/** Above this, the longest common subsequence takes longer than anybody waits; then the nearest match does. */
const MAX_CELLS = 1 << 22;

/** Aligns `left` with `right`. What both begin and end with is taken first, which leaves little to search for. */
export function align<L, R>(
  left: readonly L[],
  right: readonly R[],
  equal: (left: L, right: R) => boolean,
): Pair<L, R>[] {
  const same = (i: number, j: number) => equal(left[i] as L, right[j] as R);
  let head = 0;
  while (head < Math.min(left.length, right.length) && same(head, head)) head += 1;
  let tail = 0;
  const room = Math.min(left.length, right.length) - head;
  while (tail < room && same(left.length - 1 - tail, right.length - 1 - tail)) tail += 1;

  const [leftEnd, rightEnd] = [left.length - tail, right.length - tail];
  const takeLeft = preference(leftEnd - head, rightEnd - head, (i, j) => same(head + i, head + j));
  const pairs: Pair<L, R>[] = left.slice(0, head).map((one, i) => ({ left: one, right: right[i] as R }));
  let [i, j] = [head, head];
  while (i < leftEnd || j < rightEnd) {
    if (i < leftEnd && j < rightEnd && same(i, j)) pairs.push({ left: left[i++] as L, right: right[j++] as R });
    else if (j >= rightEnd || (i < leftEnd && takeLeft(i - head, j - head))) {
      pairs.push({ left: left[i++] as L, right: null });
    } else pairs.push({ left: null, right: right[j++] as R });
  }
  return [...pairs, ...left.slice(leftEnd).map((one, k) => ({ left: one, right: right[rightEnd + k] as R }))];
}

/** Whether to pass over the left entry rather than the right one, at a place where the two differ. */
function preference(
  rows: number,
  columns: number,
  same: (i: number, j: number) => boolean,
): (i: number, j: number) => boolean {
  if (rows * columns > MAX_CELLS) {
    // Passing over the right one until it comes: what was not found stays behind.
    return () => false;
  }
  const width = columns + 1;
  const lengths = new Uint32Array((rows + 1) * width);
  for (let i = rows - 1; i >= 0; i--) {
    for (let j = columns - 1; j >= 0; j--) {
      const below = lengths[(i + 1) * width + j] as number;
      const beside = lengths[i * width + j + 1] as number;
      const across = lengths[(i + 1) * width + j + 1] as number;
      lengths[i * width + j] = same(i, j) ? across + 1 : Math.max(below, beside);
    }
  }
  return (i, j) => (lengths[(i + 1) * width + j] as number) >= (lengths[i * width + j + 1] as number);
}
