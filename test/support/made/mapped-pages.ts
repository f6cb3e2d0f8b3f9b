/** Stretches of a table map against what walking each page by itself gives. */

import { attributesInWords } from '../../../src/report/prose/mappings.ts';
import type { Regime, Stage2Regime } from '../../../src/smmu/translation/regime.ts';
import { ALL_RIGHTS } from '../../../src/smmu/translation/rights.ts';
import type { Stretch } from '../../../src/smmu/translation/table-map.ts';
import { Walk, type WalkMemory } from '../../../src/smmu/translation/walk.ts';

/** What one page comes to, in a line: two pages with the same line, but for the address, are treated alike. */
export function pageByWalk<S>(memory: WalkMemory<S>, regime: Regime, stage2: Stage2Regime | null, at: number): string {
  const walk = new Walk(memory, stage2);
  const first = walk.walk(regime, at, 'IN');
  if (first.kind === 'fault') return first.event === 'F_TRANSLATION' ? 'not mapped' : first.event;
  if (first.kind === 'unknown') return 'unknown';
  if (stage2 === null) return `${first.output} ${first.rights} ${attributesInWords([first.attributes])}`;
  const updating = first.unmarkable?.rights ?? 0;
  if (updating === ALL_RIGHTS) return 'F_PERMISSION';
  const second = walk.walkStage2(stage2, first.output, 'IN');
  if (second.kind === 'fault') return second.event === 'F_TRANSLATION' ? 'not mapped' : second.event;
  if (second.kind === 'unknown') return 'unknown';
  const rights = first.rights & second.rights & ~updating;
  return `${second.output} ${rights} ${attributesInWords([first.attributes, second.attributes])}`;
}

/** The same out of stretches: the line of every page of `pageBytes` from `from` up to `to`. */
export function pagesOfStretches(
  stretches: Iterable<Stretch<unknown>>,
  from: number,
  to: number,
  pageBytes: number,
): string[] {
  const pages = new Array<string>((to - from) / pageBytes).fill('not mapped');
  for (const { kind, start, byteLength, output, rights, attributes, why } of stretches) {
    if (start < from || start + byteLength > to) throw new Error(`a stretch at ${start} that was not asked for`);
    for (let at = start; at < start + byteLength; at += pageBytes) {
      const mapped = `${output + (at - start)} ${rights} ${attributesInWords(attributes)}`;
      const fault = why === 'F_TRANSLATION' ? 'not mapped' : String(why);
      pages[(at - from) / pageBytes] = kind === 'mapped' ? mapped : kind === 'fault' ? fault : kind;
    }
  }
  return pages;
}
