import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SliceGlobals } from '../../src/cpu/slice-globals.ts';
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

  it('get other rubbish each time, whatever their type', () => {
    const narrow = new WebAssembly.Global({ value: 'i32', mutable: true }, 0);
    const wide = new WebAssembly.Global({ value: 'i64', mutable: true }, 0n);
    const other = new WebAssembly.Global({ value: 'i32', mutable: true }, 7);
    const globals = new SliceGlobals({ [`${DEBUG_GLOBAL}a`]: narrow, [`${DEBUG_GLOBAL}b`]: wide, other });
    const seen = new Set<number | bigint>([0, 0n]);
    for (let slice = 0; slice < 5; slice++) {
      globals.spoil();
      seen.add(narrow.value).add(wide.value);
    }
    expect(seen.size).toBe(12);
    expect(other.value).toBe(7);
  });

  it('get it after each slice of the machines of these tests', () => {
    const machine = new SystemMachine();
    const { processor } = machine;
    machine.write(CODE, [...assemble('again: jmp again', CODE)]);
    processor.rip = BigInt(CODE);
    const name = `${DEBUG_GLOBAL}wasm-runtime/string/repetition/remaining`;
    const { [name]: global } = processor.runtime as unknown as Record<string, WebAssembly.Global>;
    const values = [1, 2, 3].map(() => {
      processor.run(10);
      return (global as WebAssembly.Global).value;
    });
    expect(new Set(values).size).toBe(3);
  });
});
