/**
 * Registers that an adopted stream table hardly depends on: permission indirection, address translation operations
 * (ATOS), MPAM labels and the device permission table (DPT). Arm IHI 0070 issue G.b, chapter on registers,
 * Non-secure copies.
 */

import { ADDRESS_SIZE, GRANULE, NO_YES, reserved, SHAREABILITY } from '../encodings.ts';
import type { Field } from '../fields.ts';
import { address, bits, type Register, register } from '../rows.ts';

const UPDATE = 'Written as 1 along with new values, reads as 1 until they are in force';

// GATOS_PAR is the one register with two readings of the same bits, told apart by FAULT.

export const GATOS_PAR_TRANSLATED: readonly Field[] = [
  bits('SH', 0, 8, 2, 'If FAULT=0: shareability', { ...SHAREABILITY, 1: reserved() }),
  bits('Size', 0, 11, 1, 'If FAULT=0: translation size', {
    0: '4KB',
    1: '2^(N+1) bytes, N being the lowest bit set in ADDR, itself not an address bit',
  }),
  address('ADDR', 0, 12, 44, 'If FAULT=0: result address [55:12]'),
  bits('ATTR', 0, 56, 8, 'If FAULT=0: memory attributes as a MAIR byte'),
];

export const GATOS_PAR_FAULT: readonly Field[] = [
  bits('REASON', 0, 1, 2, 'If FAULT=1: fault stage', {
    0: 'stage 1 or general',
    1: 'stage 2, fetching a CD',
    2: 'stage 2, stage 1 table walk',
    3: 'stage 2, input address translation',
  }),
  bits('FAULTCODE', 0, 4, 8, 'If FAULT=1: event number of the fault, or a special code', {
    253: 'internal error (0xFD)',
    254: 'invalid stage requested (0xFE)',
    255: 'invalid request (0xFF)',
  }),
  address('FADDR', 0, 12, 44, 'If FAULT=1: IPA [55:12] of a stage 2 fault'),
  bits('IMPDEF', 0, 60, 4, 'If FAULT=1: implementation defined'),
];

export const OTHER_REGISTERS: readonly Register[] = [
  register(
    'S2PII',
    0x30,
    8,
    'Stage 2 base permissions, chosen by the permission index of a descriptor',
    Array.from({ length: 16 }, (_, index) =>
      bits(`S2PII${index}`, 0, index * 4, 4, `Permission encoding of index ${index}`),
    ),
  ),
  register('GATOS_CTRL', 0x100, 4, 'Global ATOS control', [
    bits('RUN', 0, 0, 1, 'Written as 1 to start, reads as 1 until done'),
  ]),
  register('GATOS_SID', 0x108, 8, 'Global ATOS stream', [
    bits('STREAMID', 0, 0, 32, 'StreamID to look up'),
    bits('SUBSTREAMID', 0, 32, 20, 'SubstreamID to look up'),
    bits('SSID_VALID', 0, 52, 1, 'SubstreamID is valid', NO_YES),
  ]),
  register('GATOS_ADDR', 0x110, 8, 'Global ATOS input', [
    bits('HTTUI', 0, 6, 1, 'Hardware updates of table flags are inhibited', NO_YES),
    bits('InD', 0, 7, 1, 'Instruction or data', { 0: 'data', 1: 'instruction' }),
    bits('RnW', 0, 8, 1, 'Read or write', { 0: 'write', 1: 'read' }),
    bits('PnU', 0, 9, 1, 'Privilege', { 0: 'unprivileged', 1: 'privileged' }),
    bits('TYPE', 0, 10, 2, 'Lookup kind', {
      0: reserved(),
      1: 'stage 1 (VA to IPA)',
      2: 'stage 2 (IPA to PA)',
      3: 'stage 1 and 2 (VA to PA)',
    }),
    address('ADDR', 0, 12, 52, 'Input address [63:12]'),
  ]),
  register('GATOS_PAR', 0x118, 8, 'Global ATOS result; FAULT says which of the other fields hold', [
    bits('FAULT', 0, 0, 1, 'Outcome', { 0: 'translated', 1: 'fault' }),
    ...GATOS_PAR_TRANSLATED,
    ...GATOS_PAR_FAULT,
  ]),
  register('MPAMIDR', 0x130, 4, 'MPAM identification', [
    bits('PARTID_MAX', 0, 0, 16, 'Largest PARTID'),
    bits('PMG_MAX', 0, 16, 8, 'Largest PMG'),
  ]),
  register('GMPAM', 0x138, 4, "MPAM labels of the SMMU's own accesses", [
    bits('SO_PARTID', 0, 0, 16, 'PARTID'),
    bits('SO_PMG', 0, 16, 8, 'Performance monitoring group'),
    bits('Update', 0, 31, 1, UPDATE),
  ]),
  register('GBPMPAM', 0x13c, 4, 'MPAM labels of traffic while SMMUEN=0', [
    bits('GBP_PARTID', 0, 0, 16, 'PARTID'),
    bits('GBP_PMG', 0, 16, 8, 'Performance monitoring group'),
    bits('Update', 0, 31, 1, UPDATE),
  ]),
  register('VATOS_SEL', 0x180, 4, 'Guest that owns the VATOS page', [bits('VMID', 0, 0, 16, 'VMID bound to VATOS')]),
  register('DPT_BASE', 0x200, 8, 'Device permission table base', [
    address('BADDR', 0, 12, 44, 'Table address [55:12]'),
    bits('RA', 0, 62, 1, 'Read-allocate hint', NO_YES),
  ]),
  register('DPT_BASE_CFG', 0x208, 4, 'Device permission table format', [
    bits('DPTPS', 0, 0, 3, 'Protected address size', { ...ADDRESS_SIZE, 7: reserved() }),
    bits('DPTGS', 0, 14, 2, 'Granule size of the table', GRANULE),
    bits('L0DPTSZ', 0, 20, 4, 'Address span of one level 0 entry', {
      0: '30 bits (1GB)',
      4: '34 bits (16GB)',
      6: '36 bits (64GB)',
      9: '39 bits (512GB)',
      other: reserved(),
    }),
  ]),
  register('DPT_CFG_FAR', 0x210, 8, 'Device permission table fault syndrome', [
    bits('FAULT', 0, 0, 1, 'Record is valid', NO_YES),
    bits('LEVEL', 0, 1, 1, 'Table level of the fault', { 0: 'level 0', 1: 'level 1' }),
    bits('DPT_FAULTCODE', 0, 4, 4, 'Fault cause', {
      0: 'walks disabled (DPT_DISABLED)',
      1: 'bad configuration or descriptor (DPT_WALK_FAULT)',
      2: 'granule protection fault on fetch (DPT_GPC_FAULT)',
      3: 'external abort on fetch (DPT_EABT)',
      other: reserved(),
    }),
    address('FADDR', 0, 12, 44, 'Faulting address [55:12]'),
  ]),
];
