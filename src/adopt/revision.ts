/**
 * What a revision of the patch series is: the differences that the emulation consults. A rule that all of them share is
 * code; a rule in which they part is a member here. The records are in `revisions.ts`.
 */

import type { LogLevel } from './log.ts';

export interface Revision {
  readonly name: string;
  /** What nobody has read of it as posted, and what stands in for that; null where all of it was read. */
  readonly unread: Unread | null;
  /** What every message of the gate, the adoption and the insertions begins with, but those of {@link parsePrefix}. */
  readonly prefix: string;
  /** What the geometry and L1 descriptor errors begin with. */
  readonly parsePrefix: string;
  /** Level of the message that announces the attempt. */
  readonly adoptingLevel: LogLevel;
  /** Each path asserts coherency once more (v3 to v6); later revisions leave that to the gate. */
  readonly assertsCoherency: boolean;
  /** Bounds the number of L1 descriptors before the shift, and says it as a power of two (v10). */
  readonly boundsL1EntriesAsPower: boolean;
  /** Rejects bases that are not aligned to their table, and L2 pointers that are null or not aligned (v8 on). */
  readonly checksAlignment: boolean;
  /** The cap of a linear table includes IDR1.SIDSIZE on two-level hardware as well (v9 on). */
  readonly capsLinearBySidSize: boolean;
  /** Reserves the ASIDs and VMIDs that the crashed kernel's entries use (v8 on). */
  readonly reservesIds: boolean;
  /** The scan for them rejects a two-level CD table on hardware without IDR0.CD2L (v9 on). */
  readonly asksForCd2l: boolean;
  /** It rejects a null pointer to the leaf of a CD table, instead of reading address 0 (v9 on). */
  readonly rejectsNullCdLeaf: boolean;
  /** It rejects CD tables and leaves that are not aligned to their size (v10). */
  readonly checksCdAlignment: boolean;
  /** Whose ASIDs are kept apart: those of all SMMUs together (through v9), or of each (v10). */
  readonly asidSpace: 'global' | 'smmu';
  /** What the clean-up asks for the format of the table: the register once more, or the driver's feature bit (v7 on). */
  readonly cleanupAsks: 'STRTAB_BASE_CFG' | 'ARM_SMMU_FEAT_2_LVL_STRTAB';
  /** Sets the two-level feature again when the clean-up action cannot be registered after a linear adoption (v7 on). */
  readonly restoresTwoLevel: boolean;
  /** The functions in whose code the tables are read, as the `pc` line of an oops names them. */
  readonly readers: TableReaders;
  /** A kdump kernel allocates an event queue, though it leaves it off (through v9). */
  readonly allocatesEventQueue: boolean;
  /** CR0 bits that the reset of an adopted SMMU keeps: these two, or all but the enables of the queues (v10). */
  readonly resetKeeps: 'SMMUEN, ATSCHK' | 'all but CMDQEN, EVENTQEN, PRIQEN';
  /** The reset sets CR0.ATSCHK wherever IDR0.ATS is 1, whatever it was before (through v6). */
  readonly forcesAtschk: boolean;
}

/** `adopt`: the adoption was read in quotes alone. `reset`: the reset was not read, and that of v7 stands in for it. */
export type Unread = 'adopt' | 'reset';

/** A function of the driver for each place in which it reads what may kill it. File-local helpers are inlined. */
export interface TableReaders {
  /** The L1 descriptors, in the adoption. */
  readonly l1Table: string;
  /** The STEs of L2 tables and of a linear table, in the scan for IDs in use. */
  readonly stes: string;
  /** Level 1 descriptors of a CD table. */
  readonly cdL1Table: string;
  /** Context descriptors, of a linear CD table and of a leaf. */
  readonly cds: string;
  /** One STE, in the question whether attaching a device waits. */
  readonly deferral: string;
}
