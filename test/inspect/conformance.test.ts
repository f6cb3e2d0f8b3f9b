/**
 * The conformance set through the public library: 167 cases whose expectations were made by running the driver's own
 * functions. Every key of an expectation is compared, in the words of the set.
 */

import { describe, expect, test } from 'vitest';
import { inspect, type SmmuReport } from '../../src/index.ts';
import { CASES, withCase } from '../support/conformance.ts';
import { temporaryFolder } from '../support/temporary.ts';

const folder = temporaryFolder();

type Mappings = SmmuReport['adoption']['mappings'];
const maps = (mappings: Mappings) =>
  mappings.map(({ kind, address, size, ok, held, released }) => ({ kind, pa: address, size, ok, held, released }));

/** The inspection in the shape and the words of an expectation. */
function asExpectation({ adoption, inserts }: SmmuReport) {
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
    // A failed mapping was never in place, so the set counts it as not released.
    maps: maps(adoption.mappings),
    reserved: adoption.reserved,
    inserts: inserts.map(({ sid, ret, log, mappings, fresh }) => ({ sid, ret, log, maps: maps(mappings), fresh })),
    teardown: { leaked: adoption.teardown.leaked, double_released: adoption.teardown.doubleReleased },
  };
}

describe('conformance set, revision v6', () => {
  test('the set is complete', () => expect(CASES).toHaveLength(167));

  test.each(CASES)('$id $family: $description', async (one) => {
    await withCase(one, folder, async ({ dump, snapshot, later }) => {
      const { smmus } = await inspect(dump, snapshot, { revision: 'v6', insert: one.insert_sids, later });
      expect(smmus.map(asExpectation)).toEqual([one.expected['v6']]);
    });
  });
});
