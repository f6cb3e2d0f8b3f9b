/**
 * What a walk has to know of one table: where it is, its granule and levels, what limits addresses, and what decides on
 * rights. Made from a legal CD or STE (IHI 0070, "Context descriptor" and "Stream table entry"; DDI 0487, chapter on the
 * VMSAv8-64 address translation).
 */

import { fieldNumbers } from '../fields.ts';
import { GRANULES, stage1StartLevel } from '../granules.ts';
import { ADDRESS_SIZE_BITS, type HardwareFeatures, oasBits } from '../registers/hardware-features.ts';
import { stage2StartLevel } from '../stage2-start.ts';
import { CD } from '../structures/cd.ts';
import { STE } from '../structures/ste.ts';
import { type StreamWorld, walkDisabled } from '../structures/stream-world.ts';
import { type AddressFormat, indexLsb, minBlockLevelOf } from './descriptors.ts';
import type { HalfReason } from './reasons.ts';
import { indirectRights, type Stage1Rights, type Stage2Rights } from './rights.ts';

interface CommonRegime extends AddressFormat {
  /** Input addresses below 2^inputBits go through the table, counted from the start of its half. */
  readonly inputBits: number;
  readonly startLevel: number;
  /** Of the first table, low bits taken as zero as the hardware does; an IPA for stage 1 under stage 2. */
  readonly base: number;
  /** eff_IPS or eff_S2PS: addresses in descriptors that need more bits give F_ADDR_SIZE. */
  readonly outputBits: number;
  readonly minBlockLevel: number;
  readonly bigEndian: boolean;
  /** SHx of the CD or S2SH0 of the STE: that of everything mapped where descriptors have DS, and no SH of their own. */
  readonly shareability: number;
  /** AF=0 does no harm: AFFD is set, or hardware sets the flag. */
  readonly accessFlagIgnored: boolean;
}

export interface Stage1Regime extends CommonRegime {
  readonly stage: 1;
  /** CD.HA: hardware sets AF, which is a write to the descriptor. */
  readonly updatesAccessFlag: boolean;
  readonly half: 0 | 1;
  readonly rights: Stage1Rights;
  /** Attribute bytes by AttrIndx: 8, or 16 with CD.AIE, of which those above 7 are the last of MAIR. */
  readonly mair: readonly number[];
}

export interface Stage2Regime extends CommonRegime {
  readonly stage: 2;
  readonly rights: Stage2Rights;
  readonly fwb: boolean;
  /** STE.S2PTW: CD fetches and stage 1 walks through Device memory fault. */
  readonly protectedWalks: boolean;
}

export type Regime = Stage1Regime | Stage2Regime;

/** One half of the input range of a CD. */
export type Stage1Half = HalfRules &
  (
    | { readonly regime: Stage1Regime; readonly why: null }
    /** There is nothing to walk: an address of this half gives F_TRANSLATION. */
    | { readonly regime: null; readonly why: HalfReason }
  );

interface HalfRules {
  readonly inputBits: number;
  /** TBIx: bits 63:56 of an address are not looked at. */
  readonly topByteIgnored: boolean;
  /** E0PDx: unprivileged accesses fault. */
  readonly privilegedOnly: boolean;
}

/** Both halves of a legal CD with AA64=1, TTB0 first. `ste` is the STE that leads to it. */
export function stage1Halves(
  cd: readonly bigint[],
  ste: readonly bigint[],
  world: StreamWorld,
  hw: HardwareFeatures,
): readonly [Stage1Half, Stage1Half] {
  // CD.PIE counts only where the STE lets CDs use it.
  const indirect = hw.S1PI !== 0 && fieldNumbers(STE, ste)('S1PIE') === 1 && fieldNumbers(CD, cd)('PIE') === 1;
  return [stage1Half(cd, 0, world, indirect, hw), stage1Half(cd, 1, world, indirect, hw)];
}

function stage1Half(
  cd: readonly bigint[],
  half: 0 | 1,
  world: StreamWorld,
  indirect: boolean,
  hw: HardwareFeatures,
): Stage1Half {
  const of = fieldNumbers(CD, cd);
  const inputBits = 64 - of(`T${half}SZ`);
  const common = {
    inputBits,
    topByteIgnored: of(`TBI${half}`) === 1,
    // Where there is one privilege, no access is unprivileged.
    privilegedOnly: of(`E0PD${half}`) === 1 && hw.E0PD !== 0 && world !== 'el2',
  };
  if (world === 'el2' && half === 1) return { regime: null, why: { kind: 'el2' }, ...common };
  if (walkDisabled(of, half, world)) return { regime: null, why: { kind: 'epd', half }, ...common };
  const granuleLog2 = GRANULES[`TG${half}`][of(`TG${half}`)];
  const startLevel = granuleLog2 == null ? null : startLevelOf(granuleLog2, inputBits);
  if (granuleLog2 == null || startLevel === null) {
    // Only where the captured registers do not tell that the CD is illegal for it.
    return { regime: null, why: { kind: 'misfit', half }, ...common };
  }
  const format = { granuleLog2, ds: granuleLog2 !== 16 && of('DS') === 1 && hw.DS !== 0 };
  const outputBits = effectiveBits(of('IPS'), hw);
  const rights: Stage1Rights = {
    twoPrivileges: world !== 'el2',
    wxn: of('WXN') === 1,
    pan: of('PAN') === 1,
    // With indirection PAN always behaves so (IHI 0070, "Stage 1 permission indirections").
    epan: indirect || (of('EPAN') === 1 && hw.EPAN !== 0),
    privilegedOnly: common.privilegedOnly,
    ignoreTables: of(`HAD${half}`) === 1 && hw.HAD !== 0,
    dirtyState: of('HD') === 1 && of('HA') === 1,
    indirect: indirect
      ? Array.from({ length: 16 }, (_, i) =>
          indirectRights(of(`PIIP${i}`), of(`${world === 'el2' ? 'PIIP' : 'PIIU'}${i}`)),
        )
      : null,
  };
  const mair = [...Array(of('AIE') === 1 && hw.AIE !== 0 ? 16 : 8).keys()].map((index) => {
    const i = Math.min(index, 7);
    return (of(i < 4 ? 'MAIR0' : 'MAIR1') / 2 ** ((i % 4) * 8)) & 0xff;
  });
  const regime: Stage1Regime = {
    stage: 1,
    updatesAccessFlag: of('HA') === 1,
    half,
    ...format,
    inputBits,
    startLevel,
    base: firstTable(of(`TTB${half}`), format, inputBits, startLevel, outputBits),
    outputBits,
    minBlockLevel: minBlockLevelOf(format, (oasBits(hw) ?? outputBits) >= 52),
    bigEndian: of('ENDI') === 1,
    shareability: of(`SH${half}`),
    accessFlagIgnored: of('AFFD') === 1 || of('HA') === 1,
    rights,
    mair,
  };
  return { regime, why: null, ...common };
}

/**
 * The stage 2 of a legal STE with S2AA64=1. Null where granule, size and start level fit on no hardware, which the
 * captured registers may have left untold.
 */
export function stage2Regime(ste: readonly bigint[], hw: HardwareFeatures): Stage2Regime | null {
  const of = fieldNumbers(STE, ste);
  const granuleLog2 = GRANULES.S2TG[of('S2TG')];
  if (granuleLog2 == null) return null;
  const ds = granuleLog2 !== 16 && of('S2DS') === 1 && hw.DS !== 0;
  const format = { granuleLog2, ds };
  const inputBits = 64 - of('S2T0SZ');
  const startLevel = stage2StartLevel(granuleLog2, of('S2SL0'), of('S2SL0_2'), of('S2T0SZ'), ds, hw.STT !== 0);
  if (startLevel === null) return null;
  const outputBits = effectiveBits(of('S2PS'), hw);
  return {
    stage: 2,
    ...format,
    inputBits,
    startLevel,
    base: firstTable(of('S2TTB'), format, inputBits, startLevel, outputBits),
    outputBits,
    minBlockLevel: minBlockLevelOf(format, (oasBits(hw) ?? outputBits) >= 52),
    bigEndian: of('S2ENDI') === 1,
    shareability: of('S2SH0'),
    accessFlagIgnored: of('S2AFFD') === 1 || of('S2HA') === 1,
    rights: { dirtyState: of('S2HD') === 1 && of('S2HA') === 1, xnx: hw.XNX !== 0 },
    fwb: of('S2FWB') === 1 && hw.FWB !== 0,
    protectedWalks: of('S2PTW') === 1,
  };
}

/** Null where it is no input that any hardware takes. */
function startLevelOf(granuleLog2: number, inputBits: number): number | null {
  const level = stage1StartLevel(granuleLog2, 64 - inputBits);
  // The one that 52 bits need: no walk begins above it.
  const lowest = stage1StartLevel(granuleLog2, 12);
  return level >= lowest && level <= 3 && inputBits <= 52 ? level : null;
}

/**
 * IPS or S2PS, limited by OAS. Code 7 acts as 6 with these table formats, and code 6 as 5 on a v3.0 part. Descriptors of
 * 4 KiB and 16 KiB granules without DS carry 48 bits, which is no limit of its own.
 */
function effectiveBits(code: number, hw: HardwareFeatures): number {
  const programmed = hw.ArchMinorRev === 0 && code >= 6 ? 48 : (ADDRESS_SIZE_BITS[code] as number);
  return Math.min(programmed, oasBits(hw) ?? 52, 52);
}

/**
 * Aligned to the size of the first table, or tables; to 64 bytes at least where IPS or S2PS says 52 bits, whether or not
 * the descriptors carry as many (IHI 0070, CD.TTB0 and STE.S2TTB).
 */
function firstTable(
  ttb: number,
  { granuleLog2 }: AddressFormat,
  inputBits: number,
  startLevel: number,
  outputBits: number,
): number {
  const byteLength = 8 * 2 ** Math.max(0, inputBits - indexLsb(granuleLog2, startLevel));
  const alignment = outputBits === 52 ? Math.max(64, byteLength) : byteLength;
  return ttb - (ttb % alignment);
}

/** Entries of the table that begins a walk; concatenated ones count as one. */
export function firstTableEntries({ granuleLog2, inputBits, startLevel }: Regime): number {
  return 2 ** Math.max(0, inputBits - indexLsb(granuleLog2, startLevel));
}
