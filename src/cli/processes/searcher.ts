/** A process that searches parts of a dump for this one. */

import { answerWith, LineProcess } from '../../line-process.ts';
import type { FoundInPart } from './search-worker.ts';

/** One part takes half a second, and opening a large dump some; a process that could start no threads of its own may wait for ever. */
const PATIENCE_MS = 30_000;

export class Searcher {
  readonly #process: LineProcess;
  readonly #patience: number;
  #isGone = false;
  #answer: ((line: string | null) => void) | null = null;

  /** `command` starts it; `opening` is the first line that it is told, as JSON. It is waited for so many milliseconds. */
  constructor(command: readonly string[], opening: unknown, patience = PATIENCE_MS) {
    this.#patience = patience;
    this.#process = new LineProcess(command, {
      line: (text) => this.#answer?.(text),
      gone: () => {
        this.#isGone = true;
        this.#answer?.(null);
      },
    });
    this.#process.tell(JSON.stringify(opening));
  }

  /** What it answers, one at a time; null once it has ended, said what is no answer, or says nothing for too long. */
  async ask(value: unknown): Promise<FoundInPart | null> {
    if (this.#isGone) return null;
    let timer: NodeJS.Timeout | undefined;
    const line = await new Promise<string | null>((resolve) => {
      this.#answer = resolve;
      timer = setTimeout(resolve, this.#patience, null);
      this.#process.tell(JSON.stringify(value));
    });
    clearTimeout(timer);
    this.#answer = null;
    const answer = line === null ? null : answerWith<FoundInPart>('found', line);
    if (answer !== null) return answer;
    this.close();
    this.#isGone = true;
    return null;
  }

  close(): void {
    this.#process.kill();
  }
}
