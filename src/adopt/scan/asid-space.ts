/**
 * Which ASIDs are taken when an SMMU probes? Through v9 all SMMUs share one set: `arm_smmu_asid_xa`. In it the scan of
 * v8 and v9 may reserve an ASID that an earlier scan reserved, but not one of a live domain: that is -EBUSY.
 */

export class AsidSpace {
  readonly #reserved = new Set<number>();
  readonly #domains = new Map<number, string>();
  /** The same as stretches, in the order in which they were given out. */
  readonly #stretches: { readonly first: number; last: number }[] = [];
  /** Nothing below is free any more. */
  #lowest = 1;
  /** An SMMU that probed before may have given out any. */
  uncertain = false;

  /** The SMMU one of whose domains has it; null where none has. */
  ownerOf(asid: number): string | null {
    return this.#domains.get(asid) ?? null;
  }

  /** What tells one space from another to a scan. */
  get signature(): string {
    const stretches = this.#stretches.map(({ first, last }) => `${first}-${last}`);
    return `${this.uncertain ? '?' : ''}${stretches.join()}`;
  }

  /** A scan that succeeded keeps what it has reserved for as long as the kernel lives. */
  reserve(asids: Iterable<number>): void {
    for (const asid of asids) this.#reserved.add(asid);
  }

  /** Domains of an SMMU each get the lowest ASID that is free, from 1 on. */
  giveOut(smmu: string, domains: number, asidBits: number): void {
    const last = 2 ** asidBits - 1;
    for (let given = 0; given < domains && this.#lowest <= last; this.#lowest++) {
      if (this.#reserved.has(this.#lowest) || this.#domains.has(this.#lowest)) continue;
      this.#domains.set(this.#lowest, smmu);
      const stretch = this.#stretches.at(-1);
      if (stretch?.last === this.#lowest - 1) stretch.last = this.#lowest;
      else this.#stretches.push({ first: this.#lowest, last: this.#lowest });
      given += 1;
    }
  }
}
