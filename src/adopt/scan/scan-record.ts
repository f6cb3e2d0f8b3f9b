/** What a scan for IDs in use has found so far: IDs, broken rules, what could not be read, and where the kernel stopped. */

import type { ArmSmmuDevice } from '../device.ts';
import type { GaveUp, ScanFailure } from '../evidence.ts';
import type { Reader, Remap } from '../kernel-memory.ts';
import type { MappingPurpose } from '../ledger.ts';
import { readerOf, type TableReaders } from '../revisions/revision.ts';

export interface IdScan {
  /** `unknown`: no rule is broken by what can be read, and something cannot. */
  readonly outcome: 'reserved' | 'failed' | 'unknown';
  readonly ret: number | null;
  /** Held in the end, ascending; empty after a failure, which rolls all of them back. */
  readonly asids: readonly number[];
  readonly vmids: readonly number[];
  /** How many the failing scan had reserved before it stopped. */
  readonly rolledBack: { readonly asids: number; readonly vmids: number };
  readonly cdTables: number;
  readonly cds: number;
  readonly failures: readonly ScanFailure[];
  /** Broken rules beyond those listed. */
  readonly failuresNotListed: number;
  /** Entries whose bytes are not known, and why the scan was given up early, if it was. */
  readonly unknownEntries: number;
  /** ASIDs in use of which nobody can tell whether a domain of another SMMU has them. */
  readonly contestedAsids: number;
  readonly gaveUp: GaveUp | null;
}

const MAX_FAILURES_LISTED = 1000;
/** Thousands of times what a machine has; a hostile table can ask for more than a lifetime. */
const MAX_STES = 1 << 22;
const MAX_CD_TABLES = 1 << 18;
const MAX_CDS = 1 << 26;

export class ScanRecord {
  readonly #smmu: ArmSmmuDevice;
  readonly #asids = new Set<number>();
  readonly #vmids = new Set<number>();
  readonly #contested = new Set<number>();
  readonly #failures: ScanFailure[] = [];
  #failuresTotal = 0;
  #unknown = 0;
  #unknownBefore = 0;
  #ret: number | null = 0;
  #stes = 0;
  #cdTables = 0;
  #cds = 0;
  /** Linear CD tables that were read without anything to be said of them, with how many CDs of each. */
  readonly #clean = new Map<number, number>();
  gaveUp: GaveUp | null = null;

  constructor(smmu: ArmSmmuDevice) {
    this.#smmu = smmu;
  }

  /** The kernel has met a broken rule: from here on this is an onlooker's scan, which maps and reserves nothing. */
  get stopped(): boolean {
    return this.#failuresTotal > 0;
  }

  /** Something that the kernel reads is not known by now. */
  get inDoubt(): boolean {
    return this.#unknownBefore + this.#contested.size > 0;
  }

  /** Who dies when such a table is read; an onlooker does not. */
  reader(of: keyof TableReaders): Reader {
    return () => (this.stopped ? null : readerOf(this.#smmu.revision, of));
  }

  /** memremap() for the moment of the scan. */
  map(purpose: MappingPurpose, paddr: number, byteLength: number): Remap {
    if (this.stopped) return this.#smmu.memory.remap(paddr, byteLength);
    return this.#smmu.map('memremap', purpose, { paddr, byteLength }, true).remap;
  }

  /** Another STE that may have an ID: false when the scan has seen enough of them. */
  admitsSte(): boolean {
    this.#stes += 1;
    if (this.#stes > MAX_STES) this.gaveUp ??= { after: MAX_STES, of: 'stes' };
    return this.gaveUp === null;
  }

  /**
   * Reads the CDs from `paddr` on. Once nothing was found wrong with them, not again for another STE that leads there:
   * their ASIDs are reserved already.
   */
  readOnce(paddr: number, cds: number, read: () => void): void {
    if ((this.#clean.get(paddr) ?? 0) >= cds) return;
    const before = this.#failuresTotal + this.#unknown;
    read();
    if (this.#failuresTotal + this.#unknown === before) this.#clean.set(paddr, cds);
  }

  /** Another CD table of so many entries is to be read: false when the scan has seen enough of them. */
  admits(cds: number): boolean {
    this.#cdTables += 1;
    this.#cds += cds;
    if (this.#cdTables > MAX_CD_TABLES) this.gaveUp ??= { after: MAX_CD_TABLES, of: 'cd-tables' };
    if (this.#cds > MAX_CDS) this.gaveUp ??= { after: MAX_CDS, of: 'cds' };
    return this.gaveUp === null;
  }

  /** One that a domain of an SMMU which probed before may have: then the scan may have ended here. */
  asid(asid: number): void {
    if (this.stopped) return;
    this.#asids.add(asid);
    if (this.#smmu.asids.uncertain) this.#contested.add(asid);
  }

  vmid(vmid: number): void {
    if (!this.stopped) this.#vmids.add(vmid);
  }

  unknown(entries: number): void {
    this.#unknown += entries;
    if (!this.stopped) this.#unknownBefore += entries;
  }

  /** Counts one more broken rule where no more are listed: a table of garbage breaks them by the million. */
  overflows(): boolean {
    if (this.#failures.length < MAX_FAILURES_LISTED) return false;
    this.#failuresTotal += 1;
    return true;
  }

  /** A broken rule that is listed. */
  fail(failure: Omit<ScanFailure, 'stopsHere'>): void {
    if (this.overflows()) return;
    const stopsHere = !this.stopped;
    if (stopsHere) this.#ret = failure.ret;
    this.#failuresTotal += 1;
    this.#failures.push({ ...failure, stopsHere });
  }

  result(): IdScan {
    const outcome = this.#outcome();
    const held = outcome === 'reserved';
    const ascending = (ids: Set<number>) => (held ? [...ids].sort((a, b) => a - b) : []);
    const count = (ids: Set<number>) => (outcome === 'failed' ? ids.size : 0);
    return {
      outcome,
      // What cannot be read before the first broken rule may have ended the scan with another errno.
      ret: outcome === 'unknown' || this.inDoubt ? null : this.#ret,
      asids: ascending(this.#asids),
      vmids: ascending(this.#vmids),
      rolledBack: { asids: count(this.#asids), vmids: count(this.#vmids) },
      cdTables: this.#cdTables,
      cds: this.#cds,
      failures: this.#failures,
      failuresNotListed: this.#failuresTotal - this.#failures.length,
      unknownEntries: this.#unknown,
      contestedAsids: this.#contested.size,
      gaveUp: this.gaveUp,
    };
  }

  /** In the kernel's model an entry that cannot be read may lead to a table whose reading kills the kernel. */
  #outcome(): IdScan['outcome'] {
    if (this.stopped) return this.#unknownBefore > 0 && this.#smmu.memory.model === 'kernel' ? 'unknown' : 'failed';
    const open = this.#unknown + this.#contested.size > 0 || this.gaveUp !== null;
    return open ? 'unknown' : 'reserved';
  }
}
