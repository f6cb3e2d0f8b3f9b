/** What the crashed kernel left in a queue, why the SMMU stopped at a command, and which errors were active. */

import { hex, hexRange } from '../../hex.ts';
import type { QueueGroup } from '../../queues/queue-groups.ts';
import { fieldOf, meaningOf } from '../../smmu/fields.ts';
import { type Register, registerNamed } from '../../smmu/registers/registers.ts';

/** Entries of a queue: the largest groups of them, and how many there are besides. */
export interface QueueContents {
  readonly groups: readonly Pick<QueueGroup, 'count' | 'type' | 'firstSid' | 'lastSid' | 'firstAddress'>[];
  /** Of other types or streams. */
  readonly notListed: number;
  readonly notInDump: number;
}

/** In front of how many commands are pending; `consMayLag`: the hardware may have executed some of them. */
export function atMost(consMayLag: boolean): string {
  return consMayLag ? 'at most ' : '';
}

/** `2 CMD_CFGI_STE for SID 0x100, 1 that the dump lacks`. */
export function queueContentsInWords({ groups, notListed, notInDump }: QueueContents): string {
  const words = groups.map(
    ({ count, type, firstSid, lastSid, firstAddress }) =>
      `${count} ${type}${forSids(firstSid, lastSid)}${firstAddress === null ? '' : ` at ${hex(firstAddress)}`}`,
  );
  if (notListed > 0) words.push(`${notListed} others`);
  if (notInDump > 0) words.push(`${notInDump} that the dump lacks`);
  return words.join(', ');
}

function forSids(first: number | null, last: number | null): string {
  if (first === null || last === null) return '';
  return ` for SID${first === last ? '' : 's'} ${hexRange(first, last)}`;
}

/** CMDQ_CONS.ERR, which is null where the register was not captured. */
export function commandErrorInWords(code: number | null): string {
  if (code === null) return 'CMDQ_CONS was not captured';
  return meaningOf(fieldOf(registerNamed('CMDQ_CONS') as Register, 'ERR'), code) ?? String(code);
}

/** The type of the command at CMDQ_CONS, which is null where the dump lacks it. */
export function stoppedCommandInWords(type: string | null): string {
  return type ?? 'a command that is not in the dump';
}

/**
 * Bits of GERROR that are findings of one rule, and what each says about the crashed kernel's last moments. SFM_ERR decides
 * the gate, and CMDQ_ERR has a rule of its own.
 */
export const GLOBAL_ERRORS = {
  EVENTQ_ABT_ERR: 'the event queue could not be written, so faults since then are not recorded',
  PRIQ_ABT_ERR: 'the PRI queue could not be written, so page requests were lost',
  MSI_CMDQ_ABT_ERR: 'the interrupt of a CMD_SYNC could not be written, so who waited for it never heard of its end',
  MSI_EVENTQ_ABT_ERR: 'the interrupt of the event queue could not be written',
  MSI_PRIQ_ABT_ERR: 'the interrupt of the PRI queue could not be written',
  MSI_GERROR_ABT_ERR: 'the interrupt of a global error could not be written, so the crashed kernel may not know of any',
  CMDQP_ERR: 'an enhanced command queue had stopped',
  DPT_ERR: 'a lookup in the device permission table failed',
} as const;
