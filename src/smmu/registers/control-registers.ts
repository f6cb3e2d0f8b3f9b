/**
 * Control, acknowledge, global error and Stream table registers: what software told the SMMU to do.
 * Arm IHI 0070 issue G.b, chapter on registers, SMMU_CR0 to SMMU_STRTAB_BASE_CFG, Non-secure copies.
 */

import {
  ALLOCATION_OVERRIDE,
  CACHEABILITY,
  INSTRUCTION_OVERRIDE,
  NO_YES,
  OFF_ON,
  PRIVILEGE_OVERRIDE,
  reserved,
  SHAREABILITY,
  SHAREABILITY_OVERRIDE,
  TYPE_OVERRIDE,
} from '../encodings.ts';
import type { Field } from '../fields.ts';
import { address, bits, type Register, register } from '../rows.ts';

const CR0: readonly Field[] = [
  bits('SMMUEN', 0, 0, 1, 'Translation enable', { 0: 'off, traffic follows GBPA', 1: 'on' }),
  bits('PRIQEN', 0, 1, 1, 'PRI queue enable', OFF_ON),
  bits('EVENTQEN', 0, 2, 1, 'Event queue enable', OFF_ON),
  bits('CMDQEN', 0, 3, 1, 'Command queue enable', OFF_ON),
  bits('ATSCHK', 0, 4, 1, 'ATS Translated traffic is checked against the STE', NO_YES),
  bits('VMW', 0, 6, 3, 'Low-order VMID bits ignored in TLB matching', {
    0: 'none',
    '1-4': 'that many',
    '5-7': reserved(),
  }),
  bits('DPT_WALK_EN', 0, 10, 1, 'Device permission table walks enable', OFF_ON),
];

const IRQ_CTRL: readonly Field[] = [
  bits('GERROR_IRQEN', 0, 0, 1, 'Global error interrupt enable', OFF_ON),
  bits('PRIQ_IRQEN', 0, 1, 1, 'PRI queue interrupt enable', OFF_ON),
  bits('EVENTQ_IRQEN', 0, 2, 1, 'Event queue interrupt enable', OFF_ON),
];

// A flag is active while GERROR and GERRORN differ in it: one register alone says nothing, so the bits have no values.
const GERROR: readonly Field[] = [
  bits('CMDQ_ERR', 0, 0, 1, 'Command error; see CMDQ_CONS.ERR'),
  bits('EVENTQ_ABT_ERR', 0, 2, 1, 'Event queue write aborted; events may be lost'),
  bits('PRIQ_ABT_ERR', 0, 3, 1, 'PRI queue write aborted'),
  bits('MSI_CMDQ_ABT_ERR', 0, 4, 1, 'CMD_SYNC MSI write aborted'),
  bits('MSI_EVENTQ_ABT_ERR', 0, 5, 1, 'Event queue MSI write aborted'),
  bits('MSI_PRIQ_ABT_ERR', 0, 6, 1, 'PRI queue MSI write aborted'),
  bits('MSI_GERROR_ABT_ERR', 0, 7, 1, 'Global error MSI write aborted'),
  bits('SFM_ERR', 0, 8, 1, 'Entered Service Failure Mode'),
  bits('CMDQP_ERR', 0, 9, 1, 'Error in an enhanced command queue; see ECMDQ_CONS.ERR'),
  bits('DPT_ERR', 0, 10, 1, 'Device permission table lookup fault; see DPT_CFG_FAR'),
];

export const CONTROL_REGISTERS: readonly Register[] = [
  register('CR0', 0x20, 4, 'Control 0; a change is in force once CR0ACK shows it', CR0),
  register(
    'CR0ACK',
    0x24,
    4,
    'Acknowledged value of CR0 (read-only)',
    mirrored(CR0, (name) => `Acknowledged CR0.${name}`),
  ),
  register('CR1', 0x28, 4, "Control 1: attributes of the SMMU's own table and queue accesses", [
    bits('QUEUE_IC', 0, 0, 2, 'Queue access inner cacheability', CACHEABILITY),
    bits('QUEUE_OC', 0, 2, 2, 'Queue access outer cacheability', CACHEABILITY),
    bits('QUEUE_SH', 0, 4, 2, 'Queue access shareability', SHAREABILITY),
    bits('TABLE_IC', 0, 6, 2, 'Stream table access inner cacheability', CACHEABILITY),
    bits('TABLE_OC', 0, 8, 2, 'Stream table access outer cacheability', CACHEABILITY),
    bits('TABLE_SH', 0, 10, 2, 'Stream table access shareability', SHAREABILITY),
  ]),
  register('CR2', 0x2c, 4, 'Control 2', [
    bits('E2H', 0, 0, 1, 'Regime of EL2 streams', { 0: 'EL2', 1: 'EL2-E2H' }),
    bits('RECINVSID', 0, 1, 1, 'C_BAD_STREAMID events may be recorded', NO_YES),
    bits('PTM', 0, 2, 1, 'Private TLB maintenance: broadcast TLBI of Non-secure EL1 and EL2 is ignored', NO_YES),
    bits('REC_CFG_ATS', 0, 3, 1, 'Configuration errors recorded for ATS and PRI traffic', {
      0: 'base set',
      1: 'extended set',
    }),
  ]),
  register('STATUSR', 0x40, 4, 'Status', [
    bits('DORMANT', 0, 0, 1, 'Activity while no traffic arrives (needs IDR0.DORMHINT)', {
      0: 'may be active',
      1: 'nothing cached, no accesses',
    }),
  ]),
  register('GBPA', 0x44, 4, 'Global bypass attributes: what becomes of traffic while SMMUEN=0', [
    bits('MemAttr', 0, 0, 4, 'Memory type for MTCFG=1 (stage 2 MemAttr encoding)'),
    bits('MTCFG', 0, 4, 1, 'Memory type override', TYPE_OVERRIDE),
    bits('ALLOCCFG', 0, 8, 4, 'Allocation hint override', ALLOCATION_OVERRIDE),
    bits('SHCFG', 0, 12, 2, 'Shareability override', SHAREABILITY_OVERRIDE),
    bits('PRIVCFG', 0, 16, 2, 'Privilege override', PRIVILEGE_OVERRIDE),
    bits('INSTCFG', 0, 18, 2, 'Instruction/data override', INSTRUCTION_OVERRIDE),
    bits('ABORT', 0, 20, 1, 'All traffic while SMMUEN=0', { 0: 'bypasses', 1: 'aborts' }),
    bits('Update', 0, 31, 1, 'Written as 1 along with new values, reads as 1 until they are in force'),
  ]),
  register('AGBPA', 0x48, 4, 'Alternate global bypass attributes', [
    bits('IMPDEF', 0, 0, 32, 'Implementation defined'),
  ]),
  register('IRQ_CTRL', 0x50, 4, 'Interrupt enables', IRQ_CTRL),
  register(
    'IRQ_CTRLACK',
    0x54,
    4,
    'Acknowledged value of IRQ_CTRL (read-only)',
    mirrored(IRQ_CTRL, (name) => `Acknowledged IRQ_CTRL.${name}`),
  ),
  register('GERROR', 0x60, 4, 'Global error flags, each active while it differs from GERRORN', GERROR),
  register(
    'GERRORN',
    0x64,
    4,
    'Acknowledgement of GERROR by software',
    mirrored(GERROR, (name) => `Acknowledge toggle of ${name}`),
  ),
  register('STRTAB_BASE', 0x80, 8, 'Stream table base', [
    address('ADDR', 0, 6, 50, 'Table address [55:6]; hardware aligns it down to the table size'),
    bits('RA', 0, 62, 1, 'Read-allocate hint', NO_YES),
  ]),
  register('STRTAB_BASE_CFG', 0x88, 4, 'Stream table format', [
    bits('LOG2SIZE', 0, 0, 6, 'log2 of the number of STEs; lookups use at most IDR1.SIDSIZE bits'),
    bits('SPLIT', 0, 6, 5, 'StreamID bits resolved by level 2 (two-level only)', {
      6: '4KB leaf (64 STEs)',
      8: '16KB leaf (256 STEs)',
      10: '64KB leaf (1024 STEs)',
      other: reserved(' (as 6)'),
    }),
    bits('FMT', 0, 16, 2, 'Table format', { 0: 'linear', 1: 'two-level', '2-3': reserved(' (as 0)') }),
  ]),
];

/** The fields of a register that mirrors another one bit by bit: what CR0ACK is to CR0. */
function mirrored(fields: readonly Field[], meaning: (name: string) => string): Field[] {
  return fields.map((field) => ({ ...field, meaning: meaning(field.name) }));
}
