/**
 * Structures of a made kernel: the members that are read, at the offsets that Debian's kernels have.
 */

import type { MemberSpec, StructSpecs } from '../writers/btf-writer.ts';

export const CORE_STRUCTS: StructSpecs = {
  atomic_t: { byteLength: 4, members: [['counter', 0, 'wrapped']] },
  list_head: {
    byteLength: 16,
    members: [
      ['next', 0, 'void*'],
      ['prev', 8, 'void*'],
    ],
  },
  rb_node: {
    byteLength: 24,
    members: [
      ['__rb_parent_color', 0, 'u64'],
      ['rb_right', 8, 'void*'],
      ['rb_left', 16, 'void*'],
    ],
  },
  rb_root: { byteLength: 8, members: [['rb_node', 0, 'void*']] },
  kobject: {
    byteLength: 64,
    members: [
      ['name', 0, 'void*'],
      ['entry', 8, 'list_head'],
      ['parent', 24, 'void*'],
      ['kset', 32, 'void*'],
      ['sd', 48, 'void*'],
    ],
  },
  kset: {
    byteLength: 96,
    members: [
      ['list', 0, 'list_head'],
      ['kobj', 24, 'kobject'],
    ],
  },
  device: {
    byteLength: 832,
    members: [
      ['kobj', 0, 'kobject'],
      ['parent', 64, 'void*'],
      ['p', 72, 'void*'],
      ['init_name', 80, 'void*'],
      ['bus', 96, 'void*'],
      ['driver', 104, 'void*'],
      ['driver_data', 120, 'void*'],
      ['iommu_group', 728, 'void*'],
      ['iommu', 736, 'void*'],
    ],
  },
  platform_device: {
    byteLength: 900,
    members: [
      ['dev', 16, 'device'],
      ['num_resources', 848, 'u32'],
      ['resource', 856, 'void*'],
    ],
  },
  device_driver: {
    byteLength: 144,
    members: [
      ['name', 0, 'void*'],
      ['bus', 8, 'void*'],
      ['owner', 16, 'void*'],
      ['p', 136, 'void*'],
    ],
  },
  klist: {
    byteLength: 40,
    members: [
      ['k_lock', 0, 'u32'],
      ['k_list', 8, 'list_head'],
    ],
  },
  klist_node: {
    byteLength: 32,
    members: [
      ['n_klist', 0, 'void*'],
      ['n_node', 8, 'list_head'],
    ],
  },
  driver_private: {
    byteLength: 152,
    members: [
      ['klist_devices', 64, 'klist'],
      ['driver', 144, 'void*'],
    ],
  },
  device_private: {
    byteLength: 216,
    members: [
      ['knode_driver', 72, 'klist_node'],
      ['device', 200, 'void*'],
    ],
  },
  resource: {
    byteLength: 64,
    members: [
      ['start', 0, 'u64'],
      ['end', 8, 'u64'],
      ['name', 16, 'void*'],
      ['flags', 24, 'u64'],
      ['desc', 32, 'u64'],
      ['parent', 40, 'void*'],
      ['sibling', 48, 'void*'],
      ['child', 56, 'void*'],
    ],
  },
  iommu_group: {
    byteLength: 64,
    members: [
      ['id', 40, 'u32'],
      ['domain', 48, 'void*'],
    ],
  },
  iommu_domain: { byteLength: 64, members: [['type', 0, 'u32']] },
  iommu_fwspec: {
    byteLength: 32,
    members: [
      ['num_ids', 16, 'u32'],
      ['ids', 20, 'u32'],
    ],
  },
  dev_iommu: {
    byteLength: 64,
    members: [
      ['fwspec', 40, 'void*'],
      ['iommu_dev', 48, 'void*'],
    ],
  },
  kernfs_elem_dir: { byteLength: 16, members: [['children', 8, 'rb_root']] },
  kernfs_node: {
    byteLength: 128,
    members: [
      ['name', 16, 'void*'],
      ['rb', 24, 'rb_node'],
      ['dir', 64, 'kernfs_elem_dir'],
      ['priv', 104, 'void*'],
    ],
  },
  bin_attribute: {
    byteLength: 48,
    members: [
      ['size', 16, 'u64'],
      ['private', 24, 'void*'],
    ],
  },
  btf: {
    byteLength: 64,
    members: [
      ['data', 0, 'void*'],
      ['data_size', 8, 'u32'],
    ],
  },
};

const LL_QUEUE: StructSpecs = {
  llq_indexes: {
    form: 'anonymous',
    byteLength: 8,
    members: [
      ['prod', 0, 'u32'],
      ['cons', 4, 'u32'],
    ],
  },
  llq_either: {
    form: 'union',
    byteLength: 64,
    members: [
      ['val', 0, 'u64'],
      ['', 0, 'llq_indexes'],
    ],
  },
};

const QUEUE: StructSpecs = {
  arm_smmu_ll_queue: {
    byteLength: 128,
    members: [
      ['', 0, 'llq_either'],
      ['max_n_shift', 64, 'u32'],
    ],
  },
  arm_smmu_queue: {
    byteLength: 192,
    members: [
      ['llq', 0, 'arm_smmu_ll_queue'],
      ['irq', 128, 'u32'],
      ['base', 136, 'void*'],
      ['base_dma', 144, 'u64'],
      ['q_base', 152, 'u64'],
      ['ent_dwords', 160, 'u64'],
      ['prod_reg', 168, 'void*'],
      ['cons_reg', 176, 'void*'],
    ],
  },
  arm_smmu_cmdq: {
    byteLength: 256,
    members: [
      ['q', 0, 'arm_smmu_queue'],
      ['owner_prod', 200, 'atomic_t'],
    ],
  },
  arm_smmu_evtq: {
    byteLength: 256,
    members: [
      ['q', 0, 'arm_smmu_queue'],
      ['max_stalls', 200, 'u32'],
    ],
  },
  arm_smmu_priq: { byteLength: 192, members: [['q', 0, 'arm_smmu_queue']] },
};

/** From 6.12 on: the registers of the table are computed. */
const UNION_TABLE: StructSpecs = {
  strtab_linear: {
    byteLength: 24,
    members: [
      ['table', 0, 'void*'],
      ['ste_dma', 8, 'u64'],
      ['num_ents', 16, 'u32'],
    ],
  },
  strtab_l2: {
    byteLength: 32,
    members: [
      ['l1tab', 0, 'void*'],
      ['l2ptrs', 8, 'void*'],
      ['l1_dma', 16, 'u64'],
      ['num_l1_ents', 24, 'u32'],
    ],
  },
  strtab_either: {
    form: 'union',
    byteLength: 32,
    members: [
      ['linear', 0, 'strtab_linear'],
      ['l2', 0, 'strtab_l2'],
    ],
  },
  arm_smmu_strtab_cfg: { byteLength: 40, members: [['', 0, 'strtab_either']] },
};

/** Up to 6.11: the registers are kept. */
const STORED_TABLE: StructSpecs = {
  arm_smmu_strtab_cfg: {
    byteLength: 48,
    members: [
      ['strtab', 0, 'void*'],
      ['strtab_dma', 8, 'u64'],
      ['l1_desc', 16, 'void*'],
      ['num_l1_ents', 24, 'u32'],
      ['strtab_base', 32, 'u64'],
      ['strtab_base_cfg', 40, 'u32'],
    ],
  },
};

/** Members for implementations came before them in 6.12. */
const registersAt = (offset: number): readonly MemberSpec[] => [
  ['base', offset, 'void*'],
  ['page1', offset + 8, 'void*'],
  ['features', offset + 16, 'u32'],
  ['options', offset + 20, 'u32'],
];

const SMMU_MEMBERS: readonly MemberSpec[] = [
  ['dev', 0, 'void*'],
  ['cmdq', 64, 'arm_smmu_cmdq'],
  ['evtq', 320, 'arm_smmu_evtq'],
  ['priq', 576, 'arm_smmu_priq'],
  ['oas', 776, 'u64'],
  ['pgsize_bitmap', 784, 'u64'],
  ['asid_bits', 792, 'u32'],
  ['vmid_bits', 800, 'u32'],
  ['ssid_bits', 816, 'u32'],
  ['sid_bits', 820, 'u32'],
  ['strtab_cfg', 824, 'arm_smmu_strtab_cfg'],
  ['iommu', 872, 'u64'],
];

const withStreams = (registers: readonly MemberSpec[]): StructSpecs => ({
  arm_smmu_device: { byteLength: 960, members: [...registers, ...SMMU_MEMBERS, ['streams', 912, 'rb_root']] },
  arm_smmu_stream: {
    byteLength: 40,
    members: [
      ['id', 0, 'u32'],
      ['master', 8, 'void*'],
      ['node', 16, 'rb_node'],
    ],
  },
  arm_smmu_master: {
    byteLength: 64,
    members: [
      ['smmu', 0, 'void*'],
      ['dev', 8, 'void*'],
      ['streams', 16, 'void*'],
      ['num_streams', 24, 'u32'],
    ],
  },
});

const DOMAIN: StructSpecs = {
  arm_smmu_cd: { byteLength: 16, members: [['asid', 0, 'u16']] },
  arm_smmu_domain: {
    byteLength: 160,
    members: [
      ['smmu', 0, 'void*'],
      ['stage', 16, 'u32'],
      ['cd', 24, 'arm_smmu_cd'],
      ['domain', 64, 'iommu_domain'],
    ],
  },
};

/** The structure that the driver of SMMUv2 calls by the same name. */
export const SMMUV2: StructSpecs = {
  'arm_smmu_device#v2': {
    byteLength: 200,
    members: [
      ['dev', 0, 'void*'],
      ['base', 8, 'void*'],
      ['features', 24, 'u32'],
    ],
  },
  'arm_smmu_domain#v2': {
    byteLength: 80,
    members: [
      ['smmu', 0, 'void*'],
      ['stage', 8, 'u32'],
      ['domain', 16, 'iommu_domain'],
    ],
  },
};

/** Those of the arm-smmu-v3 driver, by kernel. */
export const DRIVER_STRUCTS = {
  '5.10': {
    ...LL_QUEUE,
    ...QUEUE,
    ...STORED_TABLE,
    ...DOMAIN,
    arm_smmu_device: { byteLength: 960, members: [...registersAt(8), ...SMMU_MEMBERS] },
  },
  '6.1': { ...LL_QUEUE, ...QUEUE, ...STORED_TABLE, ...DOMAIN, ...withStreams(registersAt(8)) },
  '7.3': { ...LL_QUEUE, ...QUEUE, ...UNION_TABLE, ...DOMAIN, ...withStreams(registersAt(24)) },
} as const satisfies Record<string, StructSpecs>;

/** The same structures with every member of the SMMU's further back, as options of another kernel might move it. */
export function moved(specs: StructSpecs, by: number): StructSpecs {
  const { arm_smmu_device: device } = specs;
  if (device === undefined) return specs;
  const members = device.members.map(([name, offset, type]): MemberSpec => [name, offset + by, type]);
  return { ...specs, arm_smmu_device: { byteLength: device.byteLength + by, members } };
}
