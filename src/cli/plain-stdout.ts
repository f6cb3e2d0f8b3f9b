/**
 * stdout where it is a file, a pipe or a null device: Node's own stream for it does the same writes, but brings all of its
 * streams along, which take as long to load as a twentieth of a small inspection.
 */

import { fstatSync, writeSync } from 'node:fs';
import type { TextSink } from './io.ts';

const STDOUT = 1;
/** Of memory devices (null, full, zero), which are no terminals. */
const MEMORY_MAJOR = 1;

/** Null where only Node's stream knows how to write: to terminals and sockets. */
export function plainStdout(): TextSink | null {
  const stat = fstatSync(STDOUT);
  const isPlain = stat.isFile() || stat.isFIFO() || (stat.isCharacterDevice() && stat.rdev >> 8 === MEMORY_MAJOR);
  return isPlain ? new PlainStdout() : null;
}

class PlainStdout implements TextSink {
  readonly #listeners: ((error: NodeJS.ErrnoException) => void)[] = [];

  on(_event: 'error', listener: (error: NodeJS.ErrnoException) => void): void {
    this.#listeners.push(listener);
  }

  write(text: string, taken: () => void = () => {}): void {
    const bytes = Buffer.from(text);
    let done = 0;
    try {
      while (done < bytes.byteLength) done += writeSync(STDOUT, bytes, done);
    } catch (error) {
      // Somebody else has set the pipe not to wait: Node's stream comes back when there is room.
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') {
        process.stdout.write(bytes.subarray(done), taken);
        return;
      }
      for (const listener of this.#listeners) listener(error as NodeJS.ErrnoException);
    }
    taken();
  }
}
