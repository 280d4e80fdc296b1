/** The package as it is published: dist/, which `npm test` has built. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeFile } from '../../src/host/node/load-program.ts';
import type { Statistics } from '../../src/machine/statistics.ts';
import { SAFETY_LIMIT, WAIT_LIMIT } from '../safety-limit.ts';
import { assemble } from '../support/assembler.ts';
import { MANY_LOOPS, makeKernel, POWER_OFF, print, SPIN } from './guests.ts';
import { useFolder } from './run-cli.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const folder = useFolder();

describe('the built package', () => {
  it('boots from the command line', async () => {
    const kernel = await folder.write('vmlinuz', makeKernel([...print('up'), ...POWER_OFF, ...SPIN]));
    const args = ['dist/cli.js', 'boot', '--kernel', kernel, '--memory', '64M'];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'up', stderr: '' });
  });

  describe("does without V8's code", () => {
    let copy: string;
    beforeAll(async () => {
      copy = await mkdtemp(join(tmpdir(), 'longmode-package-'));
      await cp(`${ROOT}dist`, `${copy}/dist`, { recursive: true });
      await cp(`${ROOT}package.json`, `${copy}/package.json`);
    });
    afterAll(() => rm(copy, { recursive: true }));

    it.each<[string, (code: Buffer) => Buffer | undefined]>([
      ['of which there is none', () => undefined],
      ['that is of another version', () => Buffer.from('not code of this version')],
      ['that is not all there', (code) => code.subarray(0, -1000)],
    ])('%s', async (_, change) => {
      const kernel = await folder.write('vmlinuz', makeKernel([...print('up'), ...POWER_OFF, ...SPIN]));
      for (const program of ['cli', 'compile-worker']) {
        const code = codeFile(`dist/program/${program}.cjs`);
        const changed = change(await readFile(`${ROOT}${code}`));
        await rm(`${copy}/${code}`, { force: true });
        if (changed !== undefined) await writeFile(`${copy}/${code}`, changed);
      }
      const args = ['dist/cli.js', 'boot', '--kernel', kernel, '--memory', '64M'];
      const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: copy, encoding: 'utf8' });
      expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'up', stderr: '' });
    });
  });

  it("keeps compiled code in the user's cache folder", async () => {
    const kernel = await folder.write('vmlinuz', makeKernel(MANY_LOOPS));
    const env = { ...process.env, XDG_CACHE_HOME: folder.path('user') };
    const kept = (): Promise<string[]> => readdir(folder.path('user/longmode/code'));
    const stats = folder.path('stats.json');
    const run = async (seconds: number): Promise<Statistics['regions']> => {
      const args = ['--kernel', kernel, '--memory', '64M', '--timeout', `${seconds}`, '--stats', stats];
      spawnSync(process.execPath, ['dist/cli.js', 'boot', ...args], { cwd: ROOT, env });
      return (JSON.parse(await readFile(stats, 'utf8')) as Statistics).regions;
    };
    // Until there is enough to be kept, on whatever machine.
    for (const seconds of [0.5, 1, 2, 4, 8]) {
      await run(seconds);
      if ((await kept()).length > 0) break;
    }
    await expect.poll(kept, { timeout: WAIT_LIMIT }).toEqual([expect.stringMatching(/\.lmcode$/)]);
    for (const seconds of [0.5, 1, 2, 4, 8]) if ((await run(seconds)).saved.regions > 0) return;
    expect.fail('another run finds nothing of what is kept');
  });

  it('boots from JavaScript', async () => {
    const kernel = await folder.write('vmlinuz', makeKernel([...print('up'), ...POWER_OFF, ...SPIN]));
    const program = `
      import { InputError, Machine } from 'longmode';
      import { Machine as Core } from 'longmode/core';
      import { fetchGuest, NodeHost } from 'longmode/node';
      const kernel = process.argv[1];
      for (const thread of ['worker', 'here']) {
        const machine = await Machine.create({ thread, kernel, memorySize: 64 * 2 ** 20 });
        machine.addEventListener('output', ({ bytes }) => process.stdout.write(bytes));
        const ending = await machine.run();
        process.stdout.write(' ' + ending.kind + ' ');
      }
      const input = { kernel: new Uint8Array(1), host: new NodeHost() };
      const error = await Core.create(input).catch((e) => e);
      console.log(error instanceof InputError, typeof fetchGuest);`;
    const args = ['--input-type=module', '--eval', program, kernel];
    // The process has to end by itself.
    const output = execFileSync(process.execPath, args, {
      cwd: ROOT,
      encoding: 'utf8',
      timeout: SAFETY_LIMIT,
    });
    expect(output).toBe('up power off up power off true function\n');
  });

  it('optimises with the Binaryen that it holds', async () => {
    const loop = assemble('mov ecx,30000000\nl1: dec ecx\njne l1', 0x1000_0000);
    const kernel = await folder.write('vmlinuz', makeKernel([...loop, ...POWER_OFF, ...SPIN]));
    // Where no other Binaryen is to be found.
    const copy = folder.path('longmode');
    await cp(`${ROOT}dist`, `${copy}/dist`, { recursive: true });
    await cp(`${ROOT}package.json`, `${copy}/package.json`);
    const program = `
      import { Machine } from '${pathToFileURL(`${copy}/dist/index.node.js`).href}';
      const machine = await Machine.create({
        kernel: process.argv[1],
        memorySize: 64 * 2 ** 20,
        tier: 'compiled',
      });
      const ending = await machine.run();
      const { regions } = await machine.statistics();
      console.log(ending.kind, regions.thirdTierRegions);`;
    const args = ['--input-type=module', '--eval', program, kernel];
    const output = execFileSync(process.execPath, args, {
      cwd: copy,
      encoding: 'utf8',
      timeout: SAFETY_LIMIT,
    });
    expect(output).toBe('power off 1\n');
  });

  it('holds what it needs and no more', () => {
    const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [{ files }] = JSON.parse(output) as [{ files: { path: string }[] }];
    const paths = files.map(({ path }) => path);
    for (const path of [
      'LICENSE',
      'README.md',
      'dist/cli.js',
      'dist/browser.js',
      'dist/core.js',
      'dist/node.js',
      'dist/index.browser.d.ts',
      'dist/index.browser.js',
      'dist/index.node.d.ts',
      'dist/index.node.js',
      'dist/binaryen/LICENSE',
      'dist/commander/LICENSE',
      'dist/longmode/binaryen.wasm',
      'dist/longmode/compiler.js',
      'dist/longmode/machine.js',
      'dist/longmode/runtime.wasm',
      'dist/host/node/compile-worker.js',
      'dist/program/cli.cjs',
      'dist/program/compile-worker.cjs',
      codeFile('dist/program/compile-worker.cjs'),
      'scripts/initramfs/init',
    ]) {
      expect(paths).toContain(path);
    }
    const extra = paths.filter(
      (path) => !/^(dist|scripts\/initramfs)\/|^(LICENSE|README\.md|package\.json)$/.test(path),
    );
    expect(extra).toEqual([]);
  });
});
