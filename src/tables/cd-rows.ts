/** The context descriptors behind a stage 1 STE, as the hardware walks their table: the valid ones, decoded. */

import type { PageState } from '../dump/memory.ts';
import type { MemoryView } from '../dump/view.ts';
import type { FieldValue } from '../smmu/fields.ts';
import { fieldBits, fieldOf, wideWords, withFields } from '../smmu/fields.ts';
import { CD } from '../smmu/structures/cd.ts';
import type { CdTableFormat } from '../smmu/structures/cd-table.ts';
import {
  CD_BYTE_LENGTH,
  cdArrayCount,
  cdArrays,
  cdTableBehind,
  isValidCd,
  WITHOUT_SSID_BY_S1DSS,
  type WithoutSsid,
} from '../smmu/structures/cd-table.ts';
import { STE } from '../smmu/structures/ste.ts';
import type { SteConfig } from '../smmu/structures/stream-table.ts';
import type { CdLimits } from './listing.ts';

/** A device has a few address spaces; a table of garbage can claim a million. */
const MAX_CDS_LISTED = 256;

export interface CdTableReport {
  readonly format: CdTableFormat | 'guest';
  readonly address: number;
  /** SubstreamIDs that it covers: 2^S1CDMax. */
  readonly entries: number;
  /** What traffic without a SubstreamID meets. */
  readonly withoutSsid: WithoutSsid;
  /** Entries whose bytes are not in the dump, valid ones beyond those listed, and entries never looked at. */
  readonly unknown: number;
  readonly notListed: number;
  readonly notExamined: number;
}

export interface CdRow {
  readonly ssid: number;
  readonly address: number;
  readonly words: readonly bigint[];
  readonly asid: number;
  readonly fields: Readonly<Record<string, FieldValue>>;
  readonly pageState: PageState;
}

interface CdsOfSte {
  readonly cdTable: CdTableReport | null;
  readonly cds: readonly CdRow[];
}

export const NO_CDS: CdsOfSte = { cdTable: null, cds: [] };

export class CdLister {
  readonly #memory: MemoryView;
  readonly #ssidBits: number;
  readonly #left: { -readonly [K in keyof CdLimits]: CdLimits[K] };

  /** `limits` hold for all streams that one lister is asked about. */
  constructor(memory: MemoryView, ssidBits: number, limits: CdLimits) {
    this.#memory = memory;
    this.#ssidBits = ssidBits;
    this.#left = { ...limits };
  }

  /** `ste` are the words of a valid STE. The CD table of a nested stream is in a guest's address space. */
  list(config: SteConfig, ste: readonly bigint[]): CdsOfSte {
    if (config !== 's1' && config !== 'nested') return NO_CDS;
    const field = (name: string) => Number(fieldBits(fieldOf(STE, name), ste));
    const table = cdTableBehind(ste, this.#ssidBits);
    const about = {
      address: table.paddr,
      entries: table.cds,
      withoutSsid: table.format === 'single' ? 'only-cd' : (WITHOUT_SSID_BY_S1DSS[field('S1DSS')] as WithoutSsid),
    };
    if (config === 'nested') {
      return { cdTable: { format: 'guest', ...about, unknown: 0, notListed: 0, notExamined: table.cds }, cds: [] };
    }
    const cds: CdRow[] = [];
    let [unknown, notListed, notExamined] = [0, 0, 0];
    const missing = (descriptors: number) => {
      unknown += descriptors * table.leafCds;
    };
    // The level 1 descriptors of a table count as well: a table may consist of nothing else.
    const within = this.#admits(cdArrayCount(table));
    if (!within) notExamined = table.cds;
    for (const { firstSsid, paddr: at, count } of within ? cdArrays(table, this.#memory, missing) : []) {
      if (!this.#admits(count)) {
        notExamined += count;
        continue;
      }
      for (const slice of this.#memory.slices(at, CD_BYTE_LENGTH, count)) {
        if (!slice.known) unknown += slice.count;
        for (let i = 0, word = 0; slice.known && i < slice.count; i++, word += CD_BYTE_LENGTH / 4) {
          if (!isValidCd(slice.words, word)) continue;
          if (cds.length > 0 && (this.#left.further === 0 || cds.length === MAX_CDS_LISTED)) notListed += 1;
          else {
            if (cds.length > 0) this.#left.further -= 1;
            const entry = slice.first + i;
            const wide = wideWords(slice.words, word, CD_BYTE_LENGTH);
            cds.push(cdRow(firstSsid + entry, at + entry * CD_BYTE_LENGTH, wide, slice.state));
          }
        }
      }
    }
    // The last leaf of a table may be a part of one.
    unknown = Math.min(unknown, table.cds);
    return { cdTable: { format: table.format, ...about, unknown, notListed, notExamined }, cds };
  }

  /** Whether so many entries more may be looked at; those of one table that may not leave the rest to others. */
  #admits(entries: number): boolean {
    if (entries > this.#left.examined) return false;
    this.#left.examined -= entries;
    return true;
  }
}

function cdRow(ssid: number, paddr: number, words: readonly bigint[], pageState: CdRow['pageState']): CdRow {
  const asid = Number(fieldBits(fieldOf(CD, 'ASID'), words));
  return withFields(CD, { ssid, address: paddr, words, asid, pageState });
}
