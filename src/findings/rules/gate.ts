/** Findings of the probe gate: why an adoption is not even attempted. */

import * as json from '../../shape.ts';
import { ARM, linux, SERIES } from '../explanations/references.ts';
import { coherencySourceInWords } from '../prose/firmware.ts';
import { NO_ARGS, rule } from './rule.ts';

const FULL_RESET =
  'GBPA.ABORT is set, CR0 cleared, a new table built in which every entry aborts. In-flight DMA is cut off until a ' +
  'driver takes its device over.';

export const GATE = {
  'smmu-disabled': rule({
    severity: 'note',
    reach: null,
    args: NO_ARGS,
    sentence: () => 'CR0.SMMUEN is 0: the SMMU was off, so there is no table in use to adopt',
    explain: () => ({
      title: 'The SMMU was off: no table was in use',
      meaning:
        'CR0.SMMUEN read as 0 when the registers were captured. The SMMU followed no stream table at that moment, so ' +
        'nothing in memory describes live translations and there is nothing to adopt.',
      hardware:
        'With SMMUEN 0 no table is read. GBPA decides for all traffic: ABORT 1 terminates it, ABORT 0 lets it through ' +
        'untranslated, so that what a device takes for an IOVA is used as a physical address. Neither leaves an event.',
      kernel:
        'The gate ends here and prints nothing. The ordinary bring-up follows, as on a machine that never crashed: a ' +
        'new table and a reset.',
      causes: [
        'the SMMU was suspended or shut down before the crash; where runtime power management switches it off while no device ' +
          'uses it, registers read as zeros or ones, or as reset leaves them, and that is no damage: the driver writes them anew',
        'a host under pKVM, whose hypervisor has the SMMU: the driver sees registers that are emulated',
        'the crashed kernel had no driver for it, and firmware left it off',
        'the registers were read after a probe of the kdump kernel had failed, which clears CR0',
        'the snapshot has the registers of another SMMU, or of a wrong base address',
      ],
      next: [
        '`smmu-adopt regs validate REGS`: do CR0 and CR0ACK agree, and do the ID registers make sense?',
        'GBPA.ABORT among the registers of the report: what DMA met while the SMMU was off',
        '`smmu-adopt inspect DUMP --regs REGS --no-gate`: what the table in memory would have led to',
      ],
      references: [ARM.cr0, ARM.gbpa, linux('arm_smmu_device_hw_probe'), SERIES.v6],
    }),
  }),
  'smmu-non-coherent': rule({
    severity: 'warning',
    reach: 'smmu',
    args: {
      source: ['Who says so', json.said(coherencySourceInWords)],
    },
    sentence: ({ source }) =>
      `${coherencySourceInWords(source)} says that the SMMU is not coherent; only coherent ones are adopted`,
    explain: () => ({
      title: 'The SMMU is not coherent; only coherent ones are adopted',
      meaning:
        'The driver believes that table walks of this SMMU do not snoop the caches of the CPUs. It takes firmware at ' +
        'its word: the COHACC override of the ACPI IORT, or dma-coherent in the device tree. IDR0.COHACC is only ' +
        'compared with that, and a difference is logged.',
      hardware:
        'Nothing by itself: coherency is a property of the interconnect. A non-coherent SMMU reads entries from memory, ' +
        'which may be older than what a CPU has in its cache.',
      kernel: {
        'v1 to v4': 'No adoption, full reset; v1 says nothing, v2 and v4 warn in other words.',
        'v5 on': `It warns "non-coherent SMMU unsupported; reset to block all DMAs" and resets: ${FULL_RESET}`,
      },
      causes: [
        'firmware describes the SMMU as not coherent, rightly or not',
        'the snapshot lacks firmware.coherent, so that IDR0.COHACC was taken in its place, and it is 0',
        'firmware.coherent in the snapshot was set from a guess',
      ],
      next: [
        'the device tree of the machine (dma-coherent in the SMMU node) or its IORT (flags of the SMMUv3 node)',
        '"IDR0.COHACC overridden by FW configuration" in the log of either kernel',
        '`smmu-adopt inspect DUMP --regs REGS --no-gate`: whether anything else would stand in the way',
      ],
      references: [ARM.idr0, linux('arm_smmu_device_hw_probe'), SERIES.v5],
    }),
  }),
  'smmu-service-failure': rule({
    severity: 'warning',
    reach: 'smmu',
    args: NO_ARGS,
    sentence: () =>
      'Service Failure Mode is active (SFM_ERR differs between GERROR and GERRORN); the SMMU has to be reset',
    explain: () => ({
      title: 'Service Failure Mode is active: the SMMU must be reset',
      meaning:
        'GERROR and GERRORN differ in SFM_ERR. The SMMU has found its own state to be beyond repair, has stopped, and ' +
        'says so. A table that it no longer follows is not worth keeping.',
      hardware:
        'Traffic through the SMMU has stopped, and neither commands nor events are handled. Acknowledging the error in ' +
        'GERRORN does not end it; what does is up to the implementation. RAS records say what happened.',
      kernel: {
        'v1 to v2': 'The error is not looked at: the adoption goes on.',
        'v3 on': `It warns "SMMU in Service Failure Mode, must reset" and resets: ${FULL_RESET}`,
      },
      causes: [
        'an uncorrectable error in the memory of the SMMU itself, or in tables that it read',
        'a GERROR and a GERRORN that were read at different moments',
      ],
      next: [
        '`smmu-adopt regs validate REGS`: every bit in which GERROR and GERRORN differ',
        'RAS and CPER records of firmware, the BMC, or "Hardware Error" in the log of the crashed kernel',
      ],
      references: [ARM.gerror, ARM.globalErrors, ARM.serviceFailure, SERIES.v3],
    }),
  }),
};
