/** What a check of the driver found and what it asks for, as phrases. */

import type { Check } from '../../adopt/checks.ts';
import { STRTAB_SPLIT } from '../../adopt/device.ts';
import type { Observed, Required, ScanFailure, ScanObserved } from '../../adopt/evidence.ts';
import type { Allocation } from '../../adopt/ledger.ts';
import type { OverlapTest } from '../../adopt/revisions/revision.ts';
import { hex } from '../../hex.ts';
import { count } from '../rules/words.ts';
import { MADE_TO_FAIL, oddityInWords, remapReasonInWords } from './memory.ts';
import { gaveUpInWords, SCAN_RULES, scanObservedInWords } from './scan.ts';

/** What became of an allocation. */
const GRANTED: Readonly<Record<Allocation['granted'], string>> = {
  granted: 'allocated',
  refused: 'more than this kernel can have in one piece',
  'cannot-be-told': 'whether this kernel can have so much in one piece is not known',
  'made-to-fail': MADE_TO_FAIL,
};

/** What a check found, as its line has it: numbers bare, addresses and StreamIDs in hex. */
export function observedInWords(observed: Observed | ScanObserved): string {
  switch (observed.kind) {
    case 'number':
    case 'coherent':
      return String(observed.value);
    case 'id-fields':
      return Object.entries(observed.fields)
        .map(([name, value]) => `${name} ${value}`)
        .join(', ');
    case 'service-failure':
      return observed.active ? 'active' : 'inactive';
    case 'two-level':
      return `ST_LEVEL ${observed.stLevel}, SIDSIZE ${observed.sidSize}`;
    case 'mapping': {
      const { paddr, byteLength, why } = observed;
      return `${hex(paddr)}, ${byteLength} bytes: ${why === null ? 'mapped' : remapReasonInWords(why)}`;
    }
    case 'overlap': {
      const { paddr, byteLength, overlaps } = observed;
      const range = `${hex(paddr)}, ${byteLength} bytes`;
      if (overlaps === null) return `${range}: what of the kdump kernel is there is not known`;
      return `${range}: ${overlaps ? 'overlaps' : 'disjoint'}`;
    }
    case 'l2-overlaps-unknown':
      return `${count(observed.unknown, 'L2 table')}: what of the kdump kernel is there is not known`;
    case 'allocation':
      return `${observed.byteLength} bytes: ${GRANTED[observed.granted]}`;
    case 'action':
      return observed.ok ? 'registered' : MADE_TO_FAIL;
    case 'l1-descriptor': {
      const { index, broken, span, pointer, unseen } = observed;
      const what =
        broken === 'span' ? `span ${span}` : `pointer ${hex(pointer)}${broken === 'overlap' ? ', which overlaps' : ''}`;
      return `L1[${index}] has ${what}${unseen > 0 ? `; ${unseen} descriptors before it are not in the dump` : ''}`;
    }
    case 'l1-descriptors':
      return `${observed.used} of ${observed.of} in use${observed.anySpan ? '' : `, each with span ${STRTAB_SPLIT + 1}`}`;
    case 'l1-unknown': {
      const { unknown, of, oddity } = observed;
      const why = oddity === null ? 'are not in the dump' : `cannot be known: ${oddityInWords(oddity)}`;
      return `${unknown} of ${of} descriptors ${why}`;
    }
    case 'ids':
      return `${observed.asids} ASIDs, ${observed.vmids} VMIDs in ${observed.cdTables} CD tables`;
    case 'scan-failure':
      return scanFailureInWords(observed.failure);
    case 'scan-unfinished': {
      const { unknownEntries, contestedAsids, gaveUp } = observed;
      if (gaveUp !== null) return `given up ${gaveUpInWords(gaveUp)}`;
      if (unknownEntries > 0) return `${unknownEntries} entries cannot be read`;
      return `${count(contestedAsids, 'ASID')} may be in use by a domain of an SMMU that probes before`;
    }
    default:
      return scanObservedInWords(observed);
  }
}

/** The same of a finding, which may have nothing to show. */
export function observedOrUnknown(observed: Observed | null): string {
  return observed === null ? 'unknown' : observedInWords(observed);
}

/** `span 3; required: 9`: what was found of a check, and what it wants to find. */
export function foundAndRequired({ observed, required }: Pick<Check, 'observed' | 'required'>): string {
  return `${observedOrUnknown(observed)}; required: ${requiredInWords(required)}`;
}

/** What a check wants to find, in the same words. */
export function requiredInWords(required: Required): string {
  switch (required.kind) {
    case 'equals':
      return String(required.value);
    case 'at-most':
      return `<= ${required.value}`;
    case 'at-least':
      return `>= ${required.value}`;
    case 'disjoint':
      return DISJOINT[required.from];
    case 'range':
      return `${required.first} to ${required.last}`;
    case 'aligned':
      return `aligned to ${required.byteLength} bytes`;
    default:
      return REQUIREMENTS[required.kind];
  }
}

type Named = Exclude<Required['kind'], 'equals' | 'at-most' | 'at-least' | 'range' | 'aligned' | 'disjoint'>;

const DISJOINT: Readonly<Record<OverlapTest, string>> = {
  'System RAM': "disjoint from the kdump kernel's memory",
  'MEM and BUSY': "disjoint from the kdump kernel's memory and from what its drivers have claimed",
};

const REQUIREMENTS: Readonly<Record<Named, string>> = {
  'little-endian': 'TTENDIAN 0 (both) or 2 (little)',
  'aarch64-tables': 'TTF 2 or 3',
  'nothing-preset': '0',
  coherent: 'true',
  'no-service-failure': 'inactive',
  'known-format': '0 (linear) or 1 (2lvl)',
  'two-level': 'IDR0.ST_LEVEL 1 and IDR1.SIDSIZE > 8',
  'log2size-in-range': 'SPLIT <= LOG2SIZE <= SIDSIZE',
  'log2size-at-least-split': 'SPLIT <= LOG2SIZE',
  'log2size-within-cap': 'at most the cap',
  'aligned-to-size': 'aligned to its size',
  mapped: 'mapped',
  allocated: 'allocated',
  'l1-any': 'anything',
  'l1-span-or-null': 'span 0 or 9, or a null pointer',
  'l1-span-and-alignment': 'span 0, or span 9 with a 16 KiB aligned pointer',
  'ids-free': 'every ASID and VMID in use can be reserved',
  registered: 'registered',
  'not-null': 'a pointer',
  'known-s1fmt': '0 or 2',
  'known-config': 'Config 0 or 4 to 7',
  'aligned-to-leaf': 'aligned to 64 KiB',
  'not-of-domain': 'no domain has it',
};

/** One broken rule of the ID scan, with its place. */
function scanFailureInWords({ rule, sid, stePaddr, cd, observed }: ScanFailure): string {
  const ste = stePaddr === null ? `SID ${hex(sid)} and up` : `SID ${hex(sid)}`;
  const entry = cd === null ? '' : `, ${cd.level === 'cd' ? 'CD' : 'CD L1'}[${cd.index}]`;
  const at = cd?.paddr ?? stePaddr;
  const where = at === null ? '' : ` at ${hex(at)}`;
  return `${ste}${entry}${where}: ${SCAN_RULES[rule]} (${scanObservedInWords(observed)})`;
}
