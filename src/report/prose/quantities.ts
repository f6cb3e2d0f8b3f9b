/** How are sizes and counts said? */

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** `4 KiB`, `2 MiB`, `1.5 GiB`. */
export function inUnits(byteLength: number): string {
  const unit = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(byteLength, 1)) / 10));
  return `${+(byteLength / 1024 ** unit).toFixed(2)} ${UNITS[unit]}`;
}

/** What maps memory, of either size. */
export function countedLeaves(leaves: number): string {
  return leaves === 1 ? 'one block or page' : `${leaves} blocks and pages`;
}

/** `3 findings`, `1 finding`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${grouped(number)} ${number === 1 ? one : many}`;
}

/** Thousands are set apart, because a table can have millions of entries. */
export function grouped(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ',');
}
