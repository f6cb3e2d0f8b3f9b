/** Findings about what an adoption comes to: the death of the kernel, what it leaves behind, what other revisions and a log say. */

import { hex } from '../../../hex.ts';
import * as json from '../../../shape.ts';
import { ARM, linux, SERIES } from '../../explanations/references.ts';
import { deathInWords, leakedInWords } from '../../prose/memory.ts';
import { revisionsInWords } from '../../prose/revisions.ts';
import { splitInWords } from '../../prose/split.ts';
import { rule } from '../rule.ts';
import { count } from '../words.ts';

export const AFTERMATH = {
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
