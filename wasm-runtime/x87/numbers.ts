/**
 * Operations on numbers that regions have in locals, where their own code does not do them: quotients and roots, and what is
 * special or extreme. A region has looked whether exceptions are masked. Exceptions are added to the status word; the rest of a
 * result is in FPU_REST.
 */
import { CPU_STATE, FPU_REST, FPU_STATUS } from '../generated/layout';
import { rootDigits, rootFraction, squareRoot } from './arithmetic';
import { compare } from './compare';
import { EXPONENT_BIAS, EXPONENT_MAX, isNormal, resultHead, SIGN } from './format';
import { computeNumbers } from './operations';
import { begin, finishNumber, PRECISION, roundsAsUsual, statusFlags } from './status';
import { roundsUp } from './usual';
import { DIVIDE, DIVIDE_REVERSED, quotientFraction, quotientOfNormals } from './usual-arithmetic';

/** Rounds to nearest what is a normal number; `low` is what is cut off, in units of 2^-64 of the last place. @inline */
function nearest(head: i32, high: u64, low: u64): u64 {
  const up = roundsUp(high, low);
  const rounded = high + <u64>up;
  const carry = i32(rounded === 0);
  if (low !== 0) store<u16>(CPU_STATE + FPU_STATUS, <u16>(statusFlags() | PRECISION));
  store<u32>(CPU_STATE + FPU_REST, (head + carry) | (up << 16));
  return rounded | ((<u64>carry) << 63);
}

/** Quotient of what is usual; else `isComputed` is false. @inline */
function divideUsual(dividendHead: i32, dividend: u64, divisorHead: i32, divisor: u64): u64 {
  isComputed = false;
  if (!isNormal(dividendHead, dividend) || !isNormal(divisorHead, divisor)) return 0;
  const exponents = (dividendHead & EXPONENT_MAX) - (divisorHead & EXPONENT_MAX);
  const exponent = exponents + EXPONENT_BIAS - 1 + i32(dividend >= divisor);
  if (<u32>(exponent - 1) >= <u32>(EXPONENT_MAX - 2)) return 0;
  isComputed = true;
  const quotient = quotientOfNormals(dividend, divisor);
  return nearest(((dividendHead ^ divisorHead) & SIGN) | exponent, quotient, quotientFraction);
}

let isComputed: bool = false;

/** a `operation` b, by the reg field of D8. */
export function fpuCompute(operation: i32, aHead: i32, a: u64, bHead: i32, b: u64): u64 {
  if (operation >= DIVIDE && roundsAsUsual()) {
    const isReversed = operation === DIVIDE_REVERSED;
    const result = isReversed ? divideUsual(bHead, b, aHead, a) : divideUsual(aHead, a, bHead, b);
    if (isComputed) return result;
  }
  begin(0);
  const result = computeNumbers(operation, aHead, a, bHead, b);
  finishNumber(resultHead);
  return result;
}

export function fpuRoot(head: i32, a: u64): u64 {
  if (roundsAsUsual() && (head & SIGN) === 0 && isNormal(head, a)) {
    const exponent = head - EXPONENT_BIAS;
    const odd = (exponent & 1) !== 0;
    const root = rootDigits(odd ? a : a >> 1, odd ? 0 : a << 63);
    return nearest((exponent >> 1) + EXPONENT_BIAS, root, rootFraction);
  }
  begin(0);
  const result = squareRoot(head, a);
  finishNumber(resultHead);
  return result;
}

/** Order of a and b as condition codes. */
export function fpuOrder(aHead: i32, a: u64, bHead: i32, b: u64, quiet: i32): i32 {
  begin(0);
  const codes = compare(aHead, a, bHead, b, quiet !== 0);
  finishNumber(0);
  return codes;
}
