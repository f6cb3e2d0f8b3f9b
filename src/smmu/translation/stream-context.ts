/**
 * From an STE to what translates its traffic: nothing, a CD with two halves, a stage 2, or both (IHI 0070, "Stream table
 * entry" and "Substreams"; the order of checks is that of "Event priority").
 */

import { fieldBits, fieldNumbers, fieldOf } from '../fields.ts';
import { type HardwareFeatures, iasBits, oasBits } from '../registers/hardware-features.ts';
import { CD, L1CD } from '../structures/cd.ts';
import { cdIllegalities } from '../structures/cd-legality.ts';
import {
  CD_BYTE_LENGTH,
  type CdTable,
  cdTableBehind,
  cdTableByteLength,
  isTwoLevel,
  L1CD_BYTE_LENGTH,
} from '../structures/cd-table.ts';
import { STE } from '../structures/ste.ts';
import { steIllegalities } from '../structures/ste-legality.ts';
import { type SteConfig, steConfig } from '../structures/stream-table.ts';
import { type StreamWorld, streamWorld, walkDisabled } from '../structures/stream-world.ts';
import type { AbortReason, Says } from './reasons.ts';
import { type Stage1Half, type Stage2Regime, stage1Halves, stage2Regime } from './regime.ts';
import { type Fault, fault, type Step, type Unknown, Walk, type WalkMemory } from './walk.ts';

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
  readonly why: AbortReason;
}

/** `ssid`: the SubstreamID that comes with a transaction, or null for one without. Steps are added to `steps`. */
export function streamContext<S>(
  ste: readonly bigint[],
  ssid: number | null,
  hw: HardwareFeatures,
  memory: WalkMemory<S>,
  steps: Step<S>[],
): StreamContext | Abort | Fault | Unknown<S> {
  const illegal = steIllegalities(ste, hw);
  if (illegal.length > 0) return fault('C_BAD_STE', null, null, { kind: 'illegal', illegal });
  const { config } = steConfig(Number((ste[0] as bigint) & 0xffff_ffffn));
  if (config === 'abort') return { kind: 'abort', why: { kind: 'config-abort' } };
  if (config === 'reserved') return { kind: 'abort', why: { kind: 'config-reserved' } };
  const [selectsStage1, selectsStage2] = [
    config === 's1' || config === 'nested',
    config === 's2' || config === 'nested',
  ];
  const of = fieldNumbers(STE, ste);
  const undecoded = selectsStage2 ? undecodedStage2(of, hw) : null;
  const stage2 = selectsStage2 && undecoded === null ? stage2Regime(ste, hw) : null;
  if (selectsStage2 && undecoded === null && stage2 === null) {
    return fault('C_BAD_STE', null, null, { kind: 'no-stage-2-fits' });
  }
  const table = cdTableBehind(ste, hw.SSIDSIZE ?? 20);
  const selected = selectsStage1 ? cdIndex(table, ssid, of('S1DSS')) : withoutStage1(ssid);
  if (typeof selected === 'object') return selected;
  // What a SubstreamID meets comes before any table of stage 2.
  if (undecoded !== null) return undecoded;
  const context = { kind: 'context', config, ste, stage2 } as const;
  if (selected === 'bypass') return { ...context, stage1: null };
  const walk = new Walk(memory, stage2, steps);
  const found = fetchCd(ste, table, selected, hw, walk);
  if ('kind' in found) return found;
  const bad = cdIllegalities(found.cd, ste, hw);
  if (bad.length > 0) return fault('C_BAD_CD', null, null, { kind: 'illegal', illegal: bad });
  const cdOf = fieldNumbers(CD, found.cd);
  const refused = unwalkable(1, cdOf('AA64'), hw);
  if (refused !== null) return refused;
  const world = streamWorld(ste, hw);
  // Linux runs EL2 streams as EL2-E2H wherever the CPU has it.
  const assumed = world ?? 'el2-e2h';
  const halves = stage1Halves(found.cd, ste, assumed, hw);
  const stage1 = { cd: found.cd, asid: cdOf('ASID'), world: assumed, worldAssumed: world === null, halves };
  return { ...context, stage1 };
}

/** The CD that a transaction uses. `bypass`: S1DSS says that traffic without a SubstreamID passes stage 1 by. */
function cdIndex(table: CdTable, ssid: number | null, s1dss: number): number | 'bypass' | Fault {
  if (table.format === 'single') return ssid === null ? 0 : noSubstreams({ kind: 'no-substreams' });
  if (ssid === null) {
    if (s1dss === 1) return 'bypass';
    return s1dss === 2 ? 0 : fault('F_STREAM_DISABLED', null, null, { kind: 'no-substream', s1dss });
  }
  if (ssid >= table.cds) return noSubstreams({ kind: 'substream-beyond', ssid, cds: table.cds });
  if (ssid === 0 && s1dss === 2) return fault('F_STREAM_DISABLED', null, null, { kind: 'substream-0' });
  return ssid;
}

function withoutStage1(ssid: number | null): 'bypass' | Fault {
  return ssid === null ? 'bypass' : noSubstreams({ kind: 'stage-1-off' });
}

/** The CD of that index, through stage 2 where there is one. */
function fetchCd<S>(
  ste: readonly bigint[],
  table: CdTable,
  cd: number,
  hw: HardwareFeatures,
  walk: Walk<S>,
): { cd: readonly bigint[] } | Fault | Unknown<S> {
  let index = cd;
  const first = aligned(table.paddr, cdTableByteLength(table));
  let leaf = first;
  if (isTwoLevel(table)) {
    const l1Index = Math.floor(index / table.leafCds);
    index %= table.leafCds;
    const paddr = first + l1Index * L1CD_BYTE_LENGTH;
    const words = walk.fetch({ kind: 'L1CD' }, l1Index, paddr, L1CD_BYTE_LENGTH, 'CD', ([value = 0n]) => ({
      kind: 'l1cd',
      leaf: (value & 1n) === 0n ? null : l2Pointer(value),
    }));
    if (!Array.isArray(words)) return words;
    const [value] = words as [bigint];
    if ((value & 1n) === 0n) return noSubstreams({ kind: 'l1cd-invalid', index: l1Index });
    // Under stage 2 it is an IPA. An SMMU may leave one that is too large to stage 2 instead.
    const bits = walk.stage2 === null ? oasBits(hw) : iasBits(hw);
    leaf = l2Pointer(value);
    if (bits !== null && leaf >= 2 ** bits) return noSubstreams({ kind: 'l1cd-beyond', index: l1Index, bits });
    leaf = aligned(leaf, table.leafCds * CD_BYTE_LENGTH);
  }
  const words = walk.fetch({ kind: 'CD' }, index, leaf + index * CD_BYTE_LENGTH, CD_BYTE_LENGTH, 'CD', (words) =>
    cdSays(words, streamWorld(ste, hw)),
  );
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

function cdSays(words: readonly bigint[], world: StreamWorld | null): Says {
  const of = fieldNumbers(CD, words);
  if (of('V') === 0) return { kind: 'cd-invalid' };
  const off = (n: 0 | 1) => (n === 1 && world === 'el2') || walkDisabled(of, n, world);
  const half = (n: 0 | 1) => (off(n) ? null : { ttb: of(`TTB${n}`), tsz: of(`T${n}SZ`) });
  return { kind: 'cd', asid: of('ASID'), halves: [half(0), half(1)] };
}

function noSubstreams(why: Fault['why']): Fault {
  return fault('C_BAD_SUBSTREAMID', null, null, why);
}

/** Formats of the architecture that this program does not know. */
function unwalkable(stage: 1 | 2, aa64: number, hw: HardwareFeatures): Unknown<never> | null {
  if (aa64 === 1) return null;
  const format = hw.D128 === 1 ? 'VMSAv9-128' : 'VMSAv8-32 LPAE';
  return { kind: 'unknown', why: { kind: 'undecoded-tables', stage, format } };
}

function undecodedStage2(of: (name: string) => number, hw: HardwareFeatures): Unknown<never> | null {
  return unwalkable(2, of('S2AA64'), hw) ?? (of('S2PIE') === 1 && hw.S2PI !== 0 ? INDIRECT_STAGE2 : null);
}

const INDIRECT_STAGE2: Unknown<never> = { kind: 'unknown', why: { kind: 'undecoded-indirection' } };
