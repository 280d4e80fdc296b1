/** The guest of the soak test: the usual initramfs with stress-ng, its libraries, and workload.c. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CpioEntry, writeCpio } from '../../src/boot/cpio.ts';

const EXECUTABLE = 0o100755;
const DIRECTORY = 0o040755;
const WORKLOAD = fileURLToPath(new URL('./workload.c', import.meta.url));

/** Output of a program. @throws Error that says what to install. */
function run(program: string, ...args: string[]): string {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Error(`${program} is not installed: the soak test needs gcc and stress-ng`);
  }
}

/** Paths of the shared libraries a program is linked with, its loader included. */
function libraries(program: string): string[] {
  return [...run('ldd', program).matchAll(/(\/\S+) \(0x/g)].map((match) => match[1] as string);
}

function compileWorkload(): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'longmode-soak-'));
  try {
    const program = join(folder, 'workload');
    run('gcc', '-O2', '-static', '-o', program, WORKLOAD);
    return readFileSync(program);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A cpio archive that is to follow another one: it holds only what that lacks. */
export function soakFiles(): Uint8Array {
  const stress = run('sh', '-c', 'command -v stress-ng || true').trim();
  if (stress === '') throw new Error('stress-ng is not installed: the soak test needs gcc and stress-ng');
  const entries: CpioEntry[] = [];
  const folders = new Set<string>();
  const addFolder = (path: string): void => {
    if (path === '.' || path === '/' || folders.has(path)) return;
    addFolder(dirname(path));
    folders.add(path);
    entries.push({ path: path.slice(1), mode: DIRECTORY });
  };
  const add = (path: string, data: Uint8Array): void => {
    addFolder(dirname(path));
    entries.push({ path: path.slice(1), mode: EXECUTABLE, data });
  };
  for (const path of [stress, ...libraries(stress)]) add(path, readFileSync(path));
  add('/bin/workload', compileWorkload());
  return writeCpio(entries);
}
