/** A real browser for the HTML report: Debian's Chromium, without a window, without a network, with a fresh profile. */

import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';

const CHROMIUM = '/usr/bin/chromium';
/** Longer than the busiest machine takes. */
const HANG_MS = 300_000;

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** What to put behind the name of a group of tests: why it is skipped, or nothing. */
export function whyNoChromium(): string {
  return existsSync(CHROMIUM) ? '' : ` (skipped: there is no ${CHROMIUM}; on Debian, apt-get install chromium)`;
}

export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS, timeout: HANG_MS });
}

/** A page that keeps a list of everything that a report must never do. */
export interface Visit {
  readonly page: Page;
  /** Console errors (a violated policy is one), uncaught errors, dialogs, and requests for anything but the file. */
  readonly problems: string[];
  /** Opens a file in a window of 1280 by 900 pixels, or of another size, and starts the list anew. */
  open(file: string, size?: { readonly width?: number; readonly height?: number }): Promise<void>;
}

export async function visit(browser: Browser): Promise<Visit> {
  const page = await browser.newPage();
  page.setDefaultTimeout(HANG_MS);
  page.setDefaultNavigationTimeout(HANG_MS);
  const problems: string[] = [];
  let wanted = '';
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('request', (request) => {
    if (request.url() !== wanted) problems.push(`request for ${request.url()}`);
  });
  page.on('dialog', (dialog) => {
    problems.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  const open: Visit['open'] = async (file, { width = 1280, height = 900 } = {}) => {
    await page.emulateMedia({ media: null, colorScheme: null });
    await page.setViewportSize({ width, height });
    wanted = pathToFileURL(file).href;
    problems.length = 0;
    await page.goto(wanted);
  };
  return { page, problems, open };
}
