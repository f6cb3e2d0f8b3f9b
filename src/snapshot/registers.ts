/** Register names and values as people write them, brought to the architecture's names. */

import { registerNamed } from '../smmu/registers/registers.ts';
import type { SnapshotWarning } from './snapshot.ts';
import { integerAt, type Json, objectAt, type Place, shownKey } from './values.ts';

/** The register that a name means, however it is spelled; undefined for a half of one and for what is none. */
export function registerByName(written: string): string | undefined {
  const spelling = interpretName(written);
  return spelling?.half === null ? spelling.register : undefined;
}

/** Without these two there is no table to find, and nothing could be assumed in their stead. */
const REQUIRED = ['STRTAB_BASE', 'STRTAB_BASE_CFG'];

/** More than registers with all of their halves and spellings. */
const MAX_NAMES = 4096;

interface Spelling {
  readonly register: string;
  readonly bits: number;
  /** Which half of a 64-bit register, as in `STRTAB_BASE_LO`. */
  readonly half: 'low' | 'high' | null;
}

/** The registers of one SMMU by architecture name. Names that are no register's are passed over with a warning. */
export function parseRegisters(
  place: Place,
  value: Json | undefined,
  warnings: SnapshotWarning[],
): ReadonlyMap<string, bigint> {
  const whole = new Map<string, bigint>();
  const halves = new Map<string, { low?: bigint; high?: bigint }>();
  const given = Object.entries(objectAt(place, value));
  if (given.length > MAX_NAMES) place.refuse(`has ${given.length} names; an SMMU has a few dozen registers`);
  for (const [written, valueGiven] of given) {
    const at = place.key(written);
    const spelling = interpretName(written);
    if (spelling === undefined) {
      warnings.push({ place: at.path, register: shownKey(written) });
      continue;
    }
    const { register, bits, half } = spelling;
    const bitsGiven = integerAt(at, valueGiven, bits);
    if (half === null) {
      const before = whole.get(register);
      if (before !== undefined && before !== bitsGiven) at.refuse(`contradicts another value given for ${register}`);
      whole.set(register, bitsGiven);
    } else {
      const pair = halves.get(register) ?? {};
      if (pair[half] !== undefined && pair[half] !== bitsGiven) {
        at.refuse(`contradicts another value given for ${register}`);
      }
      pair[half] = bitsGiven;
      halves.set(register, pair);
    }
  }
  for (const [register, { low, high }] of halves) {
    if (low === undefined || high === undefined) {
      const [there, missing] = low === undefined ? ['HI', 'LO'] : ['LO', 'HI'];
      place.refuse(`${register}_${there} is given without ${register}_${missing}`);
    }
    const joined = (high << 32n) | low;
    if ((whole.get(register) ?? joined) !== joined) place.refuse(`${register} contradicts its _LO and _HI`);
    whole.set(register, joined);
  }
  for (const register of REQUIRED) {
    if (!whole.has(register)) place.refuse(`${register} is missing; ${REQUIRED.join(' and ')} are required`);
  }
  return whole;
}

/** `ARM_SMMU_CR0`, `smmu_cr0` and `CR0` are one register; so are the halves `X_LO` and `X_HI` of a 64-bit one. */
function interpretName(written: string): Spelling | undefined {
  const name = written.toUpperCase().replace(/^(ARM_)?SMMU_/, '');
  const exact = registerNamed(name);
  if (exact !== undefined) return { register: exact.name, bits: exact.byteLength * 8, half: null };
  const match = /^(.+)_(LO|HI)$/.exec(name);
  const wide = registerNamed(match?.[1] ?? '');
  if (wide?.byteLength !== 8) return undefined;
  return { register: wide.name, bits: 32, half: match?.[2] === 'LO' ? 'low' : 'high' };
}
