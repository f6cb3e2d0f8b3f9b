/** What does the IOMMU core say of all domains? iommu.c, once in every boot, from v5.7 and v5.14 on. */

import type { DomainFacts } from '../facts.ts';

const SET = '(?: \\((set (?:via|by) [a-z ]{1,40})\\))?';
const ROWS: readonly (readonly [key: keyof DomainFacts, pattern: RegExp])[] = [
  ['type', new RegExp(`\\biommu: Default domain type: ([A-Z][a-z]{1,20})${SET}`)],
  ['invalidation', new RegExp(`\\biommu: DMA domain TLB invalidation policy: ([a-z]{1,20}) mode${SET}`)],
];

/** What one of these lines has in it, so that it is worth a look. */
export const OF_CORE = 'iommu: D';

/** What a line says of domains; null for any other. */
export function domainFactsIn(line: string): Partial<Record<keyof DomainFacts, string>> | null {
  for (const [key, pattern] of ROWS) {
    const [, value, by] = pattern.exec(line) ?? [];
    if (value !== undefined) return { [key]: by === undefined ? value : `${value}, ${by}` };
  }
  return null;
}
