/** What may a log of the kdump kernel settle? */

/** What a captured log of the kdump kernel tells of what the dump leaves open. */
export interface ToldByLog {
  /** The adoption succeeded, or fell back; null where the log does not say. */
  readonly adoption: 'adopted' | 'fallback' | null;
  /** What the driver says of the L1 descriptor, or of the table, that made it fall back, without prefix. */
  readonly complaint: string | null;
  /** L1 indices whose table v5 rejects for what it overlaps, as a device comes; `all`: there are no others. */
  readonly corruptSlots: { readonly of: ReadonlySet<number>; readonly all: boolean };
  /** Whether there was memory for a table of the kernel's own; null where the log does not say. */
  readonly ordinaryTable: 'granted' | 'refused' | null;
  /** The SMMU registered with every device that was there; null where the log does not reach as far, or says otherwise. */
  readonly registered: true | null;
  /** The function of the driver in which the kernel died; null where it did not, or elsewhere. */
  readonly diedIn: string | null;
}
