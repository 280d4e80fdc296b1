/** FRNDINT, FSCALE and FXTRACT (Intel SDM Vol. 2). */
import { invalidResult, isSpecial, noteDenormals, quietNaN, specialSignificand } from './arithmetic';
import {
  EXPONENT_BIAS,
  EXPONENT_MAX,
  isDenormal,
  isInfinity,
  isNotANumber,
  isUnsupported,
  normalExponent,
  normalSignificand,
  pack,
  packInfinity,
  packZero,
  resultHead,
  SIGN,
} from './format';
import { packInteger, roundToInteger } from './integer';
import { roundExtended } from './round';
import { DENORMAL, signal, ZERO_DIVIDE } from './status';

/** FRNDINT. */
export function roundInteger(head: i32, a: u64): u64 {
  if (isUnsupported(head, a)) return invalidResult();
  if (isNotANumber(head, a)) return quietNaN(head, a);
  if (isDenormal(head, a)) signal(DENORMAL);
  if ((head & EXPONENT_MAX) >= EXPONENT_BIAS + 63) return pack(head, a);
  return roundToInteger(head, a);
}

/** FSCALE: a * 2^trunc(b). */
export function scale(aHead: i32, a: u64, bHead: i32, b: u64): u64 {
  if (isSpecial(aHead, a, bHead, b)) return specialSignificand;
  const sign = aHead & SIGN;
  if (isInfinity(bHead, b)) {
    const down = (bHead & SIGN) !== 0;
    if (down ? isInfinity(aHead, a) : a === 0) return invalidResult();
    noteDenormals(aHead, a, bHead, b);
    return down ? packZero(sign) : packInfinity(sign);
  }
  noteDenormals(aHead, a, bHead, b);
  if (a === 0 || isInfinity(aHead, a)) return pack(aHead, a);
  const bExponent = (bHead & EXPONENT_MAX) - EXPONENT_BIAS;
  // 2^16 is far beyond every exponent, with any wrapping.
  let change = 0;
  if (bExponent > 16) change = 0x1_0000;
  else if (bExponent >= 0) change = <i32>(b >> (63 - bExponent));
  if ((bHead & SIGN) !== 0) change = -change;
  return roundExtended(sign, normalExponent(aHead, a) + change, normalSignificand(a), 0);
}

/** Significand of the last extract(). */
export let extractedSignificand: u64 = 0;
export let extractedHead: i32 = 0;

/** FXTRACT: the result is the exponent as a number, `extractedSignificand/Head` the significand as a number. */
export function extract(head: i32, a: u64): u64 {
  extractedHead = head;
  extractedSignificand = a;
  const sign = head & SIGN;
  if (isUnsupported(head, a)) {
    extractedSignificand = invalidResult();
    extractedHead = resultHead;
    return extractedSignificand;
  }
  if (isNotANumber(head, a)) {
    extractedSignificand = quietNaN(head, a);
    return extractedSignificand;
  }
  if (isInfinity(head, a)) return packInfinity(0);
  if (a === 0) {
    signal(ZERO_DIVIDE);
    return packInfinity(SIGN);
  }
  if (isDenormal(head, a)) signal(DENORMAL);
  extractedHead = sign | EXPONENT_BIAS;
  extractedSignificand = normalSignificand(a);
  return packInteger(<i64>(normalExponent(head, a) - EXPONENT_BIAS));
}
