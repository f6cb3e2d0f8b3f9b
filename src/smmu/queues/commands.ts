/**
 * What software writes into the Command queue: 16 bytes each, the number of the command in the first byte. Arm IHI 0070
 * issue G.b, "Command queue".
 *
 * CMD_DPTI_PA holds more than its table here; those bits are left to the raw words.
 */

import { NO_YES, reserved, SHAREABILITY } from '../encodings.ts';
import type { Field, Layout } from '../fields.ts';
import { address, bits } from '../rows.ts';
import { QUEUE_FORMATS } from './queue.ts';

const COMMAND_BYTE_LENGTH = QUEUE_FORMATS.command.entryByteLength;

/** What a command is about: what stays as it was until it has been executed. */
export type CommandKind =
  | 'prefetch'
  | 'configuration'
  | 'tlb'
  | 'atc'
  | 'pri-response'
  | 'resume'
  | 'sync'
  | 'dpt'
  | 'unknown';

export interface CommandType extends Layout {
  readonly code: number;
  readonly kind: CommandKind;
}

const OPCODE = bits('Opcode', 0, 0, 8, 'Command number');
const SECURE = bits('SSec', 0, 10, 1, 'The StreamID is Secure (Secure queue only)', NO_YES);
const HAS_SUBSTREAM = bits('SSV', 0, 11, 1, 'SubstreamID is valid', NO_YES);
const SUBSTREAM_ID = bits('SubstreamID', 0, 12, 20, 'SubstreamID');
const STREAM_ID = bits('StreamID', 0, 32, 32, 'StreamID');
const VMID = bits('VMID', 0, 32, 16, 'VMID');
const ASID = bits('ASID', 0, 48, 16, 'ASID');
const LEAF = bits('Leaf', 1, 0, 1, 'Which levels', { 0: 'all levels', 1: 'last level only' });
const VA = address('Address', 1, 12, 52, 'Virtual address [63:12]');
const IPA = address('Address', 1, 12, 44, 'Intermediate physical address [55:12]');

/** A stream, and with it perhaps a substream. */
const STREAM: readonly Field[] = [SECURE, STREAM_ID];
const SUBSTREAM: readonly Field[] = [SECURE, HAS_SUBSTREAM, SUBSTREAM_ID, STREAM_ID];

/**
 * One address, or with IDR3.RIL a range of them. The invalidations by address differ in the tags that go with it and in
 * what kind of address it is.
 */
const range = (tags: readonly Field[], at: Field, extra: readonly Field[] = []): readonly Field[] => [
  bits('NUM', 0, 12, 5, 'Length of the range: NUM + 1 units'),
  bits('SCALE', 0, 20, 6, 'Unit of the range: 2^SCALE granules'),
  ...tags,
  LEAF,
  ...extra,
  bits('TTL128', 1, 7, 1, 'TTL is a level of 128-bit descriptors', NO_YES),
  bits('TTL', 1, 8, 2, 'Level of the last descriptor, 0 when not told'),
  bits('TG', 1, 10, 2, 'Granule of the range', { 0: 'no range, one address', 1: '4KB', 2: '16KB', 3: '64KB' }),
  at,
];

/** Rows of commands; the opcode is a field of each. */
const command =
  (kind: CommandKind) =>
  (code: number, name: string, meaning: string, fields: readonly Field[] = []): CommandType => ({
    code,
    name,
    kind,
    byteLength: COMMAND_BYTE_LENGTH,
    meaning,
    fields: [OPCODE, ...fields],
  });

const prefetch = command('prefetch');
const configuration = command('configuration');
const tlb = command('tlb');
const atc = command('atc');
const priResponse = command('pri-response');
const resume = command('resume');
const sync = command('sync');
const dpt = command('dpt');

export const COMMANDS: readonly CommandType[] = [
  prefetch(0x01, 'CMD_PREFETCH_CONFIG', 'Hint to load the configuration of a stream', SUBSTREAM),
  prefetch(0x02, 'CMD_PREFETCH_ADDR', 'Hint to load translations of a stream', [
    ...SUBSTREAM,
    bits('Size', 1, 0, 5, 'log2 of the span in units of 4KB'),
    bits('Stride', 1, 5, 5, 'log2 of the step in units of 4KB'),
    bits('NS', 1, 11, 1, 'Non-secure address space (Secure queue only)', NO_YES),
    address('Address', 1, 12, 52, 'First address [63:12]'),
  ]),

  configuration(0x03, 'CMD_CFGI_STE', 'Forget the cached STE of a stream', [...STREAM, LEAF]),
  configuration(0x04, 'CMD_CFGI_STE_RANGE', 'Forget the cached STEs of a range of streams', [
    ...STREAM,
    bits('Range', 1, 0, 5, 'log2 of the number of streams, less 1', { 31: 'all streams (CMD_CFGI_ALL)' }),
  ]),
  configuration(0x05, 'CMD_CFGI_CD', 'Forget one cached context descriptor', [SECURE, SUBSTREAM_ID, STREAM_ID, LEAF]),
  configuration(0x06, 'CMD_CFGI_CD_ALL', 'Forget every cached context descriptor of a stream', STREAM),
  configuration(0x07, 'CMD_CFGI_VMS_PIDM', 'Forget the cached PARTID map of a VMID', [SECURE, VMID]),

  tlb(0x10, 'CMD_TLBI_NH_ALL', 'Forget EL1 translations of a VMID', [VMID]),
  tlb(0x11, 'CMD_TLBI_NH_ASID', 'Forget EL1 translations of an ASID', [VMID, ASID]),
  tlb(0x12, 'CMD_TLBI_NH_VA', 'Forget EL1 translations of addresses of an ASID', range([VMID, ASID], VA)),
  tlb(0x13, 'CMD_TLBI_NH_VAA', 'Forget EL1 translations of addresses, whatever the ASID', range([VMID], VA)),
  tlb(0x18, 'CMD_TLBI_EL3_ALL', 'Forget EL3 translations'),
  tlb(0x1a, 'CMD_TLBI_EL3_VA', 'Forget EL3 translations of addresses', range([], VA)),
  tlb(0x20, 'CMD_TLBI_EL2_ALL', 'Forget EL2 translations'),
  tlb(0x21, 'CMD_TLBI_EL2_ASID', 'Forget EL2-E2H translations of an ASID', [ASID]),
  tlb(0x22, 'CMD_TLBI_EL2_VA', 'Forget EL2 translations of addresses, with E2H of an ASID', range([ASID], VA)),
  tlb(0x23, 'CMD_TLBI_EL2_VAA', 'Forget EL2-E2H translations of addresses, whatever the ASID', range([], VA)),
  tlb(0x28, 'CMD_TLBI_S12_VMALL', 'Forget translations of either stage of a VMID', [VMID]),
  tlb(0x2a, 'CMD_TLBI_S2_IPA', 'Forget stage 2 translations of addresses of a VMID', range([VMID], IPA)),
  tlb(0x30, 'CMD_TLBI_NSNH_ALL', 'Forget all Non-secure EL1 and stage 2 translations'),

  atc(0x40, 'CMD_ATC_INV', 'Make a PCIe device forget translations', [
    bits('Global', 0, 9, 1, 'For every SubstreamID', NO_YES),
    ...SUBSTREAM,
    bits('Size', 1, 0, 6, 'log2 of the span in units of 4KB', { 52: 'all addresses' }),
    address('Address', 1, 12, 52, 'First address [63:12]'),
  ]),
  priResponse(0x41, 'CMD_PRI_RESP', 'Answer a group of page requests', [
    ...SUBSTREAM,
    bits('PRGIndex', 1, 0, 9, 'Page request group'),
    bits('Resp', 1, 12, 2, 'Answer', { 0: 'failure', 1: 'invalid request', 2: 'success', 3: reserved(', illegal') }),
  ]),

  resume(0x44, 'CMD_RESUME', 'Let a stalled transaction go on, or end it', [
    SECURE,
    bits('Ac', 0, 12, 1, 'Action', { 0: 'end it', 1: 'try again' }),
    bits('Ab', 0, 13, 1, 'How it ends, where Ac is 0', { 0: 'reads zero, writes nothing', 1: 'abort' }),
    STREAM_ID,
    bits('STAG', 1, 0, 16, "The event's stall tag"),
  ]),
  resume(0x45, 'CMD_STALL_TERM', 'End every stalled transaction of a stream', STREAM),

  sync(0x46, 'CMD_SYNC', 'Wait until the commands before it have taken effect', [
    bits('CS', 0, 12, 2, 'How the end is told', {
      0: 'not at all',
      1: 'interrupt',
      2: 'SEV',
      3: reserved(', illegal'),
    }),
    bits('MSH', 0, 22, 2, 'Shareability of the MSI write', SHAREABILITY),
    bits('MSIAttr', 0, 24, 4, 'Memory type of the MSI write (stage 2 MemAttr encoding)'),
    bits('MSIData', 0, 32, 32, 'Word written as MSI'),
    address('MSIAddress', 1, 2, 54, 'Where the MSI is written [55:2]; 0 means a wired interrupt'),
    bits('MSI_NS', 1, 63, 1, 'Address space of the MSI (Realm queue only)', { 0: 'Realm', 1: 'Non-secure' }),
  ]),

  tlb(0x50, 'CMD_TLBI_S_EL2_ALL', 'Forget Secure EL2 translations'),
  tlb(0x51, 'CMD_TLBI_S_EL2_ASID', 'Forget Secure EL2-E2H translations of an ASID', [ASID]),
  tlb(0x52, 'CMD_TLBI_S_EL2_VA', 'Forget Secure EL2 translations of addresses', range([ASID], VA)),
  tlb(0x53, 'CMD_TLBI_S_EL2_VAA', 'Forget Secure EL2-E2H translations of addresses, whatever the ASID', range([], VA)),
  tlb(0x58, 'CMD_TLBI_S_S12_VMALL', 'Forget Secure translations of either stage of a VMID', [VMID]),
  tlb(
    0x5a,
    'CMD_TLBI_S_S2_IPA',
    'Forget Secure stage 2 translations of addresses of a VMID',
    range([VMID], IPA, [bits('NS', 1, 1, 1, 'Non-secure IPA space', NO_YES)]),
  ),
  tlb(0x60, 'CMD_TLBI_SNH_ALL', 'Forget all Secure EL1 translations'),

  dpt(0x70, 'CMD_DPTI_ALL', 'Forget all cached device permissions'),
  dpt(0x73, 'CMD_DPTI_PA', 'Forget cached device permissions of physical addresses'),
];

/** CMDQ_CONS.ERR by name; any other value is reserved. */
export const COMMAND_ERRORS: readonly string[] = ['CERROR_NONE', 'CERROR_ILL', 'CERROR_ABT', 'CERROR_ATC_INV_SYNC'];

const FIRST_IMPDEF = 0x80;
const LAST_IMPDEF = 0x8f;

const BY_CODE: ReadonlyMap<number, CommandType> = new Map(COMMANDS.map((type) => [type.code, type]));

/** The command with this number. One that is implementation defined or reserved has no other field than the number. */
export function commandType(code: number): CommandType {
  const known = BY_CODE.get(code);
  if (known !== undefined) return known;
  if (FIRST_IMPDEF <= code && code <= LAST_IMPDEF) {
    return command('unknown')(code, 'IMPDEF', "Implementation defined: see the SMMU's manual");
  }
  return command('unknown')(code, 'reserved', 'No command has this number: the SMMU stops at it (CERROR_ILL)');
}

/** CMD_CFGI_STE_RANGE with this Range is CMD_CFGI_ALL. */
const RANGE_OF_ALL = 31;
const CFGI_STE_RANGE = 0x04;

/** The StreamIDs that a command names. */
export interface SidRange {
  readonly first: number;
  readonly last: number;
}

export const ALL_SIDS: SidRange = { first: 0, last: 0xffff_ffff };

/**
 * The streams that a command is about, or null for one that names none. A range covers the aligned block that its
 * StreamID lies in. `words` are the command's four 32-bit words from `at` on.
 */
export function sidsOfCommand(
  type: { readonly code: number | null; readonly fields: readonly Field[] },
  words: Uint32Array,
  at = 0,
): SidRange | null {
  if (!type.fields.includes(STREAM_ID)) return null;
  const sid = words[at + 1] as number;
  if (type.code !== CFGI_STE_RANGE) return { first: sid, last: sid };
  const log2 = ((words[at + 2] as number) & 0x1f) + 1;
  if (log2 > RANGE_OF_ALL) return ALL_SIDS;
  const first = sid - (sid % 2 ** log2);
  return { first, last: first + 2 ** log2 - 1 };
}

const GRANULE_BYTES: readonly number[] = [0, 4096, 16384, 65536];

/** Bytes that a TLB invalidation by address covers, or null for one address. Only commands with NUM, SCALE and TG. */
export function tlbiRangeBytes({
  NUM,
  SCALE,
  TG,
}: {
  readonly NUM: number;
  readonly SCALE: number;
  readonly TG: number;
}) {
  return TG === 0 ? null : (NUM + 1) * 2 ** SCALE * (GRANULE_BYTES[TG] as number);
}
