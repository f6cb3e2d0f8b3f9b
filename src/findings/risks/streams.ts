/**
 * The streams that do something, with their context descriptors: one pass over them, in which every check that looks at
 * entries takes part. A hostile table can claim millions; what is not examined is said.
 */

import { wideWords } from '../../smmu/fields.ts';
import { CD } from '../../smmu/structures/cd.ts';
import { cdIllegalities } from '../../smmu/structures/cd-legality.ts';
import {
  CD_BYTE_LENGTH,
  type CdTable,
  cdArrayCount,
  cdArrays,
  cdTableBehind,
  isValidCd,
} from '../../smmu/structures/cd-table.ts';
import { type Illegality, type Reading, readingOf } from '../../smmu/structures/legality.ts';
import { STE } from '../../smmu/structures/ste.ts';
import { steIllegalities } from '../../smmu/structures/ste-legality.ts';
import { STE_BYTE_LENGTH, type SteConfig, steConfig } from '../../smmu/structures/stream-table.ts';
import { type StreamWorld, streamWorld } from '../../smmu/structures/stream-world.ts';
import type { RiskContext } from './context.ts';
import type { Examined } from './examination.ts';

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
  /** Why the hardware refuses it behind that STE. */
  readonly illegal: readonly Illegality[];
  /** EL2-E2H where the registers do not tell, as Linux has it wherever the CPU does. */
  readonly world: StreamWorld;
}

/** A check that looks at entries. CDs of a nested stream are in a guest's address space, and are not among them. */
export interface StreamCheck {
  ste?(ste: SeenSte): void;
  cd?(cd: SeenCd): void;
  /** Once all have been seen. */
  done?(): void;
}

/** Goes once through the active STEs and their CDs, as far as a limit allows, and shows each to every check. */
export function examineStreams(context: RiskContext, checks: readonly StreamCheck[]): void {
  const { view, findings, examination } = context;
  const share = examination.share();
  const left = { ...share };
  let cut = false;
  let before: SeenSte | null = null;
  for (const { sid, paddr, words, at } of view.stes(false)) {
    if (left.stes === 0) {
      findings.add('risks-cut', { what: 'active-stes', examined: share.stes });
      break;
    }
    left.stes -= 1;
    const ste = seenSte(wideWords(words, at, STE_BYTE_LENGTH), { sid, paddr }, before, context.hw);
    const { config, illegal } = ste;
    before = ste;
    for (const check of checks) check.ste?.(ste);
    if (config !== 's1' || illegal.length > 0 || cut) continue;
    cut = !examineCds(context, ste, checks, left);
    if (!cut) continue;
    if (left.cds === 0) findings.add('risks-cut', { what: 'cds', examined: share.cds });
    else findings.add('risks-cut', { what: 'cd-places', examined: share.places - left.places });
  }
  examination.take(share, left);
  for (const check of checks) check.done?.();
}

/** Streams that are passed through have STEs that are all the same: what was made of the one before holds of this. */
function seenSte(
  words: readonly bigint[],
  place: Pick<SeenSte, 'sid' | 'paddr'>,
  before: SeenSte | null,
  hw: RiskContext['hw'],
): SeenSte {
  if (before !== null && words.every((word, i) => word === before.words[i])) return { ...before, ...place };
  const { config } = steConfig(Number((words[0] as bigint) & 0xfn));
  return { words, config, illegal: steIllegalities(words, hw), ...place, ...readingOf(STE, words) };
}

/** A SubstreamID can come with a transaction of this stage 1 stream. */
export function hasSubstreams(ste: SeenSte, { hw }: Pick<RiskContext, 'hw'>): boolean {
  return ste.of('S1CDMax') > 0 && hw.SSIDSIZE !== 0;
}

/** The CD table of a stage 1 stream. */
export function cdTableOfStream({ words }: SeenSte, { hw }: Pick<RiskContext, 'hw'>): CdTable {
  return cdTableBehind(words, hw.SSIDSIZE ?? 20);
}

/** False: there are more than may be looked at. */
function examineCds(context: RiskContext, ste: SeenSte, checks: readonly StreamCheck[], left: Examined): boolean {
  const { memory, hw } = context;
  const table = cdTableOfStream(ste, context);
  const world = streamWorld(ste.words, hw) ?? 'el2-e2h';
  // What the dump lacks costs nothing but the descriptor that leads there.
  const descriptors = cdArrayCount(table);
  if (descriptors > left.places) return false;
  left.places -= descriptors;
  for (const { firstSsid, paddr, count } of cdArrays(table, memory, () => {})) {
    for (const slice of memory.slices(paddr, CD_BYTE_LENGTH, count)) {
      if (!slice.known) continue;
      if (slice.count > left.places) return false;
      left.places -= slice.count;
      for (let i = 0, word = 0; i < slice.count; i++, word += CD_BYTE_LENGTH / 4) {
        if (!isValidCd(slice.words, word)) continue;
        if (left.cds === 0) return false;
        left.cds -= 1;
        const index = slice.first + i;
        const words = wideWords(slice.words, word, CD_BYTE_LENGTH);
        const cd: SeenCd = {
          ste,
          ssid: firstSsid + index,
          paddr: paddr + index * CD_BYTE_LENGTH,
          words,
          illegal: cdIllegalities(words, ste.words, hw),
          world,
          ...readingOf(CD, words),
        };
        for (const check of checks) check.cd?.(cd);
      }
    }
  }
  return true;
}
