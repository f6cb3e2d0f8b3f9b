/** arm_smmu_device_hw_probe(): the features that matter here, and the gate of the kdump adoption at its end. */

import { ADDRESS_SIZE_BITS } from '../smmu/registers/hardware-features.ts';
import type { ArmSmmuDevice } from './device.ts';

/** Fills features and sizes from the ID registers, then decides whether to attempt an adoption. */
export function armSmmuDeviceHwProbe(smmu: ArmSmmuDevice, options: { readonly gate: boolean }): void {
  const { registers } = smmu;
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
  smmu.optKdumpAdopt = options.gate ? passesGate(smmu) : true;
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
