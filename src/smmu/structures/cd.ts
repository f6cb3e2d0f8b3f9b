/**
 * The Context descriptor, how stage 1 translates the traffic of one StreamID or SubstreamID, and the descriptor of the
 * first level of a two-level CD table. Arm IHI 0070 issue G.b, chapter on data structures. Bit n of the architecture's
 * 512-bit CD is bit n % 64 of word n / 64.
 *
 * The fields are those of the VMSAv8 table formats. Where AA64=0 selects VMSAv9-128 (IDR5.D128=1), HAD0 and HAD1 are
 * DisCH0 and DisCH1 instead, and HWU061 with HWU062 and HWU161 with HWU162 are SKL0 and SKL1: a bit has one name here,
 * so that reading is not decoded.
 */

import { ADDRESS_SIZE, GRANULE, NO_YES, OFF_ON, reserved, SHAREABILITY, WALK_CACHEABILITY } from '../encodings.ts';
import type { Layout } from '../fields.ts';
import { address, bits } from '../rows.ts';

const WALK_SHAREABILITY = { ...SHAREABILITY, 1: reserved() };

const WALKS = { 0: 'enabled', 1: 'disabled, F_TRANSLATION' };

const TOP_BYTE = { 0: 'checked', 1: 'ignored' };

const HIERARCHICAL_ATTRIBUTES = { 0: 'used', 1: 'ignored' };

const INDIRECT_PERMISSION = {
  0: 'no access',
  1: 'read',
  2: 'execute',
  3: 'read, execute',
  4: reserved(', illegal'),
  5: 'read/write',
  6: reserved(', illegal'),
  7: 'read/write, execute',
};

export const CD: Layout = {
  name: 'CD',
  byteLength: 64,
  meaning: 'Context descriptor',
  fields: [
    bits('T0SZ', 0, 0, 6, 'TTB0 input range: addresses have 64 - T0SZ bits'),
    bits('TG0', 0, 6, 2, 'TTB0 granule', GRANULE),
    bits('IR0', 0, 8, 2, 'TTB0 walk inner cacheability', WALK_CACHEABILITY),
    bits('OR0', 0, 10, 2, 'TTB0 walk outer cacheability', WALK_CACHEABILITY),
    bits('SH0', 0, 12, 2, 'TTB0 walk shareability', WALK_SHAREABILITY),
    bits('EPD0', 0, 14, 1, 'TTB0 walks', WALKS),
    bits('ENDI', 0, 15, 1, 'Stage 1 table endianness', { 0: 'little', 1: 'big' }),
    bits('T1SZ', 0, 16, 6, 'TTB1 input range: addresses have 64 - T1SZ bits'),
    bits('TG1', 0, 22, 2, 'TTB1 granule, numbered differently from TG0', {
      0: reserved(),
      1: '16KB',
      2: '4KB',
      3: '64KB',
    }),
    bits('IR1', 0, 24, 2, 'TTB1 walk inner cacheability', WALK_CACHEABILITY),
    bits('OR1', 0, 26, 2, 'TTB1 walk outer cacheability', WALK_CACHEABILITY),
    bits('SH1', 0, 28, 2, 'TTB1 walk shareability', WALK_SHAREABILITY),
    bits('EPD1', 0, 30, 1, 'TTB1 walks', WALKS),
    bits('V', 0, 31, 1, 'CD valid', { 0: 'no, any use gives C_BAD_CD', 1: 'yes' }),
    bits('IPS', 0, 32, 3, 'Stage 1 output address size, limited by IDR5.OAS', {
      ...ADDRESS_SIZE,
      6: '52 bits (v3.0: as 5)',
      7: '56 bits (v3.1-v3.3: as 6, v3.0: as 5)',
    }),
    bits('AFFD', 0, 35, 1, 'Stage 1 Access flag fault', { 0: 'fault when AF=0', 1: 'never faults' }),
    bits('WXN', 0, 36, 1, 'Writable means execute-never', OFF_ON),
    bits('UWXN', 0, 37, 1, 'Unprivileged writable means privileged execute-never (AA64=0 only)', OFF_ON),
    bits('TBI0', 0, 38, 1, 'Top byte of TTB0 addresses', TOP_BYTE),
    bits('TBI1', 0, 39, 1, 'Top byte of TTB1 addresses', TOP_BYTE),
    bits('PAN', 0, 40, 1, 'Privileged access never', OFF_ON),
    bits('AA64', 0, 41, 1, 'Stage 1 table format', {
      0: 'VMSAv8-32 LPAE, or VMSAv9-128 where D128 is implemented and selected',
      1: 'VMSAv8-64',
    }),
    bits('HD', 0, 42, 1, 'Stage 1 hardware dirty state', OFF_ON),
    bits('HA', 0, 43, 1, 'Stage 1 hardware Access flag', OFF_ON),
    bits('S', 0, 44, 1, 'Stall on stage 1 fault', { 0: 'terminate', 1: 'stall' }),
    bits('R', 0, 45, 1, 'Record stage 1 fault', { 0: 'silent', 1: 'record an event' }),
    bits('A', 0, 46, 1, 'Response to a terminated stage 1 fault (S=0)', { 0: 'RAZ/WI', 1: 'abort to the device' }),
    bits('ASET', 0, 47, 1, 'ASID set', {
      0: 'shared, affected by broadcast invalidation',
      1: 'private, not affected',
    }),
    bits('ASID', 0, 48, 16, 'ASID of the translations'),

    bits('NSCFG0', 1, 0, 1, 'NS attribute of the first TTB0 table access (Secure streams)'),
    bits('HAD0', 1, 1, 1, 'Hierarchical attributes of TTB0 tables', HIERARCHICAL_ATTRIBUTES),
    bits('E0PD0', 1, 2, 1, 'Unprivileged access to the TTB0 half faults', OFF_ON),
    bits('HAFT', 1, 3, 1, 'Stage 1 hardware Access flag in table descriptors', OFF_ON),
    address('TTB0', 1, 4, 52, 'TTB0 table address [51:4], [55:4] with D128; aligned by hardware'),
    bits('PnCH', 1, 58, 1, 'Protected bit replaces the Contiguous bit (translation hardening)', OFF_ON),
    bits('EPAN', 1, 59, 1, 'PAN also covers execute-only pages', OFF_ON),
    bits('HWU059', 1, 60, 1, 'TTB0 descriptor bit 59 usable by hardware', NO_YES),
    bits('HWU060', 1, 61, 1, 'TTB0 descriptor bit 60 usable by hardware', NO_YES),
    bits('HWU061', 1, 62, 1, 'TTB0 descriptor bit 61 usable by hardware', NO_YES),
    bits('HWU062', 1, 63, 1, 'TTB0 descriptor bit 62 usable by hardware', NO_YES),

    bits('NSCFG1', 2, 0, 1, 'NS attribute of the first TTB1 table access (Secure streams)'),
    bits('HAD1', 2, 1, 1, 'Hierarchical attributes of TTB1 tables', HIERARCHICAL_ATTRIBUTES),
    bits('E0PD1', 2, 2, 1, 'Unprivileged access to the TTB1 half faults', OFF_ON),
    bits('AIE', 2, 3, 1, 'Attribute index enhancement (16 attribute indices)', OFF_ON),
    address('TTB1', 2, 4, 52, 'TTB1 table address [51:4], [55:4] with D128; aligned by hardware'),
    bits('DS', 2, 58, 1, '52-bit addresses with 4KB or 16KB granules at stage 1', OFF_ON),
    bits('PIE', 2, 59, 1, 'Stage 1 permission indirection', { 0: 'direct scheme', 1: 'indirect scheme' }),
    bits('HWU159', 2, 60, 1, 'TTB1 descriptor bit 59 usable by hardware', NO_YES),
    bits('HWU160', 2, 61, 1, 'TTB1 descriptor bit 60 usable by hardware', NO_YES),
    bits('HWU161', 2, 62, 1, 'TTB1 descriptor bit 61 usable by hardware', NO_YES),
    bits('HWU162', 2, 63, 1, 'TTB1 descriptor bit 62 usable by hardware', NO_YES),

    bits('MAIR0', 3, 0, 32, 'Memory attributes of AttrIndx 0 to 3, one byte each, index 0 lowest'),
    bits('MAIR1', 3, 32, 32, 'Memory attributes of AttrIndx 4 to 7, one byte each, index 4 lowest'),

    bits('AMAIR0', 4, 0, 32, 'Auxiliary memory attributes, implementation defined'),
    bits('AMAIR1', 4, 32, 32, 'Auxiliary memory attributes, implementation defined'),

    bits('IMPDEF5', 5, 0, 32, 'Implementation defined'),
    bits('PARTID', 5, 32, 16, 'MPAM partition ID, virtual in nested use'),
    bits('PMG', 5, 48, 8, 'MPAM performance monitoring group'),

    ...Array.from({ length: 16 }, (_, index) =>
      bits(
        `PIIU${index}`,
        6,
        index * 3,
        3,
        `Unprivileged permission of indirection index ${index}`,
        INDIRECT_PERMISSION,
      ),
    ),

    ...Array.from({ length: 16 }, (_, index) =>
      bits(`PIIP${index}`, 7, index * 3, 3, `Privileged permission of indirection index ${index}`, INDIRECT_PERMISSION),
    ),
  ],
};

export const L1CD: Layout = {
  name: 'L1CD',
  byteLength: 8,
  meaning: 'Level 1 Context descriptor table descriptor',
  fields: [
    bits('V', 0, 0, 1, 'Descriptor valid', { 0: 'no, C_BAD_SUBSTREAMID for every SubstreamID below it', 1: 'yes' }),
    address(
      'L2Ptr',
      0,
      12,
      44,
      'Leaf table address [55:12], [15:12] zero for 64KB leaves; an IPA when stage 2 is enabled',
    ),
  ],
};
