import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';

/**
 * Moves files into a folder, which has no others afterwards and is made if it is not there. Each comes in one step, and none of them
 * is ever missing if the folder had it before, so that others may read the folder or do the same meanwhile.
 * @param paths on the same file system, with names of their own.
 */
export async function replaceFiles(folder: string, paths: readonly string[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const path of paths) await rename(path, join(folder, basename(path)));
  const names = new Set(paths.map((path) => basename(path)));
  const others = (await readdir(folder)).filter((name) => !names.has(name));
  for (const name of others) await rm(join(folder, name), { recursive: true, force: true });
}
