/** The devices behind an SMMU as a snapshot lists them. */

import type { Master } from './snapshot.ts';
import { arrayAt, integerAt, type Json, objectAt, type Place, stringAt } from './values.ts';

/** In the order of the file. What is left out or null is not known. */
export function parseMasters(place: Place, value: Json | undefined): readonly Master[] {
  return arrayAt(place, value).map((entry, i) => {
    const at = place.index(i);
    const master = objectAt(at, entry);
    const text = (key: string) => optional(master[key], (given) => stringAt(at.key(key), given));
    const number = (key: string) => optional(master[key], (given) => Number(integerAt(at.key(key), given, 32)));
    return {
      sid: Number(integerAt(at.key('sid'), master['sid'], 32)),
      device: text('device'),
      driver: text('driver'),
      group: number('group'),
      domain: text('domain'),
      asid: number('asid'),
    };
  });
}

function optional<T>(value: Json | undefined, parse: (value: Json) => T): T | null {
  return value === undefined || value === null ? null : parse(value);
}
