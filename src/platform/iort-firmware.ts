/** The SMMUs of an IORT and who is behind them. Linux, drivers/acpi/arm64/iort.c; Arm DEN0049. */

import { PADDR_LIMIT } from '../dump/dump.ts';
import { InputError } from '../errors.ts';
import { type Firmware, type IdRange, Problems, SmmuBuilder } from './firmware.ts';
import { type IortMapping, type IortNode, parseIort } from './iort.ts';

/** The IORT in `bytes`. Throws InputError (`format`) for what is none, or has no SMMUv3. */
export function iortFirmware(bytes: Buffer, source: string): Firmware {
  const iort = parseIort(bytes, source);
  const problems = new Problems();
  for (const problem of iort.problems) problems.add(problem);
  const smmus = new Map<number, SmmuBuilder>();
  for (const node of iort.nodes.values()) {
    if (node.kind !== 'smmu-v3') continue;
    const base = node.base < BigInt(PADDR_LIMIT) ? Number(node.base) : null;
    const about = { name: `SMMUv3 node at offset 0x${node.offset.toString(16)}`, base, coherent: node.coherent };
    smmus.set(node.offset, new SmmuBuilder(about, problems));
  }
  if (smmus.size === 0) throw new InputError('format', 'has no SMMUv3 node', { file: source });
  for (const node of iort.nodes.values()) {
    // What an SMMU or a PMCG maps are its own interrupts.
    if (node.kind === 'smmu-v3' || node.kind === 'other') continue;
    for (const mapping of node.mappings) {
      if (!iort.nodes.has(mapping.target)) {
        const where = `offset 0x${node.offset.toString(16)} maps IDs to offset 0x${mapping.target.toString(16)}`;
        problems.add(`the node at ${where}, where no node begins`);
      }
      // A root complex may as well map to an ITS, or to an SMMU of another kind.
      const smmu = smmus.get(mapping.target);
      if (smmu !== undefined && node.kind !== 'rmr') smmu.add(rangeOf(node, mapping));
    }
    if (node.kind === 'rmr') reserve(node, smmus);
  }
  return { kind: 'iort', source, smmus: [...smmus.values()].map((smmu) => smmu.build()), problems: problems.all };
}

function rangeOf(
  node: Extract<IortNode, { kind: 'root-complex' | 'named-component' }>,
  { firstId, count, firstOutput, single }: IortMapping,
): IdRange {
  // A single mapping: whatever the ID, as iort_id_map() has it.
  const ids = single ? { firstId: 0, count: 1, mask: 0 } : { firstId, count, mask: 0xffff_ffff };
  return node.kind === 'root-complex'
    ? {
        kind: 'pci',
        name: `PCI segment ${node.segment.toString(16).padStart(4, '0')}`,
        segment: node.segment,
        ...ids,
        mask: ids.mask & 0xffff,
        firstSid: firstOutput,
      }
    : { kind: 'platform', name: node.name, segment: null, ...ids, firstSid: firstOutput };
}

/** iort_get_rmrs(): the SIDs are the outputs of the mappings, each as many as it has IDs. */
function reserve(node: Extract<IortNode, { kind: 'rmr' }>, smmus: ReadonlyMap<number, SmmuBuilder>): void {
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
  for (const [target, sids] of byTarget) smmus.get(target)?.reserve({ name: null, sids, ranges, bypassed: true });
}

/** One more than are kept, so that it shows that there were more. */
const MAX_SIDS_OF_NODE = (1 << 12) + 1;
