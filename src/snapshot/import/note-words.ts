/** Notes of an import in words, for its messages and its refusals. */

import { hex } from '../../hex.ts';
import { hexText, quote } from '../values.ts';
import type { Note, Noted } from './notes.ts';

/** `CR0 (regs.txt: line 3)`. */
export function noteInWords({ what, file, place }: Note): string {
  if (what.kind === 'here') return `${place === '' ? 'its whole content' : place} (${file})`;
  const at = place === undefined ? file : `${file}: ${place}`;
  return at === undefined ? notedInWords(what) : `${notedInWords(what)} (${at})`;
}

function notedInWords(what: Exclude<Noted, { kind: 'here' }>): string {
  switch (what.kind) {
    case 'line':
      return quote(what.text);
    case 'digits':
      return what.digits.marked ? `0x${what.digits.text}` : what.digits.text;
    case 'register':
      return what.name;
    case 'value':
      return `${what.register} (${hexText(what.value, what.byteLength)})`;
    case 'address':
      return hex(what.address);
    case 'offset':
      return `offset ${hex(what.offset)}`;
    case 'smmu':
      return `the SMMU at ${hex(what.base)}`;
  }
}
