/**
 * Which StreamIDs has a device that is called by its name? The ID mappings of firmware, read forwards: what
 * `device-names.ts` reads backwards, so that every name that a report prints is understood.
 */

import type { FirmwareSource } from '../snapshot/firmware-source.ts';
import { type Claim, firstClaims, pieceAt } from './claims.ts';
import { pciName, platformName } from './device-names.ts';
import type { FirmwareSmmu, IdRange } from './firmware/firmware.ts';
import type { Platform } from './platform.ts';

/** A StreamID that firmware gives to a device. */
export interface DeviceStream {
  /** Base of the SMMU; null when the table does not tell it. */
  readonly base: number | null;
  readonly sid: number;
  /** PCI segment; null for a platform device. */
  readonly segment: number | null;
  /** As reports print it. Untrusted text. */
  readonly device: string;
  /** The table that says so. */
  readonly source: FirmwareSource;
}

/** One function of a PCI device, or several that a report cannot tell apart: bits of `anyBits` may have any value. */
export interface PciFunction {
  /** Null where nobody said it. */
  readonly segment: number | null;
  /** Requester ID: bus, device and function in 16 bits. */
  readonly id: number;
  readonly anyBits: number;
}

/** Ranges of one segment that cut IDs in the same way. */
interface MaskedRanges {
  readonly mask: number;
  readonly pieces: readonly Claim<Place>[];
}

/** Segments in which an address without one is looked for; servers have some tens. */
const MAX_OPEN_SEGMENTS = 64;

interface Place {
  readonly smmu: FirmwareSmmu;
  readonly range: IdRange;
  readonly source: FirmwareSource;
}

export class StreamDirectory {
  /** By segment, for each table; those that cut least come first, as a table's single mapping is its last resort. */
  readonly #segments: readonly ReadonlyMap<number, readonly MaskedRanges[]>[];
  readonly #devices = new Map<string, Place[]>();
  /** By the last part of the name. */
  readonly #nicknames = new Map<string, Set<string>>();
  /** Bases of all SMMUs that the tables have. */
  readonly #bases: ReadonlySet<number | null>;

  constructor({ tables }: Platform) {
    this.#bases = new Set(tables.flatMap(({ smmus }) => smmus.map(({ base }) => base)));
    this.#segments = tables.map((table) => {
      const places = table.smmus.flatMap((smmu) =>
        smmu.ranges.map((range): Place => ({ smmu, range, source: table.source })),
      );
      for (const place of places) if (place.range.kind === 'platform') this.#addDevice(place);
      return segmentsOf(places.filter(({ range }) => range.kind === 'pci'));
    });
  }

  /** Whether any table has an SMMU there. */
  knows(base: number | null): boolean {
    return base === null ? this.#bases.size > 0 : this.#bases.has(base);
  }

  /** By the first table that has the device; several where segments, or bits of the address, are left open. */
  pci(wanted: PciFunction): DeviceStream[] {
    for (const segments of this.#segments) {
      const asked = wanted.segment === null ? [...segments.keys()].slice(0, MAX_OPEN_SEGMENTS) : [wanted.segment];
      const found = asked.flatMap((segment) => streamsOf(segments.get(segment) ?? [], segment, wanted));
      if (found.length > 0) return found;
    }
    return [];
  }

  /**
   * A device by its path or object name, the last part of either where only one has it, or `NAME (ID 0x2)`. All of its
   * streams; none for a name of nobody.
   */
  named(name: string): DeviceStream[] {
    const [, bus = name, id] = WITH_ID.exec(name) ?? [];
    return this.#placesOf(bus).flatMap(({ smmu, range, source }) => {
      const wantedIds = id === undefined ? idsOf(range) : [Number(id)];
      return wantedIds
        .filter((one) => range.firstId <= one && one < range.firstId + range.count)
        .map((one) => ({
          base: smmu.base,
          sid: range.firstSid + one - range.firstId,
          segment: null,
          device: platformName(range, one),
          source,
        }));
    });
  }

  #addDevice(place: Place): void {
    const key = normal(place.range.name);
    const places = this.#devices.get(key) ?? [];
    places.push(place);
    this.#devices.set(key, places);
    const nickname = key.slice(1 + key.lastIndexOf(key.startsWith('/') ? '/' : '.'));
    this.#nicknames.set(nickname, (this.#nicknames.get(nickname) ?? new Set()).add(key));
  }

  #placesOf(name: string): readonly Place[] {
    const key = normal(name);
    const whole = this.#devices.get(key) ?? this.#devices.get(`\\${key}`);
    if (whole !== undefined) return whole;
    const [only, ...others] = this.#nicknames.get(key) ?? [];
    return only === undefined || others.length > 0 ? [] : (this.#devices.get(only) ?? []);
  }
}

const WITH_ID = /^(.*) \(ID (0x[0-9a-f]{1,8})\)$/is;
/** A bus can have as many IDs as there are numbers. */
const MAX_IDS_OF_NAME = 1 << 16;

function idsOf({ firstId, count }: IdRange): number[] {
  return Array.from({ length: Math.min(count, MAX_IDS_OF_NAME) }, (_, i) => firstId + i);
}

/** `\_SB.USB0` and `\_SB_.USB0` are one name: ACPI fills names up to four characters with underscores. */
function normal(name: string): string {
  return /^\\?_?[A-Z0-9_]{1,4}(?:\.[A-Z0-9_]{1,4})*$/.test(name) ? name.replace(/_+(?=\.|$)/g, '') : name;
}

function segmentsOf(places: readonly Place[]): Map<number, MaskedRanges[]> {
  const bySegment = new Map<number, Map<number, Claim<Place>[]>>();
  for (const place of places) {
    const { firstId, count, mask, segment } = place.range;
    const byMask = bySegment.get(segment ?? 0) ?? new Map<number, Claim<Place>[]>();
    bySegment.set(segment ?? 0, byMask);
    const claims = byMask.get(mask) ?? [];
    byMask.set(mask, claims);
    claims.push({ first: firstId, last: firstId + count - 1, owner: place });
  }
  const ranges = (byMask: ReadonlyMap<number, Claim<Place>[]>) =>
    [...byMask].map(([mask, claims]) => ({ mask, pieces: firstClaims(claims) })).sort((a, b) => b.mask - a.mask);
  return new Map([...bySegment].map(([segment, byMask]) => [segment, ranges(byMask)]));
}

function streamsOf(ranges: readonly MaskedRanges[], segment: number, { id, anyBits }: PciFunction): DeviceStream[] {
  for (const { mask, pieces } of ranges) {
    const found = candidates(id, anyBits & mask).flatMap((one) => {
      const place = pieceAt(pieces, one & mask)?.owner;
      if (place === undefined) return [];
      const { smmu, range, source } = place;
      const sid = range.firstSid + (one & mask) - range.firstId;
      return [{ base: smmu.base, sid, segment, device: pciName(segment, one & mask, mask), source }];
    });
    if (found.length > 0) return found;
  }
  return [];
}

/** All values of the open bits that the mask keeps: at most 65,536. */
function candidates(id: number, open: number): number[] {
  const values = [id & ~open];
  for (let bit = 1; bit <= open; bit <<= 1) {
    if ((open & bit) !== 0) values.push(...values.map((value) => value | bit));
  }
  return values;
}
