/** Findings about registers that were given, where the kernel in the dump tells others of itself. */

import * as json from '../../shape.ts';
import { ARM, linux } from '../explanations/references.ts';
import { rule } from './rule.ts';

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

export const CRASHED_KERNEL = {
  'registers-not-of-dump': rule({
    severity: 'warning',
    reach: null,
    args: {
      registers: ['The registers that differ; empty for an SMMU that the kernel does not have', json.text],
      release: ['Release of the kernel in the dump', json.text],
      origin: [
        'What the registers may be of',
        json.choice('no-such-smmu', 'another-machine', 'another-boot', 'kdump-kernel', 'unpowered'),
      ],
    },
    sentence: ({ registers, release, origin }) => NOT_OF_DUMP[origin](registers, release),
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
  'registers-of-other-moment': rule({
    severity: 'note',
    reach: null,
    args: {
      registers: ['The registers that differ', json.text],
      release: ['Release of the kernel in the dump', json.text],
    },
    sentence: ({ registers, release }) =>
      `${registers}: other than what the kernel in the dump (${release}) had; the registers may be of another moment`,
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
