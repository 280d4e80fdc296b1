/** F2XM1, FYL2X and FYL2XP1 (Intel SDM Vol. 2), by series in 128-bit arithmetic. */
import { invalidResult, isSpecial, noteDenormals, quietNaN, specialSignificand } from './arithmetic';
import {
  EXPONENT_BIAS,
  EXPONENT_MAX,
  INTEGER_BIT,
  isDenormal,
  isInfinity,
  isNotANumber,
  isUnsupported,
  pack,
  packInfinity,
  packZero,
  SIGN,
} from './format';
import { DENORMAL, PRECISION, signal, ZERO_DIVIDE } from './status';
import {
  addWide,
  copyWide,
  divideWideFloat,
  divideWideSmall,
  multiplyWideFloat,
  roundWide,
  scaleWide,
  setWide,
  setWideExtended,
  setWideInteger,
  WIDE_SIZE,
  wideExponent,
  wideHigh,
  wideIsNegative,
  wideIsZero,
} from './wide-float';

const SLOTS: u32 = <u32>memory.data(6 * 24, 16);
const X = SLOTS;
const SUM = SLOTS + WIDE_SIZE;
const TERM = SLOTS + 2 * WIDE_SIZE;
const SQUARE = SLOTS + 3 * WIDE_SIZE;
const ONE = SLOTS + 4 * WIDE_SIZE;
const FACTOR = SLOTS + 5 * WIDE_SIZE;

/** Terms that bring the error of exp(y) - 1, |y| <= ln 2, below 2^-90. */
const EXPONENTIAL_TERMS: u32 = 26;
/** Terms of artanh(s) / s, |s| <= 0.172. */
const LOGARITHM_TERMS: u32 = 20;
/** Significand of the square root of 2, high word. */
const ROOT_2: u64 = 0xb504_f333_f9de_6484;

/** 2^x - 1 for -1 <= x <= 1; outside that, the operand. */
export function exponentialMinusOne(head: i32, a: u64): u64 {
  if (isUnsupported(head, a)) return invalidResult();
  if (isNotANumber(head, a)) return quietNaN(head, a);
  if (a === 0) return packZero(head & SIGN);
  if (isInfinity(head, a))
    return (head & SIGN) !== 0 ? pack(SIGN | EXPONENT_BIAS, INTEGER_BIT) : packInfinity(0);
  if (isDenormal(head, a)) signal(DENORMAL);
  const exponent = head & EXPONENT_MAX;
  if (exponent >= EXPONENT_BIAS) {
    // At 1 the result is 1, at -1 it is -1/2.
    signal(PRECISION);
    const isMinusOne = head === (SIGN | EXPONENT_BIAS) && a === INTEGER_BIT;
    return pack(isMinusOne ? SIGN | (EXPONENT_BIAS - 1) : head, a);
  }
  setWideInteger(ONE, 1);
  setWide(FACTOR, 0, -1, 0xb172_17f7_d1cf_79ab, 0xc9e3_b398_03f2_f6af); // ln 2
  setWideExtended(X, head, a);
  multiplyWideFloat(X, X, FACTOR);
  // (e^y - 1) / y = 1 + y/2 (1 + y/3 (1 + ...))
  copyWide(SUM, ONE);
  for (let n = EXPONENTIAL_TERMS; n >= 2; n--) {
    multiplyWideFloat(SUM, SUM, X);
    divideWideSmall(SUM, n);
    addWide(SUM, SUM, ONE);
  }
  multiplyWideFloat(SUM, SUM, X);
  return roundWide(SUM);
}

/** SUM = log2((1 + s) / (1 - s)) for s in X. */
function sumLogarithm(): void {
  setWideInteger(ONE, 1);
  multiplyWideFloat(SQUARE, X, X);
  setWideInteger(SUM, 0);
  for (let k = LOGARITHM_TERMS; ; k--) {
    copyWide(TERM, ONE);
    divideWideSmall(TERM, 2 * k + 1);
    addWide(SUM, SUM, TERM);
    if (k === 0) break;
    multiplyWideFloat(SUM, SUM, SQUARE);
  }
  setWide(FACTOR, 0, 1, 0xb8aa_3b29_5c17_f0bb, 0xbe87_fed0_691d_3e89); // 2 / ln 2
  multiplyWideFloat(SUM, SUM, X);
  multiplyWideFloat(SUM, SUM, FACTOR);
}

/** SUM = log2 X, for X > 0. */
function reduceLogarithm(): void {
  // X = m * 2^exponent with m between the roots of 1/2 and 2; log2 m = 2/ln 2 * artanh((m - 1) / (m + 1)).
  let exponent = wideExponent(X);
  if (wideHigh(X) > ROOT_2) exponent++;
  scaleWide(X, -exponent);
  setWideInteger(ONE, 1);
  addWide(TERM, X, ONE);
  setWideInteger(ONE, -1);
  addWide(X, X, ONE);
  if (wideIsZero(X)) {
    setWideInteger(SUM, exponent);
    return;
  }
  divideWideFloat(X, X, TERM);
  sumLogarithm();
  setWideInteger(TERM, exponent);
  addWide(SUM, SUM, TERM);
}

/** y times the logarithm in SUM, which is not zero; y is finite and not zero. */
function multiplyLogarithm(yHead: i32, y: u64): u64 {
  setWideExtended(FACTOR, yHead, y);
  multiplyWideFloat(SUM, SUM, FACTOR);
  return roundWide(SUM);
}

/** FYL2X: y * log2(x). */
export function logarithm(xHead: i32, x: u64, yHead: i32, y: u64): u64 {
  if (isSpecial(yHead, y, xHead, x)) return specialSignificand;
  const ySign = yHead & SIGN;
  if (x === 0) {
    if (y === 0) return invalidResult();
    if (!isInfinity(yHead, y)) signal(ZERO_DIVIDE);
    return packInfinity(ySign ^ SIGN);
  }
  if ((xHead & SIGN) !== 0) return invalidResult();
  const isOne = xHead === EXPONENT_BIAS && x === INTEGER_BIT;
  if (isInfinity(xHead, x)) {
    if (y === 0) return invalidResult();
    noteDenormals(xHead, x, yHead, y);
    return packInfinity(ySign);
  }
  const below = (xHead & EXPONENT_MAX) < EXPONENT_BIAS;
  if (isInfinity(yHead, y)) {
    if (isOne) return invalidResult();
    noteDenormals(xHead, x, yHead, y);
    return packInfinity(below ? ySign ^ SIGN : ySign);
  }
  noteDenormals(xHead, x, yHead, y);
  if (isOne || y === 0) return packZero(below ? ySign ^ SIGN : ySign);
  setWideExtended(X, xHead, x);
  reduceLogarithm();
  return multiplyLogarithm(yHead, y);
}

/** FYL2XP1: y * log2(x + 1), for x between root(1/2) - 1 and root(2) - 1 without loss of precision. */
export function logarithmPlusOne(xHead: i32, x: u64, yHead: i32, y: u64): u64 {
  if (isSpecial(yHead, y, xHead, x)) return specialSignificand;
  const sign = (xHead ^ yHead) & SIGN;
  if (isInfinity(xHead, x)) {
    if (y === 0 || (xHead & SIGN) !== 0) return invalidResult();
    noteDenormals(xHead, x, yHead, y);
    return packInfinity(sign);
  }
  if (isInfinity(yHead, y)) {
    if (x === 0) return invalidResult();
    noteDenormals(xHead, x, yHead, y);
    return packInfinity(sign);
  }
  noteDenormals(xHead, x, yHead, y);
  if (x === 0 || y === 0) return packZero(sign);
  setWideExtended(X, xHead, x);
  if ((xHead & EXPONENT_MAX) >= EXPONENT_BIAS - 2) {
    // Beyond a quarter, 1 + x is exact enough, and the series below would converge too slowly.
    setWideInteger(ONE, 1);
    addWide(X, X, ONE);
    if (wideIsZero(X) || wideIsNegative(X)) {
      // There is no logarithm; the manual leaves the result undefined, processors return x.
      signal(PRECISION);
      return pack(xHead, x);
    }
    reduceLogarithm();
    return multiplyLogarithm(yHead, y);
  }
  // log2(1 + x) = 2/ln 2 * artanh(x / (2 + x))
  setWideInteger(TERM, 2);
  addWide(TERM, TERM, X);
  divideWideFloat(X, X, TERM);
  sumLogarithm();
  return multiplyLogarithm(yHead, y);
}
