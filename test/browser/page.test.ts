/** The page as it is built, from a path of a server that only serves files. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'puppeteer-core';
import { build } from 'vite';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { copyPageGuest } from '../../scripts/page/guest.ts';
import { findGuest, NO_CIPHER_TESTS } from '../boot-linux/linux-guest.ts';
import { installedBrowsers, launch } from './browsers.ts';
import { type StaticServer, serve } from './static-server.ts';

const CONFIG = fileURLToPath(new URL('../../scripts/page/vite.config.ts', import.meta.url));
/** Milliseconds a boot may take on a busy machine. */
const TIMEOUT = 120_000;
const PATH = '/some/where/';

const guest = await findGuest();

/** The terminal's text, without spaces at the ends of lines. */
const SCREEN = `[...document.querySelectorAll('.xterm-accessibility-tree > div')]
  .map((line) => line.textContent.trimEnd()).join('\\n')`;

/** What the visitor sees and does. The terminal's text is that for screen readers. */
class Visitor {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  async readAloud(): Promise<void> {
    await this.page.click('#open-drawer');
    await this.page.click('input[name=reader]');
    await this.page.keyboard.press('Escape');
  }

  /** Waits for a text in the terminal, or for its going. */
  async sees(text: string, present = true): Promise<void> {
    await this.page
      .waitForFunction(`${SCREEN}.includes(${JSON.stringify(text)}) === ${present}`, { timeout: TIMEOUT / 2 })
      .catch(async (error) => {
        throw new Error(`${error}; the terminal shows:\n${await this.screen()}`);
      });
  }

  screen(): Promise<string> {
    return this.page.evaluate(SCREEN) as Promise<string>;
  }

  async type(text: string): Promise<void> {
    await this.page.keyboard.type(text);
  }

  async state(state: string): Promise<void> {
    await this.page.waitForSelector(`#state[data-state=${state}]`, { timeout: TIMEOUT });
  }

  text(selector: string): Promise<string> {
    return this.page.$eval(selector, (element) => element.textContent ?? '');
  }
}

describe.skipIf(guest === undefined).each(installedBrowsers())('the page in $name', (installed) => {
  let server: StaticServer;
  let browser: Browser;
  let visitor: Visitor;
  const errors: string[] = [];

  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'longmode-page-'));
    await copyPageGuest();
    // Not as the tests are: Vite would build the page for development.
    vi.stubEnv('NODE_ENV', 'production');
    await build({ configFile: CONFIG, logLevel: 'error', build: { outDir: folder } });
    server = await serve({ [PATH]: { folder } });
    browser = await launch(installed);
    const page = await browser.newPage();
    page.on('pageerror', (error) => errors.push(String(error)));
    visitor = new Visitor(page);
    return async () => {
      await browser.close();
      await server.close();
      await rm(folder, { recursive: true });
    };
  }, TIMEOUT);

  it(
    'boots to a shell by itself, with what a link says',
    async () => {
      const query = new URLSearchParams({ append: `console=ttyS0 ${NO_CIPHER_TESTS}`, memory: '256' });
      await visitor.page.goto(`${server.origin}${PATH}?${query}`);
      await visitor.readAloud();
      await visitor.sees('/root #');
      await visitor.type('grep -c notests /proc/cmdline; expr 6 \\* 7\n');
      await visitor.sees('\n1\n42\n/root #');
      expect(errors).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    'tells where the time of the boot went',
    async () => {
      await visitor.page.waitForFunction("document.querySelectorAll('#stages .bar').length === 4", {
        timeout: TIMEOUT,
      });
      expect(await visitor.text('#stages')).toMatch(/Load.* s.*Decompress.* s.*Kernel.* s.*Init.* s/s);
      expect(await visitor.text('#figures')).toMatch(/Instructions\d+ M/);
    },
    TIMEOUT,
  );

  it(
    'pauses and goes on',
    async () => {
      await visitor.page.click('#pause');
      await visitor.state('paused');
      await visitor.type('echo still $((40 + 3))\n');
      await visitor.page.click('#pause');
      await visitor.state('running');
      await visitor.sees('\nstill 43\n');
    },
    TIMEOUT,
  );

  it(
    'tells the guest the size of the terminal when that changes',
    async () => {
      const sizeOf = async (width: number, height: number): Promise<number[]> => {
        await visitor.page.setViewport({ width, height });
        // What the terminal has room for is known when it has been drawn anew.
        await visitor.page.evaluate(
          'new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100)))',
        );
        await visitor.type('echo size $(stty size) end\n');
        await visitor.sees(' end\n/root #');
        const shown = await visitor.screen();
        await visitor.type('clear\n');
        await visitor.sees(' end', false);
        return [...(/\nsize (\d+) (\d+) end/.exec(shown) as RegExpExecArray)].slice(1).map(Number);
      };
      const [rows = 0, columns = 0] = await sizeOf(1000, 600);
      const [fewerRows = 0, fewerColumns = 0] = await sizeOf(900, 450);
      expect(rows).toBeGreaterThan(fewerRows);
      expect(columns).toBeGreaterThan(fewerColumns);
      expect(fewerRows).toBeGreaterThan(10);
      expect(fewerColumns).toBeGreaterThan(40);
    },
    TIMEOUT,
  );

  it(
    'takes five kilobytes that are pasted',
    async () => {
      const lines = Array.from({ length: 100 }, (_, i) => `line ${i} ${'.'.repeat(42)}`);
      const bytes = lines.join('\n').length + 1;
      expect(bytes).toBeGreaterThan(5000);
      // Firefox has no data in events that scripts make.
      await visitor.page.evaluate(`{
        const clipboardData = { getData: () => ${JSON.stringify(`cat >/tmp/pasted <<E\n${lines.join('\n')}\nE\n`)} };
        const paste = new Event('paste', { bubbles: true, cancelable: true });
        document.querySelector('.xterm-helper-textarea').dispatchEvent(Object.assign(paste, { clipboardData }));
      }`);
      await visitor.type('clear; wc -c /tmp/pasted; tail -n 1 /tmp/pasted | cut -c 1-7\n');
      await visitor.sees(`${bytes} /tmp/pasted\nline 99\n`);
    },
    TIMEOUT,
  );

  it(
    'tells what is wrong with a dropped file, and leaves the guest running',
    async () => {
      await visitor.page.evaluate(`{
        // Firefox gives files to real drops only.
        const dataTransfer = { types: ['Files'], files: [new File(['not a kernel at all'], 'notes.txt')] };
        dispatchEvent(Object.assign(new Event('drop', { cancelable: true }), { dataTransfer }));
      }`);
      await visitor.page.waitForSelector('#message:not([hidden])', { timeout: TIMEOUT });
      expect(await visitor.text('#message-text')).toMatch(/^This cannot be booted: .+\.$/);
      await visitor.state('running');
      await visitor.page.click('#dismiss');
      await visitor.type('echo alive $((40 + 4))\n');
      await visitor.sees('\nalive 44\n');
    },
    TIMEOUT,
  );

  it(
    'powers off, and boots again by the reset button',
    async () => {
      await visitor.type('exit\n');
      await visitor.state('ended');
      expect(await visitor.text('#status')).toContain('powered off');
      await visitor.page.click('#reset');
      await visitor.sees('/root #', false);
      await visitor.state('running');
      await visitor.sees('/root #');
    },
    TIMEOUT,
  );

  it(
    'opens without a network after the first visit',
    async () => {
      await visitor.page.evaluate('navigator.serviceWorker.ready.then(() => true)');
      await server.close();
      await visitor.page.reload();
      await visitor.state('running');
      expect(errors).toEqual([]);
    },
    TIMEOUT / 3,
  );
});
