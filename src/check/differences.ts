/** Where two JSON values part. The order of keys says nothing in JSON, so it is no difference. */

/** A place (RFC 6901) with what is there; a side that has nothing there lacks its key. */
export interface Difference {
  readonly place: string;
  readonly expected?: unknown;
  readonly found?: unknown;
}

/** What a new version may change without anything being wrong. */
const IGNORED = ['/tool/version'];

/** All of them, in the order of the expected value. */
export function* differences(expected: unknown, found: unknown, place = ''): Generator<Difference> {
  if (IGNORED.includes(place)) return;
  if (Array.isArray(expected) && Array.isArray(found)) {
    for (let i = 0; i < Math.max(expected.length, found.length); i++) {
      if (i >= expected.length) yield { place: `${place}/${i}`, found: found[i] };
      else if (i >= found.length) yield { place: `${place}/${i}`, expected: expected[i] };
      else yield* differences(expected[i], found[i], `${place}/${i}`);
    }
  } else if (isObject(expected) && isObject(found)) {
    for (const [key, value] of Object.entries(expected)) {
      const at = `${place}/${step(key)}`;
      if (Object.hasOwn(found, key)) yield* differences(value, found[key], at);
      else yield { place: at, expected: value };
    }
    for (const [key, value] of Object.entries(found)) {
      if (!Object.hasOwn(expected, key)) yield { place: `${place}/${step(key)}`, found: value };
    }
  } else if (expected !== found) {
    yield { place, expected, found };
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function step(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** Line by line; a place is a line by number. */
export function* lineDifferences(expected: string, found: string): Generator<Difference> {
  const [left, right] = [expected, found].map((text) => text.split(/\r?\n/)) as [string[], string[]];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const place = `line ${i + 1}`;
    if (i >= left.length) yield { place, found: right[i] };
    else if (i >= right.length) yield { place, expected: left[i] };
    else if (left[i] !== right[i]) yield { place, expected: left[i], found: right[i] };
  }
}
