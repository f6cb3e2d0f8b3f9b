/**
 * One transaction of a device through its stream (IHI 0070, "Translation of a transaction"): from an input address to a
 * physical one, or to the event that the hardware would raise.
 */

import { fieldNumbers } from '../fields.ts';
import { type HardwareFeatures, iasBits, oasBits } from '../registers/hardware-features.ts';
import { CD } from '../structures/cd.ts';
import { STE } from '../structures/ste.ts';
import type { LeafAttributes } from './attributes.ts';
import type { FaultReason } from './reasons.ts';
import type { Stage1Half } from './regime.ts';
import { type AccessKind, ALL_RIGHTS, rightFor } from './rights.ts';
import type { StreamContext } from './stream-context.ts';
import { type Fault, fault, type Leaf, type Step, type Unknown, Walk, type WalkMemory } from './walk.ts';

export interface Access {
  readonly iova: bigint;
  readonly kind: AccessKind;
  readonly privileged: boolean;
}

/** Where a transaction comes out. */
export interface Translated {
  readonly kind: 'translated' | 'bypass';
  readonly paddr: number;
  /** Of the smaller block or page of the stages; null in bypass. */
  readonly byteLength: number | null;
  readonly rights: number;
  /** What the access counts as: STE.PRIVCFG may say otherwise than the device. */
  readonly privileged: boolean;
  /** By stage; empty in bypass. */
  readonly attributes: readonly LeafAttributes[];
}

/** Steps are added to `steps`. */
export function translate<S>(
  context: StreamContext,
  given: Access,
  hw: HardwareFeatures,
  memory: WalkMemory<S>,
  steps: Step<S>[],
): Translated | Fault | Unknown<S> {
  const access = overridden(context.ste, given, hw);
  const needed = rightFor(access.kind, access.privileged);
  const walk = new Walk(memory, context.stage2, steps);
  const { stage1, stage2 } = context;

  let first: Leaf | null = null;
  let ipa: number;
  if (stage1 === null) {
    const bits = stage2 === null ? oasBits(hw) : iasBits(hw);
    // No bus carries more than 52 bits; what an unknown limit below it does is left to stage 2.
    if (given.iova >= 1n << BigInt(bits ?? 52)) {
      return fault('F_ADDR_SIZE', 1, 'IN', { kind: 'input-too-large', iova: given.iova, bits: bits ?? 52 });
    }
    ipa = Number(given.iova);
  } else {
    const entered = enter(stage1.halves, given.iova, access.privileged, stage1.world === 'el2');
    if ('kind' in entered) return entered;
    const { regime, why } = entered.half;
    if (regime === null) return fault('F_TRANSLATION', 1, 'IN', { kind: 'no-tables', half: why });
    const end = walk.walk(regime, entered.offset, 'IN');
    if (end.kind !== 'leaf') return end;
    if ((end.rights & needed) === 0) return fault('F_PERMISSION', 1, 'IN', refusal(end, access));
    if (end.unmarkable !== null && (end.unmarkable.rights & needed) !== 0) {
      const { what, ipa } = end.unmarkable;
      return fault('F_PERMISSION', 2, 'TT', { kind: 'unwritable', what }, ipa);
    }
    first = end;
    ipa = end.output;
  }
  if (stage2 === null) return result(ipa, access, first === null ? [] : [{ stage: 1, leaf: first }]);
  const second = walk.walkStage2(stage2, ipa, 'IN', stage1 === null ? null : 'stage-1-output');
  if (second.kind !== 'leaf') return second;
  if ((second.rights & needed) === 0) return fault('F_PERMISSION', 2, 'IN', refusal(second, access), ipa);
  return result(second.output, access, [
    ...(first === null ? [] : [{ stage: 1 as const, leaf: first }]),
    { stage: 2, leaf: second },
  ]);
}

function result(
  paddr: number,
  { privileged }: Access,
  leaves: readonly { readonly stage: 1 | 2; readonly leaf: Leaf }[],
): Translated {
  return {
    kind: leaves.length === 0 ? 'bypass' : 'translated',
    paddr,
    byteLength: leaves.length === 0 ? null : Math.min(...leaves.map(({ leaf }) => leaf.byteLength)),
    rights: leaves.reduce((rights, { leaf }) => rights & leaf.rights & ~(leaf.unmarkable?.rights ?? 0), ALL_RIGHTS),
    privileged,
    attributes: leaves.map(({ leaf }) => leaf.attributes),
  };
}

function refusal({ rights, level }: Leaf, { kind, privileged }: Access): FaultReason {
  return { kind: 'not-granted', level, rights, privileged, access: kind };
}

/** STE.PRIVCFG and INSTCFG, where the hardware can override what comes with a transaction; writes are always data. */
function overridden(ste: readonly bigint[], access: Access, hw: HardwareFeatures): Access {
  if (hw.ATTR_PERMS_OVR === 0) return access;
  const of = fieldNumbers(STE, ste);
  const [priv, inst] = [of('PRIVCFG'), of('INSTCFG')];
  const kind = access.kind === 'write' || inst < 2 ? access.kind : inst === 2 ? 'read' : 'exec';
  return { ...access, kind, privileged: priv === 2 ? false : priv === 3 ? true : access.privileged };
}

/** The half of an input address, and its offset there. The address has to be canonical but for an ignored top byte. */
function enter(
  halves: readonly [Stage1Half, Stage1Half],
  iova: bigint,
  privileged: boolean,
  oneHalf: boolean,
): { half: Stage1Half; offset: number } | Fault {
  const upper = !oneHalf && ((iova >> 55n) & 1n) === 1n;
  const half = halves[upper ? 1 : 0];
  const bits = BigInt(half.inputBits);
  const top = half.topByteIgnored ? 56n : 64n;
  const above = bits >= top ? 0n : BigInt.asUintN(Number(top), iova) >> bits;
  const expected = upper && bits < top ? (1n << (top - bits)) - 1n : 0n;
  if (above !== expected) {
    const why = { kind: 'outside-half', iova, half: upper ? 1 : 0, bits: half.inputBits } as const;
    return fault<FaultReason>('F_TRANSLATION', 1, 'IN', why);
  }
  if (half.regime !== null && half.privilegedOnly && !privileged) {
    return fault('F_TRANSLATION', 1, 'IN', { kind: 'privileged-only', half: upper ? 1 : 0 });
  }
  return { half, offset: Number(BigInt.asUintN(half.inputBits, iova)) };
}

/** What follows a fault of translation: whether an event is recorded, and what the device sees. */
export interface FaultResponse {
  readonly recorded: boolean;
  /** `raz-wi`: reads give zero, writes are ignored. */
  readonly response: 'abort' | 'stall' | 'raz-wi';
}

const OBEYING: ReadonlySet<string> = new Set(['F_TRANSLATION', 'F_ADDR_SIZE', 'F_ACCESS', 'F_PERMISSION']);

/**
 * CD.S, R and A, or STE.S2S and S2R (IHI 0070, "Fault configuration"), which a fault of stage 2 obeys also on the way to
 * the CD. All other errors are recorded and abort.
 */
export function responseTo(
  { event, stage }: Pick<Fault, 'event' | 'stage'>,
  { stage1, ste }: Pick<StreamContext, 'stage1' | 'ste'>,
): FaultResponse {
  if (!OBEYING.has(event)) return { recorded: true, response: 'abort' };
  if (stage === 2) {
    const of = fieldNumbers(STE, ste);
    if (of('S2S') === 1) return { recorded: true, response: 'stall' };
    return { recorded: of('S2R') === 1, response: 'abort' };
  }
  // A stage 1 that is passed by has no CD to say otherwise.
  if (stage1 === null) return { recorded: true, response: 'abort' };
  const of = fieldNumbers(CD, stage1.cd);
  if (of('S') === 1) return { recorded: true, response: 'stall' };
  return { recorded: of('R') === 1, response: of('A') === 1 ? 'abort' : 'raz-wi' };
}
