/** What an SMMU has in physical memory: tables, queues and context descriptors, gathered and drawn together. */

import { type QueueKind, structureKindInWords } from '../../../findings/prose/structures.ts';
import { hex } from '../../../hex.ts';
import type { SmmuReport } from '../../../inspect/inspection.ts';
import { CD_BYTE_LENGTH, L1CD_BYTE_LENGTH } from '../../../smmu/structures/cd-table.ts';
import { L1STD_BYTE_LENGTH, STE_BYTE_LENGTH } from '../../../smmu/structures/stream-table.ts';
import type { L1Row } from '../../../tables/l1-rows.ts';
import type { SteRow } from '../../../tables/ste-rows.ts';
import { count } from '../../prose/quantities.ts';

/** In the order in which they are named. */
export const ITEM_KINDS = ['stream-table', 'l1-table', 'l2-table', 'cd-table', 'queue'] as const;
export type ItemKind = (typeof ITEM_KINDS)[number];

/** `L2 table`; all queues have one name here. */
export function itemKindInWords(kind: ItemKind): string {
  return kind === 'queue' ? kind : structureKindInWords(kind);
}

/** One thing, or several of them close together. */
export interface MemoryItem {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  /** How many there are of each kind. */
  readonly kinds: ReadonlyMap<ItemKind, number>;
  /** What it is, when it is alone. */
  readonly label: string;
}

/** What points to a table, or how many entries there are of what registers point to. */
type Owner =
  | { readonly kind: 'entries'; readonly entries: number }
  | { readonly kind: 'queue'; readonly queue: QueueKind; readonly entries: number }
  | { readonly kind: 'l1'; readonly index: number }
  | { readonly kind: 'sid'; readonly sid: number };

interface Thing {
  readonly start: number;
  readonly end: number;
  readonly kind: ItemKind;
  /** What it is of: of several that point to it the first, and how many they are. */
  readonly owner: Owner;
  owners: number;
}

export class MemoryItems {
  /** By kind and address: several descriptors can share a table. */
  readonly #things = new Map<string, Thing>();

  constructor({ table, registers }: SmmuReport) {
    const { format, base, entries } = table;
    const byteLength = entries * (format === '2lvl' ? L1STD_BYTE_LENGTH : STE_BYTE_LENGTH);
    this.#add(format === '2lvl' ? 'l1-table' : 'stream-table', base, byteLength, { kind: 'entries', entries });
    for (const { register, queue, entryBytes, cap } of QUEUES) {
      const { ADDR: address, LOG2SIZE: log2 } = registers[register]?.fields ?? {};
      // A base of 0 is what the register holds when nobody has set up the queue.
      if (typeof address !== 'bigint' || typeof log2 !== 'number' || address === 0n) continue;
      const most = registers['IDR1']?.fields[cap];
      const number = 2 ** Math.min(log2, typeof most === 'number' ? most : log2);
      this.#add('queue', Number(address), number * entryBytes, { kind: 'queue', queue, entries: number });
    }
  }

  addL2({ index, l2, hardwareStes }: L1Row): void {
    if (hardwareStes > 0) this.#add('l2-table', l2, hardwareStes * STE_BYTE_LENGTH, { kind: 'l1', index });
  }

  addCdTable({ sid, cdTable }: SteRow): void {
    // A guest's table is in an address space of its own.
    if (cdTable === null || cdTable.format === 'guest') return;
    const { format, address, entries } = cdTable;
    const leafCds = { single: 0, linear: 0, '4k-leaves': 64, '64k-leaves': 1024 }[format];
    const byteLength = leafCds === 0 ? entries * CD_BYTE_LENGTH : Math.ceil(entries / leafCds) * L1CD_BYTE_LENGTH;
    this.#add('cd-table', address, byteLength, { kind: 'sid', sid });
  }

  #add(kind: ItemKind, start: number, byteLength: number, owner: Owner): void {
    const key = `${kind}${start}`;
    const known = this.#things.get(key);
    if (known !== undefined) known.owners += 1;
    else this.#things.set(key, { start, end: start + byteLength, kind, owner, owners: 1 });
  }

  /** At most about `most` items, ascending: neighbours of a kind are drawn together first, then whatever is near. */
  near(most: number): MemoryItem[] {
    let items = [...this.#things.values()].sort((a, b) => a.start - b.start || a.end - b.end).map(itemOf);
    if (items.length > FEW) items = joined(items, NEAR, true);
    for (const sameKindOnly of [true, false]) {
      for (let gap = NEAR; gap <= FAR && items.length > most; gap *= 16) items = joined(items, gap, sameKindOnly);
    }
    return items;
  }
}

const QUEUES = [
  { register: 'CMDQ_BASE', queue: 'command-queue', entryBytes: 16, cap: 'CMDQS' },
  { register: 'EVENTQ_BASE', queue: 'event-queue', entryBytes: 32, cap: 'EVENTQS' },
  { register: 'PRIQ_BASE', queue: 'pri-queue', entryBytes: 16, cap: 'PRIQS' },
] as const;

/** So many can all be named. */
const FEW = 12;
/** So close together that they are one thing to look at. */
const NEAR = 1 << 14;
const FAR = 2 ** 52;

function itemOf(thing: Thing): MemoryItem {
  const { start, end, kind } = thing;
  return { start, end, kinds: new Map([[kind, 1]]), label: labelOf(thing) };
}

function labelOf({ kind, owner, owners }: Thing): string {
  const others = owners > 1 ? ` and ${owners - 1} more` : '';
  switch (owner.kind) {
    case 'entries':
      return `${itemKindInWords(kind)}, ${count(owner.entries, 'entry', 'entries')}`;
    case 'queue':
      return `${structureKindInWords(owner.queue)}, ${count(owner.entries, 'entry', 'entries')}`;
    case 'l1':
      return `${itemKindInWords(kind)} of L1[${owner.index}]${others}`;
    case 'sid':
      return `${itemKindInWords(kind)} of SID ${hex(owner.sid)}${others}`;
  }
}

function joined(items: readonly MemoryItem[], gap: number, sameKindOnly: boolean): MemoryItem[] {
  const result: MemoryItem[] = [];
  for (const item of items) {
    const last = result.at(-1);
    const near = last !== undefined && item.start - last.end <= gap;
    if (!near || (sameKindOnly && !alike(last, item))) {
      result.push(item);
      continue;
    }
    const kinds = new Map(last.kinds);
    for (const [kind, number] of item.kinds) kinds.set(kind, (kinds.get(kind) ?? 0) + number);
    result[result.length - 1] = { start: last.start, end: Math.max(last.end, item.end), kinds, label: '' };
  }
  return result;
}

/** Tables of one kind are told by their number; each queue is worth its name. */
function alike(a: MemoryItem, b: MemoryItem): boolean {
  const [kind, another] = a.kinds.keys();
  return another === undefined && kind !== 'queue' && b.kinds.size === 1 && b.kinds.has(kind as ItemKind);
}
