/**
 * Conversions between integers and floating-point formats. Inline code rounds to nearest (or truncates); the
 * runtime does the rest, as in sse-float.ts. Integers out of range are the "integer indefinite" 80..0H.
 */

import { MXCSR_PE } from '../../layout/cpu-state.ts';
import type { Expression } from '../../wasm/builder.ts';
import { f32, f64, i32, i64, v128 } from '../../wasm/value-types.ts';
import type { Emitter, SlowPath, Value } from '../emitter.ts';
import type { Semantics } from '../row.ts';
import { floatBits, scalarType } from './float-lanes.ts';
import { orSpecial, signalsNarrow } from './sse-exceptions.ts';
import { lanes, shuffle, splat, writeVector } from './vector.ts';

/** CVTSI2SS and CVTSI2SD. */
export function fromInteger(e: Emitter): void {
  const { m } = e;
  const size = e.sizeOf(0);
  const wide = e.sizeOf(1) === 8;
  const value = e.let(e.read(1), wide ? i64 : i32);
  const convert = (size === 8 ? m.f64 : m.f32).convert_s[wide ? 'i64' : 'i32'];
  // A doubleword always fits a double.
  if (size === 8 && !wide) {
    e.writeFloat(0, convert(value()));
    return;
  }
  const type = scalarType(size);
  const fast = e.let(convert(value()), type);
  const args = [e.record(), wide ? value() : m.i64.extend_s(value())];
  const path: SlowPath = { fast, type, name: `sseFromInteger${floatBits(size)}`, args };
  const [result] = e.unlessRare(e.specialMxcsr(MXCSR_PE), path) as [Value];
  e.writeFloat(0, result());
}

/** CVTSS2SI, CVTSD2SI, and with truncation CVTTSS2SI, CVTTSD2SI. */
function toInteger(truncate: boolean): Semantics {
  return (e) => {
    const { m } = e;
    const size = e.sizeOf(0);
    const from = e.sizeOf(1);
    const type = size === 8 ? i64 : i32;
    const value = e.let(e.readFloat(1), scalarType(from));
    const double = from === 8 ? value() : m.f64.promote(value());
    const rounded = e.let(truncate ? double : m.f64.nearest(double), f64);
    const integer = size === 8 ? m.i64 : m.i32;
    const limit = size === 8 ? 2 ** 63 : 2 ** 31;
    const indefinite = (): Expression => (size === 8 ? m.i64.const(-(2n ** 63n)) : m.i32.const(-(2 ** 31)));
    // What is too small saturates to the indefinite; what is too large or a NaN fails the comparison.
    const inRange = m.f64.lt(rounded(), m.f64.const(limit));
    const fast = e.let(m.select(inRange, integer.trunc_s_sat.f64(rounded()), indefinite()), type);
    // What is out of range is invalid.
    const rare = orSpecial(e, MXCSR_PE, integer.eq(fast(), indefinite()));
    const args = [e.record(), value(), m.i32.const(truncate ? 1 : 0)];
    const path: SlowPath = { fast, type, name: `sseToInt${floatBits(size)}From${floatBits(from)}`, args };
    const [result] = e.unlessRare(rare, path) as [Value];
    e.write(0, result());
  };
}

export const cvt2si = toInteger(false);
export const cvtt2si = toInteger(true);

export function cvtsd2ss(e: Emitter): void {
  const { m } = e;
  const value = e.let(e.readFloat(1), f64);
  const fast = e.let(m.f32.demote(value()), f32);
  const isZero = m.f64x2.eq(m.f64x2.splat(value()), splat(m, 8, 0));
  const signalled = signalsNarrow(e, e.let(m.f32x4.splat(fast()), v128), isZero);
  const rare = orSpecial(e, MXCSR_PE, signalled);
  const [result] = e.unlessRare(rare, {
    fast,
    type: f32,
    name: 'sseNarrow',
    args: [e.record(), value()],
  }) as [Value];
  e.writeFloat(0, result());
}

export function cvtss2sd(e: Emitter): void {
  const { m } = e;
  const operand = e.let(e.readFloatLane(1), v128);
  const value = (): Expression => m.f32x4.extract_lane(operand(), 0);
  const fast = e.let(m.f64.promote(value()), f64);
  const path: SlowPath = { fast, type: f64, name: 'sseWiden', args: [e.record(), value()] };
  const result = e.selected({
    size: 4,
    isScalar: true,
    operands: [operand],
    places: [1],
    resultSize: 8,
    path,
  });
  e.writeFloat(0, result());
}

export function cvtpd2ps(e: Emitter): void {
  const { m } = e;
  const value = e.let(e.read(1), v128);
  const fast = e.let(m.f32x4.demote_f64x2_zero(value()), v128);
  // Zeros of zeros, and the upper half.
  const isZero = m.f64x2.eq(value(), splat(m, 8, 0));
  const expected = shuffle(m, 4, isZero, splat(m, 4, -1), [0, 2, 4, 5]);
  const rare = orSpecial(e, MXCSR_PE, signalsNarrow(e, fast, expected));
  const path: SlowPath = { fast, type: v128, name: 'ssePackedNarrow', args: [e.record(), value()] };
  const [result] = e.unlessRare(rare, path) as [Value];
  e.write(0, result());
}

export function cvtps2pd(e: Emitter): void {
  const { m } = e;
  const value = e.let(e.readVector(1), v128);
  const fast = e.let(m.f64x2.promote_low_f32x4(value()), v128);
  const path: SlowPath = { fast, type: v128, name: 'ssePackedWiden', args: [e.record(), value()] };
  const result = e.selected({ size: 4, isScalar: false, operands: [value], places: [], resultSize: 8, path });
  e.write(0, result());
}

export function cvtdq2ps(e: Emitter): void {
  const { m } = e;
  const value = e.let(e.readVector(1), v128);
  const fast = e.let(m.f32x4.convert_i32x4_s(value()), v128);
  const path: SlowPath = { fast, type: v128, name: 'ssePackedFromIntegers', args: [e.record(), value()] };
  const [result] = e.unlessRare(e.specialMxcsr(MXCSR_PE), path) as [Value];
  writeVector(e, 0, result());
}

/** Exact. */
export function cvtdq2pd(e: Emitter): void {
  writeVector(e, 0, e.m.f64x2.convert_low_i32x4_s(e.readVector(1)));
}

const INDEFINITE_32 = -(2 ** 31);
/** 2^31 as f32, and the high half of it as f64. */
const LIMIT_32 = 0x4f00_0000;
const LIMIT_64_HIGH = 0x41e0_0000;

function packedToIntegers(e: Emitter, size: number, truncate: boolean, fast: Value, value: Value): void {
  const { m } = e;
  const args = [e.record(), value(), m.i32.const(truncate ? 1 : 0)];
  const path: SlowPath = { fast, type: v128, name: `ssePackedToIntegers${floatBits(size)}`, args };
  // What is out of range is invalid.
  const invalid = m.v128.any_true(m.i32x4.eq(fast(), splat(m, 4, INDEFINITE_32)));
  const [result] = e.unlessRare(orSpecial(e, MXCSR_PE, invalid), path) as [Value];
  writeVector(e, 0, result());
}

/** CVTPS2DQ and CVTTPS2DQ. */
function singlesToIntegers(truncate: boolean): Semantics {
  return (e) => {
    const { m } = e;
    const value = e.let(e.readVector(1), v128);
    const rounded = e.let(truncate ? value() : m.f32x4.nearest(value()), v128);
    const inRange = m.f32x4.lt(rounded(), splat(m, 4, LIMIT_32));
    const integers: Expression = m.i32x4.trunc_sat_f32x4_s(rounded());
    const fast = e.let(m.v128.bitselect(integers, splat(m, 4, INDEFINITE_32), inRange), v128);
    packedToIntegers(e, 4, truncate, fast, value);
  };
}

/** CVTPD2DQ and CVTTPD2DQ: the high half becomes zero. */
function doublesToIntegers(truncate: boolean): Semantics {
  return (e) => {
    const { m } = e;
    const value = e.let(e.readVector(1), v128);
    const rounded = e.let(truncate ? value() : m.f64x2.nearest(value()), v128);
    const limit = lanes(m, 4, [0, LIMIT_64_HIGH, 0, LIMIT_64_HIGH]);
    const inRange = e.let(m.f64x2.lt(rounded(), limit), v128);
    // Low doublewords of the masks; the high half is "in range", where the conversion gives zeros.
    const mask = shuffle(m, 4, inRange(), splat(m, 4, -1), [0, 2, 4, 5]);
    const integers: Expression = m.i32x4.trunc_sat_f64x2_s_zero(rounded());
    const fast = e.let(m.v128.bitselect(integers, splat(m, 4, INDEFINITE_32), mask), v128);
    packedToIntegers(e, 8, truncate, fast, value);
  };
}

export const cvtps2dq = singlesToIntegers(false);
export const cvttps2dq = singlesToIntegers(true);
export const cvtpd2dq = doublesToIntegers(false);
export const cvttpd2dq = doublesToIntegers(true);
