/** ASIDs and VMIDs in words: `1-3, 7`, or `none`. */
export function idRanges(ids: readonly number[]): string {
  const parts: [first: number, last: number][] = [];
  for (const id of ids) {
    const last = parts.at(-1);
    if (last !== undefined && last[1] === id - 1) last[1] = id;
    else parts.push([id, id]);
  }
  return parts.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`)).join(', ') || 'none';
}
