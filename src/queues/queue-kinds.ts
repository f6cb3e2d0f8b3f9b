/** The three kinds of queue: by which registers each goes, and what its entries can be. */

import { onceFor } from '../remembered.ts';
import type { Field, Layout } from '../smmu/fields.ts';
import { type CommandKind, commandType, type SidRange, sidsOfCommand } from '../smmu/queues/commands.ts';
import { eventType } from '../smmu/queues/events.ts';
import { PAGE_REQUEST } from '../smmu/queues/page-requests.ts';
import { QUEUE_FORMATS, type QueueName } from '../smmu/queues/queue.ts';

/** What an entry can be. Page requests are all of one type, which has no number. */
export interface EntryType extends Layout {
  readonly code: number | null;
  /** Of commands. */
  readonly kind: CommandKind | null;
}

export type QueueKind = (typeof QUEUE_FORMATS)[QueueName] & {
  readonly typeOf: (first: number) => EntryType;
  readonly sidsOf: (type: EntryType, words: Uint32Array, at: number) => SidRange | null;
};

const PPR: EntryType = { ...PAGE_REQUEST, code: null, kind: null };

export const QUEUE_KINDS: Readonly<Record<QueueName, QueueKind>> = {
  event: {
    ...QUEUE_FORMATS.event,
    typeOf: remembered((code) => ({ ...eventType(code), kind: null })),
    sidsOf: sidIn,
  },
  command: {
    ...QUEUE_FORMATS.command,
    typeOf: remembered(commandType),
    sidsOf: sidsOfCommand,
  },
  pri: { ...QUEUE_FORMATS.pri, typeOf: () => PPR, sidsOf: sidIn },
};

/** The number of an entry is its first byte. */
function remembered(make: (code: number) => EntryType): (first: number) => EntryType {
  const types = new Map<number, EntryType>();
  return (first) => {
    const code = first & 0xff;
    const type = types.get(code) ?? make(code);
    types.set(code, type);
    return type;
  };
}

const sidFieldOf = onceFor(({ fields }: EntryType) => fields.find(({ name }) => name === 'StreamID') ?? null);

function sidIn(type: EntryType, words: Uint32Array, at: number): SidRange | null {
  const field = sidFieldOf(type);
  if (field === null) return null;
  const sid = numberIn(field, words, at);
  return { first: sid, last: sid };
}

/** A field that lies within one 32-bit half. */
export function numberIn({ word: wide, lsb, width }: Field, words: Uint32Array, at: number): number {
  const half = words[at + 2 * wide + (lsb >= 32 ? 1 : 0)] as number;
  return (half >>> (lsb % 32)) % 2 ** width;
}
