/** JUnit XML: well-formed whatever is in it, counts that are right, and what is a failure, an error, or skipped. */

import { describe, expect, test } from 'vitest';
import type { Finding, Inspection, InspectOptions } from '../../src/index.ts';
import { junitReport } from '../../src/report/junit.ts';
import { HOSTILE, inspectSample } from '../support/inspections.ts';
import { type Element, parseXml } from '../support/xml.ts';

const OUTCOMES = ['failure', 'error', 'skipped'];

/** The suites of a report, whose counts are checked on the way. */
function suites(inspection: Inspection): Element[] {
  const root = parseXml([...junitReport(inspection)].join(''));
  const count = (cases: readonly Element[], outcome: string) =>
    String(cases.filter(({ children }) => children.some(({ name }) => name === outcome)).length);
  for (const element of [root, ...root.children]) {
    const cases = (element === root ? root.children.flatMap(({ children }) => children) : element.children).filter(
      ({ name }) => name === 'testcase',
    );
    const [failures, errors, skipped] = OUTCOMES.map((outcome) => count(cases, outcome));
    expect(element.attributes).toMatchObject({ tests: `${cases.length}`, failures, errors, skipped, time: '0' });
  }
  return [...root.children];
}

/** Each test case by group and name: its outcome, or `pass`. */
function outcomes(inspection: Inspection): Record<string, string> {
  const cases = suites(inspection).flatMap(({ children }) => children.filter(({ name }) => name === 'testcase'));
  return Object.fromEntries(
    cases.map(({ attributes: { classname, name }, children }) => [
      `${classname?.split('.').at(-1)}: ${name}`,
      children.find((child) => OUTCOMES.includes(child.name))?.name ?? 'pass',
    ]),
  );
}

const optionsOf: Readonly<Record<string, InspectOptions>> = { 'healthy-two-level': { insert: 'all' }, 'bad-span': {} };

test.each(Object.entries(optionsOf))('%s, as it was', async (name, options) => {
  const text = [...junitReport(await inspectSample(name, options))].join('');
  parseXml(text);
  await expect(text).toMatchFileSnapshot(`../data/formats/${name}.junit.xml`);
});

describe('outcomes', () => {
  const changed = async (change: (smmu: Inspection['smmus'][number]) => object, findings: readonly object[] = []) => {
    const inspection = await inspectSample('healthy-two-level');
    const smmus = inspection.smmus.map((smmu) => ({ ...smmu, ...change(smmu) }));
    return { ...inspection, smmus, findings: findings as readonly Finding[] } as Inspection;
  };

  test('of checks', async () => {
    const check = (id: string, result: string, observed: string | null) => ({ id, result, observed, required: 'r' });
    const checks = [
      check('passes', 'pass', '1'),
      check('fails', 'fail', '0'),
      check('cannot-be-told', 'not-reached', '4 of 256 descriptors are not in the dump'),
      check('never-comes', 'not-reached', null),
    ];
    expect(outcomes(await changed(({ adoption }) => ({ adoption: { ...adoption, checks } })))).toEqual({
      'checks: passes': 'pass',
      'checks: fails': 'failure',
      'checks: cannot-be-told': 'error',
      'checks: never-comes': 'skipped',
    });
  });

  test('of a check by which no adoption is attempted: passes, as the exit status does', async () => {
    const gate = { id: 'gate.coherent', result: 'fail', observed: 'false', required: 'true' };
    const off = await changed(({ adoption }) => ({
      adoption: { ...adoption, verdict: 'not-attempted', checks: [gate] },
    }));
    expect(outcomes(off)).toEqual({ 'checks: gate.coherent': 'pass' });
    expect([...junitReport(off)].join('')).toContain('no adoption is attempted: ');
  });

  test('of a finding that leaves the answer open: an error, as the exit status is 3', async () => {
    const finding = { rule: 'smmu-left-out', severity: 'warning', smmu: null, location: {}, args: {}, message: 'm' };
    const open = await changed(({ adoption }) => ({ adoption: { ...adoption, checks: [] } }), [finding]);
    expect(outcomes(open)).toEqual({ 'findings: smmu-left-out': 'error' });
  });

  test('of devices', async () => {
    const device = (sid: number, fate: string, name: string | null = null) => {
      return { name, sids: [sid, sid + 1], hotplugged: sid === 2, fate, deferred: null, deferredBy: null };
    };
    const devices = [
      device(0, 'accepted'),
      device(2, 'refused'),
      device(4, 'unknown'),
      device(6, 'kernel-dies', 'nvme'),
      device(8, 'never-asked'),
    ];
    const panic = { where: 'arm_smmu_is_attach_deferred', address: '0x1000', why: 'a hole' };
    const insert = { device: null, hotplugged: true, asked: true, fresh: false, log: [], mappings: [], deferred: null };
    const inserts = [
      { ...insert, sid: 2, ret: 0, errno: null },
      { ...insert, sid: 3, ret: -34, errno: 'ERANGE' },
      { ...insert, sid: 3, ret: -22, errno: 'EINVAL', hotplugged: false },
    ];
    const inspection = await changed(({ adoption }) => ({
      adoption: { ...adoption, checks: [] },
      devices,
      inserts,
      panic,
    }));
    expect(outcomes(inspection)).toEqual({
      'devices: SIDs 0x0, 0x1': 'pass',
      'devices: SIDs 0x2, 0x3 (plugged in later)': 'failure',
      'devices: SIDs 0x4, 0x5': 'error',
      'devices: nvme: SIDs 0x6, 0x7': 'failure',
      'devices: SIDs 0x8, 0x9': 'skipped',
    });
    const text = [...junitReport(inspection)].join('');
    expect(text).toContain('<failure message="SID 0x3 is refused with -ERANGE" type="devices"/>');
    expect(text).toContain('the kernel dies in arm_smmu_is_attach_deferred before it is accepted');
  });

  test('of findings: errors fail, warnings pass and are shown, notes are left out', async () => {
    const finding = { location: { firstSid: 1, lastSid: 1 }, args: {}, kernelMessage: null, message: 'said' };
    const findings = [
      { ...finding, smmu: 'arm-smmu-v3.0.auto', rule: 'l1-span-unsupported', severity: 'error', message: 'first' },
      { ...finding, smmu: 'arm-smmu-v3.0.auto', rule: 'l1-span-unsupported', severity: 'error', message: 'second' },
      { ...finding, smmu: 'arm-smmu-v3.0.auto', rule: 'l2-unaligned', severity: 'warning' },
      { ...finding, smmu: 'arm-smmu-v3.0.auto', rule: 'revisions-differ', severity: 'note' },
      { ...finding, smmu: null, rule: 'dump-incomplete', severity: 'warning' },
      { ...finding, smmu: null, rule: 'dump-load-address-assumed', severity: 'note' },
    ];
    const inspection = await changed(({ adoption }) => ({ adoption: { ...adoption, checks: [] } }), findings);
    expect(suites(inspection).map(({ attributes }) => attributes['name'])).toEqual(['input', 'arm-smmu-v3.0.auto']);
    expect(outcomes(inspection)).toEqual({
      'findings: dump-incomplete': 'pass',
      'findings: l1-span-unsupported': 'failure',
      'findings: l2-unaligned': 'pass',
    });
    const text = [...junitReport(inspection)].join('');
    expect(text).toContain(
      '<failure message="first, and 1 more" type="findings">error: first (SID 0x1)\nerror: second (SID 0x1)</failure>',
    );
    expect(text).toContain('<system-out>warning: said (SID 0x1)</system-out>');
  });
});

test.each(HOSTILE)('hostile name %# is text in well-formed XML', async (name) => {
  const inspection = await inspectSample('bad-span', { devices: [{ name, sids: [8] }] }, { smmu: name });
  const [suite] = suites(inspection);
  expect(suite?.attributes['name']).not.toMatch(/[\p{Cc}\p{Cs}\u2028\u202e\ufffe\uffff]/u);
  if (/^[\x20-\x7e]*$/.test(name)) expect(suite?.attributes['name']).toBe(name);
});

test('suites pass one by one', async () => {
  const report = junitReport(await inspectSample('bad-span'));
  expect(report.next()).toMatchObject({ value: '<?xml version="1.0" encoding="UTF-8"?>\n', done: false });
});
