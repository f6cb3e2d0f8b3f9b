/** The revisions of the patch series, each as what it does differently from the one before. */

import { PREFIX } from '../log.ts';
import type { Revision } from './revision.ts';

const NON_COHERENT = 'non-coherent SMMU unsupported; reset to block all DMAs';

const v1: Revision = {
  name: 'v1',
  unread: null,
  prefix: PREFIX,
  parsePrefix: PREFIX,
  adoptingLevel: 'info',
  nonCoherent: null,
  asksServiceFailure: false,
  assertsCoherency: false,
  missingTwoLevel: 'forced on',
  boundsGeometry: false,
  boundsL1EntriesAsPower: false,
  linearCap: 'nothing',
  clearsTwoLevelFirst: true,
  overlapTest: 'none',
  overlapAtInsertion: false,
  mapsL2At: 'adoption',
  noticesMappingErrors: false,
  holds: 'devres',
  setsDmaAddress: true,
  whenItFails: 'probe fails',
  checksAlignment: false,
  reservesIds: false,
  asksForCd2l: false,
  rejectsNullCdLeaf: false,
  checksCdAlignment: false,
  asidSpace: 'global',
  cleanupAsks: 'nothing',
  restoresTwoLevel: false,
  readers: {
    l1Table: 'arm_smmu_device_probe',
    // There is no scan that would read these.
    stes: 'arm_smmu_device_probe',
    cdL1Table: 'arm_smmu_device_probe',
    cds: 'arm_smmu_device_probe',
    deferral: 'arm_smmu_is_attach_deferred',
  },
  seenToDie: [],
  allocatesEventQueue: true,
  defersOn: 'V',
  skipsRmr: false,
  saysResetting: true,
  resetKeeps: 'SMMUEN',
  acknowledgesErrors: false,
  forcesAtschk: true,
};

const v2: Revision = {
  ...v1,
  name: 'v2',
  nonCoherent: 'in-flight DMA would be rejected',
  missingTwoLevel: 'fails',
  saysResetting: false,
};

const v3: Revision = {
  ...v2,
  name: 'v3',
  nonCoherent: "non-coherent SMMU can't adopt stream table",
  asksServiceFailure: true,
  assertsCoherency: true,
  missingTwoLevel: 'option stays',
  boundsGeometry: true,
  // The feature is off by then, so that it is SIDSIZE.
  linearCap: '25 or SIDSIZE',
  overlapTest: 'System RAM',
  noticesMappingErrors: true,
  whenItFails: 'falls back',
  defersOn: 'V and not abort',
  resetKeeps: 'SMMUEN, ATSCHK',
  acknowledgesErrors: true,
};

const v4: Revision = {
  ...v3,
  name: 'v4',
  unread: 'adopt',
  missingTwoLevel: 'fails',
  clearsTwoLevelFirst: false,
  mapsL2At: 'insertion',
  cleanupAsks: 'STRTAB_BASE_CFG',
};

const v5: Revision = {
  ...v4,
  name: 'v5',
  unread: null,
  nonCoherent: NON_COHERENT,
  overlapTest: 'MEM and BUSY',
  overlapAtInsertion: true,
};

const v6: Revision = {
  ...v5,
  name: 'v6',
  overlapTest: 'none',
  overlapAtInsertion: false,
  holds: 'cleanup action',
  setsDmaAddress: false,
  seenToDie: ['l1Table', 'deferral'],
  skipsRmr: true,
};

const v7: Revision = {
  ...v6,
  name: 'v7',
  adoptingLevel: 'debug',
  seenToDie: [],
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
  // As gcc 12 builds v10, whose functions these became: nobody has run this one. Another compiler may inline
  // differently inside a file.
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
  linearCap: '25 and SIDSIZE',
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
  seenToDie: ['l1Table', 'stes', 'cds', 'deferral'],
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
  seenToDie: [],
};

/** Every revision that can be emulated, oldest first. */
export const REVISIONS: ReadonlyMap<string, Revision> = new Map(
  [v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, next].map((one) => [one.name, one]),
);

/** The revision that vendors ship: what is emulated when nobody says otherwise. */
export const DEFAULT_REVISION = v6.name;

/** What a kernel may carry: the one that vendors ship, and those after it. Those before were replaced within weeks. */
export const CURRENT_REVISIONS: readonly Revision[] = [v6, v7, v8, v9, v10, next];
