/** The life of an adoption, in the order in which the kdump kernel lives it: probe, adopt, reset, register, unbind. */

import { type TableFormatField, tableFormatOf } from '../smmu/structures/stream-table.ts';
import type { Check } from './checks.ts';
import {
  ArmSmmuDevice,
  type DeviceInput,
  type Features,
  type FreshTable,
  type IdSizes,
  type StrtabCfg,
} from './device.ts';
import type { AdoptionEnd, RegisterDoubt, SmmuFate } from './devices/fate.ts';
import {
  type DevicePlan,
  type Probe,
  type Registration,
  type RegistrationEnd,
  registerSmmu,
} from './devices/registration.ts';
import { armSmmuRmrInstallBypassSte, NO_RMR_STREAMS, type RmrStreams } from './devices/rmr.ts';
import { armSmmuDeviceHwProbe } from './hw-probe.ts';
import type { KernelMemory } from './kernel-memory.ts';
import type { Allocation, Mapping } from './ledger.ts';
import type { StagedLogLine } from './log.ts';
import { type KernelDeath, survive } from './panic.ts';
import { afterLoss, armSmmuDeviceReset, type Reset } from './reset.ts';
import type { Revision } from './revisions/revision.ts';
import type { IdScan } from './scan/scan-record.ts';
import { type RegisterPage, unbind } from './stream-table/cleanup.ts';
import { armSmmuInitStrtab, type OrdinaryTable } from './stream-table/init-strtab.ts';
import { type Adoption, armSmmuKdumpAdoptStrtab } from './stream-table/strtab.ts';

/**
 * `never-programmed`: the adoption fails, and the reset goes on as if it had not (v3). `probe-fails`: the probe of the
 * SMMU fails with it (v1 and v2), or before it, on hardware that the driver does not take. `panic`: reading the L1 table, a linear one, or from v8 on any other, kills the kernel
 * during the adoption.
 */
export type Verdict = Adoption['verdict'] | 'not-attempted' | 'panic';

export interface EmulationInput extends DeviceInput {
  /** The memory when devices are inserted, where it differs. */
  readonly laterMemory: KernelMemory | null;
  readonly devices: DevicePlan;
  /** StreamIDs of firmware's reserved memory regions. */
  readonly rmr: readonly number[];
  /** False: attempt the adoption whatever the probe gate says. */
  readonly gate: boolean;
  /** Why the registers are not to be relied on; null where nothing speaks against them. */
  readonly doubt: RegisterDoubt | null;
  /** What the register page reads as when the SMMU is unbound in the end. */
  readonly unbindPage: RegisterPage;
}

export interface Emulation {
  readonly revision: Revision;
  readonly verdict: Verdict;
  /** Why nothing can be told from these registers; null where something can. */
  readonly doubt: RegisterDoubt | null;
  /** The check at which the adoption ended, or at which it cannot be told whether it does; null where none did. */
  readonly decidedBy: Check | null;
  readonly fate: SmmuFate;
  /** The dump leaves something open that decides, and a captured log tells it. */
  readonly settledByLog: boolean;
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
  /** Those of the adoption; each insertion has its own. */
  readonly mappings: readonly Mapping[];
  readonly bulkNotListed: number;
  readonly allocations: readonly Allocation[];
  readonly strtabCfg: StrtabCfg | null;
  readonly idScan: IdScan | null;
  /** The table that the driver builds when it adopts none; null where it builds none. */
  readonly ordinaryTable: OrdinaryTable | null;
  readonly rmr: RmrStreams;
  /** Null when the kernel does not come to it, or when it cannot be told which it makes. */
  readonly reset: Reset | null;
  readonly probes: readonly Probe[];
  readonly teardown: { readonly page: RegisterPage; readonly leaked: number; readonly doubleReleased: number };
}

/**
 * Lives one SMMU's life in the kdump kernel, from the probe to the unbinding. Reads memory; changes nothing of the
 * input.
 */
export function emulateAdoption(input: EmulationInput): Emulation {
  const smmu = new ArmSmmuDevice(input);
  const probed = armSmmuDeviceHwProbe(smmu, { gate: input.gate });
  const featuresBefore = smmu.features;
  const attempt = smmu.optKdumpAdopt ? survive(() => armSmmuKdumpAdoptStrtab(smmu)) : null;
  const adoption = attempt !== null && 'result' in attempt ? attempt.result : null;
  const diedAdopting = attempt !== null && 'death' in attempt ? attempt.death : null;
  const judged = probed < 0 ? 'probe-fails' : verdictOf(adoption, diedAdopting);
  // Registers of another moment say nothing, unless a log says the same.
  const doubt = input.told?.adoption === judged ? null : input.doubt;
  const verdict = doubt === null ? judged : 'indeterminate';
  const ofAdoption = smmu.ledger.settle();
  const end = endOf(verdict);
  const found = verdict === 'adopted' ? ownSlots(smmu) : null;
  const ordinary = end === null || found !== null ? null : armSmmuInitStrtab(smmu);
  const table = found ?? ordinary?.table ?? null;
  const skipsRmr = found !== null && input.revision.skipsRmr;
  const bypass = survive(() =>
    table === null || skipsRmr ? NO_RMR_STREAMS : armSmmuRmrInstallBypassSte(smmu, table, input.rmr),
  );
  const rmr = 'result' in bypass ? bypass.result : NO_RMR_STREAMS;
  smmu.bypassed = rmr.bypassed;
  const mappings = [...ofAdoption, ...smmu.ledger.settle()];
  const reset = table === null || 'death' in bypass ? null : armSmmuDeviceReset(smmu);

  smmu.memory = input.laterMemory ?? input.memory;
  const registration = table === null || 'death' in bypass ? null : register(smmu, table, input.devices);
  const adopted = found === null ? null : smmu.strtabCfg;
  unbind(smmu, input.unbindPage);
  const { decidedBy } = smmu.checks;
  const ret = doubt !== null ? null : probed < 0 ? probed : (adoption?.ret ?? null);
  const deaths = { adopting: doubt === null ? diedAdopting : null, bypassing: 'death' in bypass ? bypass.death : null };
  const fate = fateOf({ verdict, end, ret, decidedBy, ordinary }, deaths, reset, registration?.end ?? null);
  return {
    revision: input.revision,
    verdict,
    doubt,
    decidedBy: doubt === null ? decidedBy : null,
    fate,
    settledByLog: input.told !== null && fate.kind !== 'unknown',
    ret,
    tableFormat: tableFormatOf(smmu.strtabBaseCfg('FMT')),
    ids: smmu.ids,
    featuresBefore,
    featuresAfter: smmu.features,
    optionAfter: end === null && verdict !== 'probe-fails' ? null : smmu.optKdumpAdopt,
    checks: smmu.checks.all,
    log: doubt === null ? smmu.log.lines : [],
    warnOn: smmu.warnOn,
    mappings,
    bulkNotListed: smmu.ledger.bulkNotListed,
    allocations: smmu.ledger.allocations,
    strtabCfg: adopted,
    idScan: adoption?.idScan ?? null,
    ordinaryTable: ordinary,
    rmr,
    reset,
    probes: registration?.probes ?? [],
    teardown: { page: input.unbindPage, ...smmu.ledger.balance() },
  };
}

/** The adopted table with slots that no other revision shares. */
function ownSlots(smmu: ArmSmmuDevice): StrtabCfg | null {
  const { strtabCfg: cfg } = smmu;
  if (cfg?.format === '2lvl') smmu.strtabCfg = { ...cfg, l2ptrs: new Map(cfg.l2ptrs) };
  return smmu.strtabCfg;
}

/** The registration with its devices, which fill the slots of an adopted table. */
function register(smmu: ArmSmmuDevice, table: StrtabCfg | FreshTable, devices: DevicePlan): Registration {
  const size = table.format === '2lvl' ? `${table.numL1Ents}, ${table.l2ptrs.size} mapped` : table.numEnts;
  const bypassed = [...smmu.bypassed].map((sid) => `, bypass ${sid}`).join('');
  const mode = smmu.optKdumpAdopt ? 'in adoption mode' : 'of an ordinary table';
  const stage = `registration ${mode} with ${table.format} ${size}${bypassed}`;
  const { registration, cfg } = smmu.stages.live(smmu, stage, () => {
    const own = table.format === '2lvl' ? { ...table, l2ptrs: new Map(table.l2ptrs) } : table;
    return { registration: registerSmmu(smmu, own, devices), cfg: own };
  });
  if (table.format === '2lvl' && cfg.format === '2lvl') smmu.strtabCfg = { ...table, l2ptrs: cfg.l2ptrs };
  return registration;
}

/** How the adoption went, and what came of the table that is built in place of an adopted one. */
interface Attempted {
  readonly verdict: Verdict;
  readonly end: AdoptionEnd | null;
  readonly ret: number | null;
  readonly decidedBy: Check | null;
  readonly ordinary: OrdinaryTable | null;
}

/** What becomes of the SMMU; `deaths` are those on the way to its reset. */
function fateOf(
  { verdict, end, ret, decidedBy, ordinary }: Attempted,
  deaths: { readonly adopting: KernelDeath | null; readonly bypassing: KernelDeath | null },
  reset: Reset | null,
  then: RegistrationEnd | null,
): SmmuFate {
  if (end !== null && reset !== null && then !== null) return fateAfterReset({ end, ret, decidedBy }, reset, then);
  if (deaths.bypassing !== null) return { kind: 'kernel-dies', after: end, death: deaths.bypassing };
  if (deaths.adopting !== null) return { kind: 'kernel-dies', after: null, death: deaths.adopting };
  if (verdict === 'probe-fails' && ret !== null) return { kind: 'probe-fails', after: null, ret };
  if (ordinary?.granted === 'refused') return { kind: 'probe-fails', after: end, ret: ordinary.ret };
  return { kind: 'unknown', after: end, sid: null };
}

/** What becomes of an SMMU whose adoption, or its failure, the kernel has survived. */
function fateAfterReset(
  { end, ret, decidedBy }: { end: AdoptionEnd; ret: number | null; decidedBy: Check | null },
  reset: Reset,
  then: RegistrationEnd,
): SmmuFate {
  switch (then.kind) {
    case 'kernel-dies':
    case 'unknown':
      return { ...then, after: end };
    case 'smmu-lost':
      return { kind: 'smmu-lost', after: end, loss: { ...then.loss, ...afterLoss(reset) } };
    case 'goes-on':
      if (end === 'adopted') return { kind: 'adopted' };
      if (end === 'never-programmed') return { kind: 'never-programmed', ret: ret ?? 0 };
      return end === 'fallback' ? { kind: 'falls-back', ret } : { kind: 'not-attempted', decidedBy };
  }
}

/** Null where the kernel does not come to a reset of the SMMU, or where it cannot be told which it makes. */
function endOf(verdict: Verdict): AdoptionEnd | null {
  return verdict === 'indeterminate' || verdict === 'panic' || verdict === 'probe-fails' ? null : verdict;
}

function verdictOf(adoption: Adoption | null, death: KernelDeath | null): Verdict {
  if (death !== null) return 'panic';
  return adoption?.verdict ?? 'not-attempted';
}
