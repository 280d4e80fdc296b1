/**
 * Rounding to a destination format, with overflow, underflow and inexact results (Intel SDM Vol. 1
 * "Floating-Point Numeric Overflow/Underflow Exception"). A value to round is sign, biased exponent and a
 * 128-bit significand (high:low) with bit 127 set, whose last bit is sticky. Tininess is detected after
 * rounding, as if the exponent had no bounds.
 */
import { EXPONENT_BIAS, EXPONENT_MAX, INTEGER_BIT, pack, packZero, resultHead } from './format';
import {
  C1,
  OVERFLOW,
  PRECISION,
  precisionControl,
  ROUND_DOWN,
  ROUND_NEAREST,
  ROUND_UP,
  roundingControl,
  roundsAsUsual,
  signal,
  UNDERFLOW,
  unmasked,
} from './status';
import { secondWord, shiftRightSticky } from './wide-integer';

/** Added to or taken from the exponent of an unmasked underflow's or overflow's result. */
const EXPONENT_WRAP: i32 = 24576;
const HALF: u64 = 1 << 63;

/** Whether to round away from zero; `fraction` is what is cut off, in units of 2^-64 of the last place. */
export function roundsUp(sign: i32, odd: bool, fraction: u64, mode: i32): bool {
  if (fraction === 0) return false;
  if (mode === ROUND_NEAREST) return fraction > HALF || (fraction === HALF && odd);
  if (mode === ROUND_DOWN) return sign !== 0;
  return mode === ROUND_UP && sign === 0;
}

/** What is below the last place of a significand of `precision` bits. */
function fractionBelow(high: u64, low: u64, precision: i32): u64 {
  return precision === 64 ? low : (high << precision) | u64(low !== 0);
}

/** Whether rounding to `precision` bits carries into a higher exponent. */
function carries(sign: i32, high: u64, low: u64, precision: i32): bool {
  const unit: u64 = 1 << u64(64 - precision);
  if ((high | (unit - 1)) !== u64.MAX_VALUE) return false;
  return roundsUp(sign, true, fractionBelow(high, low, precision), roundingControl());
}

/** Masked response to an exponent that is too large: infinity or the largest finite number. */
function overflowed(sign: i32, unit: u64, limit: i32): u64 {
  signal(OVERFLOW | PRECISION);
  const mode = roundingControl();
  if (mode === ROUND_NEAREST || mode === (sign !== 0 ? ROUND_DOWN : ROUND_UP)) {
    signal(C1);
    return pack(sign | limit, INTEGER_BIT);
  }
  return pack(sign | (limit - 1), ~(unit - 1));
}

/**
 * Rounds to `precision` significand bits in a format with exponents 1 to `limit` - 1. `exponent` is biased as
 * in that format; so is that of the result, whose significand stays left-aligned.
 */
function roundTo(sign: i32, exponent: i32, high: u64, low: u64, precision: i32, limit: i32): u64 {
  let tiny = false;
  if (exponent <= 0) {
    tiny = exponent < 0 || !carries(sign, high, low, precision);
    if (tiny && unmasked(UNDERFLOW)) {
      signal(UNDERFLOW);
      if (limit !== EXPONENT_MAX) return 0; // Goes to memory: nothing is stored.
      exponent += EXPONENT_WRAP;
      // FSCALE can go so far that even the wrapped exponent has no place; likewise below.
      if (exponent <= 0) {
        signal(PRECISION);
        return packZero(sign);
      }
      tiny = false;
    } else {
      high = shiftRightSticky(high, low, 1 - exponent);
      low = secondWord;
      exponent = 0;
    }
  }
  const unit: u64 = 1 << u64(64 - precision);
  const fraction = fractionBelow(high, low, precision);
  high &= ~(unit - 1);
  const up = roundsUp(sign, (high & unit) !== 0, fraction, roundingControl());
  if (up) {
    high += unit;
    if (high === 0) {
      high = INTEGER_BIT;
      exponent++;
    }
  }
  // A denormal may have been rounded up to the smallest normal number.
  if (exponent === 0 && (high & INTEGER_BIT) !== 0) exponent = 1;
  if (exponent >= limit) {
    if (!unmasked(OVERFLOW)) return overflowed(sign, unit, limit);
    signal(OVERFLOW);
    if (limit !== EXPONENT_MAX) return 0; // Goes to memory: nothing is stored.
    exponent -= EXPONENT_WRAP;
    if (exponent >= limit) {
      signal(PRECISION | C1);
      return pack(sign | limit, INTEGER_BIT);
    }
  }
  if (up) signal(C1);
  if (fraction !== 0) signal(tiny ? PRECISION | UNDERFLOW : PRECISION);
  return pack(sign | exponent, high);
}

/** roundTo() in the usual mode, of what can neither overflow nor underflow. Which way it goes is hard to predict: no branch. */
function roundNearest(sign: i32, exponent: i32, high: u64, low: u64): u64 {
  const up = i32(low > HALF) | (i32(low === HALF) & <i32>high & 1);
  signal((up * C1) | (i32(low !== 0) * PRECISION));
  high += u64(up);
  if (high === 0) return pack(sign | (exponent + 1), INTEGER_BIT);
  return pack(sign | exponent, high);
}

/** Rounds a result for a register to 64 bits, whatever the precision control. */
export function roundExtended(sign: i32, exponent: i32, high: u64, low: u64): u64 {
  return roundTo(sign, exponent, high, low, 64, EXPONENT_MAX);
}

/** Rounds a result for a register as precision control says. */
export function roundControlled(sign: i32, exponent: i32, high: u64, low: u64): u64 {
  if (roundsAsUsual() && exponent > 0 && exponent < EXPONENT_MAX - 1)
    return roundNearest(sign, exponent, high, low);
  return roundTo(sign, exponent, high, low, precisionControl(), EXPONENT_MAX);
}

/**
 * Bits of the IEEE single (`precision` 24) or double (53) nearest to a number that is finite and not zero. If an
 * unmasked overflow or underflow is signalled, the value is meaningless and must not be stored.
 */
export function roundToFormat(sign: i32, exponent: i32, significand: u64, precision: i32): u64 {
  const limit = precision === 24 ? 0xff : 0x7ff;
  const bias = limit >> 1;
  const rounded = roundTo(sign, exponent - EXPONENT_BIAS + bias, significand, 0, precision, limit);
  const fractionBits = <u64>(precision - 1);
  const biased = <u64>(resultHead & EXPONENT_MAX);
  const signBit = u64(sign !== 0) << (precision === 24 ? 31 : 63);
  return signBit | (biased << fractionBits) | ((rounded << 1) >> (64 - fractionBits));
}
