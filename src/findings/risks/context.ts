/** What the risks of one SMMU are judged by. */

import type { Emulation } from '../../adopt/emulate.ts';
import type { AddressRange } from '../../dump/memory.ts';
import type { MemoryView } from '../../dump/view.ts';
import type { AddressMap } from '../../platform/address-map.ts';
import type { HardwareFeatures } from '../../smmu/registers/hardware-features.ts';
import type { RegisterFile } from '../../snapshot/register-file.ts';
import type { SmmuSnapshot } from '../../snapshot/snapshot.ts';
import type { HardwareView } from '../../tables/hardware-view.ts';
import type { FindingList, Location } from '../findings.ts';
import type { NumberList } from '../prose/number-lists.ts';
import { busOf } from '../table-findings.ts';
import type { ExaminationBudget } from './examination.ts';

export interface RiskContext {
  readonly smmu: SmmuSnapshot;
  readonly registers: RegisterFile;
  readonly hw: HardwareFeatures;
  readonly view: HardwareView;
  readonly memory: MemoryView;
  /** Of the dump, in bytes; the kdump kernel is taken to be built with the same. */
  readonly pageSize: number;
  readonly map: AddressMap;
  /** What lies above these address bits the kdump kernel's CPU cannot map. */
  readonly paBits: number;
  /** The kdump kernel's own memory, as far as it is known. */
  readonly kdumpRam: readonly AddressRange[];
  /** Register pages that the snapshot names, of its SMMUs, in the order of their addresses and all of one length. */
  readonly registerPages: readonly (AddressRange & { readonly name: string })[];
  readonly emulation: Emulation;
  /** What of its streams may be looked at, shared with the other SMMUs of the report. */
  readonly examination: ExaminationBudget;
  readonly findings: FindingList;
}

/** More are said in numbers. */
const MAX_LISTED = 8;

/** The first of the numbers, and how many there are. */
export function listOf(numbers: readonly number[]): NumberList {
  return { listed: numbers.slice(0, MAX_LISTED), total: numbers.length };
}

/** Streams as they come, of which the first are remembered. */
export class StreamList {
  readonly #first: number[] = [];
  streams = 0;

  add(sid: number): void {
    if (this.#first.length < MAX_LISTED) this.#first.push(sid);
    this.streams += 1;
  }

  get args(): { streams: number; sids: NumberList } {
    return { streams: this.streams, sids: { listed: this.#first, total: this.streams } };
  }
}

/** The location of one stream, and of what is at fault about it where that has an address. */
export function sidLocation(sid: number, address?: number): Location {
  return { firstSid: sid, lastSid: sid, ...busOf(sid, sid), ...(address === undefined ? {} : { address }) };
}
