/**
 * FPREM and FPREM1 (Intel SDM Vol. 2): exact remainders, reduced in steps when the exponents are far apart.
 */
import { invalidResult, isSpecial, noteDenormals, specialSignificand } from './arithmetic';
import { isInfinity, normalExponent, normalSignificand, packZero, SIGN } from './format';
import { roundExtended } from './round';
import { C0, C1, C2, C3, statusFlags } from './status';

/**
 * C0-C3 after the last remainder: C2 = not finished, else C0, C3, C1 = bits 2, 1, 0 of the quotient. Without a
 * quotient C0 and C3 stay what they were.
 */
export let remainderCodes: i32 = 0;

/** The three lowest bits of a quotient as condition codes. */
function quotientCodes(quotient: u64): i32 {
  let codes = 0;
  if ((quotient & 4) !== 0) codes |= C0;
  if ((quotient & 2) !== 0) codes |= C3;
  if ((quotient & 1) !== 0) codes |= C1;
  return codes;
}

/** Result of a remainder: sign, exponent and a significand that is not normalised. */
function packRemainder(sign: i32, exponent: i32, significand: u64): u64 {
  if (significand === 0) return packZero(sign);
  const shift = clz(significand);
  return roundExtended(sign, exponent - <i32>shift, significand << shift, 0);
}

/** Remainder of a / b, with the quotient truncated (FPREM) or rounded to nearest, ties to even (FPREM1). */
export function remainder(aHead: i32, a: u64, bHead: i32, b: u64, nearest: bool): u64 {
  remainderCodes = statusFlags() & (C0 | C3);
  if (isSpecial(aHead, a, bHead, b)) return specialSignificand;
  if (isInfinity(aHead, a) || b === 0) return invalidResult();
  noteDenormals(aHead, a, bHead, b);
  remainderCodes = 0;
  let sign = aHead & SIGN;
  if (a === 0) return packZero(sign);
  const aExponent = normalExponent(aHead, a);
  if (isInfinity(bHead, b)) return roundExtended(sign, aExponent, normalSignificand(a), 0);
  const bExponent = normalExponent(bHead, b);
  const distance = aExponent - bExponent;
  a = normalSignificand(a);
  b = normalSignificand(b);
  // Less than half of b: nothing to subtract. (At distance -1, FPREM1 may still round the quotient up to 1.)
  const least = nearest ? -1 : 0;
  if (distance < least) return roundExtended(sign, aExponent, a, 0);
  if (distance === -1) {
    if (a <= b) return roundExtended(sign, aExponent, a, 0);
    // |a| - |b| = -(2b - a) in units of a's last place; 2b may need 65 bits, but the difference fits.
    remainderCodes = quotientCodes(1);
    return packRemainder(sign ^ SIGN, aExponent, (b << 1) - a);
  }
  // How many steps an unfinished reduction takes depends on the implementation, between 32 and 63.
  const steps = distance < 64 ? distance : 32 | (distance & 31);
  let quotient: u64 = 0;
  let rest = a;
  let carry: u64 = 0;
  for (let i = steps; ; i--) {
    quotient <<= 1;
    if (carry !== 0 || rest >= b) {
      rest -= b;
      quotient |= 1;
    }
    if (i === 0) break;
    carry = rest >> 63;
    rest <<= 1;
  }
  if (distance >= 64) {
    remainderCodes = C2;
    return packRemainder(sign, aExponent - steps, rest);
  }
  if (nearest) {
    const complement = b - rest;
    if (rest > complement || (rest === complement && (quotient & 1) !== 0)) {
      rest = complement;
      sign ^= SIGN;
      quotient++;
    }
  }
  remainderCodes = quotientCodes(quotient);
  return packRemainder(sign, bExponent, rest);
}
