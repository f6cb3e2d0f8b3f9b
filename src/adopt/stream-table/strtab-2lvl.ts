/** arm_smmu_kdump_adopt_strtab_2lvl(): geometry, the L1 mapping, the array of L2 pointers, and every L1 descriptor. */

import { L1STD_BYTE_LENGTH, l1Pointer } from '../../smmu/structures/stream-table.ts';
import {
  type ArmSmmuDevice,
  L2_CORRUPTED,
  type L2Table,
  mappingObserved,
  pa,
  STRTAB_L2_BYTE_LENGTH,
  STRTAB_MAX_L1_ENTRIES,
  STRTAB_SPLIT,
} from '../device.ts';
import { EINVAL, ENOMEM, ENXIO, EOPNOTSUPP } from '../errno.ts';
import type { BrokenL1Rule, Observed, Required } from '../evidence.ts';
import type { Mapping } from '../ledger.ts';
import { upToDeath } from '../panic.ts';
import type { Revision } from '../revisions/revision.ts';

const POINTER_BYTE_LENGTH = 8;

/** Of tables that are mapped all at once; the others are found again when a device needs one. */
export const MAX_L2PTRS_KEPT = 1 << 12;

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
  if (numL1Ents > STRTAB_MAX_L1_ENTRIES && !revision.boundsGeometry) {
    // Whether so large an array of pointers can be had depends on the kernel's build; from 2^32 on the shift is undefined.
    checks.cannotTell('two-level.l1-entries', number(numL1Ents));
    return null;
  }
  if (!checks.ask('two-level.l1-entries', numL1Ents <= STRTAB_MAX_L1_ENTRIES, number(numL1Ents))) {
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
  const cfg = { format: '2lvl' as const, l1tab, numL1Ents, array: null, l2ptrs: new Map() };
  smmu.strtabCfg = cfg;
  if (l1tab.remap.through === 'unknown') {
    checks.cannotTell('two-level.l1-mapping', mappingObserved(l1tab));
    return null;
  }
  const mapped = checks.ask('two-level.l1-mapping', l1tab.ok, mappingObserved(l1tab));
  if (!mapped && revision.noticesMappingErrors) return smmu.mappingErrno;
  const call = revision.holds === 'devres' ? 'devm_kcalloc' : 'kcalloc';
  const array = smmu.ledger.allocate(call, { kind: 'l2ptrs' }, numL1Ents * POINTER_BYTE_LENGTH);
  smmu.strtabCfg = { ...cfg, array };
  const { ok } = array;
  if (!checks.ask('two-level.l2-pointers', ok, { kind: 'allocation', byteLength: array.byteLength, ok })) return ENOMEM;
  const scan = smmu.stages.live(smmu, 'L1 descriptors', () => scanL1(smmu, l1tab, numL1Ents));
  smmu.strtabCfg = { ...cfg, array, l2ptrs: scan.l2ptrs };
  return checkL1Descriptors(smmu, l1tab, numL1Ents, scan);
}

/** What the descriptors hold: which one is the first that the driver rejects, and how many are not known before it. */
interface L1Scan {
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
  checks.ask(id, true, { kind: 'l1-descriptors', used, of: numL1Ents });
  if (revision.overlapTest === 'none') return 0;
  const [mapped] = l2ptrs.values();
  if (mapped?.kind === 'adopted') checks.ask('two-level.l2-mapping', true, mappingObserved(mapped.mapping));
  if (overlapsUnknown > 0) {
    checks.cannotTell('two-level.l2-overlap', { kind: 'l2-overlaps-unknown', unknown: overlapsUnknown });
    if (told?.complaint === L2_CORRUPTED) {
      smmu.complain(L2_CORRUPTED);
      return EINVAL;
    }
  } else checks.ask('two-level.l2-overlap', true, { kind: 'l1-descriptors', used, of: numL1Ents });
  return 0;
}

/**
 * Every descriptor in ascending order, up to the first bad one. Through v3 every table is mapped here; v1 and v2 keep an
 * error code for a pointer, until somebody reads through it.
 */
function scanL1(smmu: ArmSmmuDevice, l1tab: Mapping, numL1Ents: number): L1Scan {
  let used = 0;
  let missing = 0;
  let overlapsUnknown = 0;
  const l2ptrs = new Map<number, L2Table>();
  const all = { first: 0, count: numL1Ents };
  const slices = smmu.memory.slices(l1tab.remap, L1STD_BYTE_LENGTH, all, () => smmu.revision.readers.l1Table);
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
