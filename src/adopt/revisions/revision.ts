/**
 * What a revision of the patch series is: the differences that the emulation consults. A rule that all of them share is
 * code; a rule in which they part is a member here. The records are in `revisions.ts`.
 */

import type { LogLevel } from '../log.ts';

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
  /** What the gate says of an SMMU that is not coherent; null where it says nothing (v1). */
  readonly nonCoherent: string | null;
  /** The gate keeps off an SMMU in Service Failure Mode (v3 on). */
  readonly asksServiceFailure: boolean;
  /** Each path asserts coherency once more (v3 to v6); later revisions leave that to the gate. */
  readonly assertsCoherency: boolean;
  /**
   * Two levels on hardware without: the feature is taken for there (v1); or the adoption fails, in v3 past the place
   * that would have left adoption mode.
   */
  readonly missingTwoLevel: 'forced on' | 'option stays' | 'fails';
  /** Bounds LOG2SIZE from above, the number of L1 descriptors, and their spans (v3 on). */
  readonly boundsGeometry: boolean;
  /** Bounds the number of L1 descriptors before the shift, and says it as a power of two (v10). */
  readonly boundsL1EntriesAsPower: boolean;
  /** What caps the size of a linear table, beside the 31 bits of its count: of 25 and SIDSIZE one, or both (v9 on). */
  readonly linearCap: 'nothing' | '25 or SIDSIZE' | '25 and SIDSIZE';
  /** Switches the two-level feature off before it looks at a linear table, instead of once that is adopted (v4 on). */
  readonly clearsTwoLevelFirst: boolean;
  /** The resources of the kdump kernel that no table may overlap (v3 to v5). */
  readonly overlapTest: OverlapTest | 'none';
  /** It is made again when an L2 table is mapped for a device (v5). */
  readonly overlapAtInsertion: boolean;
  /** When L2 tables are mapped: all of them at once, or each for the first device that needs it (v4 on). */
  readonly mapsL2At: 'adoption' | 'insertion';
  /** Without, a mapping that fails is read through its error code (v1 and v2). */
  readonly noticesMappingErrors: boolean;
  /** Who gives tables back: devres with the SMMU, or an action of the driver's own (v6 on). */
  readonly holds: 'devres' | 'cleanup action';
  /** The adoption fills in the table's DMA address, which nothing uses then (through v5). */
  readonly setsDmaAddress: boolean;
  /** What comes of an adoption that fails. */
  readonly whenItFails: 'probe fails' | 'falls back';
  /** Rejects bases that are not aligned to their table, and L2 pointers that are null or not aligned (v8 on). */
  readonly checksAlignment: boolean;
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
  /**
   * What the clean-up after a failure asks for the format of the table: the register once more (v4 on), or the driver's
   * feature bit (v7 on). Before, there is none.
   */
  readonly cleanupAsks: 'nothing' | 'STRTAB_BASE_CFG' | 'ARM_SMMU_FEAT_2_LVL_STRTAB';
  /** Sets the two-level feature again when the clean-up action cannot be registered after a linear adoption (v7 on). */
  readonly restoresTwoLevel: boolean;
  /** The functions in whose code the tables are read, as the `pc` line of an oops names them. */
  readonly readers: TableReaders;
  /** Of which of them a real kernel has died. The others are inferred. */
  readonly seenToDie: readonly (keyof TableReaders)[];
  /** A kdump kernel allocates an event queue, though it leaves it off (through v9). */
  readonly allocatesEventQueue: boolean;
  /** What makes attaching a device wait: that its STE is valid, or that it does not abort either (v3 on). */
  readonly defersOn: 'V' | 'V and not abort';
  /** The STEs of firmware's reserved memory regions are left as they are (v6 on). */
  readonly skipsRmr: boolean;
  /** The reset says of an adopted SMMU, too, that it resets it (v1). */
  readonly saysResetting: boolean;
  /** CR0 bits that the reset of an adopted SMMU keeps: these, or all but the enables of the queues (v10). */
  readonly resetKeeps: 'SMMUEN' | 'SMMUEN, ATSCHK' | 'all but CMDQEN, EVENTQEN, PRIQEN';
  /** Active global errors are acknowledged before the command queue is switched on (v3 on). */
  readonly acknowledgesErrors: boolean;
  /** The reset sets CR0.ATSCHK wherever IDR0.ATS is 1, whatever it was before (through v6). */
  readonly forcesAtschk: boolean;
}

/** `adopt`: the adoption was read in quotes alone. `reset`: the reset was not read, and that of v7 stands in for it. */
export type Unread = 'adopt' | 'reset';

/** Of the kdump kernel's own resources: its memory, or with that whatever a driver has claimed. */
export type OverlapTest = 'System RAM' | 'MEM and BUSY';

/** Who dies when such a table is read. */
export function readerOf(revision: Revision, of: keyof TableReaders) {
  return { where: revision.readers[of], inferred: !revision.seenToDie.includes(of) };
}

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
