/** A real browser for the HTML report: Debian's Chromium, without a window, without a network, with a fresh profile. */

import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const CHROMIUM = '/usr/bin/chromium';

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
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

/** A page that keeps a list of everything that a report must never do. */
export interface Visit {
  readonly page: Page;
  /** Console errors (a violated policy is one), uncaught errors, dialogs, and requests for anything but the file. */
  readonly problems: string[];
  open(file: string): Promise<void>;
}

export async function visit(browser: Browser, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
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
  const open = async (file: string) => {
    wanted = pathToFileURL(file).href;
    await page.goto(wanted);
  };
  return { page, problems, open };
}
