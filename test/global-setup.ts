/**
 * What all test files need and one process makes before the first of them: the AssemblyScript half of the runtime
 * on its own, with what only tests look at. Left out if nothing has changed since.
 */
import { fileURLToPath } from 'node:url';
import { compileAssemblyScript } from '../scripts/assemblyscript.ts';
import { isStale } from '../scripts/freshness.ts';

const OUTPUT = 'build/test-runtime.wasm';
const SOURCES = ['wasm-runtime', 'src/layout', 'scripts/assemblyscript.ts', 'package-lock.json'];
/** Of the last two nothing outside the runtime calls the functions, or reads the globals with the results. */
const ENTRIES = ['index.ts', 'code/record-arena.ts', 'memory/page-walk.ts'];

export const TEST_RUNTIME: string = fileURLToPath(new URL(`../${OUTPUT}`, import.meta.url));

export default async function setup(): Promise<void> {
  if (!isStale(OUTPUT, SOURCES)) return;
  await import('../scripts/generate-layout.ts');
  compileAssemblyScript(ENTRIES, TEST_RUNTIME);
}
