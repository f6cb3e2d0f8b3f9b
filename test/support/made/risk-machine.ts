/** What tests of risks have in common: stage 1 streams with CDs and page tables, and the findings of one rule. */

import type { Image } from '../../../samples/image.ts';
import type { Finding } from '../../../src/index.ts';
import type { FieldInputs } from '../../../src/smmu/fields.ts';
import { CDS, type Inspected, L1, L2_BUS0 } from './machine.ts';

/** A first table, which a machine has once something is written there. */
export const TTB = 0x8820_0000;

export const stage1 = (index: number, more: FieldInputs = {}) => ({
  V: 1,
  Config: 5,
  S1ContextPtr: CDS + index * 64,
  ...more,
});

export const stage2 = (more: FieldInputs = {}) => ({
  ...{ V: 1, Config: 6, S2VMID: 3, S2TTB: TTB, S2T0SZ: 24, S2SL0: 1, S2PS: 4, S2AA64: 1 },
  ...more,
});

/** A legal CD with tables for 39 bits of input at {@link TTB}. */
export const cd = (more: FieldInputs = {}) => ({
  ...{ V: 1, ASID: 1, TTB0: TTB, T0SZ: 25, EPD1: 1, IPS: 4, AA64: 1, A: 1, R: 1, MAIR0: 0xff44_0c04 },
  ...more,
});

export const readOnlyPage = (paddr: number) => BigInt(paddr) | 0x7c7n;
export const stage2Page = (paddr: number) => BigInt(paddr) | 0x7ffn;

/** An L2 table for bus 0, as Linux leaves it. */
export function busZero(image: Image): Image {
  return image.l1(L1, 0, 9, L2_BUS0).abortTable(L2_BUS0, 256);
}

/** The findings of a rule: what they say and where. */
export function found({ findings }: Inspected, rule: Finding['rule']): { args: unknown; location: unknown }[] {
  return findings.filter((one) => one.rule === rule).map(({ args, location }) => ({ args, location }));
}

/** Where the STE of a StreamID of bus 0 is, as findings have it. */
export function at(sid: number, address = L2_BUS0 + sid * 64) {
  return { firstSid: sid, lastSid: sid, pciBus: '00', address: `0x${address.toString(16)}` };
}

/** The rules found, once each. */
export function rulesOf({ findings }: Pick<Inspected, 'findings'>): Set<string> {
  return new Set(findings.map(({ rule }) => rule));
}
