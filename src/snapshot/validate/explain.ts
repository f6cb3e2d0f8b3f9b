/** `smmu-adopt regs validate` as plain data: what a snapshot says, field by field, and what is to be said about it. */

import { decodeFields, type Field, type FieldValue, isKnown, meaningOf } from '../../smmu/fields.ts';
import { REGISTERS, type Register } from '../../smmu/registers/registers.ts';
import type { CaptureMoment, Provenance, SmmuSnapshot, Snapshot, SnapshotWarning } from '../snapshot.ts';
import { type Missing, missingRegisters } from './missing.ts';
import { plausibility } from './plausibility.ts';
import type { Remark } from './remark.ts';

export interface ExplainedSnapshot {
  readonly schemaVersion: 1;
  readonly file: string;
  readonly usable: boolean;
  readonly captured: CaptureMoment;
  readonly remarks: readonly Remark[];
  /** Names in the file that are no register's. */
  readonly unknown: readonly SnapshotWarning[];
  readonly smmus: readonly ExplainedSmmu[];
}

export interface ExplainedSmmu {
  readonly name: string;
  readonly base: number | null;
  readonly firmwareCoherent: boolean | null;
  readonly remarks: readonly Remark[];
  readonly missing: readonly Missing[];
  readonly registers: Readonly<Record<string, ExplainedRegister>>;
}

export interface ExplainedRegister {
  readonly value: bigint;
  readonly byteLength: number;
  /** From register page 0. */
  readonly offset: number;
  readonly meaning: string;
  /** How its value is known: `hardware` where the snapshot does not say. */
  readonly how: Provenance;
  /** The mask of the bits that are known, or null for all of them. */
  readonly known: bigint | null;
  /** Those that are known. */
  readonly fields: Readonly<Record<string, ExplainedField>>;
  /** Bits that are set and that no field names, or null. */
  readonly reserved: bigint | null;
}

export interface ExplainedField {
  /** A bigint of an address. */
  readonly value: FieldValue;
  readonly meaning: string;
  /** What this value means, where the architecture enumerates them. */
  readonly says: string | null;
}

/** Every register of a snapshot decoded, what is missing and what that costs, and what is striking. */
export function explainSnapshot({ name, captured, warnings, smmus }: Snapshot): ExplainedSnapshot {
  const explained = smmus.map(explainSmmu);
  const unusable = explained.some(({ remarks }) => remarks.some(({ severity }) => severity === 'unusable'));
  const remarks = momentRemarks(captured);
  const usable = !unusable;
  return { schemaVersion: 1, file: name, usable, captured, remarks, unknown: warnings, smmus: explained };
}

function momentRemarks(moment: CaptureMoment): Remark[] {
  if (moment === 'before-kdump-probe') return [];
  const severity = moment === 'after-kdump-probe' ? 'warning' : 'note';
  return [{ severity, what: { kind: 'captured', moment } }];
}

function explainSmmu(smmu: SmmuSnapshot): ExplainedSmmu {
  const { name, base, firmwareCoherent, registers } = smmu;
  return {
    name,
    base,
    firmwareCoherent,
    remarks: plausibility(registers),
    missing: missingRegisters(smmu),
    registers: Object.fromEntries(
      REGISTERS.flatMap((register) => {
        const some = smmu.partial?.get(register.name);
        const value = registers.get(register.name) ?? some?.value;
        if (value === undefined) return [];
        const how = smmu.provenance?.get(register.name) ?? 'hardware';
        return [[register.name, explainRegister(register, value, how, some?.known ?? null)]];
      }),
    ),
  };
}

function explainRegister(register: Register, value: bigint, how: Provenance, known: bigint | null): ExplainedRegister {
  const decoded = decodeFields(register, [value]);
  const reserved = value & ~register.fields.reduce((mask, field) => mask | maskOf(field), 0n);
  const fields = register.fields.filter((field) => known === null || isKnown(field, { known }));
  return {
    value,
    byteLength: register.byteLength,
    offset: register.offset,
    meaning: register.meaning,
    how,
    known,
    fields: Object.fromEntries(
      fields.map((field) => {
        const { name, meaning } = field;
        const bits = decoded[name] as FieldValue;
        return [
          name,
          {
            value: bits,
            meaning,
            says: typeof bits === 'number' ? (meaningOf(field, bits) ?? null) : null,
          },
        ];
      }),
    ),
    reserved: reserved === 0n ? null : reserved,
  };
}

function maskOf({ lsb, width }: Field): bigint {
  return ((1n << BigInt(width)) - 1n) << BigInt(lsb);
}
