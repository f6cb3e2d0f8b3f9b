/** How text is written: in pieces worth a system call, and to files that only their owner can read, as dumps hold secrets. */

import { closeSync, constants, fchmodSync, fstatSync, ftruncateSync, openSync, statSync, writeSync } from 'node:fs';
import { onDisk } from '../../byte-names.ts';
import { InputError } from '../../errors.ts';
import { escapeText } from '../../report/escape.ts';
import { TOOL } from '../../version.ts';
import { descriptorNamed } from './descriptor.ts';

/** Enough to make the number of write calls small. */
const BUFFER_LENGTH = 1 << 16;

/** Joins small pieces, so that each write is worth its system call. */
export function* buffered(pieces: Iterable<string>): Generator<string> {
  let buffer = '';
  for (const piece of pieces) {
    buffer += piece;
    if (buffer.length < BUFFER_LENGTH) continue;
    yield buffer;
    buffer = '';
  }
  if (buffer !== '') yield buffer;
}

/** The refusal for a file, or stdout, that could not be written. */
export function cannotWrite(file: string, cause: unknown): InputError {
  const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
  return new InputError('file', `cannot be written (${code})`, { file, cause });
}

/**
 * Writes to a file, readable by its owner only, or to a pipe that has a reader, no faster than it reads. What is open already
 * (/dev/fd/3) is written on, from where it stands. Refuses to overwrite one of `inputs`.
 */
export async function writeToFile(path: string, pieces: Iterable<string>, inputs: readonly string[]): Promise<void> {
  try {
    const open = descriptorNamed(path);
    // Without O_TRUNC: what is there stays until it is known not to be an input.
    const flags = constants.O_WRONLY | constants.O_CREAT | (constants.O_NONBLOCK ?? 0);
    const descriptor = open ?? openSync(onDisk(path), flags, 0o600);
    try {
      const target = fstatSync(descriptor);
      const same = inputs.find((input) => {
        const stat = statSync(onDisk(input), { throwIfNoEntry: false });
        return stat?.dev === target.dev && stat.ino === target.ino;
      });
      if (same !== undefined) throw new InputError('usage', 'is an input; --output would overwrite it', { file: path });
      if (open === null && target.isFile()) {
        fchmodSync(descriptor, 0o600);
        ftruncateSync(descriptor);
      }
      for (const piece of buffered(pieces)) await writeAll(descriptor, Buffer.from(piece));
    } finally {
      if (open === null) closeSync(descriptor);
    }
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    throw cannotWrite(path, cause);
  }
}

async function writeAll(descriptor: number, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.byteLength; ) {
    try {
      done += writeSync(descriptor, bytes, done);
    } catch (cause) {
      // O_NONBLOCK holds for writing too: a full pipe says so instead of waiting for its reader.
      if ((cause as NodeJS.ErrnoException).code !== 'EAGAIN') throw cause;
      await new Promise((resolve) => setTimeout(resolve, FULL_PIPE_MS));
    }
  }
}

/** A reader takes what a pipe holds in less. */
const FULL_PIPE_MS = 5;

/** What goes wrong, in one line, whatever stands in the file names and values that it quotes. */
export function complaint(message: string): string {
  return `${TOOL.name}: ${escapeText(message.trimEnd().replace(/\n/g, ' '))}\n`;
}
