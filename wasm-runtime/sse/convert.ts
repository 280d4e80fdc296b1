/** SSE conversions where inline code does not do: NaNs and unusual settings of MXCSR. */
import { roundToIntegral } from './arithmetic';
import {
  DOUBLE,
  exponentOf,
  flushed,
  infinity,
  isDenormal,
  isInfinite,
  isNaNBits,
  isSignaling,
  isZero,
  quiet,
  round,
  SINGLE,
  signBit,
  significandOf,
  toDouble,
} from './number';
import { begin, DENORMAL, finish, INVALID, PRECISION, ROUND_TRUNCATE, roundingMode, signal } from './status';

/** -2^(size * 8 - 1), the result of invalid conversions: "integer indefinite". */
function integerIndefinite(size: i32): i64 {
  return size === 8 ? i64.MIN_VALUE : <i64>i32.MIN_VALUE;
}

/** To an integer of `size` bytes. */
function toInteger(bits: u64, precision: i32, size: i32, truncate: i32): i64 {
  if (isNaNBits(bits, precision) || isInfinite(bits, precision)) {
    signal(INVALID);
    return integerIndefinite(size);
  }
  const value = toDouble(flushed(bits, precision), precision);
  const rounded = roundToIntegral(value, truncate !== 0 ? ROUND_TRUNCATE : roundingMode());
  const limit: f64 = size === 8 ? 2147483648.0 * 4294967296.0 : 2147483648.0;
  if (rounded >= limit || rounded < -limit) {
    signal(INVALID);
    return integerIndefinite(size);
  }
  if (rounded !== value) signal(PRECISION);
  return <i64>rounded;
}

export function sseToInt32From32(record: u32, value: f32, truncate: i32): i32 {
  begin();
  const result = toInteger(reinterpret<u32>(value), SINGLE, 4, truncate);
  finish(record);
  return <i32>result;
}

export function sseToInt64From32(record: u32, value: f32, truncate: i32): i64 {
  begin();
  const result = toInteger(reinterpret<u32>(value), SINGLE, 8, truncate);
  finish(record);
  return result;
}

export function sseToInt32From64(record: u32, value: f64, truncate: i32): i32 {
  begin();
  const result = toInteger(reinterpret<u64>(value), DOUBLE, 4, truncate);
  finish(record);
  return <i32>result;
}

export function sseToInt64From64(record: u32, value: f64, truncate: i32): i64 {
  begin();
  const result = toInteger(reinterpret<u64>(value), DOUBLE, 8, truncate);
  finish(record);
  return result;
}

/** CVTPS2DQ and CVTTPS2DQ. */
export function ssePackedToIntegers32(record: u32, a: v128, truncate: i32): v128 {
  begin();
  let result = i32x4.splat(<i32>toInteger(<u32>i32x4.extract_lane(a, 0), SINGLE, 4, truncate));
  result = i32x4.replace_lane(result, 1, <i32>toInteger(<u32>i32x4.extract_lane(a, 1), SINGLE, 4, truncate));
  result = i32x4.replace_lane(result, 2, <i32>toInteger(<u32>i32x4.extract_lane(a, 2), SINGLE, 4, truncate));
  result = i32x4.replace_lane(result, 3, <i32>toInteger(<u32>i32x4.extract_lane(a, 3), SINGLE, 4, truncate));
  finish(record);
  return result;
}

/** CVTPD2DQ and CVTTPD2DQ: two results in the low half, zero above. */
export function ssePackedToIntegers64(record: u32, a: v128, truncate: i32): v128 {
  begin();
  let result = i32x4.splat(0);
  result = i32x4.replace_lane(result, 0, <i32>toInteger(i64x2.extract_lane(a, 0), DOUBLE, 4, truncate));
  result = i32x4.replace_lane(result, 1, <i32>toInteger(i64x2.extract_lane(a, 1), DOUBLE, 4, truncate));
  finish(record);
  return result;
}

function fromInteger(value: i64, precision: i32): u64 {
  if (value === 0) return 0;
  const absolute: u64 = value < 0 ? 0 - <u64>value : <u64>value;
  const shift = clz(absolute);
  return round(value < 0 ? signBit(precision) : 0, 63 - <i32>shift, absolute << shift, precision);
}

/** CVTSI2SS; the integer is sign-extended. */
export function sseFromInteger32(record: u32, value: i64): f32 {
  begin();
  const result = fromInteger(value, SINGLE);
  finish(record);
  return reinterpret<f32>(<u32>result);
}

/** CVTSI2SD. */
export function sseFromInteger64(record: u32, value: i64): f64 {
  begin();
  const result = fromInteger(value, DOUBLE);
  finish(record);
  return reinterpret<f64>(result);
}

/** CVTDQ2PS. */
export function ssePackedFromIntegers(record: u32, a: v128): v128 {
  begin();
  let result = i32x4.splat(<u32>fromInteger(i32x4.extract_lane(a, 0), SINGLE));
  result = i32x4.replace_lane(result, 1, <u32>fromInteger(i32x4.extract_lane(a, 1), SINGLE));
  result = i32x4.replace_lane(result, 2, <u32>fromInteger(i32x4.extract_lane(a, 2), SINGLE));
  result = i32x4.replace_lane(result, 3, <u32>fromInteger(i32x4.extract_lane(a, 3), SINGLE));
  finish(record);
  return result;
}

/** A number of one format in another. */
function convert(bits: u64, from: i32, to: i32): u64 {
  const sign: u64 = (bits & signBit(from)) !== 0 ? signBit(to) : 0;
  if (isNaNBits(bits, from)) {
    if (isSignaling(bits, from)) signal(INVALID);
    // The payload keeps its place below the point.
    const fraction = (bits & (signBit(from) - 1) & ~infinity(from)) << (64 - (from - 1));
    return quiet(sign | infinity(to) | (fraction >> (64 - (to - 1))), to);
  }
  if (isInfinite(bits, from)) return sign | infinity(to);
  const value = flushed(bits, from);
  if (isZero(value, from)) return sign;
  if (isDenormal(value, from)) signal(DENORMAL);
  return round(sign, exponentOf(value, from), significandOf(value, from), to);
}

/** CVTSD2SS. */
export function sseNarrow(record: u32, value: f64): f32 {
  begin();
  const result = convert(reinterpret<u64>(value), DOUBLE, SINGLE);
  finish(record);
  return reinterpret<f32>(<u32>result);
}

/** CVTSS2SD. */
export function sseWiden(record: u32, value: f32): f64 {
  begin();
  const result = convert(reinterpret<u32>(value), SINGLE, DOUBLE);
  finish(record);
  return reinterpret<f64>(result);
}

/** CVTPD2PS: two results in the low half, zero above. */
export function ssePackedNarrow(record: u32, a: v128): v128 {
  begin();
  let result = i32x4.splat(0);
  result = i32x4.replace_lane(result, 0, <u32>convert(i64x2.extract_lane(a, 0), DOUBLE, SINGLE));
  result = i32x4.replace_lane(result, 1, <u32>convert(i64x2.extract_lane(a, 1), DOUBLE, SINGLE));
  finish(record);
  return result;
}

/** CVTPS2PD. */
export function ssePackedWiden(record: u32, a: v128): v128 {
  begin();
  let result = i64x2.splat(convert(<u32>i32x4.extract_lane(a, 0), SINGLE, DOUBLE));
  result = i64x2.replace_lane(result, 1, convert(<u32>i32x4.extract_lane(a, 1), SINGLE, DOUBLE));
  finish(record);
  return result;
}
