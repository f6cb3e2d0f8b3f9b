/**
 * Text of any code points. fast-check has an arbitrary for it, whose first use in a process builds a table of all 1.1
 * million of them.
 */

import fc from 'fast-check';

const isSurrogate = (value: number) => value >= 0xd800 && value < 0xe000;

/** Any code point but a surrogate. */
export const anyCharacter = fc
  .oneof(fc.nat(0x7f), fc.nat(0xffff), fc.nat(0x10_ffff))
  .filter((value) => !isSurrogate(value))
  .map((value) => String.fromCodePoint(value));

/** Up to ten code points, none of them a surrogate. */
export function anyText(): fc.Arbitrary<string> {
  return fc.array(anyCharacter, { maxLength: 10 }).map((characters) => characters.join(''));
}
