/** Addition, subtraction, multiplication, division and square root of double extended-precision numbers. */
import {
  EXPONENT_BIAS,
  INDEFINITE_HEAD,
  INDEFINITE_SIGNIFICAND,
  INTEGER_BIT,
  isDenormal,
  isInfinity,
  isNotANumber,
  isSignaling,
  isUnsupported,
  normalExponent,
  normalSignificand,
  pack,
  packInfinity,
  packZero,
  QUIET_BIT,
  SIGN,
} from './format';
import { roundControlled } from './round';
import { DENORMAL, INVALID, ROUND_DOWN, roundingControl, signal, ZERO_DIVIDE } from './status';
import { divideWide, multiplyWide, secondWord, shiftRightSticky } from './wide-integer';

/** Signals an invalid operation; its masked result. */
export function invalidResult(): u64 {
  signal(INVALID);
  return pack(INDEFINITE_HEAD, INDEFINITE_SIGNIFICAND);
}

/** The result of an operation on one NaN. */
export function quietNaN(head: i32, significand: u64): u64 {
  if ((significand & QUIET_BIT) === 0) signal(INVALID);
  return pack(head, significand | QUIET_BIT);
}

/** The result of an operation of which at least one operand is a NaN (Intel SDM Vol. 1 "Rules for Handling NaNs"). */
function propagateNaN(aHead: i32, a: u64, bHead: i32, b: u64): u64 {
  const aSignals = isSignaling(aHead, a);
  const bSignals = isSignaling(bHead, b);
  if (aSignals || bSignals) signal(INVALID);
  let takeA = isNotANumber(aHead, a);
  if (takeA && isNotANumber(bHead, b)) {
    if (aSignals !== bSignals) takeA = bSignals;
    else if (a !== b) takeA = a > b;
    else takeA = (aHead & SIGN) === 0;
  }
  return takeA ? pack(aHead, a | QUIET_BIT) : pack(bHead, b | QUIET_BIT);
}

/**
 * Whether the operands need no arithmetic because one is a NaN or unsupported: then the result is in
 * `specialSignificand` and resultHead.
 */
export function isSpecial(aHead: i32, a: u64, bHead: i32, b: u64): bool {
  if (isUnsupported(aHead, a) || isUnsupported(bHead, b)) {
    specialSignificand = invalidResult();
    return true;
  }
  if (isNotANumber(aHead, a) || isNotANumber(bHead, b)) {
    specialSignificand = propagateNaN(aHead, a, bHead, b);
    return true;
  }
  return false;
}

export let specialSignificand: u64 = 0;

/** Signals a denormal operand if one of the two is. */
export function noteDenormals(aHead: i32, a: u64, bHead: i32, b: u64): void {
  if (isDenormal(aHead, a) || isDenormal(bHead, b)) signal(DENORMAL);
}

/** Sum of two magnitudes; `a` is the larger exponent. */
function addMagnitudes(sign: i32, exponent: i32, a: u64, distance: i32, b: u64): u64 {
  const high = shiftRightSticky(b, 0, distance);
  const low = secondWord;
  const sum = a + high;
  if (sum >= a) return roundControlled(sign, exponent, sum, low);
  return roundControlled(sign, exponent + 1, (sum >> 1) | INTEGER_BIT, (sum << 63) | (low >> 1) | (low & 1));
}

/** Difference of two magnitudes, `a` larger than b. */
function subtractMagnitudes(sign: i32, exponent: i32, a: u64, distance: i32, b: u64): u64 {
  const shifted = shiftRightSticky(b, 0, distance);
  let low: u64 = 0 - secondWord;
  let high = a - shifted - u64(low !== 0);
  if (high === 0) {
    high = low;
    low = 0;
    exponent -= 64;
  }
  const shift = clz(high);
  if (shift !== 0) {
    high = (high << shift) | (low >> (64 - shift));
    low <<= shift;
  }
  return roundControlled(sign, exponent - <i32>shift, high, low);
}

/** a + b; `flip` is SIGN to subtract instead, else 0. */
export function addOrSubtract(aHead: i32, a: u64, bHead: i32, b: u64, flip: i32): u64 {
  const aSign = aHead & SIGN;
  const bSign = (bHead & SIGN) ^ flip;
  if (isSpecial(aHead, a, bHead, b)) return specialSignificand;
  if (isInfinity(aHead, a)) {
    if (isInfinity(bHead, b) && aSign !== bSign) return invalidResult();
    noteDenormals(aHead, a, bHead, b);
    return packInfinity(aSign);
  }
  noteDenormals(aHead, a, bHead, b);
  if (isInfinity(bHead, b)) return packInfinity(bSign);
  if (b === 0) {
    if (a !== 0) return roundControlled(aSign, normalExponent(aHead, a), normalSignificand(a), 0);
    if (aSign === bSign) return packZero(aSign);
    return packZero(roundingControl() === ROUND_DOWN ? SIGN : 0);
  }
  const bExponent = normalExponent(bHead, b);
  b = normalSignificand(b);
  if (a === 0) return roundControlled(bSign, bExponent, b, 0);
  return addNumbers(aSign, normalExponent(aHead, a), normalSignificand(a), bSign, bExponent, b);
}

/** The sum of two numbers whose significands have the integer bit set. */
function addNumbers(aSign: i32, aExponent: i32, a: u64, bSign: i32, bExponent: i32, b: u64): u64 {
  const distance = aExponent - bExponent;
  if (aSign === bSign) {
    if (distance >= 0) return addMagnitudes(aSign, aExponent, a, distance, b);
    return addMagnitudes(aSign, bExponent, b, -distance, a);
  }
  if (distance === 0 && a === b) return packZero(roundingControl() === ROUND_DOWN ? SIGN : 0);
  if (distance > 0 || (distance === 0 && a > b)) return subtractMagnitudes(aSign, aExponent, a, distance, b);
  return subtractMagnitudes(bSign, bExponent, b, -distance, a);
}

export function multiply(aHead: i32, a: u64, bHead: i32, b: u64): u64 {
  const sign = (aHead ^ bHead) & SIGN;
  if (isSpecial(aHead, a, bHead, b)) return specialSignificand;
  const infinite = isInfinity(aHead, a) || isInfinity(bHead, b);
  if (infinite && (a === 0 || b === 0)) return invalidResult();
  noteDenormals(aHead, a, bHead, b);
  if (infinite) return packInfinity(sign);
  if (a === 0 || b === 0) return packZero(sign);
  const exponents = normalExponent(aHead, a) + normalExponent(bHead, b);
  return multiplyNumbers(sign, exponents, normalSignificand(a), normalSignificand(b));
}

/** The product of two numbers whose significands have the integer bit set; `exponents` is the sum of theirs. */
function multiplyNumbers(sign: i32, exponents: i32, a: u64, b: u64): u64 {
  let exponent = exponents - EXPONENT_BIAS + 1;
  let high = multiplyWide(a, b);
  let low = secondWord;
  if ((high & INTEGER_BIT) === 0) {
    high = (high << 1) | (low >> 63);
    low <<= 1;
    exponent--;
  }
  return roundControlled(sign, exponent, high, low);
}

/** a / b. */
export function divide(aHead: i32, a: u64, bHead: i32, b: u64): u64 {
  if (isSpecial(aHead, a, bHead, b)) return specialSignificand;
  const sign = (aHead ^ bHead) & SIGN;
  if (isInfinity(aHead, a)) {
    if (isInfinity(bHead, b)) return invalidResult();
    noteDenormals(aHead, a, bHead, b);
    return packInfinity(sign);
  }
  if (b === 0) {
    if (a === 0) return invalidResult();
    signal(ZERO_DIVIDE);
    return packInfinity(sign);
  }
  noteDenormals(aHead, a, bHead, b);
  if (a === 0 || isInfinity(bHead, b)) return packZero(sign);
  let exponent = normalExponent(aHead, a) - normalExponent(bHead, b) + EXPONENT_BIAS;
  a = normalSignificand(a);
  b = normalSignificand(b);
  let dividendLow: u64 = 0;
  if (a < b) {
    exponent--;
  } else {
    dividendLow = a << 63;
    a >>= 1;
  }
  const high = divideWide(a, dividendLow, b);
  const low = divideWide(secondWord, 0, b);
  return roundControlled(sign, exponent, high, low | u64(secondWord !== 0));
}

/**
 * Root of a significand pair (high:low) of 128 bits with a bit in its top two: 64 bits, and what is left as a sticky fraction.
 * The upper half is the root of `high`, the lower half a quotient that is at most one too large (Zimmermann, "Karatsuba
 * Square Root").
 */
export function rootDigits(high: u64, low: u64): u64 {
  let upper = <u64>Math.sqrt(<f64>high);
  // The double is rounded: it may be one away.
  if (upper > 0xffff_ffff || upper * upper > high) upper--;
  else if (high - upper * upper > 2 * upper) upper++;
  const rest = high - upper * upper;
  // (rest : upper half of low) / (2 * upper), of numbers that are one bit too long.
  const half = (rest << 31) | (low >> 33);
  const quotient = half / upper;
  const left = ((half - quotient * upper) << 1) | ((low >> 32) & 1);
  let root = (upper << 32) + quotient;
  // (restHigh : restLow) = (high : low) - root^2; a quotient of 2^32 has the square 2^64.
  const square = quotient * quotient;
  const leftLow = (left << 32) | (low & 0xffff_ffff);
  let restLow = leftLow - square;
  let restHigh = <i64>(left >> 32) - i64(quotient >> 32 !== 0) - i64(leftLow < square);
  if (restHigh < 0) {
    root--;
    const doubled = (root << 1) | 1;
    restLow += doubled;
    restHigh += <i64>(root >> 63) + i64(restLow < doubled);
  }
  // (root + 1/2)^2 = root^2 + root + 1/4: never exactly half way.
  if (restHigh === 0 && restLow === 0) rootFraction = 0;
  else rootFraction = restHigh !== 0 || restLow > root ? 0xc000_0000_0000_0000 : 0x4000_0000_0000_0000;
  return root;
}

export let rootFraction: u64 = 0;

export function squareRoot(head: i32, a: u64): u64 {
  if (isUnsupported(head, a)) return invalidResult();
  if (isNotANumber(head, a)) return quietNaN(head, a);
  if (a === 0) return packZero(head & SIGN);
  if ((head & SIGN) !== 0) return invalidResult();
  if (isInfinity(head, a)) return packInfinity(0);
  if (isDenormal(head, a)) signal(DENORMAL);
  const exponent = normalExponent(head, a) - EXPONENT_BIAS;
  a = normalSignificand(a);
  // The radicand is a * 2^63 or a * 2^64, so that half the exponent is a whole number.
  const odd = (exponent & 1) !== 0;
  const root = odd ? rootDigits(a, 0) : rootDigits(a >> 1, a << 63);
  return roundControlled(0, (exponent >> 1) + EXPONENT_BIAS, root, rootFraction);
}
