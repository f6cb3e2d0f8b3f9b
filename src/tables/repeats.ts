/**
 * STEs that are met again and again, by one SMMU after the other: no two of a machine share a table, but by mistake. A few
 * pages and a long snapshot would keep a reader busy for hours.
 */

import { InputError } from '../errors.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';

/** As many as two tables of PCI segments have. */
const MAX_REPEATED_STES = 2 ** 17;

export class RepeatedStes {
  readonly #file: string;
  #stes = 0;

  constructor({ name }: Snapshot) {
    this.#file = name;
  }

  /** So many more, once `smmu` was gone through. Throws InputError (`snapshot`) where they are too many to go on. */
  add(stes: number, smmu: string, isLast: boolean): void {
    this.#stes += stes;
    if (this.#stes <= MAX_REPEATED_STES || isLast) return;
    const what = `up to the SMMU ${JSON.stringify(smmu)} the stream tables lead to the same STEs over and over again`;
    throw new InputError('snapshot', `${what}; --smmu NAME inspects one SMMU`, { file: this.#file });
  }
}
