/**
 * How far does an adoption come on the registers alone? The driver's probe and its checks of the geometry need no memory:
 * they are emulated as far as they go, on a machine of whose memory nothing is known.
 */

import type { PhysicalMemory } from '../dump/memory.ts';
import { MemoryView } from '../dump/view.ts';
import { AddressMap } from '../platform/address-map.ts';
import { SteReader } from '../smmu/structures/ste-reader.ts';
import type { Assumed } from '../snapshot/assumption.ts';
import type { RegisterFile } from '../snapshot/register-file.ts';
import type { Check } from './checks.ts';
import { ArmSmmuDevice } from './device.ts';
import { armSmmuDeviceHwProbe } from './hw-probe.ts';
import { KernelMemory } from './kernel-memory.ts';
import { NO_FAILURES } from './ledger.ts';
import type { LogLevel } from './log.ts';
import { REVISIONS } from './revisions/revisions.ts';
import { Stages } from './revisions/stages.ts';
import { AsidSpace } from './scan/asid-space.ts';
import { armSmmuKdumpAdoptStrtab } from './stream-table/strtab.ts';

export interface AdoptionByRegisters {
  /** Revision of the series. */
  readonly revision: string;
  /**
   * `not-attempted`: the gate keeps the driver from it. `fails`: it is attempted, and fails for a reason that the
   * registers give, or the driver does not take the hardware. `open`: nothing in the registers stands in its way, the tables in memory decide.
   */
  readonly outcome: 'not-attempted' | 'fails' | 'open';
  /** What comes of a failure; null where there is none. */
  readonly ends: 'fallback' | 'never-programmed' | 'probe-fails' | null;
  /** The check that failed; null where none did. */
  readonly decidedBy: Check | null;
  /** What the driver prints until there. */
  readonly log: readonly { readonly level: LogLevel; readonly text: string }[];
  /** What the snapshot lacks and a check asks about, taken to let an adoption go on. */
  readonly assumed: readonly Assumed[];
}

/** Fields that the checks ask about, of what the probe reads; they ask about firmware's word, too. */
const ASKED: ReadonlySet<string> = new Set([
  'CR0.SMMUEN',
  'IDR0.COHACC',
  'GERROR.SFM_ERR',
  'GERRORN.SFM_ERR',
  'IDR0.ST_LEVEL',
  'IDR1.SIDSIZE',
]);

function isAsked(what: Assumed): boolean {
  if (what.kind === 'field') return ASKED.has(`${what.register}.${what.field}`);
  return what.kind === 'firmware-coherent';
}

/** Memory of which there is no evidence at all. */
const NO_EVIDENCE: PhysicalMemory = {
  ranges: [],
  runs: (_, byteLength) => [{ offset: 0, byteLength, state: 'lost', uncharted: true }],
  read: (_, into) => [{ offset: 0, byteLength: into.byteLength, state: 'lost', uncharted: true }],
};

/** The largest: what fails for want of memory in one piece fails with any other. */
const PAGE_SIZE = 0x10000;
const PA_BITS = 52;

/** Every revision, oldest first. `registersOf` makes the registers anew, so that each counts its own assumptions. */
export function adoptionsByRegisters(
  registersOf: () => RegisterFile,
  firmwareCoherent: boolean | null,
): AdoptionByRegisters[] {
  const view = new MemoryView({ memory: NO_EVIDENCE, pageSize: PAGE_SIZE, zeroPagesFiltered: null });
  const map = new AddressMap(NO_EVIDENCE, null, []);
  const memory = new KernelMemory(view, new SteReader(view), map, { model: 'dump', paBits: PA_BITS });
  const stages = new Stages<ArmSmmuDevice>();
  return [...REVISIONS.values()].map((revision) => {
    const registers = registersOf();
    const smmu = new ArmSmmuDevice({
      registers,
      firmwareCoherent,
      revision,
      memory,
      failures: NO_FAILURES,
      told: null,
      stages,
      asids: new AsidSpace(),
    });
    const probed = armSmmuDeviceHwProbe(smmu, { gate: true });
    const attempted = smmu.optKdumpAdopt;
    const verdict = probed < 0 ? 'probe-fails' : attempted ? armSmmuKdumpAdoptStrtab(smmu).verdict : null;
    const ends = verdict === 'adopted' || verdict === 'indeterminate' ? null : verdict;
    const outcome = ends !== null ? 'fails' : attempted ? 'open' : 'not-attempted';
    return {
      revision: revision.name,
      outcome,
      ends,
      decidedBy: outcome === 'open' ? null : smmu.checks.decidedBy,
      log: smmu.log.lines.map(({ level, text }) => ({ level, text })),
      assumed: registers.assumptions.map(({ what }) => what).filter(isAsked),
    };
  });
}
