/** The HTML report as text: what holds of it without a browser. */

import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { MemoryItems } from '../../src/report/html/data/memory-items.ts';
import { Budget, l1Body, steBody } from '../../src/report/html/data/table-data.ts';
import { htmlReport } from '../../src/report/html/html.ts';
import { html, scriptJson } from '../../src/report/html/markup.ts';
import { Rows } from '../../src/rows.ts';
import { someOf } from '../support/slow.ts';
import { manyStes, SAMPLE_NAMES, sampleReport, withSample } from './html/reports.ts';

describe('markup', () => {
  test('values in a template are text', () => {
    const name = `<b title="x">&'`;
    expect(html`<p class="${name}">${name}</p>`.markup).toBe(
      '<p class="&lt;b title=&quot;x&quot;&gt;&amp;&#39;">&lt;b title=&quot;x&quot;&gt;&amp;&#39;</p>',
    );
    expect(html`${[html`<i>${'<'}</i>`, null, false, 0, ['&']]}`.markup).toBe('<i>&lt;</i>0&amp;');
  });

  test('JSON in a script stays JSON and cannot end it', () => {
    const value = { '</script><!--': '\u2028\u2029&<>' };
    const json = scriptJson(value);
    expect(json).not.toMatch(/[<>&\u2028\u2029]/);
    expect(JSON.parse(json)).toEqual(value);
  });
});

test.each(someOf(SAMPLE_NAMES, 12))('report of %s is the same each time', async (name) => {
  expect(await sampleReport(name, { revision: 'all' })).toBe(await sampleReport(name, { revision: 'all' }));
});

describe.each(SAMPLE_NAMES)('report of %s', (name) => {
  test('is whole in itself', async () => {
    const report = await sampleReport(name, { revision: 'all' });
    expect(report).not.toMatch(/url\(|@import|\s(src|style|on[a-z]+)=|href="(?!#)/);
    const ids = [...report.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

test('each rule that was found is explained once', async () => {
  const report = await sampleReport('bad-span');
  const explanations = [...report.matchAll(/What <code>([a-z0-9-]+)<\/code> means/g)].map(([, rule]) => rule);
  expect(explanations).toContain('l1-span-unsupported');
  expect(new Set(explanations).size).toBe(explanations.length);
  expect(report).toContain('<li><code>smmu-adopt inspect DUMP --regs REGS --all</code>: the neighbours');
});

test('a rule that several SMMUs break is explained at the first, and the others lead there', async () => {
  const report = await sampleReport('asids-on-two-smmus');
  const explained = [...report.matchAll(/<div class="meaning" id="rule-([a-z0-9-]+)">/g)].map(([, rule]) => rule);
  const led = [...report.matchAll(/<p class="meaning"><a href="#rule-([a-z0-9-]+)">/g)].map(([, rule]) => rule);
  expect(led.length).toBeGreaterThan(0);
  expect(new Set(explained).size).toBe(explained.length);
  expect(led.filter((rule) => !explained.includes(rule))).toEqual([]);
});

test('the policy allows the script and the style sheet that are there, and nothing else', async () => {
  const report = await sampleReport('bad-span');
  const policy = /Content-Security-Policy" content="([^"]+)"/.exec(report)?.[1]?.replaceAll('&#39;', "'") ?? '';
  const hashes = [...report.matchAll(/<(?:style|script)>(.*?)<\/(?:style|script)>/gs)].map(
    ([, text = '']) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`,
  );
  expect(hashes).toHaveLength(2);
  const [style, script] = hashes;
  expect(policy).toContain(`default-src 'none'; script-src ${script}; style-src ${style};`);
  expect(policy).not.toMatch(/unsafe|\*|data:|http/);
});

describe('rows', () => {
  test('are written as they are read, in pieces', async () => {
    const inspection = await manyStes(20_000);
    let [read, longest, first] = [0, 0, -1];
    const smmus = inspection.smmus.map((smmu) => ({
      ...smmu,
      stes: new Rows(function* () {
        for (const row of smmu.stes) {
          read += 1;
          yield row;
        }
      }),
    }));
    for (const piece of htmlReport({ ...inspection, smmus })) {
      if (first < 0 && piece.includes('smmu-0-stes-rows')) first = read;
      longest = Math.max(longest, piece.length);
    }
    expect(read).toBe(20_000);
    expect(first).toBeLessThan(2000);
    expect(longest).toBeLessThan(1 << 18);
  });

  test('beyond what a page can carry are counted, and the page says so', async () => {
    const { smmus } = await manyStes(2000);
    const [smmu] = smmus;
    if (smmu === undefined) throw new Error('the sample has an SMMU');
    const budget = Object.assign(new Budget(), { stes: 1000, l1: 10, cds: 500 });
    const text = (pieces: Iterable<string>) => [...pieces].join('');
    const stes = text(steBody(0, smmu, new MemoryItems(smmu), budget));
    expect(stes).toContain('1,000 more STEs are left out of this page; the JSON report has all.');
    expect(stes).toContain('400 more context descriptors are left out');
    expect(text(l1Body(0, smmu, new MemoryItems(smmu), budget))).toContain('53 more descriptors are left out');
    const rows = JSON.parse(/-rows">(.*?)<\/script>/s.exec(stes)?.[1] ?? '') as unknown[][];
    expect(rows).toHaveLength(1000);
    expect(rows.flatMap((row) => row[5] ?? [])).toHaveLength(500);
  });
});

test('the map of L1 descriptors knows those that the dump lacks', async () => {
  const report = await sampleReport('truncated');
  const { missing } = JSON.parse(/id="smmu-0-data">(.*?)<\/script>/s.exec(report)?.[1] ?? '') as { missing: unknown };
  expect(missing).toEqual([[8, 15]]);
});

describe('memory', () => {
  test('a table in the memory of the kdump kernel is marked', async () => {
    const report = await sampleReport('l2-in-kdump-memory');
    expect(report).toMatch(/L2 table of L1\[1\]<\/strong> <span class="badge bad">in the kdump kernel&#39;s memory/);
  });

  test('thousands of tables are drawn together', async () => {
    const { smmus } = await manyStes(20_000);
    const [smmu] = smmus;
    if (smmu === undefined) throw new Error('the sample has an SMMU');
    const items = new MemoryItems(smmu);
    for (const row of smmu.l1) items.addL2(row);
    for (const row of smmu.stes) items.addCdTable(row);
    const near = items.near(40);
    expect(near.length).toBeLessThanOrEqual(40);
    const total = (kind: 'l2-table' | 'cd-table') => near.reduce((sum, { kinds }) => sum + (kinds.get(kind) ?? 0), 0);
    expect([total('l2-table'), total('cd-table')]).toEqual([625, 18_000]);
  });

  test.each([
    [1, 'stream table, 1 entry'],
    [2, 'stream table, 2 entries'],
  ])('a linear table of %i', async (entries, label) => {
    const labels = await withSample('real-qemu', {}, ({ smmus: [smmu] }) => {
      if (smmu === undefined) throw new Error('the sample has an SMMU');
      const items = new MemoryItems({ ...smmu, table: { ...smmu.table, format: 'linear', entries } });
      return items.near(40).map((item) => item.label);
    });
    expect(labels).toContain(label);
  });

  test('a queue is as long as its register and IDR1 say', async () => {
    const items = await withSample('real-qemu', {}, ({ smmus: [smmu] }) => smmu && new MemoryItems(smmu).near(40));
    const queues = items?.filter(({ kinds }) => kinds.has('queue')).map(({ label, start, end }) => [label, start, end]);
    expect(queues).toEqual([
      ['command queue, 65,536 entries', 0x5690_0000, 0x56a0_0000],
      ['event queue, 32,768 entries', 0x56a0_0000, 0x56b0_0000],
    ]);
  });
});
