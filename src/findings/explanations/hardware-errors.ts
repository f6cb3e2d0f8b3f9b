/** Errors of the SMMU itself: why the command queue stopped (CMDQ_CONS.ERR), and the flags of GERROR. */

import type { Explanation, Explanations } from './explanation.ts';
import { ARM, linux } from './references.ts';

const LOG = '`smmu-adopt log LOG`: the errors of the log, and the command at which the queue stopped';
const QUEUES = '`smmu-adopt queues DUMP --regs REGS --queue command`: the command that CONS points to';
const STOPPED =
  'It executes no more commands: what is cached stays, and every CMD_SYNC waits until the error is acknowledged.';

const commandError = (told: Pick<Explanation, 'title' | 'meaning' | 'kernel' | 'causes'>): Explanation => ({
  ...told,
  hardware: STOPPED,
  next: [QUEUES, LOG, '`smmu-adopt explain CMDQ_ERR`'],
  references: [ARM.commandErrors, ARM.cmdqCons, linux('arm_smmu_cmdq_skip_err')],
});

export const COMMAND_QUEUE_ERRORS: Explanations = {
  CERROR_NONE: {
    title: 'CMDQ_CONS.ERR is 0: no error',
    meaning:
      'The command queue has not stopped. A CMD_SYNC timeout with this value tells of a queue that is merely slow, or waits.',
    hardware: 'It executes commands; a CMD_SYNC may wait for a device that answers an ATC invalidation late or never.',
    kernel: 'It prints "CMDQ error (cons ...): No error" only for a CMDQ_ERR whose reason is gone.',
    causes: ['a device that does not answer an ATC invalidation', 'a queue that others keep full'],
    next: [QUEUES, LOG],
    references: [ARM.cmdqCons],
  },
  CERROR_ILL: commandError({
    title: 'The command queue stopped at an illegal command',
    meaning: 'The command that CMDQ_CONS points to has an opcode or a field that this SMMU does not support.',
    kernel: 'It prints "Illegal command" and the two words, puts a CMD_SYNC in their place and lets the queue go on.',
    causes: ['memory of the queue that was overwritten', 'a command that this version of the SMMU lacks'],
  }),
  CERROR_ABT: commandError({
    title: 'Reading a command ended in an abort',
    meaning: 'The memory of the command queue does not answer: CMDQ_BASE is wrong, or the memory is broken.',
    kernel: 'It prints "Abort on command fetch" and "retrying command fetch", and hopes.',
    causes: ['CMDQ_BASE that was overwritten', 'memory with an uncorrectable error'],
  }),
  CERROR_ATC_INV_SYNC: commandError({
    title: 'A CMD_SYNC gave up waiting for an ATC invalidation',
    meaning: 'A PCIe device did not answer an invalidation of what it caches (ATS) in time: it hangs, or is gone.',
    kernel: 'It prints "ATC invalidate timeout" and goes on; what the device cached may be stale.',
    causes: ['a device that hangs, was reset or was pulled out', 'a link that is down'],
  }),
};

const globalError = (told: Pick<Explanation, 'title' | 'meaning' | 'hardware' | 'causes'>): Explanation => ({
  ...told,
  kernel:
    'It warns "unexpected global error reported (0x...)" with all active flags, says each in a line, and acknowledges them.',
  next: [LOG, '`smmu-adopt decode gerror`, with the value'],
  references: [ARM.gerror, ARM.globalErrors, linux('arm_smmu_gerror_handler')],
});

const msi = (whose: string): Explanation =>
  globalError({
    title: `The interrupt of ${whose} could not be written`,
    meaning: `The message (MSI) that tells of ${whose} met an abort: nobody is told, until something else makes the kernel look.`,
    hardware: 'It goes on. The interrupt is lost.',
    causes: ['an MSI address of an earlier kernel', 'an interrupt controller that is not there, or off'],
  });

export const GLOBAL_ERRORS: Explanations = {
  CMDQ_ERR: globalError({
    title: 'The command queue stopped',
    meaning: 'The SMMU met a command that it cannot execute. CMDQ_CONS.ERR says why, CMDQ_CONS.RD where.',
    hardware: STOPPED,
    causes: [
      'an illegal command',
      'a command that cannot be read',
      'a device that does not answer an ATC invalidation',
    ],
  }),
  EVENTQ_ABT_ERR: globalError({
    title: 'An event could not be written',
    meaning: 'Writing to the event queue ended in an abort. Events may be lost, this one and those behind it.',
    hardware: 'It goes on without recording.',
    causes: ['EVENTQ_BASE that points to memory that is not there'],
  }),
  PRIQ_ABT_ERR: globalError({
    title: 'A page request could not be written',
    meaning: 'Writing to the PRI queue ended in an abort. Page requests are lost, and their devices wait.',
    hardware: 'It goes on; from now on it answers page requests by itself, as failed.',
    causes: ['PRIQ_BASE that points to memory that is not there'],
  }),
  MSI_CMDQ_ABT_ERR: msi('a CMD_SYNC'),
  MSI_EVENTQ_ABT_ERR: msi('the event queue'),
  MSI_PRIQ_ABT_ERR: msi('the PRI queue'),
  MSI_GERROR_ABT_ERR: msi('the global errors'),
  SFM_ERR: globalError({
    title: 'The SMMU entered Service Failure Mode',
    meaning: 'An error that the SMMU cannot mend: it has given up. See `smmu-adopt explain smmu-service-failure`.',
    hardware: 'All traffic is terminated, no command is executed and nothing is recorded until a reset.',
    causes: ['an uncorrectable error inside the SMMU'],
  }),
  CMDQP_ERR: globalError({
    title: 'An enhanced command queue stopped',
    meaning:
      'The same as CMDQ_ERR for one of the queues of the enhanced interface: ECMDQ_CONS.ERR of that queue says why.',
    hardware: 'That queue executes no more commands; the others go on.',
    causes: ['an illegal command', 'a command that cannot be read'],
  }),
  DPT_ERR: globalError({
    title: 'A lookup in the device permission table failed',
    meaning: 'The table that says which device may use which physical address could not be used. DPT_CFG_FAR says why.',
    hardware: 'Translated traffic of the device is terminated.',
    causes: ['DPT_BASE or DPT_BASE_CFG that are wrong', 'a table that was overwritten'],
  }),
};
