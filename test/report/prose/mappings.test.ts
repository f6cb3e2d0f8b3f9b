/** Rights and memory attributes in words, and which attributes are the same. */

import { describe, expect, test } from 'vitest';
import { attributesInWords, bothRightsText, stageAttributesInWords } from '../../../src/report/prose/mappings.ts';
import { type MemoryType, mairType, memAttrType, sameAttributes } from '../../../src/smmu/translation/attributes.ts';
import { PRIV_EXEC, PRIV_READ, UNPRIV_READ, UNPRIV_WRITE } from '../../../src/smmu/translation/rights.ts';

const inWords = (type: MemoryType) =>
  stageAttributesInWords({ stage: 1, type, shareability: 0 }).replace(/, non-shareable$/, '');

test('rights as a list of files has them, privileged first', () => {
  expect(bothRightsText(PRIV_READ | PRIV_EXEC | UNPRIV_READ | UNPRIV_WRITE)).toBe('r-x/rw-');
});

describe('memory types', () => {
  test.each([
    [0x00, 'Device-nGnRnE'],
    [0x04, 'Device-nGnRE'],
    [0x08, 'Device-nGRE'],
    [0x0c, 'Device-GRE'],
    [0x01, 'reserved attribute 0x1'],
    [0x44, 'Normal non-cacheable'],
    [0xff, 'Normal write-back, RW allocate'],
    [0xbb, 'Normal write-through, RW allocate'],
    [0xee, 'Normal write-back, R allocate'],
    [0xcc, 'Normal write-back, no allocate'],
    [0x33, 'Normal write-through transient, RW allocate'],
    [0x77, 'Normal write-back transient, RW allocate'],
    [0x4f, 'Normal, outer non-cacheable, inner write-back, RW allocate'],
    [0x40, 'reserved attribute 0x40'],
    [0xf0, 'reserved attribute 0xf0'],
  ])('MAIR %i', (attribute, words) => {
    expect(inWords(mairType(attribute))).toBe(words);
  });

  test.each([
    [false, ['Device-nGnRnE', 'Device-nGnRE', 'Device-nGRE', 'Device-GRE']],
    [true, ['Device-nGnRnE', 'Device-nGnRE', 'Device-nGRE', 'Device-GRE']],
  ])('MemAttr 0 to 3, S2FWB %j', (fwb, words) => {
    expect([0, 1, 2, 3].map((memAttr) => inWords(memAttrType(memAttr, fwb)))).toEqual(words);
  });

  test.each([
    [5, false, 'Normal non-cacheable'],
    [10, false, 'Normal write-through'],
    [15, false, 'Normal write-back'],
    [13, false, 'Normal, outer write-back, inner non-cacheable'],
    [4, false, 'Normal, outer non-cacheable, inner reserved'],
    [4, true, 'reserved'],
    [5, true, 'Normal non-cacheable'],
    [6, true, 'Normal write-back'],
    [7, true, 'as stage 1'],
    [9, true, 'Device-nGnRE'],
    [12, true, 'reserved'],
    [13, true, 'Normal non-cacheable'],
    [15, true, 'as stage 1'],
  ])('MemAttr %i, S2FWB %j', (memAttr, fwb, words) => {
    expect(inWords(memAttrType(memAttr, fwb))).toBe(words);
  });
});

describe('attributes of a mapping', () => {
  const first = { stage: 1, type: mairType(0xff), shareability: 3 } as const;
  const second = { stage: 2, type: memAttrType(15, false), shareability: 0 } as const;

  test('are said stage by stage', () => {
    expect(attributesInWords([first, second])).toBe(
      'Normal write-back, RW allocate, inner shareable; stage 2: Normal write-back, non-shareable',
    );
    expect(attributesInWords([second])).toBe('Normal write-back, non-shareable');
    expect(attributesInWords([])).toBe('');
  });

  test('are the same exactly where the same is said of them', () => {
    const types = [
      ...Array.from({ length: 256 }, (_, mair) => mairType(mair)),
      ...[true, false].flatMap((fwb) => Array.from({ length: 16 }, (_, memAttr) => memAttrType(memAttr, fwb))),
    ];
    const all = types.flatMap((type) => [0, 2].map((shareability) => [{ stage: 1, type, shareability } as const]));
    const said = all.map(attributesInWords);
    const wrong = all.flatMap((one, i) =>
      all.filter((other, j) => sameAttributes(one, other) !== (said[i] === said[j])).map((other) => [one, other]),
    );
    expect(wrong).toEqual([]);
  });
});
