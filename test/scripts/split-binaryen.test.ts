import { describe, expect, it } from 'vitest';
import { splitBinaryen } from '../../scripts/split-binaryen.ts';

/** An empty module as the npm package has it: byte 0 is written as it is, as an escape, or as character 256. */
const EMBEDDED = 'd(`\\0asm\\x01\\0\u0100\\0`)';

describe('splitBinaryen', () => {
  it('takes the module out of the JavaScript', () => {
    const { javascript, wasm } = splitBinaryen(`before;x??=${EMBEDDED},after`);
    expect([...wasm]).toEqual([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    expect(javascript).toMatch(/before;x\?\?=separateWasm,after$/);
  });

  it.each([
    ['no module', 'x', 'no WebAssembly'],
    ['a module without an end', 'd(`\\0asm', 'ends in a string'],
    ['another coding', 'd(`\\0asm zip`)', 'not known'],
  ])('refuses %s', (_, source, message) => {
    expect(() => splitBinaryen(source)).toThrow(message);
  });
});
