/** The ASIDs that are taken when one SMMU after the other probes, in each revision by itself. */

import { type KernelVersion, probesAtRegistration } from '../../adopt/devices/registration.ts';
import type { Emulation } from '../../adopt/emulate.ts';
import type { Revision } from '../../adopt/revisions/revision.ts';
import { AsidSpace } from '../../adopt/scan/asid-space.ts';
import type { RegisterFile } from '../../snapshot/register-file.ts';

/** The order in which SMMUs are met here stands for the order in which they probe. */
export class AsidSpaces {
  readonly #spaces = new Map<string, AsidSpace>();
  readonly #kernel: KernelVersion;
  #uncertain = false;

  constructor(kernel: KernelVersion) {
    this.#kernel = kernel;
  }

  /** What the next SMMU finds taken. */
  of(revision: Revision): AsidSpace {
    if (!AsidSpaces.areShared(revision)) return new AsidSpace();
    const known = this.#spaces.get(revision.name) ?? new AsidSpace();
    this.#spaces.set(revision.name, known);
    known.uncertain ||= this.#uncertain;
    return known;
  }

  /** An SMMU has probed, and nobody looks at it. */
  skip(): void {
    this.#uncertain = true;
  }

  /** Whether what one SMMU takes matters to the next. */
  static areShared({ reservesIds, asidSpace }: Revision): boolean {
    return reservesIds && asidSpace === 'global';
  }

  /**
   * An SMMU has probed, and its devices have been given domains, one each. When devices are probed as drivers are bound
   * to them, nobody knows whether that is before the next SMMU probes. Where there is no stage 1, a domain is of stage 2,
   * and has a VMID of the SMMU's own instead.
   */
  probed(smmu: string, { revision, fate, idScan, probes, ids }: Emulation, registers: RegisterFile): void {
    if (!AsidSpaces.areShared(revision)) return;
    const space = this.of(revision);
    if (fate.kind === 'unknown') space.uncertain = true;
    if (idScan?.outcome === 'reserved') space.reserve(idScan.asids);
    const stage1 = registers.known('IDR0', 'S1P');
    if (fate.kind === 'smmu-lost' || stage1 === 0) return;
    const accepted = probes.filter((probe) => probe.fate.kind === 'accepted' && !probe.hotplugged).length;
    if (probesAtRegistration(this.#kernel) && stage1 === 1) space.giveOut(smmu, accepted, ids.asidBits);
    else if (accepted > 0) space.uncertain = true;
  }
}
