/**
 * The Command, Event and PRI queues, and where their interrupts and the global error interrupt are written.
 * Arm IHI 0070 issue G.b, chapter on registers, SMMU_CMDQ_BASE to SMMU_PRIQ_IRQ_CFG2 and SMMU_GERROR_IRQ_CFG0 to
 * SMMU_GERROR_IRQ_CFG2, Non-secure copies.
 */

import { NO_YES, reserved, SHAREABILITY } from '../encodings.ts';
import type { Field } from '../fields.ts';
import { address, bits, type Register, register } from '../rows.ts';

export const QUEUE_REGISTERS: readonly Register[] = [
  ...msi('GERROR', 0x68, 'Global error'),

  queueBase('CMDQ', 0x90, 'Command queue', bits('RA', 0, 62, 1, 'Read-allocate hint', NO_YES)),
  register('CMDQ_PROD', 0x98, 4, 'Command queue producer (software)', [writeIndex('CMDQ')]),
  register('CMDQ_CONS', 0x9c, 4, 'Command queue consumer (hardware)', [
    readIndex('CMDQ'),
    bits('ERR', 0, 24, 7, 'Reason of the active CMDQ_ERR', {
      0: 'no error',
      1: 'illegal command (CERROR_ILL)',
      2: 'abort on command fetch (CERROR_ABT)',
      3: 'ATC invalidate or CMD_SYNC timeout (CERROR_ATC_INV_SYNC)',
      '4-127': reserved(),
    }),
  ]),

  // The indices of the Event and PRI queues live in page 1; page 0 may show them as well, 0x10000 lower.
  queueBase('EVENTQ', 0xa0, 'Event queue', bits('WA', 0, 62, 1, 'Write-allocate hint', NO_YES)),
  register('EVENTQ_PROD', 0x100a8, 4, 'Event queue producer (hardware)', [
    writeIndex('EVENTQ'),
    bits('OVFLG', 0, 31, 1, 'Overflow toggle: events were lost while it differs from EVENTQ_CONS.OVACKFLG'),
  ]),
  register('EVENTQ_CONS', 0x100ac, 4, 'Event queue consumer (software)', [
    readIndex('EVENTQ'),
    bits('OVACKFLG', 0, 31, 1, 'Overflow acknowledge toggle'),
  ]),
  ...msi('EVENTQ', 0xb0, 'Event queue'),

  queueBase('PRIQ', 0xc0, 'PRI queue', bits('WA', 0, 62, 1, 'Write-allocate hint', NO_YES)),
  register('PRIQ_PROD', 0x100c8, 4, 'PRI queue producer (hardware)', [
    writeIndex('PRIQ'),
    bits('OVFLG', 0, 31, 1, 'Overflow toggle: no request is stored while it differs from PRIQ_CONS.OVACKFLG'),
  ]),
  register('PRIQ_CONS', 0x100cc, 4, 'PRI queue consumer (software)', [
    readIndex('PRIQ'),
    bits('OVACKFLG', 0, 31, 1, 'Overflow acknowledge toggle'),
  ]),
  ...msi('PRIQ', 0xd0, 'PRI queue', [
    bits('LO', 0, 31, 1, 'Interrupt condition', {
      0: 'the queue becomes non-empty',
      1: 'a request with Last set arrives',
    }),
  ]),
];

function queueBase(queue: string, offset: number, title: string, hint: Field): Register {
  return register(`${queue}_BASE`, offset, 8, `${title} base`, [
    bits('LOG2SIZE', 0, 0, 5, `log2 of the number of entries, capped by IDR1.${queue}S`),
    address('ADDR', 0, 5, 51, 'Queue address [55:5]; hardware aligns it down to the queue size'),
    hint,
  ]);
}

function writeIndex(queue: string): Field {
  return bits('WR', 0, 0, 20, `Write index, with the wrap bit at bit ${queue}_BASE.LOG2SIZE`);
}

function readIndex(queue: string): Field {
  return bits('RD', 0, 0, 20, `Read index, with the wrap bit at bit ${queue}_BASE.LOG2SIZE`);
}

/** The three registers that say where and how an interrupt is written as an MSI: X_IRQ_CFG0 to X_IRQ_CFG2. */
function msi(source: string, offset: number, title: string, extra: readonly Field[] = []): Register[] {
  return [
    register(`${source}_IRQ_CFG0`, offset, 8, `${title} interrupt: MSI address`, [
      address('ADDR', 0, 2, 54, 'MSI target address [55:2]; 0 means no MSI'),
    ]),
    register(`${source}_IRQ_CFG1`, offset + 0x8, 4, `${title} interrupt: MSI payload`, [
      bits('DATA', 0, 0, 32, 'Word written'),
    ]),
    register(`${source}_IRQ_CFG2`, offset + 0xc, 4, `${title} interrupt: MSI memory attributes`, [
      bits('MemAttr', 0, 0, 4, 'Memory type of the MSI write (stage 2 MemAttr encoding)'),
      bits('SH', 0, 4, 2, 'Shareability of the MSI write', SHAREABILITY),
      ...extra,
    ]),
  ];
}
