/** A process that searches parts of a dump for this one. */

import { answerWith, LineProcess } from '../../line-process.ts';
import type { FoundInPart } from './search-worker.ts';

export class Searcher {
  readonly #process: LineProcess;
  #isGone = false;
  #answer: ((line: string | null) => void) | null = null;

  /** `command` starts it; `opening` is the first line that it is told, as JSON. */
  constructor(command: readonly string[], opening: unknown) {
    this.#process = new LineProcess(command, {
      line: (text) => this.#answer?.(text),
      gone: () => {
        this.#isGone = true;
        this.#answer?.(null);
      },
    });
    this.#process.tell(JSON.stringify(opening));
  }

  /** What it answers, one at a time; null once it has ended, or said what is no answer. */
  async ask(value: unknown): Promise<FoundInPart | null> {
    if (this.#isGone) return null;
    const line = await new Promise<string | null>((resolve) => {
      this.#answer = resolve;
      this.#process.tell(JSON.stringify(value));
    });
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
