/** ELF notes and the VMCOREINFO among them, which every kernel dump format carries in one way or another. */

import type { DumpDetails } from '../dump.ts';

/** Notes that the kernel writes for a process that dies, and no dump of a machine has: NT_AUXV, NT_SIGINFO, NT_FILE. */
const PROCESS_NOTES: readonly number[] = [6, 0x5349_4749, 0x4649_4c45];

interface Note {
  readonly type: number;
  /** Without its padding and NUL. */
  readonly name: string;
  readonly content: Buffer;
}

const NAME_LIMIT = 16;

function* notesIn(bytes: Buffer): Generator<Note> {
  const align = (byteLength: number) => Math.ceil(byteLength / 4) * 4;
  for (let at = 0; at + 12 <= bytes.length; ) {
    const nameByteLength = bytes.readUInt32LE(at);
    const nameAt = at + 12;
    const contentAt = nameAt + align(nameByteLength);
    const end = contentAt + bytes.readUInt32LE(at + 4);
    const name = bytes.toString('latin1', nameAt, nameAt + Math.min(nameByteLength, NAME_LIMIT));
    yield { type: bytes.readUInt32LE(at + 8), name: untilNul(name), content: bytes.subarray(contentAt, end) };
    at = contentAt + align(end - contentAt);
  }
}

/** The `KEY=value` lines of the VMCOREINFO note, or undefined when there is no such note. */
export function findVmcoreinfo(notes: Buffer): Map<string, string> | undefined {
  for (const { name, content } of notesIn(notes)) {
    if (name === 'VMCOREINFO') return parseVmcoreinfo(content.toString('latin1'));
  }
  return undefined;
}

/** Whether these are the notes of one process instead of a whole machine. */
export function isOfProcess(notes: Buffer): boolean {
  for (const { type, name } of notesIn(notes)) if (name === 'CORE' && PROCESS_NOTES.includes(type)) return true;
  return false;
}

/** The `KEY=value` lines of VMCOREINFO itself, which need not end with a newline or a NUL. */
export function parseVmcoreinfo(text: string): Map<string, string> {
  const lines = untilNul(text).split('\n');
  return new Map(lines.filter((line) => line.includes('=')).map((line) => splitOnce(line, '=')));
}

function untilNul(text: string): string {
  return text.split('\0', 1)[0] as string;
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return [text.slice(0, at), text.slice(at + separator.length)];
}

/** What VMCOREINFO says of the crashed system. */
export function detailsFrom(vmcoreinfo: ReadonlyMap<string, string>): DumpDetails {
  return { vmcoreinfo, kernelRelease: vmcoreinfo.get('OSRELEASE') ?? null, machine: null, dumpLevel: null };
}
