/** What the explanations refer to: chapters of the architecture, functions of the driver, and the series as posted. */

const chapter = (name: string): string => `Arm IHI 0070, "${name}"`;

/** Chapters and sections of the SMMUv3 architecture, by the names that they have in issue G.b. */
export const ARM = {
  numbering: chapter('Stream numbering'),
  lookup: chapter('Stream table lookup'),
  contexts: chapter('StreamIDs to Context Descriptors'),
  addressSizes: chapter('Address sizes'),
  tags: chapter('TLB tagging, VMIDs, ASIDs and participation in broadcast TLB maintenance'),
  structureRules: chapter('Structure access rules and update procedures'),
  faults: chapter('Fault models, recording and reporting'),
  stall: chapter('Stall model'),
  events: chapter('Event queue recorded faults and events'),
  eventOverflow: chapter('Event queue overflow'),
  queues: chapter('SMMU circular queues'),
  commandErrors: chapter('Command queue errors'),
  pageRequests: chapter('PRI queue overflow'),
  ats: chapter('ATS Interface'),
  pcie: chapter('Support for PCI Express, PASIDs, PRI, and ATS'),
  l1std: chapter('Level 1 Stream Table Descriptor'),
  ste: chapter('Stream Table Entry'),
  steValidity: chapter('Validity of STE'),
  l1cd: chapter('Level 1 Context Descriptor'),
  cd: chapter('Context Descriptor'),
  globalErrors: chapter('Global error recording'),
  serviceFailure: chapter('Service Failure Mode (SFM)'),
  idr0: chapter('SMMU_IDR0'),
  idr1: chapter('SMMU_IDR1'),
  idr5: chapter('SMMU_IDR5'),
  cr0: chapter('SMMU_CR0'),
  gbpa: chapter('SMMU_GBPA'),
  gerror: chapter('SMMU_GERROR'),
  cmdqCons: chapter('SMMU_CMDQ_CONS'),
  strtabBase: chapter('SMMU_STRTAB_BASE'),
  strtabBaseCfg: chapter('SMMU_STRTAB_BASE_CFG'),
} as const;

/** The format of translation tables, which SMMU and CPU share. */
export const TRANSLATION_TABLES = 'Arm DDI 0487, chapter D8';

/** A function of Linux, where the kernel does what is explained. */
export const linux = (name: string): string => `Linux, ${name}()`;

const posted = (revision: string, date: string, cover: string): string =>
  `series ${revision}, ${date}: https://lore.kernel.org/all/${cover}/`;

/** The patch series "iommu/arm-smmu-v3: ... kdump ..." as it was posted. */
export const POSTED_SERIES = {
  v1: posted('v1', '2026-04-09', 'cover.1775763475.git.nicolinc@nvidia.com'),
  v3: posted('v3', '2026-04-25', 'cover.1777150307.git.nicolinc@nvidia.com'),
  v4: posted('v4', '2026-04-29', 'cover.1777446969.git.nicolinc@nvidia.com'),
  v5: posted('v5', '2026-05-10', 'cover.1778416609.git.nicolinc@nvidia.com'),
  v6: posted('v6', '2026-05-20', 'cover.1779265413.git.nicolinc@nvidia.com'),
  v7: posted('v7', '2026-06-29', 'cover.1782799827.git.nicolinc@nvidia.com'),
  v10: posted('v10', '2026-08-30', 'cover.1788130528.git.nicolinc@nvidia.com'),
} as const;

/** The same, and what was said of it. */
export const SERIES = {
  ...POSTED_SERIES,
  /** The questions about the clean-up and about half-built state. */
  cleanupReview: 'review of v6 1/7: https://lore.kernel.org/all/akGnm_dzvoapjwoI@google.com/',
  /** Whether blocking all DMA was not the very purpose, and what speaks against it. */
  objection: 'review of v2 (Murphy): https://lkml.iu.edu/hypermail/linux/kernel/2604.2/00967.html',
  answer: 'review of v2 (Gunthorpe): https://lore.kernel.org/all/20260416172005.GB761338@nvidia.com/',
  /** Addresses that nobody vets, tables that a crash leaves half done, DMA that damages what is dumped. */
  doubts: 'review of v7 (Saleh): https://lkml.iu.edu/hypermail/linux/kernel/2606.3/11636.html',
} as const;
