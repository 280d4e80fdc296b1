/** Small expression helpers shared by the integer families. */
import type { Expression, Module } from '../../wasm/builder.ts';
import { i32, i64 } from '../../wasm/value-types.ts';
import type { Emitter, Value } from '../emitter.ts';

/** The i32 or i64 instructions, by operand size. */
export function int(m: Module, size: number): Module['i32'] | Module['i64'] {
  return size === 8 ? m.i64 : m.i32;
}

export function constant(m: Module, size: number, value: number | bigint): Expression {
  return size === 8 ? m.i64.const(value) : m.i32.const(Number(value));
}

/** Zero-extends what may have garbage above `size` bytes. */
export function truncate(m: Module, size: number, value: Expression): Expression {
  if (size === 1) return m.i32.and(value, m.i32.const(0xff));
  if (size === 2) return m.i32.and(value, m.i32.const(0xffff));
  return value;
}

/** The second operand, of the size of the first; an immediate that is not is cut to it. */
export function secondOperand(e: Emitter, size: number): Value {
  const value = e.read(1);
  return e.let(e.sizeOf(1) === size ? value : truncate(e.m, size, value), size === 8 ? i64 : i32);
}

/** Sign-extends a value of `size` bytes within its i32 or i64. */
export function signExtend(m: Module, size: number, value: Expression): Expression {
  if (size === 1) return m.i32.extend8_s(value);
  if (size === 2) return m.i32.extend16_s(value);
  return value;
}

/** Converts a zero-extended value of `from` bytes to the type of `to` bytes. */
export function resize(m: Module, from: number, to: number, value: Expression): Expression {
  if (from === 8 && to < 8) return m.i32.wrap(value);
  if (from < 8 && to === 8) return m.i64.extend_u(value);
  return value;
}

/** Most significant bit as i32 0 or 1; `value` is zero-extended. */
export function signBit(m: Module, size: number, value: Expression): Expression {
  if (size === 8) return m.i32.wrap(m.i64.shr_u(value, m.i64.const(63)));
  return m.i32.shr_u(value, m.i32.const(size * 8 - 1));
}

/** i32 0 or 1 of a single bit of a value, by constant index. */
export function bitAt(m: Module, size: number, value: Expression, index: number): Expression {
  if (size === 8) return m.i32.and(m.i32.wrap(m.i64.shr_u(value, m.i64.const(index))), m.i32.const(1));
  return m.i32.and(m.i32.shr_u(value, m.i32.const(index)), m.i32.const(1));
}

/** Bits of an operand of `size` bytes, in names of runtime functions. */
export function bitsOf(size: number): 8 | 16 | 32 | 64 {
  return (size * 8) as 8 | 16 | 32 | 64;
}
