/** What is said of firmware's tables: what is wrong with one, why none applies, and what one keeps for a device. */

import type { AddressRange } from '../../dump/memory.ts';
import { hex } from '../../hex.ts';
import { pciName } from '../../platform/device-names.ts';
import type { IdRange } from '../../platform/firmware/firmware.ts';
import type { FirmwareProblem, NodeProblem } from '../../platform/firmware/problem.ts';

/** `/pcie@0: its iommu-map is not made of rows of four cells`. */
export function firmwareProblemInWords(problem: FirmwareProblem): string {
  switch (problem.kind) {
    case 'checksum':
      return 'its checksum is wrong: some of it may have been overwritten';
    case 'nodes-cut':
      return `only its first ${problem.limit} nodes are read`;
    case 'node-outside': {
      const place = `${nodeAt(problem)}, number ${problem.number} of ${problem.of}`;
      return `${place}, does not fit into the table; what follows is passed over`;
    }
    case 'node-short':
      return `${nodeAt(problem)}: is ${problem.byteLength} bytes long, too short for type ${problem.type}`;
    case 'mappings-outside':
      return `${nodeAt(problem)}: claims ${problem.claimed} ID mappings, of which ${problem.fitting} fit`;
    case 'memory-ranges-outside':
      return `${nodeAt(problem)}: claims ${problem.claimed} memory ranges, of which ${problem.fitting} fit`;
    case 'second-node':
      return `${nodeAt(problem)} is a second one of ${problem.name}; Linux takes the first`;
    case 'no-target':
      return `${nodeAt(problem)} maps IDs to offset ${hex(problem.targetOffset)}, where no node begins`;
    case 'smmus-cut':
      return `only its first ${problem.limit} SMMUs are read`;
    case 'iommus-no-iommu':
      return `${problem.name}: its iommus name ${hex(problem.phandle)}, which is no IOMMU of the tree`;
    case 'no-phandle': {
      const { name, property, phandle } = problem;
      return `${name}: its ${property} names ${hex(phandle)}, which no node of the tree has as its phandle`;
    }
    case 'iommu-cells':
      return `${problem.name}: has #iommu-cells ${problem.cells ?? 'missing'} instead of 1; its users are unknown`;
    case 'ranges-cut':
      return `${problem.name}: only its first ${problem.limit} ID mappings are used`;
    case 'reserved-sids-cut':
      return `${problem.name}: only the first ${problem.limit} SIDs of reserved memory are used`;
    case 'more':
      return `more than ${problem.limit} problems; the others are not listed`;
    default:
      return `${problem.name}: ${OF_NODES[problem.kind]}`;
  }
}

const OF_NODES: Readonly<Record<NodeProblem['kind'], string>> = {
  'pci-domain-taken': 'another host bridge has its linux,pci-domain; Linux does not register it',
  'reg-untranslatable': 'its reg does not lead to a physical address',
  'iommu-map-rows': 'its iommu-map is not made of rows of four cells',
  'iommu-map-mask': 'its iommu-map-mask takes bits of an ID of iommu-map; Linux stops there',
  'iommu-addresses-device': 'its iommu-addresses name a device that is not in the tree',
  'iommu-addresses-cut': 'its iommu-addresses are cut short, or beyond 53 bits',
  'impossible-ids': 'a mapping of IDs that no device can have',
};

function nodeAt({ nodeOffset }: { readonly nodeOffset: number }): string {
  return `the node at offset ${hex(nodeOffset)}`;
}

/** Why no table of firmware says anything of an SMMU. */
export type UnknownSmmu =
  | { readonly kind: 'no-base' }
  /** `by` is the node with this status: that of the SMMU, or one above. */
  | {
      readonly kind: 'disabled';
      readonly base: number;
      readonly source: string;
      readonly name: string;
      readonly by: { readonly name: string; readonly status: string };
    }
  | { readonly kind: 'absent'; readonly base: number; readonly sources: readonly string[] };

/** As a clause. */
export function unknownSmmuInWords(why: UnknownSmmu): string {
  switch (why.kind) {
    case 'no-base':
      return 'the snapshot has no base for it';
    case 'disabled': {
      const { base, source, name, by } = why;
      const where = by.name === name ? 'its' : `${by.name} above it has`;
      return `the SMMUv3 at ${hex(base)} in ${source}, ${name}, is disabled: ${where} status "${by.status}"`;
    }
    case 'absent':
      return `there is no SMMUv3 at ${hex(why.base)} in ${why.sources.join(' or ')}`;
  }
}

/** The first and the last ID of a range in words: PCI addresses, or plain numbers. */
export function idsInWords({ kind, segment, firstId, count, mask }: IdRange): string {
  const name = (id: number) => (kind === 'pci' ? pciName(segment ?? 0, id, mask) : hex(id));
  return count === 1 ? name(firstId) : `${name(firstId)}-${name(firstId + count - 1)}`;
}

/** What firmware, or the snapshot, says of an SMMU. */
export function coherencyInWords(coherent: boolean): string {
  return coherent ? 'coherent' : 'not coherent';
}

/** `0x80000000-0x80ffffff`, both ends included. */
export function keptMemoryInWords(ranges: readonly AddressRange[]): string {
  return ranges.map(({ start, end }) => `${hex(start)}-${hex(end - 1)}`).join(', ') || 'no memory';
}

/** StreamIDs one behind the other, both ends included. */
export interface SidRun {
  readonly firstSid: number;
  readonly lastSid: number;
}

/** A sentence has to end somewhere. */
const MAX_RUNS_IN_WORDS = 8;

/** `SID 0x8`, `SIDs 0x8-0xf, 0x20`. */
export function sidRunsInWords(runs: readonly SidRun[]): string {
  const shown = runs
    .slice(0, MAX_RUNS_IN_WORDS)
    .map(({ firstSid, lastSid }) => (firstSid === lastSid ? hex(firstSid) : `${hex(firstSid)}-${hex(lastSid)}`));
  const more = runs.length - shown.length;
  const one = runs.length === 1 && runs[0]?.firstSid === runs[0]?.lastSid;
  return `${one ? 'SID' : 'SIDs'} ${shown.join(', ')}${more > 0 ? `, and ${more} more runs` : ''}`;
}
