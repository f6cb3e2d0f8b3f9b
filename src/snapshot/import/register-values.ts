/**
 * The registers of one SMMU as they come together from readings, byte by byte: halves, bytes and pairs of registers
 * read at once all fit, and two readings that differ in a byte they share contradict each other.
 */

import { InputError } from '../../errors.ts';
import { REGISTERS } from '../../smmu/registers/registers.ts';
import { hexText } from '../values.ts';
import type { Notes } from './notes.ts';
import type { Reading } from './reading.ts';
import { type RegisterByte, registerByte } from './register-map.ts';

/** A reading with its file, which is where a refusal points. */
export interface FiledReading extends Reading {
  readonly file: string;
}

interface HeldByte {
  readonly byte: number;
  readonly from: FiledReading;
}

/** What is there of a register that is not there as a whole. */
export type Part = 'half' | 'part';

export interface Found {
  /** Every register that is there as a whole, in the order of offsets. */
  readonly registers: ReadonlyMap<string, bigint>;
  /** Registers of which only a part was read. */
  readonly parts: ReadonlyMap<string, Part>;
  /** Registers that were read as a zero that says nothing, and not otherwise. */
  readonly doubtful: readonly string[];
}

export class RegisterValues {
  readonly #own = new Map<number, HeldByte>();
  readonly #alias = new Map<number, HeldByte>();
  /** Zeros of 32-bit registers that were read in blocks. */
  readonly #doubtful: { readonly place: RegisterByte; readonly reading: FiledReading }[] = [];
  /** Whether a 32-bit register was read in a block and is not zero, so that zeros read that way are values, too. */
  #blocksHold = false;
  readonly #notes: Notes;

  constructor(notes: Notes) {
    this.#notes = notes;
  }

  /** Takes a reading at an offset from the base. Refuses one that contradicts what is there. */
  put(offset: number, reading: FiledReading): void {
    for (let i = 0; i < reading.byteLength; i++) {
      const byte = Number((reading.value >> BigInt(8 * i)) & 0xffn);
      const place = registerByte(offset + i);
      const narrow = place?.register.byteLength === 4;
      if (place === undefined) {
        if (byte !== 0) this.#notes.add('no-register', () => ({ kind: 'offset', offset }), reading);
        continue;
      }
      if (narrow && reading.block === 'data' && byte !== 0) this.#blocksHold = true;
      if (narrow && reading.block === 'zero') this.#doubtful.push({ place, reading });
      else this.#keep(place, byte, reading);
    }
  }

  #keep(place: RegisterByte, byte: number, reading: FiledReading): void {
    if (place.kind !== 'mirror') keep(place.kind === 'own' ? this.#own : this.#alias, place, byte, reading);
  }

  finish(): Found {
    const registers = new Map<string, bigint>();
    const parts = new Map<string, Part>();
    if (this.#blocksHold) for (const { place, reading } of this.#doubtful) this.#keep(place, 0, reading);
    for (const { name, offset, byteLength } of REGISTERS) {
      const own = joined(this.#own, offset, byteLength);
      const alias = joined(this.#alias, offset, byteLength);
      const value = own ?? alias;
      if (value !== undefined) registers.set(name, value);
      else {
        const part = partOf(this.#own, offset, byteLength);
        if (part !== undefined) parts.set(name, part);
      }
      if (own === undefined && alias !== undefined) this.#notes.add('alias', () => ({ kind: 'register', name }));
      // Zero is what a page 0 that does not show them reads as.
      else if (alias !== undefined && alias !== own && alias !== 0n) {
        this.#notes.add('alias-differs', () => ({ kind: 'value', register: name, value: alias, byteLength }));
      }
    }
    const zeros = this.#doubtful.flatMap(({ place: { kind, register } }) => (kind === 'own' ? register.name : []));
    const doubtful = [...new Set(zeros)].filter((name) => !registers.has(name));
    for (const [name, part] of parts) this.#notes.add(part, () => ({ kind: 'register', name }));
    for (const name of doubtful) this.#notes.add('doubtful', () => ({ kind: 'register', name }));
    return { registers, parts, doubtful };
  }
}

function keep(
  held: Map<number, HeldByte>,
  { offset, register }: RegisterByte,
  byte: number,
  reading: FiledReading,
): void {
  const before = held.get(offset);
  if (before === undefined) held.set(offset, { byte, from: reading });
  else if (before.byte !== byte) {
    const { from } = before;
    const other = `${hexText(from.value, from.byteLength)} (${placeOf(from)})`;
    const message = `${hexText(reading.value, reading.byteLength)} for ${register.name} contradicts ${other}`;
    throw new InputError('snapshot', message, { file: reading.file, place: reading.place });
  }
}

/** Where a reading stands, for messages. */
function placeOf({ file, place }: FiledReading): string {
  return `${file}: ${place}`;
}

function joined(held: ReadonlyMap<number, HeldByte>, offset: number, byteLength: number): bigint | undefined {
  let value = 0n;
  for (let i = byteLength - 1; i >= 0; i--) {
    const found = held.get(offset + i);
    if (found === undefined) return undefined;
    value = (value << 8n) | BigInt(found.byte);
  }
  return value;
}

function partOf(held: ReadonlyMap<number, HeldByte>, offset: number, byteLength: number): Part | undefined {
  const there = Array.from({ length: byteLength }, (_, i) => held.has(offset + i));
  if (!there.includes(true)) return undefined;
  const [lower, upper] = [there.slice(0, 4), there.slice(4)];
  const whole = (half: readonly boolean[]) => !half.includes(false);
  return byteLength === 8 && whole(lower) !== whole(upper) && there.filter(Boolean).length === 4 ? 'half' : 'part';
}
