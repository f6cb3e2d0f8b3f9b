/** Findings about adoptions that fail, by how the kernel goes on. */

import * as json from '../../../shape.ts';
import { ARM, linux, SERIES } from '../../explanations/references.ts';
import { observedOrUnknown, requiredInWords } from '../../prose/evidence.ts';
import { rule } from '../rule.ts';

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

export const FAILED_ADOPTIONS = {
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
  'hardware-refused': rule({
    severity: 'error',
    reach: 'smmu',
    args: {
      check: FAILURE.check,
      observed: FAILURE.observed,
      required: FAILURE.required,
      errno: ['What the probe returns', json.matching(/^E[A-Z0-9]+$/)],
    },
    sentence: ({ check, observed, required, errno }) =>
      `the driver does not take this SMMU, and its probe ends with -${errno} before it looks at the table: ${check}: ` +
      `${observedOrUnknown(observed)} (required: ${requiredInWords(required)})`,
    explain: () => ({
      title: 'The driver does not take this SMMU at all',
      meaning:
        'The ID registers describe hardware for which Linux has no driver. The kernel that crashed would have refused it just the ' +
        'same, so that the registers are most likely those of something else, or were misread; or another system than Linux ran.',
      hardware: 'It stays as it was: it goes on by the registers that it has.',
      kernel:
        'err with the reason, -ENXIO, in every revision, before the gate. The driver core prints nothing of its own for -ENXIO. No ' +
        'device behind the SMMU gets a domain.',
      causes: [
        'registers of another address, or of another byte order',
        'values that were damaged on the way into the snapshot',
        'a model or an FPGA whose SMMU is not complete',
      ],
      next: [
        '`smmu-adopt explain CHECK`, with the check that the finding names',
        '`smmu-adopt regs validate REGS`: IDR0 and IDR1, field by field',
        'the log of the crashed kernel: whether its driver probed this SMMU',
      ],
      references: [ARM.idr0, ARM.idr1, linux('arm_smmu_device_hw_probe')],
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
};
