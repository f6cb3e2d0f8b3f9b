/**
 * What a shell log of `devmem` (busybox) or `devmem2` holds. Neither prints the address beside the value as one would
 * like: busybox prints the value alone, so the command before it says where, and people log all kinds of labels.
 */

import { type Line, linesOf } from './lines.ts';
import { fitting, lineExample, readListLine } from './list.ts';
import { registerPart } from './names.ts';
import type { Notes } from './notes.ts';
import { type At, parseHex, type Reading, type Where, widthOfDigits } from './reading.ts';

/** `devmem2`: the width stands in the command, the address in the answer, too. */
const ANSWER = /^(?:Value|Read) at address\s+(?:0x)?([0-9a-f]{1,16})\s*(?:\([^)]*\)\s*)?:\s*(0x[0-9a-f]+)$/i;
const COMMAND =
  /(?:^|[\s/])devmem2?\s+(0x[0-9a-f]{1,16}|[1-9][0-9]{0,19}|[a-z]\w*)(?:\s+(8|16|32|64|[bhwl]))?\s*(.*)$/i;
const VALUE_BEHIND = /^(?:[:=]|[-=]>)?\s*(0x[0-9a-f]+)$/i;
const VALUE_ALONE = /^(0x[0-9a-f]+)$/i;
const NOISE = /^(\/dev\/mem opened|Memory mapped at address)\b/i;
const LABEL = /^\/dev\/mem[\s:]+/;

const BYTES: Readonly<Record<string, number>> = { 8: 1, b: 1, 16: 2, h: 2, 32: 4, w: 4, 64: 8, l: 8 };

interface Command {
  readonly where: Where;
  readonly byteLength: number | undefined;
}

export function* readDevmem(text: string, file: string, notes: Notes): Generator<Reading> {
  let asked: Command | undefined;
  for (const line of linesOf(text)) {
    if (NOISE.test(line.text)) continue;
    const place = `line ${line.number}`;
    const at = { file, place };
    const command = COMMAND.exec(line.text);
    if (command !== null) {
      asked = commandOf(command);
      const behind = command[3] as string;
      const value = VALUE_BEHIND.exec(behind)?.[1];
      if (asked === undefined || (behind !== '' && value === undefined)) {
        notes.add('unread-line', () => lineExample(at, line.text));
        asked = undefined;
      } else if (value !== undefined) {
        yield answered(asked, value, at);
        asked = undefined;
      }
      continue;
    }
    const answer = ANSWER.exec(line.text);
    const [, value] = VALUE_ALONE.exec(line.text) ?? [];
    if (answer !== null) {
      const where = addressOf(answer[1] as string, asked);
      yield answered({ where, byteLength: asked?.byteLength }, answer[2] as string, at);
    } else if (value !== undefined && asked !== undefined) {
      yield answered(asked, value, at);
    } else {
      yield* readListLine(withoutLabel(line), file, notes);
    }
    asked = undefined;
  }
}

function commandOf([, where = '', width]: RegExpExecArray): Command | undefined {
  const byteLength = width === undefined ? undefined : BYTES[width.toLowerCase()];
  if (/^[0-9]/.test(where)) return { where: { address: Number(where) }, byteLength };
  const part = registerPart(where);
  return part && { where: { part }, byteLength: byteLength ?? part.byteLength };
}

function answered({ where, byteLength: asked }: Command, value: string, at: At): Reading {
  const printed = widthOfDigits(value);
  // Where a long has 64 bits, some builds of devmem2 read as many for w.
  const byteLength = asked === undefined || (asked === 4 && printed === 8) ? printed : asked;
  return { where, value: fitting(parseHex(value, at), byteLength, at), byteLength, place: at.place };
}

/** devmem2 prints no more than 32 bits of an address; the command before it has all of them. */
function addressOf(answer: string, asked: Command | undefined): Where {
  const address = Number(`0x${answer}`);
  const whole = asked !== undefined && 'address' in asked.where ? asked.where.address : address;
  return { address: whole % 2 ** 32 === address ? whole : address };
}

function withoutLabel({ number, text }: Line): Line {
  return { number, text: text.replace(LABEL, '') };
}
