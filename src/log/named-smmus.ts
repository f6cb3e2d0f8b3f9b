/** Which SMMU is a message of? A log may be of several machines, on which SMMUs have the same names. */

import { deviceAt } from './messages/driver-name.ts';
import { SmmuState } from './smmu-state.ts';

/** More than any machine has. */
const MAX_SMMUS = 1 << 14;

export class NamedSmmus {
  readonly #byName = new Map<string, SmmuState>();
  /** The SMMU of the last message: most often also that of the next. */
  #latest: SmmuState | null = null;
  /** Messages that named one more than are kept. */
  #refused = 0;

  get all(): SmmuState[] {
    return [...this.#byName.values()];
  }

  get latest(): SmmuState | null {
    return this.#latest;
  }

  get refused(): number {
    return this.#refused;
  }

  /**
   * The one whose name is at that place of a line; null where there is no name. `host` is the machine that the line names,
   * null where it names none.
   */
  at(text: string, at: number, host: string | null): SmmuState | null {
    const name = this.#latest?.name ?? '';
    if (name !== '' && text.startsWith(name, at) && text.charCodeAt(at + name.length) === 0x3a) {
      const next = text.charCodeAt(at + name.length + 1);
      const isBlank = Number.isNaN(next) || next === 0x20 || next === 0x09;
      if (isBlank && host === (this.#latest?.host ?? null)) return this.#latest;
    }
    const found = deviceAt(text, at);
    return found === null ? null : this.of(found.name, 'linux', host);
  }

  /** `name` is null for messages whose beginning was cut off. Null where there are more SMMUs than any machine has. */
  of(name: string | null, system: SmmuState['system'], host: string | null): SmmuState | null {
    const first = this.#byName.get(name ?? '');
    // The first machine has the plain name, and what names no machine is of it.
    const key =
      first === undefined || host === null || (first.host ?? host) === host ? (name ?? '') : `${host} ${name}`;
    let state = this.#byName.get(key);
    if (state === undefined) {
      if (this.#byName.size >= MAX_SMMUS) {
        this.#refused += 1;
        return null;
      }
      const kept = name === null ? null : copied(name);
      state = new SmmuState(kept, system);
      this.#byName.set(key === name ? (kept ?? '') : copied(key), state);
    }
    state.host ??= host === null ? null : copied(host);
    this.#latest = state;
    return state;
  }
}

/** A string that keeps nothing of the log's text in memory. */
function copied(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}
