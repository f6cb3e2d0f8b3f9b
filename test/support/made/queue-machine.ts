/**
 * A machine whose queues were caught in the act: events around the end of their queue and more that were lost, commands
 * behind one that is illegal, page requests. Entries are encoded by the tables that decode them; those of real records
 * in the tests of the tables are not.
 */

import { Image } from '../../../samples/image.ts';
import { encodeFields, type FieldInputs } from '../../../src/smmu/fields.ts';
import { COMMANDS, type CommandType } from '../../../src/smmu/queues/commands.ts';
import { EVENT_TYPES, type EventType } from '../../../src/smmu/queues/events.ts';
import { PAGE_REQUEST } from '../../../src/smmu/queues/page-requests.ts';
import { elfCore } from '../writers/elf-writer.ts';

export const EVENTQ = 0x8a00_0000;
export const CMDQ = 0x8a10_0000;
export const PRIQ = 0x8a20_0000;
/** log2 of the entries of each queue: 128 events are one page. */
export const LOG2SIZE = 7;

const named = <T extends { readonly name: string }>(types: readonly T[], name: string): T => {
  const type = types.find((candidate) => candidate.name === name);
  if (type === undefined) throw new Error(`no ${name}`);
  return type;
};

export function eventWords(name: string, fields: FieldInputs): bigint[] {
  const type: EventType = named(EVENT_TYPES, name);
  return encodeFields(type, { ID: type.code, ...fields });
}

export function commandWords(name: string, fields: FieldInputs = {}): bigint[] {
  const type: CommandType = named(COMMANDS, name);
  return encodeFields(type, { Opcode: type.code, ...fields });
}

export function requestWords(fields: FieldInputs): bigint[] {
  return encodeFields(PAGE_REQUEST, fields);
}

/** Writes entries from an index on, around the end of the queue. */
export function fill(
  image: Image,
  base: number,
  index: number,
  entries: readonly bigint[][],
  size = 2 ** LOG2SIZE,
): void {
  for (const [i, words] of entries.entries()) image.write(base + ((index + i) % size) * words.length * 8, words);
}

const fault = { SSV: 0, PnU: 1, RnW: 1, CLASS: 2 };

export function queueMachine(): { image: Image; registers: Record<string, string> } {
  const image = new Image();
  fill(image, EVENTQ, 124, [
    // Read already.
    eventWords('C_BAD_CD', { StreamID: 0x8, SSV: 1, SubstreamID: 3 }),
    eventWords('F_TRANSLATION', { StreamID: 0x100, ...fault, InputAddr: 0xdead_0000 }),
    eventWords('F_TRANSLATION', { StreamID: 0x100, ...fault, InputAddr: 0xdead_1000 }),
    eventWords('F_PERMISSION', { StreamID: 0x200, ...fault, RnW: 0, S2: 1, InputAddr: 0x5000, IPA: 0x9000_5000 }),
    eventWords('F_TRANSLATION', { StreamID: 0x100, ...fault, InputAddr: 0xdead_2000 }),
    eventWords('F_TRANSLATION', { StreamID: 0x200, ...fault, Stall: 1, STAG: 0x7f, InputAddr: 0x6000 }),
    eventWords('F_STE_FETCH', { StreamID: 0x300, Reason: 2, FetchAddr: 0x9_0000_0040 }),
    [0xe3n, 1n, 2n, 3n],
  ]);
  fill(image, CMDQ, 8, [
    commandWords('CMD_CFGI_STE', { StreamID: 0x8, Leaf: 1 }),
    commandWords('CMD_SYNC', { CS: 1, MSIAddress: 0x808_0040 }),
    [0x90n, 0n],
    commandWords('CMD_CFGI_STE', { StreamID: 0x100, Leaf: 1 }),
    commandWords('CMD_CFGI_STE_RANGE', { StreamID: 0x200, Range: 4 }),
    commandWords('CMD_TLBI_NH_VA', { VMID: 0, ASID: 5, NUM: 15, SCALE: 0, TG: 1, Leaf: 1, Address: 0xdead_0000 }),
    commandWords('CMD_ATC_INV', { StreamID: 0x100, Size: 52 }),
    commandWords('CMD_SYNC', { CS: 2 }),
  ]);
  fill(image, PRIQ, 0, [
    requestWords({ StreamID: 0x100, SubstreamID: 7, SSV: 1, R: 1, W: 1, PRGIndex: 3, PageAddr: 0x7000_1000 }),
    requestWords({ StreamID: 0x100, SubstreamID: 7, SSV: 1, R: 1, Last: 1, PRGIndex: 3, PageAddr: 0x7000_2000 }),
  ]);
  const registers = {
    IDR0: '0x0d4d101b',
    IDR1: '0x02739d10',
    IDR5: '0x74',
    CR0: '0xf',
    GERROR: '0x5',
    GERRORN: '0x4',
    STRTAB_BASE: '0x4000000088000000',
    STRTAB_BASE_CFG: '0x1020c',
    EVENTQ_BASE: `0x${(EVENTQ + LOG2SIZE).toString(16)}`,
    CMDQ_BASE: `0x${(CMDQ + LOG2SIZE).toString(16)}`,
    PRIQ_BASE: `0x${(PRIQ + LOG2SIZE).toString(16)}`,
    // Six events from 126 on, around the end, and the overflow flag.
    EVENTQ_PROD: '0x80000084',
    EVENTQ_CONS: '0x7e',
    CMDQ_PROD: '0x10',
    CMDQ_CONS: '0x100000a',
    PRIQ_PROD: '0x2',
    PRIQ_CONS: '0x0',
  };
  return { image, registers };
}

/** An ELF core of an image, and a snapshot beside it, under these names. */
export function writeMachine(
  folder: { write(name: string, content: string | Uint8Array): string },
  name: string,
  image: Image,
  registers: Readonly<Record<string, string | undefined>>,
): string[] {
  folder.write(`${name}.elf`, elfCore(image.extents()).bytes);
  folder.write(`${name}.json`, JSON.stringify({ smmus: [{ name: 'smmu0', base: '0x9050000', registers }] }));
  return [`${name}.elf`, '--regs', `${name}.json`];
}
