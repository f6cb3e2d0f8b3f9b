/**
 * The registers of one SMMU as the emulation reads them: by register and field, with a stated assumption in place of
 * every value that the snapshot lacks. Assumed values are those that let an adoption go on, so that a thin snapshot
 * still answers what the memory says; each one that was used is listed with the result.
 */

import { fieldBits, fieldOf, isKnown } from '../smmu/fields.ts';
import { isIdRegister, registerNamed } from '../smmu/registers/registers.ts';
import type { Assumed, AssumedValue, Assumption, DefaultChoice, Ground, Lack } from './assumption.ts';
import type { PartialRegister, SmmuSnapshot } from './snapshot.ts';

interface Default {
  readonly value: (registers: RegisterFile) => number;
  readonly choice: DefaultChoice;
}

const fixed = (value: number, choice: DefaultChoice): Default => ({ value: () => value, choice });

/** One entry for each field that a result depends on and that a snapshot may lack. */
export const DEFAULTS: Readonly<Record<string, Default>> = {
  'CR0.SMMUEN': fixed(1, 'in-use'),
  'GERROR.SFM_ERR': {
    value: (registers) => (registers.has('GERRORN') ? registers.field('GERRORN', 'SFM_ERR') : 0),
    choice: 'no-error',
  },
  'GERRORN.SFM_ERR': {
    value: (registers) => (registers.has('GERROR') ? registers.field('GERROR', 'SFM_ERR') : 0),
    choice: 'no-error',
  },
  'IDR0.ST_LEVEL': fixed(1, 'server-two-level'),
  'IDR0.CD2L': fixed(1, 'server-two-level-cds'),
  'IDR0.COHACC': fixed(1, 'server-coherent'),
  'IDR0.ASID16': fixed(1, 'wider'),
  'IDR0.VMID16': fixed(1, 'wider'),
  'IDR1.SIDSIZE': {
    value: (registers) => Math.min(32, registers.field('STRTAB_BASE_CFG', 'LOG2SIZE')),
    choice: 'from-log2size',
  },
  'IDR1.SSIDSIZE': fixed(20, 'largest'),
  'IDR5.OAS': fixed(6, 'largest-of-linux'),
};

/** Why a register is not there at all. */
export type RegisterLack = Exclude<Lack, 'bits'>;

/** What it means that a register is not among those of an SMMU. */
export function lackOf({ provenance }: Pick<SmmuSnapshot, 'provenance'>): RegisterLack {
  // Beside registers that were read there may be ID registers that the crashed kernel noted.
  const isItsOwn = [...(provenance?.keys() ?? [])].some((register) => !isIdRegister(register));
  return isItsOwn ? 'not-reconstructed' : 'register';
}

export class RegisterFile {
  readonly #values: ReadonlyMap<string, bigint>;
  readonly #partial: ReadonlyMap<string, PartialRegister>;
  /** Of a register that is not there. */
  readonly #lack: RegisterLack;
  readonly #assumed = new Map<string, Assumption>();

  constructor(smmu: SmmuSnapshot) {
    this.#values = smmu.registers;
    this.#partial = smmu.partial ?? new Map();
    this.#lack = lackOf(smmu);
  }

  /** Whether every bit of the register is known. */
  has(register: string): boolean {
    return this.#values.has(register);
  }

  /** The whole register as a number; null when one of its bits is not known. For those of at most 32 bits. */
  value(register: string): number | null {
    const value = this.#values.get(register);
    return value === undefined ? null : Number(value);
  }

  /** Every assumption made so far, in the order in which the values were first needed. */
  get assumptions(): readonly Assumption[] {
    return [...this.#assumed.values()];
  }

  assume(what: Assumed, value: AssumedValue, why: Ground): void {
    // Nearly all are fields, and those that are missing are asked for again and again.
    const key = what.kind === 'field' ? `${what.register}.${what.field}` : JSON.stringify(what);
    if (!this.#assumed.has(key)) this.#assumed.set(key, { what, value, why });
  }

  /** A field's value: from the snapshot, else assumed. Throws when there is neither, which is this program's mistake. */
  field(register: string, name: string): number {
    return Number(this.bits(register, name));
  }

  /** A field's value, or null when it is not known: nothing is assumed. */
  known(register: string, name: string): number | null {
    const bits = this.#bits(register, name);
    return bits === null ? null : Number(bits);
  }

  /** As `field`, for fields too wide for a number, and for addresses, which keep their bits in place. */
  bits(register: string, name: string): bigint {
    const bits = this.#bits(register, name);
    if (bits !== null) return bits;
    const key = `${register}.${name}`;
    const assumed = DEFAULTS[key];
    if (assumed === undefined) throw new Error(`no value and no default for ${key}`);
    const chosen = assumed.value(this);
    const lack = this.#partial.has(register) ? 'bits' : this.#lack;
    this.assume({ kind: 'field', register, field: name }, chosen, { kind: 'default', lack, choice: assumed.choice });
    return BigInt(chosen);
  }

  #bits(register: string, name: string): bigint | null {
    const layout = registerNamed(register);
    if (layout === undefined) return null;
    const field = fieldOf(layout, name);
    const value = this.#values.get(register);
    if (value !== undefined) return fieldBits(field, [value]);
    const partial = this.#partial.get(register);
    return partial !== undefined && isKnown(field, partial) ? fieldBits(field, [partial.value]) : null;
  }
}
