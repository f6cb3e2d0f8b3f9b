/** What many entries of a queue come to: how often the same thing was said of the same streams. */

import { type Field, fieldBits, wideWords } from '../smmu/fields.ts';
import type { CommandKind } from '../smmu/queues/commands.ts';
import type { Queue, RawEntry } from './queue.ts';
import { type EntryType, numberIn } from './queue-kinds.ts';

/** Entries of one type about the same streams, or the same tags of a TLB. */
export interface QueueGroup {
  readonly type: string;
  readonly code: number | null;
  readonly kind: CommandKind | null;
  /** Null for entries that name no stream. */
  readonly firstSid: number | null;
  readonly lastSid: number | null;
  /** Null for all but invalidations that name them. */
  readonly vmid: number | null;
  readonly asid: number | null;
  readonly count: number;
  /** Of them, those that somebody waits for an answer to: stalled transactions, page requests that are last of a group. */
  readonly waiting: number;
  /** The address in the oldest entry and in the newest one: of the access or else of the fetch. Null where there is none. */
  readonly firstAddress: bigint | null;
  readonly lastAddress: bigint | null;
}

/** A queue has half a million entries at most, and a hostile one as many streams; nobody reads more groups than these. */
export const MAX_GROUPS = 256;

/** The names of fields that hold an address worth showing, best first. */
const ADDRESSES = ['InputAddr', 'PageAddr', 'Address', 'FetchAddr'];
/** Fields that are 1 when something waits for an answer. */
const WAITING = ['Stall', 'Last'];

/** What is looked at in every entry of a type. */
interface TypeFields {
  readonly type: EntryType;
  readonly vmid: Field | undefined;
  readonly asid: Field | undefined;
  readonly waiting: Field | undefined;
  /** The word that it is in, and the field as it would be in the first. */
  readonly address: { readonly word: number; readonly inFirst: Field } | undefined;
}

function fieldsOf(type: EntryType): TypeFields {
  const named = (name: string) => type.fields.find((field) => field.name === name);
  const [waiting] = WAITING.flatMap((name) => named(name) ?? []);
  const [address] = ADDRESSES.flatMap((name) => named(name) ?? []);
  return {
    type,
    vmid: named('VMID'),
    asid: named('ASID'),
    waiting,
    address: address && { word: address.word, inFirst: { ...address, word: 0 } },
  };
}

type Counting = { -readonly [key in keyof QueueGroup]: QueueGroup[key] };

/** Counts entries as they come, oldest first. */
export class Grouping {
  readonly #queue: Queue;
  readonly #types = new Map<EntryType, TypeFields>();
  readonly #groups = new Map<string, Counting>();
  /** Entries that would have made one group too many. */
  notGrouped = 0;
  /** Entries in groups or not that somebody waits for an answer to. */
  waiting = 0;

  constructor(queue: Queue) {
    this.#queue = queue;
  }

  /** The groups, the largest first; among equals the one that began first. */
  get groups(): QueueGroup[] {
    return [...this.#groups.values()].sort((a, b) => b.count - a.count);
  }

  add(entry: RawEntry): void {
    const { words, at } = entry;
    const type = this.#queue.typeOf(entry);
    if (type === null || words === null) return;
    const fields = this.#types.get(type) ?? fieldsOf(type);
    this.#types.set(type, fields);
    const sids = this.#queue.sidsOf(entry);
    const vmid = fields.vmid === undefined ? null : numberIn(fields.vmid, words, at);
    const asid = fields.asid === undefined ? null : numberIn(fields.asid, words, at);
    const waits = fields.waiting === undefined ? 0 : numberIn(fields.waiting, words, at);
    this.waiting += waits;
    const key = `${type.code} ${sids?.first} ${sids?.last} ${vmid} ${asid}`;
    let group = this.#groups.get(key);
    if (group === undefined) {
      if (this.#groups.size >= MAX_GROUPS) {
        this.notGrouped += 1;
        return;
      }
      group = {
        type: type.name,
        code: type.code,
        kind: type.kind,
        firstSid: sids?.first ?? null,
        lastSid: sids?.last ?? null,
        vmid,
        asid,
        count: 0,
        waiting: 0,
        firstAddress: null,
        lastAddress: null,
      };
      this.#groups.set(key, group);
    }
    group.count += 1;
    group.waiting += waits;
    if (fields.address !== undefined) {
      const { word } = fields.address;
      const address = fieldBits(fields.address.inFirst, wideWords(words, at + 2 * word, 8));
      group.firstAddress ??= address;
      group.lastAddress = address;
    }
  }
}
