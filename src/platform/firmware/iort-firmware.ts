/** The SMMUs of an IORT and who is behind them. Linux, drivers/acpi/arm64/iort.c; Arm DEN0049. */

import { PADDR_LIMIT } from '../../dump/dump.ts';
import { InputError } from '../../errors.ts';
import { type FirmwareSource, firmwareSourceInWords } from '../../snapshot/firmware-source.ts';
import { acpiTableOf } from './acpidump.ts';
import { type Firmware, MAX_RESERVED_SIDS, Problems, SmmuBuilder } from './firmware.ts';
import { type Iort, type IortNode, parseIort } from './iort.ts';
import { type MappedIds, mappedIds, ownMappings } from './iort-mappings.ts';
import { firmwareProblemInWords } from './problem-words.ts';

/** The least revision whose RMR nodes Linux reads, that of DEN0049 E.d; those of E.b and E.c were another thing. */
const FIRST_RMR_REVISION = 5;

/** The IORT in `bytes`, in binary or as a hex dump. Throws InputError (`format`) for what is none, or has no SMMUv3. */
export function iortFirmware(bytes: Buffer, source: FirmwareSource): Firmware {
  const file = firmwareSourceInWords(source);
  return new IortReader(parseIort(acpiTableOf(bytes, 'IORT', file), file), source).firmware();
}

class IortReader {
  readonly #iort: Iort;
  readonly #source: FirmwareSource;
  readonly #problems = new Problems();
  readonly #smmus = new Map<number, SmmuBuilder>();

  constructor(iort: Iort, source: FirmwareSource) {
    this.#iort = iort;
    this.#source = source;
    for (const problem of iort.problems) this.#problems.add(problem);
  }

  firmware(): Firmware {
    const nodes = [...this.#iort.nodes.values()];
    for (const node of nodes) if (node.kind === 'smmu-v3') this.#addSmmu(node);
    if (this.#smmus.size === 0) throw this.#noSmmu(nodes);
    const known = new Set<number | string>();
    for (const node of nodes) {
      if (node.kind === 'root-complex' || node.kind === 'named-component') {
        this.#checkTargets(node);
        // iort_scan_node() takes the first that fits: a segment, or a device, has no second node.
        const key = node.kind === 'root-complex' ? node.segment : node.name;
        if (known.has(key)) this.#problems.add({ kind: 'second-node', nodeOffset: node.offset, name: nameOf(node) });
        else if (node.kind === 'root-complex') this.#readRootComplex(node);
        else this.#readComponent(node);
        known.add(key);
      } else if (node.kind === 'rmr') {
        this.#checkTargets(node);
        if (this.#iort.revision >= FIRST_RMR_REVISION) this.#reserve(node);
      }
    }
    return {
      kind: 'iort',
      source: this.#source,
      smmus: [...this.#smmus.values()].map((smmu) => smmu.build()),
      disabled: [],
      problems: this.#problems.all,
    };
  }

  #addSmmu(node: Extract<IortNode, { kind: 'smmu-v3' }>): void {
    const base = node.base < BigInt(PADDR_LIMIT) ? Number(node.base) : null;
    const about = { name: `SMMUv3 node at offset 0x${node.offset.toString(16)}`, base, coherent: node.coherent };
    this.#smmus.set(node.offset, new SmmuBuilder(about, this.#problems));
  }

  #noSmmu(nodes: readonly IortNode[]): InputError {
    const others = nodes.filter(({ kind }) => kind === 'smmu-v2').length;
    const what = `has no SMMUv3 node${others === 0 ? '' : `; it has ${others} of SMMUv1 or SMMUv2, which another driver runs`}`;
    const why = this.#iort.problems.slice(0, 2).map(firmwareProblemInWords).join('; ');
    return new InputError('format', why === '' ? what : `${what}: ${why}`, {
      file: firmwareSourceInWords(this.#source),
    });
  }

  #checkTargets(node: IortNode): void {
    for (const { target } of node.mappings) {
      if (this.#iort.nodes.has(target)) continue;
      this.#problems.add({ kind: 'no-target', nodeOffset: node.offset, targetOffset: target });
    }
  }

  #readRootComplex(node: Extract<IortNode, { kind: 'root-complex' }>): void {
    const { segment } = node;
    for (const ids of inOrderOfTable(node)) {
      // A root complex may as well map to an ITS, or to an SMMU of another kind.
      const range = rangeOf(ids);
      const mask = range.mask & 0xffff;
      this.#smmus.get(ids.owner.target)?.add({ kind: 'pci', name: nameOf(node), segment, ...range, mask });
    }
  }

  /** A device has the StreamIDs of its single mappings; those by ID are for buses whose devices bring an ID. */
  #readComponent(node: Extract<IortNode, { kind: 'named-component' }>): void {
    const about = { kind: 'platform', name: node.name, segment: null } as const;
    const isIommu = (offset: number) => ['smmu-v2', 'smmu-v3'].includes(this.#iort.nodes.get(offset)?.kind ?? '');
    for (const { target, firstOutput } of ownMappings(node.mappings, isIommu)) {
      this.#smmus.get(target)?.add({ ...about, firstId: 0, count: 1, firstSid: firstOutput, mask: 0 });
    }
    for (const ids of inOrderOfTable({ ...node, mappings: node.mappings.filter(({ single }) => !single) })) {
      this.#smmus.get(ids.owner.target)?.add({ ...about, ...rangeOf(ids) });
    }
  }

  /** iort_get_rmrs(): the SIDs are the outputs of the mappings, each as many as it has IDs. */
  #reserve(node: Extract<IortNode, { kind: 'rmr' }>): void {
    const ranges = node.ranges.map(({ start, byteLength }) => ({
      start: Number(start),
      end: Number(start + byteLength),
    }));
    const byTarget = new Map<number, number[]>();
    for (const { firstOutput, count, target } of node.mappings) {
      const sids = byTarget.get(target) ?? [];
      const room = Math.min(count, MAX_SIDS_OF_NODE - sids.length, 2 ** 32 - firstOutput);
      for (let i = 0; i < room; i++) sids.push(firstOutput + i);
      byTarget.set(target, sids);
    }
    // Linux keeps a region for each range, and bypasses for regions.
    if (ranges.length === 0) return;
    for (const [target, sids] of byTarget) {
      this.#smmus.get(target)?.reserve({ name: null, sids, ranges, bypassed: true });
    }
  }
}

/** One more than are kept, so that it shows that there were more. */
const MAX_SIDS_OF_NODE = MAX_RESERVED_SIDS + 1;

function inOrderOfTable({ mappings }: IortNode): MappedIds[] {
  // iort_node_map_id() gives up on a node whose first mapping leads nowhere.
  if (mappings[0]?.target === 0) return [];
  const order = new Map(mappings.map((mapping, i) => [mapping, i]));
  const placeOfOwner = ({ owner }: MappedIds) => order.get(owner) ?? 0;
  const runs = mappedIds(mappings).toSorted((a, b) => placeOfOwner(a) - placeOfOwner(b) || a.first - b.first);
  // A single mapping is one range, for every ID that no SMMU has, however many runs of IDs are left to it.
  return runs.filter(({ owner }, i) => !owner.single || runs[i - 1]?.owner !== owner);
}

function rangeOf({ first, last, owner: { single, firstId, firstOutput } }: MappedIds) {
  if (single) return { firstId: 0, count: 1, firstSid: firstOutput, mask: 0 };
  return { firstId: first, count: last - first + 1, firstSid: firstOutput + first - firstId, mask: 0xffff_ffff };
}

function nameOf(node: Extract<IortNode, { kind: 'root-complex' | 'named-component' }>): string {
  return node.kind === 'root-complex' ? `PCI segment ${node.segment.toString(16).padStart(4, '0')}` : node.name;
}
