/** What plausibility checks ask of a set of registers. What is not there is undefined, so no check can take it for zero. */

import { type Field, fieldBits } from '../../smmu/fields.ts';
import { registerNamed } from '../../smmu/registers/registers.ts';
import type { Remark } from './remark.ts';

export type Registers = ReadonlyMap<string, bigint>;

export type Check = (registers: Registers) => Remark[];

/** A field of at most 53 bits of a register by name; undefined where the register was not captured. */
export function fieldValue(registers: Registers, name: string, field: string): number | undefined {
  const value = registers.get(name);
  const layout = fieldNamed(name, field);
  return value === undefined || layout === undefined ? undefined : Number(fieldBits(layout, [value]));
}

/** The fields of `name` that have another value in the register that mirrors it. None when one of the two is missing. */
export function fieldsThatDiffer(registers: Registers, name: string, mirror: string): readonly Field[] {
  const [value, mirrored] = [registers.get(name), registers.get(mirror)];
  if (value === undefined || mirrored === undefined) return [];
  return (registerNamed(name)?.fields ?? []).filter(
    (field) => fieldBits(field, [value]) !== fieldBits(field, [mirrored]),
  );
}

function fieldNamed(name: string, field: string): Field | undefined {
  return registerNamed(name)?.fields.find((candidate) => candidate.name === field);
}
