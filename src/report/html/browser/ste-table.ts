/** The table of STEs with its filters, and below it the STE that is open. */

import type { Smmu, Stes } from './data.ts';
import { element, grouped, settled, sidRange } from './dom.ts';
import { configText, steColumns } from './ste-columns.ts';
import { steDetails } from './ste-details.ts';
import { filtered } from './ste-filter.ts';
import { VirtualTable } from './virtual-table.ts';

/** What fits on paper. */
const MAX_PRINTED = 1000;

export class SteTable {
  readonly #stes: Stes;
  readonly #table: VirtualTable;
  readonly #search = element('input', { type: 'search', placeholder: '0x100, 01:00.0, 0x100-0x1ff, an address' });
  readonly #config = element('select');
  readonly #finding = element('select');
  readonly #count = element('p', { class: 'count', role: 'status' });
  readonly #range = element('button', { type: 'button', class: 'chip', hidden: true });
  readonly #details = element('div');
  readonly #printNote = element('p', { class: 'note print-only' });
  #sids: { first: number; last: number } | null = null;
  #shown = 0;

  constructor(host: HTMLElement, smmu: Smmu) {
    this.#stes = smmu.stes;
    const configs = this.#countConfigs();
    const plain = new Set([...configs.keys()].map((config) => config.replace(', V=0', '')));
    this.#table = new VirtualTable('Stream table entries', steColumns(this.#stes, plain), (row) => this.#open(row));
    options(this.#config, [
      ['', 'every Config'],
      ...[...configs].map(([config, number]): [string, string] => [config, `${config} (${grouped(number)})`]),
    ]);
    options(this.#finding, [
      ['', 'with or without findings'],
      ['any', 'named by any finding'],
      ...this.#stes.rules.map((rule): [string, string] => [rule, rule]),
    ]);
    host.append(
      element(
        'div',
        { class: 'filters', role: 'search', 'aria-label': 'Filter the STEs' },
        element('label', {}, 'Search ', this.#search),
        element('label', {}, 'Config ', this.#config),
        this.#stes.rules.length === 0 ? null : element('label', {}, 'Findings ', this.#finding),
        this.#range,
      ),
      this.#count,
      this.#table.host,
      this.#printNote,
      this.#details,
    );
    this.#search.addEventListener(
      'input',
      settled(80, () => this.#apply()),
    );
    for (const select of [this.#config, this.#finding]) select.addEventListener('change', () => this.#apply());
    this.#range.addEventListener('click', () => {
      this.#setSids(null);
      this.#search.focus();
    });
    this.#apply();
    const first = this.#stes.firstMarked;
    if (first !== null) this.#table.start(first);
  }

  /** Shows only the STEs of these StreamIDs, and says so where the focus then is. */
  showSids(first: number, last: number): void {
    this.#search.value = '';
    this.#config.value = '';
    this.#finding.value = '';
    this.#setSids({ first, last });
    this.#range.focus();
  }

  preparePrint(on: boolean): void {
    this.#table.expand(on ? MAX_PRINTED : null);
    const left = this.#shown - MAX_PRINTED;
    this.#printNote.textContent = left > 0 ? `${grouped(left)} more rows are not printed.` : '';
  }

  #setSids(sids: { first: number; last: number } | null): void {
    this.#sids = sids;
    this.#range.hidden = sids === null;
    if (sids !== null) {
      const text = sidRange(sids.first, sids.last);
      this.#range.replaceChildren(text, element('span', { 'aria-hidden': 'true' }, ' \u00d7'));
      this.#range.setAttribute('aria-label', `Only ${text}; show all again`);
    }
    this.#apply();
  }

  #apply(): void {
    const [text, config, finding] = [this.#search.value, this.#config.value, this.#finding.value];
    const rows = filtered(this.#stes, { text, config, finding, sids: this.#sids });
    this.#shown = rows.length;
    this.#table.show(rows);
    const all = this.#stes.count;
    this.#count.textContent =
      all === 0
        ? 'None but invalid and abort entries, or none that is known.'
        : `${grouped(rows.length)} of ${grouped(all)} listed ${all === 1 ? 'STE' : 'STEs'}`;
    this.#table.host.hidden = all === 0;
  }

  #countConfigs(): Map<string, number> {
    const counts = new Map<string, number>();
    for (let row = 0; row < this.#stes.count; row++) {
      const config = configText(this.#stes, row);
      counts.set(config, (counts.get(config) ?? 0) + 1);
    }
    return counts;
  }

  #open(row: number): void {
    this.#table.select(row);
    const panel = steDetails(this.#stes, row, () => {
      this.#details.replaceChildren();
      this.#table.select(null);
      this.#table.focus();
    });
    this.#details.replaceChildren(panel);
    panel.querySelector<HTMLElement>('h4')?.focus({ preventScroll: true });
    panel.scrollIntoView({ block: 'nearest' });
  }
}

function options(select: HTMLSelectElement, entries: readonly (readonly [value: string, text: string])[]): void {
  select.append(...entries.map(([value, text]) => element('option', { value }, text)));
}
