import { describe, expect, it } from 'vitest';
import { FoundHosts } from '../../../src/compile/region/found-hosts.ts';
import { Locals } from '../../../src/emitter/locals.ts';
import type { Access } from '../../../src/emitter/tlb-probe.ts';
import { i32 } from '../../../src/wasm/value-types.ts';
import { ModuleWriter } from '../../../src/wasm/writer/module-writer.ts';

const [BASE, INDEX, OTHER] = [8, 16, 24] as const;
const address = () => 0;

/** An operand of 8 bytes has been found. */
function afterOne(access: Access, alignment = 1) {
  const found = new FoundHosts();
  const host = new Locals(new ModuleWriter(), []).take(i32);
  found.name(address, BASE, INDEX, '3 16');
  found.keep(access, 8, alignment, host);
  return { found, host };
}

describe('a memory operand that has been found', () => {
  it('is the same by the same registers and constants', () => {
    const { found, host } = afterOne('read');
    found.written(OTHER);
    found.name(address, BASE, INDEX, '3 16');
    expect(found.find(address, 'read', 8, 1)).toBe(host);
    expect(found.find(address, 'read', 4, 1)).toBe(host);
    expect(found.find(() => 0, 'read', 8, 1)).toBeUndefined();
    found.name(address, BASE, INDEX, '3 24');
    expect(found.find(address, 'read', 8, 1)).toBeUndefined();
  });

  it.each([BASE, INDEX])('is another when a register has been written', (register) => {
    const { found } = afterOne('read');
    found.written(register);
    found.name(address, BASE, INDEX, '3 16');
    expect(found.find(address, 'read', 8, 1)).toBeUndefined();
  });

  it('may not be longer, or more aligned', () => {
    const { found } = afterOne('write');
    expect(found.find(address, 'read', 16, 1)).toBeUndefined();
    expect(found.find(address, 'read', 8, 8)).toBeUndefined();
    expect(afterOne('read', 8).found.find(address, 'read', 8, 8)).toBeDefined();
  });

  it('may be read where it may be written, but not the other way round', () => {
    expect(afterOne('write').found.find(address, 'read', 8, 1)).toBeDefined();
    expect(afterOne('readWrite').found.find(address, 'write', 8, 1)).toBeDefined();
    expect(afterOne('read').found.find(address, 'write', 8, 1)).toBeUndefined();
  });
});
