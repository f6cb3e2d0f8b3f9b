/** What a mapping, a read or an allocation of the kdump kernel meets, as phrases. */

import type { Oddity, RemapReason } from '../../adopt/kernel-memory.ts';
import type { Allocated, MappingPurpose } from '../../adopt/ledger.ts';
import type { KernelDeath } from '../../adopt/panic.ts';
import type { AddressKind } from '../../platform/address-map.ts';

const KINDS: Readonly<Record<AddressKind, string>> = {
  ram: 'RAM',
  kdump: "the kdump kernel's own memory",
  device: 'device registers',
  hole: 'a hole of the physical map',
  unknown: 'nothing that the dump knows of',
};

/** What stands where plain memory should: `device registers (9050000.smmu)`. */
export function oddityInWords({ kind, device }: Oddity): string {
  return device === null ? KINDS[kind] : `${KINDS[kind]} (${device})`;
}

/** Why memremap() fails, or where it leads. */
export function remapReasonInWords(why: RemapReason): string {
  switch (why.kind) {
    case 'made-to-fail':
      return MADE_TO_FAIL;
    case 'uncharted':
      return 'in no range of this dump, whose memory map may be short';
    case 'not-ram':
      return 'not RAM in this dump';
    case 'mixed':
      return "memory of the kdump kernel and a device's in one range";
    case 'beyond-cpu':
      return `the CPU has ${why.paBits} address bits; what lies above cannot be mapped`;
    case 'leads-to':
      return `maps ${KINDS[why.what]}`;
  }
}

/** What the user has made fail, to see the driver's error paths. */
export const MADE_TO_FAIL = 'made to fail';

const DEATHS: Readonly<Record<KernelDeath['why'], string>> = {
  'beyond-direct-map': "beyond the end of the kdump kernel's memory in the direct map: the first read is an oops",
  'error-pointer': 'the mapping failed, and the driver takes its error code for an address: the first read is an oops',
  'nothing-answers': 'nothing answers at this address: the first read ends in an external abort',
};

/** Why the kernel does not survive a read. */
export function deathInWords(why: KernelDeath['why']): string {
  return DEATHS[why];
}

/** What an allocation of the adoption was for. */
export function allocatedInWords(what: Allocated): string {
  return what.kind === 'l2ptrs' ? what.kind : `L2 table of L1[${what.l1Index}]`;
}

/** What the clean-up leaves in place. */
export interface Leaked {
  readonly mappings: readonly MappingPurpose[];
  readonly allocations: readonly Allocated[];
}

/** `the l1-table mapping and the l2ptrs array`. */
export function leakedInWords({ mappings, allocations }: Leaked): string {
  return [
    ...mappings.map((purpose) => `the ${purpose} mapping`),
    ...allocations.map((what) => `the ${allocatedInWords(what)} array`),
  ].join(' and ');
}
