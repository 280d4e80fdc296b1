/**
 * RCP and RSQRT: not affected by MXCSR, denormals count as zeros.
 *
 * Deviation: the result is rounded from the exact one, so it has more right bits than a processor's.
 */

import type { Expression, Module } from '../../wasm/builder.ts';
import { v128 } from '../../wasm/value-types.ts';
import type { Emitter, Value } from '../emitter.ts';
import type { FloatSemantics } from './sse-float.ts';
import { splat } from './vector.ts';

/** Smallest normal f32. */
const MINIMUM_NORMAL = 0x0080_0000;
const SIGN_32 = -0x8000_0000;
const QUIET_32 = 0x0040_0000;

/** Denormal lanes become zeros of the same sign, whatever MXCSR says. */
function flushLanes(e: Emitter, value: Value): Value {
  const { m } = e;
  const tiny = m.f32x4.lt(m.f32x4.abs(value()), splat(m, 4, MINIMUM_NORMAL));
  const kept = m.v128.or(m.v128.not(tiny), splat(m, 4, SIGN_32));
  return e.let(m.v128.and(value(), kept), v128);
}

/** Lanes that are NaNs, quieted; the other lanes of `result`. */
function keepNaNs(m: Module, value: Value, result: Expression): Expression {
  const nan = m.f32x4.ne(value(), value());
  return m.v128.bitselect(m.v128.or(value(), splat(m, 4, QUIET_32)), result, nan);
}

const ONE_32 = 0x3f80_0000;

function reciprocal(e: Emitter, value: Value): Expression {
  const { m } = e;
  const x = flushLanes(e, value);
  const quotient = e.let(m.f32x4.div(splat(m, 4, ONE_32), x()), v128);
  return keepNaNs(m, value, flushLanes(e, quotient)());
}

function reciprocalRoot(e: Emitter, value: Value): Expression {
  const { m } = e;
  const x = flushLanes(e, value);
  const root = m.f32x4.div(splat(m, 4, ONE_32), m.f32x4.sqrt(x()));
  // Negative numbers give the default NaN.
  const negative = m.f32x4.lt(x(), splat(m, 4, 0));
  return keepNaNs(m, value, m.v128.bitselect(splat(m, 4, SIGN_32 + 0x7fc0_0000), root, negative));
}

function approximation(compute: (e: Emitter, value: Value) => Expression): Pick<FloatSemantics, 'ss' | 'ps'> {
  return {
    ss: (e) => e.write(0, e.m.i32x4.extract_lane(compute(e, e.let(e.readVector(1), v128)), 0)),
    ps: (e) => e.write(0, compute(e, e.let(e.read(1), v128))),
  };
}

export const rcp = approximation(reciprocal);
export const rsqrt = approximation(reciprocalRoot);
