/** Which devices does a log speak of, and how often does it say the same of one? */

import { Counter, type Place } from './event-groups.ts';
import type { DeviceMessage } from './facts.ts';
import type { FoundDeviceMessage } from './messages/device-messages.ts';

/** More than anybody reads. */
const MAX_MESSAGES = 1000;

export class DeviceMessages {
  readonly #messages = new Map<string, FoundDeviceMessage & { readonly counter: Counter }>();
  /** Beyond the most that are kept. */
  notListed = 0;

  /** `kept` makes copies that do not keep the log in memory. */
  add(found: FoundDeviceMessage, place: Place, kept: (text: string) => string): void {
    // As it is kept, so that what is too long to be kept whole is found again.
    const key = kept(`${place.boot} ${found.device} ${found.text}`);
    const there = this.#messages.get(key);
    if (there !== undefined) there.counter.again(place);
    else if (this.#messages.size >= MAX_MESSAGES) this.notListed += 1;
    else {
      const { kind, sid, device, text } = found;
      const copy = { kind, sid, device: device === null ? null : kept(device), text: kept(text) };
      this.#messages.set(key, { ...copy, counter: new Counter(place) });
    }
  }

  get all(): DeviceMessage[] {
    return [...this.#messages.values()].map(({ counter, ...found }) => ({ ...found, ...counter.occurrence }));
  }
}
