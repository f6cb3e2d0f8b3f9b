/**
 * Findings about what the kernel in the dump tells of its SMMUs: what it does not tell where its word is taken, and where it
 * tells other registers than were given.
 */

import * as json from '../../shape.ts';
import { ARM, linux } from '../explanations/references.ts';
import { coherencyInWords } from '../prose/firmware.ts';
import { mapLackInWords, smmuProblemInWords } from '../prose/kernel-state.ts';
import { sidListInWords } from '../prose/number-lists.ts';
import { rule } from './rule.ts';
import { count, namesInWords } from './words.ts';

/** Whose the registers are, by what of them differs. */
export type RegisterOrigin = 'no-such-smmu' | 'another-machine' | 'another-boot' | 'kdump-kernel' | 'unpowered';

const NOT_OF_DUMP: Readonly<Record<RegisterOrigin, (registers: string, release: string) => string>> = {
  'no-such-smmu': (_, release) =>
    `the kernel in the dump (${release}) has no such SMMU: the registers may be of another machine`,
  'another-machine': (registers, release) =>
    `${registers}: other than what the kernel in the dump (${release}) found; the registers may be of another machine`,
  'another-boot': (registers, release) =>
    `${registers}: other than what the kernel in the dump (${release}) had written; the registers may be of another ` +
    'boot or of another machine',
  unpowered: (registers, release) =>
    `${registers}: all zeros or all ones, other than what the kernel in the dump (${release}) had; the SMMU may have been ` +
    'without power when they were read, as runtime power management leaves it, which is no damage',
  'kdump-kernel': (registers, release) =>
    `${registers}: other than what the kernel in the dump (${release}) had written, and as a kdump kernel leaves them; ` +
    'the registers may be of after its probe',
};

const NEXT = [
  'the same command without --regs: with the registers of the kernel in the dump',
  "`smmu-adopt regs extract DUMP`: these registers, with how each is known, to compare them with the snapshot's",
];

const GIVE_REGISTERS = 'a register snapshot (`--regs`): what was read from the hardware does not depend on it';
const KERNEL_NOT_CONCERNED = 'Not concerned: the kdump kernel reads the registers themselves, of every SMMU.';

export const CRASHED_KERNEL = {
  'smmu-left-out': rule({
    severity: 'warning',
    reach: null,
    args: {
      name: ['The SMMU; null where its name is not known either', json.nullable(json.text)],
      problem: ['Why', json.said(smmuProblemInWords)],
    },
    sentence: ({ name, problem }) =>
      `nothing can be told of ${name ?? 'an SMMUv3 without a name'}, which the crashed kernel had: ${smmuProblemInWords(problem)}`,
    explain: () => ({
      title: 'The crashed kernel had an SMMU that cannot be told of',
      meaning:
        "There is a device of the driver whose registers cannot be had from the kernel's own state, so this report has no " +
        'verdict for it. What is said of the others stands; the whole is not known, and the exit status is 3.',
      hardware: 'It went on with whatever registers and table this SMMU has.',
      kernel: 'It probes this SMMU as it does the others, and adopts its table or does not.',
      causes: [
        'a page of the driver is not in the dump, or was overwritten before the crash',
        'the machine crashed while this SMMU was being probed',
        'a kernel without types (BTF) whose driver is laid out as no known one is',
      ],
      next: [GIVE_REGISTERS, '`--smmu NAME`: the report of another one alone'],
      references: [linux('arm_smmu_device_probe')],
    }),
  }),
  'smmu-list-broken': rule({
    severity: 'note',
    reach: null,
    args: { release: ['Release of the kernel in the dump', json.text] },
    sentence: ({ release }) =>
      `the lists of devices of the kernel in the dump (${release}) could not be followed to their end: there may be more SMMUs`,
    explain: () => ({
      title: 'There may be more SMMUs than were found',
      meaning:
        'SMMUs are found on lists that the kernel keeps of its devices. These end in a bad pointer, a loop or a page that is ' +
        'not in the dump, or the SMMUs had to be searched for. Those that were found are right; whether they are all is not known.',
      hardware: 'Not concerned.',
      kernel: KERNEL_NOT_CONCERNED,
      causes: ['a page that is not in the dump', 'a list that was being changed, or overwritten, at the crash'],
      next: [GIVE_REGISTERS, 'the SMMUs that the log names: `smmu-adopt info DUMP --log`'],
      references: [linux('arm_smmu_device_probe')],
    }),
  }),
  'other-kernels': rule({
    severity: 'warning',
    reach: null,
    args: {
      otherKernels: ['How many more there are', json.count],
      release: ['Release of the one that was taken', json.text],
    },
    sentence: ({ otherKernels, release }) =>
      `${count(otherKernels, 'other kernel')} in this memory ${otherKernels === 1 ? 'describes' : 'describe'} itself as well, ` +
      `so that the registers may not be of the kernel that crashed; those of ${release} were taken`,
    explain: () => ({
      title: 'More than one kernel is in this memory',
      meaning:
        'The dump does not say which kernel it is of, so its memory was searched for one that describes itself. There are ' +
        'several whose page tables are in order, and nothing tells which of them crashed. The first was taken; it may be the ' +
        'wrong one, and the exit status is 3.',
      hardware: 'It follows the table of the kernel that ran last.',
      kernel: KERNEL_NOT_CONCERNED,
      causes: [
        'what an earlier boot left in memory that has not been written since',
        'a kernel that was started by kexec from another one',
      ],
      next: [
        GIVE_REGISTERS,
        'a dump that says of which kernel it is: one of makedumpfile, or of QEMU with -device vmcoreinfo',
      ],
      references: [linux('crash_save_vmcoreinfo')],
    }),
  }),
  'kernel-map-unused': rule({
    severity: 'note',
    reach: null,
    args: {
      release: ['Release of the kernel in the dump', json.text],
      lack: ['Why its map is not used', json.said(mapLackInWords)],
    },
    sentence: ({ release, lack }) =>
      `the memory map of the kernel in the dump (${release}) is not used: ${mapLackInWords(lack)}; which mappings succeed is ` +
      "judged by what the dump holds, and where the kdump kernel's memory lies is known only if something else says so",
    explain: () => ({
      title: "The crashed kernel's own memory map is not used",
      meaning:
        'The tree that /proc/iomem prints says what is memory, what is a device, and where the crash kernel lies. A tree that lacks ' +
        'memory which the dump has would make holes of it, so it is put aside, and everything is as without --iomem: a mapping ' +
        "succeeds where the dump has memory, and DMA into the kdump kernel's memory is not looked for.",
      hardware: 'Not concerned.',
      kernel: 'Not concerned: the kdump kernel has a map of its own, of the memory that was set aside for it.',
      causes: [
        'mem= on the command line of the crashed kernel, and a dump of all memory: of a hypervisor, or raw',
        'memory that the crashed kernel never added, or had taken offline',
        'a page of the tree that is not in the dump, or was overwritten',
      ],
      next: [
        '`smmu-adopt info DUMP --iomem`: the map as it is',
        '--iomem with a copy of /proc/iomem, or with what that command prints: it is used whatever it lacks',
      ],
      references: [linux('region_intersects'), 'Linux, admin-guide/kernel-parameters: mem='],
    }),
  }),
  'devices-not-in-table': rule({
    severity: 'warning',
    reach: null,
    args: {
      streams: ['How many streams', json.count],
      sids: ['The first of them, in words', json.said(sidListInWords)],
    },
    sentence: ({ streams, sids }) =>
      `the crashed kernel's driver had devices at ${count(streams, 'StreamID')} (${sidListInWords(sids)}) for which the table in ` +
      'memory has no valid STE: the two contradict each other',
    explain: () => ({
      title: 'The driver had devices that its table does not have',
      meaning:
        'The driver makes the STEs of a device before it takes the device in, fills them as abort, and leaves them valid. Here ' +
        'the L1 descriptor or the STE says otherwise. Either of them was overwritten, or the table is not the one that the ' +
        'SMMU used: what is said of these streams, and of others in the same table, is what memory holds and may not be ' +
        'what the driver had made.',
      hardware:
        'It ends DMA of these streams with C_BAD_STREAMID or C_BAD_STE, unless it still has the entries in a cache.',
      kernel:
        'It does not know which devices the crashed kernel had. It takes an STE that is not valid for one that nobody uses, ' +
        'and makes a new L2 table where there is none.',
      causes: [
        'memory that was overwritten before the crash, or by what ran after it',
        'an STE that the driver was rewriting at the crash, for which it is invalid for a moment',
        'pages of the table that the capture tool left out as zeros and that were none',
      ],
      next: ['`smmu-adopt show DUMP --sid SID`: the lookup of one of them, step by step', GIVE_REGISTERS],
      references: [ARM.lookup, ARM.steValidity, linux('arm_smmu_insert_master')],
    }),
  }),
  'registers-not-of-dump': rule({
    severity: 'warning',
    reach: null,
    args: {
      registers: [
        'The registers that differ; empty for an SMMU that the kernel does not have',
        json.said(namesInWords),
      ],
      release: ['Release of the kernel in the dump', json.text],
      origin: [
        'What the registers may be of',
        json.choice('no-such-smmu', 'another-machine', 'another-boot', 'kdump-kernel', 'unpowered'),
      ],
    },
    sentence: ({ registers, release, origin }) => NOT_OF_DUMP[origin](namesInWords(registers), release),
    explain: () => ({
      title: 'The registers are not those of the kernel in the dump',
      meaning:
        "The dump holds what the crashed kernel's driver had found and written, and the snapshot says otherwise. What was " +
        'given is used all the same; every result then rests on registers and memory that may not belong together.',
      hardware: 'It follows what the registers say now; the tables in the dump are those of the kernel in it.',
      kernel: 'Not concerned: it reads the registers themselves.',
      causes: [
        'a snapshot of another machine, or of another boot of the same one',
        'registers that were read after the probe of the kdump kernel',
        'an SMMU that runtime power management had switched off: all of them read as zeros or ones, and the driver keeps what ' +
          'it will write anew',
        'a host under pKVM: the hypervisor has the SMMU and a stream table of its own, and the driver sees registers that are ' +
          'emulated, so that what is read from outside differs and nothing is damaged',
      ],
      next: NEXT,
      references: [ARM.cr0, linux('arm_smmu_device_reset')],
    }),
  }),
  'coherency-not-of-dump': rule({
    severity: 'warning',
    reach: null,
    args: {
      kernel: ['What the driver in the dump had: coherent, or not coherent', json.said(coherencyInWords)],
      given: ['What the snapshot or the table says', json.said(coherencyInWords)],
      release: ['Release of the kernel in the dump', json.text],
    },
    sentence: ({ kernel, given, release }) =>
      `the kernel in the dump (${release}) had the SMMU as ${coherencyInWords(kernel)}, what was given as ${coherencyInWords(given)}; what was given is used`,
    explain: () => ({
      title: 'The kernel in the dump had coherency otherwise',
      meaning:
        "The driver of the crashed kernel keeps whether firmware describes the SMMU as coherent. The snapshot, or firmware's " +
        'table that was given, says otherwise. Only coherent SMMUs are adopted.',
      hardware: 'Nothing by itself: coherency is a property of the interconnect.',
      kernel:
        'It goes by the table of the same firmware as the crashed kernel, unless firmware was changed in between.',
      causes: [
        'firmware.coherent was set from a guess or from IDR0.COHACC',
        'a snapshot or a table of another machine, or of another version of its firmware',
      ],
      next: ["the snapshot without firmware.coherent: the crashed kernel's word is then taken"],
      references: [linux('arm_smmu_device_acpi_probe'), linux('of_dma_is_coherent')],
    }),
  }),
  'registers-of-other-moment': rule({
    severity: 'note',
    reach: null,
    args: {
      registers: ['The registers that differ', json.said(namesInWords)],
      release: ['Release of the kernel in the dump', json.text],
    },
    sentence: ({ registers, release }) =>
      `${namesInWords(registers)}: other than what the kernel in the dump (${release}) had; the registers may be of another moment`,
    explain: () => ({
      title: 'The registers are of another moment than the dump',
      meaning:
        'Tables and queues are where the crashed kernel had them, but queue indexes or controls have other values than ' +
        'it knew of. What was given is used. Where the driver only keeps a copy of an index, the hardware may have moved ' +
        'it since the driver last looked.',
      hardware: 'It moves the indexes whenever it takes a command or writes an event.',
      kernel: 'Not concerned: it sets the queues up anew.',
      causes: [
        'registers that were read before the crash, or some time after it',
        'events that nobody had handled yet',
      ],
      next: NEXT,
      references: ['Arm IHI 0070, "Command queue" and "Event queue"', linux('arm_smmu_cmdq_issue_cmdlist')],
    }),
  }),
};
