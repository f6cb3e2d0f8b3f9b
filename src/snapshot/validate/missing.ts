/** What a snapshot lacks, and what that costs: an assumption in its stead, or something that cannot be told. */

import { registerNamed } from '../../smmu/registers/registers.ts';
import type { AssumedValue, DefaultChoice } from '../assumption.ts';
import { DEFAULTS, RegisterFile } from '../register-file.ts';
import type { SmmuSnapshot } from '../snapshot.ts';

export interface Missing {
  /** Registers, or the key of the snapshot that is missing. */
  readonly what: readonly string[];
  readonly cost: MissingCost;
  /** Values that the emulation takes in their stead; empty unless the cost is `assumed`. */
  readonly assumed: readonly { readonly field: string; readonly value: AssumedValue; readonly choice: DefaultChoice }[];
}

/** What follows: values are assumed, something cannot be told, or IDR0.COHACC stands in for firmware's word. */
export type MissingCost =
  | 'assumed'
  | 'untold-cr0-change'
  | 'untold-traffic-while-off'
  | 'untold-commands'
  | 'untold-events'
  | 'untold-page-requests'
  | 'cohacc-for-firmware';

/** Registers that nothing is assumed of. Those of one row are of use only together. */
const UNKNOWABLE: readonly [registers: readonly string[], cost: MissingCost][] = [
  [['CR0ACK'], 'untold-cr0-change'],
  [['GBPA'], 'untold-traffic-while-off'],
  [['CMDQ_BASE', 'CMDQ_PROD', 'CMDQ_CONS'], 'untold-commands'],
  [['EVENTQ_BASE', 'EVENTQ_PROD', 'EVENTQ_CONS'], 'untold-events'],
  [['PRIQ_BASE', 'PRIQ_PROD', 'PRIQ_CONS'], 'untold-page-requests'],
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
    .flatMap((name) => {
      const file = new RegisterFile(smmu);
      for (const [register, field] of fields) if (register === name) file.field(register, field);
      const assumed = file.assumptions.flatMap(({ what, value, why }) =>
        what.kind === 'field' && what.register === name && why.kind === 'default'
          ? [{ field: what.field, value, choice: why.choice }]
          : [],
      );
      return assumed.length === 0 ? [] : [{ what: [name], cost: 'assumed' as const, assumed }];
    });
}

function unknowable({ registers }: SmmuSnapshot): Missing[] {
  return UNKNOWABLE.flatMap(([names, cost]) => {
    const missing = names.filter((name) => !registers.has(name));
    const noPri = names.includes('PRIQ_BASE') && ((registers.get('IDR0') ?? PRI) & PRI) === 0n;
    return missing.length === 0 || noPri ? [] : [{ what: missing, cost, assumed: [] }];
  });
}

function firmware({ firmwareCoherent }: SmmuSnapshot): Missing[] {
  if (firmwareCoherent !== null) return [];
  return [{ what: ['firmware.coherent'], cost: 'cohacc-for-firmware', assumed: [] }];
}
