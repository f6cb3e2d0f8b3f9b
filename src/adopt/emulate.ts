/** The life of an adoption, in the order in which the kdump kernel lives it: probe, adopt, reset, insert, unbind. */

import type { MemoryView } from '../dump/view.ts';
import { type TableFormatField, tableFormatOf } from '../smmu/stream-table.ts';
import type { RegisterFile } from '../snapshot/register-file.ts';
import type { Check } from './checks.ts';
import { ArmSmmuDevice, type Features, type IdSizes, type StrtabCfg } from './device.ts';
import { armSmmuDeviceHwProbe } from './hw-probe.ts';
import type { Mapping } from './ledger.ts';
import type { StagedLogLine } from './log.ts';
import { armSmmuInsertMaster, type Insertion } from './master.ts';
import type { Revision } from './revision.ts';
import { armSmmuKdumpAdoptCleanup, armSmmuKdumpAdoptStrtab } from './strtab.ts';

export type Verdict = 'adopted' | 'fallback' | 'not-attempted' | 'indeterminate';

export interface EmulationInput {
  readonly registers: RegisterFile;
  readonly firmwareCoherent: boolean | null;
  readonly revision: Revision;
  readonly memory: MemoryView;
  /** The memory when devices are inserted, where it differs. */
  readonly laterMemory?: MemoryView | undefined;
  /** StreamIDs to insert, in this order. */
  readonly insertSids: Iterable<number>;
  /** False: attempt the adoption whatever the probe gate says. */
  readonly gate: boolean;
}

export interface Emulation {
  readonly revision: Revision;
  readonly verdict: Verdict;
  /** What the adoption returned; null when it was not attempted, or cannot be told. */
  readonly ret: number | null;
  readonly tableFormat: TableFormatField;
  readonly ids: IdSizes;
  readonly featuresBefore: Features;
  readonly featuresAfter: Features;
  /** ARM_SMMU_OPT_KDUMP_ADOPT in the end; null when that cannot be told. */
  readonly optionAfter: boolean | null;
  readonly checks: readonly Check[];
  readonly log: readonly StagedLogLine[];
  readonly warnOn: number;
  readonly mappings: readonly Mapping[];
  readonly strtabCfg: StrtabCfg | null;
  readonly insertions: readonly Insertion[];
  readonly teardown: { readonly leaked: number; readonly doubleReleased: number };
}

export function emulateAdoption(input: EmulationInput): Emulation {
  const smmu = new ArmSmmuDevice(input.registers, input.firmwareCoherent, input.revision, input.memory);
  armSmmuDeviceHwProbe(smmu, { gate: input.gate });
  const featuresBefore = smmu.features;
  const attempted = smmu.optKdumpAdopt;
  const ret = attempted ? armSmmuKdumpAdoptStrtab(smmu) : null;
  const verdict = verdictOf(attempted, ret);
  const mappings = smmu.ledger.settle();
  if (verdict !== 'indeterminate') armSmmuDeviceReset(smmu);

  smmu.memory = input.laterMemory ?? input.memory;
  const insertions: Insertion[] = [];
  if (verdict === 'adopted' && smmu.strtabCfg !== null) {
    for (const sid of input.insertSids) insertions.push(armSmmuInsertMaster(smmu, smmu.strtabCfg, sid));
  }
  const optionAfter = verdict === 'indeterminate' ? null : smmu.optKdumpAdopt;
  unbind(smmu);
  return {
    revision: input.revision,
    verdict,
    ret,
    tableFormat: tableFormatOf(smmu.strtabBaseCfg('FMT')),
    ids: smmu.ids,
    featuresBefore,
    featuresAfter: smmu.features,
    optionAfter,
    checks: smmu.checks.all,
    log: smmu.log.lines,
    warnOn: smmu.warnOn,
    mappings,
    strtabCfg: verdict === 'adopted' ? smmu.strtabCfg : null,
    insertions,
    teardown: smmu.ledger.balance(),
  };
}

function verdictOf(attempted: boolean, ret: number | null): Verdict {
  if (!attempted) return 'not-attempted';
  if (ret === null) return 'indeterminate';
  return ret === 0 ? 'adopted' : 'fallback';
}

/** arm_smmu_device_reset(), as far as its messages tell an adopted SMMU from one that is reset in full. */
function armSmmuDeviceReset({ optKdumpAdopt, registers, log }: ArmSmmuDevice): void {
  if (optKdumpAdopt) log.print('reset', 'info', 'kdump: retaining SMMUEN for in-flight DMA');
  else if (registers.field('CR0', 'SMMUEN') === 1) log.print('reset', 'warn', 'SMMU currently enabled! Resetting...');
}

/** The SMMU is unbound: its managed resources go in reverse order of their making, the cleanup action last. */
function unbind(smmu: ArmSmmuDevice): void {
  smmu.ledger.releaseManaged();
  armSmmuKdumpAdoptCleanup(smmu);
}
