/**
 * Rules for what the kernel does not check: whether adopting would have been safe, as far as registers and memory tell.
 * Most go back to a question that was raised while the series was reviewed.
 */

import type { RuleText } from './rules.ts';

/** Where a structure of the SMMU is, for the rules about places. */
interface Placed {
  readonly structure: string;
  readonly address: string;
  readonly byteLength: number;
}

/** Streams as a list for people: `0x8, 0x100 and 3 more`. */
interface Streams {
  readonly streams: number;
  readonly sids: string;
}

export interface RiskRuleArgs {
  'structure-outside-ram': Placed & { readonly state: string };
  'structure-in-kdump-memory': Placed & {
    readonly how: 'inside' | 'across its start' | 'across its end';
    /** The kernel maps it. */
    readonly mapped: boolean;
  };
  'structure-in-mmio': Placed & { readonly device: string };
  'structure-in-hole': Placed;
  'structure-unreachable': Placed & { readonly where: string };
  'structure-above-oas': Placed & { readonly oasBits: number };
  'views-differ': { readonly structure: string } & Streams;
  'l2-aliased': { readonly l2: string; readonly slots: string; readonly count: number };
  'structures-overlap': { readonly first: string; readonly second: string; readonly byteLength: number };
  'reserved-bits-set': { readonly entry: string; readonly sid: number; readonly bits: string };
  's1fmt-reserved': { readonly sid: number };
  'ste-illegal': { readonly sid: number; readonly field: string; readonly observed: string; readonly required: string };
  'cd-illegal': {
    readonly sid: number;
    readonly ssid: number;
    readonly field: string;
    readonly observed: string;
    readonly required: string;
  };
  'cd-asid-zero': { readonly sid: number; readonly ssid: number };
  'ttb-not-in-ram': { readonly sid: number; readonly table: string; readonly address: string; readonly state: string };
  'page-table-damaged': {
    readonly sid: number;
    readonly table: string;
    readonly what: string;
    readonly times: number;
    readonly first: string;
  };
  'dma-into-kdump-memory': {
    readonly sid: number;
    readonly iova: string;
    readonly pa: string;
    readonly byteLength: number;
    readonly ranges: number;
  };
  'dma-goes-on': Streams & { readonly bypass: number };
  'reset-cuts-off': Streams & { readonly instead: string };
  'invalidations-pending': { readonly commands: number; readonly what: string };
  'commands-pending': { readonly commands: number; readonly what: string };
  'command-error': { readonly reason: string; readonly command: string };
  'asid-reuse': { readonly asids: string; readonly count: number };
  'vmid-reuse': { readonly vmids: string; readonly count: number };
  'asid-tag-space': { readonly el1: number; readonly el2: number };
  'asid-clash': { readonly other: string; readonly asids: string; readonly count: number };
  'ats-enabled': Streams & { readonly atschk: string };
  'gerror-active': { readonly error: string; readonly means: string };
  'events-unread': { readonly events: number; readonly what: string };
  'events-lost': Record<string, never>;
  'stall-enabled': Streams;
  'page-requests-pending': { readonly requests: number };
  'gbpa-bypass': Record<string, never>;
  'memory-demand': { readonly allocated: number; readonly mapped: number };
  'sids-beyond-table': { readonly log2Size: number; readonly sidBits: number };
  'rewritten-after-adoption': { readonly what: string; readonly address: string };
  'risks-cut': { readonly what: string; readonly examined: number };
}

const sid = (number: number) => `0x${number.toString(16)}`;
const count = (number: number, one: string, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;
const cdOf = (number: number, ssid: number) => `CD[${ssid}] of SID ${sid(number)}`;

const KDUMP_HOW: Readonly<Record<RiskRuleArgs['structure-in-kdump-memory']['how'], string>> = {
  inside: 'it maps without a word, and the kdump kernel reads its own memory instead',
  'across its start': "it maps without a word, and a part of it is the kdump kernel's own",
  'across its end': 'it maps, and the first read beyond the end is an oops',
};

export const RISK_RULES: { readonly [R in keyof RiskRuleArgs]: RuleText<RiskRuleArgs[R]> } = {
  'structure-outside-ram': {
    severity: 'warning',
    reach: null,
    sentence: ({ structure, address, byteLength, state }) =>
      `the ${structure} at ${address} (${byteLength} bytes) is not wholly RAM of this dump (${state})`,
  },
  'structure-in-kdump-memory': {
    severity: 'warning',
    reach: null,
    sentence: ({ structure, address, how, mapped }) =>
      `the ${structure} at ${address} lies ${how === 'inside' ? 'in' : `${how.replace('its', 'the')} of`} ` +
      `the kdump kernel's memory: ${mapped ? KDUMP_HOW[how] : 'hardware and kdump kernel get in the way of each other'}`,
  },
  'structure-in-mmio': {
    severity: 'error',
    reach: 'machine',
    sentence: ({ structure, address, device }) =>
      `the ${structure} at ${address} lies in the registers of ${device}: a cacheable mapping of them may end in a fatal SError`,
  },
  'structure-in-hole': {
    severity: 'error',
    reach: 'machine',
    sentence: ({ structure, address }) =>
      `the ${structure} at ${address} lies in a hole of the physical map: the first read by the CPU is an external abort`,
  },
  'structure-unreachable': {
    severity: 'warning',
    reach: null,
    sentence: ({ structure, address, where }) =>
      `the ${structure} at ${address} lies in ${where}: the kernel does not read it, the hardware's access is aborted or worse`,
  },
  'structure-above-oas': {
    severity: 'warning',
    reach: null,
    sentence: ({ structure, address, oasBits }) =>
      `the ${structure} at ${address} needs more than the ${oasBits} address bits that the SMMU puts out (IDR5.OAS): ` +
      'the kernel takes it, the hardware faults or truncates',
  },
  'views-differ': {
    severity: 'warning',
    reach: null,
    sentence: ({ structure, streams, sids }) =>
      `the ${structure} is unaligned: hardware and kernel read different STEs for ${count(streams, 'StreamID')} (${sids})`,
  },
  'l2-aliased': {
    severity: 'warning',
    reach: 'bus',
    sentence: ({ l2, slots, count: times }) =>
      `${times} L1 descriptors (${slots}) share the L2 table at ${l2}: an attach on one bus rewrites the other's STEs`,
  },
  'structures-overlap': {
    severity: 'warning',
    reach: null,
    sentence: ({ first, second, byteLength }) => `${first} and ${second} share ${count(byteLength, 'byte')} of memory`,
  },
  'reserved-bits-set': {
    severity: 'note',
    reach: null,
    sentence: ({ entry, sid: number, bits }) =>
      `the ${entry} of SID ${sid(number)} has reserved bits set: ${bits}; no revision looks at them`,
  },
  's1fmt-reserved': {
    severity: 'warning',
    reach: 'device',
    sentence: ({ sid: number }) =>
      `the STE of SID ${sid(number)} has the reserved S1Fmt 3: the hardware takes its CD table for a linear one, ` +
      'revisions through v7 do not look, from v8 on the whole table is rejected',
  },
  'ste-illegal': {
    severity: 'warning',
    reach: 'device',
    sentence: ({ sid: number, field, observed, required }) =>
      `the hardware refuses the STE of SID ${sid(number)} with C_BAD_STE: ${field} is ${observed}; required: ${required}`,
  },
  'cd-illegal': {
    severity: 'warning',
    reach: 'device',
    sentence: ({ sid: number, ssid, field, observed, required }) =>
      `the hardware refuses ${cdOf(number, ssid)} with C_BAD_CD: ${field} is ${observed}; required: ${required}`,
  },
  'cd-asid-zero': {
    severity: 'note',
    reach: null,
    sentence: ({ sid: number, ssid }) =>
      `${cdOf(number, ssid)} has ASID 0, which Linux never uses: from v8 on the whole table is rejected for it`,
  },
  'ttb-not-in-ram': {
    severity: 'warning',
    reach: 'device',
    sentence: ({ sid: number, table, address, state }) =>
      `${table} of SID ${sid(number)} points to ${address}, where the dump has no RAM (${state})`,
  },
  'page-table-damaged': {
    severity: 'warning',
    reach: 'device',
    sentence: ({ sid: number, table, what, times, first }) =>
      `the ${table} tables of SID ${sid(number)}: ${count(times, 'stretch', 'stretches')} with ${what}, the first at ${first}`,
  },
  'dma-into-kdump-memory': {
    severity: 'error',
    reach: 'machine',
    sentence: ({ sid: number, iova, pa, byteLength, ranges }) =>
      `SID ${sid(number)} can write ${byteLength} bytes of the kdump kernel's memory through its tables` +
      ` (${count(ranges, 'range')}, the first at IOVA ${iova}, PA ${pa}): no revision looks at where in-flight DMA goes`,
  },
  'dma-goes-on': {
    severity: 'note',
    reach: null,
    sentence: ({ streams, bypass, sids }) =>
      `once adopted, ${count(streams, 'stream', 'streams')} can go on with DMA (${sids})` +
      `${bypass === 0 ? '' : `, ${bypass} of them untranslated`}; a reset would have cut them off`,
  },
  'reset-cuts-off': {
    severity: 'note',
    reach: null,
    sentence: ({ streams, sids, instead }) =>
      `${count(streams, 'stream is', 'streams are')} not kept alive (${sids}): ${instead}`,
  },
  'invalidations-pending': {
    severity: 'warning',
    reach: null,
    sentence: ({ commands, what }) =>
      `${count(commands, 'invalidation was', 'invalidations were')} not executed (${what}): until the reset flushes, the ` +
      'hardware may use what memory no longer says',
  },
  'commands-pending': {
    severity: 'note',
    reach: null,
    sentence: ({ commands, what }) => `${count(commands, 'command was', 'commands were')} not executed: ${what}`,
  },
  'command-error': {
    severity: 'warning',
    reach: null,
    sentence: ({ reason, command }) =>
      `the SMMU had stopped executing commands: ${reason}, at ${command}; what followed never reached the hardware`,
  },
  'asid-reuse': {
    severity: 'warning',
    reach: 'smmu',
    sentence: ({ asids, count: number }) =>
      `${count(number, 'ASID is', 'ASIDs are')} live (${asids}); revisions through v7 hand out ASIDs from 1 again, so a ` +
      'new domain may come to share the translations of an old one',
  },
  'vmid-reuse': {
    severity: 'warning',
    reach: 'smmu',
    sentence: ({ vmids, count: number }) =>
      `${count(number, 'VMID is', 'VMIDs are')} live (${vmids}); revisions through v7 hand out VMIDs from 1 again`,
  },
  'asid-tag-space': {
    severity: 'note',
    reach: null,
    sentence: ({ el1, el2 }) =>
      `${count(el2, 'stage 1 stream is', 'stage 1 streams are')} of EL2, whose translations are tagged without a VMID, ` +
      `${el1} of EL1, tagged with VMID 0: an invalidation for one kind leaves the other`,
  },
  'asid-clash': {
    severity: 'warning',
    reach: 'smmu',
    sentence: ({ other, asids, count: number }) =>
      `${count(number, 'ASID is', 'ASIDs are')} live here that new domains of ${other}, if it probes first, may be given ` +
      `(${asids}): v8 and v9 keep one set for all SMMUs, and then do not adopt this one`,
  },
  'ats-enabled': {
    severity: 'warning',
    reach: 'device',
    sentence: ({ streams, sids, atschk }) =>
      `${count(streams, 'stream has', 'streams have')} ATS enabled (${sids}): what the device itself caches is not flushed ` +
      `by the reset; ${atschk}`,
  },
  'gerror-active': {
    severity: 'warning',
    reach: null,
    sentence: ({ error, means }) => `GERROR.${error} is active: ${means}`,
  },
  'events-unread': {
    severity: 'warning',
    reach: null,
    sentence: ({ events, what }) =>
      `${count(events, 'event was', 'events were')} not read by the crashed kernel, and will not be: ${what}`,
  },
  'events-lost': {
    severity: 'note',
    reach: null,
    sentence: () => 'the event queue had overflowed: events were lost',
  },
  'stall-enabled': {
    severity: 'warning',
    reach: 'device',
    sentence: ({ streams, sids }) =>
      `${count(streams, 'stream stalls', 'streams stall')} on a fault (${sids}): the event queue is off after an adoption, ` +
      'so nobody resumes what stalls',
  },
  'page-requests-pending': {
    severity: 'warning',
    reach: 'device',
    sentence: ({ requests }) =>
      `${count(requests, 'page request waits', 'page requests wait')} for an answer: the PRI queue is off in every kdump kernel`,
  },
  'gbpa-bypass': {
    severity: 'note',
    reach: 'smmu',
    sentence: () =>
      'GBPA.ABORT is 0: whenever the adopted SMMU is switched off later, by a failed probe or a shutdown, all DMA passes ' +
      'untranslated',
  },
  'memory-demand': {
    severity: 'note',
    reach: null,
    sentence: ({ allocated, mapped }) =>
      `adopting takes ${allocated} bytes of the kdump kernel's memory and maps ${mapped} bytes of address space; a ` +
      'device on a bus without an L2 table takes 16384 more',
  },
  'sids-beyond-table': {
    severity: 'note',
    reach: null,
    sentence: ({ log2Size, sidBits }) =>
      `the table covers 2^${log2Size} StreamIDs of the hardware's 2^${sidBits}: a device beyond it is refused with -ERANGE`,
  },
  'rewritten-after-adoption': {
    severity: 'warning',
    reach: null,
    sentence: ({ what, address }) =>
      `${what} points to ${address} in the kdump kernel's memory: it was probably written after the adoption, by the ` +
      'kdump kernel itself',
  },
  'risks-cut': {
    severity: 'note',
    reach: null,
    sentence: ({ what, examined }) => `only the first ${examined} ${what} were examined for risks`,
  },
};
