/** arm_smmu_kdump_adopt_strtab_2lvl(): geometry, the L1 mapping, the array of L2 pointers, and every L1 descriptor. */

import { L1STD_BYTE_LENGTH } from '../../smmu/structures/stream-table.ts';
import { contiguous } from '../contiguous-memory.ts';
import {
  type ArmSmmuDevice,
  L2_CORRUPTED,
  mappingObserved,
  pa,
  STRTAB_MAX_L1_ENTRIES,
  STRTAB_SPLIT,
} from '../device.ts';
import { EINVAL, ENOMEM, ENXIO, EOPNOTSUPP } from '../errno.ts';
import type { Required } from '../evidence.ts';
import type { Allocation, Mapping } from '../ledger.ts';
import { type L1Scan, l1Complaint, scanL1 } from './l1-scan.ts';

const POINTER_BYTE_LENGTH = 8;
/** What devm_kcalloc() puts in front: struct devres, as long as ARCH_DMA_MINALIGN on arm64. */
const DEVRES_BYTE_LENGTH = 128;
/** num_l1_ents is an unsigned int. */
const MAX_SHIFTED = 2 ** 31;

const number = (value: number) => ({ kind: 'number', value }) as const;

/** `base` is STRTAB_BASE as the driver masks it. Answers 0, a negative errno, or null: see the caller. */
export function armSmmuKdumpAdoptStrtab2lvl(smmu: ArmSmmuDevice, base: number): number | null {
  const { checks, revision, ids } = smmu;
  const log2size = smmu.strtabBaseCfg('LOG2SIZE');
  const split = smmu.strtabBaseCfg('SPLIT');
  const fail = (text: string): number => {
    smmu.complain(text);
    return EINVAL;
  };

  if (!smmu.assertCoherent('two-level.coherent')) return EOPNOTSUPP;
  const atMost = revision.boundsGeometry ? ids.sidBits : null;
  const inRange = split <= log2size && (atMost === null || log2size <= atMost);
  const range: Required =
    atMost === null ? { kind: 'at-least', value: split } : { kind: 'range', first: split, last: atMost };
  if (!checks.ask('two-level.log2size', inRange, number(log2size), range)) {
    return fail(
      atMost === null
        ? `invalid log2size ${log2size} < split ${split}`
        : `log2size ${log2size} out of range [${split}, ${atMost}]`,
    );
  }
  if (!checks.ask('two-level.split', split === STRTAB_SPLIT, number(split))) {
    return fail(`unsupported STRTAB_SPLIT ${split} (expected ${STRTAB_SPLIT})`);
  }
  const numL1Ents = 2 ** (log2size - split);
  if (numL1Ents > MAX_SHIFTED && !revision.boundsL1EntriesAsPower) {
    // A shift by more bits than a number has is not defined, and only v10 asks before it shifts.
    checks.cannotTell('two-level.l1-entries', number(numL1Ents));
    return null;
  }
  const most = revision.boundsGeometry ? STRTAB_MAX_L1_ENTRIES : MAX_SHIFTED;
  if (!checks.ask('two-level.l1-entries', numL1Ents <= most, number(numL1Ents))) {
    const count = revision.boundsL1EntriesAsPower ? `2^${log2size - split}` : String(numL1Ents);
    return fail(`l1 entries ${count} exceeds max ${STRTAB_MAX_L1_ENTRIES}`);
  }
  const byteLength = numL1Ents * L1STD_BYTE_LENGTH;
  if (!smmu.passesOverlapTest('two-level.l1-overlap', base, byteLength, 'l1 stream table is corrupted')) return EINVAL;
  if (revision.checksAlignment) {
    const observed = { kind: 'address', paddr: base } as const;
    if (!checks.ask('two-level.l1-alignment', base % byteLength === 0, observed, { kind: 'aligned', byteLength })) {
      return fail(`unaligned l1 stream table base ${pa(base)}`);
    }
  }

  const l1tab = smmu.mapTable('l1-table', { paddr: base, byteLength });
  const cfg = (array: Allocation | null, l2ptrs: L1Scan['l2ptrs']) => ({
    format: '2lvl' as const,
    l1tab,
    numL1Ents,
    array,
    l2ptrs,
  });
  smmu.strtabCfg = cfg(null, new Map());
  // Who does not notice comes to the array all the same.
  if (revision.noticesMappingErrors) {
    const mapped = asksMapping(smmu, l1tab);
    if (mapped !== true) return mapped === null ? null : smmu.mappingErrno;
  }
  const array = allocatePointers(smmu, numL1Ents);
  smmu.strtabCfg = cfg(array, new Map());
  const { granted } = array;
  const observed = { kind: 'allocation', byteLength: array.byteLength, granted } as const;
  if (granted === 'cannot-be-told') {
    checks.cannotTell('two-level.l2-pointers', observed);
    return null;
  }
  if (!checks.ask('two-level.l2-pointers', array.ok, observed)) return ENOMEM;
  if (!revision.noticesMappingErrors && asksMapping(smmu, l1tab) === null) return null;
  const scan = smmu.stages.live(smmu, 'L1 descriptors', () => scanL1(smmu, l1tab, numL1Ents));
  smmu.strtabCfg = cfg(array, scan.l2ptrs);
  return checkL1Descriptors(smmu, l1tab, numL1Ents, scan);
}

/** Null where it cannot be told whether the L1 table maps. */
function asksMapping({ checks }: ArmSmmuDevice, l1tab: Mapping): boolean | null {
  const observed = mappingObserved(l1tab);
  if (l1tab.remap.through !== 'unknown') return checks.ask('two-level.l1-mapping', l1tab.ok, observed);
  checks.cannotTell('two-level.l1-mapping', observed);
  return null;
}

/** The array of pointers to L2 tables. */
function allocatePointers({ ledger, memory, revision }: ArmSmmuDevice, numL1Ents: number): Allocation {
  const byteLength = numL1Ents * POINTER_BYTE_LENGTH;
  const managed = revision.holds === 'devres';
  const granted = contiguous(byteLength + (managed ? DEVRES_BYTE_LENGTH : 0), memory.kernel, false);
  return ledger.allocate(managed ? 'devm_kcalloc' : 'kcalloc', { kind: 'l2ptrs' }, byteLength, granted);
}

/** A bad descriptor decides even where some before it are not known: whatever those hold, the adoption is tossed. */
function checkL1Descriptors(
  smmu: ArmSmmuDevice,
  l1tab: Mapping,
  numL1Ents: number,
  { used, missing, bad, overlapsUnknown, l2ptrs, unmapped }: L1Scan,
): number | null {
  const id = 'two-level.l1-descriptors';
  const { told, checks, revision } = smmu;
  if (unmapped?.remap.through === 'unknown') {
    checks.cannotTell('two-level.l2-mapping', mappingObserved(unmapped));
    return null;
  }
  if (unmapped !== null) {
    checks.ask('two-level.l2-mapping', false, mappingObserved(unmapped));
    return ENXIO;
  }
  if (bad !== null) {
    checks.ask(bad.broken === 'overlap' ? 'two-level.l2-overlap' : id, false, { ...bad, unseen: missing });
    smmu.complain(l1Complaint(bad.index, bad.broken, bad.span, bad.pointer));
    return EINVAL;
  }
  // Where nothing is asked of them, it does not matter what they are.
  if (missing > 0 && revision.boundsGeometry) {
    const oddity = smmu.memory.oddityOf(l1tab.paddr, l1tab.byteLength);
    checks.cannotTell(id, { kind: 'l1-unknown', unknown: missing, of: numL1Ents, oddity });
    if (told === null || told.adoption === null) return null;
    if (told.complaint !== null) smmu.complain(told.complaint);
    return told.adoption === 'adopted' ? 0 : EINVAL;
  }
  const inUse = { kind: 'l1-descriptors', used, of: numL1Ents, anySpan: !revision.boundsGeometry } as const;
  checks.ask(id, true, inUse);
  if (revision.overlapTest === 'none') return 0;
  const [mapped] = l2ptrs.values();
  if (mapped?.kind === 'adopted') checks.ask('two-level.l2-mapping', true, mappingObserved(mapped.mapping));
  if (overlapsUnknown > 0) {
    checks.cannotTell('two-level.l2-overlap', { kind: 'l2-overlaps-unknown', unknown: overlapsUnknown });
    if (told?.complaint === L2_CORRUPTED) {
      smmu.complain(L2_CORRUPTED);
      return EINVAL;
    }
  } else checks.ask('two-level.l2-overlap', true, inUse);
  return 0;
}
