/** How sentences of findings put numbers. */

export { hex, word as word64 } from '../../hex.ts';

/** `1 range`, `2 ranges`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
