/** arm_smmu_kexec_resv_s1_asids(), from v8 on: the ASIDs of every valid context descriptor behind one stage 1 STE. */

import { CD_BYTE_LENGTH, isValidCd, L1CD_BYTE_LENGTH, l1CdPointer } from '../../smmu/structures/cd-table.ts';
import { l1Pointer } from '../../smmu/structures/stream-table.ts';
import type { ArmSmmuDevice } from '../device.ts';
import { EBUSY, EINVAL, ENOMEM } from '../errno.ts';
import type { Required, ScanObserved, ScanPlace, ScanRule } from '../evidence.ts';
import type { Remap, RemapReason } from '../kernel-memory.ts';
import type { Revision } from '../revisions/revision.ts';
import type { ScanRecord } from './scan-record.ts';

/** STE.S1Fmt: the two formats that the scan accepts. */
const S1FMT_LINEAR = 0;
const S1FMT_64K_L2 = 2;
/** CTXDESC_L2_ENTRIES: CDs of one 64 KiB leaf. */
const LEAF_CDS = 1024;
const LEAF_BYTE_LENGTH = LEAF_CDS * CD_BYTE_LENGTH;

type StePlace = ScanPlace & { readonly stePaddr: number };

/** The STE's first word comes as two halves. Only min(2^S1CDMax, 1024) CDs of a leaf are read. */
export function armSmmuKexecResvS1Asids(
  smmu: ArmSmmuDevice,
  record: ScanRecord,
  place: StePlace,
  low: number,
  high: number,
): void {
  const table = checkSteCdtab(smmu, record, place, low, high);
  if (table === null) return;
  const { paddr, twoLevel, maxContexts } = table;
  if (!record.admits(maxContexts)) return;
  const entries = twoLevel ? Math.ceil(maxContexts / LEAF_CDS) : maxContexts;
  const entryByteLength = twoLevel ? L1CD_BYTE_LENGTH : CD_BYTE_LENGTH;
  const mapped = record.map('cd-table', paddr, entries * entryByteLength);
  if (mapped.through === null) {
    record.fail({ ...place, ...unmappable('cd-table-unmappable', paddr, mapped.why) });
    return;
  }
  if (!twoLevel) {
    record.readOnce(paddr, entries, () => resvCdAsids(smmu, record, place, mapped, entries, 0));
    return;
  }
  const numCds = Math.min(maxContexts, LEAF_CDS);
  const all = { first: 0, count: entries };
  for (const slice of smmu.memory.slices(mapped, L1CD_BYTE_LENGTH, all, record.reader('cdL1Table'))) {
    if (!slice.known) record.unknown(slice.count);
    for (let i = 0; slice.known && i < slice.count; i++) {
      const descriptor = slice.words[2 * i] as number;
      if ((descriptor & 1) === 0) continue;
      const index = slice.first + i;
      const leaf = l1CdPointer(descriptor, slice.words[2 * i + 1] as number);
      const at = { ...place, cd: { level: 'l1' as const, index, paddr: paddr + index * L1CD_BYTE_LENGTH } };
      const rule = brokenLeafRule(smmu.revision, leaf);
      if (rule !== null) {
        const observed = { kind: 'address', paddr: leaf } as const;
        record.fail({ ...at, rule, ret: EINVAL, observed, required: { kind: 'aligned-to-leaf' } });
        continue;
      }
      const mappedLeaf = record.map('cd-leaf', leaf, numCds * CD_BYTE_LENGTH);
      if (mappedLeaf.through === null) {
        record.fail({ ...at, ...unmappable('cd-leaf-unmappable', leaf, mappedLeaf.why) });
      } else {
        resvCdAsids(smmu, record, place, mappedLeaf, numCds, index * LEAF_CDS);
      }
    }
  }
}

/** v8 reads the leaf wherever the pointer leads, v9 wherever but at address 0. */
function brokenLeafRule(revision: Revision, leaf: number): ScanRule | null {
  if (leaf === 0) return revision.rejectsNullCdLeaf ? 'cd-leaf-null' : null;
  return leaf % LEAF_BYTE_LENGTH !== 0 && revision.checksCdAlignment ? 'cd-leaf-unaligned' : null;
}

/** A table that memremap() refuses ends the scan with -ENOMEM. */
export function unmappable(rule: ScanRule, paddr: number, why: RemapReason) {
  const observed = { kind: 'unmappable', paddr, why } as const;
  return { rule, ret: ENOMEM, observed, required: { kind: 'mapped' } } as const;
}

/**
 * arm_smmu_kexec_check_ste_cdtab(): the geometry of the CD table. S1Fmt is judged even where S1CDMax is 0 and the
 * hardware ignores it. Null when a rule is broken.
 */
function checkSteCdtab(
  { ids, features, revision }: ArmSmmuDevice,
  record: ScanRecord,
  place: StePlace,
  low: number,
  high: number,
): { paddr: number; twoLevel: boolean; maxContexts: number } | null {
  const paddr = l1Pointer(low, high);
  const s1fmt = (low >>> 4) & 3;
  const s1cdmax = high >>> 27;
  const fail = (rule: ScanRule, observed: ScanObserved, required: Required) => {
    if (!record.overflows()) record.fail({ ...place, rule, ret: EINVAL, observed, required });
    return null;
  };
  if (paddr === 0) return fail('cd-table-null', { kind: 'null-context-pointer' }, { kind: 'not-null' });
  if (s1cdmax > ids.ssidBits) {
    const observed = { kind: 'field', field: 'S1CDMax', value: s1cdmax } as const;
    return fail('s1cdmax-above-ssidsize', observed, { kind: 'at-most', value: ids.ssidBits });
  }
  const format = { kind: 'field', field: 'S1Fmt', value: s1fmt } as const;
  if (s1fmt !== S1FMT_LINEAR && s1fmt !== S1FMT_64K_L2)
    return fail('s1fmt-unsupported', format, { kind: 'known-s1fmt' });
  const twoLevel = s1fmt === S1FMT_64K_L2;
  if (twoLevel && !features.twoLevelCdTable && revision.asksForCd2l) {
    return fail('s1fmt-without-cd2l', format, { kind: 'equals', value: S1FMT_LINEAR });
  }
  const maxContexts = 2 ** s1cdmax;
  const byteLength = twoLevel ? Math.ceil(maxContexts / LEAF_CDS) * L1CD_BYTE_LENGTH : maxContexts * CD_BYTE_LENGTH;
  if (paddr % byteLength !== 0 && revision.checksCdAlignment) {
    return fail('cd-table-unaligned', { kind: 'address', paddr }, { kind: 'aligned', byteLength });
  }
  return { paddr, twoLevel, maxContexts };
}

/** arm_smmu_kexec_resv_cd_asids(): V is bit 31 of a CD's first word, ASID bits 63:48. */
function resvCdAsids(
  smmu: ArmSmmuDevice,
  record: ScanRecord,
  place: StePlace,
  mapped: Remap,
  count: number,
  firstSsid: number,
): void {
  const limit = 2 ** smmu.ids.asidBits;
  for (const slice of smmu.memory.slices(mapped, CD_BYTE_LENGTH, { first: 0, count }, record.reader('cds'))) {
    if (!slice.known) {
      record.unknown(slice.count);
      continue;
    }
    for (let i = 0, at = 0; i < slice.count; i++, at += CD_BYTE_LENGTH / 4) {
      if (!isValidCd(slice.words, at)) continue;
      const asid = (slice.words[at + 1] as number) >>> 16;
      const valid = asid !== 0 && asid < limit;
      const owner = valid ? smmu.asids.ownerOf(asid) : null;
      if (valid && owner === null) {
        record.asid(asid);
        continue;
      }
      if (record.overflows()) continue;
      const entry = slice.first + i;
      const cd = { level: 'cd' as const, index: firstSsid + entry, paddr: mapped.paddr + entry * CD_BYTE_LENGTH };
      if (owner !== null) {
        const observed = { kind: 'asid-of-domain', asid, smmu: owner } as const;
        record.fail({ ...place, cd, rule: 'asid-busy', ret: EBUSY, observed, required: { kind: 'not-of-domain' } });
        continue;
      }
      const rule = asid === 0 ? 'asid-zero' : 'asid-too-large';
      const observed = { kind: 'field', field: 'ASID', value: asid } as const;
      const required = { kind: 'range', first: 1, last: limit - 1 } as const;
      record.fail({ ...place, cd, rule, ret: EINVAL, observed, required });
    }
  }
}
