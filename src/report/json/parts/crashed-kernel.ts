/** The shapes of what `info` prints alone: the crashed kernel's memory map, its log, and what looks like a stream table. */

import { secondsOf } from '../../../linux/dmesg-lines.ts';
import type { TableCandidate } from '../../../linux/driver/table-scan.ts';
import type { FoundLog, LogRecord } from '../../../linux/kernel-log.ts';
import type { FoundMap, MemoryMapEntry } from '../../../linux/memory-map.ts';
import {
  count,
  define,
  derived,
  flag,
  hex,
  integer,
  list,
  nullable,
  numeric,
  object,
  type Shape,
  text,
} from '../../../shape.ts';
import { preambleOfTool } from './common.ts';

/** These have no version among their facts. */
const { schemaVersion } = preambleOfTool;

const resource = define(
  'resource',
  'A resource of the crashed machine',
  object<MemoryMapEntry>()({
    start: ['Its first physical address', hex],
    end: ['Its last physical address', derived(hex, ({ end }) => end - 1)],
    name: ['What the kernel calls it', text],
    depth: ['0 at the top level, one more inside of another', count],
  }),
);

/** Of `info --iomem`. */
export const MEMORY_MAP: Shape<FoundMap> = object<FoundMap>()({
  schemaVersion,
  iomem: [
    "The crashed kernel's memory map, in the order of /proc/iomem",
    derived(list<MemoryMapEntry>(resource), ({ entries }) => entries),
  ],
  complete: [
    'False where a part of it could not be followed, cannot be true, or is memory whose name is not in the dump',
    derived(flag, ({ isWhole }) => isWhole),
  ],
  unnamed: ['How many have names that are not in the dump', count],
});

const record = define(
  'logRecord',
  "A record of the crashed kernel's log",
  object<LogRecord>()({
    sequence: ["The kernel's own count, from 0 at boot", count],
    seconds: ['Since boot', derived(numeric, ({ nanoseconds }) => Number(secondsOf(nanoseconds)))],
    level: ['0 emergency to 7 debug; null when it is not known', nullable(integer(0, 7))],
    text: ['What it says, of one line or of several', text],
  }),
);

/** Of `info --log`. */
export const KERNEL_LOG: Shape<FoundLog> = object<FoundLog>()({
  schemaVersion,
  log: ["The crashed kernel's log, oldest record first", derived(list<LogRecord>(record), ({ records }) => records)],
  unreadable: ['Records that the dump does not have whole', count],
});

const candidate = define(
  'tableCandidate',
  'Memory that looks like a two-level stream table of Linux',
  object<TableCandidate>()({
    paddr: ['Physical address of the page that begins it', hex],
    used: ['Level 1 descriptors that are not zero', count],
    good: ['Those that lead to 256 valid STEs of configurations that Linux writes', count],
    lastIndex: ['Index of the last descriptor that is not zero', count],
  }),
);

/** What a search for stream tables comes to. */
export interface TablesReport {
  readonly tables: readonly TableCandidate[];
}

/** Of `info --find-tables`. */
export const TABLES: Shape<TablesReport> = object<TablesReport>()({
  schemaVersion,
  tables: ['The candidates, the best first', list<TableCandidate>(candidate)],
});
