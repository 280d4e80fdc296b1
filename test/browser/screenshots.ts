/**
 * Photographs the built page in each of its states, light and dark, wide and on a phone, to be looked at.
 * Usage: npm run page:build && node test/browser/screenshots.ts [folder, by default build/screenshots]
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'puppeteer-core';
import { installedBrowsers, launch } from './browsers.ts';
import { serve } from './static-server.ts';

const WIDE = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
/** Milliseconds. */
const TIMEOUT = 120_000;

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = process.argv[2] ?? join(root, 'build/screenshots');

async function photograph(page: Page, name: string): Promise<void> {
  for (const scheme of ['light', 'dark']) {
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    // The terminal draws in the next frames.
    await new Promise((resolve) => setTimeout(resolve, 500));
    await page.screenshot({ path: join(folder, `${name}-${scheme}.png`) });
  }
}

const state = (page: Page, name: string) =>
  page.waitForSelector(`#state[data-state=${name}]`, { timeout: TIMEOUT });

async function visit(page: Page, url: string): Promise<void> {
  await page.setViewport(WIDE);
  await page.goto(url, { waitUntil: 'domcontentloaded' });
  await photograph(page, 'loading');
  await page.waitForFunction("document.querySelectorAll('#stages .bar').length === 4", { timeout: TIMEOUT });
  await page.keyboard.type('uname -a; cat /proc/cpuinfo | head -n 5\n');
  await new Promise((resolve) => setTimeout(resolve, 2000));
  await photograph(page, 'running');
  await page.click('#open-drawer');
  await photograph(page, 'settings');
  await page.click('#close-drawer');
  await page.click('#pause');
  await state(page, 'paused');
  await photograph(page, 'paused');
  await page.click('#pause');
  await page.setViewport(PHONE);
  await photograph(page, 'phone');
  await page.setViewport(WIDE);
  await page.evaluate(`{
    const dataTransfer = { types: ['Files'], files: [new File(['not a kernel at all'], 'notes.txt')] };
    dispatchEvent(Object.assign(new Event('drop', { cancelable: true }), { dataTransfer }));
  }`);
  await page.waitForSelector('#message:not([hidden])', { timeout: TIMEOUT });
  await photograph(page, 'error');
  await page.click('#dismiss');
  await page.keyboard.type('exit\n');
  await state(page, 'ended');
  await photograph(page, 'ended');
}

const [installed] = installedBrowsers();
if (installed === undefined) throw new Error('no browser is installed');
await mkdir(folder, { recursive: true });
const server = await serve({ '/': { folder: join(root, 'build/page') } });
const browser = await launch(installed);
try {
  await visit(await browser.newPage(), `${server.origin}/`);
} finally {
  await browser.close();
  await server.close();
}
console.log(`screenshots: ${folder}`);
