/**
 * How much of the tables does one report list? Whatever a real machine has; a few pages that point to one another can
 * describe more rows than anybody can wait for. What is not listed is counted, and said.
 */

/** Twice what Linux builds, and sixteen times what the largest servers use. For all SMMUs of a report together. */
const MAX_STES_LISTED = 2 ** 20;
const MAX_L1_LISTED = 2 ** 18;
/**
 * Context descriptors beyond the first of each stream: a stream has one for each process that shares its address space
 * with a device. And places for them that are looked at, a gigabyte of tables.
 */
const MAX_FURTHER_CDS = 2 ** 18;
const MAX_CDS_EXAMINED = 2 ** 24;
/** L2 tables that another L1 descriptor leads to as well: a damaged table has a few, a hostile one has nothing else. */
const MAX_REPEATED_TABLES = 64;

/** What one pass over the STEs of an SMMU may list. */
export interface SteLimits {
  readonly stes: number;
  /** Tables that were met before, for this SMMU or another one. */
  readonly repeatedTables: number;
}

export const NO_STE_LIMITS: SteLimits = { stes: Number.POSITIVE_INFINITY, repeatedTables: Number.POSITIVE_INFINITY };

/** Whose tables they are: arrays of STEs by address, with the first SMMU that leads to each. */
export class TableOwners {
  readonly #owners = new Map<number, object>();

  /** Whether the table is another one's; an unclaimed one is `owner`'s from now on. */
  isAnothers(paddr: number, owner: object): boolean {
    const first = this.#owners.get(paddr);
    if (first === undefined) this.#owners.set(paddr, owner);
    return first !== undefined && first !== owner;
  }
}

export interface CdLimits {
  /** CDs beyond the first of each stream. */
  readonly further: number;
  /** Entries and level 1 descriptors that are looked at. */
  readonly examined: number;
}

/** What is left for the SMMUs of one report, which take what they need one after the other. */
export class ListBudget {
  #stes = MAX_STES_LISTED;
  /** L1 descriptors. */
  l1 = MAX_L1_LISTED;
  #repeatedTables = MAX_REPEATED_TABLES;
  /** Of each SMMU: rows are read anew by every reader, so that these cannot be counted down. */
  readonly cds: CdLimits;

  constructor(smmus: number) {
    const share = (limit: number) => Math.ceil(limit / Math.max(1, smmus));
    this.cds = { further: share(MAX_FURTHER_CDS), examined: share(MAX_CDS_EXAMINED) };
  }

  /** For the next SMMU. */
  get steLimits(): SteLimits {
    return { stes: this.#stes, repeatedTables: this.#repeatedTables };
  }

  /** `stes` rows are listed, among them those of so many repeated tables. */
  take({ stes, repeatedTables }: SteLimits): void {
    this.#stes -= stes;
    this.#repeatedTables -= repeatedTables;
  }

  /** How many of these L1 descriptors are listed. */
  takeL1(rows: number): number {
    const listed = Math.min(rows, this.l1);
    this.l1 -= listed;
    return listed;
  }
}

/** The first so many. */
export function* firstOf<T>(items: Iterable<T>, limit: number): Generator<T> {
  let left = limit;
  if (left === 0) return;
  for (const item of items) {
    yield item;
    left -= 1;
    if (left === 0) return;
  }
}
