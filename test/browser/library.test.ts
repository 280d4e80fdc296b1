/** The library in a page without a bundler, from a server that only serves files. */
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'puppeteer-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { findGuest, NO_CIPHER_TESTS } from '../boot-linux/linux-guest.ts';
import { installedBrowsers, launch } from './browsers.ts';
import { type StaticServer, serve } from './static-server.ts';

const PAGES = fileURLToPath(new URL('pages/', import.meta.url));
const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));
/** Milliseconds a boot may take on a busy machine. */
const TIMEOUT = 180_000;

const guest = await findGuest();

describe.skipIf(guest === undefined).each(installedBrowsers())('the library in $name', (installed) => {
  let server: StaticServer;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    const { kernel, initrd } = guest as NonNullable<typeof guest>;
    server = await serve({
      '/': { folder: PAGES },
      '/longmode/': { folder: DIST },
      '/vmlinuz': kernel,
      '/initrd.cpio': initrd,
    });
    browser = await launch(installed);
    page = await browser.newPage();
    await page.goto(`${server.origin}/boot.html`);
    return async () => {
      await browser.close();
      await server.close();
    };
  }, TIMEOUT);

  it(
    'boots a kernel to its shell in a worker',
    async () => {
      const result = await page.evaluate(`boot(${JSON.stringify({ words: NO_CIPHER_TESTS })})`);
      expect(result).toEqual({
        stages: expect.arrayContaining(['loading', 'kernel', 'init']),
        answer: expect.stringContaining('echo $((6 * 7))'),
        ending: { kind: 'power off' },
        compiled: true,
        isolated: false,
      });
    },
    TIMEOUT,
  );
});
