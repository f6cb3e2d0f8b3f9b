/** How much is looked at for one comparison of two dumps: for each SMMU a share, and for all of them together. */

import { Budget } from '../smmu/translation/table-map.ts';

/** STEs that do something, or differ, for all SMMUs: four times what a report lists. */
const MAX_STES = 1 << 22;
/** CDs and level 1 descriptors compared, for all SMMUs: more than that only a hostile dump has. */
const MAX_CDS = 1 << 24;
/** All SMMUs together may take so many times as much as one. */
const SMMUS_COMPARED = 2;
/** Of translation tables, for one SMMU: twice those of 64 GiB in pages of 4 KiB, at two moments. */
export const MAX_DESCRIPTORS = 2 ** 26;
/** Context descriptors and what is made of them, in the same measure. */
export const MAX_FOR_CONTEXTS = 2 ** 26;

/** What is left for the SMMUs of one report. */
export class DiffBudget {
  stes: number;
  cds = MAX_CDS;
  readonly descriptors = new Budget(SMMUS_COMPARED * MAX_DESCRIPTORS);
  readonly contexts = new Budget(SMMUS_COMPARED * MAX_FOR_CONTEXTS);
  /** Arrays of STEs that were met, for any SMMU. */
  readonly arrays = new Set<number>();

  constructor(stes = MAX_STES) {
    this.stes = stes;
  }
}
