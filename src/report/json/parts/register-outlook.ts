/** The shape of what registers alone tell of a kdump: a part of `regs validate`. */

import type { QueueMemories, QueueMemory } from '../../../adopt/queue-memory.ts';
import type { AdoptionByRegisters } from '../../../adopt/registers-alone.ts';
import type { RegisterOutlook, TableReach } from '../../../inspect/emulation/register-outlook.ts';
import { choice, count, define, hex, integer, list, nullable, object, said, text } from '../../../shape.ts';
import { assumedInWords } from '../../prose/assumptions.ts';
import { check } from './adoption.ts';

const table = object<TableReach>()({
  format: ['What STRTAB_BASE_CFG.FMT says', choice('2lvl', 'linear', 'reserved')],
  base: ['Address of the table', hex],
  entries: ['Level 1 descriptors, or STEs of a linear table', count],
  byteLength: ['Size of the linear table, or of its first level', count],
  coveredBits: ['StreamIDs below 2 to this are in the table, others are answered with C_BAD_STREAMID', integer(0, 32)],
  sidBits: ['Bits that a StreamID has; null when IDR1 is not known', nullable(count)],
});

const adoption = object<AdoptionByRegisters>()({
  revision: ['Revision of the series', text],
  outcome: [
    'not-attempted: the gate keeps the driver from it; fails: it is attempted and fails, or the driver does not take the hardware; open: the tables in memory decide',
    choice('not-attempted', 'fails', 'open'),
  ],
  ends: [
    'What comes of a failure, as a verdict has it; null where there is none',
    nullable(choice('fallback', 'never-programmed', 'probe-fails')),
  ],
  decidedBy: ['The check that failed; null where none did', nullable(check)],
  log: [
    'What the driver prints until there',
    list(
      object<AdoptionByRegisters['log'][number]>()({
        level: ['Its level', choice('err', 'warn', 'info', 'debug')],
        text: ['The line, without the name of driver and device', text],
      }),
    ),
  ],
  assumed: ['Fields that the snapshot lacks, taken to let an adoption go on', list(said(assumedInWords))],
});

const queues = object<QueueMemories>()({
  queues: [
    'The queues that the SMMU has',
    list(
      object<QueueMemory>()({
        queue: ['Which', choice('command', 'event', 'pri')],
        permittedBytes: ['All the entries that IDR1 permits; null when it is not known', nullable(count)],
        programmedBytes: ['As the base register has it; null when it is not known or 0', nullable(count)],
        allocatedBy: ['Revisions whose kdump kernel allocates it', list(text)],
      }),
    ),
  ],
  builds: [
    'Bytes by how the kdump kernel was built; null when IDR1 is not known',
    nullable(
      list(
        object<NonNullable<QueueMemories['builds']>[number]>()({
          pageSize: ['Its page size', count],
          cmaAlignment: ['CONFIG_CMA_ALIGNMENT, the default; null without CONFIG_DMA_CMA', nullable(count)],
          mostBytes: ['No queue takes more', count],
          bytes: ['Bytes of each queue, in the order of queues', list(count)],
        }),
      ),
    ),
  ],
});

export const REGISTER_OUTLOOK = define(
  'registerOutlook',
  'What the registers alone tell of a kdump',
  object<RegisterOutlook>()({
    table: ['How far the stream table reaches', table],
    adoptions: ['How far an adoption comes, by revision', list(adoption)],
    queues: ['How much memory the queues take', queues],
  }),
);
