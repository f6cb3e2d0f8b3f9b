/** arm_smmu_init_strtab(): the ordinary table that the driver builds when it adopts none, if it is given the memory. */

import { L1STD_BYTE_LENGTH, STE_BYTE_LENGTH } from '../../smmu/structures/stream-table.ts';
import { type AskingKernel, contiguous, type Granted } from '../contiguous-memory.ts';
import { type ArmSmmuDevice, type FreshTable, STRTAB_MAX_L1_ENTRIES, STRTAB_NUM_L2_STES } from '../device.ts';
import { ENOMEM } from '../errno.ts';

/** What becomes of the ordinary table. */
export interface OrdinaryTable {
  readonly format: '2lvl' | 'linear';
  /** As the driver asks for it, and says where it is not given; null where its shift is not defined. */
  readonly byteLength: number | null;
  readonly granted: Granted;
  /** The errno of the probe, negative, where it is refused. */
  readonly ret: number;
  /** Null unless it is granted. */
  readonly table: FreshTable | null;
}

/** What the driver says of a table for which there is no memory. */
export const TABLE_REFUSED = /^failed to allocate (?:l1|linear) stream table \(\d+ bytes\)$/;

/** The most StreamIDs that a two-level table of the driver covers. */
const TWO_LEVEL_MOST = STRTAB_MAX_L1_ENTRIES * STRTAB_NUM_L2_STES;

/**
 * arm_smmu_init_strtab_2lvl() or _linear(): a table for every StreamID of the hardware, or for 2^25 in two levels. A
 * refusal ends the probe of the SMMU before anything is written to it.
 */
export function armSmmuInitStrtab(smmu: ArmSmmuDevice): OrdinaryTable {
  const { features, ids, log, memory, told } = smmu;
  const twoLevel = features.twoLevelStreamTable;
  const all = 2 ** ids.sidBits;
  const numEnts = twoLevel ? Math.min(all, TWO_LEVEL_MOST) : all;
  if (all > numEnts) {
    const covered = Math.log2(TWO_LEVEL_MOST);
    log.print('reset', 'warn', `2-level strtab only covers ${covered}/${ids.sidBits} bits of SID`);
  }
  const format = twoLevel ? '2lvl' : 'linear';
  const byteLength = twoLevel ? (numEnts / STRTAB_NUM_L2_STES) * L1STD_BYTE_LENGTH : linearByteLength(ids.sidBits);
  const granted = told?.ordinaryTable ?? grant(byteLength, memory.kernel);
  if (granted === 'refused') {
    log.print('reset', 'err', `failed to allocate ${twoLevel ? 'l1' : 'linear'} stream table (${byteLength} bytes)`);
    smmu.printProbeFailure('reset', ENOMEM);
  }
  const table = granted === 'granted' ? { format: 'fresh' as const, numEnts } : null;
  return { format, byteLength, granted, ret: granted === 'refused' ? ENOMEM : 0, table };
}

/** No allocator gives a piece of 0 bytes. */
function grant(byteLength: number | null, kernel: AskingKernel): Granted {
  if (byteLength === null) return 'cannot-be-told';
  return byteLength === 0 ? 'refused' : contiguous(byteLength, kernel, true);
}

/** `1 << sid_bits` STEs in a u32, which holds nothing of 2^26 and more; a shift by 32 is not defined. */
function linearByteLength(sidBits: number): number | null {
  return sidBits >= 32 ? null : (2 ** sidBits * STE_BYTE_LENGTH) % 2 ** 32;
}
