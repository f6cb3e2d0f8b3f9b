/** Which STEs are shown: by text, by Config, by finding, by a range of StreamIDs. */

import { fieldOf } from '../../../smmu/fields.ts';
import { STE } from '../../../smmu/structures/ste.ts';
import type { Stes } from './data.ts';
import { hex } from './dom.ts';
import { configText } from './ste-columns.ts';

export interface SteFilter {
  readonly text: string;
  /** As the column shows it; empty for all. */
  readonly config: string;
  /** `any`, a rule, or empty. */
  readonly finding: string;
  readonly sids: { readonly first: number; readonly last: number } | null;
}

/** `0x100-0x1ff`, in hex or decimal. */
const RANGE = /^(0x[0-9a-f]+|\d+) *[-\u2013] *(0x[0-9a-f]+|\d+)$/;

/** The rows that pass, in their order. */
export function filtered(stes: Stes, filter: SteFilter): Uint32Array {
  const { config, finding, sids } = filter;
  const matches = matcher(stes, filter.text);
  const rows: number[] = [];
  for (let row = 0; row < stes.count; row++) {
    const sid = stes.sid(row);
    if (sids !== null && (sid < sids.first || sid > sids.last)) continue;
    if (config !== '' && configText(stes, row) !== config) continue;
    if (finding !== '' && !stes.isFound(row, finding === 'any' ? null : finding)) continue;
    if (matches(row)) rows.push(row);
  }
  return Uint32Array.from(rows);
}

function matcher(stes: Stes, given: string): (row: number) => boolean {
  const text = given.trim().toLowerCase();
  if (text === '') return () => true;
  const [, from, to] = RANGE.exec(text) ?? [];
  if (from !== undefined && to !== undefined) {
    const [first, last] = [Number(from), Number(to)];
    return (row) => stes.sid(row) >= first && stes.sid(row) <= last;
  }
  const pointers = ['S1ContextPtr', 'S2TTB'].map((name) => fieldOf(STE, name));
  return (row) =>
    hex(stes.sid(row)).includes(text) ||
    String(stes.sid(row)) === text ||
    stes.device(row).toLowerCase().includes(text) ||
    hex(stes.address(row)).includes(text) ||
    pointers.some((field) => hex(stes.field(row, field)).includes(text));
}
