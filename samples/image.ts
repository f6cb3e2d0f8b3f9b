/** Small memory images out of tables: what the samples' dumps are made of. */

import { encodeFields, type FieldInputs } from '../src/smmu/fields.ts';
import { CD } from '../src/smmu/structures/cd.ts';
import { L1STD } from '../src/smmu/structures/l1std.ts';
import { STE } from '../src/smmu/structures/ste.ts';

const PAGE = 4096;

/** A run of whole pages. */
export interface Extent {
  readonly paddr: number;
  readonly bytes: Uint8Array;
}

/** Sparse physical memory, page by page; a page exists once something is written to it. */
export class Image {
  readonly #pages = new Map<number, Buffer>();

  /** Writes 64-bit words. */
  write(paddr: number, words: readonly bigint[]): this {
    words.forEach((word, i) => {
      const at = paddr + i * 8;
      this.#page(at - (at % PAGE)).writeBigUInt64LE(word, at % PAGE);
    });
    return this;
  }

  /** Makes pages of zeros exist. */
  reserve(paddr: number, byteLength: number): this {
    for (let at = paddr - (paddr % PAGE); at < paddr + byteLength; at += PAGE) this.#page(at);
    return this;
  }

  l1(base: number, index: number, span: number, l2: number): this {
    return this.write(base + index * 8, encodeFields(L1STD, { Span: span, L2Ptr: l2 }));
  }

  ste(table: number, index: number, fields: FieldInputs): this {
    return this.write(table + index * 64, encodeFields(STE, fields));
  }

  cd(table: number, index: number, fields: FieldInputs): this {
    return this.write(table + index * 64, encodeFields(CD, fields));
  }

  /** An L2 table, or a linear one, as Linux makes it: every entry valid and abort. */
  abortTable(paddr: number, entries: number): this {
    for (let i = 0; i < entries; i++) this.ste(paddr, i, { V: 1, SHCFG: 1 });
    return this;
  }

  /** Everything written so far, ascending, with neighbouring pages joined. */
  extents(): Extent[] {
    const joined: { paddr: number; pages: Buffer[] }[] = [];
    for (const [paddr, page] of [...this.#pages].sort(([a], [b]) => a - b)) {
      const last = joined.at(-1);
      if (last !== undefined && last.paddr + last.pages.length * PAGE === paddr) last.pages.push(page);
      else joined.push({ paddr, pages: [page] });
    }
    return joined.map(({ paddr, pages }) => ({ paddr, bytes: Buffer.concat(pages) }));
  }

  #page(paddr: number): Buffer {
    const page = this.#pages.get(paddr) ?? Buffer.alloc(PAGE);
    this.#pages.set(paddr, page);
    return page;
  }
}
