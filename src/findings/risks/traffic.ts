/** What goes on while the kdump kernel runs, and what of it nobody will answer: ATS, stalls, DMA itself. */

import { type RiskContext, StreamList } from './context.ts';
import type { SeenCd, SeenSte, StreamCheck } from './streams.ts';

/** Where the old tables stay in force, and why. */
const GOES_ON = {
  adopted: 'once adopted',
  'never-programmed': 'by the old table, which stays in force',
  'probe-fails': 'by the old table, which nobody touches',
} as const;

export class TrafficCheck implements StreamCheck {
  readonly #context: RiskContext;
  readonly #active = new StreamList();
  readonly #ats = new StreamList();
  readonly #stalls = new StreamList();
  #bypass = 0;
  #inUse = 0;
  #lastStalling = -1;

  constructor(context: RiskContext) {
    this.#context = context;
  }

  /** Streams that the crashed kernel had set up, whatever the hardware makes of them. */
  get streams(): number {
    return this.#inUse;
  }

  ste(ste: SeenSte): void {
    const { hw } = this.#context;
    if (ste.config === 'reserved') return;
    this.#inUse += 1;
    // What the hardware refuses has no DMA in flight.
    if (ste.illegal.length > 0) return;
    this.#active.add(ste.sid);
    const { verdict, rmr } = this.#context.emulation;
    const rewritten = verdict === 'adopted' && rmr.bypassed.has(ste.sid);
    if (ste.config === 'bypass' || rewritten) this.#bypass += 1;
    else if (hw.ATS === 1 && ste.of('EATS') !== 0) this.#ats.add(ste.sid);
    if ((ste.config === 's2' || ste.config === 'nested') && ste.of('S2S') === 1) this.#stalls.add(ste.sid);
  }

  cd({ ste, of }: SeenCd): void {
    if (of('S') === 0 || ste.sid === this.#lastStalling) return;
    this.#lastStalling = ste.sid;
    this.#stalls.add(ste.sid);
  }

  done(): void {
    const { findings, registers, emulation } = this.#context;
    // What an SMMU that was off let through is no matter of its table.
    if (this.#active.streams === 0 || registers.field('CR0', 'SMMUEN') === 0) return;
    if (this.#ats.streams > 0) findings.add('ats-enabled', { ...this.#ats.args, atschk: this.#atschk() });
    const { kind } = emulation.fate;
    const survives = kind in GOES_ON;
    // Switching the SMMU off ends what stalls.
    if (survives && this.#stalls.streams > 0) findings.add('stall-enabled', this.#stalls.args);
    if (survives) {
      const because = GOES_ON[kind as keyof typeof GOES_ON];
      findings.add('dma-goes-on', { ...this.#active.args, bypass: this.#bypass, because });
    } else if (kind !== 'unknown') {
      findings.add('reset-cuts-off', { ...this.#active.args, instead: this.#instead() });
    }
  }

  #atschk(): string {
    const { registers, emulation } = this.#context;
    if (!registers.has('CR0')) return 'CR0.ATSCHK is not known';
    const before = registers.field('CR0', 'ATSCHK');
    if (before === 1) return 'CR0.ATSCHK is 1 and stays';
    return emulation.revision.forcesAtschk && emulation.fate.kind !== 'probe-fails'
      ? 'CR0.ATSCHK is 0 and this revision sets it, so translated requests are checked all of a sudden'
      : 'CR0.ATSCHK is 0 and stays, so translated requests are not checked';
  }

  #instead(): string {
    const { fate } = this.#context.emulation;
    if (fate.kind === 'kernel-dies') return 'the kdump kernel dies before it comes to them';
    if (fate.kind === 'smmu-lost') {
      const { gbpaAbort } = fate.loss;
      if (gbpaAbort === null) return 'the SMMU is lost, and GBPA.ABORT, which is not known, decides for them';
      return gbpaAbort === 1
        ? 'the SMMU is lost, and all DMA is aborted'
        : 'the SMMU is lost, and all DMA passes untranslated';
    }
    return 'the reset aborts their DMA, and a device that answers with an error may bring the machine down';
  }
}
