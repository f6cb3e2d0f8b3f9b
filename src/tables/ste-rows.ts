/** Stream table entries as the report shows them, with the context descriptors behind each stage 1 entry. */

import type { PageState } from '../dump/memory.ts';
import type { MemoryView } from '../dump/view.ts';
import type { DeviceNames } from '../platform/device-names.ts';
import type { FieldValue } from '../smmu/fields.ts';
import { wideWords, withFields } from '../smmu/fields.ts';
import { STE } from '../smmu/structures/ste.ts';
import type { SteConfig } from '../smmu/structures/stream-table.ts';
import { bdfOf, STE_BYTE_LENGTH, steConfig } from '../smmu/structures/stream-table.ts';
import type { CdRow, CdTableReport } from './cd-rows.ts';
import { CdLister, NO_CDS } from './cd-rows.ts';
import type { FoundSte } from './hardware-view.ts';
import type { CdLimits } from './listing.ts';

export interface SteRow {
  readonly sid: number;
  readonly bdf: string;
  readonly device: string | null;
  readonly address: number;
  readonly words: readonly bigint[];
  readonly valid: boolean;
  readonly config: SteConfig;
  readonly fields: Readonly<Record<string, FieldValue>>;
  readonly pageState: PageState;
  /** The CD table of a stage 1 STE; null for every other. */
  readonly cdTable: CdTableReport | null;
  /** Its valid context descriptors, ascending by SubstreamID. */
  readonly cds: readonly CdRow[];
}

/** One row for each STE; `ssidBits` is IDR1.SSIDSIZE, `names` what the devices are called, `cds` what is listed of CDs. */
export function* steRows(
  stes: Iterable<FoundSte>,
  memory: MemoryView,
  ssidBits: number,
  names: DeviceNames | undefined,
  cds: CdLimits,
): Generator<SteRow> {
  const lister = new CdLister(memory, ssidBits, cds);
  for (const ste of stes) yield steRow(ste, lister, names);
}

function steRow({ sid, paddr, words, at, state }: FoundSte, lister: CdLister, names: DeviceNames | undefined): SteRow {
  const wide = wideWords(words, at, STE_BYTE_LENGTH);
  const { valid, config } = steConfig(words[at] as number);
  const { cdTable, cds } = valid ? lister.list(config, wide) : NO_CDS;
  return withFields(STE, {
    sid,
    bdf: bdfOf(sid),
    device: names?.deviceOf(sid) ?? null,
    address: paddr,
    words: wide,
    valid,
    config,
    pageState: state,
    cdTable,
    cds,
  });
}
