/** Every L1 descriptor as the adoption of a two-level table reads it, and what each revision finds wrong with one. */

import { L1STD_BYTE_LENGTH, l1Pointer } from '../../smmu/structures/stream-table.ts';
import { type ArmSmmuDevice, L2_CORRUPTED, type L2Table, pa, STRTAB_L2_BYTE_LENGTH, STRTAB_SPLIT } from '../device.ts';
import type { BrokenL1Rule, Observed } from '../evidence.ts';
import type { Mapping } from '../ledger.ts';
import { upToDeath } from '../panic.ts';
import { type Revision, readerOf } from '../revisions/revision.ts';

/** Of tables that are mapped all at once; the others are found again when a device needs one. */
export const MAX_L2PTRS_KEPT = 1 << 12;

/** What the descriptors hold: which one is the first that the driver rejects, and how many are not known before it. */
export interface L1Scan {
  readonly used: number;
  readonly missing: number;
  readonly bad: Omit<L1Rejection, 'unseen'> | null;
  /** L2 tables of which nobody can tell what they overlap. */
  readonly overlapsUnknown: number;
  /** The tables in use, as far as they are mapped at once. */
  readonly l2ptrs: Map<number, L2Table>;
  /** The first of them that cannot be mapped, or of which that cannot be told, where the driver notices. */
  readonly unmapped: Mapping | null;
}

type L1Rejection = Extract<Observed, { kind: 'l1-descriptor' }>;

/**
 * Every descriptor in ascending order, up to the first bad one. Through v3 every table is mapped here; v1 and v2 keep an
 * error code for a pointer, until somebody reads through it.
 */
export function scanL1(smmu: ArmSmmuDevice, l1tab: Mapping, numL1Ents: number): L1Scan {
  let used = 0;
  let missing = 0;
  let overlapsUnknown = 0;
  const l2ptrs = new Map<number, L2Table>();
  const all = { first: 0, count: numL1Ents };
  const slices = smmu.memory.slices(l1tab.remap, L1STD_BYTE_LENGTH, all, () => readerOf(smmu.revision, 'l1Table'));
  const { told, revision, memory } = smmu;
  const { overlapTest, mapsL2At } = revision;
  const certain = () => missing === 0 || told?.diedIn === revision.readers.l1Table;
  for (const slice of upToDeath(certain, slices)) {
    if (!slice.known) {
      missing += slice.count;
      continue;
    }
    const { words } = slice;
    for (let i = 0; i < slice.count; i++) {
      const low = words[2 * i] as number;
      const span = low & 0x1f;
      if (span === 0) continue;
      // L2Ptr is bits 51:6.
      const pointer = l1Pointer(low, words[2 * i + 1] as number);
      let broken: BrokenL1Rule | 'unused' | null = brokenL1Rule(revision, span, pointer);
      if (broken === 'unused') continue;
      used += 1;
      const index = slice.first + i;
      if (broken === null && overlapTest !== 'none') {
        const overlaps = memory.overlaps(pointer, STRTAB_L2_BYTE_LENGTH, overlapTest);
        if (overlaps === null) overlapsUnknown += 1;
        else if (overlaps) broken = 'overlap';
      }
      if (broken !== null) {
        const bad = { kind: 'l1-descriptor', index, broken, span, pointer } as const;
        return { used, missing, bad, overlapsUnknown, l2ptrs, unmapped: null };
      }
      if (mapsL2At !== 'adoption') continue;
      const mapping = smmu.map('devm_memremap', 'l2-table', { paddr: pointer, byteLength: STRTAB_L2_BYTE_LENGTH });
      const mapped = mapping.ok && mapping.remap.through !== 'unknown';
      if (!mapped && revision.noticesMappingErrors) {
        return { used, missing, bad: null, overlapsUnknown, l2ptrs, unmapped: mapping };
      }
      if (l2ptrs.size < MAX_L2PTRS_KEPT) l2ptrs.set(index, { kind: 'adopted', mapping });
    }
  }
  return { used, missing, bad: null, overlapsUnknown, l2ptrs, unmapped: null };
}

/**
 * What a revision finds wrong with a descriptor of span other than 0: null when nothing. Through v7 a null pointer
 * means unused, whatever the span, and alignment is not asked for; v1 and v2 ask for nothing at all.
 */
export function brokenL1Rule(
  revision: Revision,
  span: number,
  pointer: number,
): Exclude<BrokenL1Rule, 'overlap'> | 'unused' | null {
  if (pointer === 0 && !revision.checksAlignment) return 'unused';
  if (span !== STRTAB_SPLIT + 1) return revision.boundsGeometry ? 'span' : null;
  const aligned = pointer !== 0 && pointer % STRTAB_L2_BYTE_LENGTH === 0;
  return !aligned && revision.checksAlignment ? 'pointer' : null;
}

/** The kernel's words for it, without prefix. */
export function l1Complaint(index: number, broken: BrokenL1Rule, span: number, pointer: number): string {
  if (broken === 'overlap') return L2_CORRUPTED;
  return broken === 'span'
    ? `L1[${index}] unsupported span ${span} (vs ${STRTAB_SPLIT + 1})`
    : `L1[${index}] bad l2 table base ${pa(pointer)}`;
}
