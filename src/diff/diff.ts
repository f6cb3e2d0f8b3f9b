/**
 * What changed in the tables of an SMMU between two dumps of the same machine, and what that comes to in the kdump
 * kernel. Both tables are gone through as the hardware finds them, slice by slice, so that neither their size nor that of
 * the dumps counts; what one dump lacks is missing, and never a change.
 */

import type { Revision } from '../adopt/revisions/revision.ts';
import { dumpReport } from '../dump/dump-report.ts';
import type { OpenedDump } from '../dump/open.ts';
import { untilFetched } from '../dump/sources/until-fetched.ts';
import { InputError } from '../errors.ts';
import { type PlanOptions, planOf } from '../inspect/plan.ts';
import { type SidList, sidsFor } from '../platform/asked-streams.ts';
import { type Evidence, type EvidenceOptions, evidenceOf } from '../platform/evidence.ts';
import { deviceNamesOf } from '../platform/platform.ts';
import { REGISTERS } from '../smmu/registers/registers.ts';
import { namesOf } from '../snapshot/choose.ts';
import type { SmmuSnapshot, Snapshot } from '../snapshot/snapshot.ts';
import { RepeatedStes } from '../tables/repeats.ts';
import { TOOL } from '../version.ts';
import type { BeforeAfter } from './before-after.ts';
import { CdComparison } from './cds.ts';
import { fieldChanges } from './fields.ts';
import { askKernel } from './kernel.ts';
import { compareL1, sameL1Shape } from './l1.ts';
import { DiffBudget } from './limits.ts';
import { Listed, MissingList } from './listed.ts';
import { MappingComparison } from './mappings/comparison.ts';
import { type DiffMoment, momentOf, tableShape } from './moment.ts';
import type { CdChange, DiffReport, L1Change, RegisterChange, SmmuDiff, SteChange } from './report.ts';
import { SteComparison } from './stes.ts';

export interface DiffOptions
  extends Pick<EvidenceOptions, 'iomem' | 'platform' | 'excluded' | 'progress'>,
    Pick<PlanOptions, 'revision' | 'kernel' | 'memremap' | 'paBits'> {
  /** The registers at the later moment; those of the first hold for both when left out. */
  readonly snapshotAfter?: Snapshot | undefined;
  /** Names of the SMMUs; all of the snapshot when left out. */
  readonly smmus?: readonly string[] | undefined;
  /** Only the entries of these StreamIDs. */
  readonly sids?: SidList | undefined;
  /** Compare what the streams reach, too: all translation tables. */
  readonly deep?: boolean | undefined;
  /** List thousands of changes, instead of the first few hundred. */
  readonly all?: boolean | undefined;
}

const LISTED = 256;
/** Each with every field that differs: what a reader of JSON can still take in one piece. */
const LISTED_OF_ALL = 4096;
/** Ranges of one set of translation tables. */
const RANGES_LISTED = 16;

/**
 * Compares the tables in `before` with those in `after`: what changed, entry by entry and field by field, and what that
 * comes to in the kdump kernel. `snapshot` has the registers of both moments unless `snapshotAfter` is given.
 * Throws InputError for an unknown SMMU or revision; whatever a dump lacks is part of the result.
 */
export async function diff(
  before: OpenedDump,
  after: OpenedDump,
  snapshot: Snapshot,
  options: DiffOptions = {},
): Promise<DiffReport> {
  const snapshots = { before: snapshot, after: options.snapshotAfter ?? snapshot };
  const evidence = {
    before: evidenceOf(before, snapshots.before, options),
    after: evidenceOf(after, snapshots.after, options),
  };
  const plan = planOf(options, evidence.before);
  const smmus: SmmuDiff[] = [];
  const pairs = smmuPairs(snapshots, options.smmus);
  const repeated = new RepeatedStes(snapshot);
  const budget = new DiffBudget();
  for (const pair of pairs) {
    const { kernelSids, repeatedStes, ...found } = await untilFetched(() =>
      compareSmmu(evidence, pair, plan.revision, options, budget),
    );
    repeated.add(repeatedStes, found.name, pair === pairs.at(-1));
    const { l1, stes, cds } = found.counts;
    if (l1 + stes + cds === 0) {
      smmus.push(found);
      continue;
    }
    const { kernel, devices } = await askKernel({ evidence, smmus: pair, plan, sids: kernelSids });
    smmus.push({
      ...found,
      l1: found.l1.map((change) => ({ ...change, device: devices.get(change.firstSid) ?? null })),
      stes: found.stes.map((change) => ({ ...change, device: devices.get(change.sid) ?? null })),
      kernel,
    });
  }
  const changed = smmus.some(
    ({ counts, mappings }) =>
      (counts.registers ?? 0) + counts.l1 + counts.stes + counts.cds + (mappings?.changed ?? 0) > 0,
  );
  const complete = smmus.every(
    ({ counts: { missing }, notCompared, mappings }) =>
      missing + notCompared.cds === 0 && !notCompared.cut && mappings?.complete !== false,
  );
  return {
    schemaVersion: 1,
    tool: TOOL,
    before: dumpReport(before),
    after: dumpReport(after),
    smmus,
    summary: { changed, complete, exitCode: !complete ? 3 : changed ? 1 : 0 },
  };
}

/** The SMMUs of the first snapshot with their namesakes in the second; where each has only one, these two. */
function smmuPairs(
  { before, after }: BeforeAfter<Snapshot>,
  wanted: readonly string[] | undefined,
): BeforeAfter<SmmuSnapshot>[] {
  const named = ({ smmus }: Snapshot) => new Map(smmus.map((smmu) => [smmu.name, smmu]));
  const byName = new Map([before, after].map((snapshot) => [snapshot, named(snapshot)]));
  const find = (snapshot: Snapshot, name: string): SmmuSnapshot => {
    const found = byName.get(snapshot)?.get(name);
    if (found !== undefined) return found;
    const message = `no SMMU ${JSON.stringify(name)}; there are ${namesOf(snapshot)}`;
    throw new InputError('usage', message, { file: snapshot.name });
  };
  const chosen = wanted === undefined ? before.smmus : wanted.map((name) => find(before, name));
  const [only, ...others] = after.smmus;
  const lone = before.smmus.length === 1 && others.length === 0 ? only : undefined;
  return chosen.map((smmu) => ({ before: smmu, after: lone ?? find(after, smmu.name) }));
}

/** All but what the kernel makes of it, and the streams to ask it about: those of descriptors first. */
function compareSmmu(
  evidence: BeforeAfter<Evidence>,
  smmus: BeforeAfter<SmmuSnapshot>,
  revision: Revision,
  options: DiffOptions,
  budget: DiffBudget,
): SmmuDiff & { readonly kernelSids: readonly number[]; readonly repeatedStes: number } {
  const { platform, progress } = evidence.before;
  const names = deviceNamesOf(platform, smmus.before);
  const moment = (at: 'before' | 'after') => momentOf(smmus[at], evidence[at].now.view, names);
  const moments: BeforeAfter<DiffMoment> = { before: moment('before'), after: moment('after') };
  const sids = options.sids && [...new Set(sidsFor(options.sids, smmus.before))].sort((a, b) => a - b);
  const limit = options.all === true ? LISTED_OF_ALL : LISTED;
  const l1 = new Listed<Omit<L1Change, 'device'>>(limit);
  const stes = new Listed<Omit<SteChange, 'device'>>(limit);
  const cds = new Listed<CdChange>(limit);
  const missing = new MissingList(limit);
  const changedL1 = sameL1Shape(moments) ? compareL1(moments, revision, sids, l1) : new Set<number>();
  const cdComparison = new CdComparison(moments, cds, missing, budget);
  const ranges = options.all === true ? LISTED_OF_ALL : RANGES_LISTED;
  const mappings = options.deep === true ? new MappingComparison(moments, { ranges, sets: limit }, budget) : null;
  const sinks = { changedL1, changes: stes, missing, cds: cdComparison, mappings, progress, budget };
  const steComparison = new SteComparison(moments, sinks);
  steComparison.compare(sids);
  const registers = options.snapshotAfter === undefined ? null : registerChanges(smmus);
  const newlyIllegal = [...stes.items, ...cds.items].filter(
    ({ before, after }) => before?.illegal.length === 0 && after !== null && after.illegal.length > 0,
  );
  return {
    name: smmus.before.name,
    table: { before: tableShape(moments.before), after: tableShape(moments.after) },
    counts: {
      registers: registers?.length ?? null,
      l1: l1.total,
      stes: stes.total,
      cds: cds.total,
      devices: steComparison.devices,
      missing: missing.entries,
      newlyIllegal: newlyIllegal.length,
    },
    registers,
    l1: l1.items.map((change) => ({ ...change, device: null })),
    stes: stes.items.map((change) => ({ ...change, device: null })),
    cds: cds.items,
    missing: missing.items,
    notListed: { l1: l1.notListed, stes: stes.notListed, cds: cds.notListed, missing: missing.notListed },
    notCompared: {
      sids: sids?.filter((sid) => !steComparison.met.has(sid)) ?? [],
      cds: cdComparison.notExamined,
      guests: steComparison.guests,
      cut: steComparison.cut || moments.before.table.cut || moments.after.table.cut,
    },
    mappings: mappings?.report() ?? null,
    kernel: null,
    repeatedStes: steComparison.repeatedStes,
    kernelSids: [...l1.items.map(({ firstSid }) => firstSid), ...stes.items.map(({ sid }) => sid)],
  };
}

/** Registers that both snapshots have and that differ, by offset. */
function registerChanges({ before, after }: BeforeAfter<SmmuSnapshot>): RegisterChange[] {
  return REGISTERS.flatMap((layout) => {
    const [left, right] = [before.registers.get(layout.name), after.registers.get(layout.name)];
    if (left === undefined || right === undefined || left === right) return [];
    return {
      register: layout.name,
      meaning: layout.meaning,
      before: left,
      after: right,
      fields: fieldChanges(layout, { before: [left], after: [right] }),
    };
  });
}
