/** The folder of the code cache: whole files or none, and not more and more of them. */
import { readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { CodeFolder } from '../../../src/host/node/code-folder.ts';
import { NodeHost } from '../../../src/host/node/host.ts';
import { Machine } from '../../../src/machine/machine.ts';
import { makeKernel, POWER_OFF } from '../../cli/guests.ts';
import { useFolder } from '../../cli/run-cli.ts';

const folder = useFolder();
afterEach(() => vi.unstubAllGlobals());
const bytes = (value: number): Uint8Array<ArrayBuffer> => new Uint8Array(100_000).fill(value);

it('gives back what was written last, also by another process at the same time', async () => {
  const path = folder.path('new/code');
  const store = new CodeFolder(path);
  expect(await store.read('a')).toBeUndefined();
  await Promise.all([1, 2, 3].map((value) => new CodeFolder(path).write('a', bytes(value))));
  const [value = 0] = (await store.read('a')) ?? [];
  expect([1, 2, 3]).toContain(value);
  expect(await store.read('a')).toEqual(bytes(value));
  expect(await readdir(path)).toHaveLength(1);
});

it('keeps the eight files that were used last, and removes what was never finished', async () => {
  const path = folder.path('code');
  const store = new CodeFolder(path);
  const old = (name: string, minutes: number): Promise<void> => {
    const then = new Date(Date.now() - minutes * 60_000);
    return utimes(join(path, name), then, then);
  };
  for (let n = 0; n < 8; n++) await store.write(`k${n}`, bytes(n));
  for (let n = 0; n < 8; n++) await old(`k${n}.lmcode`, 60 - n);
  await writeFile(join(path, 'x.lmcode.0123'), 'abandoned');
  await old('x.lmcode.0123', 10);
  await writeFile(join(path, 'y.lmcode.0123'), 'being written');
  await store.read('k0');
  await store.write('k8', bytes(8));
  const names = (await readdir(path)).sort();
  expect(names).toEqual([...[0, 2, 3, 4, 5, 6, 7, 8].map((n) => `k${n}.lmcode`), 'y.lmcode.0123']);
});

it('fails where it cannot write', async () => {
  await writeFile(folder.path('file'), '');
  const store = new CodeFolder(folder.path('file'));
  await expect(store.write('a', bytes(1))).rejects.toThrow(/file/);
  expect(() => store.prepare()).toThrow(/file/);
  const codeCache = folder.path('file/code');
  const created = Machine.create({ host: new NodeHost(), kernel: makeKernel(POWER_OFF), codeCache });
  await expect(created).rejects.toThrow(`codeCache: ${codeCache}: a part of the path is not a folder`);
});

it('leaves nothing behind where it can', async () => {
  new CodeFolder(folder.path('new/code')).prepare();
  expect(await readdir(folder.path('new/code'))).toEqual([]);
});

it('gives what is being written a name of its own, without crypto, which a guest would wait for to load', () => {
  vi.stubGlobal('crypto', undefined);
  const store = new CodeFolder(folder.path('new/code'));
  store.prepare();
  expect(new Set([1, 2, 3].map((value) => store.leave('a', bytes(value)))).size).toBe(3);
});
