/** SARIF: the schema, where results are, how they are recognised again, and text that is no markup. */

import { describe, expect, test } from 'vitest';
import { explanationsOf } from '../../src/findings/explanations/catalogue.ts';
import { RULES, type Rule } from '../../src/findings/rules.ts';
import type { Finding, Inspection } from '../../src/index.ts';
import { sarifReport } from '../../src/report/sarif.ts';
import { HOSTILE, inspectSample } from '../support/inspections.ts';
import { sarifProblems, sarifRun } from '../support/sarif.ts';

const runOf = (inspection: Inspection) => sarifRun([...sarifReport(inspection)].join(''));

type MadeUp = { readonly rule: Rule; readonly args?: object };

/** Those given, and 0 for whatever else the rule has. */
function argsOf({ rule, args }: MadeUp): object {
  return { ...Object.fromEntries(Object.keys(RULES[rule].args).map((name) => [name, 0])), ...args };
}

/** The results of findings that are made up for the purpose. */
async function resultsOf(findings: readonly object[], about: object = {}) {
  const inspection = await inspectSample('bad-span');
  const defaults = { severity: 'warning', smmu: null, location: {}, message: 'said', kernelMessage: null };
  const all = findings.map((finding) => ({ ...defaults, ...finding, args: argsOf(finding as MadeUp) }));
  return runOf({ ...inspection, ...about, findings: all as unknown as Finding[] } as Inspection).results;
}

test('the schema refuses what is not SARIF', () => {
  expect(sarifProblems({ version: '2.0.0', runs: [{ tool: {} }] }).length).toBeGreaterThan(1);
});

test.each(['healthy-two-level', 'bad-span'])('%s, as it was', async (name) => {
  const run = runOf(await inspectSample(name));
  // The list of rules grows with the rules, and is tested below.
  const driver = { ...run.tool.driver, rules: '…' };
  const results = run.results.map(({ ruleIndex: _, ...result }) => result);
  const text = JSON.stringify({ ...run, tool: { driver }, results }, null, 2);
  await expect(`${text}\n`).toMatchFileSnapshot(`../data/formats/${name}.sarif.json`);
});

test('every rule is there, with what `explain` says of it', async () => {
  const { rules } = runOf(await inspectSample('bad-span')).tool.driver;
  expect(rules.map(({ id }) => id)).toEqual(Object.keys(RULES).sort());
  for (const rule of rules) {
    const [explained] = explanationsOf(rule.id);
    expect(rule).toMatchObject({
      shortDescription: { text: `${explained?.title}.` },
      fullDescription: { text: explained?.meaning },
      defaultConfiguration: { level: explained?.severity },
    });
    expect(rule).toMatchObject({ shortDescription: { text: expect.stringMatching(/^[A-Z].*[^.]\.$/) } });
    expect(rule).toMatchObject({ help: { text: expect.stringMatching(/^Look at:(\n- .*[^.])+$/) } });
  }
});

test('results come by SMMU, rule and place, however they were found', async () => {
  const { smmus } = await inspectSample('bad-span');
  const [first] = smmus;
  const two = {
    smmus: [
      { ...first, name: 'z' },
      { ...first, name: 'a' },
    ],
  };
  const finding = (smmu: string | null, rule: string, l1Index: number, address: number) => {
    return { smmu, rule, location: { l1Index, firstSid: l1Index * 256, lastSid: l1Index * 256 + 255, address } };
  };
  const sorted = [
    { rule: 'dump-incomplete', args: { file: ['dump.raw'] } },
    finding('z', 'l2-unaligned', 9, 0x88),
    finding('z', 'l2-unaligned', 10, 0x90),
    finding('z', 'l2-unaligned', 10, 0x100),
    finding('z', 'table-cut', 0, 0x0),
    finding('a', 'l2-unaligned', 1, 0x8),
  ];
  const inOrder = await resultsOf(sorted, two);
  expect(await resultsOf([...sorted].reverse(), two)).toEqual(inOrder);
  const addresses = inOrder.map(({ locations: [location] }) => location?.physicalLocation?.address?.absoluteAddress);
  expect(addresses).toEqual([undefined, 0x88, 0x90, 0x100, 0, 8]);
});

describe('locations', () => {
  const artifactOf = async (finding: object, about: object = {}) => {
    const [result] = await resultsOf([finding], about);
    return result?.locations[0]?.physicalLocation;
  };

  test('the highest physical address is exact', async () => {
    const finding = { rule: 'kernel-panic', location: { address: 0xffffffffffff8 } };
    expect((await artifactOf(finding))?.address).toEqual({ absoluteAddress: 2 ** 52 - 8, kind: 'data' });
  });

  test('damage is at its offset in its file, unless another file is wrapped in that', async () => {
    const { dump } = await inspectSample('bad-span');
    const split = { ...dump, files: ['a', 'b'] };
    const finding = { rule: 'dump-damaged', args: { file: 'b', fileOffset: 0x1234, what: { kind: 'bitmaps-empty' } } };
    expect(await artifactOf(finding, { dump: split })).toEqual({
      artifactLocation: { uri: 'b', index: 1 },
      region: { byteOffset: 0x1234 },
    });
    const flattened = { ...split, wrapper: 'flattened' };
    expect(await artifactOf(finding, { dump: flattened })).toEqual({ artifactLocation: { uri: 'b', index: 1 } });
  });

  test('of several files none is picked, but for one that stands for all', async () => {
    const { dump } = await inspectSample('bad-span');
    const finding = { rule: 'l2-unaligned', location: { address: 0x8 } };
    expect((await artifactOf(finding, { dump: { ...dump, files: ['a', 'b'] } }))?.artifactLocation).toEqual({
      uri: 'a',
      index: 0,
      description: { text: 'the first of 2 files; which of them holds an address is not told' },
    });
  });

  test('insertions read the later dump, a compared log is a file of its own, a snapshot is none', async () => {
    const { dump } = await inspectSample('bad-span');
    const later = { later: { ...dump, files: ['later.raw'] } };
    const uri = async (finding: object) => (await artifactOf(finding, later))?.artifactLocation.uri;
    expect(await uri({ rule: 'insert-span-changed', args: { sid: 1 } })).toBe('later.raw');
    expect(await uri({ rule: 'l2-unaligned' })).toBe('dump.raw');
    expect(await uri({ rule: 'dump-incomplete', args: { file: ['later.raw'] } })).toBe('later.raw');
    expect(await uri({ rule: 'dmesg-differs', args: { file: 'kdump dmesg.txt' } })).toBe('kdump%20dmesg.txt');
    const snapshot = await resultsOf([
      { rule: 'snapshot-after-probe' },
      { rule: 'snapshot-unknown-register', args: { register: 'FOO', place: 'smmus[0].registers.FOO' } },
    ]);
    expect(snapshot.map(({ locations }) => locations)).toEqual([
      [],
      [{ logicalLocations: [{ name: 'smmus[0].registers.FOO', kind: 'property' }] }],
    ]);
  });
});

test('fingerprints: one by place, the same for other addresses, and one by everything said', async () => {
  const finding = {
    rule: 'l2-unaligned',
    smmu: 's',
    location: { l1Index: 1, address: 0x8 },
    args: { linux: 0x40 },
  };
  const moved = { ...finding, location: { l1Index: 1, address: 0x1008 } };
  const elsewhere = { ...finding, location: { l1Index: 2, address: 0x8 } };
  const [a, b, c] = (await resultsOf([finding, moved, elsewhere])).map(
    ({ partialFingerprints }) => partialFingerprints,
  );
  expect([a, b, c].map((one) => Object.keys(one ?? {}))).toEqual(new Array(3).fill(['place/v1', 'finding/v1']));
  expect(a?.['place/v1']).toBe(b?.['place/v1']);
  expect(a?.['place/v1']).not.toBe(c?.['place/v1']);
  expect(new Set([a, b, c].map((one) => one?.['finding/v1'])).size).toBe(3);
});

test.each(HOSTILE)('hostile name %# is a name, a URI and text, and nothing else', async (name) => {
  const run = runOf(await inspectSample('bad-span', {}, { smmu: name, dump: name }));
  const [uri = ''] = run.artifacts.map(({ location }) => location.uri);
  expect(new URL(uri, 'file:///x/').protocol).toBe('file:');
  expect(new URL(uri, 'file:///x/').host).toBe('');
  expect(decodeURIComponent(uri)).toBe(Buffer.from(name).toString().replace(/^\/+/, '/'));
  const names = run.results.flatMap(({ locations }) =>
    locations.flatMap(({ logicalLocations = [] }) => logicalLocations),
  );
  for (const one of names) expect(one.name).not.toMatch(/[\p{Cc}\u2028\u202e]/u);
});

test.each(HOSTILE)('hostile text %# in a message is no placeholder and no link', async (name) => {
  const what = { kind: 'raw-part-cut', part: name, neededEnd: 6 } as const;
  const args = { file: 'dump.raw', fileOffset: 0, what };
  const [result] = await resultsOf([{ rule: 'dump-damaged', args, message: RULES['dump-damaged'].sentence(args, '') }]);
  const text = result?.message.text ?? '';
  expect(text.replaceAll('{{', '').replaceAll('}}', '')).not.toMatch(/[{}]/);
  expect(text).not.toMatch(/(?<!\\)\]\(|[\p{Cc}\u2028\u202e]/u);
});
