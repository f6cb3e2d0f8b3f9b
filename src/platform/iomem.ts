/**
 * A copy of the crashed kernel's /proc/iomem: one line for each resource, children indented below their parent. It
 * tells RAM from devices, which a dump that leaves pages out cannot, and where the kdump kernel lives.
 */

import { PADDR_LIMIT } from '../dump/dump.ts';
import type { AddressRange } from '../dump/memory.ts';
import { readUnpackedText } from '../dump/unpacked.ts';
import { InputError } from '../errors.ts';
import { quote } from '../snapshot/values.ts';

export interface IomemRange {
  readonly start: number;
  /** Exclusive, unlike in the file. */
  readonly end: number;
  /** As written, which is as a driver or the firmware chose it: untrusted text. */
  readonly name: string;
  /** 0 at the top level. */
  readonly depth: number;
}

export interface Iomem {
  /** As the user named it. */
  readonly file: string;
  /** Every entry, in the order of the file. */
  readonly ranges: readonly IomemRange[];
  /**
   * What the crashed kernel could read as memory, whether it handed it out or only kept others off: ascending,
   * disjoint, touching ranges joined.
   */
  readonly systemRam: readonly AddressRange[];
  /** What was set aside for the kdump kernel: one range for each entry, in the order of the file. */
  readonly crashKernel: readonly AddressRange[];
  /** The entries of the top level that are no memory. */
  readonly devices: readonly IomemRange[];
}

/** A large server lists some thousands of resources in some hundreds of kilobytes. */
const MAX_IOMEM_BYTES = 1 << 22;
const MAX_IOMEM_LINES = 100_000;

/** Shorter numbers are those of /proc/ioports. */
const LINE = /^((?: {2}|\t)*)([0-9a-f]{8,})-([0-9a-f]{8,}) : (.*)$/is;
/** What stands around a copy that was made on a terminal: the command, a prompt, the fence of a code block. */
const AROUND = /\/proc\/iomem\b|^```|[#$]\s*$/;

/** Boot memory, and memory that a driver brought: "System RAM (kmem)". */
const SYSTEM_RAM = /^System RAM(?: \(.*\))?$/s;

/** RAM that Linux does not hand out. On arm64 "reserved" is what firmware kept: a no-map region, say. */
const CARVED_OUT = /^(?:reserved|Crash kernel|Soft Reserved|Persistent Memory(?: \(.*\))?|CXL Window .*|ACPI .*)$/s;

/** Loads a copy of /proc/iomem. Throws InputError (`file` or `format`) naming the file and the line at fault. */
export async function loadIomem(path: string): Promise<Iomem> {
  const text = readUnpackedText(path, MAX_IOMEM_BYTES, (byteLength) => {
    const message = `is ${byteLength} bytes long, too long for a copy of /proc/iomem`;
    return new InputError('format', message, { file: path });
  });
  return parseIomem(text, path);
}

/** Parses the text of /proc/iomem; `file` names it in refusals. */
export function parseIomem(text: string, file: string): Iomem {
  const lines = linesOf(text.replaceAll('\u00a0', ' '), file);
  for (const i of [0, lines.length - 1]) if (AROUND.test(lines[i] ?? '')) lines[i] = '';
  const margin = marginOf(lines);
  const ranges = nested(
    lines.flatMap((line, i) =>
      isBlank(line) ? [] : [parseLine(line.slice(margin), { file, place: `line ${i + 1}` })],
    ),
  );
  // The kernel shows the names to everybody, the addresses only to the privileged.
  if (ranges.length > 0 && ranges.every(({ start, end }) => start === 0 && end === 1)) {
    throw new InputError('format', 'has zeros for all addresses; /proc/iomem must be read as root', { file });
  }
  const iomem = iomemOf(ranges, file);
  if (!hasSystemRam(iomem)) {
    throw new InputError('format', 'has no "System RAM" at the top level; is it a copy of /proc/iomem?', { file });
  }
  return iomem;
}

/** Whether boot memory is among the entries of the top level: without it they describe no machine. */
export function hasSystemRam({ ranges }: Pick<Iomem, 'ranges'>): boolean {
  return ranges.some(({ depth, name }) => depth === 0 && SYSTEM_RAM.test(name));
}

/** What entries mean, be they of a copy of /proc/iomem or of a crashed kernel's own tree; `file` names where from. */
export function iomemOf(ranges: readonly IomemRange[], file: string): Iomem {
  const top = ranges.filter(({ depth }) => depth === 0);
  const isMemory = ({ name }: IomemRange) => SYSTEM_RAM.test(name) || CARVED_OUT.test(name);
  return {
    file,
    ranges,
    systemRam: joined(top.filter(isMemory)),
    crashKernel: ranges.filter(({ name }) => name === 'Crash kernel').map(({ start, end }) => ({ start, end })),
    devices: top.filter((range) => !isMemory(range)),
  };
}

function linesOf(text: string, file: string): string[] {
  // Two more than are allowed: one to notice by, and the nothing behind the last line break.
  const lines = text.split(/\r?\n/, MAX_IOMEM_LINES + 2);
  if (lines.at(-1) === '') lines.pop();
  if (lines.length > MAX_IOMEM_LINES) {
    const message = `has more than ${MAX_IOMEM_LINES} lines, too many for a copy of /proc/iomem`;
    throw new InputError('format', message, { file });
  }
  return lines;
}

/** Blank, or what a blank line is in a quoted mail. */
function isBlank(line: string): boolean {
  return /^[>\s]*$/.test(line);
}

/** How many characters stand before every line alike: the indentation, or the quoting, of a mail or a report. */
function marginOf(lines: readonly string[]): number {
  let margin: string | null = null;
  for (const line of lines) {
    if (isBlank(line)) continue;
    const [own = ''] = /^[> \t]*/.exec(line) ?? [];
    let common = 0;
    while (common < own.length && (margin === null || margin[common] === own[common])) common += 1;
    margin = own.slice(0, common);
  }
  return margin?.length ?? 0;
}

function parseLine(line: string, at: { readonly file: string; readonly place: string }): IomemRange {
  const match = LINE.exec(line);
  if (match === null) {
    throw new InputError('format', `expected "40000000-5fffffff : System RAM" or the like, found ${quote(line)}`, at);
  }
  const [, indent, first, last, name] = match as unknown as [string, string, string, string, string];
  const start = Number.parseInt(first, 16);
  const end = Number.parseInt(last, 16) + 1;
  if (start >= PADDR_LIMIT || end > PADDR_LIMIT) {
    throw new InputError('format', `${quote(line)} is beyond 52 bits`, at);
  }
  if (start >= end) throw new InputError('format', `${quote(line)} ends before it starts`, at);
  return { start, end, name: name.trimEnd(), depth: indent.replaceAll('\t', '  ').length / 2 };
}

/** Where the indentation was lost, an entry is below the one before it that it lies in. */
function nested(ranges: readonly IomemRange[]): readonly IomemRange[] {
  if (ranges.some(({ depth }) => depth > 0)) return ranges;
  const above: IomemRange[] = [];
  return ranges.map((range) => {
    for (let last = above.at(-1); last !== undefined && range.end > last.end; last = above.at(-1)) above.pop();
    while (above.length > 0 && range.start < (above.at(-1) as IomemRange).start) above.pop();
    above.push(range);
    return { ...range, depth: above.length - 1 };
  });
}

function joined(ranges: readonly AddressRange[]): AddressRange[] {
  const parts: { start: number; end: number }[] = [];
  for (const { start, end } of ranges.toSorted((a, b) => a.start - b.start)) {
    const last = parts.at(-1);
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end);
    else parts.push({ start, end });
  }
  return parts;
}

/** The kdump kernel's own memory, as far as the snapshot (kdump.systemRam) and /proc/iomem tell. */
export function kdumpRamOf(systemRam: readonly AddressRange[], iomem: Iomem | null | undefined): AddressRange[] {
  return [...systemRam, ...(iomem?.crashKernel ?? [])];
}
