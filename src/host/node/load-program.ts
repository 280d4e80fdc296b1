/**
 * Runs a program that scripts/bundle-programs.ts has made, with what V8 has compiled of it at build time (scripts/compile-programs.ts).
 * It stands in the program's own file, so it imports nothing of the project.
 */
import { createRequire } from 'node:module';
import type { CompileWorkerOptions } from './compile-worker.ts';

/** An import reads all that a module of Node exports, and node:fs loads its promises, and all that those need, when they are read. */
const load = createRequire(import.meta.url);
const { readFileSync } = load('node:fs') as typeof import('node:fs');
const { fileURLToPath } = load('node:url') as typeof import('node:url');
const { Script } = load('node:vm') as typeof import('node:vm');

/** A bundle: a function in parentheses. */
export type Program = (
  require: NodeJS.Require,
  /** Address of the bundle. */
  location: string,
  /** Loads one of the package's modules that are no part of the bundle. */
  importModule: (address: string) => Promise<unknown>,
) => void;

/**
 * Where V8's code for a bundle is. Another Node has none there; V8 itself takes none that has been made with other flags, or is not all
 * there. What is in it V8 takes on trust, as it does other files of the package: to sum it up would take 4 ms.
 */
export function codeFile(bundle: string): string {
  return `${bundle}.${process.version}-${process.platform}-${process.arch}`;
}

function readCode(bundle: string): Buffer | undefined {
  try {
    return readFileSync(codeFile(bundle));
  } catch {
    return undefined;
  }
}

/** For the programs' own files, which scripts/bundle-programs.ts writes. @public */
export function loadProgram(location: URL): void {
  const filename = fileURLToPath(location);
  // Of ASCII characters, which take one byte in V8, too.
  const source = readFileSync(filename, 'latin1');
  const cachedData = readCode(filename);
  const options = { filename: location.href, ...(cachedData === undefined ? {} : { cachedData }) };
  const script = new Script(source, options);
  const program: Program = script.runInThisContext();
  program(createRequire(location), location.href, (address) => import(address));
}

/** For the compile worker's own file: V8 takes the code of its bundle only with the flags that it has been made with. @public */
export function loadCompileWorker(location: URL): void {
  const { workerData } = load('node:worker_threads') as typeof import('node:worker_threads');
  const { setFlagsFromString } = load('node:v8') as typeof import('node:v8');
  for (const flag of (workerData as CompileWorkerOptions).flags) setFlagsFromString(flag);
  loadProgram(location);
}
