/** An event queue and a command queue of the largest size, both of them full. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { QUEUE_FORMATS } from '../src/smmu/queues/queue.ts';
import { commandWords, eventWords } from '../test/support/made/queue-machine.ts';

/** No queue is larger. */
const LOG2SIZE = 19;
const ENTRIES = 2 ** LOG2SIZE;
const EVENTS = 0x8000_0000;
const COMMANDS = EVENTS + ENTRIES * QUEUE_FORMATS.event.entryByteLength;

export interface FullQueues {
  readonly dump: string;
  readonly regs: string;
  /** Of each of the two queues. */
  readonly entries: number;
}

/** Writes dump and registers into the folder. No two entries are alike, as no two addresses are. */
export function writeFullQueues(folder: string): FullQueues {
  const dump = join(folder, 'queues.raw');
  const words = new BigUint64Array(
    (ENTRIES * (QUEUE_FORMATS.event.entryByteLength + QUEUE_FORMATS.command.entryByteLength)) / 8,
  );
  for (let i = 0; i < ENTRIES; i++) {
    const page = 0xdead_0000 + i * 4096;
    const StreamID = 0x100 + (i % 200);
    words.set(eventWords('F_TRANSLATION', { StreamID, PnU: 1, RnW: i & 1, CLASS: 2, InputAddr: page }), i * 4);
    const command =
      i % 2 === 0
        ? commandWords('CMD_CFGI_STE', { StreamID, Leaf: 1 })
        : commandWords('CMD_TLBI_NH_VA', { ASID: i % 50, TG: 1, Address: page });
    words.set(command, ENTRIES * 4 + i * 2);
  }
  writeFileSync(dump, new Uint8Array(words.buffer));
  const registers = {
    ...{
      STRTAB_BASE: '0x0',
      STRTAB_BASE_CFG: '0x0',
      CR0: '0xd',
      IDR0: '0x0c080010',
      IDR1: `0x${((LOG2SIZE << 21) | (LOG2SIZE << 16) | 0x10).toString(16)}`,
    },
    ...{ EVENTQ_BASE: base(EVENTS), EVENTQ_PROD: `0x${ENTRIES.toString(16)}`, EVENTQ_CONS: '0x0' },
    ...{ CMDQ_BASE: base(COMMANDS), CMDQ_PROD: `0x${ENTRIES.toString(16)}`, CMDQ_CONS: '0x0' },
  };
  const regs = join(folder, 'queues.json');
  writeFileSync(regs, JSON.stringify({ registers }));
  return { dump: `${dump}@0x${EVENTS.toString(16)}`, regs, entries: ENTRIES };
}

function base(paddr: number): string {
  return `0x${(paddr + LOG2SIZE).toString(16)}`;
}
