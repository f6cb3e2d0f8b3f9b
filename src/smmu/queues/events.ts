/**
 * What the SMMU writes into its Event queue: one 32-byte record for each fault or error that it was told to record.
 * Arm IHI 0070 issue G.b, "Event records". Every record says in its first byte which of these it is.
 *
 * The record of F_BAD_ATS_TREQ holds more than its table here; those bits are left to the raw words.
 */

import { NO_YES, reserved } from '../encodings.ts';
import type { Field, Layout } from '../fields.ts';
import { address, bits } from '../rows.ts';
import { QUEUE_FORMATS } from './queue.ts';

const EVENT_BYTE_LENGTH = QUEUE_FORMATS.event.entryByteLength;

/** A layout whose `meaning` says what the event tells an engineer. */
export interface EventType extends Layout {
  readonly code: number;
}

const ID = bits('ID', 0, 0, 8, 'Event number');
const SUBSTREAM_ID = bits('SubstreamID', 0, 12, 20, 'SubstreamID of the transaction, where SSV is 1');
const STREAM_ID = bits('StreamID', 0, 32, 32, 'StreamID of the transaction');

/** Whose transaction it was; every event but C_BAD_SUBSTREAMID says whether it had a SubstreamID. */
const ORIGIN: readonly Field[] = [
  ID,
  bits('SSV', 0, 11, 1, 'The transaction had a SubstreamID', NO_YES),
  SUBSTREAM_ID,
  STREAM_ID,
];

const REASON = bits('Reason', 1, 0, 16, 'Implementation defined reason');
const GPCF = bits('GPCF', 1, 16, 1, 'Granule protection check failed (from v3.3 on)', NO_YES);
const INPUT_ADDRESS = address('InputAddr', 2, 0, 64, 'Address that the device sent');
const IPA = address('IPA', 3, 12, 44, 'Intermediate physical address [55:12], where S2 is 1');
const FETCH_ADDRESS = address('FetchAddr', 3, 3, 53, 'Physical address [55:3] that could not be read');

/** RnW alone is in F_TRANSL_FORBIDDEN. */
const READ_NOT_WRITE = bits('RnW', 1, 35, 1, 'Direction of the transaction', { 0: 'write', 1: 'read' });

/** What kind of access the device made, after the overrides of the STE. */
const ACCESS: readonly Field[] = [
  bits('PnU', 1, 33, 1, 'Privilege', { 0: 'unprivileged', 1: 'privileged' }),
  bits('InD', 1, 34, 1, 'Instruction or data; always data for a write', { 0: 'data', 1: 'instruction' }),
  READ_NOT_WRITE,
];

const NS_IPA = bits('NSIPA', 1, 38, 1, 'IPA space (stage 2 of a Secure stream)', { 0: 'Secure', 1: 'Non-secure' });
const STAGE_2 = bits('S2', 1, 39, 1, 'Stage at fault', { 0: 'stage 1', 1: 'stage 2' });
const CLASS = bits('CLASS', 1, 40, 2, 'What was being translated', {
  0: 'the address of a context descriptor',
  1: 'the address of a stage 1 table descriptor',
  2: 'the input address',
  3: reserved(),
});

/** A structure could not be read: what F_STE_FETCH, F_CD_FETCH and F_VMS_FETCH have in common. */
const FETCH_ABORT: readonly Field[] = [...ORIGIN, REASON, GPCF, FETCH_ADDRESS];

/** The four faults that may stall: F_TRANSLATION, F_ADDR_SIZE, F_ACCESS and F_PERMISSION. */
const TRANSLATION_FAULT: readonly Field[] = [
  ...ORIGIN,
  bits('STAG', 1, 0, 16, 'Stall tag, where Stall is 1: what CMD_RESUME names'),
  bits('Stall', 1, 31, 1, 'What became of the transaction', { 0: 'terminated', 1: 'stalled until software answers' }),
  ...ACCESS,
  NS_IPA,
  STAGE_2,
  CLASS,
  bits('TTRnW', 1, 44, 1, 'Direction of the table access, where CLASS is 1', { 0: 'write', 1: 'read' }),
  INPUT_ADDRESS,
  IPA,
];

/** Who wants what in E_PAGE_REQUEST: unprivileged and privileged, from bit 33 and bit 37 on. */
const wanted = (prefix: string, who: string, lsb: number): Field[] => [
  bits(`${prefix}X`, 1, lsb, 1, `${who} execution wanted`, NO_YES),
  bits(`${prefix}W`, 1, lsb + 1, 1, `${who} write wanted`, NO_YES),
  bits(`${prefix}R`, 1, lsb + 2, 1, `${who} read wanted`, NO_YES),
];

export const EVENT_TYPES: readonly EventType[] = [
  event(
    0x01,
    'F_UUT',
    'The device sent a kind of transaction that the SMMU does not support. It is the device or the interconnect that ' +
      'is at fault, not a table.',
    [...ORIGIN, REASON, ...ACCESS, INPUT_ADDRESS],
  ),
  event(
    0x02,
    'C_BAD_STREAMID',
    'The stream table has no entry for this StreamID: it is beyond the table, or behind an L1 descriptor that holds ' +
      'none. The device was never set up, or the table is damaged.',
    ORIGIN,
  ),
  event(
    0x03,
    'F_STE_FETCH',
    'Reading the STE, or the L1 descriptor before it, ended in an abort: the pointer names memory that does not answer.',
    FETCH_ABORT,
  ),
  event(
    0x04,
    'C_BAD_STE',
    'The hardware refuses the STE: it is not valid, or its fields contradict each other or what this SMMU can do. All ' +
      'traffic of the stream is aborted.',
    ORIGIN,
  ),
  event(
    0x05,
    'F_BAD_ATS_TREQ',
    'A PCIe device asked for a translation (ATS) although the STE, or the SMMU as a whole, does not let it.',
    ORIGIN,
  ),
  event(
    0x06,
    'F_STREAM_DISABLED',
    'The transaction has no SubstreamID, or SubstreamID 0, and STE.S1DSS leaves no context for that.',
    ORIGIN,
  ),
  event(
    0x07,
    'F_TRANSL_FORBIDDEN',
    'A PCIe device used an address that it says is translated already, which the STE does not let it. Its own cache ' +
      'may hold what was allowed earlier.',
    [...ORIGIN, READ_NOT_WRITE, INPUT_ADDRESS],
  ),
  event(
    0x08,
    'C_BAD_SUBSTREAMID',
    'The transaction has a SubstreamID for which there is no context descriptor: stage 1 or substreams are off, or the ' +
      'CD table ends before it.',
    [ID, SUBSTREAM_ID, STREAM_ID],
  ),
  event(
    0x09,
    'F_CD_FETCH',
    'Reading the context descriptor, or the L1 descriptor before it, ended in an abort: S1ContextPtr or a leaf names ' +
      'memory that does not answer.',
    FETCH_ABORT,
  ),
  event(
    0x0a,
    'C_BAD_CD',
    'The hardware refuses the context descriptor: it is not valid, or its fields contradict each other or what this ' +
      'SMMU can do.',
    ORIGIN,
  ),
  event(
    0x0b,
    'F_WALK_EABT',
    'Reading or updating a page table ended in an abort: a table pointer names memory that does not answer.',
    [...ORIGIN, REASON, GPCF, ...ACCESS, NS_IPA, STAGE_2, CLASS, INPUT_ADDRESS, FETCH_ADDRESS],
  ),
  event(
    0x10,
    'F_TRANSLATION',
    'The address is not mapped, or lies outside what the tables cover. Typical of DMA that goes on after its buffer ' +
      'was unmapped, and of a wrong address in a device.',
    TRANSLATION_FAULT,
  ),
  event(
    0x11,
    'F_ADDR_SIZE',
    'An address, or what a descriptor makes of it, needs more bits than the configured size. Typical of a damaged ' +
      'page table.',
    TRANSLATION_FAULT,
  ),
  event(
    0x12,
    'F_ACCESS',
    'The page is mapped, but its Access flag is clear and hardware does not set it.',
    TRANSLATION_FAULT,
  ),
  event(
    0x13,
    'F_PERMISSION',
    'The page is mapped, but not for this access: a write to a read-only page most of all.',
    TRANSLATION_FAULT,
  ),
  event(
    0x20,
    'F_TLB_CONFLICT',
    'Two cached translations answered for one address: a page table was changed without invalidating what was cached.',
    [...ORIGIN, REASON, ...ACCESS, STAGE_2, INPUT_ADDRESS, IPA],
  ),
  event(
    0x21,
    'F_CFG_CONFLICT',
    'Two cached configurations answered for one stream: STEs or CDs were changed without invalidating what was cached.',
    [...ORIGIN, bits('Reason', 1, 0, 32, 'Implementation defined reason')],
  ),
  event(
    0x24,
    'E_PAGE_REQUEST',
    'A device hints that it will soon use these pages. Nothing is wrong, and no answer is due.',
    [
      ...ORIGIN,
      ...wanted('u', 'Unprivileged', 33),
      ...wanted('p', 'Privileged', 37),
      bits('Span', 1, 44, 8, 'Length of the hint in pages'),
      address('InputAddr', 2, 12, 52, 'Address of the hint [63:12]'),
    ],
  ),
  event(
    0x25,
    'F_VMS_FETCH',
    'Reading the Virtual Machine Structure ended in an abort: STE.VMSPtr names memory that does not answer.',
    FETCH_ABORT,
  ),
];

function event(code: number, name: string, meaning: string, fields: readonly Field[]): EventType {
  return { code, name, byteLength: EVENT_BYTE_LENGTH, meaning, fields };
}

/** IMPDEF_EVENTn: what they mean, and what is in them, only the maker of the SMMU knows. */
const FIRST_IMPDEF = 0xe0;
const LAST_IMPDEF = 0xef;

const BY_CODE: ReadonlyMap<number, EventType> = new Map(EVENT_TYPES.map((type) => [type.code, type]));

/** The type with this number. One that is implementation defined or reserved has no other field than the number. */
export function eventType(code: number): EventType {
  const known = BY_CODE.get(code);
  if (known !== undefined) return known;
  if (FIRST_IMPDEF <= code && code <= LAST_IMPDEF) {
    return event(code, `IMPDEF_EVENT${code - FIRST_IMPDEF}`, "Implementation defined: see the SMMU's manual.", [ID]);
  }
  return event(code, 'reserved', 'No event has this number: the slot was not written by an SMMU of this version.', [
    ID,
  ]);
}
