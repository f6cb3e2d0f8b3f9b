/**
 * The streams that do something, with their context descriptors: one pass over them, in which every check that looks at
 * entries takes part. A hostile table can claim millions; what is not examined is said.
 */

import { CD } from '../../smmu/cd.ts';
import { CD_BYTE_LENGTH, cdArrays, cdTableOf } from '../../smmu/cd-table.ts';
import { wideWords } from '../../smmu/fields.ts';
import { type Illegality, type Reading, readingOf } from '../../smmu/legality.ts';
import { STE } from '../../smmu/ste.ts';
import { steIllegalities } from '../../smmu/ste-legality.ts';
import { STE_BYTE_LENGTH, type SteConfig, steConfig } from '../../smmu/stream-table.ts';
import type { RiskContext } from './context.ts';

export interface SeenSte extends Reading {
  readonly sid: number;
  readonly paddr: number;
  readonly words: readonly bigint[];
  readonly config: SteConfig;
  /** Why the hardware refuses it; empty when it does not. */
  readonly illegal: readonly Illegality[];
}

export interface SeenCd extends Reading {
  readonly ste: SeenSte;
  readonly ssid: number;
  readonly paddr: number;
  readonly words: readonly bigint[];
}

/** A check that looks at entries. CDs of a nested stream are in a guest's address space, and are not among them. */
export interface StreamCheck {
  ste?(ste: SeenSte): void;
  cd?(cd: SeenCd): void;
  /** Once all have been seen. */
  done?(): void;
}

/** Several times what any server has. */
const MAX_STES_EXAMINED = 1 << 14;
const MAX_CDS_EXAMINED = 1 << 20;

export function examineStreams(context: RiskContext, checks: readonly StreamCheck[]): void {
  const { view, findings } = context;
  let stes = 0;
  let cdsLeft = MAX_CDS_EXAMINED;
  for (const { sid, paddr, words, at } of view.stes(false)) {
    if (stes === MAX_STES_EXAMINED) {
      findings.add('risks-cut', { what: 'active STEs', examined: MAX_STES_EXAMINED });
      break;
    }
    stes += 1;
    const wide = wideWords(words, at, STE_BYTE_LENGTH);
    const { config } = steConfig(words[at] as number);
    const illegal = steIllegalities(wide, context.hw);
    const ste: SeenSte = { ...readingOf(STE, wide), sid, paddr, words: wide, config, illegal };
    for (const check of checks) check.ste?.(ste);
    if (config !== 's1' || illegal.length > 0 || cdsLeft <= 0) continue;
    cdsLeft = examineCds(context, ste, checks, cdsLeft);
    if (cdsLeft <= 0) findings.add('risks-cut', { what: 'context descriptors', examined: MAX_CDS_EXAMINED });
  }
  for (const check of checks) check.done?.();
}

/** The CD table of a stage 1 stream. */
export function cdTableBehind(ste: SeenSte, { hw }: Pick<RiskContext, 'hw'>) {
  return cdTableOf(ste.of('S1ContextPtr') % 2 ** 52, ste.of('S1Fmt'), ste.of('S1CDMax'), hw.SSIDSIZE ?? 20);
}

/** Returns how many CDs may still be looked at. */
function examineCds(context: RiskContext, ste: SeenSte, checks: readonly StreamCheck[], allowed: number): number {
  const { memory } = context;
  const table = cdTableBehind(ste, context);
  let left = allowed - Math.ceil(table.cds / table.leafCds);
  for (const { firstSsid, paddr, count } of cdArrays(table, memory, () => {})) {
    for (const slice of memory.slices(paddr, CD_BYTE_LENGTH, count)) {
      // What the dump lacks costs nothing.
      if (slice.known) left -= slice.count;
      if (left <= 0) return left;
      for (let i = 0, word = 0; slice.known && i < slice.count; i++, word += CD_BYTE_LENGTH / 4) {
        // V is bit 31 of the first word.
        if (((slice.words[word] as number) & 0x8000_0000) === 0) continue;
        const index = slice.first + i;
        const words = wideWords(slice.words, word, CD_BYTE_LENGTH);
        const cd: SeenCd = {
          ...readingOf(CD, words),
          ste,
          ssid: firstSsid + index,
          paddr: paddr + index * CD_BYTE_LENGTH,
          words,
        };
        for (const check of checks) check.cd?.(cd);
      }
    }
  }
  return left;
}
