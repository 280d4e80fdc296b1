/**
 * Floating-point numbers with 128-bit significands, for the transcendental functions. They live in slots of
 * linear memory: sign (i32, 0 or 1) at 0, exponent (i32) at 4, significand high word at 8 and low word at 16.
 * The value is significand / 2^127 * 2^exponent with the top bit set; zero has a zero significand. Results are
 * truncated: a few units of 2^-127 off, which is far below a bit of the 64-bit results made from them.
 */
import { EXPONENT_BIAS, INTEGER_BIT, normalExponent, normalSignificand, SIGN } from './format';
import { roundExtended } from './round';
import { divideWide, multiplyWide, secondWord, shiftRightSticky } from './wide-integer';

/** Bytes of one number. */
export const WIDE_SIZE: u32 = 24;

const EXPONENT: u32 = 4;
const HIGH: u32 = 8;
const LOW: u32 = 16;
const EXPONENT_OF_ZERO: i32 = -0x4000_0000;

export function wideExponent(slot: u32): i32 {
  return load<i32>(slot + EXPONENT);
}

/** High word of the significand. */
export function wideHigh(slot: u32): u64 {
  return load<u64>(slot + HIGH);
}

export function wideIsNegative(slot: u32): bool {
  return load<i32>(slot) !== 0;
}

export function wideIsZero(slot: u32): bool {
  return load<u64>(slot + HIGH) === 0;
}

/** Sets a slot from a significand that need not be normalised. */
export function setWide(slot: u32, sign: i32, exponent: i32, high: u64, low: u64): void {
  if (high === 0) {
    high = low;
    low = 0;
    exponent -= 64;
  }
  if (high === 0) {
    exponent = EXPONENT_OF_ZERO;
  } else {
    const shift = clz(high);
    if (shift !== 0) {
      high = (high << shift) | (low >> (64 - shift));
      low <<= shift;
      exponent -= <i32>shift;
    }
  }
  store<i32>(slot, sign);
  store<i32>(slot + EXPONENT, exponent);
  store<u64>(slot + HIGH, high);
  store<u64>(slot + LOW, low);
}

/** A finite double extended-precision number. */
export function setWideExtended(slot: u32, head: i32, a: u64): void {
  const exponent = a === 0 ? 0 : normalExponent(head, a) - EXPONENT_BIAS;
  setWide(slot, i32((head & SIGN) !== 0), exponent, a === 0 ? 0 : normalSignificand(a), 0);
}

export function setWideInteger(slot: u32, value: i32): void {
  setWide(slot, i32(value < 0), 63, <u64>abs(value), 0);
}

export function copyWide(target: u32, source: u32): void {
  memory.copy(target, source, WIDE_SIZE);
}

export function negateWide(slot: u32): void {
  store<i32>(slot, load<i32>(slot) ^ 1);
}

/** Integer part of a number from 0 to 2^31 - 1. */
export function wideToInteger(slot: u32): i32 {
  const exponent = wideExponent(slot);
  return exponent < 0 ? 0 : <i32>(load<u64>(slot + HIGH) >> (63 - exponent));
}

/** Multiplies by 2^power. */
export function scaleWide(slot: u32, power: i32): void {
  store<i32>(slot + EXPONENT, load<i32>(slot + EXPONENT) + power);
}

/** target = a * b; the slots may be the same. */
export function multiplyWideFloat(target: u32, a: u32, b: u32): void {
  const aHigh = load<u64>(a + HIGH);
  const bHigh = load<u64>(b + HIGH);
  const cross1 = multiplyWide(aHigh, load<u64>(b + LOW));
  const cross2 = multiplyWide(load<u64>(a + LOW), bHigh);
  let high = multiplyWide(aHigh, bHigh);
  let low = secondWord + cross1;
  high += u64(low < cross1);
  low += cross2;
  high += u64(low < cross2);
  setWide(target, load<i32>(a) ^ load<i32>(b), wideExponent(a) + wideExponent(b) + 1, high, low);
}

/** target = a + b; the slots may be the same. */
export function addWide(target: u32, a: u32, b: u32): void {
  if (wideExponent(a) < wideExponent(b)) {
    const swap = a;
    a = b;
    b = swap;
  }
  const sign = load<i32>(a);
  const exponent = wideExponent(a);
  let high = load<u64>(a + HIGH);
  let low = load<u64>(a + LOW);
  const distance = min(exponent - wideExponent(b), 128);
  const bHigh = shiftRightSticky(load<u64>(b + HIGH), load<u64>(b + LOW), distance);
  const bLow = secondWord;
  if (sign === load<i32>(b)) {
    low += bLow;
    const carry = u64(low < bLow);
    const sum = high + bHigh;
    high = sum + carry;
    if (sum < bHigh || high < carry) {
      setWide(target, sign, exponent + 1, INTEGER_BIT | (high >> 1), (high << 63) | (low >> 1));
    } else {
      setWide(target, sign, exponent, high, low);
    }
  } else if (high > bHigh || (high === bHigh && low >= bLow)) {
    setWide(target, sign, exponent, high - bHigh - u64(low < bLow), low - bLow);
  } else {
    setWide(target, sign ^ 1, exponent, bHigh - high - u64(bLow < low), bLow - low);
  }
}

/** target = a / b by long division, bit by bit; b is not zero. */
export function divideWideFloat(target: u32, a: u32, b: u32): void {
  let high = load<u64>(a + HIGH);
  let low = load<u64>(a + LOW);
  const bHigh = load<u64>(b + HIGH);
  const bLow = load<u64>(b + LOW);
  let quotientHigh: u64 = 0;
  let quotientLow: u64 = 0;
  let carry: u64 = 0;
  for (let i = 0; i < 128; i++) {
    quotientHigh = (quotientHigh << 1) | (quotientLow >> 63);
    quotientLow <<= 1;
    if (carry !== 0 || high > bHigh || (high === bHigh && low >= bLow)) {
      high = high - bHigh - u64(low < bLow);
      low -= bLow;
      quotientLow |= 1;
    }
    carry = high >> 63;
    high = (high << 1) | (low >> 63);
    low <<= 1;
  }
  setWide(target, load<i32>(a) ^ load<i32>(b), wideExponent(a) - wideExponent(b), quotientHigh, quotientLow);
}

/** Divides by a whole number from 1 to 2^31 - 1. */
export function divideWideSmall(slot: u32, divisor: u32): void {
  const shift = clz<u64>(divisor);
  const normal = (<u64>divisor) << shift;
  const high = load<u64>(slot + HIGH);
  const low = load<u64>(slot + LOW);
  // Times 2^63, so that the highest of the three words is below the divisor.
  const quotientHigh = divideWide(high >> 1, (high << 63) | (low >> 1), normal);
  const quotientLow = divideWide(secondWord, low << 63, normal);
  setWide(slot, load<i32>(slot), wideExponent(slot) - 63 + <i32>shift, quotientHigh, quotientLow);
}

/** The double extended-precision number nearest by rounding control. The value is taken to be inexact. */
export function roundWide(slot: u32): u64 {
  const sign = load<i32>(slot) !== 0 ? SIGN : 0;
  const exponent = max(wideExponent(slot) + EXPONENT_BIAS, -0x1_0000);
  return roundExtended(sign, exponent, load<u64>(slot + HIGH), load<u64>(slot + LOW) | 1);
}
