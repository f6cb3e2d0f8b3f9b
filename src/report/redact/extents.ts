/**
 * What lies in one piece: structures whose stand-ins keep the distances within, so that an entry stays where it is in its
 * table, and what has no entries is as large as it was.
 */

import { CD_BYTE_LENGTH, L1CD_BYTE_LENGTH } from '../../smmu/structures/cd-table.ts';
import { L1STD_BYTE_LENGTH, STE_BYTE_LENGTH } from '../../smmu/structures/stream-table.ts';

type Facts = Readonly<Record<string, unknown>>;

/** Where something begins that is so many bytes long. */
export interface Extent {
  readonly address: number | bigint;
  readonly byteLength: number;
}

/** Keys of an address and of the size of what is there. */
const PAIRS = [
  ['address', 'size'],
  ['address', 'byteLength'],
  ['paddr', 'byteLength'],
  ['start', 'byteLength'],
  ['pa', 'byteLength'],
  ['pa', 'size'],
] as const;

/** Pages 0 and 1 of the registers. */
const REGISTERS_BYTE_LENGTH = 0x20000;

/** What `facts` say of the size of something. */
export function extentsOf(facts: Facts): Extent[] {
  const found = PAIRS.map(([address, size]) => extent(facts[address], facts[size]));
  const { format, base, entries, l2, hardwareStes, address } = facts;
  if (format === '2lvl') found.push(extent(base, bytes(entries, L1STD_BYTE_LENGTH)));
  if (format === 'linear' && base !== undefined) found.push(extent(base, bytes(entries, STE_BYTE_LENGTH)));
  if ('hardwareStes' in facts) found.push(extent(l2, bytes(hardwareStes, STE_BYTE_LENGTH)));
  if ('withoutSsid' in facts) found.push(extent(address, cdTableBytes(format, entries)));
  if ('registers' in facts && typeof base === 'number') found.push(extent(base, REGISTERS_BYTE_LENGTH));
  return found.filter((one) => one !== null);
}

function extent(address: unknown, byteLength: unknown): Extent | null {
  const isAddress = typeof address === 'number' || typeof address === 'bigint';
  return isAddress && typeof byteLength === 'number' ? { address, byteLength } : null;
}

function bytes(entries: unknown, each: number): number | null {
  return typeof entries === 'number' ? entries * each : null;
}

/** Of the first level, where the table has two. */
function cdTableBytes(format: unknown, entries: unknown): number | null {
  const cds = { '4k-leaves': 64, '64k-leaves': 1024 }[String(format)];
  if (cds === undefined) return bytes(entries, CD_BYTE_LENGTH);
  return typeof entries === 'number' ? Math.ceil(entries / cds) * L1CD_BYTE_LENGTH : null;
}
