/** Revisions side by side: the first thing that each does differently from the one that is reported. */

import { CHECK_ORDER, type Check } from '../adopt/checks.ts';
import type { Emulation } from '../adopt/emulate.ts';
import { errnoName } from '../adopt/errno.ts';
import { hex } from '../hex.ts';
import type { RevisionSplit } from './inspection.ts';

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

/** A revision that does not make a check does not fail it. */
function resultOf(check: Check | undefined): Check['result'] {
  return check?.result ?? 'pass';
}

function adoptionDifference(from: Emulation, other: Emulation): Difference | null {
  if (from.verdict === other.verdict && from.ret === other.ret) return null;
  const find = ({ checks }: Emulation, id: string) => checks.find((check) => check.id === id);
  for (const id of CHECK_ORDER) {
    const [a, b] = [find(from, id), find(other, id)];
    if (resultOf(a) === resultOf(b)) continue;
    return { aspect: 'adoption', check: id, why: `${inWords(from, a)}; ${inWords(other, b)}` };
  }
  return { aspect: 'adoption', check: null, why: `${ending(from)}; ${ending(other)}` };
}

function inWords({ revision: { name } }: Emulation, check: Check | undefined): string {
  if (check === undefined) return `${name} does not ask`;
  const { result, observed, required } = check;
  if (result === 'pass') return `${name} passes: ${observed}`;
  if (result === 'fail') return `${name} fails: ${observed}, required: ${required}`;
  return observed === null ? `${name} does not come to it` : `${name} cannot be told: ${observed}`;
}

function ending({ revision, verdict, ret, fate }: Emulation): string {
  if (fate.kind === 'kernel-dies') {
    const { where, paddr } = fate.death;
    return `${revision.name} dies in ${where} reading ${hex(paddr)}`;
  }
  return `${revision.name}: ${verdict}${ret === null || ret === 0 ? '' : ` (-${errnoName(ret)})`}`;
}

function insertionDifference(from: Emulation, other: Emulation): Difference | null {
  const streams = ({ probes }: Emulation) =>
    probes.flatMap(({ streams: list, deferred }) => list.map((stream) => ({ ...stream, deferred })));
  const others = streams(other);
  for (const [i, a] of streams(from).entries()) {
    const b = others[i];
    if (b === undefined || (a.ret === b.ret && a.fresh === b.fresh && a.deferred === b.deferred)) continue;
    const said = (ret: number | null) =>
      ret === null ? 'cannot be told' : ret === 0 ? 'accepted' : `-${errnoName(ret)}`;
    const why = `SID ${hex(a.sid)}: ${from.revision.name} ${said(a.ret)}, ${other.revision.name} ${said(b.ret)}`;
    return { aspect: 'insertions', check: null, why };
  }
  const deadlyRead = ({ fate }: Emulation) => (fate.kind === 'kernel-dies' ? fate.death.paddr : null);
  if (deadlyRead(from) === deadlyRead(other)) return null;
  return { aspect: 'insertions', check: null, why: `${ending(from)}; ${ending(other)}` };
}

function resetDifference(from: Emulation, other: Emulation): Difference | null {
  const [a, b] = [from.reset, other.reset];
  if (a === null || b === null || (a.cr0.after === b.cr0.after && a.atschk.after === b.atschk.after)) return null;
  const cr0 = ({ revision }: Emulation, value: number | null) =>
    `${revision.name} leaves CR0 at ${value === null ? 'a value that cannot be told' : hex(value)}`;
  const why =
    `${cr0(from, a.cr0.after)} (ATSCHK ${a.atschk.after ?? 'unknown'}), ` +
    `${cr0(other, b.cr0.after)} (ATSCHK ${b.atschk.after ?? 'unknown'})`;
  return { aspect: 'reset', check: null, why };
}

function idDifference(from: Emulation, other: Emulation): Difference | null {
  const held = ({ idScan }: Emulation) => (idScan === null ? 0 : idScan.asids.length + idScan.vmids.length);
  const [a, b] = [held(from), held(other)];
  if (a === b) return null;
  const [keeps, ids, gives] = a > b ? [from, a, other] : [other, b, from];
  const why =
    `${keeps.revision.name} reserves ${ids} IDs that live entries use; ` +
    `${gives.revision.name} may give them to new domains`;
  return { aspect: 'ids', check: 'ids.scan', why };
}
