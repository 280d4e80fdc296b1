import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DEBUG_GLOBAL } from '../../src/layout/contract.ts';
import { CODE, SystemMachine } from '../isa/system-machine.ts';
import { assemble } from '../support/assembler.ts';

function globalsOf(build: string): string[] {
  const bytes = readFileSync(new URL(`../../build/${build}.wasm`, import.meta.url));
  return WebAssembly.Module.exports(new WebAssembly.Module(bytes))
    .filter(({ kind }) => kind === 'global')
    .map(({ name }) => name);
}

describe('globals of the runtime', () => {
  it('are exported by the debug build, and by no other', () => {
    const found = globalsOf('debug-runtime').filter((name) => name.startsWith(DEBUG_GLOBAL));
    expect(found.length).toBeGreaterThan(40);
    expect(found).toContain(`${DEBUG_GLOBAL}wasm-runtime/string/repetition/remaining`);
    expect(globalsOf('runtime').filter((name) => name.startsWith(DEBUG_GLOBAL))).toEqual([]);
  });

  it('get other rubbish after each slice of the machines of these tests, whatever their type', () => {
    const machine = new SystemMachine();
    const { processor } = machine;
    machine.write(CODE, [...assemble('again: jmp again', CODE)]);
    processor.rip = BigInt(CODE);
    const globals = Object.entries(processor.runtime)
      .filter(([name]) => name.startsWith(DEBUG_GLOBAL))
      .map(([, value]) => value as unknown as WebAssembly.Global);
    const seen = globals.map(() => new Set<number | bigint>());
    for (let slice = 0; slice < 3; slice++) {
      processor.run(10);
      for (const [at, { value }] of globals.entries()) seen[at]?.add(value);
    }
    const types = new Set(globals.map(({ value }) => typeof value));
    expect(types).toEqual(new Set(['number', 'bigint']));
    expect(seen.filter(({ size }) => size !== 3)).toEqual([]);
    expect(new Set(globals.map(({ value }) => value)).size).toBe(globals.length);
  });
});
