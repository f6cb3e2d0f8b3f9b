/** The scan for IDs in use: its rules, what breaks them, and how far it came, as phrases. */

import type { GaveUp, ScanObserved, ScanRule } from '../../adopt/evidence.ts';
import { hex } from '../../hex.ts';
import { remapReasonInWords } from './memory.ts';

/** Each rule by what is wrong where it is broken. */
export const SCAN_RULES: Readonly<Record<ScanRule, string>> = {
  'l2-unmappable': 'the L2 table cannot be mapped',
  'ste-config-reserved': 'Config is reserved',
  'cd-table-null': 'the CD pointer is null',
  's1cdmax-above-ssidsize': 'S1CDMax is above IDR1.SSIDSIZE',
  's1fmt-unsupported': 'S1Fmt is neither linear nor 64 KiB leaves',
  's1fmt-without-cd2l': 'the CD table has two levels on hardware without (IDR0.CD2L)',
  'cd-table-unaligned': 'the CD table is not aligned to its size',
  'cd-table-unmappable': 'the CD table cannot be mapped',
  'cd-leaf-null': 'a valid CD L1 descriptor has a null pointer',
  'cd-leaf-unaligned': 'a CD leaf is not aligned to 64 KiB',
  'cd-leaf-unmappable': 'a CD leaf cannot be mapped',
  'asid-zero': 'a valid CD has ASID 0',
  'asid-too-large': 'a valid CD has an ASID that is wider than the hardware allows',
  'asid-busy': 'a valid CD has an ASID that a domain of another SMMU has been given',
  'vmid-zero': 'S2VMID is 0',
  'vmid-too-large': 'S2VMID is wider than the hardware allows',
};

/** What the scan for IDs found in an entry that breaks one of its rules. */
export function scanObservedInWords(observed: ScanObserved): string {
  switch (observed.kind) {
    case 'field':
      // The rules say already that it is the VMID.
      return observed.field === 'VMID' ? String(observed.value) : `${observed.field} ${observed.value}`;
    case 'null-context-pointer':
      return 'S1ContextPtr 0x0';
    case 'address':
      return hex(observed.paddr);
    case 'asid-of-domain':
      return `ASID ${observed.asid}, which ${observed.smmu} has given to a device`;
    case 'unmappable':
      return `${hex(observed.paddr)}: ${remapReasonInWords(observed.why)}`;
  }
}

const GAVE_UP_WORDS = { stes: 'STEs', 'cd-tables': 'CD tables', cds: 'context descriptors' } as const;

/** `after 1048576 CD tables`. */
export function gaveUpInWords({ after, of }: GaveUp): string {
  return `after ${after} ${GAVE_UP_WORDS[of]}`;
}
