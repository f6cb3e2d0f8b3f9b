/** Revisions side by side: the first thing that each does differently from the one that is reported. */

import { CHECK_ORDER, type Check } from './checks.ts';
import type { Emulation, Verdict } from './emulate.ts';
import type { KernelDeath } from './panic.ts';

/** The first thing that one revision does differently from another. */
export interface RevisionSplit {
  readonly revision: string;
  readonly from: string;
  /** What differs: the decision of the adoption, what devices meet, the registers after the reset, the IDs held. */
  readonly aspect: 'adoption' | 'insertions' | 'reset' | 'ids';
  /** The check that decides differently, where it is one. */
  readonly check: string | null;
  readonly why: SplitReason;
}

/** The two revisions, `from` first, with what each makes of it. */
export type SplitReason =
  /** The check's outcome; null where the revision does not make it. */
  | ({ readonly kind: 'check' } & Sides<{ readonly check: Check | null }>)
  | ({ readonly kind: 'ending' } & Sides<Ending>)
  /** What inserting the stream returns; null where that cannot be told. */
  | ({ readonly kind: 'insertion'; readonly sid: number } & Sides<{ readonly ret: number | null }>)
  /** CR0 in the end and its ATSCHK; null where that cannot be told. */
  | ({ readonly kind: 'cr0' } & Sides<{ readonly cr0: number | null; readonly atschk: number | null }>)
  /** IDs set aside for live entries. */
  | ({ readonly kind: 'ids' } & Sides<{ readonly held: number }>);

interface Sides<T> {
  readonly from: T & { readonly revision: string };
  readonly other: T & { readonly revision: string };
}

interface Ending {
  readonly verdict: Verdict;
  readonly ret: number | null;
  /** Set where the kernel dies, whatever came before. */
  readonly death: KernelDeath | null;
}

type Difference = Pick<RevisionSplit, 'aspect' | 'check' | 'why'>;

/** Where `other` parts from `from`, or null when both do the same. */
export function splitOf(from: Emulation, other: Emulation): RevisionSplit | null {
  const difference =
    adoptionDifference(from, other) ??
    insertionDifference(from, other) ??
    resetDifference(from, other) ??
    idDifference(from, other);
  return difference && { revision: other.revision.name, from: from.revision.name, ...difference };
}

/** Whether the two decide differently about the table or a device, and not merely leave other registers or IDs behind. */
export function decidesDifferently({ aspect }: RevisionSplit): boolean {
  return aspect === 'adoption' || aspect === 'insertions';
}

function sides<T>(from: Emulation, other: Emulation, of: (emulation: Emulation) => T): Sides<T> {
  const side = (emulation: Emulation) => ({ ...of(emulation), revision: emulation.revision.name });
  return { from: side(from), other: side(other) };
}

/** A revision that does not make a check does not fail it. */
function resultOf(check: Check | null): Check['result'] {
  return check?.result ?? 'pass';
}

function adoptionDifference(from: Emulation, other: Emulation): Difference | null {
  if (from.verdict === other.verdict && from.ret === other.ret) return null;
  for (const id of CHECK_ORDER) {
    const both = sides(from, other, ({ checks }) => ({ check: checks.find((check) => check.id === id) ?? null }));
    if (resultOf(both.from.check) === resultOf(both.other.check)) continue;
    return { aspect: 'adoption', check: id, why: { kind: 'check', ...both } };
  }
  return { aspect: 'adoption', check: null, why: endings(from, other) };
}

function endings(from: Emulation, other: Emulation): SplitReason {
  const both = sides(from, other, ({ verdict, ret, fate }) => {
    return { verdict, ret, death: fate.kind === 'kernel-dies' ? fate.death : null };
  });
  return { kind: 'ending', ...both };
}

function insertionDifference(from: Emulation, other: Emulation): Difference | null {
  const streams = ({ probes }: Emulation) =>
    probes.flatMap(({ streams: list, deferred }) => list.map((stream) => ({ ...stream, deferred })));
  const others = streams(other);
  for (const [i, a] of streams(from).entries()) {
    const b = others[i];
    if (b === undefined || (a.ret === b.ret && a.fresh === b.fresh && a.deferred === b.deferred)) continue;
    const both = sides(from, other, (one) => ({ ret: (one === from ? a : b).ret }));
    return { aspect: 'insertions', check: null, why: { kind: 'insertion', sid: a.sid, ...both } };
  }
  const deadlyRead = ({ fate }: Emulation) => (fate.kind === 'kernel-dies' ? fate.death.paddr : null);
  if (deadlyRead(from) === deadlyRead(other)) return null;
  return { aspect: 'insertions', check: null, why: endings(from, other) };
}

function resetDifference(from: Emulation, other: Emulation): Difference | null {
  const [a, b] = [from.reset, other.reset];
  if (a === null || b === null || (a.cr0.after === b.cr0.after && a.atschk.after === b.atschk.after)) return null;
  const both = sides(from, other, ({ reset }) => {
    return { cr0: reset?.cr0.after ?? null, atschk: reset?.atschk.after ?? null };
  });
  return { aspect: 'reset', check: null, why: { kind: 'cr0', ...both } };
}

function idDifference(from: Emulation, other: Emulation): Difference | null {
  const both = sides(from, other, ({ idScan }) => {
    return { held: idScan === null ? 0 : idScan.asids.length + idScan.vmids.length };
  });
  if (both.from.held === both.other.held) return null;
  return { aspect: 'ids', check: 'ids.scan', why: { kind: 'ids', ...both } };
}
