/**
 * Which operands and results of inline floating-point code the runtime has to look at, because they may signal an
 * exception (Intel SDM Vol. 1 "SIMD Floating-Point Exceptions").
 *
 * With all exceptions masked a signal only sets its sticky flag. Whether a result is inexact is dear to find, but
 * MXCSR.PE is soon set and stays: what may round asks for it (`specialMxcsr(MXCSR_PE)`) and is left to the runtime until
 * then. The other flags show: a NaN or an infinity comes out, a denormal goes in or comes out. The tests may say yes
 * where nothing is signalled (a product that is zero because a factor is), never no where something is. They do without
 * constants, which cost V8 three instructions each.
 */
import type { Expression, Module } from '../../wasm/builder.ts';
import { v128 } from '../../wasm/value-types.ts';
import type { Emitter, Value } from '../emitter.ts';
import { type FloatSize, floats } from './float-lanes.ts';

/** The lanes as integers of their size. */
function integers(m: Module, size: FloatSize): Module['i32x4'] | Module['i64x2'] {
  return size === 8 ? m.i64x2 : m.i32x4;
}

/** Without the sign. */
function doubled(m: Module, size: FloatSize, value: Value): Expression {
  return integers(m, size).shl(value(), m.i32.const(1));
}

/**
 * i32: MXCSR is special (with `wanted` as for specialMxcsr()), or `signalled` holds. A branch costs less than joining
 * them: it is never taken.
 */
export function orSpecial(e: Emitter, wanted: number, signalled: Expression): Expression {
  return e.m.if(e.specialMxcsr(wanted), e.m.i32.const(1), signalled);
}

/** i32: a lane of `usual`, a mask, is zero, or one of `magnitudes` (doubled) has an exponent of zero. */
function unusual(m: Module, size: FloatSize, usual: Expression, magnitudes: Expression[]): Expression {
  // The upper half of a lane decides, so doublewords may be compared.
  const least = magnitudes.reduce((a, b) => m.i32x4.min_u(a, b));
  const exponents = integers(m, size).shr_u(least, m.i32.const(size === 8 ? 53 : 24));
  return m.i32.eqz(integers(m, size).all_true(m.v128.and(exponents, usual)));
}

/** Doubled magnitudes less one where `usual` is all ones: zeros become the largest, only denormals keep exponent zero. */
function ranks(m: Module, size: FloatSize, operands: readonly Value[], usual: Value): Expression[] {
  return operands.map((operand) => integers(m, size).add(doubled(m, size, operand), usual()));
}

/** i32: a lane of an operand is a NaN or denormal. */
export function signalsOperands(e: Emitter, size: FloatSize, ...operands: Value[]): Expression {
  const { m } = e;
  const ordered = operands.map((operand) => floats(m, size).eq(operand(), operand()));
  const usual = e.let(
    ordered.reduce((a, b) => m.v128.and(a, b)),
    v128,
  );
  return unusual(m, size, usual(), ranks(m, size, operands, usual));
}

/** All ones in lanes that are finite. */
function finite(e: Emitter, size: FloatSize, value: Value): Value {
  const { m } = e;
  const difference = e.let(floats(m, size).sub(value(), value()), v128);
  return e.let(floats(m, size).eq(difference(), difference()), v128);
}

/** i32: for sums and roots, which are exact where they are denormal. */
export function signalsSum(
  e: Emitter,
  size: FloatSize,
  operands: readonly Value[],
  result: Value,
): Expression {
  const usual = finite(e, size, result);
  return unusual(e.m, size, usual(), ranks(e.m, size, operands, usual));
}

/** i32: for products and quotients, which may also underflow. */
export function signalsProduct(
  e: Emitter,
  size: FloatSize,
  operands: readonly Value[],
  result: Value,
): Expression {
  const usual = finite(e, size, result);
  const magnitudes = [...ranks(e.m, size, operands, usual), doubled(e.m, size, result)];
  return unusual(e.m, size, usual(), magnitudes);
}

/** i32: for a result in a narrower format, of which lanes of `expected` (a mask) may be anything. */
export function signalsNarrow(e: Emitter, result: Value, expected: Expression): Expression {
  const { m } = e;
  const usual = finite(e, 4, result);
  return unusual(m, 4, usual(), [m.v128.or(doubled(m, 4, result), expected)]);
}
