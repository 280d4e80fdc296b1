/** Compiles files of wasm-runtime/ (AssemblyScript) into one module. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RUNTIME_DATA } from '../src/layout/linear-memory.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What a module is compiled with beside its code. */
interface ModuleOptions {
  /** Names of functions and locals. */
  readonly names: boolean;
}

/**
 * @param entries files in wasm-runtime/ whose exports the module has.
 * @param output the module: it imports and exports `env.memory`.
 *
 * Throws if they do not compile; the compiler's messages are on stderr.
 */
export function compileAssemblyScript(
  entries: readonly string[],
  output: string,
  { names }: ModuleOptions = { names: true },
): void {
  mkdirSync(dirname(output), { recursive: true });
  // Aside first: two at a time do no harm, and a failure leaves what is there.
  const work = `${output}.${process.pid}`;
  execFileSync(
    process.execPath,
    [
      `${root}node_modules/assemblyscript/bin/asc.js`,
      ...entries.map((entry) => `${root}wasm-runtime/${entry}`),
      '--outFile',
      work,
      '--runtime',
      'stub',
      '--importMemory',
      '--memoryBase',
      String(RUNTIME_DATA),
      '--transform',
      `${root}scripts/asc-doc-tags.ts`,
      '--noAssert',
      ...(names ? ['--debug'] : []),
      '-O2',
      '--enable',
      'simd',
      '--enable',
      'bulk-memory',
      '--use',
      'abort=',
      // The v128 functions are called by generated code only, never by JavaScript.
      '--disableWarning',
      '112',
    ],
    { stdio: 'inherit' },
  );
  renameSync(work, output);
}
