/** AND, OR, XOR, NOT, TEST. */

import { i32, i64 } from '../../wasm/value-types.ts';
import type { Emitter } from '../emitter.ts';
import { constant, int, secondOperand, truncate } from './integer.ts';

function bitwise(operation: 'and' | 'or' | 'xor'): (e: Emitter) => void {
  return (e) => {
    const size = e.sizeOf(0);
    const type = size === 8 ? i64 : i32;
    const b = secondOperand(e, size);
    e.update(0, (a) => {
      const r = e.let(int(e.m, size)[operation](a(), b()), type);
      e.flags.logic(size, r);
      return r();
    });
  };
}

export const and = bitwise('and');
export const or = bitwise('or');
export const xor = bitwise('xor');

export function test(e: Emitter): void {
  const size = e.sizeOf(0);
  const type = size === 8 ? i64 : i32;
  const b = secondOperand(e, size);
  const r = e.isSameRegister(0, 1) ? b : e.let(int(e.m, size).and(e.read(0), b()), type);
  e.flags.logic(size, r);
}

export function not(e: Emitter): void {
  const size = e.sizeOf(0);
  e.update(0, (a) => truncate(e.m, size, int(e.m, size).xor(a(), constant(e.m, size, -1))));
}
