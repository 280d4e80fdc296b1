/**
 * IEEE half, single and double precision numbers as bits, the format given by its `precision` (11, 24 or 53): classes of
 * numbers, unpacking, and rounding to the format as MXCSR says.
 *
 * An unpacked number is sign (in place, as in the bits), exponent and 64-bit significand with the top bit set;
 * its value is significand / 2^63 * 2^exponent. Zero has significand 0. Bit 0 of a significand to be rounded is
 * sticky. Tininess is detected after rounding.
 */
import {
  denormalsAreZeros,
  flushToZero,
  OVERFLOW,
  PRECISION,
  ROUND_DOWN,
  ROUND_NEAREST,
  ROUND_UP,
  roundingMode,
  signal,
  UNDERFLOW,
  unmasked,
} from './status';

export const HALF: i32 = 11;
export const SINGLE: i32 = 24;
export const DOUBLE: i32 = 53;

export function signBit(precision: i32): u64 {
  if (precision === HALF) return 0x8000;
  return precision === SINGLE ? 0x8000_0000 : 0x8000_0000_0000_0000;
}

/** Bits of positive infinity. */
export function infinity(precision: i32): u64 {
  if (precision === HALF) return 0x7c00;
  return precision === SINGLE ? 0x7f80_0000 : 0x7ff0_0000_0000_0000;
}

function quietBit(precision: i32): u64 {
  return (<u64>1) << (precision - 2);
}

/** The QNaN that invalid operations give: "QNaN floating-point indefinite". */
export function indefinite(precision: i32): u64 {
  return signBit(precision) | infinity(precision) | quietBit(precision);
}

function magnitude(bits: u64, precision: i32): u64 {
  return bits & (signBit(precision) - 1);
}

export function isNaNBits(bits: u64, precision: i32): bool {
  return magnitude(bits, precision) > infinity(precision);
}

export function isSignaling(bits: u64, precision: i32): bool {
  return isNaNBits(bits, precision) && (bits & quietBit(precision)) === 0;
}

export function quiet(bits: u64, precision: i32): u64 {
  return bits | quietBit(precision);
}

export function isInfinite(bits: u64, precision: i32): bool {
  return magnitude(bits, precision) === infinity(precision);
}

export function isZero(bits: u64, precision: i32): bool {
  return magnitude(bits, precision) === 0;
}

export function isDenormal(bits: u64, precision: i32): bool {
  const size = magnitude(bits, precision);
  return size !== 0 && size < (<u64>1) << (precision - 1);
}

/** The operand as MXCSR.DAZ makes it. */
export function flushed(bits: u64, precision: i32): u64 {
  return denormalsAreZeros() && isDenormal(bits, precision) ? bits & signBit(precision) : bits;
}

/** A finite number as f64: exact. */
export function toDouble(bits: u64, precision: i32): f64 {
  return precision === SINGLE ? <f64>reinterpret<f32>(<u32>bits) : reinterpret<f64>(bits);
}

function bias(precision: i32): i32 {
  if (precision === HALF) return 15;
  return precision === SINGLE ? 127 : 1023;
}

/** Significand of a finite number. */
export function significandOf(bits: u64, precision: i32): u64 {
  const fraction = magnitude(bits, precision) << (64 - precision);
  if (bits & infinity(precision)) return fraction | 0x8000_0000_0000_0000;
  return fraction === 0 ? 0 : fraction << clz(fraction);
}

/** Exponent of a finite number that is not zero. */
export function exponentOf(bits: u64, precision: i32): i32 {
  const biased = <i32>((bits & infinity(precision)) >> (precision - 1));
  if (biased !== 0) return biased - bias(precision);
  return 1 - bias(precision) - <i32>clz(magnitude(bits, precision) << (64 - precision));
}

/** Shifts right; what falls out is kept as the sticky bit 0. */
export function shiftSticky(significand: u64, count: i32): u64 {
  if (count === 0) return significand;
  if (count > 63) return u64(significand !== 0);
  return (significand >> count) | u64(significand << (64 - count) !== 0);
}

/** Rounds at bit `cut` (1 to 63); wraps to 0 if the carry leaves the word. */
function roundAt(negative: bool, significand: u64, cut: i32): u64 {
  const unit = (<u64>1) << cut;
  const rest = significand & (unit - 1);
  const kept = significand - rest;
  if (rest === 0) return kept;
  const half = unit >> 1;
  const mode = roundingMode();
  let up: bool = false;
  if (mode === ROUND_NEAREST) up = rest > half || (rest === half && (significand & unit) !== 0);
  else if (mode === ROUND_DOWN) up = negative;
  else if (mode === ROUND_UP) up = !negative;
  return up ? kept + unit : kept;
}

/** Bits of an unpacked number rounded to a format. `sign` is its sign bit in place. */
export function round(sign: u64, exponent: i32, significand: u64, precision: i32): u64 {
  const cut = 64 - precision;
  const negative = sign !== 0;
  const discarded = ((<u64>1) << cut) - 1;
  const maximum = 2 * bias(precision) + 1;
  let biased = exponent + bias(precision);
  if (biased <= 0) {
    // Zero: the carry out of rounding makes it the smallest normal number.
    const tiny = biased < 0 || roundAt(negative, significand, cut) !== 0;
    const denormal = shiftSticky(significand, 1 - biased);
    const inexact = (denormal & discarded) !== 0;
    if (tiny && unmasked(UNDERFLOW)) {
      signal(UNDERFLOW);
      if ((significand & discarded) !== 0) signal(PRECISION);
      return sign;
    }
    if (tiny && flushToZero()) {
      signal(UNDERFLOW | PRECISION);
      return sign;
    }
    if (inexact) signal(tiny ? UNDERFLOW | PRECISION : PRECISION);
    return sign | (roundAt(negative, denormal, cut) >> cut);
  }
  const inexact = (significand & discarded) !== 0;
  let rounded = roundAt(negative, significand, cut);
  if (rounded === 0) {
    rounded = 0x8000_0000_0000_0000;
    biased++;
  }
  if (biased >= maximum) {
    signal(OVERFLOW);
    if (inexact || !unmasked(OVERFLOW)) signal(PRECISION);
    const mode = roundingMode();
    const away = mode === ROUND_NEAREST || mode === (negative ? ROUND_DOWN : ROUND_UP);
    return sign | (away ? infinity(precision) : infinity(precision) - 1);
  }
  if (inexact) signal(PRECISION);
  const fraction = (rounded >> cut) & (((<u64>1) << (precision - 1)) - 1);
  return sign | ((<u64>biased) << (precision - 1)) | fraction;
}
