/**
 * The conformance set through the public library: 167 cases whose expectations were made by running the driver's own
 * functions. Every key of an expectation is compared, in the words of the set.
 */

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { inspect, loadSnapshot, openDump, type SmmuReport } from '../../src/index.ts';
import { temporaryFolder } from '../support/temporary.ts';

const here = new URL('../data/conformance/', import.meta.url);
const images = gunzipSync(readFileSync(new URL('images.bin.gz', here)));
const folder = temporaryFolder();

interface Slice {
  readonly offset: number;
  readonly length: number;
}

interface Case {
  readonly id: string;
  readonly family: string;
  readonly description: string;
  readonly regs: unknown;
  readonly image: Slice;
  readonly later_image: Slice | null;
  readonly insert_sids: readonly number[];
  readonly expected: Readonly<Record<string, unknown>>;
}

const cases = readFileSync(new URL('cases.jsonl', here), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Case);

const cut = ({ offset, length }: Slice) => images.subarray(offset, offset + length);

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
  test('the set is complete', () => expect(cases).toHaveLength(167));

  test.each(cases)('$id $family: $description', async ({ id, regs, image, later_image, insert_sids, expected }) => {
    const regsFile = folder.write(`${id}.regs.json`, JSON.stringify(regs));
    const snapshot = await loadSnapshot(regsFile);
    const open = (name: string, slice: Slice) => openDump(folder.write(name, cut(slice)), { loadMap: snapshot.memory });
    const dump = await open(`${id}.raw`, image);
    const later = later_image === null ? undefined : await open(`${id}.later.raw`, later_image);
    const { smmus } = await inspect(dump, snapshot, { revision: 'v6', insert: insert_sids, later });
    expect(smmus.map(asExpectation)).toEqual([expected['v6']]);
    dump.close();
    later?.close();
  });
});
