/** What a snapshot lacks, and what that costs: an assumption in its stead, or something that cannot be told. */

import { registerNamed } from '../../smmu/registers.ts';
import { DEFAULTS, RegisterFile } from '../register-file.ts';
import type { SmmuSnapshot } from '../snapshot.ts';

export interface Missing {
  /** Registers, or what else is missing. */
  readonly what: string;
  readonly cost: string;
  /** Values that the emulation takes in their stead. */
  readonly assumed: readonly { readonly field: string; readonly value: string; readonly why: string }[];
}

/** Registers that nothing is assumed of. Those of one row are of use only together. */
const UNKNOWABLE: readonly [registers: readonly string[], cost: string][] = [
  [['CR0ACK'], 'whether a change of CR0 was in progress cannot be told'],
  [['GBPA'], 'whether traffic is aborted or passes while the SMMU is off cannot be told'],
  [['CMDQ_BASE', 'CMDQ_PROD', 'CMDQ_CONS'], 'commands that were waiting cannot be told'],
  [['EVENTQ_BASE', 'EVENTQ_PROD', 'EVENTQ_CONS'], 'events that were waiting cannot be told'],
  [['PRIQ_BASE', 'PRIQ_PROD', 'PRIQ_CONS'], 'page requests that were waiting cannot be told'],
];

/** IDR0.PRI. */
const PRI = 1n << 16n;

/**
 * What one SMMU of a snapshot lacks: registers that are assumed, those that nothing can be assumed of, and firmware's
 * word.
 */
export function missingRegisters(smmu: SmmuSnapshot): Missing[] {
  return [...assumedRegisters(smmu), ...unknowable(smmu), ...firmware(smmu)];
}

function assumedRegisters(smmu: SmmuSnapshot): Missing[] {
  const fields = Object.keys(DEFAULTS).map((key) => key.split('.') as [register: string, field: string]);
  const registers = [...new Set(fields.map(([register]) => register))].filter((name) => !smmu.registers.has(name));
  const offset = (name: string) => registerNamed(name)?.offset ?? 0;
  return registers
    .sort((a, b) => offset(a) - offset(b))
    .flatMap((what) => {
      const file = new RegisterFile(smmu);
      for (const [register, field] of fields) if (register === what) file.field(register, field);
      const assumed = file.assumptions.map(({ what: key, value }) => ({
        field: key.slice(what.length + 1),
        value,
        why: DEFAULTS[key]?.why ?? '',
      }));
      const cost = `assumed ${assumed.map(({ field, value, why }) => `${field} = ${value} (${why})`).join(', ')}`;
      return assumed.length === 0 ? [] : [{ what, cost, assumed }];
    });
}

function unknowable({ registers }: SmmuSnapshot): Missing[] {
  return UNKNOWABLE.flatMap(([names, cost]) => {
    const missing = names.filter((name) => !registers.has(name));
    const noPri = names.includes('PRIQ_BASE') && ((registers.get('IDR0') ?? PRI) & PRI) === 0n;
    return missing.length === 0 || noPri ? [] : [{ what: missing.join(', '), cost, assumed: [] }];
  });
}

function firmware({ firmwareCoherent }: SmmuSnapshot): Missing[] {
  if (firmwareCoherent !== null) return [];
  const cost = 'IDR0.COHACC is taken in place of what firmware says, which decides in the driver';
  return [{ what: 'firmware.coherent', cost, assumed: [] }];
}
