import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { expect, it } from 'vitest';
import { wabt } from '../../../scripts/dump/wat.ts';

const SOURCE = new URL('../../../src/host/node/engine-flags.ts', import.meta.url);
const PROGRAM = 'file:///longmode/dist/cli.js';
const IS_KNOWN = process.versions.v8.startsWith('14.');

/** Calls table[0] as often as it is told: V8's baseline code of it counts indirect calls where V8 inlines. */
const CALLER = `(module (table 1 funcref) (elem (i32.const 0) $seven) (func $seven (result i32) i32.const 7)
  (func (export "call") (param i32) (result i32) (local i32)
    (loop $again
      (local.set 1 (i32.add (local.get 1) (call_indirect (result i32) (i32.const 0))))
      (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    local.get 1))`;

/** What a new Node writes that has the functions of the file and runs some code. */
function inNewNode(code: string, ...options: string[]): string {
  // JavaScript: for TypeScript Node compiles WebAssembly first.
  const program = `${stripTypeScriptTypes(readFileSync(SOURCE, 'utf8'))}\n${code}`;
  return execFileSync(process.execPath, [...options, '--input-type=module', '-e', program], {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
  });
}

/** Whether inlining is dropped in a new Node, and the sum of 100 calls there. */
async function inNode(program: string, ...options: string[]): Promise<string> {
  const bytes = (await wabt()).parseWat('caller.wat', CALLER).toBinary({}).buffer;
  const code = `
    chooseFlags(${JSON.stringify(program)});
    setChosenFlags();
    const module = new WebAssembly.Module(Uint8Array.from([${bytes.join()}]));
    console.log(optimizesWithoutBaseline(), new WebAssembly.Instance(module).exports.call(100));`;
  return inNewNode(code, ...options);
}

it('leaves nothing that would count calls', async () => {
  expect(await inNode(PROGRAM)).toBe(`${IS_KNOWN} 700\n`);
});

it('does nothing where WebAssembly may have been compiled before', async () => {
  expect(await inNode(PROGRAM.replace('.js', '.ts'))).toBe('false 700\n');
  expect(await inNode(PROGRAM, '--import', 'data:text/javascript,')).toBe('false 700\n');
});

const SET = `chooseFlags('${PROGRAM}'); setChosenFlags();`;

/** Called 20,000 times: six times as often as V8 calls a function before TurboFan has it. */
const HOT = `function hot(sum) { for (let i = 0; i < 20; i++) sum = (sum * 3 + i) | 0; return sum; }
  for (let turn = 0, sum = 0; turn < 50; turn++) {
    for (let i = 0; i < 400; i++) sum = hot(sum);
    await new Promise(setImmediate);
  }`;

it('leaves JavaScript to Maglev for longer', () => {
  // At once, not when a thread has time for it.
  const optimized = (before: string): readonly string[] => {
    const output = inNewNode(`${before}\n${HOT}`, '--trace-opt', '--no-concurrent-recompilation');
    const lines = output.matchAll(/marking .* hot .* to (\w+)/g);
    return [...lines].map(([, compiler]) => compiler as string);
  };
  expect(optimized('')).toContain(IS_KNOWN ? 'TURBOFAN_JS' : 'TURBOFAN');
  expect(optimized(SET)).toEqual(IS_KNOWN ? ['MAGLEV'] : optimized(''));
});

it('has functions validated when they are called', async () => {
  const text = `(module (func (export "seven") (result i32) i32.const 7) (func (export "none") (result i32) nop))`;
  const module = (await wabt()).parseWat('invalid.wat', text, {});
  const bytes = module.toBinary({}).buffer;
  const code = `
    let module;
    try { module = new WebAssembly.Module(Uint8Array.from([${bytes.join()}])); } catch { console.log('invalid'); process.exit(); }
    const { seven, none } = new WebAssembly.Instance(module).exports;
    console.log(seven());
    try { console.log(none()); } catch (error) { console.log(error.name); }`;
  expect(inNewNode(code)).toBe('invalid\n');
  expect(inNewNode(`${SET}${code}`)).toBe(IS_KNOWN ? '7\nCompileError\n' : 'invalid\n');
});
