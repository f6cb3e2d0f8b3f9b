/** What an adoption does, in the shape and the words of the conformance set. */

import type { RevisionOutcome, SmmuReport } from '../../src/index.ts';
import type { Published } from './published.ts';

export interface ExpectedLogLine {
  readonly level: string;
  readonly text: string;
}

export interface ExpectedMapping {
  readonly kind: string;
  readonly pa: string;
  readonly size: number;
  readonly ok: boolean;
  readonly held: boolean;
  readonly released: boolean;
}

export interface ExpectedInsert {
  readonly sid: number;
  readonly ret: number | null;
  readonly log: readonly ExpectedLogLine[];
  readonly maps: readonly ExpectedMapping[];
  readonly fresh: boolean;
}

export interface Expectation {
  readonly revision: string;
  readonly ret: number | null;
  readonly verdict: string;
  readonly format: string | null;
  readonly num_l1_ents?: number | null;
  readonly num_ents?: number | null;
  readonly table_format: string;
  readonly features_after: {
    readonly '2_LVL_STRTAB': boolean;
    readonly '2_LVL_CDTAB': boolean;
    readonly COHERENCY: boolean;
  };
  readonly option_kdump_adopt_after: boolean | null;
  readonly log: readonly ExpectedLogLine[];
  readonly warn_on: number;
  readonly maps: readonly ExpectedMapping[];
  readonly reserved: { readonly asids: readonly number[]; readonly vmids: readonly number[] };
  readonly inserts: readonly ExpectedInsert[];
  readonly teardown: { readonly leaked: number; readonly double_released: number };
}

/** An inspection as an expectation. */
export function asExpectation({ adoption, inserts }: Published<SmmuReport>): Expectation {
  return outcomeAsExpectation(adoption, inserts);
}

/** The same of what one revision does; its insertions may stand beside it. */
export function outcomeAsExpectation(
  adoption: Published<SmmuReport['adoption']>,
  inserts: Published<RevisionOutcome['inserts']>,
): Expectation {
  const { twoLevelStreamTable, twoLevelCdTable, coherent } = adoption.featuresAfter;
  const count = adoption.format === '2lvl' ? { num_l1_ents: adoption.entries } : { num_ents: adoption.entries };
  return {
    revision: adoption.revision,
    ret: adoption.ret,
    verdict: adoption.verdict,
    format: adoption.format,
    ...(adoption.format === null ? {} : count),
    table_format: adoption.tableFormat,
    features_after: { '2_LVL_STRTAB': twoLevelStreamTable, '2_LVL_CDTAB': twoLevelCdTable, COHERENCY: coherent },
    option_kdump_adopt_after: adoption.optionAfter,
    log: adoption.log,
    warn_on: adoption.warnOn,
    maps: maps(adoption.mappings),
    reserved: adoption.reserved,
    inserts: inserts.map(({ sid, ret, log, mappings, fresh }) => ({ sid, ret, log, maps: maps(mappings), fresh })),
    teardown: { leaked: adoption.teardown.leaked, double_released: adoption.teardown.doubleReleased },
  };
}

/** A failed mapping was never in place, so the set counts it as not released. */
function maps(mappings: Published<SmmuReport['adoption']['mappings']>): ExpectedMapping[] {
  return mappings.map(({ kind, address, size, ok, held, released }) => ({
    kind,
    pa: address,
    size,
    ok,
    held,
    released,
  }));
}

/**
 * An expectation of the set with the log texts of the revision as it was posted. Where the set has a second wording of a
 * message, that one is the posted one.
 */
export function inPostedWords(expected: unknown): unknown {
  return JSON.parse(JSON.stringify(expected), (_, value) =>
    typeof value?.alt_text === 'string' ? { level: value.level, text: value.alt_text } : value,
  );
}
