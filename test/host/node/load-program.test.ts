/** The code of V8 that the built package comes with. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Whether a process that sets flags as the command line has done before it loads a bundle is refused the code. */
function isRejected(name: string, flags: readonly string[]): string {
  const program = `
    import { readFileSync } from 'node:fs';
    import { setFlagsFromString } from 'node:v8';
    import { Script } from 'node:vm';
    import { codeFile } from './dist/host/node/load-program.js';
    for (const flag of ${JSON.stringify(flags)}) setFlagsFromString(flag);
    const bundle = 'dist/program/${name}.cjs';
    const cachedData = readFileSync(codeFile(bundle));
    console.log(new Script(readFileSync(bundle, 'latin1'), { cachedData }).cachedDataRejected);`;
  return execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: ROOT,
    encoding: 'utf8',
  }).trim();
}

it('is taken by the command line', () => {
  expect(isRejected('cli', [])).toBe('false');
});

it('is taken by the compile worker, which starts when flags have been set', () => {
  const flags = [
    '--no-wasm-inlining-call-indirect',
    '--no-wasm-inlining',
    '--invocation-count-for-turbofan=100000',
    '--wasm-lazy-validation',
  ];
  expect(isRejected('compile-worker', flags)).toBe('false');
});

it('is refused where V8 is set in another way', () => {
  expect(isRejected('compile-worker', [])).toBe('true');
});
