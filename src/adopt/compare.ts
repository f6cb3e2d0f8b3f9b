/** Revisions side by side: the first thing that each does differently from the one that is reported. */

import { CHECK_ORDER, type Check } from './checks.ts';
import type { Granted } from './contiguous-memory.ts';
import type { StreamOutcome } from './devices/master.ts';
import type { Probe } from './devices/registration.ts';
import type { Emulation, Verdict } from './emulate.ts';
import type { KernelDeath } from './panic.ts';
import { isCommandQueueStuck } from './reset.ts';
import type { OrdinaryTable } from './stream-table/init-strtab.ts';

/** The first thing that one revision does differently from another. */
export interface RevisionSplit {
  readonly revision: string;
  readonly from: string;
  /**
   * What differs: the decision of the adoption, memory for a new table, bypass STEs of reserved regions, what devices
   * meet, the registers after the reset, the IDs held.
   */
  readonly aspect: 'adoption' | 'table' | 'rmr' | 'insertions' | 'reset' | 'ids';
  /** The check that decides differently, where it is one. */
  readonly check: string | null;
  readonly why: SplitReason;
}

/** The two revisions, `from` first, with what each makes of it. */
export type SplitReason =
  /** The check's outcome; null where the revision does not make it. */
  | ({ readonly kind: 'check' } & Sides<{ readonly check: Check | null }>)
  | ({ readonly kind: 'ending' } & Sides<Ending>)
  | ({ readonly kind: 'insertion'; readonly sid: number } & Sides<Insertion>)
  /** The new table for which there is memory or not; null where none is built. */
  | ({ readonly kind: 'table' } & Sides<{ readonly table: Pick<OrdinaryTable, 'format' | 'granted'> | null }>)
  /** STEs of reserved regions in an adopted table that bypass STEs replace. */
  | ({ readonly kind: 'rmr' } & Sides<{ readonly bypass: number }>)
  /** CR0 in the end and its ATSCHK; null where that cannot be told. */
  | ({ readonly kind: 'cr0' } & Sides<{ readonly cr0: number | null; readonly atschk: number | null }>)
  /** Whether the commands of the reset, which flush caches, are consumed. */
  | ({ readonly kind: 'commands' } & Sides<{ readonly consumed: boolean }>)
  /** IDs set aside for live entries. */
  | ({ readonly kind: 'ids' } & Sides<{ readonly held: number }>);

interface Sides<T> {
  readonly from: T & { readonly revision: string };
  readonly other: T & { readonly revision: string };
}

/** What inserting a stream returns, whether into a new L2 table, and whether its attach waits; null: cannot be told. */
type Insertion = Pick<StreamOutcome, 'ret' | 'fresh'> & Pick<Probe, 'deferred'>;

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
    tableDifference(from, other) ??
    rmrDifference(from, other) ??
    insertionDifference(from, other) ??
    resetDifference(from, other) ??
    idDifference(from, other);
  return difference && { revision: other.revision.name, from: from.revision.name, ...difference };
}

/**
 * Whether the two that `split` tells apart decide differently about the table or a device, and not merely leave other
 * registers or IDs behind. Where what one of them does cannot be told, nor can that.
 */
export function decidesDifferently(split: RevisionSplit, from: Emulation, other: Emulation): boolean {
  const { aspect, why } = split;
  if (aspect === 'adoption') return from.verdict !== 'indeterminate' && other.verdict !== 'indeterminate';
  if (aspect === 'rmr' || aspect === 'table') return from.fate.kind !== 'unknown' && other.fate.kind !== 'unknown';
  if (aspect !== 'insertions') return false;
  if (why.kind === 'insertion') return differ(why.from, why.other);
  return from.fate.kind !== 'unknown' && other.fate.kind !== 'unknown';
}

function sides<T>(from: Emulation, other: Emulation, of: (emulation: Emulation) => T): Sides<T> {
  const side = (emulation: Emulation) => ({ revision: emulation.revision.name, ...of(emulation) });
  return { from: side(from), other: side(other) };
}

/** A revision that does not make a check does not fail it. */
function resultOf(check: Check | null): Check['result'] {
  return check?.result ?? 'pass';
}

function adoptionDifference(from: Emulation, other: Emulation): Difference | null {
  if (from.verdict === other.verdict && from.ret === other.ret) return null;
  const [a, b] = [from.decidedBy, other.decidedBy];
  // The same check ends both, and what follows from it is another thing.
  const same = a !== null && b !== null && a.id === b.id && a.result === b.result;
  if (same) return { aspect: 'adoption', check: a.id, why: endings(from, other) };
  const differing = CHECK_ORDER.flatMap((id) => {
    const both = sides(from, other, ({ checks }) => ({ check: checks.find((check) => check.id === id) ?? null }));
    return resultOf(both.from.check) === resultOf(both.other.check) ? [] : [{ id, both }];
  });
  // What one of them does not even come to is said only where nothing else tells them apart.
  const [first] = [
    ...differing.filter(({ both }) => isMade(both.from.check) && isMade(both.other.check)),
    ...differing,
  ];
  if (first !== undefined) return { aspect: 'adoption', check: first.id, why: { kind: 'check', ...first.both } };
  return { aspect: 'adoption', check: null, why: endings(from, other) };
}

/** Whether something comes of a check, if only that nobody can tell what. */
function isMade(check: Check | null): boolean {
  return check === null || check.result !== 'not-reached' || check.observed !== null;
}

function endings(from: Emulation, other: Emulation): SplitReason {
  const both = sides(from, other, ({ verdict, ret, fate }) => {
    return { verdict, ret, death: fate.kind === 'kernel-dies' ? fate.death : null };
  });
  return { kind: 'ending', ...both };
}

/** As v3 leaves the driver without two levels, where v4 has them. */
function tableDifference(from: Emulation, other: Emulation): Difference | null {
  if (grantedTo(from) === grantedTo(other)) return null;
  return { aspect: 'table', check: null, why: { kind: 'table', ...sides(from, other, tableOf) } };
}

function grantedTo({ ordinaryTable }: Emulation): Granted {
  return ordinaryTable?.granted ?? 'granted';
}

function tableOf({ ordinaryTable: table }: Emulation) {
  return { table: table && { format: table.format, granted: table.granted } };
}

function rmrDifference(from: Emulation, other: Emulation): Difference | null {
  const both = sides(from, other, ({ verdict, rmr }) => ({ bypass: verdict === 'adopted' ? rmr.bypassed.size : 0 }));
  if (both.from.bypass === both.other.bypass) return null;
  return { aspect: 'rmr', check: null, why: { kind: 'rmr', ...both } };
}

function insertionDifference(from: Emulation, other: Emulation): Difference | null {
  const first = from.probes === other.probes ? null : firstStreamThatDiffers(from.probes, other.probes);
  if (first !== null) {
    const [a, b] = first;
    const both = sides(from, other, (one) => (one === from ? a : b));
    return { aspect: 'insertions', check: null, why: { kind: 'insertion', sid: a.sid, ...both } };
  }
  const deadlyRead = ({ fate }: Emulation) => (fate.kind === 'kernel-dies' ? fate.death.paddr : null);
  if (deadlyRead(from) === deadlyRead(other)) return null;
  return { aspect: 'insertions', check: null, why: endings(from, other) };
}

/** There can be tens of thousands, most of them alike. One of which too little is known counts where no other differs. */
function firstStreamThatDiffers(
  from: readonly Probe[],
  others: readonly Probe[],
): readonly [Insertion & { readonly sid: number }, Insertion] | null {
  let open: readonly [Insertion & { readonly sid: number }, Insertion] | null = null;
  const rest = streamsOf(others);
  for (const [a, deferred] of streamsOf(from)) {
    const next = rest.next();
    if (next.done === true) return open;
    const [b, otherDeferred] = next.value;
    if (a.ret === b.ret && a.fresh === b.fresh && deferred === otherDeferred) continue;
    const both = [
      { sid: a.sid, ret: a.ret, fresh: a.fresh, deferred },
      { ret: b.ret, fresh: b.fresh, deferred: otherDeferred },
    ] as const;
    if (differ(...both)) return both;
    open ??= both;
  }
  return open;
}

/** Whether two insertions of a stream differ in what is known of both. */
function differ(a: Insertion, b: Insertion): boolean {
  if (a.ret === null || b.ret === null) return false;
  if (a.ret !== b.ret || a.fresh !== b.fresh) return true;
  return a.deferred !== null && b.deferred !== null && a.deferred !== b.deferred;
}

function* streamsOf(probes: readonly Probe[]): Generator<readonly [StreamOutcome, deferred: boolean | null]> {
  for (const { streams, deferred } of probes) for (const stream of streams) yield [stream, deferred];
}

function resetDifference(from: Emulation, other: Emulation): Difference | null {
  const [a, b] = [from.reset, other.reset];
  if (a === null || b === null) return null;
  if (a.cr0.after === b.cr0.after && a.atschk.after === b.atschk.after) {
    if (isCommandQueueStuck(a) === isCommandQueueStuck(b)) return null;
    const consumed = sides(from, other, (one) => ({ consumed: !isCommandQueueStuck(one === from ? a : b) }));
    return { aspect: 'reset', check: null, why: { kind: 'commands', ...consumed } };
  }
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
