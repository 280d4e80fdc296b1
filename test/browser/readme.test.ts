/** The examples of README.md, from the packed package. */
import { cp, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'puppeteer-core';
import { build } from 'vite';
import { beforeAll, describe, expect, it } from 'vitest';
import { findGuest } from '../boot-linux/linux-guest.ts';
import { installedBrowsers, launch } from './browsers.ts';
import { installPackage, type Project } from './packed-package.ts';
import { type Routes, serve } from './static-server.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Milliseconds a boot may take on a busy machine. */
const TIMEOUT = 180_000;

const readme = await readFile(`${ROOT}README.md`, 'utf8');
const guest = await findGuest();
const [installed] = installedBrowsers();

/** The one example in a language that has a text in it. */
function example(language: string, text: string): string {
  const blocks = [...readme.matchAll(/```(\w+)\n(.*?)```/gs)]
    .filter(([, name, code]) => name === language && code?.includes(text))
    .map(([, , code]) => code as string);
  expect(blocks).toHaveLength(1);
  return blocks[0] as string;
}

describe.skipIf(guest === undefined || installed === undefined)('the examples of README.md', () => {
  let project: Project;
  let browser: Browser;

  beforeAll(async () => {
    project = await installPackage();
    browser = await launch(installed as NonNullable<typeof installed>);
    return async () => {
      await browser.close();
      await project.remove();
    };
  }, TIMEOUT);

  async function visit(routes: Routes, use: (page: Page) => Promise<void>): Promise<void> {
    const { kernel, initrd } = guest as NonNullable<typeof guest>;
    const server = await serve({ ...routes, '/vmlinuz': kernel, '/initrd.img': initrd });
    const page = await browser.newPage();
    try {
      await page.goto(`${server.origin}/index.html`);
      await use(page);
    } finally {
      await page.close();
      await server.close();
    }
  }

  it('boots without a bundler, in twenty lines', { timeout: TIMEOUT }, async () => {
    const html = example('html', 'index.browser.js');
    expect(
      html.slice(html.indexOf('<script'), html.indexOf('</script>')).trimEnd().split('\n').length,
    ).toBeLessThan(21);
    const routes = {
      '/index.html': html,
      '/longmode/': { folder: project.path('node_modules/longmode/dist') },
    };
    await visit(routes, async (page) => {
      await page.waitForFunction(
        "/Linux \\(none\\) .* x86_64/.test(document.querySelector('pre').textContent)",
        {
          timeout: TIMEOUT,
        },
      );
      expect(await page.title()).toMatch(/^(init|idle)$/);
    });
  });

  it('boots through Vite', { timeout: TIMEOUT }, async () => {
    await project.write('main.js', example('js', '@xterm/xterm'));
    await project.write('index.html', '<!doctype html><script type="module" src="./main.js"></script>');
    await cp(`${ROOT}node_modules/@xterm`, project.path('node_modules/@xterm'), { recursive: true });
    const outDir = project.path('out');
    await build({ root: project.folder, configFile: false, logLevel: 'error', build: { outDir } });
    await visit({ '/': { folder: outDir } }, async (page) => {
      const shows = (text: string) =>
        page.waitForFunction(`document.querySelector('.xterm-rows')?.textContent.includes('${text}')`, {
          timeout: TIMEOUT,
        });
      await shows('/root #');
      await page.type('.xterm-helper-textarea', 'exit\n');
      await shows('power off');
    });
  });
});
