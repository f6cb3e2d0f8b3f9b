/** What FreeBSD prints of an event (sys/arm64/iommu/smmu.c): its name or number, the stream, and eight 32-bit words. */

import { EVENT_TYPES } from '../../smmu/queues/events.ts';
import type { Place } from '../event-groups.ts';
import type { SmmuState } from '../smmu-state.ts';
import { syncTimeout } from './command-errors.ts';

const LINE = /\b(smmu\d{1,4}): /;
const RECEIVED = /^Event (?:0x([0-9a-f]{1,2})|([A-Z][A-Z_0-9]{2,31}) \([^)]{0,80}\)) received/;
const STREAM = /^SID [0-9a-f]{1,8}, Input Address: [0-9a-f]{1,16}\s*$/;
const NOT_SYNCED = /^Failed to sync/;
const WORD = /^evt\[([0-7])\] ([0-9a-f]{1,8})(?![0-9a-f])/;
/** What is in memory of the STE, and registers at the reset: of no event. */
const OTHERS = /^(?:(?:L1 ste|ste\[\d\]) (?:==|=3D=3D)|\w+: SMMU_|features |Event queue|IDR|SMMU )/;

const CODES: ReadonlyMap<string, number> = new Map(EVENT_TYPES.map(({ name, code }) => [name, code]));

interface Found {
  readonly name: string;
  readonly prefix: string;
  readonly body: string;
}

export class FreeBsdLines {
  find(text: string): Found | null {
    const match = LINE.exec(text);
    if (match === null) return null;
    const body = text.slice(match.index + match[0].length);
    const isOurs = [RECEIVED, STREAM, WORD, NOT_SYNCED, OTHERS].some((pattern) => pattern.test(body));
    return isOurs ? { name: match[1] as string, prefix: text.slice(0, match.index), body } : null;
  }

  /** False: it cannot be used. */
  understand(state: SmmuState, { body }: Found, place: Place): boolean {
    const [, number, name] = RECEIVED.exec(body) ?? [];
    const code = number === undefined ? CODES.get(name ?? '') : Number.parseInt(number, 16);
    if (code !== undefined) {
      state.eventReceived(code, place);
      return true;
    }
    const [, index, value] = WORD.exec(body) ?? [];
    if (index !== undefined && value !== undefined) {
      return state.half(Number(index), Number.parseInt(value, 16), place.line);
    }
    if (NOT_SYNCED.test(body)) {
      state.commandError(syncTimeout(null, null, null), place);
      return true;
    }
    return STREAM.test(body) || OTHERS.test(body);
  }
}
