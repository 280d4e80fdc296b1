/** The page as it is built, from a path of a server that only serves files. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'puppeteer-core';
import { build } from 'vite';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { copyPageGuest } from '../../scripts/page/guest.ts';
import { findGuest, NO_CIPHER_TESTS } from '../boot-linux/linux-guest.ts';
import { HALT_FOREVER, makeKernel, print, SPIN, TOUCH_ALL } from '../cli/guests.ts';
import { installedBrowsers, launch } from './browsers.ts';
import { problemsOf } from './looks.ts';
import { longestTask } from './main-thread.ts';
import { type StaticServer, serve } from './static-server.ts';
import { TIMEOUT, Visitor } from './visitor.ts';

const CONFIG = fileURLToPath(new URL('../../scripts/page/vite.config.ts', import.meta.url));
const PATH = '/some/where/';
/** Where the engine has no memory for a machine. */
const POOR_PATH = '/poor/';
const POOR =
  'WebAssembly.Memory = class { constructor() { throw new RangeError("could not allocate memory"); } };\n';
/** Milliseconds of a task from which on it is a long one. Source: W3C, "Long Tasks API". */
const LONG_TASK = 50;

const guest = await findGuest();
const browsers = installedBrowsers();

describe.skipIf(guest === undefined || browsers.length === 0)('the page', () => {
  let folder: string;
  /** The machine's program in an engine without memory, with the path it is at. */
  let poor: readonly [string, string];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'longmode-page-'));
    await copyPageGuest();
    // Not as the tests are: Vite would build the page for development.
    vi.stubEnv('NODE_ENV', 'production');
    await build({ configFile: CONFIG, logLevel: 'error', build: { outDir: folder } });
    const machine = (await readdir(join(folder, 'assets'))).find((name) => name.startsWith('machine-'));
    poor = [`${POOR_PATH}assets/${machine}`, POOR + (await readFile(`${folder}/assets/${machine}`, 'utf8'))];
    return async () => await rm(folder, { recursive: true });
  }, TIMEOUT);

  describe.each(browsers)('in $name', (installed) => {
    let server: StaticServer;
    let browser: Browser;
    let visitor: Visitor;

    beforeAll(async () => {
      server = await serve({
        [PATH]: { folder },
        [POOR_PATH]: { folder },
        [poor[0]]: poor[1],
        '/touch-all': makeKernel(TOUCH_ALL),
        '/halt': makeKernel(HALT_FOREVER),
        '/panic': makeKernel([...print('Kernel panic - not syncing\n'), ...SPIN]),
      });
      browser = await launch(installed);
      visitor = new Visitor(await browser.newPage());
      return async () => {
        await browser.close();
        await server.close();
      };
    }, TIMEOUT);

    it('boots to a shell by itself, with what a link says, and lets the visitor in all the while', {
      timeout: TIMEOUT,
    }, async () => {
      const query = new URLSearchParams({ append: `console=ttyS0 ${NO_CIPHER_TESTS}`, memory: '256' });
      const boot = async (): Promise<void> => {
        await visitor.page.goto(`${server.origin}${PATH}?${query}`);
        await visitor.readAloud();
        await visitor.sees('/root #');
      };
      if (installed.name === 'chromium') {
        // What else runs may take the caches from a task; one that is long by itself is so each time.
        let longest = Number.POSITIVE_INFINITY;
        for (let attempt = 0; attempt < 3 && longest >= LONG_TASK; attempt++)
          longest = Math.min(longest, await longestTask(visitor.page, boot));
        expect(longest).toBeLessThan(LONG_TASK);
      } else {
        await boot();
      }
      await visitor.type('grep -c notests /proc/cmdline; expr 6 \\* 7\n');
      await visitor.sees('\n1\n42\n/root #');
      expect(visitor.errors).toEqual([]);
    });

    it('tells where the time of the boot went', { timeout: TIMEOUT }, async () => {
      await visitor.page.waitForFunction("document.querySelectorAll('#stages .bar').length === 4", {
        timeout: TIMEOUT,
      });
      expect(await visitor.text('#stages')).toMatch(/Load.* s.*Decompress.* s.*Kernel.* s.*Init.* s/s);
      expect(await visitor.text('#figures')).toMatch(/Instructions\d+ M.*Regions[1-9]/s);
    });

    it('tells the guest the size of the terminal when that changes', { timeout: TIMEOUT }, async () => {
      await visitor.type(
        'clear; s=$(stty size); echo w"as" $s; while [ "$s" = "$(stty size)" ]; do :; done; echo is $(stty size).\n',
      );
      // The guest knows the old size.
      await visitor.sees('was ');
      await visitor.page.setViewport({ width: 1000, height: 500 });
      await visitor.sees('.\n/root #');
      const sizes = /was (\d+) (\d+)\nis (\d+) (\d+)\.\n/.exec(await visitor.screen());
      const [rows, columns, newRows, newColumns] = [...(sizes as RegExpExecArray)].slice(1).map(Number);
      expect(newRows).toBe((await visitor.screen()).split('\n').length);
      expect([rows, columns]).not.toEqual([newRows, newColumns]);
      expect(newColumns).toBeGreaterThan(40);
    });

    it('takes five kilobytes that are pasted, also while it is paused', { timeout: TIMEOUT }, async () => {
      const lines = Array.from({ length: 20 }, (_, i) => `line ${i} ${'.'.repeat(250)}`);
      const bytes = lines.join('\n').length + 1;
      expect(bytes).toBeGreaterThan(5000);
      await visitor.page.click('#pause');
      await visitor.state('paused');
      await visitor.paste(`stty -echo; cat >/tmp/pasted <<E\n${lines.join('\n')}\nE\n`);
      await visitor.page.click('#pause');
      await visitor.state('running');
      await visitor.type('stty echo; clear; wc -c /tmp/pasted; tail -n 1 /tmp/pasted | cut -c 1-7\n');
      await visitor.sees(`${bytes} /tmp/pasted\nline 19\n`);
    });

    it('tells what is wrong with a dropped file, and leaves the guest running', {
      timeout: TIMEOUT,
    }, async () => {
      await visitor.drop('notes.txt', 'not a kernel at all');
      expect(await visitor.message()).toMatch(/^This cannot be booted: .+\.$/);
      await visitor.state('running');
      await visitor.page.click('#dismiss');
      await visitor.type('echo alive $((40 + 4))\n');
      await visitor.sees('\nalive 44\n');
    });

    it('copies what is selected in the terminal', { timeout: TIMEOUT }, async () => {
      await visitor.watchClipboard();
      await visitor.type('clear; echo the chosen words\n');
      await visitor.sees('the chosen words\n');
      await visitor.selectLine('the chosen words');
      await visitor.page.keyboard.down('Control');
      await visitor.page.keyboard.down('Shift');
      await visitor.page.keyboard.press('KeyC');
      await visitor.page.keyboard.up('Shift');
      await visitor.page.keyboard.up('Control');
      expect((await visitor.copied()).trim()).toBe('the chosen words');
      // A program in the guest may copy, too.
      await visitor.type("printf '\\033]52;c;%s\\a' $(printf 'from the guest' | base64)\n");
      await visitor.page.waitForFunction("copied === 'from the guest'", { timeout: TIMEOUT });
    });

    it('saves a report of the run in one file', { timeout: TIMEOUT }, async () => {
      const report = await visitor.saves('#report');
      expect(report.name).toBe('longmode-report.html');
      expect(report.text).toMatch(/Load.* s.*Decompress.* s.*Kernel.* s.*Init.* s/s);
      expect(report.text).toContain('<td>256</td>');
      expect(report.text).toMatch(/&quot;instructions&quot;: \{\s*&quot;total&quot;: \d{8}/);
      expect(report.text).toMatch(/<img alt=[^>]* src="data:image\/png;base64,[^"]{500}/);
      // Nothing of it comes from elsewhere.
      expect(report.text).not.toMatch(/(src|href)="(?!data:)/);
    });

    it('powers off at the power button, and boots again by the reset button', {
      timeout: TIMEOUT,
    }, async () => {
      await visitor.page.click('#power');
      await visitor.state('ended');
      expect(await visitor.text('#status')).toContain('powered off');
      await visitor.page.click('#reset');
      await visitor.state('running');
      // The kernel has written its first line.
      await visitor.page.waitForFunction("document.querySelector('#stages').textContent.includes('Kernel')", {
        timeout: TIMEOUT,
      });
      expect(visitor.errors).toEqual([]);
    });

    it('gives a link that carries what is chosen, and boots it', { timeout: TIMEOUT }, async () => {
      const other = new Visitor(await browser.newPage());
      await other.page.goto(`${server.origin}${PATH}?kernel=/halt`);
      await other.state('ended');
      await other.watchClipboard();
      await other.page.click('#open-drawer');
      await other.choose({ kernel: '/panic', append: 'a "b" & c', memory: '64' });
      await other.page.click('#copy-link');
      const link = await other.copied();
      expect(link.startsWith(`${server.origin}${PATH}?`)).toBe(true);
      await other.page.click('#choices button[type=submit]');
      await other.state('running');

      await other.page.goto(link);
      await other.state('running');
      expect(await other.chosen()).toMatchObject({ kernel: '/panic', append: 'a "b" & c', memory: '64' });
      expect(await other.message()).toBe('The guest will not do anything any more: its kernel has panicked.');
      await other.page.close();
    });

    it.each([
      [
        'a browser without tail calls',
        PATH,
        'WebAssembly.validate = () => false',
        /Chrome and Edge .*112, Firefox .*121, Safari .*18\.2/,
      ],
      [
        'a browser without memory',
        POOR_PATH,
        '',
        /^This browser gives the machine no more memory: could not allocate memory\.$/,
      ],
    ])('tells what is wrong in a sentence: %s', { timeout: TIMEOUT }, async (_, path, before, sentence) => {
      const other = new Visitor(await browser.newPage());
      if (before !== '') await other.page.evaluateOnNewDocument(before);
      await other.page.goto(`${server.origin}${path}`);
      expect(await other.message()).toMatch(sentence);
      await other.state('failed');
      expect(other.errors).toEqual([]);
      await other.page.close();
    });

    it('tells that the guest wanted more memory than there is', { timeout: TIMEOUT }, async () => {
      const other = new Visitor(await browser.newPage());
      await other.page.goto(`${server.origin}${PATH}?kernel=/touch-all&memory=8192`);
      await other.state('ended');
      expect(await other.text('#status')).toContain('wanted more memory than this browser gives');
      await other.page.close();
    });

    // Firefox's driver cannot set the colour scheme.
    if (installed.name === 'chromium') {
      it('can be read in each of its states, light and dark, and on a phone', {
        timeout: TIMEOUT,
      }, async () => {
        const { page } = visitor;
        const problems: Record<string, string[]> = { running: await problemsOf(page) };
        await page.click('#open-drawer');
        problems.settings = await problemsOf(page);
        await page.click('#close-drawer');
        await page.click('#pause');
        await visitor.state('paused');
        problems.paused = await problemsOf(page);
        await visitor.drop('notes.txt', 'not a kernel at all');
        await visitor.message();
        problems.error = await problemsOf(page);
        await page.goto(`${server.origin}${PATH}?kernel=/touch-all&memory=8192`);
        await visitor.state('ended');
        problems.ended = await problemsOf(page);
        expect(problems).toEqual({ running: [], settings: [], paused: [], error: [], ended: [] });
      });
    }

    it('opens without a network after the first visit', { timeout: TIMEOUT }, async () => {
      await visitor.page.goto(`${server.origin}${PATH}`);
      await visitor.state('running');
      await visitor.page.evaluate('navigator.serviceWorker.ready.then(() => true)');
      await server.close();
      await visitor.page.reload();
      await visitor.state('running');
      expect(visitor.errors).toEqual([]);
    });
  });
});
