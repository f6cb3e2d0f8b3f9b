/** A made kernel with devices: the lists of the driver core, SMMUs with their driver's state, and devices behind them. */

import { type StructSpecs, writeBtf } from '../writers/btf-writer.ts';
import { DRIVER_STRUCTS } from './kernel-structs.ts';
import { MadeKernel, type MadeKernelOptions, type Value } from './made-kernel.ts';

export interface MadeMaster {
  readonly sid: number;
  readonly device: string;
  readonly driver?: string;
  readonly group: number;
  readonly domainType: number;
  readonly asid?: number;
}

export interface MadeSmmu {
  readonly name?: string;
  readonly base?: number;
  readonly linear?: boolean;
  readonly sidBits?: number;
  /** Driver features without those for the table and coherency. */
  readonly features?: number;
  /** Its tables and queues are mapped outside the linear map. */
  readonly nonCoherent?: boolean;
  /** Where its probe has come to: the driver's data is set before it ends. */
  readonly probe?: 'done' | 'running' | 'no-data';
  readonly masters?: readonly MadeMaster[];
  /** Records in the event queue's memory; the driver has seen `eventsSeen` of them. */
  readonly events?: number;
  readonly eventsSeen?: number;
  /** The driver's flag and gathered commands in its copy of CMDQ_PROD. */
  readonly gathered?: number;
  /** Members of arm_smmu_device to set last, by path. */
  readonly override?: Readonly<Record<string, Value>>;
}

export interface MadeMachineOptions extends MadeKernelOptions {
  /** Whose structures the driver has. */
  readonly driver?: keyof typeof DRIVER_STRUCTS;
  /** Changes them. */
  readonly change?: (structs: StructSpecs) => StructSpecs;
  /** The driver is a module: its types are split BTF behind /sys/kernel/btf, held either way, or there are none. */
  readonly module?: 'data' | 'struct' | 'stripped';
  readonly smmus?: readonly MadeSmmu[];
}

export interface MadeMachine {
  readonly kernel: MadeKernel;
  /** By name, what the registers of each SMMU have to be. */
  readonly registers: ReadonlyMap<string, Readonly<Record<string, bigint>>>;
  /** Addresses of objects by name, for tests that damage them. */
  readonly places: ReadonlyMap<string, bigint>;
}

const RA = 1n << 62n;
const CMDQ_LOG2 = 8;
const EVTQ_LOG2 = 7;
/** TTF LE, coherent, stage 1 and 2 or not, as QEMU's: see FEATURE in smmu-state.ts. */
export const MADE_FEATURES = 0x8204;

export function madeMachine(options: MadeMachineOptions = {}): MadeMachine {
  const { driver = '6.1', change = (structs) => structs, module } = options;
  const structs = change(DRIVER_STRUCTS[driver]);
  const kernel = new MadeKernel({
    ...options,
    structs: module === undefined ? { ...structs, ...options.structs } : {},
  });
  if (module !== undefined) kernel.addStructs(structs);
  const builder = new MachineBuilder(kernel, module !== undefined);
  for (const [i, smmu] of (options.smmus ?? [{}]).entries()) builder.addSmmu(smmu, i);
  builder.finish();
  if (module === 'data' || module === 'struct') addModuleBtf(kernel, structs, module);
  return { kernel, registers: builder.registers, places: builder.places };
}

class MachineBuilder {
  readonly kernel: MadeKernel;
  readonly registers = new Map<string, Readonly<Record<string, bigint>>>();
  readonly places = new Map<string, bigint>();
  readonly #devices: bigint[] = [];
  readonly #drivers = new Map<string, bigint>();
  readonly #driven = new Map<bigint, bigint[]>();
  readonly #groups = new Map<number, bigint>();
  readonly #bus: bigint;
  readonly #isModule: boolean;

  constructor(kernel: MadeKernel, isModule: boolean) {
    this.kernel = kernel;
    this.#isModule = isModule;
    this.#bus = this.#register(kernel.object('device', { 'kobj.name': kernel.text('platform') }, kernel.data(1024)));
    kernel.export('platform_bus_type', kernel.data(64));
    kernel.export('platform_bus', this.#bus);
    // Two that only a careless comparison takes for an SMMU.
    this.#platformDevice('pmcg.0', 'arm-smmu-v3-pmcg', 0x9100_0000);
    this.#platformDevice('smmu.2', 'arm-smmu', 0x9200_0000);
  }

  addSmmu(smmu: MadeSmmu, index: number): void {
    const { kernel } = this;
    const {
      name = `90${index}0000.smmuv3`,
      base = 0x900_0000 + index * 0x10_0000,
      sidBits = 16,
      probe = 'done',
    } = smmu;
    const isLinear = smmu.linear === true;
    const features = (smmu.features ?? MADE_FEATURES) | (isLinear ? 0 : 1) | (smmu.nonCoherent ? 0 : 0x100);
    const device = this.#platformDevice(name, 'arm-smmu-v3', base, probe === 'done');
    this.places.set(`device ${name}`, device);
    const registers: Record<string, bigint> = {};
    this.registers.set(name, registers);
    if (probe === 'no-data') return;
    const page0 = kernel.vmap(base, 0x1000);
    const page1 = kernel.vmap(base + 0x1_0000, 0x1000);
    const va = kernel.allocate(kernel.specOf('arm_smmu_device').byteLength);
    this.places.set(`smmu ${name}`, va);
    const cmdq = this.#queue(smmu, CMDQ_LOG2, 2, 21);
    const events = smmu.events ?? 3;
    const evtq = this.#queue(smmu, EVTQ_LOG2, 4, events);
    this.places.set(`evtq ${name}`, evtq.linear);
    const entries = isLinear ? 2 ** sidBits : 2 ** (sidBits - 8);
    const table = this.#dma(smmu, entries * (isLinear ? 64 : 8));
    const dma = BigInt(table.paddr);
    registers['STRTAB_BASE'] = dma | RA;
    registers['STRTAB_BASE_CFG'] = BigInt(isLinear ? sidBits : 0x1_0200 | sidBits);
    registers['CMDQ_BASE'] = BigInt(cmdq.paddr) | RA | BigInt(CMDQ_LOG2);
    registers['CMDQ_PROD'] = 21n;
    registers['CMDQ_CONS'] = 21n;
    registers['EVENTQ_BASE'] = BigInt(evtq.paddr) | RA | BigInt(EVTQ_LOG2);
    registers['EVENTQ_PROD'] = BigInt(events);
    registers['EVENTQ_CONS'] = BigInt(smmu.eventsSeen ?? events);
    const tableFields: Record<string, Value> = kernel
      .specOf('arm_smmu_strtab_cfg')
      .members.some(([n]) => n === 'strtab')
      ? {
          'strtab_cfg.strtab': table.va,
          'strtab_cfg.strtab_dma': dma,
          'strtab_cfg.num_l1_ents': entries,
          'strtab_cfg.strtab_base': dma | RA,
          'strtab_cfg.strtab_base_cfg': registers['STRTAB_BASE_CFG'],
        }
      : isLinear
        ? {
            'strtab_cfg.linear.table': table.va,
            'strtab_cfg.linear.ste_dma': dma,
            'strtab_cfg.linear.num_ents': entries,
          }
        : { 'strtab_cfg.l2.l1tab': table.va, 'strtab_cfg.l2.l1_dma': dma, 'strtab_cfg.l2.num_l1_ents': entries };
    const queue = (which: string, { va: queueVa, paddr }: Placed, log2: number, dwords: number, prodReg: bigint) => ({
      [`${which}.q.base`]: queueVa,
      [`${which}.q.base_dma`]: paddr,
      [`${which}.q.q_base`]: BigInt(paddr) | RA | BigInt(log2),
      [`${which}.q.ent_dwords`]: dwords,
      [`${which}.q.llq.max_n_shift`]: log2,
      [`${which}.q.prod_reg`]: prodReg,
      [`${which}.q.cons_reg`]: prodReg + 4n,
    });
    const gathered = smmu.gathered ?? 0;
    const fields: Record<string, Value> = {
      dev: device,
      base: page0,
      page1,
      features,
      oas: 44,
      pgsize_bitmap: 0x4020_1000 | 0x2001_0000,
      asid_bits: 16,
      vmid_bits: 8,
      ssid_bits: 0,
      sid_bits: sidBits,
      ...tableFields,
      ...queue('cmdq', cmdq, CMDQ_LOG2, 2, page0 + 0x98n),
      ...queue('evtq', evtq, EVTQ_LOG2, 4, page1 + 0xa8n),
      'cmdq.q.llq.prod': gathered === 0 ? 21 : 0x8000_0000 + 21 + gathered,
      'cmdq.q.llq.cons': 21,
      'cmdq.owner_prod': 21,
      'evtq.q.llq.prod': smmu.eventsSeen ?? events,
      'evtq.q.llq.cons': smmu.eventsSeen ?? events,
    };
    kernel.object('arm_smmu_device', { ...fields, ...smmu.override }, va);
    kernel.object('device', { driver_data: va }, device);
    this.#addMasters(smmu.masters ?? [], va);
  }

  finish(): void {
    const { kernel } = this;
    const kset = kernel.object('kset', {});
    const head = kset + BigInt(kernel.offsetOf('kset', 'list'));
    for (const device of this.#devices) kernel.object('device', { 'kobj.kset': kset }, device);
    kernel.list(
      head,
      this.#devices.map((device) => device + BigInt(kernel.offsetOf('device', 'kobj.entry'))),
    );
    for (const [driver, devices] of this.#driven) {
      const priv = kernel.object('driver_private', { driver });
      kernel.object('device_driver', { p: priv }, driver);
      const klist = priv + BigInt(kernel.offsetOf('driver_private', 'klist_devices'));
      const nodes = devices.map((device) => {
        const knode = this.#privateOf(device) + BigInt(kernel.offsetOf('device_private', 'knode_driver'));
        kernel.object('klist_node', { n_klist: klist }, knode);
        return knode + BigInt(kernel.offsetOf('klist_node', 'n_node'));
      });
      kernel.list(klist + BigInt(kernel.offsetOf('klist', 'k_list')), nodes);
    }
    this.places.set('kset', kset);
    this.places.set('platform_bus', this.#bus);
  }

  #addMasters(masters: readonly MadeMaster[], smmu: bigint): void {
    const { kernel } = this;
    const hasTree = kernel.specOf('arm_smmu_device').members.some(([name]) => name === 'streams');
    const iommu = smmu + BigInt(kernel.offsetOf('arm_smmu_device', 'iommu'));
    const byDevice = new Map<string, bigint>();
    const nodes = masters.map((master) => {
      const device = byDevice.get(master.device) ?? this.#master(master);
      byDevice.set(master.device, device);
      const sids = masters.filter((one) => one.device === master.device).map(({ sid }) => sid);
      const fwspec = kernel.object('iommu_fwspec', { num_ids: sids.length }, kernel.allocate(128));
      const ids = kernel.paddrOf(fwspec) + kernel.offsetOf('iommu_fwspec', 'ids');
      for (const [i, sid] of sids.entries()) kernel.memory.u32(ids + 4 * i, sid);
      kernel.object('device', { iommu: kernel.object('dev_iommu', { fwspec, iommu_dev: iommu }) }, device);
      if (!hasTree) return { sid: master.sid, node: 0n };
      const owner = kernel.object('arm_smmu_master', { smmu, dev: device });
      const stream = kernel.object('arm_smmu_stream', { id: master.sid, master: owner });
      kernel.object('arm_smmu_master', { streams: stream, num_streams: 1 }, owner);
      this.places.set(`stream ${master.sid}`, stream);
      return { sid: master.sid, node: stream + BigInt(kernel.offsetOf('arm_smmu_stream', 'node')) };
    });
    if (!hasTree) return;
    // The tree is searched by StreamID.
    const inOrder = nodes.sort((a, b) => a.sid - b.sid).map(({ node }) => node);
    kernel.object('arm_smmu_device', { streams: kernel.tree(inOrder) }, smmu);
  }

  #master({ device: name, driver, group, domainType, asid }: MadeMaster): bigint {
    const { kernel } = this;
    const device = this.#register(kernel.object('device', { 'kobj.name': kernel.text(name) }));
    if (driver !== undefined) this.#bind(device, driver, true);
    let at = this.#groups.get(group);
    if (at === undefined) {
      const own = kernel.object('arm_smmu_domain', { stage: 0, 'domain.type': domainType, 'cd.asid': asid ?? 0 });
      const domain = own + BigInt(kernel.offsetOf('arm_smmu_domain', 'domain'));
      at = kernel.object('iommu_group', { id: group, domain });
      this.#groups.set(group, at);
    }
    return kernel.object('device', { iommu_group: at }, device);
  }

  #platformDevice(name: string, driver: string, base: number, isBound = true): bigint {
    const { kernel } = this;
    // An interrupt stands before the memory: the first of a kind is meant, not the first of all.
    const resources = kernel.allocate(128);
    kernel.object('resource', { start: 33, end: 33, flags: 0x400 }, resources);
    kernel.object('resource', { start: base, end: base + 0x1_ffff, flags: 0x200 }, resources + 64n);
    const platform = kernel.object('platform_device', { num_resources: 2, resource: resources });
    const device = platform + BigInt(kernel.offsetOf('platform_device', 'dev'));
    kernel.object('device', { 'kobj.name': kernel.text(name) }, device);
    this.#bind(this.#register(device), driver, isBound);
    return device;
  }

  #register(device: bigint): bigint {
    this.#devices.push(device);
    this.kernel.object('device', { p: this.kernel.object('device_private', { device }) }, device);
    return device;
  }

  #privateOf(device: bigint): bigint {
    const paddr = this.kernel.paddrOf(device) + this.kernel.offsetOf('device', 'p');
    return this.kernel.memory.page(paddr).readBigUInt64LE(paddr % 4096);
  }

  #bind(device: bigint, name: string, isBound: boolean): void {
    const { kernel } = this;
    const driver = this.#drivers.get(name) ?? this.#driver(name);
    this.#drivers.set(name, driver);
    this.places.set(`driver ${name}`, driver);
    const devices = this.#driven.get(driver) ?? [];
    this.#driven.set(driver, devices);
    if (isBound) devices.push(device);
    kernel.object('device', { driver }, device);
  }

  /** A variable of the image when the driver is built in, as its name is. */
  #driver(name: string): bigint {
    const { kernel } = this;
    if (this.#isModule) return kernel.object('device_driver', { name: kernel.text(name) });
    return kernel.object('device_driver', { name: kernel.constantText(name) }, kernel.data(144));
  }

  #queue(smmu: MadeSmmu, log2: number, dwords: number, records: number): Placed {
    const queue = this.#dma(smmu, (8 * dwords) << log2);
    for (let i = 0; i < records; i++) this.kernel.memory.u64(queue.paddr + i * 8 * dwords, 0x10n + BigInt(i));
    return queue;
  }

  #dma(smmu: MadeSmmu, byteLength: number): Placed {
    const linear = this.kernel.allocate(byteLength, Math.max(4096, 2 ** Math.ceil(Math.log2(byteLength))));
    const paddr = this.kernel.paddrOf(linear);
    return { paddr, linear, va: smmu.nonCoherent ? this.kernel.vmap(paddr, byteLength) : linear };
  }
}

interface Placed {
  readonly va: bigint;
  readonly linear: bigint;
  readonly paddr: number;
}

/** /sys/kernel/btf with the kernel's own file, another module's, and this one's. */
function addModuleBtf(kernel: MadeKernel, structs: StructSpecs, how: 'data' | 'struct'): void {
  if (kernel.btf === null) throw new Error('split BTF needs a base');
  const { bytes } = writeBtf(structs, { base: kernel.btf });
  const data = kernel.allocate(bytes.byteLength);
  kernel.memory.write(kernel.paddrOf(data), bytes);
  const held = how === 'data' ? data : kernel.object('btf', { data, data_size: bytes.byteLength });
  const attribute = kernel.object('bin_attribute', { size: bytes.byteLength, private: held });
  const node = (name: string, fields: Readonly<Record<string, Value>> = {}) =>
    kernel.object('kernfs_node', { name: kernel.text(name), ...fields }) + BigInt(kernel.offsetOf('kernfs_node', 'rb'));
  const files = ['aaa', 'arm_smmu_v3', 'nvme', 'vmlinux'];
  const children = kernel.tree(files.map((name) => node(name, name === 'arm_smmu_v3' ? { priv: attribute } : {})));
  const folders = kernel.tree([node('boot_params'), node('btf', { 'dir.children.rb_node': children }), node('debug')]);
  const sd = kernel.object('kernfs_node', { 'dir.children.rb_node': folders });
  const kobject = kernel.object('kobject', { name: kernel.text('kernel'), sd });
  const variable = kernel.data(8);
  kernel.memory.u64(kernel.paddrOf(variable), kobject);
  kernel.export('kernel_kobj', variable);
}
