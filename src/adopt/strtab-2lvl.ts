/** arm_smmu_kdump_adopt_strtab_2lvl(): geometry, the L1 mapping, and the span of every L1 descriptor. */

import { L1STD_BYTE_LENGTH } from '../smmu/stream-table.ts';
import { type ArmSmmuDevice, STRTAB_MAX_L1_ENTRIES, STRTAB_SPLIT } from './device.ts';
import { EINVAL, ENOMEM, EOPNOTSUPP } from './errno.ts';

/** `base` is STRTAB_BASE as the driver masks it. Answers 0, a negative errno, or null: see the caller. */
export function armSmmuKdumpAdoptStrtab2lvl(smmu: ArmSmmuDevice, base: number): number | null {
  const { checks, log, revision, ids } = smmu;
  const log2size = smmu.strtabBaseCfg('LOG2SIZE');
  const split = smmu.strtabBaseCfg('SPLIT');
  const fail = (text: string): number => {
    log.print('adopt', 'err', revision.logPrefix + text);
    return EINVAL;
  };

  if (!smmu.assertCoherent('two-level.coherent')) return EOPNOTSUPP;
  const inRange = split <= log2size && log2size <= ids.sidBits;
  if (!checks.ask('two-level.log2size', inRange, String(log2size), `${split} to ${ids.sidBits}`)) {
    return fail(`log2size ${log2size} out of range [${split}, ${ids.sidBits}]`);
  }
  if (!checks.ask('two-level.split', split === STRTAB_SPLIT, String(split))) {
    return fail(`unsupported STRTAB_SPLIT ${split} (expected ${STRTAB_SPLIT})`);
  }
  const numL1Ents = 2 ** (log2size - split);
  if (!checks.ask('two-level.l1-entries', numL1Ents <= STRTAB_MAX_L1_ENTRIES, String(numL1Ents))) {
    return fail(`l1 entries ${numL1Ents} exceeds max ${STRTAB_MAX_L1_ENTRIES}`);
  }

  const l1tab = smmu.ledger.map('memremap', 'l1-table', base, numL1Ents * L1STD_BYTE_LENGTH, smmu.memory);
  smmu.strtabCfg = { format: '2lvl', l1tab, numL1Ents, l2ptrs: new Map() };
  const where = `0x${base.toString(16)}, ${l1tab.byteLength} bytes`;
  if (!checks.ask('two-level.l1-mapping', l1tab.ok, `${where}: ${l1tab.ok ? 'mapped' : 'not RAM in this dump'}`)) {
    return ENOMEM;
  }
  return checkL1Descriptors(smmu, base, numL1Ents);
}

/**
 * Every descriptor in ascending order. One with span 0, or through v7 with a null pointer, is unused. A bad one
 * decides even where descriptors before it are not in the dump: whatever those hold, the adoption is tossed.
 */
function checkL1Descriptors(smmu: ArmSmmuDevice, base: number, numL1Ents: number): number | null {
  const id = 'two-level.l1-descriptors';
  let used = 0;
  let missing = 0;
  for (const { first, count, known, words } of smmu.memory.slices(base, L1STD_BYTE_LENGTH, numL1Ents)) {
    if (!known) {
      missing += count;
      continue;
    }
    for (let i = 0; i < count; i++) {
      const low = words[2 * i] as number;
      const span = low & 0x1f;
      // L2Ptr is bits 51:6.
      if (span === 0 || ((low & ~0x3f) === 0 && ((words[2 * i + 1] as number) & 0xfffff) === 0)) continue;
      used += 1;
      if (span === STRTAB_SPLIT + 1) continue;
      const unseen = missing > 0 ? `; ${missing} descriptors before it are not in the dump` : '';
      smmu.checks.ask(id, false, `L1[${first + i}] has span ${span}${unseen}`);
      const text = `L1[${first + i}] unsupported span ${span} (vs ${STRTAB_SPLIT + 1})`;
      smmu.log.print('adopt', 'err', smmu.revision.logPrefix + text);
      return EINVAL;
    }
  }
  if (missing > 0) {
    smmu.checks.cannotTell(id, `${missing} of ${numL1Ents} descriptors are not in the dump`);
    return null;
  }
  smmu.checks.ask(id, true, `${used} of ${numL1Ents} in use, each with span ${STRTAB_SPLIT + 1}`);
  return 0;
}
