/**
 * What becomes of an SMMU and of its devices: text, `-q`, HTML, JUnit and GitHub say what JSON says, on every sample,
 * so that no two reports of one crash disagree.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { RUNS, SAMPLES_FOLDER, type SampleRun } from '../../samples/make.ts';
import type { Inspection } from '../../src/index.ts';
import { escapeText } from '../../src/report/escape.ts';
import { run } from '../support/command.ts';
import { SLOW } from '../support/slow.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { type Element, parseXml } from '../support/xml.ts';

type Smmu = Inspection['smmus'][number];

const folder = temporaryFolder();

/** What the command prints of a sample, on a terminal that is wide enough for every line. */
async function shown(name: string, ...options: string[]): Promise<string> {
  const { args } = RUNS.get(name) as SampleRun;
  const cwd = join(SAMPLES_FOLDER, name);
  const words = ['inspect', ...args, ...options, '--color', 'never', '--no-pager'];
  return (await run(words, { cwd, columns: 1000 })).stdout;
}

const FORMATS = ['html', 'junit', 'github'] as const;

/** The text, and beside it every other format, of one run. */
async function everyFormat(name: string): Promise<Record<'text' | (typeof FORMATS)[number], string>> {
  const outputs = FORMATS.flatMap((format) => ['--format', format, '--output', join(folder.path, format)]);
  const text = await shown(name, '--format', 'text', ...outputs);
  const [html, junit, github] = FORMATS.map((format) => readFileSync(join(folder.path, format), 'utf8'));
  return { text, html: html ?? '', junit: junit ?? '', github: github ?? '' };
}

/** The headline, by what JSON says of it. */
const HEADLINES: Readonly<Record<string, string>> = {
  adopted: 'Adopted',
  'falls-back': 'Falls back to a full reset',
  'not-attempted': 'Adoption not attempted',
  'kernel-dies': 'The kdump kernel dies in the adoption',
  unknown: 'Cannot be told from this dump',
  'adopted, kernel-dies': 'Adopted, then the kdump kernel dies',
  'adopted, smmu-lost': 'Adopted, then the whole SMMU is lost',
  'fallback, smmu-lost': 'Falls back to a full reset, then the whole SMMU is lost',
  'adopted, unknown': 'Adopted, then what becomes of it cannot be told',
};

const headline = ({ fate: { kind, after } }: Smmu) => {
  const words = HEADLINES[after === null ? kind : `${after}, ${kind}`];
  if (words === undefined) throw new Error(`no headline for ${kind} after ${after}`);
  return words;
};

const DEVICES: readonly [fate: string, words: string][] = [
  ['accepted', 'accepted'],
  ['refused', 'refused'],
  ['kernel-dies', 'at which the kernel dies'],
  ['never-asked', 'never asked'],
  ['unknown', 'that cannot be told'],
];

/** How many devices have each fate, as a report says it: absent means none. */
function counted(said: string): Record<string, number> {
  return Object.fromEntries(
    DEVICES.map(([fate, words]) => [fate, Number(new RegExp(`(\\d+) ${words}`).exec(said)?.[1] ?? 0)]),
  );
}

const byFate = ({ devices }: Smmu) =>
  Object.fromEntries(DEVICES.map(([fate]) => [fate, devices.filter((device) => device.fate === fate).length]));

const expectedOf = (name: string): Inspection =>
  JSON.parse(readFileSync(join(SAMPLES_FOLDER, name, 'expected.json'), 'utf8'));

/** What becomes of everything in a sample, without how many there are. */
function fatesOf(name: string): string {
  const kinds = ({ devices }: Smmu) => [...new Set(devices.map((device) => device.fate))].sort();
  return JSON.stringify(expectedOf(name).smmus.map((smmu) => [smmu.adoption.verdict, headline(smmu), kinds(smmu)]));
}

/** A sample for everything that may become of an SMMU and its devices; all of them where time is no matter. */
const NAMES = SLOW ? [...RUNS.keys()] : [...new Map([...RUNS.keys()].map((name) => [fatesOf(name), name])).values()];

const unwrapped = (markup: string) => markup.replace(/<[^>]*>/g, '').trim();

describe.each(NAMES)('%s', (name) => {
  let inspection: Inspection;
  let reports: Awaited<ReturnType<typeof everyFormat>>;
  beforeAll(async () => {
    reports = await everyFormat(name);
    inspection = expectedOf(name);
  });

  test('JSON: the published keys follow from the fate', () => {
    expect(inspection.smmus.length).toBeGreaterThan(0);
    for (const { devices, fate, panic, lost } of inspection.smmus) {
      expect(fate.kind === 'kernel-dies').toBe(panic !== null);
      expect(fate.kind === 'smmu-lost').toBe(lost !== null);
      for (const one of devices) {
        expect(one.accepted).toBe(one.fate === 'unknown' ? null : one.fate === 'accepted');
        if (one.fate !== 'unknown') expect(one.asked).toBe(one.fate !== 'never-asked');
      }
    }
  });

  test('text and -q', async () => {
    const report = reports.text;
    const lines = report.split('\n');
    const quiet = await shown(name, '-q');
    for (const smmu of inspection.smmus) {
      // An errno stands between the two halves.
      const said = `${escapeText(smmu.name)}: ${headline(smmu).toUpperCase()}`;
      const without = [quiet, ...lines].map((text) => text.replace(/ \(-E\w+\)/, ''));
      expect(without.filter((text) => text.includes(said)).length, said).toBeGreaterThanOrEqual(2);
    }
    const counts = report
      .split('\n\n')
      .flatMap((block) => /\n {2}Devices +([\s\S]*?)\n {2}Findings /.exec(block)?.[1] ?? [])
      .map((said) => counted(said.replaceAll(/\s+/g, ' ')));
    expect(counts).toEqual(inspection.smmus.filter(({ devices }) => devices.length > 0).map(byFate));
  });

  test('HTML', () => {
    const markup = reports.html;
    const answers = [...markup.matchAll(/<p class="answer">(.*?)<\/p>/g)].map(([, one = '']) => unwrapped(one));
    const plain = answers.map((one) => one.replace(/ \(-E\w+\)|, assuming .*/g, '').slice(2));
    expect(plain).toEqual(inspection.smmus.map(headline));
    const counts = [...markup.matchAll(/<dt>Devices<\/dt>\s*<dd>(.*?)<\/dd>/g)].map(([, one = '']) => counted(one));
    expect(counts).toEqual(inspection.smmus.filter(({ devices }) => devices.length > 0).map(byFate));
  });

  test('JUnit', () => {
    const suites = parseXml(reports.junit).children.filter(({ attributes }) => attributes['name'] !== 'input');
    const outcome = ({ children }: Element) =>
      children.find((child) => ['failure', 'error', 'skipped'].includes(child.name))?.name ?? 'pass';
    for (const [i, smmu] of inspection.smmus.entries()) {
      const cases = suites[i]?.children.filter(({ attributes }) => attributes['classname']?.endsWith('.devices')) ?? [];
      const found = (kind: string) => cases.filter((one) => outcome(one) === kind).length;
      const fates = byFate(smmu);
      const failures = (fates['refused'] ?? 0) + (fates['kernel-dies'] ?? 0);
      expect([found('pass'), found('failure'), found('error'), found('skipped')]).toEqual([
        fates['accepted'],
        failures,
        fates['unknown'],
        fates['never-asked'],
      ]);
      const properties = suites[i]?.children.find((child) => child.name === 'properties')?.children ?? [];
      expect(properties.find(({ attributes }) => attributes['name'] === 'fate')?.attributes['value']).toBe(
        smmu.fate.kind,
      );
    }
  });

  test('GitHub', () => {
    const [summary = ''] = reports.github.split('\n');
    const THEN: Readonly<Record<string, string>> = { 'kernel-dies': 'panic', 'smmu-lost': 'lost', unknown: 'unknown' };
    const said = inspection.smmus.map(({ adoption: { verdict }, fate: { kind, after } }) =>
      after === null ? verdict : `${verdict}, then ${THEN[kind]}`,
    );
    expect(summary).toContain(`(${said.join('; ')})`);
  });
});
