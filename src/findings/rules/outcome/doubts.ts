/** Findings about adoptions that cannot be told: registers of another moment or of nobody, and what the dump lacks. */

import type { OtherMoment, Unanswered } from '../../../adopt/devices/fate.ts';
import * as json from '../../../shape.ts';
import { ARM, linux, SERIES } from '../../explanations/references.ts';
import { observedOrUnknown } from '../../prose/evidence.ts';
import { rule } from '../rule.ts';
import { doubtInWords } from '../words.ts';

export const DOUBTS = {
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
};
