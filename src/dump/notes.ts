/** ELF notes and the VMCOREINFO among them, which every kernel dump format carries in one way or another. */

import type { DumpDetails } from './dump.ts';

/** The `KEY=value` lines of the VMCOREINFO note, or undefined when there is no such note. */
export function findVmcoreinfo(notes: Buffer): Map<string, string> | undefined {
  const align = (byteLength: number) => Math.ceil(byteLength / 4) * 4;
  for (let at = 0; at + 12 <= notes.length; ) {
    const nameAt = at + 12;
    const descAt = nameAt + align(notes.readUInt32LE(at));
    const end = descAt + notes.readUInt32LE(at + 4);
    if (notes.toString('latin1', nameAt, nameAt + 11) === 'VMCOREINFO\0') {
      return parseVmcoreinfo(notes.toString('latin1', descAt, end));
    }
    at = descAt + align(end - descAt);
  }
  return undefined;
}

/** The `KEY=value` lines of VMCOREINFO itself, which need not end with a newline or a NUL. */
export function parseVmcoreinfo(text: string): Map<string, string> {
  const lines = text.split('\0', 1)[0]?.split('\n') ?? [];
  return new Map(lines.filter((line) => line.includes('=')).map((line) => splitOnce(line, '=')));
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return [text.slice(0, at), text.slice(at + separator.length)];
}

/** What VMCOREINFO says of the crashed system. */
export function detailsFrom(vmcoreinfo: ReadonlyMap<string, string>): DumpDetails {
  return { vmcoreinfo, kernelRelease: vmcoreinfo.get('OSRELEASE') ?? null, machine: null, dumpLevel: null };
}
