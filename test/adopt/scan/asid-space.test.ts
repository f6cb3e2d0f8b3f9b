/** Which ASIDs are taken when one SMMU after the other probes. */

import { describe, expect, test } from 'vitest';
import { AsidSpace } from '../../../src/adopt/scan/asid-space.ts';

const owners = (space: AsidSpace, asids: readonly number[]) => asids.map((asid) => space.ownerOf(asid));

describe('one set of ASIDs', () => {
  test('domains get the lowest that are free, and those of a scan are not', () => {
    const space = new AsidSpace();
    space.reserve([1, 3]);
    space.giveOut('first', 2, 16);
    space.giveOut('second', 1, 16);
    expect(owners(space, [1, 2, 3, 4, 5, 6])).toEqual([null, 'first', null, 'first', 'second', null]);
  });

  test('where ASIDs have 8 bits there are 255', () => {
    const space = new AsidSpace();
    space.giveOut('first', 1000, 8);
    expect(owners(space, [0, 1, 255, 256])).toEqual([null, 'first', 'first', null]);
    space.giveOut('second', 1, 16);
    expect(owners(space, [256])).toEqual(['second']);
  });

  test('what a scan can tell apart is which ones domains have', () => {
    const [one, other] = [new AsidSpace(), new AsidSpace()];
    one.reserve([7]);
    expect(one.signature).toBe(other.signature);
    one.giveOut('first', 1, 16);
    expect(one.signature).not.toBe(other.signature);
  });
});
