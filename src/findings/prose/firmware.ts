/** What is said of firmware's tables: why none applies, and what one keeps for a device. */

import type { AddressRange } from '../../dump/memory.ts';
import { hex, hexRange } from '../../hex.ts';
import { pciName } from '../../platform/device-names.ts';
import type { IdRange } from '../../platform/firmware/firmware.ts';
import { type FirmwareSource, firmwareSourceInWords } from '../../snapshot/firmware-source.ts';

/** Why no table of firmware says anything of an SMMU. */
export type UnknownSmmu =
  | { readonly kind: 'no-base' }
  /** `by` is the node with this status: that of the SMMU, or one above. */
  | {
      readonly kind: 'disabled';
      readonly base: number;
      readonly source: FirmwareSource;
      readonly name: string;
      readonly by: { readonly name: string; readonly status: string };
    }
  | { readonly kind: 'absent'; readonly base: number; readonly sources: readonly FirmwareSource[] };

/** As a clause. */
export function unknownSmmuInWords(why: UnknownSmmu): string {
  switch (why.kind) {
    case 'no-base':
      return 'the snapshot has no base for it';
    case 'disabled': {
      const { base, source, name, by } = why;
      const where = by.name === name ? 'its' : `${by.name} above it has`;
      return `the SMMUv3 at ${hex(base)} in ${firmwareSourceInWords(source)}, ${name}, is disabled: ${where} status "${by.status}"`;
    }
    case 'absent':
      return `there is no SMMUv3 at ${hex(why.base)} in ${why.sources.map(firmwareSourceInWords).join(' or ')}`;
  }
}

/** The first and the last ID of a range in words: PCI addresses, or plain numbers. */
export function idsInWords({ kind, segment, firstId, count, mask }: IdRange): string {
  const name = (id: number) => (kind === 'pci' ? pciName(segment ?? 0, id, mask) : hex(id));
  return count === 1 ? name(firstId) : `${name(firstId)}-${name(firstId + count - 1)}`;
}

/** What firmware, or the snapshot, says of an SMMU. */
export function coherencyInWords(coherent: boolean): string {
  return coherent ? 'coherent' : 'not coherent';
}

/** Who says whether an SMMU is coherent: firmware, or where it is not known to say anything, the register. */
export type CoherencySource = 'firmware' | 'register';

const COHERENCY_SOURCES: Readonly<Record<CoherencySource, string>> = { firmware: 'firmware', register: 'IDR0.COHACC' };

/** `firmware`, or the field of the register. */
export function coherencySourceInWords(source: CoherencySource): string {
  return COHERENCY_SOURCES[source];
}

/** `0x80000000-0x80ffffff`, both ends included. */
export function keptMemoryInWords(ranges: readonly AddressRange[]): string {
  return ranges.map(({ start, end }) => `${hex(start)}-${hex(end - 1)}`).join(', ') || 'no memory';
}

/** StreamIDs one behind the other, both ends included. */
export interface SidRun {
  readonly firstSid: number;
  readonly lastSid: number;
}

/** A sentence has to end somewhere. */
const MAX_RUNS_IN_WORDS = 8;

/** `SID 0x8`, `SIDs 0x8-0xf, 0x20`. */
export function sidRunsInWords(runs: readonly SidRun[]): string {
  const shown = runs.slice(0, MAX_RUNS_IN_WORDS).map(({ firstSid, lastSid }) => hexRange(firstSid, lastSid));
  const more = runs.length - shown.length;
  const one = runs.length === 1 && runs[0]?.firstSid === runs[0]?.lastSid;
  return `${one ? 'SID' : 'SIDs'} ${shown.join(', ')}${more > 0 ? `, and ${more} more runs` : ''}`;
}
