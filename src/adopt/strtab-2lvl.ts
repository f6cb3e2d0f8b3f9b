/** arm_smmu_kdump_adopt_strtab_2lvl(): geometry, the L1 mapping, the array of L2 pointers, and every L1 descriptor. */

import { L1STD_BYTE_LENGTH, l1Pointer } from '../smmu/stream-table.ts';
import {
  type ArmSmmuDevice,
  mappingObserved,
  pa,
  STRTAB_L2_BYTE_LENGTH,
  STRTAB_MAX_L1_ENTRIES,
  STRTAB_SPLIT,
} from './device.ts';
import { EINVAL, ENOMEM, EOPNOTSUPP } from './errno.ts';
import type { BrokenL1Rule, Observed } from './evidence.ts';
import type { Mapping } from './ledger.ts';
import { upToDeath } from './panic.ts';
import type { Revision } from './revision.ts';

const POINTER_BYTE_LENGTH = 8;

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
  const inRange = split <= log2size && log2size <= ids.sidBits;
  if (
    !checks.ask('two-level.log2size', inRange, number(log2size), { kind: 'range', first: split, last: ids.sidBits })
  ) {
    return fail(`log2size ${log2size} out of range [${split}, ${ids.sidBits}]`);
  }
  if (!checks.ask('two-level.split', split === STRTAB_SPLIT, number(split))) {
    return fail(`unsupported STRTAB_SPLIT ${split} (expected ${STRTAB_SPLIT})`);
  }
  const numL1Ents = 2 ** (log2size - split);
  if (!checks.ask('two-level.l1-entries', numL1Ents <= STRTAB_MAX_L1_ENTRIES, number(numL1Ents))) {
    const count = revision.boundsL1EntriesAsPower ? `2^${log2size - split}` : String(numL1Ents);
    return fail(`l1 entries ${count} exceeds max ${STRTAB_MAX_L1_ENTRIES}`);
  }
  const byteLength = numL1Ents * L1STD_BYTE_LENGTH;
  if (revision.checksAlignment) {
    const observed = { kind: 'address', paddr: base } as const;
    if (!checks.ask('two-level.l1-alignment', base % byteLength === 0, observed, { kind: 'aligned', byteLength })) {
      return fail(`unaligned l1 stream table base ${pa(base)}`);
    }
  }

  const l1tab = smmu.map('memremap', 'l1-table', { paddr: base, byteLength });
  const cfg = { format: '2lvl' as const, l1tab, numL1Ents, array: null, l2ptrs: new Map() };
  smmu.strtabCfg = cfg;
  if (l1tab.remap.through === 'unknown') {
    checks.cannotTell('two-level.l1-mapping', mappingObserved(l1tab));
    return null;
  }
  if (!checks.ask('two-level.l1-mapping', l1tab.ok, mappingObserved(l1tab))) return ENOMEM;
  const array = smmu.ledger.allocate('kcalloc', { kind: 'l2ptrs' }, numL1Ents * POINTER_BYTE_LENGTH);
  smmu.strtabCfg = { ...cfg, array };
  const { ok } = array;
  if (!checks.ask('two-level.l2-pointers', ok, { kind: 'allocation', byteLength: array.byteLength, ok })) return ENOMEM;
  return checkL1Descriptors(smmu, l1tab, numL1Ents);
}

/** What the descriptors hold: which one is the first that the driver rejects, and how many are not known before it. */
interface L1Scan {
  readonly used: number;
  readonly missing: number;
  readonly bad: Omit<L1Rejection, 'unseen'> | null;
}

type L1Rejection = Extract<Observed, { kind: 'l1-descriptor' }>;

/** A bad descriptor decides even where some before it are not known: whatever those hold, the adoption is tossed. */
function checkL1Descriptors(smmu: ArmSmmuDevice, l1tab: Mapping, numL1Ents: number): number | null {
  const id = 'two-level.l1-descriptors';
  const { told } = smmu;
  const { used, missing, bad } = smmu.stages.live(smmu, 'L1 descriptors', () => scanL1(smmu, l1tab, numL1Ents));
  if (bad !== null) {
    smmu.checks.ask(id, false, { ...bad, unseen: missing });
    smmu.complain(l1Complaint(bad.index, bad.broken, bad.span, bad.pointer));
    return EINVAL;
  }
  if (missing > 0) {
    const oddity = smmu.memory.oddityOf(l1tab.paddr, l1tab.byteLength);
    smmu.checks.cannotTell(id, { kind: 'l1-unknown', unknown: missing, of: numL1Ents, oddity });
    if (told === null || told.adoption === null) return null;
    if (told.complaint !== null) smmu.complain(told.complaint);
    return told.adoption === 'adopted' ? 0 : EINVAL;
  }
  smmu.checks.ask(id, true, { kind: 'l1-descriptors', used, of: numL1Ents });
  return 0;
}

/** Every descriptor in ascending order, up to the first bad one. */
function scanL1(smmu: ArmSmmuDevice, l1tab: Mapping, numL1Ents: number): L1Scan {
  let used = 0;
  let missing = 0;
  const all = { first: 0, count: numL1Ents };
  const slices = smmu.memory.slices(l1tab.remap, L1STD_BYTE_LENGTH, all, () => smmu.revision.readers.l1Table);
  const { told, revision } = smmu;
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
      const broken = brokenL1Rule(revision, span, pointer);
      if (broken === 'unused') continue;
      used += 1;
      if (broken === null) continue;
      return { used, missing, bad: { kind: 'l1-descriptor', index: slice.first + i, broken, span, pointer } };
    }
  }
  return { used, missing, bad: null };
}

/**
 * What a revision finds wrong with a descriptor of span other than 0: null when nothing. Through v7 a null pointer
 * means unused, whatever the span, and alignment is not asked for.
 */
export function brokenL1Rule(revision: Revision, span: number, pointer: number): BrokenL1Rule | 'unused' | null {
  if (pointer === 0 && !revision.checksAlignment) return 'unused';
  if (span !== STRTAB_SPLIT + 1) return 'span';
  const aligned = pointer !== 0 && pointer % STRTAB_L2_BYTE_LENGTH === 0;
  return !aligned && revision.checksAlignment ? 'pointer' : null;
}

/** The kernel's words for it, without prefix. */
export function l1Complaint(index: number, broken: BrokenL1Rule, span: number, pointer: number): string {
  return broken === 'span'
    ? `L1[${index}] unsupported span ${span} (vs ${STRTAB_SPLIT + 1})`
    : `L1[${index}] bad l2 table base ${pa(pointer)}`;
}
