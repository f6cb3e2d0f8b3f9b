/** Findings about the queues and errors of the crashed kernel, which the kdump kernel starts anew without reading them. */

import * as json from '../../../shape.ts';
import { ARM, linux, SERIES } from '../../explanations/references.ts';
import {
  atMost,
  commandErrorInWords,
  GLOBAL_ERRORS,
  queueContentsInWords,
  stoppedCommandInWords,
} from '../../prose/queues.ts';
import { NO_ARGS, rule } from '../rule.ts';
import { count, namesInWords } from '../words.ts';

const RESET = linux('arm_smmu_device_reset');
const ALL_QUEUES = '`smmu-adopt queues DUMP --regs REGS`';
const COMMANDS = '`smmu-adopt queues DUMP --regs REGS --queue command`';
const EVENTS = '`smmu-adopt queues DUMP --regs REGS --queue event`';
const MOMENTS = 'PROD and CONS of different moments: registers that were not read together';
const TWICE =
  'no damage: newer kernels write an invalidation, and the CMD_SYNC behind it, twice for hardware that may lose one';
const FRESH_QUEUE =
  'The command queue is set up anew and the old one forgotten, in every revision. CFGI_ALL and TLBI commands then flush ' +
  'everything that the SMMU has cached';

const CONS_MAY_LAG: readonly [string, json.Shape<boolean>] = [
  "CMDQ_CONS is the driver's copy, which it takes when it waits: the hardware may have executed them since",
  json.flag,
];
const COPY =
  "a CMDQ_CONS that is the driver's copy, without a snapshot: it is taken when the driver waits, so that the hardware may have " +
  'executed them all';

export const RISK_QUEUES = {
  'invalidations-pending': rule({
    severity: 'warning',
    reach: null,
    args: {
      commands: ['How many', json.count],
      what: ['Of what kinds, in words', json.said(queueContentsInWords)],
      repeated: ['Of them, those that only say once more what one of the two commands before them says', json.count],
      consMayLag: CONS_MAY_LAG,
    },
    sentence: ({ commands, what, repeated, consMayLag }) =>
      `${atMost(consMayLag)}${count(commands, 'invalidation was', 'invalidations were')} not executed (${queueContentsInWords(what)}` +
      `${repeated > 0 ? `; ${count(repeated, 'repeats', 'repeat')} one before, as newer kernels do on purpose` : ''}): until the reset flushes, the ` +
      'hardware may use what memory no longer says',
    explain: () => ({
      title: 'Invalidations that the hardware had not executed',
      meaning:
        'The crashed kernel had changed tables in memory and asked the SMMU to forget what it had cached of them; these ' +
        'requests were still in the queue. What memory says and what the hardware goes by may differ until the reset.',
      hardware:
        'It may use the old STE, CD or translation until an invalidation is executed, and write to pages that were ' +
        'unmapped already.',
      kernel: `${FRESH_QUEUE}. That makes up for all of them but CMD_ATC_INV: caches of devices are not flushed.`,
      causes: [
        'a crash in the middle of an unmap or a detach',
        'a queue that had stopped at an error',
        MOMENTS,
        COPY,
        TWICE,
      ],
      next: [
        `${COMMANDS}: every command, with the streams and addresses it is about`,
        '`smmu-adopt explain command-error`, `smmu-adopt explain ats-enabled`',
        '`smmu-adopt show DUMP --regs REGS --sid SID`: the entry as it stands in memory, which may be the newer one',
      ],
      references: [ARM.queues, ARM.structureRules, RESET, SERIES.doubts],
    }),
  }),
  'commands-pending': rule({
    severity: 'note',
    reach: null,
    args: {
      commands: ['How many', json.count],
      what: ['Of what kinds, in words', json.said(queueContentsInWords)],
      consMayLag: CONS_MAY_LAG,
    },
    sentence: ({ commands, what, consMayLag }) =>
      `${atMost(consMayLag)}${count(commands, 'command was', 'commands were')} not executed: ${queueContentsInWords(what)}`,
    explain: () => ({
      title: 'Commands that the hardware had not executed',
      meaning:
        'CMDQ_PROD and CMDQ_CONS differ: these commands were written, and not consumed when the registers were read. A few ' +
        'are normal in a crash; many are a sign that the SMMU had stopped consuming.',
      hardware: 'It executes commands in order while the queue is on and no command error is active.',
      kernel: `${FRESH_QUEUE}. Whoever waited for a CMD_SYNC died with the crashed kernel.`,
      causes: [
        'a crash while commands were being issued',
        'a queue that had stopped at an error',
        MOMENTS,
        COPY,
        TWICE,
      ],
      next: [
        `${COMMANDS}: what they are`,
        'CMDQ_ERR in GERROR and GERRORN, CMDQEN in CR0: `smmu-adopt regs validate REGS`',
        '`smmu-adopt queues DUMP --regs REGS --all`: the commands before them, as far as they are still in memory',
      ],
      references: [ARM.queues, ARM.cmdqCons, RESET],
    }),
  }),
  'command-error': rule({
    severity: 'warning',
    reach: null,
    args: {
      reason: ['Why', json.said(commandErrorInWords)],
      command: ['Which one', json.said(stoppedCommandInWords)],
    },
    sentence: ({ reason, command }) =>
      `the SMMU had stopped executing commands: ${commandErrorInWords(reason)}, at ${stoppedCommandInWords(command)}; ` +
      'what followed never reached the hardware',
    explain: () => ({
      title: 'The SMMU had stopped executing commands',
      meaning:
        'GERROR.CMDQ_ERR is active, and CMDQ_CONS says at which command and why. Everything queued behind it waited for ' +
        'the error to be acknowledged, so that the crashed kernel may have relied on invalidations that never happened.',
      hardware:
        'It consumes nothing while the error is active. The reasons are an illegal command, an abort while fetching one, ' +
        'and an ATC invalidation that timed out.',
      kernel: {
        'v1 to v2': 'The gate does not mind, and the error is not acknowledged: "CMD_SYNC timeout" may follow.',
        'v3 on': 'The gate does not mind. The reset acknowledges the error before it starts the new queue.',
      },
      causes: [
        'an illegal command: the queue was overwritten, or the driver is at fault',
        'a base or a queue in memory that does not answer',
        'a device with ATS that no longer answers invalidations, as after a surprise removal',
      ],
      next: [
        `${COMMANDS}: the command at CMDQ_CONS, and those behind it`,
        '"CMDQ error" and "CMD_SYNC timeout" in the log of the crashed kernel',
        '`smmu-adopt explain invalidations-pending`: what did not happen',
      ],
      references: [ARM.commandErrors, ARM.cmdqCons, ARM.gerror, RESET, SERIES.v3],
    }),
  }),
  'gerror-active': rule({
    severity: 'warning',
    reach: null,
    args: {
      error: ['Bit of GERROR', json.keyOf(GLOBAL_ERRORS)],
    },
    sentence: ({ error }) => `GERROR.${error} is active: ${GLOBAL_ERRORS[error]}`,
    explain: () => ({
      title: 'A global error of the SMMU is active',
      meaning:
        'GERROR and GERRORN differ in a bit that the crashed kernel had not acknowledged. Most of ' +
        'them are about memory that the SMMU could not write: a queue, or the target of an interrupt.',
      hardware:
        'An abort of the event or PRI queue stops deliveries to it, and entries may be lost. An abort of an interrupt ' +
        'loses that one.',
      kernel: {
        'v1 to v2': 'Not looked at, and not acknowledged.',
        'v3 on':
          'SFM_ERR alone keeps it from adopting. The reset acknowledges what the driver knows of, bits 0 and 2 to 8.',
      },
      causes: [
        'a queue or an interrupt address that does not answer: memory gone, or a pointer overwritten',
        'a GERROR and a GERRORN that were read at different moments',
      ],
      next: [
        '`smmu-adopt regs validate REGS`: every bit in which GERROR and GERRORN differ',
        `${ALL_QUEUES}: bases and sizes, and what is in them`,
        'the message of the driver about each error in the log of the crashed kernel',
      ],
      references: [ARM.gerror, ARM.globalErrors, RESET, SERIES.v3],
    }),
  }),
  'cr0-unacknowledged': rule({
    severity: 'warning',
    reach: null,
    args: {
      fields: ['The fields of CR0 that CR0ACK has otherwise', json.said(namesInWords)],
    },
    sentence: ({ fields }) =>
      `CR0 and CR0ACK differ in ${namesInWords(fields)}: a change was in progress, or the SMMU does not answer; ` +
      'what was written is not in force before CR0ACK follows',
    explain: () => ({
      title: 'A change of CR0 was not acknowledged',
      meaning:
        'CR0 is what was written, CR0ACK what is in force. They differ for as long as the SMMU works on a change, which ' +
        'is short, and for ever where it hangs.',
      hardware: 'With SMMUEN 1 in CR0 alone it does not translate yet, with SMMUEN 0 in CR0 alone it still does.',
      kernel:
        'Whether it adopts depends on CR0 alone. Its reset writes CR0 and waits for CR0ACK; where that never follows, it ' +
        'gives up with "failed to disable queues", "failed to enable command queue" or "failed to clear cr0", and the probe fails.',
      causes: [
        'registers that were read while the SMMU was being switched on or off, or one after the other',
        'an SMMU that hangs',
      ],
      next: ['both registers once more, if the machine still answers', 'these messages in the log of either kernel'],
      references: [ARM.cr0, RESET],
    }),
  }),
  'events-unread': rule({
    severity: 'warning',
    reach: null,
    args: {
      events: ['How many', json.count],
      what: ['Of what kinds, in words', json.said(queueContentsInWords)],
    },
    sentence: ({ events, what }) =>
      `${count(events, 'event was', 'events were')} not read by the crashed kernel, and will not be: ${queueContentsInWords(what)}`,
    explain: () => ({
      title: 'Events that the crashed kernel had not read',
      meaning:
        'Faults and errors that the SMMU reported and nobody has seen: at the end of the crashed kernel, or after it. They ' +
        'are the only witness of which entries the hardware rejects, and are gone with the machine.',
      hardware: 'It had recorded them, and goes on to do so until the queue is full or switched off.',
      kernel: 'The old queue is never read, and the new kernel leaves the event queue off, in every revision.',
      causes: [
        'faults of the DMA that outlived the crashed kernel',
        'an STE or a CD that is damaged: C_BAD_STE, C_BAD_CD, F_STE_FETCH, F_CD_FETCH',
        'a device that faulted in a storm, which may be what the kernel died of',
      ],
      next: [
        `${EVENTS}: the records by kind, stream and address`,
        '`smmu-adopt show DUMP --regs REGS --sid SID`, with a stream that they name',
        '`smmu-adopt translate DUMP --regs REGS --sid SID --iova ADDRESS`, with an address that they name',
      ],
      references: [ARM.events, ARM.faults, ARM.queues, RESET],
    }),
  }),
  'events-lost': rule({
    severity: 'note',
    reach: null,
    args: NO_ARGS,
    sentence: () => 'the event queue had overflowed: events were lost',
    explain: () => ({
      title: 'The event queue had overflowed',
      meaning:
        'EVENTQ_PROD.OVFLG and EVENTQ_CONS.OVACKFLG differ: the queue was full when more came. How many events were lost, ' +
        'and which, cannot be told.',
      hardware:
        'It discards an event that finds the queue full, but for those of stalled transactions, which wait. Once there is ' +
        'room it records again, acknowledged or not.',
      kernel: 'Neither read nor acknowledged, in any revision.',
      causes: [
        'a fault storm: a device that keeps accessing what is not mapped',
        'DMA that faulted for long after the crash, with nobody to read the events',
        'registers of another moment than the dump',
      ],
      next: [
        `${EVENTS}: who filled the queue`,
        '`smmu-adopt show DUMP --regs REGS --sid SID`, with the stream that did',
      ],
      references: [ARM.eventOverflow, ARM.queues],
    }),
  }),
};
