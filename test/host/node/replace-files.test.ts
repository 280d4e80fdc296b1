import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { replaceFiles } from '../../../src/host/node/replace-files.ts';

let work: string;
beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), 'longmode-replace-'));
  return async () => await rm(work, { recursive: true });
});

/** Files to move from a folder of their own. */
async function prepared(folder: string, names: readonly string[]): Promise<string[]> {
  await mkdir(join(work, folder));
  const paths = names.map((name) => join(work, folder, name));
  for (const path of paths) await writeFile(path, folder);
  return paths;
}

it('replaces what is there, in the same folder, and leaves nothing else', async () => {
  const place = join(work, 'place');
  await replaceFiles(place, await prepared('old', ['a.ko', 'b.ko']));
  const { ino } = await stat(place);
  await replaceFiles(place, await prepared('new', ['b.ko', 'c.ko']));
  expect((await readdir(place)).sort()).toEqual(['b.ko', 'c.ko']);
  expect(await readFile(join(place, 'b.ko'), 'utf8')).toBe('new');
  expect((await stat(place)).ino).toBe(ino);
});

it('never takes away what others put there at the same time', async () => {
  const place = join(work, 'place');
  const names = ['a.ko', 'b.ko', 'c.ko'];
  const sources = await Promise.all(Array.from({ length: 20 }, (_, i) => prepared(`from-${i}`, names)));
  const seen = await Promise.all(
    sources.map(async (paths) => {
      await replaceFiles(place, paths);
      return (await readdir(place)).sort();
    }),
  );
  expect(seen).toEqual(sources.map(() => names));
});
