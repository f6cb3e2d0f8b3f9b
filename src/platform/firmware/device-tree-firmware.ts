/**
 * The SMMUs of a device tree and who is behind them: the bindings `arm,smmu-v3`, `pci-iommu` (iommu-map), `iommu`
 * (iommus) and `reserved-memory` (iommu-addresses).
 */

import { InputError } from '../../errors.ts';
import { type FirmwareSource, firmwareSourceInWords } from '../../snapshot/firmware-source.ts';
import { type Claim, firstClaims } from '../claims.ts';
import { FDT_MAGIC, parseDeviceTree, type TreeNode } from './device-tree.ts';
import {
  type DisabledSmmu,
  type Firmware,
  type IdRange,
  MAX_RESERVED_SIDS,
  Problems,
  SmmuBuilder,
} from './firmware.ts';
import { treeInFit } from './fit.ts';
import { bytesInText, textOf } from './hex-text.ts';
import { type MapRow, mapRows } from './iommu-map.ts';
import { isPciNode, pciDomains } from './pci-domains.ts';
import {
  cellCounts,
  cellOf,
  cellsOf,
  isDmaCoherent,
  joinedCells,
  pathOf,
  physicalBase,
  refusalOf,
  textsOf,
} from './tree-reading.ts';

const SMMU_V3 = 'arm,smmu-v3';
/** What the bindings of SMMUv1 and SMMUv2 end with. */
const OTHER_SMMU = /^arm,(?:smmu-v[12]|mmu-40[01]|mmu-500)$|,smmu-(?:v2|500)$/;

/**
 * The flattened device tree in `bytes`, in binary, in a FIT image, or as a hex dump. Throws InputError (`format`) for what is
 * none, or has no SMMUv3.
 */
export function deviceTreeFirmware(bytes: Buffer, source: FirmwareSource): Firmware {
  const file = firmwareSourceInWords(source);
  const blob = treeOf(bytes, file);
  const whole = parseDeviceTree(blob, file);
  const inFit = treeInFit(blob, whole, file);
  const { nodes } = inFit?.tree ?? whole;
  const tree = new TreeReader(nodes);
  if (tree.smmus.size + tree.disabled.length === 0) throw noSmmu(nodes, file);
  for (const node of nodes) if (tree.exists(node)) tree.read(node);
  for (const node of nodes) tree.readReserved(node);
  return {
    kind: 'device-tree',
    source,
    smmus: [...tree.smmus.values()].map((smmu) => smmu.build()),
    disabled: tree.disabled,
    problems: [...(inFit?.problems ?? []), ...tree.problems.all],
  };
}

/** A text without bytes is answered as it is. */
function treeOf(bytes: Buffer, file: string): Buffer {
  const text = textOf(bytes);
  if (text === null) return bytes;
  const dumped = bytesInText(text, 0, MAGIC, (message) => {
    throw new InputError('format', message, { file });
  });
  return dumped.length === 0 ? bytes : dumped;
}

const MAGIC = Buffer.alloc(4);
MAGIC.writeUInt32BE(FDT_MAGIC);

function noSmmu(nodes: readonly TreeNode[], file: string): InputError {
  const others = nodes.filter((node) => compatibleOf(node).some((text) => OTHER_SMMU.test(text))).length;
  const more = others === 0 ? '' : `; it has ${others} of SMMUv1 or SMMUv2, which another driver runs`;
  return new InputError('format', `has no node that is compatible with "${SMMU_V3}"${more}`, { file });
}

function compatibleOf(node: TreeNode): string[] {
  return textsOf(node.properties.get('compatible'));
}

/** `smmu` is null for a row that leads to no SMMUv3. */
type MapOwner = Pick<MapRow, 'at' | 'firstId' | 'firstSid'> & { readonly smmu: SmmuBuilder | null };

class TreeReader {
  readonly problems = new Problems();
  readonly smmus = new Map<TreeNode, SmmuBuilder>();
  readonly disabled: DisabledSmmu[] = [];
  readonly #byPhandle = new Map<number, TreeNode>();
  readonly #domains: ReadonlyMap<TreeNode, number>;
  /** Nodes that Linux makes no device of, with the one that says so, themselves or one above. */
  readonly #refusedBy = new Map<TreeNode, TreeNode>();
  /** StreamIDs of platform devices, for what is reserved for them. */
  readonly #sidsOf = new Map<TreeNode, Map<SmmuBuilder, number[]>>();

  constructor(nodes: readonly TreeNode[]) {
    for (const node of nodes) {
      if (node.parent === null) continue;
      const refusedBy = this.#refusedBy.get(node.parent) ?? (refusalOf(node) === null ? undefined : node);
      if (refusedBy !== undefined) this.#refusedBy.set(node, refusedBy);
    }
    const { byBridge, refused } = pciDomains(nodes, (node) => this.exists(node));
    this.#domains = byBridge;
    for (const bridge of refused) {
      this.problems.add({ kind: 'pci-domain-taken', name: pathOf(bridge) });
    }
    for (const node of nodes) {
      const phandle = cellOf(node, 'phandle') ?? cellOf(node, 'linux,phandle');
      if (phandle !== null && !this.#byPhandle.has(phandle)) this.#byPhandle.set(phandle, node);
      if (compatibleOf(node).includes(SMMU_V3)) this.#addSmmu(node);
    }
  }

  #addSmmu(node: TreeNode): void {
    if (this.smmus.size + this.disabled.length >= MAX_SMMUS) {
      this.problems.add({ kind: 'smmus-cut', limit: MAX_SMMUS });
      return;
    }
    const about = { name: pathOf(node), base: physicalBase(node) };
    const by = this.#refusedBy.get(node);
    if (by !== undefined) {
      this.disabled.push({ ...about, by: { name: pathOf(by), status: refusalOf(by) ?? '' } });
      return;
    }
    if (about.base === null) this.problems.add({ kind: 'reg-untranslatable', name: about.name });
    this.smmus.set(node, new SmmuBuilder({ ...about, coherent: isDmaCoherent(node) }, this.problems));
  }

  exists(node: TreeNode): boolean {
    return !this.#refusedBy.has(node);
  }

  read(node: TreeNode): void {
    this.#readMap(node);
    this.#readIommus(node);
  }

  /**
   * Rows of (first ID, SMMU, first StreamID, number of IDs), looked up with the masked ID, the first that has it taken:
   * of_map_id(). For a PCI device that is the map of its host bridge.
   */
  #readMap(node: TreeNode): void {
    const value = node.properties.get('iommu-map');
    if (value === undefined) return;
    const domain = this.#domains.get(node);
    if (domain === undefined && isPciNode(node)) return;
    const rows = mapRows(cellsOf(value), (phandle) => this.#iommuCellsOf(phandle));
    if (rows === null || value.length % 4 !== 0) {
      this.problems.add({ kind: 'iommu-map-rows', name: pathOf(node) });
      return;
    }
    const mask = cellOf(node, 'iommu-map-mask') ?? 0xffff_ffff;
    const name = pathOf(node);
    const about =
      domain === undefined
        ? ({ kind: 'platform', name, segment: null, mask } as const)
        : ({ kind: 'pci', name, segment: domain, mask: (mask & 0xffff) >>> 0 } as const);
    const pieces = firstClaims(this.#claimsOf(node, rows, mask));
    for (const { first, last, owner } of pieces.toSorted((a, b) => a.owner.at - b.owner.at || a.first - b.first)) {
      const { firstId, firstSid, smmu } = owner;
      const ids = { firstId: first, count: last - first + 1, firstSid: firstSid + first - firstId };
      smmu?.add({ ...about, ...ids });
    }
  }

  /** Null for what is no IOMMU. */
  #iommuCellsOf(phandle: number): number | null {
    const target = this.#byPhandle.get(phandle);
    return target === undefined ? null : cellOf(target, '#iommu-cells');
  }

  #claimsOf(node: TreeNode, rows: readonly MapRow[], mask: number): Claim<MapOwner>[] {
    const claims: Claim<MapOwner>[] = [];
    for (const { at, firstId, phandle, firstSid, count } of rows) {
      if ((firstId & ~mask) !== 0) {
        this.problems.add({ kind: 'iommu-map-mask', name: pathOf(node) });
        return claims;
      }
      const owner = { at, firstId, firstSid, smmu: this.#smmuAt(phandle, node, 'iommu-map') };
      if (count > 0) claims.push({ first: firstId, last: Math.min(firstId + count, 2 ** 32) - 1, owner });
    }
    return claims;
  }

  #readIommus(node: TreeNode): void {
    const cells = cellsOf(node.properties.get('iommus'));
    for (let at = 0; at < cells.length; ) {
      const phandle = cells[at] as number;
      const specifier = this.#iommuCellsOf(phandle);
      if (specifier === null) {
        this.problems.add({ kind: 'iommus-no-iommu', name: pathOf(node), phandle });
        return;
      }
      const smmu = this.#smmuAt(phandle, node, 'iommus');
      const sid = cells[at + 1];
      if (smmu !== null && sid !== undefined) {
        const range: IdRange = { kind: 'platform', name: pathOf(node), segment: null, ...ONE_ID, firstSid: sid };
        smmu.add(range);
        const ofNode = this.#sidsOf.get(node) ?? new Map<SmmuBuilder, number[]>();
        this.#sidsOf.set(node, ofNode);
        const sids = ofNode.get(smmu) ?? [];
        ofNode.set(smmu, sids);
        if (sids.length <= MAX_RESERVED_SIDS) sids.push(sid);
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
        this.problems.add({ kind: 'iommu-addresses-device', name: pathOf(node) });
        return;
      }
      const { address, size } = cellCounts(device.parent ?? device);
      const start = Number(joinedCells(cells, at + 1, address));
      const end = start + Number(joinedCells(cells, at + 1 + address, size));
      at += 1 + address + size;
      if (at > cells.length || !Number.isSafeInteger(end)) {
        this.problems.add({ kind: 'iommu-addresses-cut', name: pathOf(node) });
        return;
      }
      for (const [smmu, sids] of this.#sidsOf.get(device) ?? []) {
        smmu.reserve({ name: pathOf(device), sids, ranges: [{ start, end }], bypassed: false });
      }
    }
  }

  /** The SMMUv3 that a reference means. Null for another kind of IOMMU, which is nothing odd, and for a bad one. */
  #smmuAt(phandle: number, from: TreeNode, property: string): SmmuBuilder | null {
    const target = this.#byPhandle.get(phandle);
    if (target === undefined) {
      this.problems.add({ kind: 'no-phandle', name: pathOf(from), property, phandle });
      return null;
    }
    const smmu = this.smmus.get(target) ?? null;
    if (smmu === null) return null;
    const specifier = cellOf(target, '#iommu-cells');
    if (specifier === 1) return smmu;
    this.problems.add({ kind: 'iommu-cells', name: pathOf(target), cells: specifier });
    return null;
  }
}

const ONE_ID = { firstId: 0, count: 1, mask: 0 };
/** More than any machine has. */
const MAX_SMMUS = 1 << 12;
