/** What the SMMU records of a fault, by the names of the architecture. What each means stands with its fields in smmu/. */

import { paddedHex } from '../../hex.ts';
import { EVENT_TYPES } from '../../smmu/queues/events.ts';
import type { Explanation, Explanations } from './explanation.ts';
import { ARM, linux } from './references.ts';

type Told = Pick<Explanation, 'title' | 'causes' | 'next'> & { readonly hardware?: string };

const TERMINATED =
  'The transaction is terminated: a read fails, a write is dropped. The SMMU goes on with the next one.';
const STREAM_STOPS =
  'Nothing of this stream gets through until its entry is right and what is cached of it invalidated.';
const MAY_STALL =
  'The transaction is terminated, or stalls until software answers, as STE and CD say; a stalled one has Stall=1 and a ' +
  'tag.';

const DRIVER_GONE = 'a device that goes on with DMA after its driver, or the kernel that ran it, is gone';
const SHOW = '`smmu-adopt show DUMP --regs REGS --sid SID`: the entry of this stream, and whether it is legal';
const WALK = '`smmu-adopt translate DUMP --regs REGS --sid SID --iova ADDRESS`: the tables on the way';
const LOG = '`smmu-adopt log LOG`: how often, of which devices, and what came first';

const TOLD: Readonly<Record<string, Told>> = {
  F_UUT: {
    title: 'A kind of transaction that the SMMU does not support',
    causes: ['a device or an interconnect that sends what it should not', 'an integration fault of the SoC'],
    next: [LOG, 'the reason field of the record, in the manual of the SMMU'],
  },
  C_BAD_STREAMID: {
    title: 'The stream table has no entry for this StreamID',
    hardware: STREAM_STOPS,
    causes: [
      'a device that firmware describes with another StreamID than it sends, or not at all',
      DRIVER_GONE,
      'an L1 descriptor or a STRTAB_BASE_CFG that was overwritten',
    ],
    next: [SHOW, '`smmu-adopt explain platform-sids-beyond`', LOG],
  },
  F_STE_FETCH: {
    title: 'Reading the STE ended in an abort',
    hardware: STREAM_STOPS,
    causes: ['an L1 descriptor that points to memory that is not there', 'memory with an uncorrectable error'],
    next: [SHOW, 'FetchAddr of the record: what is at that address', LOG],
  },
  C_BAD_STE: {
    title: 'The hardware refuses the STE',
    hardware: STREAM_STOPS,
    causes: ['an STE with V=0: the device was never attached, or is gone', 'an STE that was overwritten', DRIVER_GONE],
    next: [SHOW, '`smmu-adopt decode ste`, with its eight words: which rule it breaks', LOG],
  },
  F_BAD_ATS_TREQ: {
    title: 'A translation request (ATS) that is not allowed',
    causes: ['ATS is on in the device and off in its STE', 'CR0.SMMUEN was cleared while devices used ATS'],
    next: [SHOW, 'the ATS capability of the device, with lspci', LOG],
  },
  F_STREAM_DISABLED: {
    title: 'STE.S1DSS leaves no context for this traffic',
    hardware: STREAM_STOPS,
    causes: ['traffic without a SubstreamID of a stream that was set up for substreams alone'],
    next: [SHOW, LOG],
  },
  F_TRANSL_FORBIDDEN: {
    title: 'Translated traffic (ATS) that is not allowed',
    causes: [
      'a device that still uses what it cached by ATS',
      'EATS off while ATS is on in the device',
      'a hostile device',
    ],
    next: [SHOW, 'CR0.ATSCHK: whether such traffic is checked at all', LOG],
  },
  C_BAD_SUBSTREAMID: {
    title: 'There is no context descriptor for this SubstreamID',
    causes: ['a PASID beyond the CD table', 'a process that is gone while its device goes on'],
    next: [SHOW, 'S1CDMax of the STE: how many SubstreamIDs there are', LOG],
  },
  F_CD_FETCH: {
    title: 'Reading the context descriptor ended in an abort',
    hardware: STREAM_STOPS,
    causes: ['S1ContextPtr points to memory that is not there', 'memory with an uncorrectable error'],
    next: [SHOW, 'FetchAddr of the record: what is at that address', LOG],
  },
  C_BAD_CD: {
    title: 'The hardware refuses the context descriptor',
    hardware: STREAM_STOPS,
    causes: [
      'a CD with V=0',
      'a CD that was overwritten',
      'an ASID, a size or a granule that the SMMU does not support',
    ],
    next: [SHOW, '`smmu-adopt decode cd`, with its eight words: which rule it breaks', LOG],
  },
  F_WALK_EABT: {
    title: 'Reading a page table ended in an abort',
    causes: ['a page table that was freed or overwritten', 'memory with an uncorrectable error'],
    next: [WALK, 'FetchAddr of the record: what is at that address', LOG],
  },
  F_TRANSLATION: {
    title: 'The address is not mapped',
    hardware: MAY_STALL,
    causes: [
      'a driver that unmaps a buffer while its device still uses it',
      'a driver that gives its device another address than the one that was mapped',
      DRIVER_GONE,
      'address 0: a descriptor that was never filled in',
    ],
    next: [WALK, LOG, 'the driver of the device: what it does between its last unmapping and the fault'],
  },
  F_ADDR_SIZE: {
    title: 'An address needs more bits than were configured',
    hardware: MAY_STALL,
    causes: ['a page table that was overwritten', 'sizes in the CD or the STE that do not fit the tables'],
    next: [WALK, LOG],
  },
  F_ACCESS: {
    title: 'The page is mapped, but its Access flag is clear',
    hardware: MAY_STALL,
    causes: [
      'tables shared with a process (SVA) whose page was never touched',
      'AFFD or HA set otherwise than expected',
    ],
    next: [WALK, LOG],
  },
  F_PERMISSION: {
    title: 'The page is mapped, but not for this access',
    hardware: MAY_STALL,
    causes: ['a buffer that was mapped for reading and is written', 'a privileged access to a page of user space'],
    next: [WALK, LOG],
  },
  F_TLB_CONFLICT: {
    title: 'Two cached translations answered for one address',
    causes: ['a table that was changed without break-before-make', 'an invalidation that was forgotten'],
    next: [WALK, LOG],
  },
  F_CFG_CONFLICT: {
    title: 'Two cached configurations answered for one stream',
    causes: ['an STE or a CD that was changed without invalidating what was cached'],
    next: [SHOW, LOG],
  },
  E_PAGE_REQUEST: {
    title: 'A device hints at pages that it will use soon',
    hardware: 'Nothing waits for an answer, and no access is affected.',
    causes: ['a device that supports such hints, and an STE that lets them pass'],
    next: [LOG],
  },
  F_VMS_FETCH: {
    title: 'Reading the Virtual Machine Structure ended in an abort',
    causes: ['STE.VMSPtr points to memory that is not there'],
    next: [SHOW, LOG],
  },
};

const hexCode = (code: number) => paddedHex(code, 2);

export const EVENTS: Explanations = Object.fromEntries(
  EVENT_TYPES.flatMap(({ code, name, meaning }) => {
    const told = TOLD[name];
    if (told === undefined) return [];
    const explanation: Explanation = {
      title: `${told.title} (${hexCode(code)})`,
      meaning,
      hardware: told.hardware ?? TERMINATED,
      kernel:
        `It prints "event ${hexCode(code)} received:" and the four words of the record, from 6.14 on also in clear, ` +
        'and does nothing more: the device learns of it by its failed access. A kdump kernel leaves the event queue off.',
      causes: told.causes,
      next: told.next,
      references: [ARM.events, ARM.faults, linux('arm_smmu_evtq_thread')],
    };
    return [[name, explanation]];
  }),
);
