/**
 * Operations on numbers that regions have in locals, where their own code does not do them: quotients and roots, zeros, and what is
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
import {
  DIVIDE,
  DIVIDE_REVERSED,
  MULTIPLY,
  quotientFraction,
  quotientOfNormals,
  SUBTRACT,
  SUBTRACT_REVERSED,
} from './usual-arithmetic';

/** What was computed is exact. @inline */
function exactly(head: i32, significand: u64): u64 {
  store<u32>(CPU_STATE + FPU_REST, head);
  return significand;
}

/** Rounds to nearest what is a normal number; `low` is what is cut off, in units of 2^-64 of the last place. @inline */
function nearest(head: i32, high: u64, low: u64): u64 {
  const up = roundsUp(high, low);
  const rounded = high + <u64>up;
  const carry = i32(rounded === 0);
  if (low !== 0) store<u16>(CPU_STATE + FPU_STATUS, <u16>(statusFlags() | PRECISION));
  store<u32>(CPU_STATE + FPU_REST, (head + carry) | (up << 16));
  return rounded | ((<u64>carry) << 63);
}

/** Of normal numbers and zeros, one of them a zero, rounded to nearest. @inline */
function computeZero(operation: i32, aHead: i32, a: u64, bHead: i32, b: u64): u64 {
  if (operation === MULTIPLY) return exactly((aHead ^ bHead) & SIGN, 0);
  if (operation === SUBTRACT) bHead ^= SIGN;
  if (operation === SUBTRACT_REVERSED) aHead ^= SIGN;
  // A sum of zeros is negative if both are.
  const head = (a | b) === 0 ? aHead & bHead : a === 0 ? bHead : aHead;
  return exactly(head, a | b);
}

/** A zero where the significand is 0, or a normal number. @inline */
function isZeroOrNormal(head: i32, significand: u64): bool {
  return significand === 0 ? (head & EXPONENT_MAX) === 0 : isNormal(head, significand);
}

/** Sum, difference, product or quotient of what is usual; else `isComputed` is false. @inline */
function computeUsual(operation: i32, aHead: i32, a: u64, bHead: i32, b: u64): u64 {
  isComputed = true;
  if (operation < DIVIDE) {
    if ((a === 0 || b === 0) && isZeroOrNormal(aHead, a) && isZeroOrNormal(bHead, b)) {
      return computeZero(operation, aHead, a, bHead, b);
    }
  } else if (isNormal(aHead, a) && isNormal(bHead, b)) {
    const exponents = (aHead & EXPONENT_MAX) - (bHead & EXPONENT_MAX);
    const swap = operation === DIVIDE_REVERSED;
    const dividend = swap ? b : a;
    const divisor = swap ? a : b;
    const exponent = (swap ? -exponents : exponents) + EXPONENT_BIAS - 1 + i32(dividend >= divisor);
    if (<u32>(exponent - 1) < <u32>(EXPONENT_MAX - 2)) {
      const quotient = quotientOfNormals(dividend, divisor);
      return nearest(((aHead ^ bHead) & SIGN) | exponent, quotient, quotientFraction);
    }
  }
  isComputed = false;
  return 0;
}

let isComputed: bool = false;

/** a `operation` b, by the reg field of D8. */
export function fpuCompute(operation: i32, aHead: i32, a: u64, bHead: i32, b: u64): u64 {
  if (roundsAsUsual()) {
    const result = computeUsual(operation, aHead, a, bHead, b);
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
