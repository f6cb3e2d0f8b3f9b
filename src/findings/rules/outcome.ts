/** Findings about the outcome as a whole: how the adoption ends, how the revisions differ, what the log says. */

import type { OtherMoment, Unanswered } from '../../adopt/devices/fate.ts';
import * as json from '../../shape.ts';
import { ARM, linux, SERIES } from '../explanations/references.ts';
import { observedOrUnknown, requiredInWords } from '../prose/evidence.ts';
import { deathInWords, leakedInWords } from '../prose/memory.ts';
import { revisionsInWords } from '../prose/revisions.ts';
import { splitInWords } from '../prose/split.ts';
import { rule } from './rule.ts';
import { count, doubtInWords, hex } from './words.ts';

/** Which check failed, and how. */
const FAILURE = {
  revision: ['Revision emulated', json.text],
  check: ['The check that failed', json.text],
  observed: ['What was found', json.said(observedOrUnknown)],
  required: ['What passes the check', json.said(requiredInWords)],
  errno: ['What the adoption returns', json.matching(/^E[A-Z0-9]+$/)],
} as const;

/** What becomes of the table that the kernel builds instead. */
export type OwnTable = 'programmed' | 'refused' | 'kernel-dies' | 'unknown';

const FALLS_BACK: Readonly<Record<OwnTable, string>> = {
  programmed: ' and resets the SMMU',
  refused: ', has no memory for a table of its own, and fails the probe without a reset',
  'kernel-dies': ', and the kdump kernel dies before it resets the SMMU',
  unknown: ', and resets the SMMU if it has memory for a table of its own',
};

const NEVER_PROGRAMMED: Readonly<Record<OwnTable, string>> = {
  programmed: ' and stays in adoption mode: the table that it builds is never programmed',
  refused: ', stays in adoption mode, and fails the probe because it has no memory for a table of its own',
  'kernel-dies': ' and stays in adoption mode: the kdump kernel dies with the table that it builds',
  unknown: ' and stays in adoption mode: a table of its own, if it has the memory, is never programmed',
};

const WITH_OWN_TABLE = {
  ...FAILURE,
  ownTable: [
    'The table that the kernel builds instead: there is memory for it, and the kernel comes to its reset (programmed); there is none, and the probe fails (refused); the kernel dies before its reset; or it cannot be told which',
    json.keyOf(FALLS_BACK),
  ],
} as const;

export const VERDICT = {
  'adoption-fallback': rule({
    severity: 'error',
    reach: 'smmu',
    args: WITH_OWN_TABLE,
    sentence: ({ revision, check, observed, required, errno, ownTable }) =>
      `${revision} gives up with -${errno}${FALLS_BACK[ownTable]}: ${check}: ${observedOrUnknown(observed)} ` +
      `(required: ${requiredInWords(required)})`,
    explain: () => ({
      title: 'A check failed, and the table is not adopted',
      meaning:
        'The kdump kernel tried to adopt the table and gave up at the check that the finding names. This is the verdict; ' +
        'a second finding usually names the entry at fault.',
      hardware:
        'Until the reset it goes on translating by the old table. From GBPA.ABORT on, everything is terminated, and ' +
        'afterwards the new table aborts each stream until its device is attached. Without a reset the old table stays.',
      kernel: {
        'v1 to v2': 'There is no way back: the probe of the SMMU fails with the errno.',
        'v3 on':
          'What was mapped is undone (from v4 on) and "falling back to full reset" printed; the errno is neither logged nor returned. ' +
          '"SMMU currently enabled! Resetting..." follows, unless there is no memory for the new table, which ends the probe. ' +
          'Two levels on hardware without lead v3 elsewhere.',
      },
      causes: [
        'a descriptor or a register that Linux never writes: overwritten memory, or another system than Linux',
        'a snapshot that does not belong to the dump, or was taken after the probe of the kdump kernel',
        'with v8 and later, an entry that breaks a rule of the ID scan',
      ],
      next: [
        '`smmu-adopt explain CHECK`, with the check that the finding names',
        '`smmu-adopt inspect DUMP --regs REGS --revision all`: whether another revision would have adopted',
        'the device errors that follow in the kdump log: time-outs, PCIe AER, RAS records',
      ],
      references: [ARM.gbpa, linux('arm_smmu_kdump_adopt_strtab'), SERIES.v3, SERIES.v6],
    }),
  }),
  'table-never-programmed': rule({
    severity: 'error',
    reach: 'smmu',
    args: WITH_OWN_TABLE,
    sentence: ({ revision, check, observed, required, errno, ownTable }) =>
      `${revision} gives up with -${errno}${NEVER_PROGRAMMED[ownTable]} ` +
      `(${check}: ${observedOrUnknown(observed)}; required: ${requiredInWords(required)})`,
    explain: () => ({
      title: 'The new table is built and never programmed',
      meaning:
        'Revision v3 returns from a two-level table on hardware without the feature before it leaves adoption mode. An ordinary ' +
        'table is built, and the reset, which believes that a table was adopted, leaves STRTAB_BASE alone.',
      hardware:
        "It goes on with the crashed kernel's table, and never sees what the kdump kernel writes: in-flight DMA is " +
        'translated as before, and DMA that a driver sets up anew meets the old STE, too.',
      kernel: {
        v3: 'WARN_ON, -EINVAL, and no word of a fallback; the reset prints "retaining SMMUEN for in-flight DMA".',
        'v4 on': 'The same failure leads to a full reset.',
      },
      causes: [
        'registers of another SMMU or another moment',
        'hardware of at most 8 StreamID bits with a two-level table',
      ],
      next: [
        '`smmu-adopt explain two-level.feature`',
        '`smmu-adopt inspect DUMP --regs REGS --revision all`: what the other revisions do',
      ],
      references: [linux('arm_smmu_adopt_strtab'), linux('arm_smmu_device_reset'), SERIES.v3],
    }),
  }),
  'probe-fails': rule({
    severity: 'error',
    reach: 'smmu',
    args: FAILURE,
    sentence: ({ revision, check, observed, required, errno }) =>
      `${revision} gives up with -${errno}, and the probe of the SMMU fails with it: ${check}: ` +
      `${observedOrUnknown(observed)} (required: ${requiredInWords(required)})`,
    explain: () => ({
      title: 'The adoption fails, and the probe of the SMMU with it',
      meaning:
        'Revisions v1 and v2 have no way back: an adoption that fails ends the probe before anything is written to the SMMU. It stays ' +
        'as the crashed kernel left it, without a driver.',
      hardware: "It goes on translating by the crashed kernel's table.",
      kernel: {
        'v1 to v2':
          '"probe with driver arm-smmu-v3 failed with error N". No device behind it gets a domain; drivers that run all ' +
          'the same hand out addresses of which the old tables know nothing.',
        'v3 on': 'A full reset instead.',
      },
      causes: ['what the check that the finding names has found', 'registers of another SMMU or another moment'],
      next: [
        '`smmu-adopt explain CHECK`, with the check that the finding names',
        'whether the kernel really has v1 or v2',
      ],
      references: [linux('arm_smmu_adopt_strtab'), linux('arm_smmu_device_probe'), SERIES.v1],
    }),
  }),
  'registers-after-probe': rule({
    severity: 'warning',
    reach: 'smmu',
    args: {
      revision: ['Revision emulated', json.text],
      sign: [
        'What in them is of another moment',
        json.choice(
          'captured-after-probe',
          'table-in-kdump-memory',
          'table-in-gap',
          'cr0-after-reset',
        ) as json.Shape<OtherMoment>,
      ],
    },
    sentence: ({ revision, sign }) =>
      `whether ${revision} adopts the table cannot be told from these registers, which are of after the kdump kernel's ` +
      `probe: ${doubtInWords(sign)}`,
    explain: () => ({
      title: 'The registers are of after the probe of the kdump kernel',
      meaning:
        "Something in them is as only the kdump kernel's probe leaves it: the snapshot says so, STRTAB_BASE lies in the " +
        "kdump kernel's own memory, or CR0 has the command queue on and the event queue off. What is to be judged is the " +
        "crashed kernel's table, and these registers do not lead to it.",
      hardware: 'It follows what the registers say now.',
      kernel:
        'It met other values when it decided. After an adoption STRTAB_BASE is still the old one, after a reset it is not.',
      causes: ['a capture from a shell of the kdump kernel', 'a vmcore saved there, with registers read beside it'],
      next: [
        '`smmu-adopt regs capture --base ADDRESS`: a script for the moment before the driver loads',
        'the log of the kdump kernel, with --dmesg: it says whether the table was adopted',
      ],
      references: [ARM.cr0, linux('arm_smmu_device_reset')],
    }),
  }),
  'registers-unanswered': rule({
    severity: 'warning',
    reach: 'smmu',
    args: {
      revision: ['Revision emulated', json.text],
      sign: ['What they read as', json.choice('all-zero', 'all-ones') as json.Shape<Unanswered>],
    },
    sentence: ({ revision, sign }) =>
      `whether ${revision} adopts the table cannot be told from these registers: ${doubtInWords(sign)}, as where no SMMU ` +
      'answers, or one without power',
    explain: () => ({
      title: 'Nobody answered when the registers were read',
      meaning:
        'Every register is zero, or every one of 32 bits is all ones. No working SMMU has such registers: there was none ' +
        'at that address, or it had no power, as one that runtime power management has suspended. They say nothing of the ' +
        'table, and whatever is said of memory on their ground is of no worth.',
      hardware: 'An SMMU without power translates nothing and keeps nothing; the devices behind it are as good as off.',
      kernel:
        'It powers the SMMU on before it reads CR0. What it finds then is what the hardware wakes up with, not what was ' +
        'read here.',
      causes: [
        'the SMMU was suspended when its registers were read',
        'a wrong base address',
        'a debugger or a firewall that answers in its place',
      ],
      next: [
        'the vmcore without --regs: the crashed kernel itself knew what it had programmed',
        '`smmu-adopt regs validate FILE`, and the base address in /proc/iomem',
      ],
      references: [ARM.cr0, linux('arm_smmu_device_probe')],
    }),
  }),
  'adoption-indeterminate': rule({
    severity: 'warning',
    reach: 'smmu',
    args: {
      revision: ['Revision emulated', json.text],
      check: ['The check that cannot be told', json.text],
      observed: ['What is missing', json.said(observedOrUnknown)],
    },
    sentence: ({ revision, check, observed }) =>
      `whether ${revision} adopts the table cannot be told: ${check}: ${observedOrUnknown(observed)}`,
    explain: () => ({
      title: 'The dump lacks what decides about the adoption',
      meaning:
        'The check that the finding names reads memory that this dump does not hold. What the kernel would have read ' +
        'there decides, so there is no verdict, and the exit status is 3.',
      hardware: 'It read the same memory, which was there on the machine; only the dump lacks it.',
      kernel: 'It reads what is there and decides. Its own log, where there is one, says how.',
      causes: [
        'the dump was cut short, or one part of a split dump is missing',
        'the capture tool left the page out, and the dump does not say that zero pages were filtered',
        'the address is not memory of this machine, or lies in the memory of the kdump kernel',
      ],
      next: [
        '`smmu-adopt info DUMP`: whether the file is complete, and what the capture tool left out',
        'the other parts of a split dump: all of them on one command line',
        '`smmu-adopt inspect DUMP --regs REGS --excluded zero`: what follows if the missing pages were zero',
        '`smmu-adopt inspect DUMP --regs REGS --dmesg LOG`: which way the real kernel went',
      ],
      references: [linux('arm_smmu_kdump_adopt_strtab'), SERIES.v6],
    }),
  }),
  'kernel-panic': rule({
    severity: 'error',
    reach: 'machine',
    args: {
      function: ['The kernel function that reads', json.text],
      inferred: ['That name is inferred: no run of such a kernel has shown it', json.flag],
      address: ['The address it cannot read', json.hex],
      why: ['The reason', json.said(deathInWords)],
    },
    sentence: ({ function: where, inferred, address, why }) =>
      `the kdump kernel dies in ${where}${inferred ? ' (a name that is inferred)' : ''} reading ${hex(address)}: ` +
      deathInWords(why),
    explain: () => ({
      title: 'The kdump kernel dies reading a table',
      meaning:
        'A table maps without complaint, because almost any address does, but reading it kills the kernel: nothing ' +
        "answers at the address, or the mapping runs past the end of the kernel's own memory. There will be no dump of " +
        'this machine by this kernel.',
      hardware:
        'Its own read of such an address ends in an external abort: F_STE_FETCH, an event that nobody reads in a kdump ' +
        'kernel. Only the stream concerned suffers.',
      kernel: {
        'v1 to v2':
          'As later ones; and where a mapping fails, the error code is read through as if it were an address.',
        'v3 to v7':
          'The L1 table is read while the SMMU probes (arm_smmu_device_probe), an L2 table only when the kernel asks ' +
          'whether to defer the attach of a device behind it (arm_smmu_is_attach_deferred).',
        'v8 on': 'Every table in use is read while the SMMU probes, by the scan for IDs in use.',
      },
      causes: [
        'a base or an L2 pointer into a hole of the physical map, from overwritten memory',
        'a pointer near the end of the crashkernel reservation',
        'a snapshot of another machine, or of another boot',
      ],
      next: [
        'the oops in the console log: "Unable to handle kernel" or "SError", with the function as pc, or where its name is ' +
          'inferred, one that is called from it or that it was inlined into',
        '/proc/iomem of the crashed kernel, read as root, for --iomem: what lies at the address',
        '`smmu-adopt inspect DUMP --regs REGS --iomem IOMEM --insert all`: which devices lead there',
      ],
      references: [
        ARM.lookup,
        linux('arm_smmu_is_attach_deferred'),
        'v5 notes that its test for overlaps cannot see a hole; v6 dropped the test',
        SERIES.v5,
        SERIES.v6,
      ],
    }),
  }),
  'revisions-differ': rule({
    severity: 'note',
    reach: null,
    args: {
      revision: ['Revision that was emulated', json.text],
      others: ['Revisions that decide differently', json.said(revisionsInWords)],
      check: ['The first check that differs; empty where it is none', json.text],
      why: ['The difference', json.said(splitInWords)],
    },
    sentence: ({ revision, others, check, why }) =>
      `${revisionsInWords(others)} would decide differently from ${revision}${check === '' ? '' : ` at ${check}`}: ${splitInWords(why)}`,
    explain: () => ({
      title: 'Other revisions of the series would decide otherwise',
      meaning:
        'The result holds for one revision only. At the check that the finding names, another revision that is known ' +
        'would have gone another way.',
      hardware: 'The same for all of them until the decision is made.',
      kernel: {
        'v1 to v5': 'Replaced within weeks. v3 to v5 reject tables that overlap memory of the kdump kernel.',
        v6: 'What vendors ship since June 2026. Tables are taken as they are: no alignment, no entry is judged.',
        v7: 'Decides as v6 does; the announcement is a debug message, and ATSCHK is kept as it was.',
        'v8 on': 'Checks alignment and null pointers, and reads every entry for IDs in use before it adopts.',
      },
      causes: [
        'an entry or a base that v6 does not look at and that v8 and later reject',
        'a linear table of more StreamIDs than the hardware has, which v4 to v8 accept',
      ],
      next: [
        '`smmu-adopt inspect DUMP --regs REGS --revision all`: all of them side by side',
        'the sources of the kernel in question: a file arm-smmu-v3-kdump.c or -kexec.c means v8 or later',
        'the prefix of its messages: a geometry error with nothing in front is of v9 or v10',
      ],
      references: [SERIES.v6, SERIES.v7, SERIES.v10],
    }),
  }),
  'cleanup-leak': rule({
    severity: 'warning',
    reach: null,
    args: {
      revision: ['Revision that was emulated', json.text],
      page: ['What the register page reads as', json.choice('live', 'zeros', 'ones')],
      leaked: ['What is leaked', json.said(leakedInWords)],
    },
    sentence: ({ revision, page, leaked }) =>
      `with the register page reading as ${page}, the clean-up of ${revision} takes the table for another format and leaks ${leakedInWords(leaked)}`,
    explain: () => ({
      title: 'The clean-up mistakes the format and leaks',
      meaning:
        'When the SMMU is unbound, the clean-up has to know whether it holds a two-level or a linear table. It asks a ' +
        'register that no longer says so, and gives back less than it holds.',
      hardware: 'An SMMU without power answers with all zeros or all ones, or does not answer at all.',
      kernel: {
        v6:
          'The clean-up reads STRTAB_BASE_CFG again. Zeros look like a linear table, and the array of L2 pointers stays ' +
          'behind; ones look like no format at all, and the mapping stays behind as well.',
        'v7 on': 'It asks the feature bit of the driver, which a linear adoption clears: nothing leaks.',
      },
      causes: ['--powered-down, or a platform that cuts the power of the SMMU before its driver is unbound'],
      next: [
        'the mapping ledger and the allocations of the report: what is marked LEAKED',
        '`smmu-adopt inspect DUMP --regs REGS --powered-down ones --revision all`',
      ],
      references: [linux('arm_smmu_kdump_adopt_cleanup'), SERIES.cleanupReview, SERIES.v7],
    }),
  }),
  'dmesg-differs': rule({
    severity: 'warning',
    reach: null,
    args: {
      file: ['The log', json.text],
      agree: ['Lines that agree', json.count],
      missing: ['Lines missing', json.count],
      unpredicted: ['Extra lines', json.count],
      panicAgrees: ['Whether the kernel ends as predicted', json.flag],
      withoutSeries: ['Whether the log is of a kernel that does not carry the series', json.flag],
    },
    sentence: ({ file, agree, missing, unpredicted, panicAgrees, withoutSeries }) =>
      `${file} ${withoutSeries ? 'is of a kernel that does not carry the series, and so ' : ''}differs from the prediction: ${count(agree, 'line agrees', 'lines agree')}, ${missing} missing, ` +
      `${unpredicted} extra${panicAgrees ? '' : ', and the kernel does not end as predicted'}`,
    explain: () => ({
      title: 'The captured kernel log is not as predicted',
      meaning:
        'Lines of the driver are missing from the log, or others stand there, or the kernel ended otherwise. Either the ' +
        'inputs are not those of that boot, or the kernel is another than the one emulated.',
      hardware: 'Not concerned: this compares a text with a prediction.',
      kernel: {
        'v1 to v6': 'The announcement of the attempt is an info message, and part of every log.',
        'v7 on': 'It is a debug message and normally not there, which is allowed for.',
      },
      causes: [
        'a kernel with another revision of the series, or without it',
        'a dump that was taken before or after memory changed, by DMA for one',
        'a log that was cut at the front by its ring buffer, or filtered by level',
        'devices that were not named, or named in another order than they were probed',
      ],
      next: [
        'the section "Kernel log" of the report: MISSING and EXTRA line by line',
        '`smmu-adopt inspect DUMP --regs REGS --dmesg LOG --revision all`: whether another revision fits better',
        '--insert, --device and --kernel: the devices and the core that the real machine had',
      ],
      references: [SERIES.v6, SERIES.v7, SERIES.v10],
    }),
  }),
};
