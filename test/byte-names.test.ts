/** Names of bytes that are no text: nothing of them is lost, and two that differ are shown so. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nameOfBytes, onDisk } from '../src/byte-names.ts';
import { visible } from '../src/visible-text.ts';
import { holds } from './support/holds.ts';

test('every name has its bytes back', () => {
  holds(
    fc.property(fc.uint8Array({ maxLength: 40 }), (given) => {
      const bytes = Buffer.from(given);
      expect(Buffer.from(onDisk(nameOfBytes(bytes)))).toEqual(bytes);
    }),
  );
});

test.each<[string, number[], string]>([
  ['text', [...Buffer.from('d\u00fcmp \u{1f480}')], 'd\u00fcmp \u{1f480}'],
  ['a byte that is none', [0x61, 0xff, 0x62], 'a\\xffb'],
  ['a character that is cut off', [0xe2, 0x82], '\\xe2\\x82'],
  ['one that is longer than it need be', [0xc0, 0xaf], '\\xc0\\xaf'],
  ['half a surrogate pair', [0xed, 0xb3, 0xbf], '\\xed\\xb3\\xbf'],
  ['the character that stands for lost ones', [0xef, 0xbf, 0xbd], '\ufffd'],
  ['Latin 1', [0x64, 0xfc, 0x6d, 0x70], 'd\\xfcmp'],
  ['what a terminal obeys', [0x9b, 0x31, 0x6d], '\\x9b1m'],
])('%s is shown as it is, or by its bytes', (_, bytes, shown) => {
  expect(visible(nameOfBytes(Buffer.from(bytes)))).toBe(shown);
});
