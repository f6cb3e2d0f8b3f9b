/** The slots of an L1 table as an insertion comes to them: how many there are, what a descriptor says, who has its table. */

import { L1STD_BYTE_LENGTH, l1Pointer } from '../../smmu/structures/stream-table.ts';
import {
  type ArmSmmuDevice,
  type FreshTable,
  type L2Table,
  STRTAB_L2_BYTE_LENGTH,
  STRTAB_NUM_L2_STES,
  type StrtabCfg,
} from '../device.ts';
import type { Revision } from '../revisions/revision.ts';
import { MAX_L2PTRS_KEPT } from './l1-scan.ts';

export type TwoLevelCfg = StrtabCfg & { format: '2lvl' };

/** StreamIDs that the table covers. */
export function entriesOf(cfg: StrtabCfg | FreshTable): number {
  return cfg.format === '2lvl' ? cfg.numL1Ents * STRTAB_NUM_L2_STES : cfg.numEnts;
}

/** The table of a slot that was mapped with all others, and not kept for being one of too many. */
export function mappedAtAdoption(smmu: ArmSmmuDevice, cfg: TwoLevelCfg, l1Index: number): L2Table | null {
  if (cfg.l2ptrs.size < MAX_L2PTRS_KEPT) return null;
  const { memoryAtAdoption: memory, revision } = smmu;
  const descriptor = descriptorOf(
    memory.words(cfg.l1tab.remap, addressOf(cfg, l1Index), L1STD_BYTE_LENGTH, () => null),
  );
  if (descriptor === null || !isInUse(revision, descriptor)) return null;
  return {
    kind: 'adopted',
    mapping: { paddr: descriptor.l2, remap: memory.remap(descriptor.l2, STRTAB_L2_BYTE_LENGTH) },
  };
}

/** Where the descriptor of a slot is. */
export function addressOf({ l1tab }: TwoLevelCfg, l1Index: number): number {
  return l1tab.paddr + l1Index * L1STD_BYTE_LENGTH;
}

/** Both fields of a descriptor: its span, and the address of its table. */
export interface L1Descriptor {
  readonly span: number;
  readonly l2: number;
}

/** Null when it is not known. The adoption has read this table before: whoever survived that survives this. */
export function readDescriptor(smmu: ArmSmmuDevice, cfg: TwoLevelCfg, paddr: number): L1Descriptor | null {
  return descriptorOf(smmu.read(cfg.l1tab, paddr, L1STD_BYTE_LENGTH, () => null));
}

function descriptorOf(words: readonly bigint[] | null): L1Descriptor | null {
  const [descriptor] = words ?? [];
  if (descriptor === undefined) return null;
  const low = Number(descriptor & 0xffff_ffffn);
  return { span: low & 0x1f, l2: l1Pointer(low, Number(descriptor >> 32n)) };
}

/** Whether there is a table to map: through v7 a null pointer means that there is none. */
export function isInUse(revision: Revision, { span, l2 }: L1Descriptor): boolean {
  return span !== 0 && (l2 !== 0 || revision.checksAlignment);
}

/** Null, or not aligned to the table, where the revision minds. */
export function hasBadBase(revision: Revision, { l2 }: L1Descriptor): boolean {
  return (l2 === 0 || l2 % STRTAB_L2_BYTE_LENGTH !== 0) && revision.checksAlignment;
}
