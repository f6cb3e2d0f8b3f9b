/** What is this file to a triage? Told by its first bytes; a name decides only where bytes cannot. */

import { isDumpInfo } from '../../dump/formats/qualcomm.ts';
import { recognise } from '../../dump/recognise.ts';
import type { ByteSource } from '../../dump/sources/source.ts';
import { openFileSource } from '../../dump/sources/source.ts';
import type { Companion } from '../crash.ts';

export type FileKind =
  | { readonly kind: 'dump'; readonly format: string }
  /** No known beginning, and as long as a page at least: memory, perhaps. */
  | { readonly kind: 'raw' }
  | { readonly kind: 'dump-info' }
  | { readonly kind: 'companion'; readonly companion: Companion; readonly rank: number }
  /** Known for what it is, and no dump that is read. */
  | { readonly kind: 'other'; readonly title: string };

/** Formats that are dumps as they lie there. */
const DUMPS: readonly string[] = ['kdump', 'flattened', 'lime', 'avml'];
const ET_CORE = 4;
const SMALLEST_PAGE = 4096;

/** Names that memory without a container has: nothing else tells it from other files without a beginning. */
const RAW_NAME = /^(?:vmcore|dump|ddr|ram|mem(?:ory)?|core)(?![a-z])|\.(?:raw|mem|vmem|dump|dmp|vmcore)$/i;
/** Names by which somebody waits for a dump: what cannot be one of these is a crash that cannot be read. */
const DUMP_NAME =
  /^(?:vmcore(?!-dmesg)(?![a-z])|dump\.[0-9]{12})|\.(?:vmcore|kdump|lime|vmem)(?:\.(?:gz|xz|zst|bz2|lz4|lzo|zip|7z))?$/i;
/** What says itself that it is something else: a text, a program, or the check sum or signature of a file. */
const OTHER_ENDING =
  /\.(?:txt|log|json|ndjson|md|html?|ya?ml|xml|csv|py|sh|c|h|sha[0-9]+(?:sums?)?|md5(?:sums?)?|crc(?:32)?|sig|asc)$/i;

/** Whether a file of this name may be memory without a container. */
export function isRawName(name: string): boolean {
  return RAW_NAME.test(name) && !OTHER_ENDING.test(name);
}

/** Whether somebody who sees the name expects a dump. */
export function isDumpName(name: string): boolean {
  return DUMP_NAME.test(name) && !OTHER_ENDING.test(name);
}

interface Companions {
  readonly companion: Companion;
  /** As recognised by content. */
  readonly formats: readonly string[];
  /** Names that have it, the surest first; without them the content is enough. */
  readonly names: readonly RegExp[];
}

const NEVER = /(?!)/;
const CAPTURE_NAME = /(?:^|[^a-z])(?:regs|registers|devmem)(?![a-z])[^.]*(?:\.(?:txt|log|out|bin))?$/i;
const ANY_NAME = /^/;
const KDUMP_NAME = /kexec|kdump/i;
const LOG_NAME = /console|kern|messages|syslog|journal|\.log$/i;
/** Of files that are taken where their name begins as the dump's does, and not else. */
export const RANK_BY_STEM = 4;

/**
 * In order. The log of the kdump kernel (kexec-dmesg.log of kdump-utils) is told from that of the crashed one by its
 * name: to compare the prediction with the wrong one would mislead.
 */
const COMPANION_KINDS: readonly Companions[] = [
  { companion: 'regs', formats: ['snapshot'], names: [/^regs\.json$/i, /^regs.*\.json$/i, /regs.*\.json$/i] },
  { companion: 'regs', formats: ['capture', 'hexdump', 'text'], names: [NEVER, NEVER, NEVER, CAPTURE_NAME] },
  { companion: 'regs', formats: ['snapshot'], names: [NEVER, NEVER, NEVER, NEVER, /\.json$/i] },
  { companion: 'dmesg', formats: ['kernel-log'], names: [/^kexec-dmesg\.log$/i, KDUMP_NAME] },
  {
    companion: 'log',
    formats: ['kernel-log'],
    names: [/^vmcore-dmesg\.txt$/i, /^(?:vmcore-)?dmesg/i, /dmesg/i, LOG_NAME],
  },
  { companion: 'iomem', formats: ['iomem'], names: [/^iomem(?:\.txt)?$/i, /iomem/i, ANY_NAME] },
  { companion: 'dtb', formats: ['dtb'], names: [/^(?:fdt|.*\.dtb)$/i, ANY_NAME] },
  { companion: 'iort', formats: ['iort'], names: [/^iort/i, ANY_NAME] },
  { companion: 'iort', formats: ['acpidump'], names: [NEVER, NEVER, ANY_NAME] },
];

/** Names that other files have as well. */
const UNSURE: readonly RegExp[] = [ANY_NAME, KDUMP_NAME, LOG_NAME];

/** What somebody who sees the name expects a file to be beside a dump; null where it says nothing. */
export function meantAs(name: string, regsName: RegExp | null): Companion | null {
  if (regsName?.test(name)) return 'regs';
  if (isDumpName(name)) return null;
  const meant = COMPANION_KINDS.find(({ companion, names }) => {
    if (companion === 'regs' && regsName !== null) return false;
    return names.slice(0, RANK_BY_STEM).some((one) => !UNSURE.includes(one) && one.test(name));
  });
  return meant?.companion ?? null;
}

/** `path` leads to the file `name`. Throws InputError (`file`) for what cannot be opened. */
export function kindOfFile(name: string, path: string, regsName: RegExp | null): FileKind {
  const source = openFileSource(name, path);
  try {
    return kindOf(name, source, regsName);
  } finally {
    source.close();
  }
}

function kindOf(name: string, source: ByteSource, regsName: RegExp | null): FileKind {
  if (regsName?.test(name)) return { kind: 'companion', companion: 'regs', rank: 0 };
  if (isDumpInfo(name)) return { kind: 'dump-info' };
  const found = recognise(source);
  if (found === null) {
    return source.byteLength < SMALLEST_PAGE ? { kind: 'other', title: 'bytes of no known kind' } : { kind: 'raw' };
  }
  const { format, title } = found;
  if (DUMPS.includes(format)) return { kind: 'dump', format };
  if (format === 'elf') return isCore(source) ? { kind: 'dump', format } : { kind: 'other', title };
  for (const { companion, formats, names } of COMPANION_KINDS) {
    if (!formats.includes(format) || (companion === 'regs' && regsName !== null)) continue;
    const rank = names.findIndex((one) => one.test(name));
    if (rank >= RANK_BY_STEM && isReport(source)) break;
    if (rank >= 0) return { kind: 'companion', companion, rank };
  }
  return { kind: 'other', title };
}

/** An inspection as JSON has SMMUs too, and is no snapshot. */
function isReport(source: ByteSource): boolean {
  const head = Buffer.alloc(Math.min(256, source.byteLength));
  return head.toString('latin1', 0, source.read(0, head)).includes('"schemaVersion"');
}

/** Programs, modules and vmlinux are ELF files too. */
function isCore(source: ByteSource): boolean {
  const head = Buffer.alloc(18);
  if (source.read(0, head) < head.length) return true;
  return (head[5] === 2 ? head.readUInt16BE(16) : head.readUInt16LE(16)) === ET_CORE;
}
