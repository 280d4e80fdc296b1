/**
 * FSIN, FCOS, FSINCOS, FPTAN and FPATAN (Intel SDM Vol. 2), by series in 128-bit arithmetic. Arguments are
 * reduced with the 66-bit value of pi that the FPU uses (Intel SDM Vol. 1 "Approximation of Pi").
 */
import { invalidResult, isSpecial, noteDenormals, quietNaN, specialSignificand } from './arithmetic';
import { compareMagnitudes } from './compare';
import {
  EXPONENT_BIAS,
  EXPONENT_MAX,
  INTEGER_BIT,
  isDenormal,
  isInfinity,
  isNotANumber,
  isUnsupported,
  pack,
  packZero,
  SIGN,
} from './format';
import { DENORMAL, signal } from './status';
import {
  addWide,
  copyWide,
  divideWideFloat,
  divideWideSmall,
  multiplyWideFloat,
  negateWide,
  roundWide,
  scaleWide,
  setWide,
  setWideExtended,
  setWideInteger,
  WIDE_SIZE,
  wideToInteger,
} from './wide-float';

const SLOTS: u32 = <u32>memory.data(8 * 24, 16);
const X = SLOTS;
const SQUARE = SLOTS + WIDE_SIZE;
const SINE = SLOTS + 2 * WIDE_SIZE;
const COSINE = SLOTS + 3 * WIDE_SIZE;
const ONE = SLOTS + 4 * WIDE_SIZE;
const TERM = SLOTS + 5 * WIDE_SIZE;
const Y = SLOTS + 6 * WIDE_SIZE;
const SUM = SLOTS + 7 * WIDE_SIZE;

/** Terms of the sine and cosine series for |x| <= pi/4, of the arc tangent for |x| <= 1/16. */
const SINE_TERMS: u32 = 13;
const ARC_TANGENT_TERMS: u32 = 12;

/** pi/2 in units of 2^-65, with 66-bit pi. */
const HALF_PI_HIGH: u64 = 3;
const HALF_PI_LOW: u64 = 0x243f_6a88_85a3_08d3;

/** Significands (high and low word) and exponents of atan(n/8), n = 1 to 8. */
const ARC_TANGENTS: u32 = <u32>(
  memory.data<u64>([
    0xfead_d4d5_617b_6e32, 0xc897_989f_3e88_8ef8, 0xfadb_afc9_6406_eb15, 0x6dc7_9ef5_f7a2_17e6,
    0xb7b0_ca0f_26f7_8473, 0x8aa3_2122_dcfe_4483, 0xed63_382b_0dda_7b45, 0x6fe4_45ec_bc3a_8d03,
    0x8f00_5d5e_f7f5_9f9b, 0x5c83_5e16_65c4_3748, 0xa4bc_7d19_34f7_0924, 0x19a8_7f2a_457d_ac9f,
    0xb805_3e2b_c231_9e73, 0xcb2d_a552_10a4_443d, 0xc90f_daa2_2168_c234, 0xc4c6_628b_80dc_1cd1,
  ])
);
const ARC_TANGENT_EXPONENTS: u32 = <u32>memory.data<i8>([-4, -3, -2, -2, -1, -1, -1, -1]);

/** Sine, cosine and tangent are defined for arguments below 2^63 in magnitude; otherwise C2 is set. */
export function isInTrigonometricRange(head: i32, a: u64): bool {
  const exponent = head & EXPONENT_MAX;
  return exponent < EXPONENT_BIAS + 63 || exponent === EXPONENT_MAX || isUnsupported(head, a);
}

/** X = a modulo pi/2, between -pi/4 and pi/4; returns the quotient. `a` is finite, not zero and below 2^63. */
function reduce(head: i32, a: u64): i32 {
  setWideExtended(X, head, a);
  const exponent = (head & EXPONENT_MAX) - EXPONENT_BIAS;
  if (exponent < -1) return 0;
  let high: u64 = 0;
  let low = a;
  let quotient = 0;
  // a * 2^(exponent - 63) is a * 2^(exponent + 2) units of 2^-65.
  for (let i = exponent + 2; i > 0; i--) {
    high = (high << 1) | (low >> 63);
    low <<= 1;
    quotient <<= 1;
    if (high > HALF_PI_HIGH || (high === HALF_PI_HIGH && low >= HALF_PI_LOW)) {
      high = high - HALF_PI_HIGH - u64(low < HALF_PI_LOW);
      low -= HALF_PI_LOW;
      quotient |= 1;
    }
  }
  // What remains to the next multiple, if that is nearer.
  let sign = i32((head & SIGN) !== 0);
  const missingLow = HALF_PI_LOW - low;
  const missingHigh = HALF_PI_HIGH - high - u64(HALF_PI_LOW < low);
  if (missingHigh < high || (missingHigh === high && missingLow < low)) {
    high = missingHigh;
    low = missingLow;
    sign ^= 1;
    quotient++;
  }
  setWide(X, sign, 127 - 65, high, low);
  return (head & SIGN) !== 0 ? -quotient : quotient;
}

/** target = 1 - x^2/(n (n+1)) (1 - x^2/((n+2) (n+3)) (...)), the series of cosine (n = 1) or of sine over x (n = 2). */
function sumSeries(target: u32, n: u32): void {
  copyWide(target, ONE);
  for (let k = n + 2 * SINE_TERMS; ; k -= 2) {
    multiplyWideFloat(target, target, SQUARE);
    divideWideSmall(target, k * (k + 1));
    negateWide(target);
    addWide(target, target, ONE);
    if (k === n) break;
  }
}

/** SINE and COSINE of a number that is finite, not zero and below 2^63. */
function computeSineAndCosine(head: i32, a: u64): void {
  const quadrant = reduce(head, a) & 3;
  setWideInteger(ONE, 1);
  multiplyWideFloat(SQUARE, X, X);
  const odd = (quadrant & 1) !== 0;
  const sine = odd ? COSINE : SINE;
  const cosine = odd ? SINE : COSINE;
  sumSeries(sine, 2);
  multiplyWideFloat(sine, sine, X);
  sumSeries(cosine, 1);
  // sin(x + pi/2) = cos x, cos(x + pi/2) = -sin x
  if (quadrant === 2 || quadrant === 3) negateWide(SINE);
  if (quadrant === 1 || quadrant === 2) negateWide(COSINE);
}

/** Whether a number needs no computation: NaN, unsupported or infinite. The result is then in `notFinite`. */
function isNotFinite(head: i32, a: u64): bool {
  if (isUnsupported(head, a) || isInfinity(head, a)) notFinite = invalidResult();
  else if (isNotANumber(head, a)) notFinite = quietNaN(head, a);
  else return false;
  return true;
}

let notFinite: u64 = 0;

/** The sine. The operand is in trigonometric range, here and below. */
export function sine(head: i32, a: u64): u64 {
  if (isNotFinite(head, a)) return notFinite;
  if (a === 0) return packZero(head & SIGN);
  if (isDenormal(head, a)) signal(DENORMAL);
  computeSineAndCosine(head, a);
  return roundWide(SINE);
}

export function cosine(head: i32, a: u64): u64 {
  if (isNotFinite(head, a)) return notFinite;
  if (a === 0) return pack(EXPONENT_BIAS, INTEGER_BIT);
  if (isDenormal(head, a)) signal(DENORMAL);
  computeSineAndCosine(head, a);
  return roundWide(COSINE);
}

export function tangent(head: i32, a: u64): u64 {
  if (isNotFinite(head, a)) return notFinite;
  if (a === 0) return packZero(head & SIGN);
  if (isDenormal(head, a)) signal(DENORMAL);
  computeSineAndCosine(head, a);
  divideWideFloat(SINE, SINE, COSINE);
  return roundWide(SINE);
}

/** X = atan X, for 0 < X <= 1. */
function computeArcTangent(): void {
  // Nearest n/8: 8 x + 1/2 as an integer.
  setWide(TERM, 0, -1, INTEGER_BIT, 0);
  copyWide(Y, X);
  scaleWide(Y, 3);
  addWide(TERM, TERM, Y);
  const nearest = wideToInteger(TERM);
  if (nearest !== 0) {
    // atan x = atan(n/8) + atan((8 x - n) / (8 + n x))
    setWideInteger(TERM, -nearest);
    addWide(Y, Y, TERM);
    setWideInteger(TERM, nearest);
    multiplyWideFloat(X, X, TERM);
    setWideInteger(TERM, 8);
    addWide(TERM, TERM, X);
    divideWideFloat(X, Y, TERM);
  }
  setWideInteger(ONE, 1);
  multiplyWideFloat(SQUARE, X, X);
  negateWide(SQUARE);
  setWideInteger(SUM, 0);
  for (let k = ARC_TANGENT_TERMS; ; k--) {
    copyWide(TERM, ONE);
    divideWideSmall(TERM, 2 * k + 1);
    addWide(SUM, SUM, TERM);
    if (k === 0) break;
    multiplyWideFloat(SUM, SUM, SQUARE);
  }
  multiplyWideFloat(X, X, SUM);
  if (nearest === 0) return;
  const entry = ARC_TANGENTS + (nearest - 1) * 16;
  const exponent = load<i8>(ARC_TANGENT_EXPONENTS + nearest - 1);
  setWide(TERM, 0, exponent, load<u64>(entry), load<u64>(entry + 8));
  addWide(X, X, TERM);
}

/** X = base - X with `sign` 1, base + X with 0, for base = pi * 2^exponent. */
function addToPi(exponent: i32, sign: i32): void {
  setPi(TERM, exponent);
  if (sign !== 0) negateWide(X);
  addWide(X, X, TERM);
}

/** pi * 2^exponent. */
function setPi(slot: u32, exponent: i32): void {
  setWide(slot, 0, exponent + 1, 0xc90f_daa2_2168_c234, 0xc4c6_628b_80dc_1cd1);
}

/** FPATAN: the angle of the point (x, y), between -pi and pi (Intel SDM Vol. 2 "FPATAN", table of results). */
export function arcTangent(xHead: i32, x: u64, yHead: i32, y: u64): u64 {
  if (isSpecial(yHead, y, xHead, x)) return specialSignificand;
  noteDenormals(xHead, x, yHead, y);
  const left = (xHead & SIGN) !== 0;
  const xInfinite = isInfinity(xHead, x);
  const yInfinite = isInfinity(yHead, y);
  if (xInfinite && yInfinite) {
    setPi(X, -2);
    if (left) addToPi(-1, 0);
  } else if (y === 0 || xInfinite) {
    if (!left) return packZero(yHead & SIGN);
    setPi(X, 0);
  } else if (x === 0 || yInfinite) {
    setPi(X, -1);
  } else {
    setWideExtended(X, xHead & ~SIGN, x);
    setWideExtended(Y, yHead & ~SIGN, y);
    if (compareMagnitudes(xHead, x, yHead, y) > 0) {
      divideWideFloat(X, Y, X);
      computeArcTangent();
      if (left) addToPi(0, 1);
    } else {
      divideWideFloat(X, X, Y);
      computeArcTangent();
      addToPi(-1, i32(!left));
    }
  }
  if ((yHead & SIGN) !== 0) negateWide(X);
  return roundWide(X);
}
