/** The HTML report in a real browser: every sample, and what a reader does with one. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { htmlReport } from '../../../src/report/html/html.ts';
import { launchChromium, type Visit, visit, whyNoChromium } from '../../support/outside/chromium.ts';
import { SLOW, someOf } from '../../support/slow.ts';
import { manyStes, SAMPLE_NAMES, sampleReport, withSample } from './reports.ts';

const why = whyNoChromium();

/** What comes into being only when it is looked at does so for paper as well; and whatever is closed is opened. */
const MAKE_EVERYTHING = `
  dispatchEvent(new Event('beforeprint'));
  for (const details of document.querySelectorAll('details')) details.open = true;
`;

/** Words of the titles of columns that are in more than one line, and how wide the page is. */
const BROKEN_WORDS = `(() => {
  const broken = [...document.querySelectorAll('th')].flatMap((th) => {
    const walker = document.createTreeWalker(th, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) {
      for (const { 0: word, index } of walker.currentNode.data.matchAll(/\\S+/g)) {
        const range = document.createRange();
        range.setStart(walker.currentNode, index);
        range.setEnd(walker.currentNode, index + word.length);
        if (new Set([...range.getClientRects()].map(({ top }) => top)).size > 1) found.push(word);
      }
    }
    return found;
  });
  return [broken, document.documentElement.scrollWidth];
})()`;

describe.skipIf(why !== '')(`the HTML report in Chromium${why}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'smmu-adopt-html-'));
  let browser: Browser;
  let page: Page;
  let problems: string[];
  let open: Visit['open'];
  beforeAll(async () => {
    browser = await launchChromium();
    ({ page, problems, open } = await visit(browser));
  });
  afterEach(() => expect(problems).toEqual([]));
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const write = (name: string, html: string) => {
    const file = join(folder, `${name}.html`);
    writeFileSync(file, html);
    return file;
  };
  const sampleFile = async (name: string) => write(name, await sampleReport(name, { revision: 'all' }));
  /** A sample, with its tables made. */
  const openSample = async (name: string) => {
    await open(await sampleFile(name));
    await page.locator('.stes').scrollIntoViewIfNeeded();
    await page.locator('.stes .rows tr[data-place]').first().waitFor();
  };

  test('shows samples, all of them where time is no matter, without an error, and at 400 pixels without scrolling sideways', async () => {
    for (const name of someOf(SAMPLE_NAMES, 20)) {
      await open(await sampleFile(name), { width: 400 });
      await page.evaluate(MAKE_EVERYTHING);
      const [broken, smmus, tables, width] = await page.evaluate<[string[], number, number, number]>(`[
        [...document.querySelectorAll('nav a')].filter((a) => !document.querySelector(a.hash)).map(String),
        document.querySelectorAll('article').length,
        document.querySelectorAll('.stes .count').length,
        document.documentElement.scrollWidth,
      ]`);
      expect(broken, name).toEqual([]);
      expect(smmus, name).toBe(tables);
      expect(width, name).toBe(400);
      expect(problems, name).toEqual([]);
    }
  });

  test('at 1000 to 1300 pixels no title of a column breaks inside a word, and nothing scrolls sideways', async () => {
    const log = [
      { level: 'err' as const, text: 'kdump: a line that the driver could print, and a long one. '.repeat(9) },
    ];
    // Cells that need all the room there is leave little to the titles beside them.
    const html = await withSample('l2-hole', { revision: 'all' }, (inspection) => {
      const smmus = inspection.smmus.map((smmu) => ({
        ...smmu,
        inserts: smmu.inserts.map((insert) => ({ ...insert, log, device: 'a device of a long name '.repeat(9) })),
      }));
      return [...htmlReport({ ...inspection, smmus })].join('');
    });
    for (const width of [1000, 1300]) {
      await open(write('narrow', html), { width });
      await page.evaluate(MAKE_EVERYTHING);
      const [broken, wide] = await page.evaluate<[string[], number]>(BROKEN_WORDS);
      expect(broken, `at ${width}`).toEqual([]);
      expect(wide, `at ${width}`).toBe(width);
    }
  });

  test('a hostile name is text and nothing else', async () => {
    const evil = '</script><img src=x onerror=alert(1)><script>alert(2)</script>';
    const html = await withSample('bad-span', { revision: 'all' }, (inspection) => {
      const smmus = inspection.smmus.map((smmu) => ({ ...smmu, name: evil }));
      const findings = inspection.findings.map((finding) => ({ ...finding, smmu: evil, message: evil }));
      const dump = { ...inspection.dump, files: [evil], format: evil };
      return [...htmlReport({ ...inspection, smmus, findings, dump })].join('');
    });
    await open(write('hostile', html));
    await page.evaluate(MAKE_EVERYTHING);
    await page.locator('.stes tr[data-place]').first().click();
    await page.locator('.opened').waitFor();
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.locator('h2').first().textContent()).toContain(evil);
    expect(problems).toEqual([]);
    expect(problems).toEqual([]);
    // Even if a mistake of ours took text for markup, the browser would refuse it, and say so.
    expect(await page.evaluate('try { document.body.innerHTML = "<b>"; "" } catch (error) { error.name }')).toBe(
      'TypeError',
    );
    problems.length = 0;
  });

  test('filters by text, Config, finding, a link of a finding, and a cell of the map', async () => {
    await openSample('bad-span');
    const count = page.locator('.stes .count');
    expect(await page.locator('.stes tr[aria-selected="true"] td').first().textContent()).toBe('0x500');
    const sids = () => page.locator('.stes tbody tr[data-place] td:first-child').allTextContents();
    expect(await sids()).toEqual(['0x8', '0x10', '0x30', '0x100', '0x500']);
    await page.getByLabel('Search').fill('01:00.0');
    await expect.poll(() => count.textContent()).toBe('1 of 5 listed STEs');
    expect(await sids()).toEqual(['0x100']);
    await page.getByLabel('Search').fill('0x8-0x10');
    await expect.poll(sids).toEqual(['0x8', '0x10']);
    await page.getByLabel('Search').fill('');
    await page.getByLabel('Config').selectOption('bypass');
    await expect.poll(sids).toEqual(['0x30']);
    await page.getByLabel('Config').selectOption('');
    await page.getByRole('combobox', { name: 'Findings' }).selectOption('l1-span-unsupported');
    await expect.poll(sids).toEqual(['0x500']);
    await page.getByRole('combobox', { name: 'Findings' }).selectOption('');
    await page.locator('.findings a[data-sids]').first().click();
    await expect.poll(sids).toEqual(['0x500']);
    await page.getByRole('button', { name: /Only SIDs 0x500/ }).click();
    await expect.poll(() => count.textContent()).toBe('5 of 5 listed STEs');
    // The map begins at the descriptor that decides, which is of bus 5; four cells before it is that of bus 1.
    const field = page.locator('.field');
    const cell = '(({ offsetLeft, offsetWidth }) => [offsetLeft, offsetWidth])(document.querySelector("button.cell"))';
    const [left = 0, width = 0] = await page.evaluate<number[]>(cell);
    await field.click({ position: { x: left - width * 3.5, y: width / 2 } });
    await expect.poll(sids).toEqual(['0x100']);
  });

  test('the keyboard reaches the cells of the map, the rows, and what is behind a row', async () => {
    await openSample('bad-span');
    const focused = () =>
      page.evaluate<string>('(document.activeElement.ariaLabel ?? document.activeElement.textContent)');
    await page.locator('.field button:not([hidden])').focus();
    expect(await focused()).toContain('L1[5], SIDs 0x500\u20130x5ff, bus 05, bad, decides');
    await page.keyboard.press('Home');
    expect(await focused()).toContain('L1[0], SIDs 0x0\u20130xff, bus 00, used');
    await page.keyboard.press('ArrowRight');
    expect(await focused()).toContain('L1[1]');
    await page.keyboard.press('PageDown');
    expect(await focused()).toContain('L1[5], SIDs 0x500\u20130x5ff, bus 05, bad, decides, span 3');
    expect(await page.locator('.cell-line').textContent()).toBe(await focused());
    await page.keyboard.press('Enter');
    expect(await focused()).toBe('Only SIDs 0x500\u20130x5ff; show all again');
    await page.keyboard.press('Enter');
    // Exactly one row can be tabbed to.
    expect(await page.locator('.stes tr[tabindex="0"]').count()).toBe(1);
    await page.locator('.stes tr[tabindex="0"]').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    expect(await focused()).toContain('STE of SID 0x10');
    expect(await page.locator('.opened').textContent()).toContain('stage 1 only');
    await page.keyboard.press('Escape');
    expect(await page.locator('.opened').count()).toBe(0);
    expect(await focused()).toContain('0x10');
    await page.keyboard.press('End');
    expect(await focused()).toContain('0x500');
    await page.locator('.stes th button').first().focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    expect(await page.locator('.stes th').first().getAttribute('aria-sort')).toBe('descending');
    expect(await page.locator('.stes tr[data-place="0"] td').first().textContent()).toBe('0x500');
  });

  test('an STE opens to its fields and its context descriptors', async () => {
    await openSample('real-qemu');
    await page.locator('.stes tr[data-place="3"]').click();
    const opened = page.locator('.opened');
    const fields = opened.locator('.fields').first().locator('tr');
    expect(await opened.textContent()).toContain('S1ContextPtr');
    expect(await opened.textContent()).toMatch(/SSID 0: ASID 2, at 0x431fc000/);
    const set = await fields.count();
    await opened.getByLabel('also fields that are 0').first().check();
    expect(await fields.count()).toBeGreaterThan(set + 50);
  });

  test('every text has enough contrast, in light and in dark', async () => {
    const pairs = [
      ...['text', 'quiet', 'accent', 'good', 'bad', 'warn', 'unknown'].flatMap((text) => [
        [text, 'ground'],
        [text, 'panel'],
      ]),
      ...['good', 'bad', 'warn', 'unknown'].map((tone) => [tone, `${tone}-tint`]),
      ['text', 'bad-tint'],
      ['text', 'warn-tint'],
      ['quiet', 'bad-tint'],
    ];
    await open(await sampleFile('bad-span'));
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      const colours = await colourVariables(page);
      for (const [text = '', ground = ''] of pairs) {
        const ratio = contrast(colours[text] ?? '', colours[ground] ?? '');
        expect(ratio, `${text} on ${ground}, ${colorScheme}`).toBeGreaterThanOrEqual(4.5);
      }
      const brightness = luminance(colours['ground'] ?? '');
      expect(colorScheme === 'dark' ? brightness < 0.1 : brightness > 0.9).toBe(true);
    }
  });

  test('on paper everything is there: the map, all rows, what was closed; and afterwards as before', async () => {
    // More than are printed, where time is no matter: a browser lays them all out.
    const stes = SLOW ? 1100 : 200;
    await open(write('paper', [...htmlReport(await manyStes(stes))].join('')));
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    await page.evaluate('dispatchEvent(new Event("beforeprint"))');
    expect(await page.locator('nav').isVisible()).toBe(false);
    expect(await page.locator('canvas').count()).toBe(1);
    expect(await page.locator('.stes tr[data-place]').count()).toBe(SLOW ? 1000 : stes);
    const notPrinted = await page.locator('.stes .print-only').allTextContents();
    expect(notPrinted.filter((text) => text !== '')).toEqual(SLOW ? ['100 more rows are not printed.'] : []);
    expect(luminance((await colourVariables(page))['ground'] ?? '')).toBe(1);
    await page.emulateMedia({ media: 'screen' });
    await page.evaluate('dispatchEvent(new Event("afterprint"))');
    expect(await page.locator('.l1-rows').getAttribute('open')).toBeNull();
    expect(await page.locator('.stes tr[data-place]').count()).toBeLessThan(100);
  });

  test('of many STEs only the rows in sight are made, and the last is a key away', async () => {
    const stes = SLOW ? 100_000 : 10_000;
    const file = write('many', [...htmlReport(await manyStes(stes))].join(''));
    await open(file);
    await page.locator('.stes').scrollIntoViewIfNeeded();
    await page.locator('.stes tr[tabindex="0"]').focus();
    await page.keyboard.press('End');
    expect(await page.locator('.stes tr:focus').getAttribute('aria-rowindex')).toBe(String(stes + 1));
    expect(await page.locator('.stes tr[data-place]').count()).toBeLessThan(100);
    await page.getByLabel('Config').selectOption('bypass');
    await expect
      .poll(() => page.locator('.stes .count').textContent())
      .toBe(`${(stes / 10).toLocaleString('en')} of ${stes.toLocaleString('en')} listed STEs`);
  });
});

function colourVariables(page: Page): Promise<Record<string, string>> {
  const names = ['ground', 'panel', 'text', 'quiet', 'accent'];
  const all = [...names, ...['good', 'bad', 'warn', 'unknown'].flatMap((tone) => [tone, `${tone}-tint`])];
  return page.evaluate(
    `Object.fromEntries(${JSON.stringify(all)}.map((name) => [name, getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim()]))`,
  );
}

/** As WCAG 2 defines it. */
function luminance(colour: string): number {
  const hex = colour.length === 4 ? colour.replace(/[0-9a-f]/gi, '$&$&') : colour;
  const channels = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255);
  const [red = 0, green = 0, blue = 0] = channels.map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}
