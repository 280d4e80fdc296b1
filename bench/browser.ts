/**
 * Boots the page's guest to its shell in Node and in each installed browser, in turn, and compares.
 * A table goes to standard error, JSON to standard output.
 * Usage: node bench/browser.ts [--rounds N]
 *   --rounds  boots of each, 5 by default
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { brotliCompressSync } from 'node:zlib';
import type { Browser, Page } from 'puppeteer-core';
import { build } from 'vite';
import { copyPageGuest } from '../scripts/page/guest.ts';
import { type InstalledBrowser, installedBrowsers, launch } from '../test/browser/browsers.ts';
import { type StaticServer, serve } from '../test/browser/static-server.ts';
import { processorSeconds, residentBytes } from './browser/processes.ts';
import { type Watched, watchScript } from './browser/watch.ts';
import { median, milli } from './report/statistics.ts';
import { formatTable } from './report/table.ts';
import { runChild } from './run/child.ts';
import { describeEnvironment } from './run/environment.ts';
import { progress } from './run/progress.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const COMMAND_LINE = 'console=ttyS0';
const PROMPT = '/root #';
/** Seconds after which a boot is given up. */
const TIMEOUT = 120;
/** Seconds at the prompt before and while the idle page is measured: the page keeps itself for offline use first. */
const SETTLING = 15;
const IDLE = 10;
const KEYS = 20;
/** Milliseconds between two keys. */
const KEY_INTERVAL = 150;

interface Boot {
  /** Milliseconds to the first line of the kernel, and to the prompt. */
  readonly kernel: number;
  readonly shell: number;
}

interface AtPrompt {
  /** What the page adds to a browser with an empty one. */
  readonly bytes: number;
  /** Share of one core that the whole browser takes. */
  readonly processor: number;
  /** Milliseconds, median. */
  readonly echo: number;
  /** Milliseconds of each, from opening the page on; null where the browser does not tell. */
  readonly longTasks: readonly number[] | null;
}

async function bootInNode(folder: string): Promise<Boot> {
  const guest = join(folder, 'guest');
  const { output } = await runChild(
    process.execPath,
    [
      `${ROOT}bench/browser/node-boot.ts`,
      ...[join(guest, 'vmlinuz'), join(guest, 'initrd.cpio'), COMMAND_LINE, PROMPT],
    ],
    TIMEOUT,
  );
  return JSON.parse(output.trim().split('\n').at(-1) as string) as Boot;
}

async function visit(browser: Browser, server: StaticServer): Promise<{ page: Page; boot: Boot }> {
  const page = await browser.newPage();
  await page.evaluateOnNewDocument(watchScript(PROMPT));
  await page.goto(`${server.origin}/`);
  await page.waitForFunction('watched.shell !== undefined', { timeout: TIMEOUT * 1000 });
  return { page, boot: (await page.evaluate('watched')) as Boot };
}

/** The first visit of a new browser, and the second. */
async function bootInBrowser(installed: InstalledBrowser, server: StaticServer): Promise<[Boot, Boot]> {
  const browser = await launch(installed);
  try {
    const cold = await visit(browser, server);
    await cold.page.close();
    const warm = await visit(browser, server);
    return [cold.boot, warm.boot];
  } finally {
    await browser.close();
  }
}

async function measureAtPrompt(installed: InstalledBrowser, server: StaticServer): Promise<AtPrompt> {
  const browser = await launch(installed);
  try {
    const pid = browser.process()?.pid as number;
    await browser.newPage();
    await sleep(2000);
    const empty = residentBytes(pid);
    const { page } = await visit(browser, server);
    await sleep(SETTLING * 1000);
    const bytes = residentBytes(pid) - empty;
    const before = processorSeconds(pid);
    await sleep(IDLE * 1000);
    const processor = (processorSeconds(pid) - before) / IDLE;
    for (let i = 0; i < KEYS; i++) {
      await page.keyboard.press('x');
      await sleep(KEY_INTERVAL);
    }
    const { echoes, longTasks } = (await page.evaluate('watched')) as Watched;
    return { bytes, processor, echo: median(echoes), longTasks };
  } finally {
    await browser.close();
  }
}

/** Bytes that a first visit transfers: the page from a host that compresses with brotli, and the guest as it is. */
async function transferred(
  folder: string,
  paths: readonly string[],
): Promise<{ page: number; guest: number }> {
  const bytes = { page: 0, guest: 0 };
  for (const path of new Set(paths)) {
    const content = await readFile(join(folder, path === '/' ? 'index.html' : path));
    if (path.startsWith('/guest/')) bytes.guest += content.length;
    else bytes.page += brotliCompressSync(content).length;
  }
  return bytes;
}

function longestOf(tasks: readonly number[] | null): string {
  if (tasks === null) return '-';
  return tasks.length === 0 ? 'none over 50' : Math.max(...tasks).toFixed(0);
}

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } });
const rounds = Number(values.rounds);
if (!(Number.isInteger(rounds) && rounds > 0))
  throw new Error(`--rounds ${values.rounds}: not a whole number above 0`);
const environment = describeEnvironment();
const folder = await mkdtemp(join(tmpdir(), 'longmode-bench-'));
await copyPageGuest();
process.env.NODE_ENV = 'production';
await build({
  configFile: `${ROOT}scripts/page/vite.config.ts`,
  logLevel: 'error',
  build: { outDir: folder },
});
// As hosts do for files with a hash in their names.
const server = await serve({ '/': { folder } }, { 'cache-control': 'max-age=3600' });
try {
  const browsers = installedBrowsers();
  const boots = new Map<string, Boot[]>();
  const add = (name: string, boot: Boot): void => {
    progress(`${name}: first line ${boot.kernel.toFixed(0)} ms, shell ${boot.shell.toFixed(0)} ms`);
    boots.set(name, [...(boots.get(name) ?? []), boot]);
  };
  for (let round = 1; round <= rounds; round++) {
    progress(`round ${round} of ${rounds}`);
    add('Node', await bootInNode(folder));
    for (const installed of browsers) {
      const [cold, warm] = await bootInBrowser(installed, server);
      add(`${installed.name}, first visit`, cold);
      add(`${installed.name}, second visit`, warm);
    }
  }
  const { requests } = server;
  const bytes = await transferred(
    folder,
    requests.filter((path) => path !== '/favicon.ico'),
  );
  const atPrompt: Record<string, AtPrompt> = {};
  for (const installed of browsers) {
    progress(`${installed.name} at the prompt`);
    atPrompt[installed.name] = await measureAtPrompt(installed, server);
  }

  const results = [...boots].map(([name, all]) => ({
    name,
    kernel: milli(median(all.map(({ kernel }) => kernel)) / 1000),
    shell: milli(median(all.map(({ shell }) => shell)) / 1000),
    shells: all.map(({ shell }) => milli(shell / 1000)),
  }));
  const inNode = results[0] as (typeof results)[number];
  const megabytes = (count: number): string => (count / 1e6).toFixed(2);
  const table = formatTable([
    ['from opening, or start of the process', 'first line s', 'shell s', 'x Node'],
    ...results.map(({ name, kernel, shell }) => [
      name,
      kernel.toFixed(2),
      shell.toFixed(2),
      (shell / inNode.shell).toFixed(2),
    ]),
    [],
    ['at the prompt', 'MB', '% of a core', 'echo ms', 'longest task ms'],
    ...Object.entries(atPrompt).map(([name, { bytes: resident, processor, echo, longTasks }]) => [
      name,
      (resident / 1e6).toFixed(0),
      (processor * 100).toFixed(1),
      echo.toFixed(0),
      longestOf(longTasks),
    ]),
    [],
    ['transferred', 'page MB (brotli)', 'guest MB'],
    ['by a first visit', megabytes(bytes.page), megabytes(bytes.guest)],
  ]);
  process.stderr.write(`\n${table}\n`);
  const all = { benchmark: 'browser', environment, rounds, results, atPrompt, bytes };
  process.stdout.write(`${JSON.stringify(all, null, 2)}\n`);
} finally {
  await server.close();
  await rm(folder, { recursive: true });
}
