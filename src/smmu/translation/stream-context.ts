/**
 * From an STE to what translates its traffic: nothing, a CD with two halves, a stage 2, or both (IHI 0070, "Stream table
 * entry" and "Substreams"; the order of checks is that of "Event priority").
 */

import { CD, L1CD } from '../cd.ts';
import { cdIllegalities } from '../cd-legality.ts';
import { CD_BYTE_LENGTH, cdTableBehind, cdTableByteLength, isTwoLevel, L1CD_BYTE_LENGTH } from '../cd-table.ts';
import { fieldBits, fieldNumbers, fieldOf } from '../fields.ts';
import { type HardwareFeatures, oasBits } from '../hardware-features.ts';
import type { Illegality } from '../legality.ts';
import { STE } from '../ste.ts';
import { steIllegalities } from '../ste-legality.ts';
import { type SteConfig, steConfig } from '../stream-table.ts';
import { type StreamWorld, streamWorld } from '../stream-world.ts';
import { type Stage1Half, type Stage2Regime, stage1Halves, stage2Regime } from './regime.ts';
import { type Fault, fault, hex, type Step, type Unknown, Walk, type WalkMemory } from './walk.ts';

/** A stream that translates, or passes its traffic on. */
export interface StreamContext {
  readonly kind: 'context';
  readonly config: SteConfig;
  readonly ste: readonly bigint[];
  /** Null where stage 1 is off, or passed by because of S1DSS. */
  readonly stage1: CdContext | null;
  readonly stage2: Stage2Regime | null;
}

export interface CdContext {
  readonly cd: readonly bigint[];
  readonly asid: number;
  readonly world: StreamWorld;
  /** The world depends on a register that was not captured. */
  readonly worldAssumed: boolean;
  readonly halves: readonly [Stage1Half, Stage1Half];
}

/** The hardware aborts the traffic and records no event. */
export interface Abort {
  readonly kind: 'abort';
  readonly why: string;
}

/** `ssid`: the SubstreamID that comes with a transaction, or null for one without. Steps are added to `steps`. */
export function streamContext<S>(
  ste: readonly bigint[],
  ssid: number | null,
  hw: HardwareFeatures,
  memory: WalkMemory<S>,
  steps: Step<S>[],
): StreamContext | Abort | Fault | Unknown {
  const illegal = steIllegalities(ste, hw);
  if (illegal.length > 0) return fault('C_BAD_STE', null, null, inWords(illegal));
  const { config } = steConfig(Number((ste[0] as bigint) & 0xffff_ffffn));
  if (config === 'abort') return { kind: 'abort', why: 'STE.Config is 0' };
  if (config === 'reserved') return { kind: 'abort', why: 'STE.Config is reserved, which acts as 0' };
  const [selectsStage1, selectsStage2] = [
    config === 's1' || config === 'nested',
    config === 's2' || config === 'nested',
  ];
  const of = fieldNumbers(STE, ste);
  let stage2: Stage2Regime | null = null;
  if (selectsStage2) {
    const refused =
      unwalkable('stage 2', of('S2AA64'), hw) ?? (of('S2PIE') === 1 && hw.S2PI !== 0 ? INDIRECT_STAGE2 : null);
    if (refused !== null) return refused;
    stage2 = stage2Regime(ste, hw);
    if (stage2 === null) return fault('C_BAD_STE', null, null, 'S2TG, S2T0SZ and S2SL0 fit no stage 2 walk');
  }
  const context = { kind: 'context', config, ste, stage2 } as const;
  if (!selectsStage1) {
    if (ssid !== null) return noSubstreams('stage 1 is off');
    return { ...context, stage1: null };
  }
  const walk = new Walk(memory, stage2, steps);
  const found = findCd(ste, ssid, hw, walk);
  if ('kind' in found) return found.kind === 'bypass' ? { ...context, stage1: null } : found;
  const bad = cdIllegalities(found.cd, ste, hw);
  if (bad.length > 0) return fault('C_BAD_CD', null, null, inWords(bad));
  const cdOf = fieldNumbers(CD, found.cd);
  const refused = unwalkable('stage 1', cdOf('AA64'), hw);
  if (refused !== null) return refused;
  const world = streamWorld(ste, hw);
  // Linux runs EL2 streams as EL2-E2H wherever the CPU has it.
  const assumed = world ?? 'el2-e2h';
  const halves = stage1Halves(found.cd, ste, assumed, hw);
  const stage1 = { cd: found.cd, asid: cdOf('ASID'), world: assumed, worldAssumed: world === null, halves };
  return { ...context, stage1 };
}

/** The CD that a transaction uses. `bypass`: S1DSS says that traffic without a SubstreamID passes stage 1 by. */
function findCd<S>(
  ste: readonly bigint[],
  ssid: number | null,
  hw: HardwareFeatures,
  walk: Walk<S>,
): { cd: readonly bigint[] } | { kind: 'bypass' } | Fault | Unknown {
  const of = fieldNumbers(STE, ste);
  const table = cdTableBehind(ste, hw.SSIDSIZE ?? 20);
  let index = ssid ?? 0;
  if (table.format === 'single') {
    if (ssid !== null) return noSubstreams('S1CDMax or IDR1.SSIDSIZE is 0');
  } else if (ssid === null) {
    const s1dss = of('S1DSS');
    if (s1dss === 1) return { kind: 'bypass' };
    if (s1dss !== 2) {
      return fault('F_STREAM_DISABLED', null, null, `S1DSS is ${s1dss} and the transaction has no SubstreamID`);
    }
    index = 0;
  } else if (ssid >= table.cds) {
    return noSubstreams(`SubstreamID ${hex(ssid)} is outside the ${table.cds} CDs that S1CDMax allows`);
  } else if (ssid === 0 && of('S1DSS') === 2) {
    return fault('F_STREAM_DISABLED', null, null, 'SubstreamID 0 is not usable: S1DSS is 2');
  }
  const first = aligned(table.paddr, cdTableByteLength(table));
  let leaf = first;
  if (isTwoLevel(table)) {
    const l1Index = Math.floor(index / table.leafCds);
    index %= table.leafCds;
    const words = walk.fetch('L1CD', l1Index, first + l1Index * L1CD_BYTE_LENGTH, L1CD_BYTE_LENGTH, 'CD', ([value]) =>
      (value as bigint) & 1n ? `leaf table ${hex(l2Pointer(value as bigint))}` : 'invalid (V 0)',
    );
    if (!Array.isArray(words)) return words;
    const [value] = words as [bigint];
    if ((value & 1n) === 0n) return noSubstreams(`L1CD[${l1Index}] has V 0`);
    const oas = oasBits(hw);
    leaf = l2Pointer(value);
    if (oas !== null && leaf >= 2 ** oas) return noSubstreams(`L1CD[${l1Index}] points beyond ${oas} bits`);
    leaf = aligned(leaf, table.leafCds * CD_BYTE_LENGTH);
  }
  const words = walk.fetch('CD', index, leaf + index * CD_BYTE_LENGTH, CD_BYTE_LENGTH, 'CD', cdInWords);
  return Array.isArray(words) ? { cd: words } : words;
}

/** Tables are aligned to their size by the hardware, CDs to theirs. */
function aligned(paddr: number, byteLength: number): number {
  const size = Math.max(CD_BYTE_LENGTH, byteLength);
  return paddr - (paddr % size);
}

/** All bits of it, for those above the output size are not to be there. At most 44 are set, which a number holds. */
function l2Pointer(l1cd: bigint): number {
  return Number(fieldBits(fieldOf(L1CD, 'L2Ptr'), [l1cd]));
}

function cdInWords(words: readonly bigint[]): string {
  const of = fieldNumbers(CD, words);
  if (of('V') === 0) return 'invalid (V 0)';
  const half = (n: 0 | 1) =>
    of(`EPD${n}`) === 1 ? `TTB${n} off` : `TTB${n} ${hex(of(`TTB${n}`))} T${n}SZ ${of(`T${n}SZ`)}`;
  return `ASID ${of('ASID')}, ${half(0)}, ${half(1)}`;
}

function noSubstreams(why: string): Fault {
  return fault('C_BAD_SUBSTREAMID', null, null, why);
}

/** Formats of the architecture that this program does not know. */
function unwalkable(stage: string, aa64: number, hw: HardwareFeatures): Unknown | null {
  if (aa64 === 1) return null;
  const format = hw.D128 === 1 ? 'VMSAv9-128' : 'VMSAv8-32 LPAE';
  return { kind: 'unknown', why: `${stage} has ${format} tables, which are not decoded` };
}

const INDIRECT_STAGE2: Unknown = { kind: 'unknown', why: 'stage 2 uses permission indirection, which is not decoded' };

function inWords(illegal: readonly Illegality[]): string {
  return illegal.map(({ field, observed, required }) => `${field} ${observed}; required: ${required}`).join('; ');
}
