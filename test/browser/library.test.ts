/**
 * The library in a page without a bundler, from a server that only serves files, with guests of a few instructions: the
 * tests of the page and of README.md boot Linux with it.
 */
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'puppeteer-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { ECHO, MANY_LOOPS, makeKernel, SPIN } from '../cli/guests.ts';
import { installedBrowsers, launch } from './browsers.ts';
import { type StaticServer, serve } from './static-server.ts';

const PAGES = fileURLToPath(new URL('pages/', import.meta.url));
const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));
/** Milliseconds a boot may take on a busy machine. */
const TIMEOUT = 180_000;

describe.each(installedBrowsers())('the library in $name', (installed) => {
  let server: StaticServer;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    server = await serve({
      '/': { folder: PAGES },
      '/longmode/': { folder: DIST },
      '/echo': makeKernel(ECHO),
      '/spin': makeKernel(SPIN),
      '/loops': makeKernel(MANY_LOOPS),
    });
    browser = await launch(installed);
    page = await browser.newPage();
    await page.goto(`${server.origin}/two.html`);
    return async () => {
      await browser.close();
      await server.close();
    };
  }, TIMEOUT);

  it('has machines side by side in one page, each in its own thread or all in one', {
    timeout: TIMEOUT,
  }, async () => {
    for (const threads of ["['worker', 'worker']", "['here', 'here']"]) {
      expect(await page.evaluate(`two(${threads})`)).toEqual({
        answers: ['machine 0.', 'machine 1.'],
        endings: [{ kind: 'stopped' }, { kind: 'stopped' }],
        stages: ['loading', 'kernel'],
        isolated: false,
      });
    }
    // All workers, so none is started by another: that may hang in Firefox.
    const [machines, compilers] = ['longmode machine', 'longmode compiler'];
    expect(await page.evaluate('workersStarted.sort()')).toEqual([
      ...[compilers, compilers, compilers, compilers],
      ...[machines, machines],
    ]);
  });

  it('keeps what it compiles, and finds it again', { timeout: TIMEOUT }, async () => {
    expect(await page.evaluate('keep(false)')).toBe(1);
    expect(await page.evaluate('keep(true)')).toBe(1);
  });

  it('goes with its page, whatever the guest does', { timeout: TIMEOUT }, async () => {
    const other = await browser.newPage();
    await other.goto(`${server.origin}/two.html`);
    expect(await other.evaluate('spin()')).toBe(true);
    await other.close();
    expect(await page.evaluate("two(['worker'])")).toMatchObject({ answers: ['machine 0.'] });
  });
});
