/** What holds of every table of fields, whatever structure it describes: checks for `describe.each`. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeFields, encodeFields, type Field, fieldBits, type Layout } from '../../../src/smmu/fields.ts';
import { holds } from '../holds.ts';

export function wordsOf(layout: Layout): number {
  return Math.ceil(layout.byteLength / 8);
}

function covers(field: Field, word: number, bit: number): boolean {
  return field.word === word && field.lsb <= bit && bit < field.lsb + field.width;
}

/** Any set of fields of the layout with values that fit. */
function valuesOf(layout: Layout): fc.Arbitrary<Record<string, bigint>> {
  const fields = layout.fields.map((field) => {
    const bits = fc.bigInt({ min: 0n, max: (1n << BigInt(field.width)) - 1n });
    return [field.name, field.kind === 'address' ? bits.map((value) => value << BigInt(field.lsb)) : bits] as const;
  });
  return fc.record(Object.fromEntries(fields));
}

/** Tests of one layout: its fields lie inside it, share no bit, and decode what they encode. */
export function testLayout(layout: Layout): void {
  const bitsPerWord = Math.min(layout.byteLength * 8, 64);

  it('has fields of unique names that lie inside it', () => {
    const names = layout.fields.map((field) => field.name);
    const repeated = names.filter((name, index) => names.indexOf(name) !== index);
    expect(repeated, `${layout.name} has fields of the same name`).toEqual([]);
    for (const field of layout.fields) {
      const where = `${layout.name}.${field.name} at word ${field.word}, bit ${field.lsb}, ${field.width} bits`;
      expect(field.word, where).toBeLessThan(wordsOf(layout));
      expect(field.width, where).toBeGreaterThan(0);
      expect(field.lsb + field.width, where).toBeLessThanOrEqual(bitsPerWord);
      if (field.kind === 'number') expect(field.width, `${where}: a number must be exact`).toBeLessThanOrEqual(53);
    }
  });

  it('shows each bit in exactly one field, or in none when the bit is reserved', () => {
    const nameOf = ({ name }: Field) => name;
    const wrong: string[] = [];
    for (let word = 0; word < wordsOf(layout); word++) {
      for (let bit = 0; bit < bitsPerWord; bit++) {
        const words = new Array<bigint>(wordsOf(layout)).fill(0n).with(word, 1n << BigInt(bit));
        const owners = layout.fields.filter((field) => covers(field, word, bit));
        const seeing = layout.fields.filter((field) => fieldBits(field, words) !== 0n);
        const others = seeing.filter((field) => {
          const alone = 1n << BigInt(field.kind === 'address' ? bit : bit - field.lsb);
          return fieldBits(field, words) !== alone;
        });
        const [belongs, seen] = [owners.map(nameOf).join(' and '), seeing.map(nameOf).join(' and ')];
        const where = `${layout.name}, word ${word}, bit ${bit}`;
        if (owners.length > 1) wrong.push(`${where} belongs to ${belongs}`);
        if (seen !== belongs) wrong.push(`${where} is seen by ${seen || 'none'}, and belongs to ${belongs || 'none'}`);
        for (const { name } of others) wrong.push(`${where} is another as ${name}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('decodes what it encodes', () => {
    holds(
      fc.property(valuesOf(layout), (values) => {
        const decoded = decodeFields(layout, encodeFields(layout, values));
        const numbers = Object.entries(decoded).map(([name, value]) => [name, BigInt(value)]);
        expect(Object.fromEntries(numbers)).toEqual(values);
      }),
    );
  });

  it('has encodings that the field can hold', () => {
    const cannotHold = layout.fields.flatMap(({ name, width, values = {} }) =>
      Object.keys(values)
        .filter((encoding) => encoding !== 'other')
        .filter(
          (encoding) =>
            !/^\d+(-\d+)?$/.test(encoding) || encoding.split('-').some((value) => Number(value) >= 2 ** width),
        )
        .map((encoding) => `${name}, encoding ${encoding}`),
    );
    expect(cannotHold).toEqual([]);
  });
}
