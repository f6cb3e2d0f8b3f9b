/** STEs as a table: the columns, quoting by RFC 4180, cells that a spreadsheet would run, and findings at their SIDs. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Finding, Inspection } from '../../src/index.ts';
import { csvReport } from '../../src/report/csv.ts';
import { Rows } from '../../src/rows.ts';
import { holds } from '../support/holds.ts';
import { endless, firstPieces, HOSTILE, inspectSample } from '../support/inspections.ts';
import { publishedInspection } from '../support/published.ts';

/** Reads RFC 4180, and nothing laxer. */
function parseCsv(text: string): string[][] {
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y;
  const records: string[][] = [];
  let record: string[] = [];
  while (cell.lastIndex < text.length) {
    const match = cell.exec(text);
    if (match === null) throw new Error('this is not CSV');
    record.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] === ',') continue;
    records.push(record);
    record = [];
  }
  return records;
}

function table(inspection: Inspection): Record<string, string>[] {
  const [header = [], ...rows] = parseCsv([...csvReport(inspection)].join(''));
  return rows.map((row) => {
    expect(row).toHaveLength(header.length);
    return Object.fromEntries(header.map((name, i) => [name, row[i] ?? '']));
  });
}

describe.each(['healthy-two-level', 'bad-span'])('%s', (name) => {
  test('as it was', async () => {
    const text = [...csvReport(await inspectSample(name))].join('');
    // Kept with plain line breaks, so that no tool can mend them unseen.
    expect(text).toMatch(/^([^\r\n]*\r\n)+$/);
    await expect(text.replaceAll('\r\n', '\n')).toMatchFileSnapshot(`../data/formats/${name}.csv`);
  });

  test('every cell is the value of the report', async () => {
    const inspection = await inspectSample(name, { all: true });
    const rows = table(inspection);
    const stes = publishedInspection(inspection).smmus.flatMap((smmu) => [...smmu.stes]);
    expect(rows).toHaveLength(stes.length);
    for (const [i, ste] of stes.entries()) {
      const { sid, address, words, fields, config, cds } = ste;
      expect(rows[i]).toMatchObject({ sid: `${sid}`, sid_hex: `0x${sid.toString(16)}`, address, config });
      expect(words.map((_, word) => rows[i]?.[`word${word}`])).toEqual(words);
      expect(rows[i]).toMatchObject({ S2TTB: fields['S2TTB'], S1DSS: String(fields['S1DSS']), cds: `${cds.length}` });
    }
  });
});

test('the ASIDs of the context descriptors', async () => {
  const inspection = await inspectSample('healthy-two-level');
  const cds = [3, 1, 3].map((asid, ssid) => ({
    ssid,
    asid,
    address: 0,
    words: [],
    fields: {},
    pageState: 'present' as const,
  }));
  const smmus = inspection.smmus.map((smmu) => ({
    ...smmu,
    stes: new Rows(() => [...smmu.stes].map((ste) => ({ ...ste, cds }))),
  }));
  expect(table({ ...inspection, smmus } as Inspection)[0]).toMatchObject({ cds: '3', asids: '3 1 3' });
});

test.each(HOSTILE)('hostile name %# is one cell, and no formula', async (name) => {
  const inspection = await inspectSample('bad-span', {}, { smmu: name });
  const cells = new Set(table(inspection).map(({ smmu }) => smmu));
  expect(cells.size).toBe(1);
  const [cell = ''] = cells;
  expect(cell).not.toMatch(/^[=+\-@]|[\p{Cc}\u2028\u202e]/u);
  expect(cell.startsWith("'")).toBe(/^[=+\-@\t]/.test(name));
});

const range = fc
  .tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 40 }))
  .map(([a, b]) => ({ firstSid: Math.min(a, b), lastSid: Math.max(a, b) }));
const findingAt = fc.record({
  rule: fc.constantFrom('l2-unaligned', 'ste-config-reserved', 'table-not-in-dump'),
  location: fc.oneof(range, fc.constant({})),
});

test('a row has the rules of all findings at its SID', async () => {
  const inspection = await inspectSample('bad-span');
  const [smmu] = inspection.smmus;
  const [row] = smmu?.stes ?? [];
  if (smmu === undefined || row === undefined) throw new Error('no STE');
  holds(
    fc.property(fc.array(findingAt), fc.uniqueArray(fc.integer({ min: 0, max: 41 })), (some, sids) => {
      const findings = some.map((one) => ({ ...one, smmu: smmu.name })) as unknown as Finding[];
      const stes = new Rows(() => sids.map((sid) => ({ ...row, sid })));
      const found = table({ ...inspection, findings, smmus: [{ ...smmu, stes }] });
      const expected = sids.map((sid) =>
        findings
          .filter(({ location: { firstSid = 99, lastSid = -1 } }) => firstSid <= sid && sid <= lastSid)
          .map(({ rule }) => rule),
      );
      expect(found.map((one) => one['findings'])).toEqual(
        expected.map((rules) => [...new Set(rules)].sort().join(' ')),
      );
    }),
  );
});

test('rows pass one by one', async () => {
  const { inspection, taken } = endless(await inspectSample('bad-span'));
  expect(firstPieces(csvReport(inspection), 100)).toHaveLength(100);
  expect(taken()).toBeLessThanOrEqual(100);
});
