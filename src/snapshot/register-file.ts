/**
 * The registers of one SMMU as the emulation reads them: by register and field, with a stated assumption in place of
 * every value that the snapshot lacks. Assumed values are those that let an adoption go on, so that a thin snapshot
 * still answers what the memory says; each one that was used is listed with the result.
 */

import { fieldBits, fieldOf } from '../smmu/fields.ts';
import { registerNamed } from '../smmu/registers.ts';
import type { SmmuSnapshot } from './snapshot.ts';

export interface Assumption {
  readonly what: string;
  readonly value: string;
  readonly why: string;
}

const MISSING = 'register missing from the snapshot';

interface Default {
  readonly value: (registers: RegisterFile) => number;
  readonly why: string;
}

const fixed = (value: number, why: string): Default => ({ value: () => value, why: `${MISSING}; ${why}` });

/** One entry for each field that a result depends on and that a snapshot may lack. */
export const DEFAULTS: Readonly<Record<string, Default>> = {
  'CR0.SMMUEN': fixed(1, 'a snapshot is taken of an SMMU that was in use'),
  'GERROR.SFM_ERR': {
    value: (registers) => (registers.has('GERRORN') ? registers.field('GERRORN', 'SFM_ERR') : 0),
    why: `${MISSING}; no error taken to be active`,
  },
  'GERRORN.SFM_ERR': {
    value: (registers) => (registers.has('GERROR') ? registers.field('GERROR', 'SFM_ERR') : 0),
    why: `${MISSING}; no error taken to be active`,
  },
  'IDR0.ST_LEVEL': fixed(1, 'server SMMUs have two-level stream tables'),
  'IDR0.CD2L': fixed(1, 'server SMMUs have two-level CD tables'),
  'IDR0.COHACC': fixed(1, 'server SMMUs are coherent'),
  'IDR0.ASID16': fixed(1, 'the wider choice'),
  'IDR0.VMID16': fixed(1, 'the wider choice'),
  'IDR1.SIDSIZE': {
    value: (registers) => Math.min(32, registers.field('STRTAB_BASE_CFG', 'LOG2SIZE')),
    why: `${MISSING}; Linux programs LOG2SIZE from SIDSIZE`,
  },
  'IDR1.SSIDSIZE': fixed(20, 'the largest there is'),
  'IDR5.OAS': fixed(6, 'the largest that Linux handles'),
};

export class RegisterFile {
  readonly #values: ReadonlyMap<string, bigint>;
  readonly #assumed = new Map<string, Assumption>();

  constructor(smmu: SmmuSnapshot) {
    this.#values = smmu.registers;
  }

  has(register: string): boolean {
    return this.#values.has(register);
  }

  /** The whole register as a number; null when the snapshot lacks it. For those of at most 32 bits. */
  value(register: string): number | null {
    const value = this.#values.get(register);
    return value === undefined ? null : Number(value);
  }

  /** Every assumption made so far, in the order in which the values were first needed. */
  get assumptions(): readonly Assumption[] {
    return [...this.#assumed.values()];
  }

  assume(what: string, value: string, why: string): void {
    if (!this.#assumed.has(what)) this.#assumed.set(what, { what, value, why });
  }

  /** A field's value: from the snapshot, else assumed. Throws when there is neither, which is this program's mistake. */
  field(register: string, name: string): number {
    return Number(this.bits(register, name));
  }

  /** The same for fields too wide for a number, and for addresses, which keep their bits in place. */
  bits(register: string, name: string): bigint {
    const layout = registerNamed(register);
    const value = this.#values.get(register);
    if (layout !== undefined && value !== undefined) return fieldBits(fieldOf(layout, name), [value]);
    const key = `${register}.${name}`;
    const assumed = DEFAULTS[key];
    if (assumed === undefined) throw new Error(`no value and no default for ${key}`);
    const chosen = assumed.value(this);
    this.assume(key, String(chosen), assumed.why);
    return BigInt(chosen);
  }
}
