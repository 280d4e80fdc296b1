/** Conversions between double extended-precision numbers, signed integers and packed BCD. */
import {
  EXPONENT_BIAS,
  EXPONENT_MAX,
  INTEGER_BIT,
  normalExponent,
  normalSignificand,
  pack,
  packZero,
  SIGN,
} from './format';
import { roundsUp } from './round';
import { C1, INVALID, PRECISION, roundingControl, signal } from './status';
import { secondWord, shiftRightSticky } from './wide-integer';

/** Largest magnitude of 18-digit packed BCD. */
const BCD_MAX: u64 = 999_999_999_999_999_999;

/** A whole number as a floating-point number. */
export function packInteger(value: i64): u64 {
  const magnitude: u64 = value < 0 ? 0 - <u64>value : <u64>value;
  return packMagnitude(value < 0 ? SIGN : 0, magnitude);
}

/** A whole number with a separate sign (SIGN or 0), which zero keeps. */
function packMagnitude(sign: i32, magnitude: u64): u64 {
  if (magnitude === 0) return packZero(sign);
  const shift = clz(magnitude);
  return pack(sign | (EXPONENT_BIAS + 63 - <i32>shift), magnitude << shift);
}

/** What the last roundMagnitude() cut off, in units of 2^-64, and whether it rounded up. */
let fraction: u64 = 0;
let roundedUp: bool = false;

/** Magnitude below 2^63, rounded to a whole number by `mode` (ROUND_*). */
function roundMagnitude(head: i32, a: u64, mode: i32): u64 {
  fraction = 0;
  roundedUp = false;
  if (a === 0) return 0;
  const shift = EXPONENT_BIAS + 63 - normalExponent(head, a);
  const whole = shiftRightSticky(normalSignificand(a), 0, shift);
  fraction = secondWord;
  roundedUp = roundsUp(head & SIGN, (whole & 1) !== 0, fraction, mode);
  return whole + u64(roundedUp);
}

/** Signals what the last roundMagnitude() did. */
function noteRounding(): void {
  if (fraction !== 0) signal(roundedUp ? PRECISION | C1 : PRECISION);
}

/** A finite number below 2^63 in magnitude, rounded to a whole number as rounding control says. */
export function roundToInteger(head: i32, a: u64): u64 {
  const magnitude = roundMagnitude(head, a, roundingControl());
  noteRounding();
  return packMagnitude(head & SIGN, magnitude);
}

/** Whether the magnitude is 2^63 or more, infinite, a NaN or unsupported. */
function isBeyondInteger(head: i32, a: u64): bool {
  const exponent = head & EXPONENT_MAX;
  return exponent >= EXPONENT_BIAS + 63 || (exponent !== 0 && <i64>a >= 0);
}

/**
 * The signed integer of `bits` bits (16, 32 or 64) nearest to a number by `mode` (ROUND_*). Out of range is an
 * invalid operation, with the integer indefinite as the masked result.
 */
export function toInteger(head: i32, a: u64, bits: i32, mode: i32): i64 {
  const limit: u64 = 1 << u64(bits - 1);
  const negative = (head & SIGN) !== 0;
  if (isBeyondInteger(head, a)) {
    if (!(negative && bits === 64 && (head & EXPONENT_MAX) === EXPONENT_BIAS + 63 && a === INTEGER_BIT))
      signal(INVALID);
    return <i64>(0 - limit);
  }
  const magnitude = roundMagnitude(head, a, mode);
  if (magnitude > limit - u64(!negative)) {
    signal(INVALID);
    return <i64>(0 - limit);
  }
  noteRounding();
  return negative ? <i64>(0 - magnitude) : <i64>magnitude;
}

/** The number that packed BCD stands for: 18 digits in the low 9 bytes, sign in the top bit of the tenth. */
export function fromBcd(low: u64, top: u32): u64 {
  let magnitude: u64 = (top >> 4) & 15;
  magnitude = magnitude * 10 + (top & 15);
  for (let shift = 60; shift >= 0; shift -= 4) magnitude = magnitude * 10 + ((low >> shift) & 15);
  return packMagnitude((top >> 8) & 0x80 ? SIGN : 0, magnitude);
}

/** Bytes 8 and 9 of the last toBcd(). */
export let bcdTop: u32 = 0;

/** Packed BCD of a number, low 8 bytes; the rest is in `bcdTop`. Too large is an invalid operation. */
export function toBcd(head: i32, a: u64): u64 {
  if (!isBeyondInteger(head, a)) {
    let magnitude = roundMagnitude(head, a, roundingControl());
    if (magnitude <= BCD_MAX) {
      noteRounding();
      let low: u64 = 0;
      for (let shift = 0; shift < 64; shift += 4) {
        low |= (magnitude % 10) << shift;
        magnitude /= 10;
      }
      bcdTop = <u32>((magnitude % 10) | ((magnitude / 10) << 4)) | ((head & SIGN) !== 0 ? 0x8000 : 0);
      return low;
    }
  }
  signal(INVALID);
  bcdTop = 0xffff;
  return 0xc000_0000_0000_0000;
}
