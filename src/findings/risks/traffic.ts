/** What goes on while the kdump kernel runs, and what of it nobody will answer: ATS, stalls, DMA itself. */

import type { SmmuFate } from '../../adopt/devices/fate.ts';
import type { AtschkChange, CutOff, GoesOn } from '../prose/traffic.ts';
import { type RiskContext, StreamList } from './context.ts';
import type { SeenCd, SeenSte, StreamCheck } from './streams.ts';

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
    const { fate } = emulation;
    const because = goesOn(fate);
    // Switching the SMMU off ends what stalls.
    if (because !== null && this.#stalls.streams > 0) findings.add('stall-enabled', this.#stalls.args);
    if (because !== null) findings.add('dma-goes-on', { ...this.#active.args, bypass: this.#bypass, because });
    else if (fate.kind !== 'unknown') {
      findings.add('reset-cuts-off', { ...this.#active.args, instead: cutOff(fate) });
    }
  }

  #atschk(): AtschkChange {
    const { registers, emulation } = this.#context;
    if (!registers.has('CR0')) return 'unknown';
    if (registers.field('CR0', 'ATSCHK') === 1) return 'stays-1';
    return emulation.revision.forcesAtschk && emulation.fate.kind !== 'probe-fails' ? 'set' : 'stays-0';
  }
}

/** Null where the old tables do not stay in force. */
function goesOn({ kind }: SmmuFate): GoesOn | null {
  return kind === 'adopted' || kind === 'never-programmed' || kind === 'probe-fails' ? kind : null;
}

function cutOff(fate: SmmuFate): CutOff {
  if (fate.kind === 'kernel-dies') return 'kernel-dies';
  if (fate.kind !== 'smmu-lost') return 'reset-aborts';
  const { gbpaAbort } = fate.loss;
  if (gbpaAbort === null) return 'lost-unknown';
  return gbpaAbort === 1 ? 'lost-aborts' : 'lost-bypasses';
}
