/**
 * The SMMUs of a device tree and who is behind them: the bindings `arm,smmu-v3`, `pci-iommu` (iommu-map), `iommu`
 * (iommus) and `reserved-memory` (iommu-addresses).
 */

import { InputError } from '../errors.ts';
import { parseDeviceTree, type TreeNode } from './device-tree.ts';
import { type Firmware, type IdRange, Problems, SmmuBuilder } from './firmware.ts';
import {
  cellCounts,
  cellOf,
  cellsOf,
  isDmaCoherent,
  isEnabled,
  joinedCells,
  pathOf,
  physicalBase,
  textsOf,
} from './tree-reading.ts';

const SMMU_V3 = 'arm,smmu-v3';

/** The flattened device tree in `bytes`. Throws InputError (`format`) for what is none, or has no SMMUv3. */
export function deviceTreeFirmware(bytes: Buffer, source: string): Firmware {
  const { nodes } = parseDeviceTree(bytes, source);
  const tree = new TreeReader(nodes);
  if (tree.smmus.size === 0) {
    throw new InputError('format', `has no node that is compatible with "${SMMU_V3}" and enabled`, { file: source });
  }
  for (const node of nodes) if (isEnabled(node)) tree.read(node);
  for (const node of nodes) tree.readReserved(node);
  const smmus = [...tree.smmus.values()].map((smmu) => smmu.build());
  return { kind: 'device-tree', source, smmus, problems: tree.problems.all };
}

class TreeReader {
  readonly problems = new Problems();
  readonly smmus = new Map<TreeNode, SmmuBuilder>();
  readonly #byPhandle = new Map<number, TreeNode>();
  readonly #domains: ReadonlyMap<TreeNode, number>;
  /** StreamIDs of platform devices, for what is reserved for them. */
  readonly #sidsOf = new Map<TreeNode, { readonly smmu: SmmuBuilder; readonly sid: number }[]>();

  constructor(nodes: readonly TreeNode[]) {
    this.#domains = pciDomains(nodes);
    for (const node of nodes) {
      const phandle = cellOf(node, 'phandle') ?? cellOf(node, 'linux,phandle');
      if (phandle !== null && !this.#byPhandle.has(phandle)) this.#byPhandle.set(phandle, node);
      if (!textsOf(node.properties.get('compatible')).includes(SMMU_V3) || !isEnabled(node)) continue;
      const about = { name: pathOf(node), base: physicalBase(node), coherent: isDmaCoherent(node) };
      if (about.base === null) this.problems.add(`${about.name}: its reg does not lead to a physical address`);
      this.smmus.set(node, new SmmuBuilder(about, this.problems));
    }
  }

  read(node: TreeNode): void {
    this.#readMap(node);
    this.#readIommus(node);
  }

  /** Rows of (first ID, SMMU, first StreamID, number of IDs), looked up with the masked ID: of_map_id(). */
  #readMap(node: TreeNode): void {
    const value = node.properties.get('iommu-map');
    if (value === undefined) return;
    const isPci = this.#domains.has(node);
    const mask = cellOf(node, 'iommu-map-mask') ?? 0xffff_ffff;
    const cells = cellsOf(value);
    if (value.length % 16 !== 0) this.problems.add(`${pathOf(node)}: its iommu-map is not made of rows of four cells`);
    for (let at = 0; at + 4 <= cells.length; at += 4) {
      const [firstId, phandle, firstSid, count] = cells.slice(at, at + 4) as [number, number, number, number];
      const smmu = this.#smmuAt(phandle, node, 'iommu-map');
      smmu?.add({
        ...(isPci ? { kind: 'pci', segment: this.#domains.get(node) ?? 0 } : { kind: 'platform', segment: null }),
        name: pathOf(node),
        firstId,
        count,
        firstSid,
        mask: isPci ? (mask & 0xffff) >>> 0 : mask,
      });
    }
  }

  #readIommus(node: TreeNode): void {
    const cells = cellsOf(node.properties.get('iommus'));
    for (let at = 0; at < cells.length; ) {
      const phandle = cells[at] as number;
      const target = this.#byPhandle.get(phandle);
      const specifier = target === undefined ? null : cellOf(target, '#iommu-cells');
      if (specifier === null) {
        this.problems.add(`${pathOf(node)}: its iommus name 0x${phandle.toString(16)}, which is no IOMMU of the tree`);
        return;
      }
      const smmu = this.#smmuAt(phandle, node, 'iommus');
      const sid = cells[at + 1];
      if (smmu !== null && sid !== undefined) {
        const range: IdRange = { kind: 'platform', name: pathOf(node), segment: null, ...ONE_ID, firstSid: sid };
        smmu.add(range);
        const sids = this.#sidsOf.get(node) ?? [];
        sids.push({ smmu, sid });
        this.#sidsOf.set(node, sids);
      }
      at += 1 + specifier;
    }
  }

  /** A region that a device may go on using. Linux gives it to the device's domain; no bypass STE is made for it. */
  readReserved(node: TreeNode): void {
    const cells = cellsOf(node.properties.get('iommu-addresses'));
    for (let at = 0; at < cells.length; ) {
      const device = this.#byPhandle.get(cells[at] as number);
      if (device === undefined) {
        this.problems.add(`${pathOf(node)}: its iommu-addresses name a device that is not in the tree`);
        return;
      }
      const { address, size } = cellCounts(device.parent ?? device);
      const start = Number(joinedCells(cells, at + 1, address));
      const end = start + Number(joinedCells(cells, at + 1 + address, size));
      at += 1 + address + size;
      if (at > cells.length || !Number.isSafeInteger(end)) {
        this.problems.add(`${pathOf(node)}: its iommu-addresses are cut short, or beyond 53 bits`);
        return;
      }
      const streams = this.#sidsOf.get(device) ?? [];
      for (const smmu of new Set(streams.map((stream) => stream.smmu))) {
        const sids = streams.filter((stream) => stream.smmu === smmu).map(({ sid }) => sid);
        smmu.reserve({ name: pathOf(device), sids, ranges: [{ start, end }], bypassed: false });
      }
    }
  }

  /** The SMMUv3 that a reference means. Null for another kind of IOMMU, which is nothing odd, and for a bad one. */
  #smmuAt(phandle: number, from: TreeNode, property: string): SmmuBuilder | null {
    const target = this.#byPhandle.get(phandle);
    if (target === undefined) {
      const what = `its ${property} names 0x${phandle.toString(16)}, which no node of the tree has as its phandle`;
      this.problems.add(`${pathOf(from)}: ${what}`);
      return null;
    }
    const smmu = this.smmus.get(target) ?? null;
    if (smmu === null) return null;
    const specifier = cellOf(target, '#iommu-cells');
    if (specifier === 1) return smmu;
    this.problems.add(
      `${pathOf(target)}: has #iommu-cells ${specifier ?? 'missing'} instead of 1; its users are unknown`,
    );
    return null;
  }
}

const ONE_ID = { firstId: 0, count: 1, mask: 0 };

/** `linux,pci-domain` where a host bridge has it, else numbers in the order of the tree that no other one has. */
function pciDomains(nodes: readonly TreeNode[]): ReadonlyMap<TreeNode, number> {
  const isPci = (node: TreeNode | null) => textsOf(node?.properties.get('device_type'))[0] === 'pci';
  const bridges = nodes.filter((node) => isPci(node) && !isPci(node.parent) && isEnabled(node));
  const domains = new Map<TreeNode, number>();
  for (const bridge of bridges) {
    const given = cellOf(bridge, 'linux,pci-domain');
    if (given !== null) domains.set(bridge, given);
  }
  const taken = new Set(domains.values());
  let next = 0;
  for (const bridge of bridges) {
    if (domains.has(bridge)) continue;
    while (taken.has(next)) next += 1;
    domains.set(bridge, next);
    next += 1;
  }
  return domains;
}
