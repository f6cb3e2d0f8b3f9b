/** Names like the one that was typed, for what commander does not suggest by itself. */

/** More are no help. */
const MAX_NEAR = 4;

/**
 * The nearest of `known`: those that contain what was typed, or that it contains, then those that a few slips of the
 * keyboard lead to.
 */
export function nearNames(typed: string, known: readonly string[]): string[] {
  const text = typed.toLowerCase();
  const parts = text.split(/[^a-z0-9]+/).filter((part) => part.length > 2);
  const ranked = [...new Set(known)].map((name) => {
    const slips = distance(text, name);
    const shared = parts.filter((part) => name.includes(part)).length;
    const related = name.includes(text) || (parts.length > 0 && shared === parts.length);
    return { name, slips, near: text !== '' && (related || slips <= Math.max(2, Math.floor(name.length / 3))) };
  });
  return ranked
    .filter(({ near }) => near)
    .sort((a, b) => a.slips - b.slips)
    .slice(0, MAX_NEAR)
    .map(({ name }) => name);
}

/** Longer than any name: whoever types that has pasted something. */
const MAX_TYPED = 64;

/** Edits between two words, a swap of neighbours counting as one. */
function distance(a: string, b: string): number {
  if (a.length > MAX_TYPED) return a.length;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      const least = Math.min(
        (row[j - 1] as number) + 1,
        (last[j] as number) + 1,
        (last[j - 1] as number) + (same ? 0 : 1),
      );
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(swapped ? Math.min(least, (beforeLast[j - 2] as number) + 1) : least);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] as number;
}
