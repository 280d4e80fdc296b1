import { describe, expect, it } from 'vitest';
import { Locals } from '../../src/emitter/locals.ts';
import { f32, i32, i64 } from '../../src/wasm/value-types.ts';
import { ModuleWriter } from '../../src/wasm/writer/module-writer.ts';

describe('locals of a function', () => {
  it('are declared in their order, without the parameters', () => {
    const locals = new Locals(new ModuleWriter(), [i32, i64]);
    expect(locals.parameter(1).type).toBe(i64);
    locals.add(f32);
    locals.take(i32);
    expect(locals.declared).toEqual([f32, i32]);
  });

  it('are taken again once they have been released, those of their type only', () => {
    const locals = new Locals(new ModuleWriter(), []);
    const first = locals.take(i32);
    expect(locals.take(i32)).not.toBe(first);
    locals.release([first]);
    expect(locals.take(i64)).not.toBe(first);
    expect(locals.add(i32)).not.toBe(first);
    expect(locals.take(i32)).toBe(first);
    expect(locals.declared).toHaveLength(4);
  });
});
