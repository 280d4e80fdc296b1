/** The code of V8 that the built package comes with. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Whether a process that has set flags before it loads a bundle is refused the code. */
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

it('is taken by the compile worker, whose own file sets flags first', () => {
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

it('runs in place of the source', () => {
  // V8 tells the source by its length alone.
  const program = `
    import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
    import { tmpdir } from 'node:os';
    import { pathToFileURL } from 'node:url';
    import { Script } from 'node:vm';
    import { codeFile, loadProgram } from './dist/host/node/load-program.js';
    const folder = mkdtempSync(tmpdir() + '/longmode-');
    const bundle = folder + '/bundle.cjs';
    writeFileSync(bundle, '(() => { console.log("source"); })');
    const script = new Script('(() => { console.log("a code"); })', { filename: pathToFileURL(bundle).href });
    writeFileSync(codeFile(bundle), script.createCachedData());
    loadProgram(pathToFileURL(bundle));
    rmSync(folder, { recursive: true });`;
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  expect(output).toBe('a code\n');
});

it("has the compile worker's own file set the flags that it is handed", () => {
  // A module with a function that is not valid, which V8 takes as long as nobody calls that.
  const program = `
    import { Worker } from 'node:worker_threads';
    const isTaken = () => {
      try { new WebAssembly.Module(Uint8Array.of(0,97,115,109,1,0,0,0,1,5,1,96,0,1,127,3,2,1,0,10,4,1,2,0,11)); } catch { return false; }
      return true;
    };
    const before = isTaken();
    const workerData = { optimizesAtOnce: false, flags: ['--wasm-lazy-validation'] };
    const worker = new Worker('./dist/host/node/compile-worker.js', { workerData, execArgv: [] });
    const until = Date.now() + 5000;
    while (!isTaken() && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 5));
    console.log(before, isTaken());
    await worker.terminate();`;
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  expect(output).toBe('false true\n');
});
