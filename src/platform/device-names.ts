/**
 * Device names for StreamIDs: what the crashed kernel had behind an SMMU, else firmware's ID mappings, read backwards.
 * Pure, and fast enough for every row.
 */

import { hex } from '../hex.ts';
import { type Claim, firstClaims, pieceAt } from './claims.ts';
import type { IdRange } from './firmware/firmware.ts';

/** StreamIDs of one range, where no range that begins before it has them. */
type ClaimedIds = Claim<IdRange>;

/** A device as a kernel had it. */
export interface NamedStream {
  readonly sid: number;
  readonly device: string | null;
}

export class DeviceNames {
  /** Ascending and disjoint. */
  readonly #stretches: readonly ClaimedIds[];
  readonly #devices: ReadonlyMap<number, string | null>;

  /** `devices` go before what firmware says: it lists what there may be, they were there. */
  constructor(ranges: readonly IdRange[], devices: readonly NamedStream[] = []) {
    this.#stretches = stretchesOf(ranges);
    this.#devices = new Map(devices.map(({ sid, device }) => [sid, device]));
  }

  /** `0000:01:00.0`, the name of a platform device, or null where nobody is known to have this StreamID. */
  deviceOf(sid: number): string | null {
    return this.#devices.get(sid) ?? this.firmwareDeviceOf(sid);
  }

  /** The same by firmware alone. A part of a PCI address that the mask takes away is `*`: any device there may be meant. */
  firmwareDeviceOf(sid: number): string | null {
    const range = this.#rangeOf(sid);
    if (range === undefined) return null;
    const id = range.firstId + sid - range.firstSid;
    if (range.kind === 'pci') return pciName(range.segment ?? 0, id, range.mask);
    return platformName(range, id);
  }

  /** The one PCI function that firmware gives this StreamID; null where a mask makes others share it, or it is of no PCI. */
  onlyPciFunctionOf(sid: number): string | null {
    const range = this.#rangeOf(sid);
    const isOne = range?.kind === 'pci' && (range.mask & REQUESTER_ID) === REQUESTER_ID;
    return isOne ? this.firmwareDeviceOf(sid) : null;
  }

  #rangeOf(sid: number): IdRange | undefined {
    const range = pieceAt(this.#stretches, sid)?.owner;
    // An ID with bits that the mask takes away is one that no device comes to.
    return range !== undefined && ((range.firstId + sid - range.firstSid) & ~range.mask) === 0 ? range : undefined;
  }
}

const REQUESTER_ID = 0xffff;

/** `/soc/ethernet`, or of several IDs `\\_SB_.NIC0 (ID 0x2)`. */
export function platformName({ name, count }: IdRange, id: number): string {
  return count === 1 ? name : `${name} (ID ${hex(id)})`;
}

/** The range that begins first has a StreamID, of those that begin together the first of the table. */
function stretchesOf(ranges: readonly IdRange[]): ClaimedIds[] {
  const sorted = ranges.toSorted((a, b) => a.firstSid - b.firstSid);
  const begins = new Set(ranges.map(({ firstSid }) => firstSid));
  return firstClaims(
    sorted.flatMap((range) => {
      const last = range.firstSid + range.count - 1;
      // One too long, as IORTs are that have the number of IDs where that minus one belongs.
      const given = range.count > 1 && begins.has(last) ? last - 1 : last;
      return given < range.firstSid ? [] : [{ first: range.firstSid, last: given, owner: range }];
    }),
  );
}

/**
 * Segment, bus, device and function of a requester ID, with `*` for what `mask` takes away. Where it takes the upper bits
 * of a part alone, the part is what is left: firmware that looks at one bit of the bus knows of two buses.
 */
export function pciName(segment: number, id: number, mask: number): string {
  const part = (shift: number, bits: number, digits: number) => {
    const all = (1 << bits) - 1;
    const kept = (mask >>> shift) & all;
    const isLowPart = kept !== 0 && (kept & (kept + 1)) === 0;
    return isLowPart ? ((id >>> shift) & all).toString(16).padStart(digits, '0') : '*';
  };
  return `${segment.toString(16).padStart(4, '0')}:${part(8, 8, 2)}:${part(3, 5, 2)}.${part(0, 3, 1)}`;
}

/** What lies beyond a table for `sids` StreamIDs: the ranges, each from its first ID without an STE on. */
export function rangesBeyond(ranges: readonly IdRange[], sids: number): IdRange[] {
  return ranges.flatMap((range) => {
    const inside = Math.max(0, sids - range.firstSid);
    if (inside >= range.count) return [];
    const { firstId, firstSid, count } = range;
    return [{ ...range, firstId: firstId + inside, firstSid: firstSid + inside, count: count - inside }];
  });
}

/** Runs of those of `sids`, ascending, that no range covers. */
export function* unclaimedSids(
  names: DeviceNames,
  sids: Iterable<number>,
): Generator<{ readonly first: number; readonly last: number }> {
  let run: { first: number; last: number } | null = null;
  for (const sid of sids) {
    if (names.firmwareDeviceOf(sid) !== null) continue;
    if (run !== null && run.last === sid - 1) {
      run.last = sid;
      continue;
    }
    if (run !== null) yield run;
    run = { first: sid, last: sid };
  }
  if (run !== null) yield run;
}
