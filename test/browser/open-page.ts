/** Opens pages that are files in chromium, as a user does: with mouse and keys. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';

/** Starts the browser; `onChromium` has fetched it. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: path.join(import.meta.dirname, 'chromium.sh'),
    args: ['--disable-gpu'],
    env: { ENGINE_HOME: process.env['ENGINE_HOME'], PATH: process.env['PATH'], HOME: '/tmp' },
  });
}

/** An opened page. */
export interface OpenedPage {
  readonly page: Page;
  /** What it asked for, besides itself. */
  readonly requests: readonly string[];
  /** Errors of its scripts, and what its policy has refused. */
  readonly errors: readonly string[];
  close(): Promise<void>;
}

/** Writes a page to a file and opens it. */
export async function openPage(browser: Browser, html: string, dark = false, width = 1280): Promise<OpenedPage> {
  const directory = mkdtempSync('/tmp/tsfront-page-'); // which the browser sees
  const file = path.join(directory, 'page.html');
  writeFileSync(file, html);
  const page = await browser.newPage({
    viewport: { width, height: 800 },
    colorScheme: dark ? 'dark' : 'light',
  });
  const requests: string[] = [];
  const errors: string[] = [];
  page.on('request', (request) => {
    if (request.url() !== `file://${file}`) requests.push(request.url());
  });
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('dialog', (dialog) => {
    errors.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(`file://${file}`);
  return {
    page,
    requests,
    errors,
    async close() {
      await page.close();
      rmSync(directory, { recursive: true });
    },
  };
}
