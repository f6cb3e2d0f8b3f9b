/**
 * arm_smmu_device_hw_probe(): what hardware the driver takes at all, the features that matter here, and the gate of the
 * kdump adoption at its end.
 */

import { ADDRESS_SIZE_BITS } from '../smmu/registers/hardware-features.ts';
import type { ArmSmmuDevice } from './device.ts';
import { ENXIO } from './errno.ts';

/**
 * Hardware that the driver refuses, with what it prints. A field that is not known, null, refuses nothing; nor does 0, which is
 * what a field reads as in a snapshot that has of an ID register what somebody knew of it ("no translation support!" is for
 * nothing else). The driver of the crashed kernel has taken this hardware.
 */
interface HardwareRule {
  readonly check: string;
  readonly register: string;
  readonly fields: readonly string[];
  readonly refuses: (values: readonly (number | null)[]) => boolean;
  readonly complaint: string;
}

/** The kernel is little endian. */
const ENDIANNESS: HardwareRule = {
  check: 'probe.endianness',
  register: 'IDR0',
  fields: ['TTENDIAN'],
  refuses: ([endian]) => endian === 1 || endian === 3,
  complaint: 'unknown/unsupported TT endianness!',
};

/** Those behind its word on coherency, in the driver's order. */
const HARDWARE_RULES: readonly HardwareRule[] = [
  {
    check: 'probe.table-format',
    register: 'IDR0',
    fields: ['TTF'],
    refuses: ([format]) => format === 1,
    complaint: 'AArch64 table format not supported!',
  },
  {
    check: 'probe.preset',
    register: 'IDR1',
    fields: ['TABLES_PRESET', 'QUEUES_PRESET', 'REL'],
    refuses: (presets) => presets.some((one) => one === 1),
    complaint: 'embedded implementation not supported',
  },
  {
    check: 'probe.command-queue',
    register: 'IDR1',
    fields: ['CMDQS'],
    refuses: ([log2Size = null]) => log2Size !== null && log2Size >= 1 && log2Size <= 6,
    complaint: 'command queue size <= 64 entries not supported',
  },
];

/**
 * Fills features and sizes from the ID registers, then decides whether to attempt an adoption. Returns the negative errno with
 * which the probe ends where the driver does not take the hardware, else 0.
 */
export function armSmmuDeviceHwProbe(smmu: ArmSmmuDevice, options: { readonly gate: boolean }): number {
  const { registers } = smmu;
  if (!takes(smmu, ENDIANNESS)) return ENXIO;
  const sidBits = registers.field('IDR1', 'SIDSIZE');
  const cohacc = coherentAsRegisterSays(smmu);
  if (smmu.firmwareCoherent === null) {
    registers.assume({ kind: 'firmware-coherent' }, cohacc, { kind: 'coherent-as-cohacc' });
  }
  const coherent = smmu.firmwareCoherent ?? cohacc;
  if (coherent !== cohacc) {
    smmu.log.print('gate', 'warn', `IDR0.COHACC overridden by FW configuration (${coherent})`);
  }
  smmu.features = {
    // A table for 8 SID bits or fewer is a single L2 table; the driver then builds a linear one.
    twoLevelStreamTable: registers.field('IDR0', 'ST_LEVEL') === 1 && sidBits > 8,
    twoLevelCdTable: registers.field('IDR0', 'CD2L') === 1,
    coherent,
  };
  smmu.ids = {
    sidBits,
    ssidBits: registers.field('IDR1', 'SSIDSIZE'),
    asidBits: registers.field('IDR0', 'ASID16') === 1 ? 16 : 8,
    vmidBits: registers.field('IDR0', 'VMID16') === 1 ? 16 : 8,
    oasBits: ADDRESS_SIZE_BITS[registers.field('IDR5', 'OAS')] as number,
  };
  if (!HARDWARE_RULES.every((rule) => takes(smmu, rule))) return ENXIO;
  smmu.optKdumpAdopt = options.gate ? passesGate(smmu) : true;
  return 0;
}

function takes({ registers, checks, log }: ArmSmmuDevice, rule: HardwareRule): boolean {
  const { check, register, fields, refuses, complaint } = rule;
  const values = fields.map((name) => registers.known(register, name));
  if (!refuses(values)) return true;
  const known = fields.map((name, i) => [name, values[i]] as const).filter(([, value]) => value !== null);
  checks.refuse(check, { kind: 'id-fields', fields: Object.fromEntries(known) as Record<string, number> });
  log.print('gate', 'err', complaint);
  return false;
}

/** IDR0.COHACC, which decides nothing but a line of the log where firmware says what holds. */
function coherentAsRegisterSays({ registers, firmwareCoherent }: ArmSmmuDevice): boolean {
  const known = firmwareCoherent === null ? registers.field('IDR0', 'COHACC') : registers.known('IDR0', 'COHACC');
  if (known === null) registers.assume({ kind: 'cohacc-against-firmware' }, 1, { kind: 'firmware-decides' });
  return known !== 0;
}

/** The kdump gate. Nothing is logged for an SMMU that was off: its bring-up is the ordinary one. */
function passesGate(smmu: ArmSmmuDevice): boolean {
  const { registers, features, checks, revision } = smmu;
  const smmuen = registers.field('CR0', 'SMMUEN');
  if (!checks.ask('gate.smmuen', smmuen === 1, { kind: 'number', value: smmuen })) return false;
  if (!checks.ask('gate.coherent', features.coherent, { kind: 'coherent', value: features.coherent })) {
    if (revision.nonCoherent !== null) smmu.say('gate', 'warn', revision.nonCoherent);
    return false;
  }
  if (!revision.asksServiceFailure) return true;
  // An error is active while GERROR and GERRORN differ; no other error keeps the driver from adopting.
  const active = registers.field('GERROR', 'SFM_ERR') !== registers.field('GERRORN', 'SFM_ERR');
  if (!checks.ask('gate.service-failure', !active, { kind: 'service-failure', active })) {
    smmu.say('gate', 'warn', 'SMMU in Service Failure Mode, must reset');
    return false;
  }
  return true;
}
