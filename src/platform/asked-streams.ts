/**
 * Which StreamIDs of which SMMU does somebody mean who writes numbers, PCI addresses or names of devices? Firmware's
 * tables decide where they were given; without any, a PCI address stands for its requester ID.
 */

import { InputError } from '../errors.ts';
import { firmwareSourceInWords } from '../snapshot/firmware-source.ts';
import type { Platform } from './platform.ts';
import { type DeviceStream, type PciFunction, StreamDirectory } from './stream-ids.ts';

/** One item of a list, with the text that it was written as. */
export type AskedStream = { readonly text: string } & (
  | { readonly kind: 'numbers'; readonly first: number; readonly last: number }
  /** `first` and what follows it, up to the requester ID `last`. */
  | { readonly kind: 'pci'; readonly first: PciFunction; readonly last: number }
  | { readonly kind: 'name' }
);

/** What an SMMU of a snapshot is known by here. */
export interface AskedSmmu {
  readonly name: string;
  readonly base: number | null;
}

/** StreamIDs, the same for every SMMU, or those of each. */
export type SidList = readonly number[] | ((smmu: AskedSmmu) => readonly number[]);

/** The StreamIDs of a list behind one SMMU. */
export function sidsFor(list: SidList, smmu: AskedSmmu): readonly number[] {
  return typeof list === 'function' ? list(smmu) : list;
}

/**
 * How a reading was settled that may surprise:
 * - `differs`: an address without a segment is another StreamID by firmware than its requester ID
 * - `requester-id`: firmware does not have the device, so that its requester ID was taken
 * - `partly`: firmware has some of a range only, and these were taken
 */
export interface StreamRemark {
  readonly kind: 'differs' | 'requester-id' | 'partly';
  readonly text: string;
  readonly requesterId: number;
  /** What firmware has, for the first of a range. */
  readonly stream: DeviceStream | null;
}

/** A list can name ranges; this many StreamIDs is more than anybody means. */
export const MAX_ASKED_SIDS = 1 << 16;
/** How many commas a name of firmware's may have. */
const MAX_COMMAS_OF_NAME = 4;

export class AskedStreams {
  readonly #directory: StreamDirectory | null;
  readonly #smmus: readonly AskedSmmu[];
  readonly #remarks = new Map<string, StreamRemark>();

  /** `smmus` are those that lists are for. */
  constructor(platform: Platform | undefined, smmus: readonly AskedSmmu[]) {
    this.#directory = platform === undefined || platform.tables.length === 0 ? null : new StreamDirectory(platform);
    this.#smmus = smmus;
  }

  /** Each thing once, in the order in which they came up. */
  get remarks(): readonly StreamRemark[] {
    return [...this.#remarks.values()];
  }

  /** The StreamIDs of a list for each SMMU. Throws InputError (`usage`) for an item that is none of any. */
  read(list: readonly AskedStream[]): (smmu: AskedSmmu) => readonly number[] {
    const bySmmu = new Map<AskedSmmu, number[]>(this.#smmus.map((smmu) => [smmu, []]));
    for (let at = 0; at < list.length; ) {
      const item = list[at] as AskedStream;
      const { used, sidsOf } = item.kind === 'name' ? this.#named(list, at) : { used: 1, sidsOf: this.#unnamed(item) };
      for (const [smmu, sids] of bySmmu) {
        const own = sidsOf(smmu);
        if (sids.length + own.length > MAX_ASKED_SIDS) {
          throw new InputError('usage', `a list of more than ${MAX_ASKED_SIDS} SIDs`);
        }
        for (const sid of own) sids.push(sid);
      }
      at += used;
    }
    return (smmu) => bySmmu.get(smmu) ?? [];
  }

  /** The StreamID of a list that stands for one. Throws InputError (`usage`) where it stands for none or several. */
  readOne(list: readonly AskedStream[], smmu: AskedSmmu): number {
    const [sid, ...others] = new Set(this.read(list)(smmu));
    const text = JSON.stringify(list.map((item) => item.text).join(','));
    if (sid === undefined) throw notHere(text, null, [smmu]);
    if (others.length === 0) return sid;
    const all = [sid, ...others.slice(0, 15)].map((one) => `0x${one.toString(16)}`).join(', ');
    throw new InputError('usage', `${text} has ${1 + others.length} StreamIDs: ${all}; say which`);
  }

  #unnamed(item: Exclude<AskedStream, { kind: 'name' }>): (smmu: AskedSmmu) => readonly number[] {
    if (item.kind === 'pci') return this.#pci(item);
    const sids = upTo(item.first, item.last);
    return () => sids;
  }

  #pci(item: Extract<AskedStream, { kind: 'pci' }>): (smmu: AskedSmmu) => readonly number[] {
    const { text, first, last } = item;
    const ids = upTo(first.id, last);
    const known = this.#smmus.filter(({ base }) => this.#directory?.knows(base) === true);
    if (this.#directory === null || known.length === 0) {
      if (first.segment !== null && first.segment !== 0) {
        throw new InputError('usage', `${JSON.stringify(text)}: ${onlyFirmware(this.#directory !== null)}`);
      }
      this.#mustBeWhole(item);
      if (this.#directory !== null) this.#remark({ kind: 'requester-id', text, requesterId: first.id, stream: null });
      return () => ids;
    }
    const directory = this.#directory;
    const streams = ids.map((id) => directory.pci({ ...first, id }));
    const bySmmu = new Map(known.map((smmu) => [smmu, ownSids(text, streams, smmu)]));
    const found = [...bySmmu.values()].flat();
    if (found.length > 0) {
      const [stream] = found;
      const differs = first.segment === null && found.some(({ sid, at }) => sid !== ids[at]);
      if (differs) this.#remark({ kind: 'differs', text, requesterId: first.id, stream: stream?.stream ?? null });
      else if (found.length < ids.length) {
        this.#remark({ kind: 'partly', text, requesterId: first.id, stream: stream?.stream ?? null });
      }
      return (smmu) => (bySmmu.get(smmu) ?? []).map(({ sid }) => sid);
    }
    const elsewhere = streams.flat()[0] ?? null;
    if (first.segment !== null || first.anyBits !== 0) throw notHere(JSON.stringify(text), elsewhere, known);
    this.#remark({ kind: 'requester-id', text, requesterId: first.id, stream: elsewhere });
    return () => ids;
  }

  #mustBeWhole({ text, first }: Extract<AskedStream, { kind: 'pci' }>): void {
    if (first.anyBits === 0) return;
    throw new InputError('usage', `${JSON.stringify(text)}: ${onlyFirmware(this.#directory !== null)}`);
  }

  /** A name may have commas: the longest that firmware knows is taken. */
  #named(list: readonly AskedStream[], at: number) {
    const directory = this.#directory;
    for (let used = Math.min(MAX_COMMAS_OF_NAME, list.length - at); used >= 1 && directory !== null; used--) {
      const text = list
        .slice(at, at + used)
        .map((item) => item.text)
        .join(',');
      const streams = directory.named(text);
      if (streams.length === 0) continue;
      const sidsOf = ({ base }: AskedSmmu) =>
        streams.filter((stream) => base === null || stream.base === base).map(({ sid }) => sid);
      if (this.#smmus.every((smmu) => sidsOf(smmu).length === 0)) {
        throw notHere(JSON.stringify(text), streams[0] ?? null, this.#smmus);
      }
      return { used, sidsOf };
    }
    const text = JSON.stringify(list[at]?.text);
    const why =
      directory === null
        ? 'is not a StreamID: no number, no PCI address; names of devices need --dtb or --iort'
        : "is not a StreamID: no number, no PCI address, no name of a device in firmware's tables";
    throw new InputError('usage', `${text} ${why}`);
  }

  #remark(remark: StreamRemark): void {
    if (!this.#remarks.has(remark.text)) this.#remarks.set(remark.text, remark);
  }
}

function upTo(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/** One StreamID for each ID that this SMMU has; `at` is its place among them. */
function ownSids(text: string, streams: readonly (readonly DeviceStream[])[], { base }: AskedSmmu) {
  return streams.flatMap((ofId, at) => {
    const here = ofId.filter((stream) => base === null || stream.base === base);
    // As lspci prints them, addresses without a segment are of segment 0 where that has such a device.
    const ofFirst = here.filter(({ segment }) => segment === 0);
    const [first, ...others] = ofFirst.length > 0 ? ofFirst : here;
    const other = others.find(({ sid }) => sid !== first?.sid);
    if (first !== undefined && other !== undefined) {
      const each = [first, other].map(({ device, sid }) => `${device} (StreamID 0x${sid.toString(16)})`);
      throw new InputError('usage', `${JSON.stringify(text)} may be ${each.join(' or ')}; say which`);
    }
    return first === undefined ? [] : [{ at, sid: first.sid, stream: first }];
  });
}

function onlyFirmware(given: boolean): string {
  const tables = given ? "of this SMMU's machine" : 'with --dtb or --iort';
  return `only firmware's tables, ${tables}, tell its StreamID; or give the StreamID as a number`;
}

function notHere(text: string, elsewhere: DeviceStream | null, smmus: readonly AskedSmmu[]): InputError {
  const names = smmus.map(({ name }) => name).join(', ');
  if (elsewhere === null) {
    return new InputError('usage', `firmware's tables have no ${text} behind ${names}`);
  }
  const { base, sid, source } = elsewhere;
  const where = base === null ? 'another SMMU' : `the SMMU at 0x${base.toString(16)}`;
  const what = `${text} is StreamID 0x${sid.toString(16)} of ${where} by ${firmwareSourceInWords(source)}, not of ${names}`;
  return new InputError('usage', what);
}
