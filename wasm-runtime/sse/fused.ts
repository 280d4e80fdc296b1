/**
 * Fused multiply-add: a * b + c rounded once (Intel SDM Vol. 1 "Fused-Multiply-ADD (FMA) Numeric Behavior").
 *
 * fuse32() and fuse64() are for usual numbers and rounding to nearest, without flags, in floating-point arithmetic that
 * loses nothing: the sum is rounded to odd in a format that is wide enough, then to the result's (S. Boldo,
 * G. Melquiond, "Emulation of a FMA and correctly rounded sums: proved algorithms using rounding to odd", 2008). Lanes
 * they do not do are NaNs. sseFused32() and sseFused64() do everything, in integers.
 */
import { multiplyWide, secondWord } from '../x87/wide-integer';
import {
  DOUBLE,
  exponentOf,
  flushed,
  indefinite,
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
} from './number';
import { begin, DENORMAL, finish, INVALID, ROUND_DOWN, roundingMode, signal } from './status';

/** Splits a double into halves whose products are exact: 2^27 + 1. */
const SPLITTER: f64 = 134217729;
/** Magnitudes of factors, addends and results within which nothing in fuse64() overflows or is denormal. */
const SMALLEST_FACTOR: f64 = 3.2e-145;
const LARGEST_FACTOR: f64 = 3.1e144;
const SMALLEST_SUM: f64 = 1.2e-271;
const LARGEST_SUM: f64 = 1.0e300;
const SMALLEST_NORMAL_32: f64 = 1.1754943508222875e-38;

/** Whether the product, the addend of even lanes, that of odd lanes is negated. */
const NEGATE_PRODUCT: i32 = 1;
const NEGATE_EVEN: i32 = 2;
const NEGATE_ODD: i32 = 4;

/** The sum of two numbers as the nearest odd one, given the nearest `sum` and what is missing, `error`. @inline */
function roundToOdd(sum: v128, error: v128): v128 {
  const zero = f64x2.splat(0);
  const away = i64x2.eq(f64x2.gt(error, zero), f64x2.gt(sum, zero));
  const step = v128.bitselect(i64x2.splat(1), i64x2.splat(-1), away);
  const isEven = i64x2.eq(v128.and(sum, i64x2.splat(1)), i64x2.splat(0));
  const moves = v128.and(f64x2.ne(error, zero), isEven);
  return i64x2.add(sum, v128.and(step, moves));
}

/** What a + b misses when it is rounded to `sum`. @inline */
function errorOfSum(a: v128, b: v128, sum: v128): v128 {
  const part = f64x2.sub(sum, a);
  return f64x2.add(f64x2.sub(a, f64x2.sub(sum, part)), f64x2.sub(b, part));
}

/** @inline */
function isWithin(value: v128, smallest: f64, largest: f64): v128 {
  const size = f64x2.abs(value);
  const inside = v128.and(f64x2.ge(size, f64x2.splat(smallest)), f64x2.le(size, f64x2.splat(largest)));
  return v128.or(inside, f64x2.eq(value, f64x2.splat(0)));
}

/** Two doubles; see above. */
export function fuse64(a: v128, b: v128, c: v128): v128 {
  const product = f64x2.mul(a, b);
  const simple = f64x2.add(product, c);
  const splitA = f64x2.mul(a, f64x2.splat(SPLITTER));
  const highA = f64x2.sub(splitA, f64x2.sub(splitA, a));
  const lowA = f64x2.sub(a, highA);
  const splitB = f64x2.mul(b, f64x2.splat(SPLITTER));
  const highB = f64x2.sub(splitB, f64x2.sub(splitB, b));
  const lowB = f64x2.sub(b, highB);
  let missing = f64x2.sub(f64x2.mul(highA, highB), product);
  missing = f64x2.add(missing, f64x2.mul(highA, lowB));
  missing = f64x2.add(missing, f64x2.mul(lowA, highB));
  missing = f64x2.add(missing, f64x2.mul(lowA, lowB));

  const low = f64x2.add(c, missing);
  const lowError = errorOfSum(c, missing, low);
  const high = f64x2.add(product, low);
  const highError = errorOfSum(product, low, high);
  const rest = f64x2.add(lowError, highError);
  const odd = roundToOdd(rest, errorOfSum(lowError, highError, rest));
  let result = f64x2.add(high, odd);

  const zero = f64x2.splat(0);
  const noProduct = v128.or(f64x2.eq(a, zero), f64x2.eq(b, zero));
  result = v128.bitselect(simple, result, v128.or(noProduct, f64x2.eq(c, zero)));
  const factors = v128.and(
    isWithin(a, SMALLEST_FACTOR, LARGEST_FACTOR),
    isWithin(b, SMALLEST_FACTOR, LARGEST_FACTOR),
  );
  const sums = v128.and(isWithin(c, SMALLEST_SUM, LARGEST_SUM), isWithin(result, SMALLEST_SUM, LARGEST_SUM));
  return v128.or(result, v128.not(v128.and(factors, sums)));
}

/** The low two of four singles, as the low two of the result. @inline */
function fuseLow32(a: v128, b: v128, c: v128): v128 {
  const product = f64x2.mul(f64x2.promote_low_f32x4(a), f64x2.promote_low_f32x4(b));
  const addend = f64x2.promote_low_f32x4(c);
  const sum = f64x2.add(product, addend);
  const odd = roundToOdd(sum, errorOfSum(product, addend, sum));
  const isUsual = isWithin(sum, SMALLEST_NORMAL_32, f64.MAX_VALUE);
  return f32x4.demote_f64x2_zero(v128.or(odd, v128.not(isUsual)));
}

/** All ones where a single is denormal. @inline */
function denormals32(value: v128): v128 {
  const size = f32x4.abs(value);
  const small = f32x4.lt(size, f32x4.splat(<f32>SMALLEST_NORMAL_32));
  return v128.and(small, f32x4.ne(size, f32x4.splat(0)));
}

/** Four singles; see above. */
export function fuse32(a: v128, b: v128, c: v128): v128 {
  const low = fuseLow32(a, b, c);
  const high = fuseLow32(upper(a), upper(b), upper(c));
  const result = v128.shuffle<i64>(low, high, 0, 2);
  const infinite = f32x4.eq(f32x4.abs(result), f32x4.splat(Infinity));
  const denormal = v128.or(v128.or(denormals32(a), denormals32(b)), denormals32(c));
  return v128.or(result, v128.or(infinite, denormal));
}

/** @inline */
function upper(value: v128): v128 {
  return v128.shuffle<i64>(value, value, 1, 1);
}

/** Sums and differences of 128 bits, for add(): `high` is returned, the rest left here. */
let sumLow: u64 = 0;

/** product + c of numbers that are neither zero nor special; the product has significand `high`:`low`, its top bit set. */
function addProduct(signP: u64, exponentP: i32, high: u64, low: u64, c: u64, precision: i32): u64 {
  const signC = c & signBit(precision);
  const exponentC = exponentOf(c, precision);
  const significandC = significandOf(c, precision);
  const isLarger = exponentP > exponentC || (exponentP === exponentC && high >= significandC);
  // One bit of room for the carry: the low bits of both are zero.
  let largeHigh = isLarger ? high : significandC;
  let largeLow = isLarger ? low : 0;
  let smallHigh = isLarger ? significandC : high;
  let smallLow = isLarger ? 0 : low;
  const exponent = isLarger ? exponentP : exponentC;
  const sign = isLarger ? signP : signC;
  const distance = (isLarger ? exponentP - exponentC : exponentC - exponentP) + 1;
  largeLow = (largeLow >> 1) | (largeHigh << 63);
  largeHigh >>= 1;
  if (distance >= 128) {
    smallLow = 1;
    smallHigh = 0;
  } else if (distance >= 64) {
    const shift = distance - 64;
    const lost = smallLow !== 0 || (shift !== 0 && smallHigh << (64 - shift) !== 0);
    smallLow = (smallHigh >> shift) | u64(lost);
    smallHigh = 0;
  } else {
    const lost = smallLow << (64 - distance) !== 0;
    smallLow = (smallLow >> distance) | (smallHigh << (64 - distance)) | u64(lost);
    smallHigh >>= distance;
  }
  let sumHigh: u64;
  if (signP === signC) {
    sumLow = largeLow + smallLow;
    sumHigh = largeHigh + smallHigh + u64(sumLow < largeLow);
  } else {
    sumLow = largeLow - smallLow;
    sumHigh = largeHigh - smallHigh - u64(largeLow < smallLow);
  }
  if (sumHigh === 0 && sumLow === 0) return roundingMode() === ROUND_DOWN ? signBit(precision) : 0;
  let shift: i32 = 0;
  if (sumHigh === 0) {
    sumHigh = sumLow;
    sumLow = 0;
    shift = 64;
  }
  const zeros = <i32>clz(sumHigh);
  if (zeros !== 0) {
    sumHigh = (sumHigh << zeros) | (sumLow >> (64 - zeros));
    sumLow <<= zeros;
  }
  return round(sign, exponent + 1 - shift - zeros, sumHigh | u64(sumLow !== 0), precision);
}

function invalid(precision: i32): u64 {
  signal(INVALID);
  return indefinite(precision);
}

/** One lane: a * b + c, the product and the addend negated before. NaNs keep their sign. */
function fuse(first: u64, second: u64, third: u64, product: bool, addend: bool, precision: i32): u64 {
  const a = flushed(first, precision);
  const b = flushed(second, precision);
  let c = flushed(third, precision);
  const factorNaN = isNaNBits(a, precision) || isNaNBits(b, precision);
  const infinite = isInfinite(a, precision) || isInfinite(b, precision);
  const zero = isZero(a, precision) || isZero(b, precision);
  if (factorNaN || isNaNBits(c, precision)) {
    const signaling = isSignaling(a, precision) || isSignaling(b, precision) || isSignaling(c, precision);
    if (signaling) signal(INVALID);
    if (isNaNBits(a, precision)) return quiet(a, precision);
    return quiet(isNaNBits(b, precision) ? b : c, precision);
  }
  const top = signBit(precision);
  const sign = (a ^ b ^ (product ? top : 0)) & top;
  if (addend) c ^= top;
  if (infinite && zero) return invalid(precision);
  const infiniteC = isInfinite(c, precision);
  if (infinite && infiniteC && (c & top) !== sign) return invalid(precision);
  if (isDenormal(a, precision) || isDenormal(b, precision) || isDenormal(c, precision)) signal(DENORMAL);
  if (infinite) return sign | infinity(precision);
  if (infiniteC) return c;
  if (zero) {
    if (!isZero(c, precision))
      return round(c & top, exponentOf(c, precision), significandOf(c, precision), precision);
    if ((c & top) === sign) return c;
    return roundingMode() === ROUND_DOWN ? top : 0;
  }
  let high = multiplyWide(significandOf(a, precision), significandOf(b, precision));
  let low = secondWord;
  let exponent = exponentOf(a, precision) + exponentOf(b, precision) + 1;
  if (high >> 63 === 0) {
    high = (high << 1) | (low >> 63);
    low <<= 1;
    exponent--;
  }
  if (isZero(c, precision)) return round(sign, exponent, high | u64(low !== 0), precision);
  return addProduct(sign, exponent, high, low, c, precision);
}

/** One lane, an odd one or not, with what NEGATE_* say. */
function lane(x: u64, y: u64, z: u64, negations: i32, odd: bool, precision: i32): u64 {
  const addend = (negations & (odd ? NEGATE_ODD : NEGATE_EVEN)) !== 0;
  return fuse(x, y, z, (negations & NEGATE_PRODUCT) !== 0, addend, precision);
}

/** Four singles with everything: `negations` are NEGATE_*, of numbers that are not NaNs. Raises #XM. */
export function sseFused32(record: u32, a: v128, b: v128, c: v128, negations: i32): v128 {
  begin();
  let result = i32x4.splat(
    <i32>(
      lane32(i32x4.extract_lane(a, 0), i32x4.extract_lane(b, 0), i32x4.extract_lane(c, 0), negations, false)
    ),
  );
  result = i32x4.replace_lane(
    result,
    1,
    lane32(i32x4.extract_lane(a, 1), i32x4.extract_lane(b, 1), i32x4.extract_lane(c, 1), negations, true),
  );
  result = i32x4.replace_lane(
    result,
    2,
    lane32(i32x4.extract_lane(a, 2), i32x4.extract_lane(b, 2), i32x4.extract_lane(c, 2), negations, false),
  );
  result = i32x4.replace_lane(
    result,
    3,
    lane32(i32x4.extract_lane(a, 3), i32x4.extract_lane(b, 3), i32x4.extract_lane(c, 3), negations, true),
  );
  finish(record);
  return result;
}

function lane32(x: u32, y: u32, z: u32, negations: i32, odd: bool): i32 {
  return <i32>lane(x, y, z, negations, odd, SINGLE);
}

export function sseFused64(record: u32, a: v128, b: v128, c: v128, negations: i32): v128 {
  begin();
  const low = lane(
    i64x2.extract_lane(a, 0),
    i64x2.extract_lane(b, 0),
    i64x2.extract_lane(c, 0),
    negations,
    false,
    DOUBLE,
  );
  const high = lane(
    i64x2.extract_lane(a, 1),
    i64x2.extract_lane(b, 1),
    i64x2.extract_lane(c, 1),
    negations,
    true,
    DOUBLE,
  );
  finish(record);
  return i64x2.replace_lane(i64x2.splat(low), 1, high);
}
