/**
 * What does a log say that names no SMMU and matters to them? Which devices there are and what is said of them, which domains
 * they get, and how many messages the kernel left out.
 */

import { DeviceMessages } from './device-messages.ts';
import type { Place } from './event-groups.ts';
import type { DomainFacts, KernelLog, SmmuLog } from './facts.ts';
import { domainFactsIn } from './messages/core-messages.ts';
import { deviceMessageIn } from './messages/device-messages.ts';
import { suppressedIn } from './messages/suppressed.ts';

const ADDED = ': Adding to iommu group ';
const DEVICE_ADDED = /(?:^|\s)(\S{1,128})$/;
const MAX_DEVICES = 1 << 14;

/** Where the line stands. */
interface LineScene {
  /** Of a message with `prefix` in front of it. */
  placeBehind(prefix: string): Place;
  /** A copy that does not keep the log in memory. */
  kept(text: string): string;
}

type LeftOut = Pick<SmmuLog['lost'], 'suppressed' | 'suppressedTimeouts'>;

export class OtherLines {
  readonly #devices = new Set<string>();
  readonly #messages = new DeviceMessages();
  #domains: DomainFacts = { type: null, invalidation: null };
  #suppressed = 0;
  #suppressedTimeouts = 0;
  /** Lines that are of an SMMU, though they do not say of which. */
  smmuLines = 0;

  /** Whether the line is one of these. */
  take(text: string, scene: LineScene): boolean {
    return (
      this.#takeAdded(text, scene) ||
      this.#takeSuppressed(text) ||
      this.#takeMessage(text, scene) ||
      this.#takeDomains(text, scene)
    );
  }

  get facts(): Pick<
    KernelLog,
    'suppressed' | 'suppressedTimeouts' | 'devices' | 'domains' | 'deviceMessages' | 'deviceMessagesNotListed'
  > {
    return {
      suppressed: this.#suppressed,
      suppressedTimeouts: this.#suppressedTimeouts,
      devices: [...this.#devices],
      domains: this.#domains,
      deviceMessages: this.#messages.all,
      deviceMessagesNotListed: this.#messages.notListed,
    };
  }

  /** What was left out of each of so many SMMUs. The kernel counts for all together; nothing left out is nothing of each. */
  leftOutOfEach(smmus: number): LeftOut {
    if (smmus > 1 && this.#suppressed > 0) return { suppressed: null, suppressedTimeouts: null };
    return { suppressed: this.#suppressed, suppressedTimeouts: this.#suppressedTimeouts };
  }

  #takeAdded(text: string, { kept }: LineScene): boolean {
    const at = text.indexOf(ADDED);
    const device = at < 0 ? undefined : DEVICE_ADDED.exec(text.slice(Math.max(0, at - 200), at))?.[1];
    if (device !== undefined && this.#devices.size < MAX_DEVICES) this.#devices.add(kept(device));
    return device !== undefined;
  }

  #takeSuppressed(text: string): boolean {
    const found = suppressedIn(text);
    if (found === null) return false;
    this.#suppressed += found.count;
    if (found.what === 'timeouts') this.#suppressedTimeouts += found.count;
    this.smmuLines += 1;
    return true;
  }

  #takeMessage(text: string, { placeBehind, kept }: LineScene): boolean {
    const found = deviceMessageIn(text);
    if (found === null) return false;
    this.#messages.add(found, placeBehind(text.slice(0, text.length - found.text.length)), kept);
    return true;
  }

  #takeDomains(text: string, { kept }: LineScene): boolean {
    const found = domainFactsIn(text);
    if (found === null) return false;
    for (const [key, value] of Object.entries(found)) this.#domains = { ...this.#domains, [key]: kept(value) };
    return true;
  }
}
