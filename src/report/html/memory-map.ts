/**
 * Physical memory from the lowest address to the highest, one row for each thing and each stretch in between. The bar
 * beside a row grows with the logarithm of its size: a table of 2 KiB and a bank of 64 GiB are both to be seen.
 */

import type { AddressRange } from '../../dump/memory.ts';
import { hex } from '../../hex.ts';
import type { Inspection } from '../../inspect/inspection.ts';
import { firstIndex } from '../../lists.ts';
import { count, inUnits } from '../prose/quantities.ts';
import { ITEM_KINDS, itemKindInWords, type MemoryItem, type MemoryItems } from './data/memory-items.ts';
import { type Content, type Html, html } from './markup.ts';
import { badge, NOTHING, SECTION_END, sectionId, sectionStart } from './section.ts';

/** More rows than these are no map any more. */
const MAX_ITEMS = 40;
/** Stretches between two items beyond these are said in one row. */
const MAX_STRETCHES = 3;

type Ground = 'ram' | 'kdump' | 'none';

interface Band extends AddressRange {
  readonly ground: Ground;
}

type Words = Readonly<Record<Ground | 'badge', string>>;

/** `none` is what lies in no range of the dump: no RAM only where these are known to be all. */
function wordsOf(memoryComplete: boolean): Words {
  const ground = { ram: 'RAM', kdump: "the kdump kernel's memory" };
  return memoryComplete
    ? { ...ground, none: 'no RAM, according to the dump', badge: 'not in RAM' }
    : { ...ground, none: 'unknown: the memory map of the dump may be short', badge: 'in unknown memory' };
}

export function memoryMap(
  index: number,
  items: MemoryItems,
  { dump: { memory: ram, memoryComplete }, redacted }: Pick<Inspection, 'dump' | 'redacted'>,
  kdumpRam: readonly AddressRange[],
): Html {
  const shown = items.near(MAX_ITEMS);
  const known = [...ram, ...kdumpRam, ...shown];
  const last = known.reduce((end, range) => Math.max(end, range.end), 0);
  const ground = new GroundMap(ram, kdumpRam);
  const words = wordsOf(memoryComplete);
  // Stand-ins are close together: how much is between them tells nothing.
  const sized = redacted !== true;
  const rows: Html[] = [];
  let at = known.reduce((start, range) => Math.min(start, range.start), last);
  for (const item of [...shown, null]) {
    const until = item?.start ?? last;
    if (until > at) rows.push(...stretchRows(ground.stretches(at, until), words, sized));
    if (item === null) break;
    rows.push(itemRow(item, ground.stretches(item.start, item.end), words));
    at = Math.max(at, item.end);
  }
  const body = html`<table role="table" class="memory" aria-label="Physical memory">
<thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col" class="bar"></th><th role="columnheader" scope="col" class="code">Addresses</th><th role="columnheader" scope="col" class="number">Size</th><th role="columnheader" scope="col">What is there</th></tr></thead>
<tbody role="rowgroup">
${rows}</tbody></table>
`;
  const start = sectionStart(sectionId(index, 'memory'), 'Physical memory', 'bars grow with the logarithm of the size');
  return html`${start}${body}${SECTION_END}`;
}

function itemRow(item: MemoryItem, under: readonly Band[], words: Words): Html {
  const [first] = under;
  const grounds = new Set(under.map(({ ground }) => ground));
  const named = ITEM_KINDS.flatMap((kind) => {
    const number = item.kinds.get(kind) ?? 0;
    return number === 0 ? [] : [number === 1 ? itemKindInWords(kind) : count(number, itemKindInWords(kind))];
  });
  const what = html`<strong>${item.label || named.join(', ')}</strong>${
    grounds.has('kdump') && html` ${badge('bad', `${grounds.size > 1 ? 'partly ' : ''}in the kdump kernel's memory`)}`
  }${grounds.has('none') && html` ${badge('bad', `${grounds.size > 1 ? 'partly ' : ''}${words.badge}`)}`}`;
  const kind = item.kinds.size > 1 ? 'several' : ([...item.kinds.keys()][0] ?? '');
  return row(`item ${kind} on-${first?.ground ?? 'none'}`, item, what);
}

function stretchRows(stretches: readonly Band[], words: Words, sized: boolean): Html[] {
  if (stretches.length <= MAX_STRETCHES)
    return stretches.map((one) => row(`on-${one.ground}`, one, words[one.ground], sized));
  const parts = (['ram', 'kdump', 'none'] as const).flatMap((ground) => {
    const own = stretches.filter((stretch) => stretch.ground === ground);
    const size = own.reduce((sum, { start, end }) => sum + end - start, 0);
    return own.length === 0
      ? []
      : [`${words[ground]}: ${sized ? `${inUnits(size)} in ` : ''}${count(own.length, 'range')}`];
  });
  const range = { start: stretches[0]?.start ?? 0, end: stretches.at(-1)?.end ?? 0 };
  return [row('on-mixed', range, parts.join('; '), sized)];
}

function row(kind: string, { start, end }: AddressRange, what: Content, sized = true): Html {
  const size = end - start;
  // One step for each four bits of size above a page.
  const step = !sized ? 0 : Math.max(0, Math.min(6, Math.ceil((Math.log2(size) - 12) / 4)));
  return html`<tr role="row" class="${kind} step-${step}"><td role="cell" class="bar"><span></span></td><td role="cell" class="code">${hex(
    start,
  )}${NOTHING}${hex(end - 1)}</td><td role="cell" class="number">${sized && inUnits(size)}</td><td role="cell">${what}</td></tr>
`;
}

/** What the dump, and what is known of the kdump kernel, says about addresses. */
class GroundMap {
  readonly #ram: readonly AddressRange[];
  readonly #kdump: readonly AddressRange[];
  readonly #edges: readonly number[];

  constructor(ram: readonly AddressRange[], kdump: readonly AddressRange[]) {
    this.#ram = ram;
    this.#kdump = kdump;
    this.#edges = [...new Set([...ram, ...kdump].flatMap(({ start, end }) => [start, end]))].sort((a, b) => a - b);
  }

  /** A range in parts, without gaps; neighbours differ. */
  stretches(start: number, end: number): Band[] {
    const parts: Band[] = [];
    for (let from = start, edge = firstIndex(this.#edges, (at) => at > start); from < end; edge++) {
      const to = Math.min(end, this.#edges[edge] ?? end);
      const ground = this.#groundAt(from);
      const last = parts.at(-1);
      if (last?.ground === ground) parts[parts.length - 1] = { ...last, end: to };
      else parts.push({ start: from, end: to, ground });
      from = to;
    }
    return parts;
  }

  /** A snapshot names a few ranges of the kdump kernel; a dump may have a hundred thousand, ascending and disjoint. */
  #groundAt(paddr: number): Ground {
    if (this.#kdump.some((range) => range.start <= paddr && paddr < range.end)) return 'kdump';
    const range = this.#ram[firstIndex(this.#ram, ({ end }) => end > paddr)];
    return range !== undefined && range.start <= paddr ? 'ram' : 'none';
  }
}
