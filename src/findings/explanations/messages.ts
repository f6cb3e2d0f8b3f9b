/** Messages of the driver that are neither an event nor an error with a name of its own. */

import type { Explanation } from './explanation.ts';
import type { MESSAGE_NAMES } from './names.ts';
import { ARM, linux } from './references.ts';

type Told = Pick<Explanation, 'title' | 'meaning' | 'causes'> & Partial<Explanation>;

const LOG = '`smmu-adopt log LOG`: what else the log says of this SMMU';

const message = (kernel: string, { title, meaning, causes, ...more }: Told): Explanation => ({
  title,
  meaning,
  hardware: more.hardware ?? 'Not concerned: this is about the driver.',
  kernel: `It prints ${kernel}`,
  causes,
  next: more.next ?? [LOG],
  references: more.references ?? [linux('arm_smmu_device_probe')],
});

export const KERNEL_MESSAGES: Readonly<Record<(typeof MESSAGE_NAMES)[number], Explanation>> = {
  'cmd-sync-timeout': message('"CMD_SYNC timeout", from 5.4 on with the indices of the queue, and gives up waiting.', {
    title: 'The SMMU did not execute a CMD_SYNC in time',
    meaning:
      'An invalidation or a change may not be in force yet. hwcons says how far the SMMU came; bits 30:24 say why it stopped.',
    hardware: 'It is slow, waits for a device (ATS), has stopped at an error, or has no clock or power.',
    causes: [
      'CMDQ_ERR that nobody acknowledged',
      'an SMMU without clock or power',
      'a device that does not answer an ATC invalidation',
    ],
    next: [LOG, '`smmu-adopt decode cmdq_cons`, with hwcons', '`smmu-adopt queues DUMP --regs REGS --queue command`'],
    references: [ARM.cmdqCons, linux('arm_smmu_cmdq_issue_cmdlist')],
  }),
  'command-skipped': message(
    '"retrying command fetch", "skipping command in error state:" with two words, or "failed to convert to CMD_SYNC".',
    {
      title: 'What the driver does with the command that stopped the queue',
      meaning: 'The two words below are the command that the SMMU could not execute. A CMD_SYNC is put in its place.',
      causes: ['the error that stands in the line before'],
      next: [LOG, '`smmu-adopt decode command`, with the two words', '`smmu-adopt explain CERROR_ILL`'],
      references: [ARM.commandErrors, linux('arm_smmu_cmdq_skip_err')],
    },
  ),
  'event-overflow': message('"EVTQ overflow detected -- events lost".', {
    title: 'Events were lost: the event queue was full',
    meaning: 'More faults came than the kernel could read. The first ones are in the log, later ones are gone.',
    hardware: 'It drops events until there is room, and goes on translating.',
    causes: ['a storm of faults of one device'],
    references: [ARM.eventOverflow, linux('arm_smmu_evtq_thread')],
  }),
  'messages-suppressed': message(
    '"arm_smmu_evtq_thread: N callbacks suppressed", from 5.14 on (arm_smmu_dump_event from 6.14 on), or the same with ' +
      'arm_smmu_cmdq_issue_cmdlist, of CMD_SYNC timeouts.',
    {
      title: 'The kernel left messages out of its log',
      meaning:
        'Ten events in five seconds are printed, for all SMMUs together; N more came and were not. All counts of such a log are ' +
        'lower bounds, and a device may be missing from it. The line itself comes when the next message is printed, or never.',
      causes: ['a storm of faults'],
      next: [LOG, '`smmu-adopt log LOG --dump DUMP`: how many records more the memory of the event queue has'],
      references: [linux('arm_smmu_evtq_thread'), linux('arm_smmu_cmdq_issue_cmdlist')],
    },
  ),
  'page-request-overflow': message('"PRIQ overflow detected -- requests lost".', {
    title: 'Page requests were lost: the PRI queue was full',
    meaning: 'Devices asked for more pages than the kernel could take. Those that wait are answered as failed.',
    hardware: 'It answers page requests by itself until the overflow is acknowledged.',
    causes: ['a device that asks for pages although nobody told it to'],
    references: [ARM.pageRequests, linux('arm_smmu_priq_thread')],
  }),
  'page-request': message(
    '"unexpected PRI request received:" and who wants which page, and answers that it is denied.',
    {
      title: 'A device asked for a page, and nobody takes that',
      meaning:
        'Linux does not use the PRI queue of an SMMUv3. The device has PRI on, from firmware or from an earlier kernel.',
      hardware: 'The device waits for the answer to the last request of its group.',
      causes: ['PRI left on by firmware, or by the kernel that crashed'],
      references: [ARM.pcie, linux('arm_smmu_handle_ppr')],
    },
  ),
  'driver-start': message(
    'sizes, options and features ("ias 48-bit, oas 48-bit (features 0x...)", "allocated N entries for cmdq", "option mask 0x..."), at every start.',
    {
      title: 'What the driver prints at every start',
      meaning:
        'These lines tell of hardware and version, and nothing of a fault. The features word is one of the driver, not a register.',
      causes: ['a kernel that boots'],
      next: ['`smmu-adopt log LOG`: the features word by name'],
    },
  ),
  'sid-coverage': message('"2-level strtab only covers N/M bits of SID", where a two-level table is allocated anew.', {
    title: 'The stream table does not cover all StreamIDs',
    meaning:
      'The largest two-level table that the driver allocates has entries for N bits. Higher StreamIDs get C_BAD_STREAMID.',
    causes: ['IDR1.SIDSIZE above 25'],
  }),
  'firmware-override': message('"IDR0.COHACC" or "IDR0.HTTU features(...) overridden by FW configuration (...)".', {
    title: 'Firmware says otherwise than the hardware',
    meaning: 'Where IORT or the device tree and IDR0 differ, the driver takes what firmware says.',
    causes: ['firmware that leaves dma-coherent or the COHACC flag out', 'an erratum that firmware works around'],
    references: [ARM.idr0, linux('arm_smmu_device_hw_probe')],
  }),
  'interrupt-trouble': message(
    '"msi_domain absent", "no gerr irq", "IRQ priq not found" or "failed to enable ... irq".',
    {
      title: 'An interrupt is missing, or not a message',
      meaning:
        'Without its interrupt the driver does not learn of events or errors. Wired interrupts instead of messages are harmless.',
      causes: ['firmware that describes no such interrupt', 'an SMMU without a PRI queue'],
    },
  ),
  'driver-limits': message(
    '"unknown output address size. Truncating to 48-bit", "failed to set DMA mask" or "MMIO region too small".',
    {
      title: 'The driver works with less than there is',
      meaning:
        'The driver met a size that it does not know or cannot use, and goes on with a smaller one where it can.',
      causes: ['an SMMU that is newer than the kernel', 'firmware with a wrong size'],
    },
  ),
  'found-enabled': message(
    '"SMMU currently enabled! Resetting..." (before 5.2 the reset failed with -EBUSY and printed nothing).',
    {
      title: 'The SMMU was on when the driver came to it',
      meaning:
        'Somebody had left it translating: firmware, or the kernel that crashed. The driver resets it, and DMA in flight is aborted.',
      hardware:
        'Between the reset and the attach of each device its traffic is aborted, or passes untranslated with disable_bypass=0.',
      causes: [
        'a kdump kernel without the series, or one that fell back',
        'firmware that used the SMMU',
        'v1 of the series, which says it of an SMMU that it adopts, too',
      ],
      next: [LOG, '`smmu-adopt explain adoption-fallback`'],
      references: [ARM.cr0, ARM.gbpa, linux('arm_smmu_device_reset')],
    },
  ),
  'reset-failure': message(
    '"failed to clear cr0", "failed to enable ...", "failed to setup irqs", "failed to reset impl" or "GBPA not responding to update".',
    {
      title: 'The SMMU does not answer its driver',
      meaning:
        'A register was written and never acknowledged. The probe fails, and the devices behind the SMMU have none.',
      hardware: 'It has no clock or power, is in Service Failure Mode, or somebody else holds it.',
      causes: ['an SMMU without clock or power', 'Service Failure Mode'],
      references: [ARM.cr0, linux('arm_smmu_write_reg_sync')],
    },
  ),
  'retaining-smmuen': message(
    '"kdump: retaining SMMUEN for in-flight DMA" when it resets an SMMU whose table it has adopted.',
    {
      title: 'The adoption worked: DMA goes on through the reset',
      meaning:
        'The kdump kernel kept the stream table of the crashed kernel and leaves the SMMU translating while it resets the rest.',
      hardware: 'Devices go on with the mappings that they had.',
      causes: ['a kdump kernel with the series, and a table that passed its checks'],
      next: ['`smmu-adopt inspect DUMP --regs REGS --dmesg LOG`: whether all went as predicted'],
      references: [linux('arm_smmu_device_reset')],
    },
  ),
  'not-registered': message(
    '"Failed to register iommu" and "probe with driver arm-smmu-v3 failed with error N", of older cores "arm-smmu-v3: probe of ' +
      'NAME failed with error N".',
    {
      title: 'The whole SMMU is lost: its probe or its registration failed',
      meaning:
        'Either the probe ended early, for a reason in the lines before, or one device could not be attached, and recent cores fail ' +
        'the registration of the SMMU for that. No device behind it gets a domain.',
      hardware: 'What the unwinding left: usually off, with GBPA deciding for all traffic.',
      causes: [
        'a device whose entry was refused (after "Failed to register iommu")',
        'a kernel before 5.2 that finds the SMMU on, as a kdump kernel does: error -16',
        'an SMMU that does not answer, as one without clock or power: error -110',
      ],
      next: ['`smmu-adopt explain smmu-lost`', LOG],
    },
  ),
  'no-translation': message('"no translation support!", and the probe ends with -ENXIO, in every revision.', {
    title: 'The SMMU translates nothing',
    meaning:
      'IDR0.S1P and IDR0.S2P read as 0. All ID registers of an SMMU without power read so, and of an address at which there is none.',
    causes: ['an SMMU without clock or power', 'registers at another address than firmware says'],
    references: [ARM.idr0, linux('arm_smmu_device_hw_probe')],
  }),
  'queue-not-allocated': message('"failed to allocate queue (N bytes) for cmdq", evtq or priq.', {
    title: 'There is no memory for a queue of the SMMU',
    meaning:
      'A queue that cannot be had is halved, down to one page; not even that was there. The probe fails with -ENOMEM, and the SMMU ' +
      'stays as it was, without a driver.',
    hardware: 'It goes on by the old table, or aborts or bypasses, as it did before the probe.',
    causes: ['a kdump kernel with too little memory', 'no DMA memory below the address limit of the SMMU'],
    next: [LOG, 'crashkernel= on the command line of the crashed kernel'],
    references: [linux('arm_smmu_init_one_queue')],
  }),
  'device-table-not-allocated': message(
    '"failed to allocate l2 stream table for SID N", or "failed to allocate context descriptor" (through 6.9).',
    {
      title: 'There is no memory for the tables of a device',
      meaning:
        'The device that asked is refused with -ENOMEM: it gets no domain. Others behind the SMMU are not concerned.',
      hardware: 'It terminates what the device sends, or goes on by the entry that was there.',
      causes: ['a kdump kernel with too little memory', 'very many devices behind one SMMU'],
      next: [LOG, 'crashkernel= on the command line of the crashed kernel'],
      references: [ARM.lookup, linux('arm_smmu_init_l2_strtab'), linux('arm_smmu_alloc_cd_tables')],
    },
  ),
  'default-domains': message(
    '"iommu: Default domain type: Translated" or Passthrough, from 5.14 on also "DMA domain TLB invalidation policy: lazy mode" or strict.',
    {
      title: 'What domain a device gets, and when its TLB entries go',
      meaning:
        'Passthrough means that DMA is not translated unless somebody asks for it: the entries of devices are bypass. With lazy mode a ' +
        'device can reach a page for some milliseconds after it was unmapped, with strict mode it faults at once.',
      hardware: 'Streams in bypass raise no F_TRANSLATION, wherever they write.',
      causes: ['iommu.passthrough= and iommu.strict= on the command line', 'how the kernel was configured'],
      references: [linux('iommu_subsys_init')],
    },
  ),
  'device-without-domain': message(
    '"Failed to add to iommu group N: -E", "cannot attach to ..." (through 6.2) or "Failed to set up IOMMU for device D; ' +
      'retaining platform DMA ops", with the name of the device in front.',
    {
      title: 'A device got no domain: the kernel does not translate its DMA',
      meaning:
        'The core could not put the device into a group, or not attach it. Its driver may run all the same, with physical addresses ' +
        'where the SMMU expects IOVAs.',
      hardware: 'It goes by the STE that is there: the DMA is aborted, or meets old mappings.',
      causes: [
        'a device that the driver refused, for a reason in the lines before',
        'two devices that share an IOMMU group',
      ],
      next: [LOG, '`smmu-adopt show DUMP --sid SID`: what the entry of the device says'],
      references: [linux('iommu_group_add_device'), linux('iommu_setup_dma_ops')],
    },
  ),
  'direct-mapping-required': message(
    '"Firmware has requested this device have a 1:1 IOMMU mapping, rejecting configuring the device without a 1:1 mapping", ' +
      'from 6.6 on.',
    {
      title: 'Firmware wants memory of a device mapped as it is',
      meaning:
        'An RMR node of IORT names the device. Somebody wanted to attach a domain without that mapping, as VFIO does, and was refused.',
      hardware: 'The entry of the device stays as it was.',
      causes: ['passing a device to a guest that firmware uses too'],
      next: [LOG, '`smmu-adopt explain platform-rmr`'],
      references: [linux('__iommu_device_set_domain')],
    },
  ),
  'device-feature-not-enabled': message('"Failed to enable ATS (STU N)" or "Failed to enable PASID".', {
    title: 'A device goes on without ATS, or without SubstreamIDs',
    meaning:
      'The device says that it can, and did not let itself be told to. Without ATS it translates nothing itself; its STE may still ' +
      'allow it.',
    hardware: 'It answers translation requests as STE.EATS says; none should come.',
    causes: ['ATS that was left on, as a crash leaves it', 'a function whose parent has the feature off'],
    next: [LOG, 'lspci -vv: ATSCtl and PASIDCtl of the device'],
    references: [ARM.ats, linux('arm_smmu_enable_ats'), linux('arm_smmu_enable_pasid')],
  }),
  'vcmdq-error': message(
    '"tegra241_cmdqv: unexpected error reported" with maps of the queues, "VINTF0: VCMDQ1/LVCMDQ1: failed to enable" and the like.',
    {
      title: 'A virtual command queue stopped, not the one of the SMMU',
      meaning:
        'NVIDIA Grace has command queues beside that of the SMMU. A "CMDQ error" behind this line is of one of them: its index says ' +
        'nothing of CMDQ_BASE. Bit N of the maps is queue N.',
      hardware: 'Invalidations in that queue are not carried out until its error is acknowledged.',
      causes: ['a device that does not answer an ATC invalidation', 'a queue that the crashed kernel left running'],
      next: [LOG, '`smmu-adopt explain CERROR_ATC_INV_SYNC`'],
      references: [ARM.commandErrors, linux('tegra241_cmdqv_isr')],
    },
  ),
};
