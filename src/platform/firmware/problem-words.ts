/**
 * What is wrong with a table of firmware, in words: the error says it of one that has no SMMU, a report of one that has.
 */

import { hex } from '../../hex.ts';
import type { FirmwareProblem, NodeProblem } from './problem.ts';

/** `/pcie@0: its iommu-map is not made of whole rows`. */
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
    case 'fit-default':
      return `it has ${problem.of} device trees; that of its default configuration, ${problem.name}, is read`;
    case 'fit-overlays':
      return `the overlays of its configuration ${problem.name} are not applied`;
    case 'more':
      return `more than ${problem.limit} problems; the others are not listed`;
    default:
      return `${problem.name}: ${OF_NODES[problem.kind]}`;
  }
}

const OF_NODES: Readonly<Record<NodeProblem['kind'], string>> = {
  'pci-domain-taken': 'another host bridge has its linux,pci-domain; Linux does not register it',
  'reg-untranslatable': 'its reg does not lead to a physical address',
  'iommu-map-rows': 'its iommu-map is not made of whole rows',
  'iommu-map-mask': 'its iommu-map-mask takes bits of an ID of iommu-map; Linux stops there',
  'iommu-addresses-device': 'its iommu-addresses name a device that is not in the tree',
  'iommu-addresses-cut': 'its iommu-addresses are cut short, or beyond 53 bits',
  'impossible-ids': 'a mapping of IDs that no device can have',
};

function nodeAt({ nodeOffset }: { readonly nodeOffset: number }): string {
  return `the node at offset ${hex(nodeOffset)}`;
}
