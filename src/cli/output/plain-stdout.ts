/**
 * stdout where it is a file, a pipe or a null device: Node's own stream for it does the same writes, but brings all of its
 * streams along, which take a twentieth of a small inspection's time to load. For a block device or a folder Node has a
 * stream that drops everything without a word.
 */

import { fstatSync, type Stats, writeSync } from 'node:fs';
import type { TextSink } from './io.ts';

const STDOUT = 1;
/** Of memory devices (null, full, zero), which are no terminals. */
const MEMORY_MAJOR = 1;

/** Whether it is a device of characters that is not one of memory, as terminals are, and hardly anything else is. */
export function mayBeTerminal(stat: Stats): boolean {
  return stat.isCharacterDevice() && stat.rdev >> 8 !== MEMORY_MAJOR;
}

/**
 * Puts it in the place of `process.stdout`, and says whether it did: to terminals and sockets only Node's stream knows how
 * to write.
 */
export function usePlainStdout(): boolean {
  const stat = fstatSync(STDOUT);
  const isPlain = !stat.isSocket() && !mayBeTerminal(stat);
  const nodes = Object.getOwnPropertyDescriptor(process, 'stdout');
  if (!isPlain || nodes?.get === undefined || nodes.configurable !== true) return false;
  const plain = new PlainStdout(() => nodes.get?.call(process));
  Object.defineProperty(process, 'stdout', { configurable: true, enumerable: true, get: () => plain });
  return true;
}

class PlainStdout implements TextSink {
  readonly #listeners: ((error: NodeJS.ErrnoException) => void)[] = [];
  readonly #nodes: () => NodeJS.WriteStream;
  #opened = false;

  /** `nodes` opens Node's stream. */
  constructor(nodes: () => NodeJS.WriteStream) {
    this.#nodes = nodes;
  }

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
        this.#patient().write(bytes.subarray(done), taken);
        return;
      }
      this.#fail(error as NodeJS.ErrnoException);
    }
    taken();
  }

  #patient(): NodeJS.WriteStream {
    const stream = this.#nodes();
    if (!this.#opened) stream.on('error', (error) => this.#fail(error));
    this.#opened = true;
    return stream;
  }

  #fail(error: NodeJS.ErrnoException): void {
    for (const listener of this.#listeners) listener(error);
  }
}
