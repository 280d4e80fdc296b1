/** What a guest and a native run have as /programs: the runner, and a folder for each program. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CpioEntry, writeCpio } from '../../src/boot/cpio.ts';
import type { Program } from './program.ts';

const HERE = fileURLToPath(new URL('./', import.meta.url));
const DIRECTORY = 0o040755;
const EXECUTABLE = 0o100755;
const CONSOLE = 0o020600;
/** In both: what else a program finds in its environment beside PATH. */
const ENVIRONMENT = 'HOME=/root LANG=C.UTF-8 TERM=dumb';

/** Content by path beneath /programs. */
export function planFiles(programs: readonly Program[]): Map<string, string> {
  const files = new Map([
    ['init', readFileSync(join(HERE, 'init.sh'), 'utf8')],
    ['runner', readFileSync(join(HERE, 'runner.sh'), 'utf8')],
    ['environment', `${ENVIRONMENT}\n`],
    ['plan', programs.map(({ name, limit }) => `${name} ${limit}\n`).join('')],
  ]);
  for (const { name, run, files: source = name } of programs) {
    files.set(`${name}/run`, run);
    const folder = join(HERE, 'suite', source);
    if (!existsSync(folder)) continue;
    for (const file of readdirSync(folder))
      files.set(`${name}/${file}`, readFileSync(join(folder, file), 'utf8'));
  }
  return files;
}

/** Writes them to a folder. */
export async function writePlan(folder: string, files: ReadonlyMap<string, string>): Promise<void> {
  for (const [path, text] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text, { mode: 0o755 });
  }
}

/** The same as an initramfs that goes on top of a root's. */
export function packPlan(files: ReadonlyMap<string, string>): Uint8Array {
  const folders = new Set(['dev', 'programs']);
  for (const path of files.keys()) if (dirname(path) !== '.') folders.add(`programs/${dirname(path)}`);
  const entries: CpioEntry[] = [...folders].map((path) => ({ path, mode: DIRECTORY }));
  // The kernel opens it for the first process before anything has mounted devtmpfs.
  entries.push({ path: 'dev/console', mode: CONSOLE, device: { major: 5, minor: 1 } });
  for (const [path, text] of files)
    entries.push({ path: `programs/${path}`, mode: EXECUTABLE, data: Buffer.from(text) });
  return writeCpio(entries);
}
