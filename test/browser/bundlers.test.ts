/** The packed package through bundlers without configuration, without a bundler, and in a worker of the page's own. */
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { build as esbuild } from 'esbuild';
import type { Browser } from 'puppeteer-core';
import { build as vite } from 'vite';
import { beforeAll, describe, expect, it } from 'vitest';
import webpack from 'webpack';
import { COUNT_DOWN, makeKernel, POWER_OFF, print, SPIN } from '../cli/guests.ts';
import { installedBrowsers, launch } from './browsers.ts';
import { installPackage, type Project } from './packed-package.ts';
import { serve } from './static-server.ts';

const TIMEOUT = 120_000;

/** Runs a guest in a worker, and one that compiles at once in the program's own thread: that takes every asset. */
const APP = `
async function run(options) {
  const machine = await Machine.create({ kernel: new URL('/kernel', location.href), memorySize: 2 ** 26, ...options });
  const ending = await machine.run();
  const text = await machine.waitForText('up');
  const { regions } = await machine.statistics();
  await machine.close();
  return ending.kind + ' ' + text + ' ' + (regions.regions > 0);
}
const both = Promise.all([run({}), run({ thread: 'here', tier: 'compiled' })]);
`;
const IN_PAGE = `import { Machine } from 'longmode';${APP}globalThis.result = both.catch(String);`;
const KERNEL = makeKernel([...print('up'), ...COUNT_DOWN, ...POWER_OFF, ...SPIN]);

const pageWith = (script: string): string =>
  `<!doctype html><title>app</title><script type="module" src="./${script}"></script>`;

async function writePage(folder: string, script: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(`${folder}/index.html`, pageWith(script));
}

/** How each bundler is used: from app.js in the project to a page in the folder `out`, with what is served as the host's root. */
const BUNDLERS: Readonly<Record<string, (project: Project, out: string) => Promise<void>>> = {
  async vite({ folder }, out) {
    await vite({ root: folder, configFile: false, logLevel: 'error', build: { outDir: out } });
  },
  async webpack({ folder }, out) {
    await writePage(out, 'main.js');
    await new Promise<void>((resolve, reject) => {
      webpack(
        { mode: 'production', context: folder, entry: './app.js', output: { path: out } },
        (error, stats) => {
          if (error || stats?.hasErrors()) reject(error ?? new Error(stats?.toString('errors-only')));
          else resolve();
        },
      );
    });
  },
  async esbuild({ path }, out) {
    await esbuild({
      entryPoints: [path('app.js')],
      bundle: true,
      format: 'esm',
      outdir: out,
      logLevel: 'error',
    });
    await writePage(out, 'app.js');
    // It leaves addresses of files alone.
    await cp(path('node_modules/longmode/dist/longmode'), `${out}/longmode`, { recursive: true });
  },
};

const [installed] = installedBrowsers();

describe.skipIf(installed === undefined)('the packed package', () => {
  let project: Project;
  let browser: Browser;

  beforeAll(async () => {
    project = await installPackage();
    await project.write('app.js', IN_PAGE);
    await project.write('index.html', pageWith('app.js'));
    browser = await launch(installed as NonNullable<typeof installed>);
    return async () => {
      await browser.close();
      await project.remove();
    };
  }, TIMEOUT);

  /** Opens a page of a folder of the project, which is served as the root of a host, and returns its result. */
  async function resultOf(folder: string, name = 'index.html'): Promise<unknown> {
    const server = await serve({ '/': { folder: project.path(folder) }, '/kernel': KERNEL });
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    try {
      await page.goto(`${server.origin}/${name}`);
      await page.waitForFunction("'result' in globalThis", { timeout: TIMEOUT / 2 });
      return await page.evaluate('result');
    } catch (error) {
      throw new Error([String(error), ...errors].join('\n'));
    } finally {
      await page.close();
      await server.close();
    }
  }

  const EXPECTED = ['power off up false', 'power off up true'];

  it.each(Object.keys(BUNDLERS))('works through %s', { timeout: TIMEOUT }, async (bundler) => {
    await BUNDLERS[bundler]?.(project, project.path(`out/${bundler}`));
    expect(await resultOf(`out/${bundler}`)).toEqual(EXPECTED);
  });

  it('works without a bundler', { timeout: TIMEOUT }, async () => {
    const entry = './node_modules/longmode/dist/index.browser.js';
    await project.write('plain.js', IN_PAGE.replace("'longmode'", `'${entry}'`));
    await project.write('plain.html', pageWith('plain.js'));
    expect(await resultOf('.', 'plain.html')).toEqual(EXPECTED);
  });

  it('works in a worker of the page', { timeout: TIMEOUT }, async () => {
    const entry = './node_modules/longmode/dist/index.browser.js';
    await project.write(
      'worker.js',
      `import { Machine } from '${entry}';${APP}both.catch(String).then(postMessage);`,
    );
    await project.write(
      'start-worker.js',
      `const worker = new Worker('worker.js', { type: 'module' });
      worker.onmessage = ({ data }) => { globalThis.result = data; };`,
    );
    await project.write('worker.html', pageWith('start-worker.js'));
    expect(await resultOf('.', 'worker.html')).toEqual(EXPECTED);
  });
});
