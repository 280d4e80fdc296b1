/** Programs of the host as files of an initramfs: each with its libraries, and Python with its own. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CpioEntry } from '../../src/boot/cpio.ts';

/** Where Debian's packages have them; what else is in PATH may be a script that looks for the program. */
const FOLDER = '/usr/bin';
/** Parts of Python's library that no program of ours needs, and compiled modules: they would be found too old. */
const WITHOUT =
  /^(__pycache__|test|tests|idlelib|tkinter|lib2to3|ensurepip|turtledemo|pydoc_data|dist-packages|config-.*)$/;

/** Files by path in the initramfs, which is that on the host. */
export type Files = Map<string, Uint8Array>;

/** Why a program of the host cannot run in a guest; undefined if it can. */
export function whyNoProgram(name: string): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'the host is not x86-64 Linux';
  return existsSync(join(FOLDER, name)) ? undefined : `there is no ${join(FOLDER, name)}`;
}

/** Adds a program of FOLDER with what it needs. */
export function addProgram(files: Files, name: string): void {
  const program = join(FOLDER, name);
  add(files, program);
  if (name === 'python3') addPythonLibrary(files, program);
}

/** A file, and the libraries that the dynamic linker would load for it. */
function add(files: Files, path: string): void {
  if (files.has(path)) return;
  files.set(path, readFileSync(path));
  const list = execFileSync('ldd', [path], { encoding: 'utf8' });
  for (const [, library] of list.matchAll(/(\/\S+) \(0x[0-9a-f]+\)$/gm))
    files.set(library as string, readFileSync(library as string));
}

function addPythonLibrary(files: Files, program: string): void {
  const script = 'import os; print(os.path.dirname(os.__file__))';
  const library = execFileSync(program, ['-S', '-c', script], { encoding: 'utf8' }).trim();
  const walk = (folder: string): void => {
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      if (WITHOUT.test(name)) continue;
      if (statSync(path).isDirectory()) walk(path);
      else if (name.endsWith('.so')) add(files, path);
      else if (name.endsWith('.py')) files.set(path, readFileSync(path));
    }
  };
  walk(library);
}

/** Entries of an archive for files, which can all be run, with the folders they are in. */
export function entriesOf(files: Files): CpioEntry[] {
  const folders = new Set<string>();
  const addFolder = (folder: string): void => {
    if (folder === '/' || folders.has(folder)) return;
    addFolder(dirname(folder));
    folders.add(folder);
  };
  for (const path of files.keys()) addFolder(dirname(path));
  return [
    ...[...folders].map((folder) => ({ path: folder.slice(1), mode: 0o040755 })),
    ...[...files].map(([path, data]) => ({ path: path.slice(1), mode: 0o100755, data })),
  ];
}
