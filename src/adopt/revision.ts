/**
 * The revisions of the patch series, as the differences that the emulation consults. A rule that all of them share is
 * code; a rule in which they part is a member here.
 */

import { type LogLevel, PREFIX } from './log.ts';

export interface Revision {
  readonly name: string;
  /** What the geometry and L1 descriptor errors begin with; every other message of the adoption has {@link PREFIX}. */
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

const v6: Revision = {
  name: 'v6',
  parsePrefix: PREFIX,
  adoptingLevel: 'info',
  assertsCoherency: true,
  boundsL1EntriesAsPower: false,
  checksAlignment: false,
  capsLinearBySidSize: false,
  reservesIds: false,
  cleanupAsks: 'STRTAB_BASE_CFG',
  restoresTwoLevel: false,
  readers: {
    l1Table: 'arm_smmu_device_probe',
    // There is no scan that would read these.
    stes: 'arm_smmu_device_probe',
    cdL1Table: 'arm_smmu_device_probe',
    cds: 'arm_smmu_device_probe',
    deferral: 'arm_smmu_is_attach_deferred',
  },
  allocatesEventQueue: true,
  resetKeeps: 'SMMUEN, ATSCHK',
  forcesAtschk: true,
};

const v7: Revision = {
  ...v6,
  name: 'v7',
  adoptingLevel: 'debug',
  assertsCoherency: false,
  cleanupAsks: 'ARM_SMMU_FEAT_2_LVL_STRTAB',
  restoresTwoLevel: true,
  forcesAtschk: false,
};

const v10: Revision = {
  ...v7,
  name: 'v10',
  // The helpers that parse the tables live in a file of their own, which has no prefix.
  parsePrefix: '',
  boundsL1EntriesAsPower: true,
  checksAlignment: true,
  capsLinearBySidSize: true,
  reservesIds: true,
  // As gcc 12 builds them. Another compiler may inline differently inside a file, but not across files.
  readers: {
    l1Table: 'arm_smmu_kdump_adopt_strtab',
    stes: 'arm_smmu_kexec_scan_and_resv_ids',
    cdL1Table: 'arm_smmu_kexec_resv_ste_ids',
    cds: 'arm_smmu_kexec_resv_cd_asids',
    deferral: 'arm_smmu_kdump_is_attach_deferred',
  },
  allocatesEventQueue: false,
  resetKeeps: 'all but CMDQEN, EVENTQEN, PRIQEN',
};

/** Every revision that can be emulated, oldest first. */
export const REVISIONS: ReadonlyMap<string, Revision> = new Map([v6, v7, v10].map((one) => [one.name, one]));

/** The revision that vendors ship: what is emulated when nobody says otherwise. */
export const DEFAULT_REVISION = v6.name;
