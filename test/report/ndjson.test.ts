/** One record a line; that all records together are the JSON report is tested on every sample in cli/output/formats.test.ts. */

import { describe, expect, test } from 'vitest';
import { ndjsonReport } from '../../src/report/ndjson.ts';
import { endless, firstPieces, HOSTILE, inspectSample } from '../support/inspections.ts';

async function lines(...sample: Parameters<typeof inspectSample>): Promise<string[]> {
  const text = [...ndjsonReport(await inspectSample(...sample))].join('');
  expect(text.endsWith('\n')).toBe(true);
  return text.slice(0, -1).split('\n');
}

const kindOf = (line: string) => /^\{"record":"([a-z0-9]+)",/.exec(line)?.[1];

describe('records', () => {
  test('of a table that is adopted', async () => {
    expect((await lines('healthy-two-level', { insert: 'all' })).map(kindOf)).toEqual([
      ...['dump', 'smmu', 'adoption'],
      ...new Array(4).fill('insert'),
      ...new Array(2).fill('l1'),
      ...new Array(4).fill('ste'),
      ...new Array(3).fill('finding'),
      'summary',
    ]);
  });

  test('of one that is not', async () => {
    const found = await lines('bad-span');
    expect(found.map(kindOf)).toEqual([
      ...['dump', 'smmu', 'adoption'],
      ...new Array(3).fill('l1'),
      ...new Array(5).fill('ste'),
      ...new Array(4).fill('finding'),
      'summary',
    ]);
    expect(found.filter((line) => ['l1', 'summary'].includes(kindOf(line) ?? ''))).toMatchInlineSnapshot(`
      [
        "{"record":"l1","smmu":"arm-smmu-v3.0.auto","index":0,"address":"0x88002000","descriptor":"0x0000000088010009","span":9,"l2":"0x88010000","firstSid":0,"lastSid":255,"status":"used","hardwareStes":256}",
        "{"record":"l1","smmu":"arm-smmu-v3.0.auto","index":1,"address":"0x88002008","descriptor":"0x0000000088014009","span":9,"l2":"0x88014000","firstSid":256,"lastSid":511,"status":"used","hardwareStes":256}",
        "{"record":"l1","smmu":"arm-smmu-v3.0.auto","index":5,"address":"0x88002028","descriptor":"0x0000000088014003","span":3,"l2":"0x88014000","firstSid":1280,"lastSid":1535,"status":"bad","hardwareStes":4}",
        "{"record":"summary","errors":2,"warnings":1,"notes":1,"exitCode":1}",
      ]
    `);
    expect(Object.keys(JSON.parse(found[0] as string))).toMatchInlineSnapshot(`
      [
        "record",
        "schemaVersion",
        "tool",
        "later",
        "kernel",
        "files",
        "format",
        "wrapper",
        "pageSize",
        "complete",
        "completeness",
        "memory",
        "memoryComplete",
        "assumptions",
      ]
    `);
  });

  test('an SMMU has no key of a record of another kind, and everything of it has its name', async () => {
    const [dump, ...others] = (await lines('bad-span', { insert: 'all' })).map((line) => JSON.parse(line));
    expect(dump).toMatchObject({ record: 'dump', schemaVersion: 1, files: ['dump.raw'], later: null });
    const [smmu] = others;
    for (const key of ['adoption', 'inserts', 'l1', 'stes']) expect(smmu).not.toHaveProperty(key);
    for (const key of ['reset', 'devices', 'kernelLog', 'census']) expect(smmu).toHaveProperty(key);
    for (const { record, smmu: name } of others.filter(({ record }) => !['smmu', 'summary'].includes(record))) {
      expect({ record, name }).toEqual({ record, name: smmu.name });
    }
  });
});

test.each(HOSTILE)('hostile name %# stays what it is, and its line stays one line', async (name) => {
  const found = await lines('bad-span', {}, { smmu: name, dump: name });
  expect(found.join('')).not.toMatch(/[\p{Cc}\u2028\u202e]/u);
  const names = found.map((line) => JSON.parse(line)).filter(({ record }) => !['dump', 'summary'].includes(record));
  expect(new Set(names.map((record) => record.smmu ?? record.name))).toEqual(new Set([name]));
});

test('rows pass one by one', async () => {
  const { inspection, taken } = endless(await inspectSample('bad-span'));
  const pieces = firstPieces(ndjsonReport(inspection), 100);
  expect(pieces.every((piece) => piece.endsWith('\n'))).toBe(true);
  expect(taken()).toBeLessThan(100);
});
