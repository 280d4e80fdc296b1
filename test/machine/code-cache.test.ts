/** Two runs of a guest share a folder of compiled code, by way of the compile worker. */
import { readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { withVersion } from '../../scripts/translator-version.ts';
import { prepareCompiler } from '../../src/host/node/compiler-thread.ts';
import { NodeHost } from '../../src/host/node/host.ts';
import { chooseCpu, DEFAULT_CPU } from '../../src/machine/cpu-models.ts';
import { Machine } from '../../src/machine/machine.ts';
import type { Statistics } from '../../src/machine/statistics.ts';
import { packPlace } from '../../src/saved-code/pack-place.ts';
import { MANY_LOOPS, makeKernel, POWER_OFF } from '../cli/guests.ts';
import { useFolder } from '../cli/run-cli.ts';
import { WAIT_LIMIT } from '../safety-limit.ts';

const folder = useFolder();
const KERNEL = makeKernel(MANY_LOOPS);
const RUNTIME = new URL('../../build/runtime.wasm', import.meta.url);

/** A host with the runtime of a built package. */
class BuiltHost extends NodeHost {
  override async loadRuntime(): Promise<WebAssembly.Module> {
    return new WebAssembly.Module(withVersion(await readFile(RUNTIME), 'version') as BufferSource);
  }
}

interface RunOptions {
  /** How the run keeps what it has compiled, if at all. */
  readonly keeps?: 'itself' | 'detached' | 'not';
}

/** Runs until there are enough regions. */
async function run(
  codeCache: string,
  isEnough: (regions: Statistics['regions']) => boolean,
  { keeps = 'itself' }: RunOptions = {},
) {
  const machine = await Machine.create({
    host: new BuiltHost({ savesDetached: keeps === 'detached' }),
    codeCache,
    kernel: KERNEL,
    memorySize: 64 * 2 ** 20,
  });
  const running = machine.run();
  const wait = { interval: 5, timeout: WAIT_LIMIT, message: 'the run has not enough regions' };
  await expect.poll(() => isEnough(machine.statistics().regions), wait).toBe(true);
  machine.stop();
  expect(await running).toEqual({ kind: 'stopped' });
  const { saved } = machine.statistics().regions;
  if (keeps !== 'not') await machine.saveCode();
  await machine.close();
  return saved.regions;
}

/** Runs until one finds something. On a busy host a run may have compiled all by itself before what is kept has been read. */
async function runToFind(codeCache: string, before: () => Promise<void> = async () => {}): Promise<void> {
  for (let runs = 0; runs < 10; runs++) {
    await before();
    const isEnough = ({ saved, regions }: Statistics['regions']): boolean =>
      saved.regions > 0 || regions > 64;
    if ((await run(codeCache, isEnough, { keeps: 'not' })) > 0) return;
  }
  expect.fail('ten runs have found nothing of what is kept');
}

it('a second run finds what the first has compiled', async () => {
  const path = folder.path('code');
  await run(path, ({ regions }) => regions > 64);
  expect(await readdir(path)).toHaveLength(1);
  await runToFind(path);
});

it('code is kept by a process that nobody waits for, which leaves nothing else behind', async () => {
  const path = folder.path('code');
  await run(path, ({ regions }) => regions > 64, { keeps: 'detached' });
  await expect
    .poll(() => readdir(path), { timeout: WAIT_LIMIT, message: 'what the process leaves in the folder' })
    .toEqual([expect.stringMatching(/\.lmcode$/)]);
  await runToFind(path);
});

it('what is kept can be read before there is a machine', async () => {
  const path = folder.path('code');
  await run(path, ({ regions }) => regions > 64);
  const file = join(path, (await readdir(path))[0] as string);
  const kept = await readFile(file);
  const cpu = chooseCpu(DEFAULT_CPU);
  await runToFind(path, async () => {
    await writeFile(file, kept);
    await utimes(file, 0, 0);
    prepareCompiler();
    await new BuiltHost().prepareCode({ codeCache: path, kernel: KERNEL, bios: undefined, cpu });
    const wait = { timeout: WAIT_LIMIT, message: 'when what is kept was read last' };
    await expect.poll(async () => (await stat(file)).mtimeMs, wait).toBeGreaterThan(0);
    await rm(file);
  });
});

it('code is kept for one version, guest and kind of processor only', () => {
  const runtime = (version: string): WebAssembly.Module =>
    new WebAssembly.Module(
      withVersion(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]), version) as BufferSource,
    );
  const key = (version: string, kernel: Uint8Array, cpu: string): string | undefined =>
    packPlace(runtime(version), { codeCache: 'code', kernel, bios: undefined, cpu: chooseCpu(cpu) })?.key;
  const other = makeKernel(POWER_OFF);
  const changed = KERNEL.slice();
  changed[5] = 1;
  const keys = [
    key('a', KERNEL, 'max'),
    key('b', KERNEL, 'max'),
    key('a', other, 'max'),
    key('a', changed, 'max'),
    key('a', KERNEL, 'max,-sse3'),
  ];
  expect(new Set(keys).size).toBe(5);
  for (const one of keys) expect(one).toMatch(/^[0-9a-z-]+$/);
  expect(key('a', KERNEL, 'max')).toBe(keys[0]);
});
