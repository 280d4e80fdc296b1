import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { expect, it } from 'vitest';
import { wabt } from '../../../scripts/dump/wat.ts';

const SOURCE = new URL('../../../src/host/node/engine-flags.ts', import.meta.url);
const PROGRAM = 'file:///longmode/dist/cli.js';
const COUNTS_CALLS = process.versions.v8.startsWith('14.');

/** Calls table[0] as often as it is told: V8's baseline code of it counts indirect calls where V8 inlines. */
const CALLER = `(module (table 1 funcref) (elem (i32.const 0) $seven) (func $seven (result i32) i32.const 7)
  (func (export "call") (param i32) (result i32) (local i32)
    (loop $again
      (local.set 1 (i32.add (local.get 1) (call_indirect (result i32) (i32.const 0))))
      (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    local.get 1))`;

/** Whether dropInlining() does it in a new Node, and the sum of 100 calls there. */
async function inNode(program: string, ...options: string[]): Promise<string> {
  const bytes = (await wabt()).parseWat('caller.wat', CALLER).toBinary({}).buffer;
  // JavaScript: for TypeScript Node compiles WebAssembly first.
  const code = `${stripTypeScriptTypes(readFileSync(SOURCE, 'utf8'))}
    const isDone = dropInlining(${JSON.stringify(program)});
    const module = new WebAssembly.Module(Uint8Array.from([${bytes.join()}]));
    console.log(isDone, new WebAssembly.Instance(module).exports.call(100));`;
  const child = [...options, '--input-type=module', '-e', code];
  return execFileSync(process.execPath, child, {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
  });
}

it('leaves nothing that would count calls', async () => {
  expect(await inNode(PROGRAM)).toBe(`${COUNTS_CALLS} 700\n`);
});

it('does nothing where WebAssembly may have been compiled before', async () => {
  expect(await inNode(PROGRAM.replace('.js', '.ts'))).toBe('false 700\n');
  expect(await inNode(PROGRAM, '--import', 'data:text/javascript,')).toBe('false 700\n');
});
