/** Conversions between IEEE single and double precision and the double extended-precision format. */
import { invalidResult, quietNaN } from './arithmetic';
import {
  EXPONENT_BIAS,
  EXPONENT_MAX,
  INTEGER_BIT,
  isNotANumber,
  isUnsupported,
  normalExponent,
  normalSignificand,
  pack,
  packZero,
  SIGN,
} from './format';
import { roundToFormat } from './round';

/** Whether the last number extended was a denormal, which as a double extended-precision number it is not. */
export let wasDenormal: bool = false;

/** An IEEE number whose fraction is given left-aligned; `bias` is 127 or 1023. Signaling NaNs stay signaling. */
function extend(sign: i32, exponent: i32, fraction: u64, bias: i32): u64 {
  wasDenormal = false;
  if (exponent === 2 * bias + 1) return pack(sign | EXPONENT_MAX, INTEGER_BIT | (fraction >> 1));
  if (exponent !== 0) return pack(sign | (exponent - bias + EXPONENT_BIAS), INTEGER_BIT | (fraction >> 1));
  if (fraction === 0) return packZero(sign);
  wasDenormal = true;
  const shift = clz(fraction);
  return pack(sign | (EXPONENT_BIAS - bias - <i32>shift), fraction << shift);
}

/** The number in the bits of an IEEE single. */
export function extendSingle(bits: u32): u64 {
  return extend(<i32>((bits >> 16) & SIGN), <i32>((bits >> 23) & 0xff), (<u64>bits) << 41, 127);
}

/** The number in the bits of an IEEE double. */
export function extendDouble(bits: u64): u64 {
  return extend(<i32>(bits >> 48) & SIGN, <i32>(bits >> 52) & 0x7ff, bits << 12, 1023);
}

/**
 * Bits of the nearest IEEE single (`precision` 24) or double (53), as rounding control says. After an unmasked
 * exception other than precision the value is meaningless.
 */
export function narrow(head: i32, a: u64, precision: i32): u64 {
  const fractionBits = <u64>(precision - 1);
  const signBit = u64((head & SIGN) !== 0) << (precision === 24 ? 31 : 63);
  const infinity: u64 = (precision === 24 ? <u64>0xff : <u64>0x7ff) << fractionBits;
  if (isUnsupported(head, a)) {
    const quiet = invalidResult();
    return ((<u64>1) << (precision === 24 ? 31 : 63)) | infinity | ((quiet << 1) >> (64 - fractionBits));
  }
  if (isNotANumber(head, a)) return signBit | infinity | ((quietNaN(head, a) << 1) >> (64 - fractionBits));
  if ((head & EXPONENT_MAX) === EXPONENT_MAX) return signBit | infinity;
  if (a === 0) return signBit;
  return roundToFormat(head & SIGN, normalExponent(head, a), normalSignificand(a), precision);
}
