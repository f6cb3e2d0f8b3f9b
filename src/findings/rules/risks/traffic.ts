/** Findings about DMA that goes on or is cut off, and about devices that wait for an answer nobody will give. */

import { hex } from '../../../hex.ts';
import * as json from '../../../shape.ts';
import { ARM, linux, SERIES } from '../../explanations/references.ts';
import { sidListInWords } from '../../prose/number-lists.ts';
import { ATSCHK, CUT_OFF, GOES_ON } from '../../prose/traffic.ts';
import { NO_ARGS, rule } from '../rule.ts';
import { count } from '../words.ts';

const REACH = '`smmu-adopt translate DUMP --regs REGS --sid SID --all`: everything that a stream can reach';
const NAMES = '--iort IORT or --dtb DTB: which devices the StreamIDs are';
const SHOW = '`smmu-adopt show DUMP --regs REGS --sid SID`';

export const RISK_TRAFFIC = {
  'dma-into-kdump-memory': rule({
    severity: 'error',
    reach: 'machine',
    args: {
      sid: ['StreamID', json.sid],
      iova: ['Input address', json.hex],
      pa: ['Physical address', json.hex],
      byteLength: ['Size in bytes', json.count],
      ranges: ['How many ranges', json.count],
    },
    sentence: ({ sid: number, iova, pa, byteLength, ranges }) =>
      `SID ${hex(number)} can write ${byteLength} bytes of the kdump kernel's memory through its tables` +
      ` (${count(ranges, 'range')}, the first at IOVA ${hex(iova)}, PA ${hex(pa)}): no revision looks at where in-flight DMA goes`,
    explain: () => ({
      title: "A device can write into the kdump kernel's memory",
      meaning:
        'The page tables of an active stream lead into the crashkernel reservation, with write permission. Nothing but the ' +
        'kdump kernel has a claim to that memory, and a write there damages the kernel that is to save the dump. Found ' +
        'only where the reservation is known; without --deep the first thousand tables are walked.',
      hardware: 'It translates and writes, as the tables say.',
      kernel:
        'Never asked, in any revision. Adopted, such DMA goes on; a reset cuts it off, but only when the SMMU probes, ' +
        'and the kdump kernel has run for a while by then.',
      causes: [
        'a mapping of all memory at once, input equal to output',
        'page tables that were overwritten',
        'a dump from after the adoption, with mappings of the kdump kernel itself',
      ],
      next: [
        REACH,
        '`smmu-adopt translate DUMP --regs REGS --sid SID --iova ADDRESS --write`: the tables on the way there',
        '`smmu-adopt inspect DUMP --regs REGS --deep --iomem IOMEM`: all streams, with the reservation from /proc/iomem',
        NAMES,
      ],
      references: [ARM.ste, ARM.cd, SERIES.answer, SERIES.doubts],
    }),
  }),
  'kdump-memory-reach': rule({
    severity: 'note',
    reach: null,
    args: {
      active: ['Active streams', json.count],
      bypass: ['Of them, in bypass', json.count],
      complete: ['1: all of their tables were walked', json.count],
    },
    sentence: ({ active, bypass, complete }) => {
      const all = count(active, 'active stream', 'active streams');
      const far = complete === 1 ? '' : ', as far as their tables were walked';
      if (bypass === 0) return `none of the ${all} can write the kdump kernel's memory${far}`;
      const others = active > bypass ? `; no other can by its tables${far}` : '';
      return `of the ${all} ${bypass} in bypass can write all memory, the kdump kernel's too${others}`;
    },
    explain: () => ({
      title: "What in-flight DMA can do to the kdump kernel's memory",
      meaning:
        'The tables of the active streams were walked, and none maps any of the crashkernel reservation with write ' +
        'permission. A stream in bypass has no tables: its input addresses are physical ones, and what its device was ' +
        'told to write is not in any table.',
      hardware: 'It translates and writes, as the tables say; what is in bypass passes as it is.',
      kernel: 'Never asked, in any revision.',
      causes: ['what the crashed kernel had mapped for its devices'],
      next: [
        REACH,
        '`smmu-adopt inspect DUMP --deep`: all tables, and what is wrong with them',
        '`smmu-adopt explain dma-into-kdump-memory`: the other outcome',
        NAMES,
      ],
      references: [ARM.ste, ARM.cd, SERIES.answer, SERIES.doubts],
    }),
  }),
  'dma-goes-on': rule({
    severity: 'note',
    reach: null,
    args: {
      streams: ['How many', json.count],
      sids: ['The first of them, in words', json.said(sidListInWords)],
      bypass: ['Of them, in bypass', json.count],
      because: [
        'What keeps them going: the adoption, or the old table, which stays in force (never-programmed) or which nobody touches (probe-fails)',
        json.keyOf(GOES_ON),
      ],
    },
    sentence: ({ streams, bypass, sids, because }) =>
      `${GOES_ON[because]}, ${count(streams, 'stream', 'streams')} can go on with DMA (${sidListInWords(sids)})` +
      `${bypass === 0 ? '' : `, ${bypass} of them untranslated`}; a reset would have cut them off`,
    explain: () => ({
      title: 'Streams that can go on with DMA after the adoption',
      meaning:
        'That is the purpose of an adoption, and its price: until a driver attaches its device anew, each of these streams ' +
        'can read and write what the crashed kernel had mapped for it. The memory is being dumped at that time, and what a ' +
        'device writes into it is in the dump. With --deep the finding says how much that can be.',
      hardware:
        'It translates by the old tables. A bypass stream uses its input addresses as physical ones, all of them.',
      kernel:
        'Accepted in every revision, as what was mapped belonged to the old kernel. It ends with the first ' +
        'mapping through the DMA API. A device without a driver in the kdump kernel goes on for as long as it likes, and ' +
        'so does a bridge.',
      causes: ['devices at work when the kernel crashed'],
      next: [
        REACH,
        '`smmu-adopt inspect DUMP --regs REGS --deep --iomem IOMEM`: how much each can write, and whether it does harm',
        '`smmu-adopt explain reset-cuts-off`: the other outcome',
        NAMES,
      ],
      references: [linux('arm_smmu_is_attach_deferred'), SERIES.objection, SERIES.answer, SERIES.doubts],
    }),
  }),
  'reset-cuts-off': rule({
    severity: 'note',
    reach: null,
    args: {
      streams: ['How many', json.count],
      sids: ['The first of them, in words', json.said(sidListInWords)],
      instead: [
        'What happens to them: the reset aborts them, the kdump kernel dies first, or the SMMU is lost and GBPA.ABORT, where it is known, aborts them or lets them pass untranslated',
        json.keyOf(CUT_OFF),
      ],
    },
    sentence: ({ streams, sids, instead }) =>
      `${count(streams, 'stream is', 'streams are')} not kept alive (${sidListInWords(sids)}): ${CUT_OFF[instead]}`,
    explain: () => ({
      title: 'Streams whose DMA is not kept alive',
      meaning:
        'The table is not adopted, or the SMMU does not survive, and these streams were active. An abort in the middle of ' +
        'a transfer is what the series was made to avoid: some platforms turn it into PCIe AER and RAS events that end ' +
        'the kdump kernel. Others hold that blocking is right, and that a kdump kernel has to live with such events.',
      hardware:
        'At a reset everything is terminated from GBPA.ABORT on, and then by abort entries until a device is attached. ' +
        'After a failed probe CR0 is 0 and GBPA decides: with ABORT 0 an IOVA is used as a physical address.',
      kernel: 'As the verdict says. The full reset is the same in every revision, and as it was before the series.',
      causes: ['the verdict: a failed check, a gate that said no, a refused device, or a read that kills the kernel'],
      next: [
        'the finding that goes with the verdict, and the check that it names',
        'PCIe AER, "Hardware Error" and time-outs in the log of the kdump kernel; CPER records of the BMC',
        '`smmu-adopt explain dma-goes-on`: the other outcome',
        NAMES,
      ],
      references: [ARM.gbpa, ARM.cr0, linux('arm_smmu_device_reset'), SERIES.objection, SERIES.answer],
    }),
  }),
  'ats-enabled': rule({
    severity: 'warning',
    reach: 'device',
    args: {
      streams: ['How many', json.count],
      sids: ['The first of them, in words', json.said(sidListInWords)],
      atschk: [
        'What becomes of CR0.ATSCHK: it stays 0 or 1, or is 0 and set, so that translated requests are checked all of a sudden',
        json.keyOf(ATSCHK),
      ],
    },
    sentence: ({ streams, sids, atschk }) =>
      `${count(streams, 'stream has', 'streams have')} ATS enabled (${sidListInWords(sids)}): what the device itself caches is not flushed ` +
      `by the reset; ${ATSCHK[atschk]}`,
    explain: () => ({
      title: 'Devices may keep translations in caches of their own',
      meaning:
        'STE.EATS lets these devices ask for translations, keep them, and send DMA that is translated already. No command ' +
        'of the reset reaches what a device has cached, and an answer that the device does not expect may upset it, CXL ' +
        'devices above all.',
      hardware:
        'With CR0.ATSCHK 0 translated DMA passes without a look at its STE. With 1 it is held against it, and terminated ' +
        'where EATS does not allow it. Only CMD_ATC_INV removes what a device keeps.',
      kernel: {
        'v3 to v6':
          'The reset sets ATSCHK wherever IDR0.ATS is 1 and the kernel has ATS support, whatever it was before.',
        'v7 on': 'ATSCHK stays as the crashed kernel had it.',
      },
      causes: ['devices with ATS that the crashed kernel trusted with it'],
      next: [
        `${SHOW}: EATS of the STE`,
        'ATSCHK in CR0 before and after: the section on the reset in `smmu-adopt inspect DUMP --regs REGS --revision all`',
        '`smmu-adopt queues DUMP --regs REGS`: a CMD_ATC_INV that was not executed, F_TRANSL_FORBIDDEN among the events',
      ],
      references: [ARM.ats, ARM.pcie, ARM.ste, linux('arm_smmu_device_reset'), SERIES.v7, SERIES.answer],
    }),
  }),
  'stall-enabled': rule({
    severity: 'warning',
    reach: 'device',
    args: {
      streams: ['How many', json.count],
      sids: ['The first of them, in words', json.said(sidListInWords)],
    },
    sentence: ({ streams, sids }) =>
      `${count(streams, 'stream stalls', 'streams stall')} on a fault (${sidListInWords(sids)}): the event queue is off after an adoption, ` +
      'so nobody resumes what stalls',
    explain: () => ({
      title: 'Streams stall on a fault, and nobody resumes them',
      meaning:
        'CD.S or STE.S2S is 1: a transaction that faults is held until software has looked at its event and decided. After ' +
        'an adoption nobody reads events, so a device that faults waits for as long as the SMMU is on.',
      hardware:
        'A stalled transaction ends with CMD_RESUME, CMD_STALL_TERM, or SMMUEN going through 0. Its event is not ' +
        'discarded: it waits until the event queue can be written, which is off.',
      kernel:
        'An adopted SMMU keeps SMMUEN at 1 and leaves the event queue off, in every revision. A full reset clears SMMUEN, ' +
        'which ends all stalls.',
      causes: ['devices that share address spaces with processes, which need stalls for their page faults'],
      next: [
        `${SHOW}: S of the CDs, S2S of the STE`,
        '`smmu-adopt queues DUMP --regs REGS`: events with Stall 1 are transactions that waited at the crash',
        'time-outs of these devices in the log of the kdump kernel',
      ],
      references: [ARM.stall, ARM.events, linux('arm_smmu_device_reset')],
    }),
  }),
  'page-requests-pending': rule({
    severity: 'warning',
    reach: 'device',
    args: {
      requests: ['How many', json.count],
    },
    sentence: ({ requests }) =>
      `${count(requests, 'page request waits', 'page requests wait')} for an answer: the PRI queue is off in every kdump kernel`,
    explain: () => ({
      title: 'Devices wait for an answer to their page requests',
      meaning:
        'Requests in the PRI queue that the crashed kernel had not taken out. A device whose group of requests got no ' +
        'CMD_PRI_RESP waits for it.',
      hardware:
        'With PRIQEN 0 it discards a new request and answers "Response Failure" by itself. Requests that are in the queue ' +
        'already get no answer.',
      kernel: 'The PRI queue is off in a kdump kernel, in every revision, and the old one is not read.',
      causes: ['devices with PRI at work when the kernel crashed, as accelerators with shared virtual addresses'],
      next: [
        '`smmu-adopt queues DUMP --regs REGS --queue pri`: who asked for which page, and who waits',
        'time-outs of these devices in the log of the kdump kernel',
      ],
      references: [ARM.pageRequests, ARM.pcie, linux('arm_smmu_device_reset')],
    }),
  }),
  'gbpa-bypass': rule({
    severity: 'note',
    reach: 'smmu',
    args: NO_ARGS,
    sentence: () =>
      'GBPA.ABORT is 0: whenever the adopted SMMU is switched off later, by a failed probe or a shutdown, all DMA passes ' +
      'untranslated',
    explain: () => ({
      title: 'With the SMMU off, DMA would pass untranslated',
      meaning:
        'GBPA.ABORT is 0, and an adoption does not touch GBPA. If the SMMU is switched off later, all DMA in flight is let ' +
        'through, and what a device takes for an IOVA is used as a physical address.',
      hardware: 'With SMMUEN 0 it lets everything through that its output address size can express.',
      kernel:
        'An adopted SMMU that fails later in its probe is switched off, in every revision; a device that is refused at ' +
        'registration is enough. A full reset sets GBPA.ABORT first.',
      causes: ['a crashed kernel or firmware that left GBPA as it was'],
      next: [
        '`smmu-adopt inspect DUMP --regs REGS --insert all`: whether the probe is predicted to fail after the adoption',
        '`smmu-adopt explain smmu-lost`: how a refused device takes the SMMU with it',
        'GBPA among the registers of the report',
      ],
      references: [ARM.gbpa, ARM.cr0, linux('arm_smmu_device_reset'), SERIES.v6],
    }),
  }),
};
