/** The revisions of the patch series, each as what it does differently from the one before. */

import { PREFIX } from './log.ts';
import type { Revision } from './revision.ts';

const v6: Revision = {
  name: 'v6',
  unread: null,
  prefix: PREFIX,
  parsePrefix: PREFIX,
  adoptingLevel: 'info',
  assertsCoherency: true,
  boundsL1EntriesAsPower: false,
  checksAlignment: false,
  capsLinearBySidSize: false,
  reservesIds: false,
  asksForCd2l: false,
  rejectsNullCdLeaf: false,
  checksCdAlignment: false,
  asidSpace: 'global',
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

/** One file of its own, with its own prefix for all that it says. The scan checks its L1 descriptors again, in silence. */
const v8: Revision = {
  ...v7,
  name: 'v8',
  unread: 'reset',
  checksAlignment: true,
  reservesIds: true,
  // As gcc 12 builds v10, whose functions these became. Another compiler may inline differently inside a file.
  readers: {
    l1Table: 'arm_smmu_kdump_adopt_strtab',
    stes: 'arm_smmu_kdump_adopt_strtab',
    cdL1Table: 'arm_smmu_kdump_resv_ste_ids',
    cds: 'arm_smmu_kdump_resv_cd_asids',
    deferral: 'arm_smmu_kdump_is_attach_deferred',
  },
};

const v9: Revision = {
  ...v8,
  name: 'v9',
  // The helpers that parse the tables live in a file of their own, which has no prefix.
  parsePrefix: '',
  capsLinearBySidSize: true,
  asksForCd2l: true,
  rejectsNullCdLeaf: true,
  // As gcc 12 builds them. Another compiler may inline differently inside a file, but not across files.
  readers: {
    ...v8.readers,
    stes: 'arm_smmu_kexec_scan_and_resv_ids',
    cdL1Table: 'arm_smmu_kexec_resv_ste_ids',
    cds: 'arm_smmu_kexec_resv_cd_asids',
  },
};

const v10: Revision = {
  ...v9,
  name: 'v10',
  unread: null,
  boundsL1EntriesAsPower: true,
  checksCdAlignment: true,
  asidSpace: 'smmu',
  allocatesEventQueue: false,
  resetKeeps: 'all but CMDQEN, EVENTQEN, PRIQEN',
};

/** What the author had after v10: the two files made one again, under another prefix. */
const next: Revision = {
  ...v10,
  name: 'next',
  prefix: 'kexec: ',
  parsePrefix: 'kexec: ',
  readers: { ...v10.readers, stes: 'arm_smmu_kdump_adopt_strtab' },
};

/** Every revision that can be emulated, oldest first. */
export const REVISIONS: ReadonlyMap<string, Revision> = new Map(
  [v6, v7, v8, v9, v10, next].map((one) => [one.name, one]),
);

/** The revision that vendors ship: what is emulated when nobody says otherwise. */
export const DEFAULT_REVISION = v6.name;
