/**
 * SSE arithmetic and comparison of one lane, exact in every rounding mode, with FTZ, DAZ and exceptions
 * (Intel SDM Vol. 1 "Operating on NaNs", "SIMD Floating-Point Exception Conditions").
 */
import {
  SSE_ADD,
  SSE_COMPARE,
  SSE_MAXIMUM,
  SSE_MINIMUM,
  SSE_MULTIPLY,
  SSE_ROUND,
  SSE_SQUARE_ROOT,
  SSE_SUBTRACT,
} from '../generated/layout';
import { divideWide, multiplyWide, secondWord } from '../x87/wide-integer';
import {
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
  shiftSticky,
  signBit,
  significandOf,
  toDouble,
} from './number';
import {
  DENORMAL,
  INVALID,
  PRECISION,
  ROUND_DOWN,
  ROUND_NEAREST,
  ROUND_UP,
  roundingMode,
  signal,
  ZERO_DIVIDE,
} from './status';

function invalid(precision: i32): u64 {
  signal(INVALID);
  return indefinite(precision);
}

/** Sum of finite or infinite numbers. */
function add(a: u64, b: u64, precision: i32): u64 {
  const top = signBit(precision);
  const infiniteA = isInfinite(a, precision);
  const infiniteB = isInfinite(b, precision);
  if (infiniteA && infiniteB && a !== b) return invalid(precision);
  if (isDenormal(a, precision) || isDenormal(b, precision)) signal(DENORMAL);
  if (infiniteA) return a;
  if (infiniteB) return b;
  const cancelled = roundingMode() === ROUND_DOWN ? top : 0;
  if (isZero(a, precision) && isZero(b, precision)) return a === b ? a : cancelled;
  if (isZero(b, precision))
    return round(a & top, exponentOf(a, precision), significandOf(a, precision), precision);
  if (isZero(a, precision))
    return round(b & top, exponentOf(b, precision), significandOf(b, precision), precision);
  if ((a & (top - 1)) < (b & (top - 1))) {
    const swap = a;
    a = b;
    b = swap;
  }
  const sign = a & top;
  const exponent = exponentOf(a, precision);
  // One bit of room for the carry: at least ten bits below the last place stay.
  const large = significandOf(a, precision) >> 1;
  const small = shiftSticky(significandOf(b, precision), exponent - exponentOf(b, precision) + 1);
  const sum = (b & top) === sign ? large + small : large - small;
  if (sum === 0) return cancelled;
  const shift = clz(sum);
  return round(sign, exponent + 1 - <i32>shift, sum << shift, precision);
}

function multiply(a: u64, b: u64, precision: i32): u64 {
  const sign = (a ^ b) & signBit(precision);
  const infinite = isInfinite(a, precision) || isInfinite(b, precision);
  const zero = isZero(a, precision) || isZero(b, precision);
  if (infinite && zero) return invalid(precision);
  if (isDenormal(a, precision) || isDenormal(b, precision)) signal(DENORMAL);
  if (infinite) return sign | infinity(precision);
  if (zero) return sign;
  const exponent = exponentOf(a, precision) + exponentOf(b, precision) + 1;
  const product = multiplyWide(significandOf(a, precision), significandOf(b, precision));
  const sticky = u64(secondWord !== 0);
  const shift = clz(product);
  return round(sign, exponent - <i32>shift, (product << shift) | sticky, precision);
}

function divide(a: u64, b: u64, precision: i32): u64 {
  const sign = (a ^ b) & signBit(precision);
  const infiniteA = isInfinite(a, precision);
  const infiniteB = isInfinite(b, precision);
  const zeroA = isZero(a, precision);
  const zeroB = isZero(b, precision);
  if ((infiniteA && infiniteB) || (zeroA && zeroB)) return invalid(precision);
  if (zeroB && !infiniteA) {
    signal(ZERO_DIVIDE);
    return sign | infinity(precision);
  }
  if (isDenormal(a, precision) || isDenormal(b, precision)) signal(DENORMAL);
  if (infiniteA) return sign | infinity(precision);
  if (infiniteB || zeroA) return sign;
  const dividend = significandOf(a, precision);
  const quotient = divideWide(dividend >> 1, dividend << 63, significandOf(b, precision));
  const sticky = u64(secondWord !== 0);
  const shift = clz(quotient);
  const exponent = exponentOf(a, precision) - exponentOf(b, precision) - <i32>shift;
  return round(sign, exponent, (quotient << shift) | sticky, precision);
}

function squareRoot(a: u64, precision: i32): u64 {
  if (isNaNBits(a, precision)) {
    if (isSignaling(a, precision)) signal(INVALID);
    return quiet(a, precision);
  }
  if (isZero(a, precision)) return a;
  if ((a & signBit(precision)) !== 0) return invalid(precision);
  if (isDenormal(a, precision)) signal(DENORMAL);
  if (isInfinite(a, precision)) return a;
  const exponent = exponentOf(a, precision);
  const significand = significandOf(a, precision);
  // The radicand, 128 bits, for an even exponent.
  const odd = (exponent & 1) !== 0;
  const high = odd ? significand : significand >> 1;
  const low = odd ? 0 : significand << 63;
  let root: u64 = 0;
  for (let bit: u64 = 0x8000_0000_0000_0000; bit !== 0; bit >>= 1) {
    const square = multiplyWide(root | bit, root | bit);
    if (square < high || (square === high && secondWord <= low)) root |= bit;
  }
  const square = multiplyWide(root, root);
  const sticky = u64(square !== high || secondWord !== low);
  return round(0, exponent >> 1, root | sticky, precision);
}

/** MIN and MAX: the second operand where one is a NaN or both are zero. */
function extremum(a: u64, b: u64, precision: i32, maximum: bool): u64 {
  if (isNaNBits(a, precision) || isNaNBits(b, precision)) {
    signal(INVALID);
    return b;
  }
  if (isDenormal(a, precision) || isDenormal(b, precision)) signal(DENORMAL);
  const x = toDouble(a, precision);
  const y = toDouble(b, precision);
  return (maximum ? x > y : x < y) ? a : b;
}

/** Signals what a comparison of two operands signals. A quiet comparison accepts QNaNs. Returns "unordered". */
export function compareSignals(a: u64, b: u64, precision: i32, quietly: bool): bool {
  if (isNaNBits(a, precision) || isNaNBits(b, precision)) {
    if (!quietly || isSignaling(a, precision) || isSignaling(b, precision)) signal(INVALID);
    return true;
  }
  if (isDenormal(a, precision) || isDenormal(b, precision)) signal(DENORMAL);
  return false;
}

/**
 * CMPcc with predicate 0-31 (Intel SDM Vol. 2 "CMPPD"); a mask of all bits of the format. Bits 0, 1 and 3 say which
 * relation, bit 2 negates it, bit 4 exchanges quiet and signalling comparison.
 */
function compare(a: u64, b: u64, precision: i32, predicate: i32): u64 {
  const quietly = ((predicate & 3) === 0 || (predicate & 3) === 3) !== predicate >= 16;
  const unordered = compareSignals(a, b, precision, quietly);
  const x = toDouble(a, precision);
  const y = toDouble(b, precision);
  let holds = unordered;
  switch (predicate & 11) {
    case 0:
      holds = x === y;
      break;
    case 1:
      holds = x < y;
      break;
    case 2:
      holds = x <= y;
      break;
    case 8:
      holds = x === y || unordered;
      break;
    case 9:
      holds = !(x >= y);
      break;
    case 10:
      holds = !(x > y);
      break;
    case 11:
      holds = false;
      break;
  }
  if ((predicate & 4) !== 0) holds = !holds;
  if (!holds) return 0;
  return precision === SINGLE ? 0xffff_ffff : u64.MAX_VALUE;
}

/** A finite number rounded to a whole one. */
export function roundToIntegral(value: f64, mode: u32): f64 {
  if (mode === ROUND_NEAREST) return nearest(value);
  if (mode === ROUND_DOWN) return floor(value);
  return mode === ROUND_UP ? ceil(value) : trunc(value);
}

/** ROUNDSS and kin: `control` is the immediate: rounding mode, 4 = MXCSR.RC instead, 8 = no precision exception. */
function roundIntegral(a: u64, precision: i32, control: i32): u64 {
  if (isNaNBits(a, precision)) {
    if (isSignaling(a, precision)) signal(INVALID);
    return quiet(a, precision);
  }
  if (isInfinite(a, precision)) return a;
  const value = toDouble(a, precision);
  const rounded = roundToIntegral(value, control & 4 ? roundingMode() : control & 3);
  if (rounded !== value && (control & 8) === 0) signal(PRECISION);
  return precision === SINGLE ? <u64>reinterpret<u32>(<f32>rounded) : reinterpret<u64>(rounded);
}

/** The result of operation SSE_* on one lane. */
export function computeLane(operation: i32, first: u64, second: u64, precision: i32): u64 {
  const a = flushed(first, precision);
  const b = flushed(second, precision);
  if (operation >= SSE_COMPARE) return compare(a, b, precision, operation - SSE_COMPARE);
  if (operation >= SSE_ROUND) return roundIntegral(b, precision, operation - SSE_ROUND);
  if (operation === SSE_MINIMUM) return extremum(a, b, precision, false);
  if (operation === SSE_MAXIMUM) return extremum(a, b, precision, true);
  if (operation === SSE_SQUARE_ROOT) return squareRoot(b, precision);
  if (isNaNBits(a, precision) || isNaNBits(b, precision)) {
    if (isSignaling(a, precision) || isSignaling(b, precision)) signal(INVALID);
    return quiet(isNaNBits(a, precision) ? a : b, precision);
  }
  if (operation === SSE_ADD) return add(a, b, precision);
  if (operation === SSE_SUBTRACT) return add(a, b ^ signBit(precision), precision);
  if (operation === SSE_MULTIPLY) return multiply(a, b, precision);
  return divide(a, b, precision); // SSE_DIVIDE
}
