/** How sentences of findings put numbers, and what several of them say. */

import type { RegisterDoubt } from '../../adopt/devices/fate.ts';

/** `1 range`, `2 ranges`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** `CR0, EVENTQ_PROD`. */
export function namesInWords(names: readonly string[]): string {
  return names.join(', ');
}

/** `a`; `a and b`; `a, b and c`. */
export function enumerated(parts: readonly (string | number)[], and = 'and'): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} ${and} ${parts.at(-1)}`;
}

const DOUBTS: Readonly<Record<RegisterDoubt, string>> = {
  'captured-after-probe': 'the snapshot says so',
  'table-in-kdump-memory': "STRTAB_BASE lies in the kdump kernel's own memory",
  'table-in-gap': "STRTAB_BASE lies in a gap of the dump, as the kdump kernel's own memory does",
  'all-zero': 'every register is zero',
  'all-ones': 'every register is all ones',
  'cr0-after-reset': "CR0 is as the kdump kernel's reset leaves it, with the event queue off",
};

/** What shows that registers are of after the kdump kernel's probe, or of nobody. */
export function doubtInWords(doubt: RegisterDoubt): string {
  return DOUBTS[doubt];
}
