/** Comparison of double extended-precision numbers, and FXAM's classification. */

import { noteDenormals } from './arithmetic';
import {
  EXPONENT_MAX,
  INTEGER_BIT,
  isNotANumber,
  isSignaling,
  isUnsupported,
  normalExponent,
  normalSignificand,
  SIGN,
} from './format';
import { C0, C1, C2, C3, INVALID, signal } from './status';

/** Results of compare(), as condition codes. */
export const GREATER: i32 = 0;
export const LESS: i32 = C0;
export const EQUAL: i32 = C3;
export const UNORDERED: i32 = C0 | C2 | C3;

/** Order of the magnitudes of two numbers that are not NaNs: -1, 0 or 1. */
export function compareMagnitudes(aHead: i32, a: u64, bHead: i32, b: u64): i32 {
  if (a === 0 || b === 0) return i32(a !== 0) - i32(b !== 0);
  const aExponent = normalExponent(aHead, a);
  const bExponent = normalExponent(bHead, b);
  if (aExponent !== bExponent) return aExponent < bExponent ? -1 : 1;
  const x = normalSignificand(a);
  const y = normalSignificand(b);
  return i32(x > y) - i32(x < y);
}

/** a against b. Unordered is invalid for every NaN, or with `quiet` (FUCOM) only for signaling NaNs. */
export function compare(aHead: i32, a: u64, bHead: i32, b: u64, quiet: bool): i32 {
  const unsupported = isUnsupported(aHead, a) || isUnsupported(bHead, b);
  if (unsupported || isNotANumber(aHead, a) || isNotANumber(bHead, b)) {
    if (unsupported || !quiet || isSignaling(aHead, a) || isSignaling(bHead, b)) signal(INVALID);
    return UNORDERED;
  }
  noteDenormals(aHead, a, bHead, b);
  if ((a | b) === 0) return EQUAL;
  const aNegative = (aHead & SIGN) !== 0;
  const bNegative = (bHead & SIGN) !== 0;
  if (aNegative !== bNegative) return aNegative ? LESS : GREATER;
  const order = compareMagnitudes(aHead, a, bHead, b);
  if (order === 0) return EQUAL;
  return order < 0 !== aNegative ? LESS : GREATER;
}

/** C3, C2, C0 = class of a number and C1 = its sign (Intel SDM Vol. 2 "FXAM"). */
export function classify(head: i32, a: u64, empty: bool): i32 {
  const sign = (head & SIGN) !== 0 ? C1 : 0;
  const exponent = head & EXPONENT_MAX;
  if (empty) return sign | C3 | C0;
  if (isUnsupported(head, a)) return sign;
  if (exponent === 0) return sign | (a === 0 ? C3 : C3 | C2);
  if (exponent !== EXPONENT_MAX) return sign | C2;
  return sign | (a === INTEGER_BIT ? C2 | C0 : C0);
}
