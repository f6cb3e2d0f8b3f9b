/** What would become of a device that nobody sees in the dump, and that may be there? */

import { STE_BYTE_LENGTH } from '../../smmu/structures/stream-table.ts';
import {
  type ArmSmmuDevice,
  type FreshTable,
  STRTAB_L2_BYTE_LENGTH,
  STRTAB_NUM_L2_STES,
  STRTAB_SPLIT,
  type StrtabCfg,
} from '../device.ts';
import type { Remap } from '../kernel-memory.ts';
import { survive } from '../panic.ts';
import { readerOf } from '../revisions/revision.ts';
import {
  addressOf,
  entriesOf,
  hasBadBase,
  isInUse,
  mappedAtAdoption,
  readDescriptor,
} from '../stream-table/l1-slot.ts';

/** What would become of a device that nobody sees; null would be harmless. */
export type Danger = 'refused' | 'kernel-dies' | 'cannot-be-told';

/**
 * What would become of a device of this StreamID, without inserting it; null when it would be accepted. For streams that
 * nobody sees in the dump, and that may be there.
 */
export function dangerOf(smmu: ArmSmmuDevice, cfg: StrtabCfg | FreshTable, sid: number): Danger | null {
  if (sid >= entriesOf(cfg)) return 'refused';
  if (cfg.format === 'fresh') return null;
  if (cfg.format === 'linear') return deadly(smmu, cfg.table.remap, cfg.table.paddr + sid * STE_BYTE_LENGTH);
  const l1Index = Math.floor(sid / STRTAB_NUM_L2_STES);
  const table =
    cfg.l2ptrs.get(l1Index) ?? (smmu.revision.mapsL2At === 'adoption' ? mappedAtAdoption(smmu, cfg, l1Index) : null);
  const offset = (sid % STRTAB_NUM_L2_STES) * STE_BYTE_LENGTH;
  if (table?.kind === 'adopted') return deadly(smmu, table.mapping.remap, table.mapping.paddr + offset);
  if (table?.kind === 'fresh') return null;
  const descriptor = readDescriptor(smmu, cfg, addressOf(cfg, l1Index));
  if (descriptor === null) return 'cannot-be-told';
  if (!isInUse(smmu.revision, descriptor) || smmu.revision.mapsL2At === 'adoption') return null;
  const { span, l2 } = descriptor;
  if (span !== STRTAB_SPLIT + 1 || hasBadBase(smmu.revision, descriptor)) return 'refused';
  const overlaps = smmu.overlapsAtInsertion(l1Index, l2);
  if (overlaps !== false) return overlaps ? 'refused' : 'cannot-be-told';
  const remap = smmu.memory.remap(l2, STRTAB_L2_BYTE_LENGTH);
  if (remap.through === null) return 'refused';
  return deadly(smmu, remap, l2 + offset);
}

/** Whether the question for the deferral dies reading this STE. */
function deadly(smmu: ArmSmmuDevice, mapped: Remap, paddr: number): Danger | null {
  const read = survive(() => smmu.memory.words(mapped, paddr, 8, () => readerOf(smmu.revision, 'deferral')));
  return 'death' in read ? 'kernel-dies' : null;
}
