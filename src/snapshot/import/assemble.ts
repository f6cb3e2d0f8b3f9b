/** Brings readings together into the registers of each SMMU. */

import { InputError } from '../../errors.ts';
import { partName } from './names.ts';
import type { Notes } from './notes.ts';
import { registerByte, SMMU_BYTES } from './register-map.ts';
import { type FiledReading, type Found, RegisterValues } from './register-values.ts';

export class Assembly {
  readonly #values: ReadonlyMap<number, RegisterValues>;
  readonly #notes: Notes;

  /** `bases` are distinct and at least 128 KiB apart. */
  constructor(bases: readonly number[], notes: Notes) {
    this.#values = new Map(bases.map((base) => [base, new RegisterValues(notes)]));
    this.#notes = notes;
  }

  /** `fileBase` is the SMMU that the whole file is about, where its user says so. */
  add(reading: FiledReading, fileBase: number | undefined): void {
    const { where, short } = reading;
    if ('address' in where) {
      const { address } = where;
      const base = [...this.#values.keys()].find((start) => start <= address && address < start + SMMU_BYTES);
      if (base !== undefined) this.#put(base, address - base, reading);
      else if (address < SMMU_BYTES) this.#putAtOffset(address, reading, fileBase);
      else this.#notes.add('outside', () => ({ kind: 'address', address }), reading);
    } else if ('offset' in where) {
      this.#putAtOffset(where.offset, reading, fileBase);
    } else {
      if (short === true && where.part.register.name.endsWith('_BASE')) {
        this.#notes.add('short', () => ({ kind: 'register', name: partName(where.part) }), reading);
      }
      this.#putAtOffset(where.part.offset, reading, fileBase);
    }
  }

  /** What was found for each base, in the order of the bases. */
  finish(): Map<number, Found> {
    return new Map([...this.#values].map(([base, values]) => [base, values.finish()]));
  }

  #putAtOffset(offset: number, reading: FiledReading, fileBase: number | undefined): void {
    const said = fileBase ?? reading.base;
    if (said !== undefined && !this.#values.has(said)) {
      this.#notes.add('outside', () => ({ kind: 'smmu', base: said }), reading);
      return;
    }
    const [only, ...others] = this.#values.keys();
    const base = said ?? (others.length === 0 ? only : undefined);
    if (base === undefined) {
      const message = 'does not say which SMMU this register is of; name its --base behind the file, as FILE@ADDRESS';
      throw new InputError('usage', message, { file: reading.file, place: reading.place });
    }
    this.#put(base, offset, reading);
  }

  #put(base: number, offset: number, reading: FiledReading): void {
    const { named } = reading;
    if (named !== undefined && registerByte(offset)?.register !== named.register) {
      this.#notes.add('name-elsewhere', () => ({ kind: 'register', name: partName(named) }), reading);
    } else this.#values.get(base)?.put(offset, reading);
  }
}
