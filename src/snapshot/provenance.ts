/**
 * How the registers of a snapshot are known. What was read from the device is whole; what was reconstructed from a
 * kernel's own state may be known in some bits only, and then stands apart from those that are.
 */

import { registerNamed } from '../smmu/registers/registers.ts';
import { registerByName } from './registers.ts';
import {
  type PartialRegister,
  PROVENANCES,
  type Provenance,
  type SmmuSnapshot,
  type SnapshotWarning,
} from './snapshot.ts';
import { integerAt, type Json, objectAt, type Place, shown, shownKey } from './values.ts';

type Known = Pick<SmmuSnapshot, 'registers' | 'partial' | 'provenance'>;

/** `all` are the values as given; a bit outside of its register's mask counts for nothing, whatever it is. */
export function withProvenance(
  place: Place,
  value: Json | undefined,
  all: ReadonlyMap<string, bigint>,
  warnings: SnapshotWarning[],
): Known {
  if (value === undefined) return { registers: all };
  const registers = new Map(all);
  const partial = new Map<string, PartialRegister>();
  const provenance = new Map<string, Provenance>();
  for (const [written, entry] of Object.entries(objectAt(place, value))) {
    const at = place.key(written);
    const register = registerByName(written);
    const layout = register === undefined ? undefined : registerNamed(register);
    const given = register === undefined ? undefined : all.get(register);
    if (register === undefined || layout === undefined || given === undefined) {
      warnings.push({ place: at.path, register: shownKey(written) });
      continue;
    }
    const { how, known } = objectAt(at, entry);
    provenance.set(register, provenanceAt(at.key('how'), how));
    const whole = (1n << BigInt(8 * layout.byteLength)) - 1n;
    const mask = known === undefined ? whole : integerAt(at.key('known'), known, 8 * layout.byteLength);
    if (mask === whole) continue;
    if (WHOLE.has(register))
      at.key('known').refuse(`leaves bits of ${register} unknown; nothing can be told without them`);
    registers.delete(register);
    partial.set(register, { value: given & mask, known: mask });
  }
  return { registers, partial, provenance };
}

function provenanceAt(place: Place, value: Json | undefined): Provenance {
  const provenance = PROVENANCES.find((one) => one === value);
  return provenance ?? place.refuse(`${shown(value)} is not one of ${PROVENANCES.join(', ')}`);
}

/** The table cannot be found by a part of these. */
const WHOLE: ReadonlySet<string> = new Set(['STRTAB_BASE', 'STRTAB_BASE_CFG']);
