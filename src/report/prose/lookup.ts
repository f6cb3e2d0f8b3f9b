/** The way from a StreamID to its entry, in words: what is read, what it says to the hardware or to Linux, what ends it. */

import { STRTAB_SPLIT } from '../../adopt/device.ts';
import { lookupEndInWords } from '../../findings/prose/lookup.ts';
import { count } from '../../findings/rules/words.ts';
import { hex } from '../../hex.ts';
import { fieldOf, meaningOf } from '../../smmu/fields.ts';
import { STE } from '../../smmu/structures/ste.ts';
import type { LinuxLookupEnd, TableSays, TableStructure } from '../../streams/stream-lookup.ts';
import type { LookupEnd } from '../../tables/lookup-end.ts';

export const TABLE_STRUCTURES: Readonly<Record<TableStructure['kind'], string>> = {
  STRTAB_BASE: 'STRTAB_BASE',
  L1STD: 'L1 descriptor',
  STE: 'STE',
};

/** What a register or a table says on the way to an entry. */
export function tableSaysInWords(says: TableSays): string {
  switch (says.kind) {
    case 'geometry': {
      const { format, split, log2Size, base, entries } = says;
      const levels = format === '2lvl' ? `${count(entries, 'descriptor')}, split ${split}` : 'linear';
      return `2^${log2Size} StreamIDs, ${levels}, at ${hex(base)}`;
    }
    case 'cfg':
      return `FMT ${says.fmt}, SPLIT ${says.split}, LOG2SIZE ${says.log2Size}`;
    case 'l1std':
      return `span ${says.span}: ${says.stes === 0 ? 'no table' : `${count(says.stes, 'STE')} at ${hex(says.l2)}`}`;
    case 'linux-l1std':
      return `span ${says.span}, pointer ${hex(says.l2)}`;
    case 'ste':
      return `V ${says.valid ? 1 : 0}, Config ${says.config}: ${meaningOf(fieldOf(STE, 'Config'), says.config)}`;
  }
}

/** What ends the way from a StreamID to its entry. */
export function wayEndInWords(end: LookupEnd | LinuxLookupEnd): string {
  switch (end.kind) {
    case 'linux-format':
      return `FMT ${end.fmt} is no format that Linux knows`;
    case 'linux-split':
      return `Linux knows no other SPLIT than ${STRTAB_SPLIT}`;
    case 'linux-span':
      return `Linux knows no other span than ${STRTAB_SPLIT + 1}`;
    case 'linux-unused':
      return `L1[${end.l1Index}] is unused: a device gets a new table of abort entries`;
    case 'linux-null-pointer':
      return `L1[${end.l1Index}] has a null pointer: unused through v7, rejected from v8 on`;
    case 'entry-not-in-dump': {
      const what = TABLE_STRUCTURES[end.l1Index === null ? 'STE' : 'L1STD'];
      return `the ${what} at ${hex(end.paddr)} is not in the dump (${end.state})`;
    }
    default:
      return lookupEndInWords(end);
  }
}
