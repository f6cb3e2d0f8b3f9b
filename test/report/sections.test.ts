/** Text and HTML show the same sections: whatever one says the other says too, and the answer is where the eye is. */

import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Image } from '../../samples/image.ts';
import { SAMPLES_FOLDER } from '../../samples/make.ts';
import { type Inspection, inspect, parseSnapshot } from '../../src/index.ts';
import { escaped } from '../../src/report/escape.ts';
import { htmlReport } from '../../src/report/html/html.ts';
import { type Cell, plainText, type Section } from '../../src/report/sections/section.ts';
import { smmuSections } from '../../src/report/sections/smmu.ts';
import { plainStyle } from '../../src/report/text/style.ts';
import { textReport } from '../../src/report/text/text.ts';
import { run } from '../support/command.ts';
import { dumpOf, LINEAR, LINEAR_REGISTERS, REGISTERS } from '../support/made/machine.ts';
import { slowTest, someOf } from '../support/slow.ts';
import { SAMPLE_NAMES, withSample } from './html/reports.ts';

const inSample = (name: string) => ({ cwd: join(SAMPLES_FOLDER, name) });
const style = plainStyle(100);

/** Without what only lays it out. Text shouts what is an alarm. */
const words = (text: string) => text.replaceAll(/\s+/g, '').toLowerCase();

function visible(markup: string): string {
  const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
  const text = markup.replace(/<(style|script)[^>]*>[\s\S]*?<\/\1>/g, '').replace(/<[^>]*>/g, '');
  return text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => entities[name] ?? '');
}

/** What a section says, statement by statement; the rows that the page's script shows are left out. */
function statements({ title, aside = '', blocks, id }: Section): string[] {
  const ofRow = (cells: readonly Cell[]) => cells.filter((cell) => cell !== null).map(plainText);
  return [
    // That of the verdict is the headline.
    id === 'verdict' ? '' : title,
    plainText(aside),
    ...blocks.flatMap((block) => {
      if ('facts' in block) return block.facts.flatMap(([term, said]) => [term, plainText(said)]);
      if ('notes' in block) return [...block.notes].map(plainText);
      if ('log' in block) return block.log.map(({ text }) => text);
      if ('items' in block) return block.items.flatMap(({ text, rule, kernel }) => [text, rule, kernel ?? '']);
      return ['l1', 'stes'].includes(id) ? [] : [...block.table.rows].flatMap(({ cells }) => ofRow(cells));
    }),
  ].filter((text) => text !== '');
}

describe.each(someOf(SAMPLE_NAMES, 4))('%s', (name) => {
  test('both say every statement of every section', async () => {
    await withSample(name, { revision: 'all', deep: true }, (inspection) => {
      const text = [...textReport(inspection, style, { full: true })].join('').toLowerCase();
      const textWords = words(text);
      const pageWords = words(visible([...htmlReport(inspection)].join('')));
      const safe = escaped(inspection);
      let compared = 0;
      for (const smmu of safe.smmus) {
        for (const section of smmuSections(smmu, safe).sections) {
          // Context descriptors are inside of the STEs on the page.
          if (section.id === 'cds') continue;
          const said = statements(section);
          compared += said.length;
          const missing = said.filter((one) => !pageWords.includes(words(one)));
          expect(missing, `${section.title} of HTML`).toEqual([]);
          const notInText = said.filter((one) => !textWords.includes(words(one)) && !hasEachWord(text, one));
          expect(notInText, `${section.title} of text`).toEqual([]);
        }
      }
      expect(compared).toBeGreaterThan(50);
    });
  });
});

/** A cell of several lines stands between others: then its words are there, line by line. */
function hasEachWord(lowerText: string, statement: string): boolean {
  return statement
    .toLowerCase()
    .split(/\s+/)
    .every((word) => lowerText.includes(word) || word.length > 24);
}

describe('the text report', () => {
  const lines = async (name: string, ...args: string[]) => {
    const { stdout } = await run(['inspect', 'dump.raw', '--regs', 'regs.json', ...args], inSample(name));
    return stdout.trimEnd().split('\n');
  };

  test('begins and ends with the verdict of each SMMU', async () => {
    const one = await lines('bad-span');
    expect(one[0]).toBe('arm-smmu-v3.0.auto: FALLS BACK TO A FULL RESET (-EINVAL), revision v6');
    expect(one.at(-1)).toBe(one[0]);
    const two = await lines('two-smmus');
    expect(two.slice(-2)).toEqual(two.slice(0, 2));
    expect(two[0]).toContain('ADOPTED');
  });

  const titles = (report: readonly string[]) =>
    report.filter((line, i) => report[i - 1] === '' && /^[A-Z]/.test(line)).map((line) => line.split('  ')[0]);

  test('shows what most readers look for, and names the rest', async () => {
    const report = await lines('bad-span');
    const rest = report.slice(report.findIndex((line) => line.startsWith('More with --full'))).join(' ');
    expect(rest).toContain(
      'More with --full: context descriptors, checks, reset, mappings, driver state, registers, assumptions.',
    );
    expect(titles(report).slice(0, 6)).toEqual([
      'Findings',
      'Risks',
      'Kernel log',
      'L1 descriptors',
      'Stream table entries',
      'Input',
    ]);
  });

  test('--full shows everything, and says nothing of a rest', async () => {
    const report = await lines('bad-span', '--full');
    expect(titles(report)).toEqual(
      expect.arrayContaining(['Checks', 'Reset', 'Mappings and allocations', 'Driver state afterwards', 'Registers']),
    );
    expect(report.join('\n')).not.toContain('--full:');
  });

  test('marks what decides', async () => {
    const report = await lines('bad-span');
    expect(report.filter((line) => line.endsWith('decides')).map((line) => line.trim().split(/\s+/)[0])).toEqual([
      '5',
      '0x500',
    ]);
  });

  test.each([
    ['smmu-lost', ['--iomem', 'iomem.txt', '--insert', '0x8,0x100']],
    ['l2-hole', ['--iomem', 'iomem.txt', '--insert', '0x8,0x100']],
  ])('marks the device that decides in %s', async (name, args) => {
    const decides = (await lines(name, ...args)).filter((line) => /decides$/.test(line));
    expect(decides.length).toBeGreaterThan(0);
  });
});

test('what was found about the input counts for the verdict, and nothing is called none beside it', async () => {
  await withSample('healthy-two-level', {}, (inspection) => {
    const [smmu] = inspection.smmus;
    const [finding] = inspection.findings;
    if (smmu === undefined || finding === undefined) throw new Error('the sample has an SMMU and a finding');
    const general = { ...finding, severity: 'error', smmu: null } as Inspection['findings'][number];
    const report = { ...inspection, findings: [general] };
    const text = [...textReport(report, style)].join('');
    expect(text).toMatch(/^ {2}Findings +1 error$/m);
    const markup = visible([...htmlReport(report)].join(''));
    expect(markup).toMatch(/Findings1 error/);
    expect(markup).not.toContain('Findingsnone');
  });
});

test('reports say what they are about', async () => {
  const cwd = inSample('real-qemu');
  const args = ['inspect', 'dump.elf', '--regs', './regs.json', '--sid', '0x8'];
  const { stdout } = await run([...args, '--format', 'text', '--color', 'never'], cwd);
  expect(stdout).toMatch(/^ {2}Kernel +6\.1\.0-56-arm64$/m);
  expect(stdout).toMatch(/^ {2}Build id +[0-9a-f]{40}$/m);
  expect(stdout).toMatch(/^ {2}Other files +\.\/regs\.json$/m);
  expect(stdout).toMatch(/^ {2}Made with +smmu-adopt inspect dump\.elf --regs \.\/regs\.json --sid 0x8$/m);
  const page = visible((await run([...args, '--format', 'html'], cwd)).stdout);
  expect(page).toContain('smmu-adopt inspect dump.elf --regs ./regs.json --sid 0x8 --format html');
  const json = JSON.parse((await run([...args, '--format', 'json'], cwd)).stdout);
  expect(json.kernel).toMatchObject({ release: '6.1.0-56-arm64', buildId: expect.stringMatching(/^[0-9a-f]{40}$/) });
  expect(JSON.stringify(json)).not.toContain('--sid');
});

describe('a snapshot of many SMMUs', () => {
  const many = async (count: number) => {
    const registers = { ...REGISTERS, ...LINEAR_REGISTERS };
    const smmus = Array.from({ length: count }, (_, i) => ({ name: `smmu${i}`, registers }));
    const snapshot = parseSnapshot({ captured: 'before-kdump-probe', smmus }, 'regs.json');
    return inspect(dumpOf(new Image().abortTable(LINEAR, 64)), snapshot);
  };
  const idsOf = (inspection: Inspection, index: number) =>
    smmuSections(inspection.smmus[index] as Inspection['smmus'][0], inspection).sections.map(({ id }) => id);

  test('details are those of the first, and what is left out of the others is named', async () => {
    const inspection = await many(66);
    expect(idsOf(inspection, 63)).toContain('registers');
    expect(idsOf(inspection, 63)).not.toContain('left-out');
    expect(idsOf(inspection, 64)).not.toContain('registers');
    const said = /Only of the first 64 SMMUs: [^.]*registers[^.]*\. The JSON report has all of it/gi;
    const text = [...textReport(inspection, plainStyle(1000), { full: true })].join('');
    expect(text.replaceAll(/\s+/g, ' ').match(said)).toHaveLength(2);
    const page = [...htmlReport(inspection)].join('');
    expect(visible(page).match(said)).toHaveLength(2);
    expect([...page.matchAll(/id="smmu-\d+-registers"/g)]).toHaveLength(64);
  });

  slowTest('the page of another one is a quarter of the first ones', async () => {
    const length = async (count: number) => [...htmlReport(await many(count))].join('').length;
    const [few, more, most] = [await length(60), await length(64), await length(68)];
    expect((most - more) * 4).toBeLessThan(more - few);
  });
});
