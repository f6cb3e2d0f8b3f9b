/** What the page does by itself: shows the tables of every SMMU when they come near, follows links into them, prints. */

import { Smmu } from './data.ts';
import { whenNear } from './dom.ts';
import { L1Map } from './l1-map.ts';
import { l1Rows } from './l1-rows.ts';
import { SteTable } from './ste-table.ts';
import type { VirtualTable } from './virtual-table.ts';

const MAX_L1_PRINTED = 1000;

/** The part of the page that is about one SMMU. What is in it is made when it is first needed. */
class SmmuView {
  readonly #smmu: Smmu;
  readonly #steHost: HTMLElement;
  readonly #mapHost: HTMLElement | null;
  readonly #l1Host: HTMLDetailsElement | null;
  #stes: SteTable | undefined;
  #map: L1Map | undefined;
  #l1: VirtualTable | undefined;

  constructor(steHost: HTMLElement) {
    this.#smmu = new Smmu(Number(steHost.dataset['smmu']));
    const at = `[data-smmu="${this.#smmu.index}"]`;
    this.#steHost = steHost;
    this.#mapHost = document.querySelector(`.l1-map${at}`);
    this.#l1Host = document.querySelector(`.l1-rows${at}`);
    whenNear(steHost, () => this.#needStes());
    if (this.#mapHost !== null) whenNear(this.#mapHost, () => this.#needMap());
    this.#l1Host?.addEventListener('toggle', () => this.#l1Host?.open && this.#needL1());
  }

  /** Reading a hundred thousand rows takes a moment. */
  #needStes(): SteTable {
    this.#stes ??= new SteTable(this.#steHost, this.#smmu);
    return this.#stes;
  }

  #needMap(): void {
    if (this.#mapHost === null || this.#map !== undefined) return;
    this.#map = new L1Map(this.#mapHost, this.#smmu, (first, last) => this.showSids(first, last));
  }

  #needL1(): void {
    if (this.#l1Host === null || this.#l1 !== undefined) return;
    this.#l1 = l1Rows(this.#smmu, (first, last) => this.showSids(first, last));
    this.#l1Host.append(this.#l1.host);
  }

  showSids(first: number, last: number): void {
    this.#needStes().showSids(first, last);
    this.#steHost.closest('section')?.scrollIntoView();
  }

  preparePrint(on: boolean): void {
    this.#needMap();
    this.#needL1();
    this.#needStes().preparePrint(on);
    this.#l1?.expand(on ? MAX_L1_PRINTED : null);
  }
}

const views = [...document.querySelectorAll<HTMLElement>('.stes')].map((host) => new SmmuView(host));

/** Links of findings lead to the STEs that they are about. */
document.addEventListener('click', (event) => {
  const link = event.target instanceof Element ? event.target.closest<HTMLElement>('a[data-sids]') : null;
  const [, index] = /#smmu-(\d+)-/.exec(link?.getAttribute('href') ?? '') ?? [];
  const [first, last] = link?.dataset['sids']?.split('-').map(Number) ?? [];
  if (index === undefined || first === undefined || last === undefined) return;
  event.preventDefault();
  views[Number(index)]?.showSids(first, last);
});

/** On paper nothing can be opened or scrolled. Of the registers the fields that are set are enough. */
let closed: HTMLDetailsElement[] = [];
addEventListener('beforeprint', () => {
  closed = [...document.querySelectorAll<HTMLDetailsElement>('details:not([open], .register)')];
  for (const details of closed) details.open = true;
  for (const view of views) view.preparePrint(true);
});
addEventListener('afterprint', () => {
  for (const details of closed) details.open = false;
  for (const view of views) view.preparePrint(false);
});
