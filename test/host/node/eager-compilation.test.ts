/** When V8 compiles what, in a Node of its own: its flags are those of the whole process. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { expect, it } from 'vitest';

const IS_KNOWN = process.versions.v8.startsWith('14.');

/** A file of src/host/node as a module that Node loads without compiling WebAssembly. */
function load(file: string): string {
  const source = readFileSync(new URL(`../../../src/host/node/${file}`, import.meta.url), 'utf8');
  return `await import('data:text/javascript,${encodeURIComponent(stripTypeScriptTypes(source)).replaceAll("'", '%27')}')`;
}

/** (module (func (export "a") (result i32) i32.const N)) */
const MODULE = [
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127, 3, 2, 1, 0, 7, 5, 1, 1, 97, 0, 0],
  ...[10, 6, 1, 4, 0, 65],
];

it.runIf(IS_KNOWN)('optimises a module at once, and only that', () => {
  const program = `
    const { compileEagerly, compileOptimized } = ${load('eager-compilation.ts')};
    const { chooseFlags, optimizesWithoutBaseline, setChosenFlags } = ${load('engine-flags.ts')};
    const before = optimizesWithoutBaseline();
    chooseFlags('file:///longmode/dist/cli.js');
    setChosenFlags();
    const run = (compile, number) => {
      const { a } = new WebAssembly.Instance(compile(Uint8Array.from([${MODULE}, number, 11]))).exports;
      return [%IsTurboFanFunction(a), a()];
    };
    const results = [run(compileEagerly, 1), run(compileOptimized, 2), run(compileEagerly, 3)];
    console.log(JSON.stringify([before, optimizesWithoutBaseline(), ...results]));`;
  const output = execFileSync(
    process.execPath,
    ['--allow-natives-syntax', '--input-type=module', '-e', program],
    { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } },
  );
  expect(JSON.parse(output)).toEqual([false, true, [false, 1], [true, 2], [false, 3]]);
});

it.runIf(IS_KNOWN)('has a region optimised after less than V8 executes of other code', () => {
  const program = `
    const { compileEagerly } = ${load('eager-compilation.ts')};
    const { chooseFlags, setChosenFlags } = ${load('engine-flags.ts')};
    chooseFlags('file:///longmode/dist/cli.js');
    setChosenFlags();
    const sleep = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    const isOptimised = (...budget) => {
      const module = compileEagerly(Uint8Array.from([${MODULE}, 1 + budget.length, 11]), ...budget);
      const { a } = new WebAssembly.Instance(module).exports;
      for (let calls = 0; calls < 50_000; calls++) a();
      for (let waits = 0; waits < 40 && !%IsTurboFanFunction(a); waits++) sleep();
      return %IsTurboFanFunction(a);
    };
    console.log(JSON.stringify([isOptimised(), isOptimised(13_000_000)]));`;
  const output = execFileSync(
    process.execPath,
    ['--allow-natives-syntax', '--input-type=module', '-e', program],
    { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } },
  );
  expect(JSON.parse(output)).toEqual([true, false]);
});
